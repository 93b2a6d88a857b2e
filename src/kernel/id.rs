//! Names of things as newtypes, so that a step cannot be passed where an attempt is meant.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a name.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.to_owned())
            }
        }
    };
}

id!(
    /// Names a run: UTC start time and a random tail, `20261122T092630Z-7f3k`, so that names sort by time.
    RunId
);
id!(
    /// Names a step of a runbook: its `id=` annotation, else the slug of its heading. What a step does for one of its
    /// items is named after it: `restore[2]`.
    StepId
);

impl StepId {
    /// Names what this step does for its item number `item`, counted from 0.
    #[must_use]
    pub fn for_item(&self, item: usize) -> Self {
        Self(format!("{}[{item}]", self.0))
    }

    /// Returns the step's own id, and the number of the item if it names what the step does for one.
    pub fn parts(&self) -> (&str, Option<usize>) {
        let item = self.0.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
        match item.and_then(|(step, item)| Some((step, item.parse().ok()?))) {
            Some((step, item)) => (step, Some(item)),
            None => (&self.0, None),
        }
    }
}
id!(
    /// Names an action of a runbook: its `name=` attribute, else one made from its step.
    ActionName
);
id!(
    /// Names one try of one action: step number, a point, and the how-manieth attempt of the step (`9.1`).
    /// Improvised attempts are `x.1`, `x.2` …; the recovery watch is `w.1`.
    AttemptId
);

impl AttemptId {
    /// Tells whether the name can name files: letters, digits, `.`, `-`, `_`, not beginning with a dot. A log may be forged.
    pub fn names_files(&self) -> bool {
        !self.0.is_empty()
            && self.0.len() <= 100
            && !self.0.starts_with('.')
            && self.0.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    }

    /// Returns where its output of one kind (`out`, `err`, `idx`) lies in the folder of a run.
    pub fn output_file(&self, kind: &str) -> String {
        format!("output/{self}.{kind}")
    }
}
