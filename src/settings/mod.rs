//! Floor 1: TOML to a clean configuration. Pure: text in, settings and problems out.

pub mod calls;
mod chord;
mod command;
pub mod config;
pub mod keymap;
mod keys;
mod schema;
pub mod theme;

pub use schema::config_schema;
