//! Floor 3: facts to words and figures for people: narration, summary. Pure.
