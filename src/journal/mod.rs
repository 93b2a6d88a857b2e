//! Floor 3: stamped facts to and from the bytes of the incident log: chain, checkpoints, seal, verification. Pure.
