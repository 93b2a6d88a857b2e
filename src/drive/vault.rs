//! Holds the secrets of a run in the memory of its engine, and nowhere else: takes them out of whatever reaches the engine,
//! and puts them into what is performed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::engine::{Ended, Input, Intent, Job, Outcome, Output, Run, What};
use crate::kernel::{Redactor, Secret, marker};
use crate::runbook::{Capture, Plan, shell_may_read};

/// Is the vault of a run. One of a run without secrets holds nothing and changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Vault {
    /// Where the value of each secret comes from.
    origins: Arc<BTreeMap<String, Origin>>,
    /// The texts of the runbook's fences: what is none of them somebody typed.
    authored: Arc<BTreeSet<String>>,
    held: Arc<RwLock<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    values: BTreeMap<String, Secret<String>>,
    redactor: Arc<Redactor>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Environment,
    Captured,
}

impl Vault {
    /// Makes the vault of a plan: `find` has the values of inputs. One that is not there is missed where it is used.
    ///
    /// # Errors
    /// A sentence for each value that can't be kept secret.
    pub fn of(plan: &Plan, find: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        if !plan.has_secrets() {
            return Ok(Self::default());
        }
        let inputs = || plan.secret_inputs().map(|input| input.name.clone());
        let captured = plan.secrets.iter().map(|secret| (secret.name.clone(), Origin::Captured));
        let origins = captured.chain(inputs().map(|name| (name, Origin::Environment))).collect();
        let fences = plan.steps.iter().flat_map(|step| &step.actions);
        let authored = fences.map(|action| action.code.trim_end().to_owned()).collect();
        let vault = Self { origins: Arc::new(origins), authored: Arc::new(authored), held: Arc::default() };
        let mut problems: Vec<String> = vault.hold(BTreeMap::new()).err().into_iter().collect();
        for name in inputs() {
            problems.extend(find(&name).and_then(|value| vault.learn(&name, &value).err()));
        }
        if problems.is_empty() { Ok(vault) } else { Err(problems) }
    }

