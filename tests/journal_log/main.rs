//! The incident log on disk: writer, keys, views, both verifiers, and the commands of `docs/incident-log.md`.

#[cfg(test)]
mod addenda;
#[cfg(test)]
mod anchors;
#[cfg(test)]
mod approvals;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod delegations;
#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod parts;
#[cfg(test)]
#[path = "../small_disk/mod.rs"]
mod small_disk;
#[cfg(test)]
mod stock;
#[cfg(test)]
mod writer;
