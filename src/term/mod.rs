//! Floor 5: the terminal: raw mode, input thread, hang-up, restore on every exit.
