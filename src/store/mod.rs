//! Floor 5: files, keys and locks: the run folder, the durable log, the key agent.
