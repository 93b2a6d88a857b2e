//! What is secret: inputs that say so, and what a `secret` fence captures.
//!
//! Only a name of it is ever in a plan, a run or a fact. The value is put in where something is performed.

use std::collections::BTreeMap;

use super::build::Built;
use super::foreach::place;
use super::front::Front;
use super::sink::Sink;
use super::{Action, InputDecl, InputType, Plan, Secrecy, Step, Watching};

impl Plan {
    /// Tells whether the value of a variable is secret.
    pub fn is_secret(&self, name: &str) -> bool {
        self.meta.is_secret(name) || self.secrets.iter().any(|secret| secret.name == name)
    }

    /// Returns the secret that a text is, as a whole: `${NAME}`.
    pub fn secret<'t>(&self, text: &'t str) -> Option<&'t str> {
        whole(text).filter(|name| self.is_secret(name))
    }

    /// Lists the inputs that are secret.
    pub fn secret_inputs(&self) -> impl Iterator<Item = &InputDecl> {
        self.meta.inputs.iter().filter(|input| input.secrecy == Secrecy::Secret)
    }

    /// Tells whether anything of it is secret.
    pub fn has_secrets(&self) -> bool {
        let fences = || self.steps.iter().flat_map(|step| &step.actions);
        self.secret_inputs().next().is_some() || fences().any(|action| action.secrecy == Secrecy::Secret)
    }
}

/// Returns the variable that a text is, as a whole.
pub(super) fn whole(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}')
}

/// Declares what `secret` fences capture, as inputs: where a value is lost, somebody can enter it.
pub(super) fn captured(steps: &[Step]) -> Vec<InputDecl> {
    let fences = steps.iter().flat_map(|step| &step.actions).filter(|action| action.secrecy == Secrecy::Secret);
    let of = |action: &Action| {
        let description = format!("The secret that `{}` captured", action.name);
        let line = action.line;
        let declare = move |name: &String| InputDecl {
            description: description.clone(),
            secrecy: Secrecy::Secret,
            line,
            ..InputDecl::plain(name.clone(), InputType::Text)
        };
        action.capture.iter().map(|capture| declare(&capture.name)).collect::<Vec<_>>()
    };
    let mut declared: Vec<InputDecl> = Vec::new();
    for input in fences.flat_map(of) {
        if declared.iter().all(|known| known.name != input.name) {
            declared.push(input);
        }
    }
    declared
}

/// Checks what stands beside `secret`, and that no secret is also captured or given openly.
pub(super) fn check(front: &Front, built: &Built<'_>, sink: &mut Sink<'_>) {
    let fences = || built.steps.iter().flat_map(|step| &step.actions).zip(&built.places);
    let mut secrets: BTreeMap<&str, String> = BTreeMap::new();
    for input in front.meta.inputs.iter().filter(|input| input.secrecy == Secrecy::Secret) {
        secrets.insert(&input.name, format!("`{}` is a secret input", input.name));
    }
    for (action, _) in fences().filter(|(action, _)| action.secrecy == Secrecy::Secret) {
        for capture in &action.capture {
            secrets.insert(&capture.name, format!("`{}` is captured as a secret by `{}`", capture.name, action.name));
        }
    }
    for (action, at) in fences() {
        if action.secrecy == Secrecy::Open {
            let open = action.capture.iter().find_map(|capture| secrets.get(capture.name.as_str()));
            if let Some(why) = open {
                let help = "capture it with `secret` here, too, or under another name";
                let message = format!("{why}, and what this fence prints is kept");
                sink.error("secret", place(&at.attributes, "capture", &at.fence), message, help);
            }
            continue;
        }
        let spread = built.steps.get(at.step).is_some_and(|step| step.foreach.is_some());
        for (key, stands) in [
            ("expect", action.expect.is_some()),
            ("until", action.until.is_some()),
            ("measures", action.measures.is_some()),
            ("watch", action.watch == Watching::UntilTheEnd),
            ("foreach", action.foreach.is_some() || spread),
        ] {
            if stands {
                let message = format!("`{key}` and `secret` exclude each other");
                let help = match key {
                    "foreach" => "a secret is one value: write a fence for each, with a name of its own in `capture`",
                    "watch" => "let a fence look that prints nothing secret",
                    _ => "what a secret fence prints is not looked at; its exit code says whether it succeeded",
                };
                sink.error("attribute", place(&at.attributes, key, &at.fence), message, help);
            }
        }
        for capture in &action.capture {
            let open = front.meta.inputs.iter().find(|i| i.name == capture.name && i.secrecy == Secrecy::Open);
            if open.is_some() {
                let message = format!("`{}` is captured as a secret, and is an input that is not", capture.name);
                let help = "capture it under another name";
                sink.error("secret", place(&at.attributes, "capture", &at.fence), message, help);
            }
        }
    }
}