    /// Holds a value from here on.
    ///
    /// # Errors
    /// Why it can't be kept secret, in a sentence.
    pub fn learn(&self, name: &str, value: &str) -> Result<(), String> {
        self.hold(BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    fn hold(&self, more: BTreeMap<String, String>) -> Result<(), String> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let known = held.values.iter().map(|(name, value)| (name.clone(), value.reveal().clone()));
        let all: BTreeMap<String, String> = known.chain(more).collect();
        held.redactor = Arc::new(Redactor::new(&all)?);
        held.values = all.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
        Ok(())
    }

    /// Returns what replaces the secrets that are known by now.
    pub fn redactor(&self) -> Arc<Redactor> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner).redactor)
    }

    /// Returns the value of a secret, if it is known.
    pub fn value(&self, name: &str) -> Option<Secret<String>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).values.get(name).cloned()
    }

    /// Lists the secrets that are known by now.
    pub fn known(&self) -> BTreeMap<String, String> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.values.iter().map(|(name, value)| (name.clone(), value.reveal().clone())).collect()
    }

    /// Names the secrets whose values stand in a text, each with the line.
    pub fn stand_in(&self, text: &str) -> Vec<(String, usize)> {
        let known = self.known().into_iter();
        let found = |(name, value): (String, String)| {
            let (before, _) = text.split_once(value.as_str())?;
            Some((name, before.matches('\n').count() + 1))
        };
        known.filter_map(found).collect()
    }

    /// Takes the secrets out of what reaches the engine. A secret that somebody enters is held from here on.
    ///
    /// # Errors
    /// Why an entered secret can't be taken, in a sentence.
    pub fn clean(&self, run: &Run, input: &mut Input) -> Result<(), String> {
        let redactor = self.redactor();
        if !redactor.guards() {
            return Ok(());
        }
        if let Input::Operator { intent: Intent::SetInput { name, value }, .. } = input
            && run.plan.is_secret(name)
        {
            let entered = std::mem::replace(value, marker(name));
            return if run.lost.contains(name) { self.learn(name, entered.trim()) } else { Ok(()) };
        }
        for text in input.texts() {
            if redactor.holds(text.as_bytes()) {
                *text = redactor.text(text).into_owned();
            }
        }
        Ok(())
    }

    /// Puts the secrets into what is about to be performed.
    ///
    /// # Errors
    /// Which one is missed, and what to do, in a sentence.
    pub fn fill(&self, mut job: Job) -> Result<Job, String> {
        let redactor = self.redactor();
        if !redactor.guards() {
            return Ok(job);
        }
        let reveal = |text: &mut String| match redactor.reveal(text) {
            Ok(std::borrow::Cow::Borrowed(_)) => Ok(()),
            Ok(std::borrow::Cow::Owned(revealed)) => {
                *text = revealed;
                Ok(())
            }
            Err(name) => Err(self.missed(&name)),
        };
        match &mut job.what {
            What::Shell { script, cwd, .. } => {
                // A block of the runbook is as its author wrote it; what the operator typed came in without its secrets.
                if !self.authored.contains(script.trim_end()) {
                    reveal(script)?;
                }
                cwd.iter_mut().try_for_each(reveal)?;
                let mut vars = BTreeMap::new();
                for (name, mut value) in std::mem::take(&mut job.vars) {
                    match reveal(&mut value) {
                        Ok(()) => drop(vars.insert(name, value)),
                        // What a block does not read it does not miss.
                        Err(why) if shell_may_read(script, &name) => return Err(why),
                        Err(_) => {}
                    }
                }
                job.vars = vars;
            }
            What::Aws { calls } => calls.iter_mut().flatten().try_for_each(reveal)?,
            What::Http { request } => {
                let open = request.lines().count();
                reveal(request)?;
                if request.lines().count() != open {
                    let why = "a secret in this request has several lines, and would add to its head; put it in one";
                    return Err(why.to_owned());
                }
            }
            What::Dns { query } => reveal(query)?,
            What::Sql { script, values, database, .. } => {
                // Values are bound, and what is said below the statements stays as it is recorded.
                let at = script.find("\n-- on ").unwrap_or(script.len());
                let said = script.split_off(at);
                if !self.authored.contains(script.trim_end()) {
                    reveal(script)?;
                }
                script.push_str(&said);
                values.values_mut().try_for_each(reveal)?;
                if let Ok(database) = database {
                    [&mut database.host, &mut database.dbname, &mut database.user].into_iter().try_for_each(reveal)?;
                    database.sslrootcert.iter_mut().try_for_each(reveal)?;
                    if let Some(password) = &database.password {
                        let mut open = password.reveal().clone();
                        reveal(&mut open)?;
                        database.password = Some(Secret::new(open));
                    }
                }
            }
        }
        Ok(job)
    }

    /// Says that a secret is missed.
    pub fn missed(&self, name: &str) -> String {
        match self.origins.get(name) {
            Some(Origin::Environment) => {
                format!("{name} is secret and is not in the environment; leave, export it, and `lifeboat resume`")
            }
            Some(Origin::Captured) => format!(
                "{name} is secret, and its value went with the engine that captured it; run the step again, and enter it when \
                 it is asked for"
            ),
            None => format!("`{}` stands in it, and the runbook has no such secret", marker(name)),
        }
    }

    /// Ends an attempt whose output is secret: what is captured is held from here on, and its names go in place of it.
    pub fn seal(&self, job: &Job, ended: Ended) -> Ended {
        let Output::Secret { captures } = &job.output else { return ended };
        let good = job.judge.judge(&ended.outcome, "").is_ok();
        let taken = if good && !captures.is_empty() { self.take(captures, &ended) } else { Ok(()) };
        match taken {
            Ok(()) => {
                let stdout = if good { named(captures) } else { String::new() };
                Ended { stdout, truncated: false, ..ended }
            }
            Err(error) => {
                let outcome = Outcome::Unusable { error };
                Ended { outcome, stdout: String::new(), truncated: false, ..ended }
            }
        }
    }

    fn take(&self, captures: &[Capture], ended: &Ended) -> Result<(), String> {
        if ended.truncated {
            return Err(format!(
                "what it printed is longer than {} KiB and cannot be captured",
                Ended::STDOUT_CAP / 1024
            ));
        }
        let unread = || "what it printed, which is secret, is not what `capture` asks for".to_owned();
        // The reason may quote what came.
        let values = Capture::read(captures, &ended.stdout).map_err(|_| unread())?;
        values.iter().try_for_each(|(name, value)| self.learn(name, value))
    }
}

