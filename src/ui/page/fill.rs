//! Values in place of their names.

use std::borrow::Cow;

/// Puts values in place of `${NAME}` where they are known.
pub(in crate::ui) fn fill<'t>(text: &'t str, value: &dyn Fn(&str) -> Option<String>) -> Cow<'t, str> {
    if !text.contains("${") {
        return Cow::Borrowed(text);
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let known = after.split_once('}').and_then(|(name, tail)| Some((value(name)?, tail)));
        if let Some((value, tail)) = known {
            filled.push_str(&value);
            rest = tail;
        } else {
            filled.push_str("${");
            rest = after;
        }
    }
    filled.push_str(rest);
    Cow::Owned(filled)
}
