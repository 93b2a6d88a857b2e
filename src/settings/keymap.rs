//! The keymap: one table that feeds keys, help and hints.