/// Writes an output of which these are captured, with names in place of the values.
fn named(captures: &[Capture]) -> String {
    match captures {
        [] => String::new(),
        [one] => marker(&one.name),
        several => {
            let members = several.iter().map(|capture| (capture.name.clone(), marker(&capture.name).into()));
            serde_json::Value::Object(members.collect()).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Judge;
    use crate::kernel::AttemptId;
    use crate::runbook::{Action, Impact, InputDecl, InputType, Kind, Secrecy, Shell, Step};

    fn vault() -> Vault {
        let secret = |name: &str| InputDecl { secrecy: Secrecy::Secret, ..InputDecl::plain(name, InputType::Text) };
        let mut plan = Plan { secrets: vec![secret("TOKEN")], ..Plan::default() };
        plan.meta.inputs = vec![secret("PW"), secret("MISSED")];
        let block = Action::plain("a".into(), Kind::Shell(Shell::Sh), Impact::Observe, "echo $PW [secret:PW]\n", 1);
        plan.steps = vec![Step { actions: vec![block], ..Step::plain("s".into(), "S", 1) }];
        Vault::of(&plan, |name| (name == "PW").then(|| "hun ter2".to_owned())).unwrap()
    }

    fn job(attempt: &str, what: What) -> Job {
        let vars = ["PW", "TOKEN", "MISSED"].map(|name| (name.to_owned(), marker(name)));
        Job {
            attempt: AttemptId::from(attempt),
            step: None,
            what,
            vars: vars.into(),
            timeout: None,
            poll: None,
            judge: Judge::default(),
            output: Output::Kept,
        }
    }

    fn shell(script: &str) -> What {
        What::Shell { shell: Shell::Sh, script: script.to_owned(), cwd: None, keyboard: crate::runbook::Keyboard::None }
    }

    #[test]
    fn what_is_performed_has_the_values_and_what_is_missed_is_named() {
        let vault = vault();
        let filled = vault.fill(job("1.1", shell("echo $PW [secret:PW]"))).unwrap();
        assert_eq!(
            filled.vars,
            [("PW".to_owned(), "hun ter2".to_owned())].into(),
            "what it does not read it does not get"
        );
        assert_eq!(filled.what, shell("echo $PW [secret:PW]"), "a block of the runbook is as it was written");
        let own = vault.fill(job("x.1", shell("psql [secret:PW]"))).unwrap();
        assert_eq!(own.what, shell("psql hun ter2"), "what the operator typed is as they typed it");
        let why = vault.fill(job("1.1", shell("curl $TOKEN"))).unwrap_err();
        assert!(why.contains("TOKEN is secret") && why.contains("the engine that captured it"), "{why}");
        let why = vault.fill(job("1.1", shell("curl ${MISSED}"))).unwrap_err();
        assert!(why.contains("MISSED is secret and is not in the environment"), "{why}");
        assert!(vault.fill(job("1.1", shell("echo $PW_2 TOKENS"))).is_ok());

        let calls = |word: &str| What::Aws { calls: vec![vec!["s3api".to_owned(), word.to_owned()]] };
        assert_eq!(vault.fill(job("1.1", calls("a=[secret:PW]"))).unwrap().what, calls("a=hun ter2"), "still one word");
        vault.learn("TOKEN", "tok-4711\r\nEvil: 1").unwrap();
        let http = What::Http { request: "GET http://h/\nA: [secret:TOKEN]\n".to_owned() };
        assert!(vault.fill(job("1.1", http)).unwrap_err().contains("several lines"));
    }

    #[test]
    fn what_comes_in_loses_its_secrets() {
        let vault = vault();
        let run = Run::new(Arc::new(Plan::default()));
        let intent = Intent::Improvise { command: "psql postgres://dr:hun%20ter2@h".to_owned() };
        let mut input = Input::Operator { by: "a".to_owned(), intent };
        vault.clean(&run, &mut input).unwrap();
        let Input::Operator { intent: Intent::Improvise { command }, .. } = input else { panic!("{input:?}") };
        assert_eq!(command, "psql postgres://dr:[secret:PW:url]@h");
        let own = vault.fill(job("x.1", shell(&command))).unwrap();
        assert_eq!(own.what, shell("psql postgres://dr:hun%20ter2@h"));
        assert_eq!(vault.stand_in("a\nb hun ter2"), [("PW".to_owned(), 2)]);
    }
}
