//! Themes: colours by role.
