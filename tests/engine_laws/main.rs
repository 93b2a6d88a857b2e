//! The engine's laws, over generated plans and inputs, and its stories, as tables. Time is an argument: nothing waits.

#[cfg(test)]
mod again;
#[cfg(test)]
mod approvals;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod duties;
#[cfg(test)]
mod exercise;
#[cfg(test)]
mod forecast;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod objectives;
#[cfg(test)]
mod own_ways;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod side_by_side;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod undo;
#[cfg(test)]
mod values;
#[cfg(test)]
mod watches;
