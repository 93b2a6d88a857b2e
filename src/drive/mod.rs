//! Floor 6: where the adapters meet: live runs, headless runs, drills.
