//! Floor 5: the practice estate: a small AWS of our own that can fail on purpose. It is reached through its wire protocols alone.
