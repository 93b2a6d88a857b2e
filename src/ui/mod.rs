//! Floor 4: the screens: message, model, update, views, style. Pure: renders from values, never does I/O.
