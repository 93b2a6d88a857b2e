//! Floor 1: TOML to a clean configuration. Pure: text in, settings and problems out.

pub mod config;
pub mod keymap;
pub mod theme;
