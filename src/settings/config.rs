//! The configuration file: profiles with account, regions, inputs, key, log places.
