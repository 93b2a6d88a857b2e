//! Keys of one's own: `keymap.toml`, laid over the table of keys. What does not fit is refused and stays as it was.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::config::ConfigError;
use super::keymap::{Chord, Command, Group, Keymap};
use crate::kernel::Source;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    keys: BTreeMap<String, Spanned<Chords>>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Chords {
    One(String),
    Several(Vec<String>),
}

/// Commands whose keys are the same everywhere: answers to questions, ways back, and what every terminal does.
const FIXED: [Command; 5] = [Command::Yes, Command::No, Command::Back, Command::Break, Command::Suspend];

impl Keymap {
    /// Lays the keys of a file over these. What is wrong is said, with its place, and keeps the keys that it had.
    #[must_use]
    pub fn with(mut self, path: &str, text: &str) -> (Self, Vec<ConfigError>) {
        let source = Source::new(path, text.to_owned());
        let file = match toml::from_str::<File>(text) {
            Ok(file) => file,
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                let message = error.message().lines().next().unwrap_or("").to_owned();
                let help = "write a table `[keys]`, for example `note = [\"n\", \"N\"]`";
                return (self, vec![ConfigError::new(&source, span, &message, help)]);
            }
        };
        let mut problems = Vec::new();
        for (name, chords) in file.keys {
            let span = chords.span();
            if let Err((message, help)) = self.bind(&name, chords.into_inner()) {
                problems.push(ConfigError::new(&source, span, &message, &help));
            }
        }
        (self, problems)
    }

    fn bind(&mut self, name: &str, chords: Chords) -> Result<(), (String, String)> {
        let Some(command) =
            self.bindings().iter().map(|binding| binding.command).find(|command| command.name() == name)
        else {
            let names: Vec<String> = self.bindings().iter().map(|binding| binding.command.name()).collect();
            let near = names.iter().map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
            let help = match near.filter(|(far, _)| *far <= 3) {
                Some((_, near)) => format!("did you mean `{near}`?"),
                None => "docs/keys.md names every command".to_owned(),
            };
            return Err((format!("there is no command `{name}`"), help));
        };
        if FIXED.contains(&command) {
            let help = "its keys are the same everywhere, so that hands can rely on them";
            return Err((format!("the keys of `{name}` can't be changed"), help.to_owned()));
        }
        let texts = match chords {
            Chords::One(text) => vec![text],
            Chords::Several(texts) => texts,
        };
        if texts.is_empty() {
            return Err((format!("`{name}` would have no key"), "name one, or take the line out".to_owned()));
        }
        let mut read = Vec::new();
        for text in texts {
            let chord = Chord::parse(&text).ok_or_else(|| {
                let help = "write a character, `space`, `tab`, `up`, `pgdn`, `home`, or `^x` for Ctrl-X";
                (format!("`{text}` is no key"), help.to_owned())
            })?;
            read.push(chord);
        }
        let group = self.binding(command).map(|binding| binding.group);
        let acts = group == Some(Group::Run) || command == Command::Drill;
        if acts && read.contains(&Chord::Enter) {
            return Err(("Enter runs nothing".to_owned(), format!("choose another key for `{name}`")));
        }
        if let Some((chord, other)) = self.taken(command, &read) {
            let message = format!("`{chord}` is a key of `{}` already", other.name());
            return Err((message, format!("choose another key, or give `{}` one first", other.name())));
        }
        self.set(command, read);
        Ok(())
    }

    /// Finds a chord that another command has where this one is offered.
    fn taken(&self, command: Command, chords: &[Chord]) -> Option<(Chord, Command)> {
        let group = self.binding(command)?.group;
        // Never offered together.
        let apart = |other: Command| {
            matches!(
                (command, other),
                (Command::Run, Command::Retry)
                    | (Command::Retry, Command::Run)
                    | (Command::Enter, Command::Edit)
                    | (Command::Edit, Command::Enter)
            )
        };
        let meet = |other: Group| other == group || other == Group::Everywhere || group == Group::Everywhere;
        let others = self.bindings().iter().filter(|other| other.command != command && !apart(other.command));
        others.filter(|other| meet(other.group)).find_map(|other| {
            chords.iter().find(|chord| other.chords.contains(chord)).map(|chord| (*chord, other.command))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> (Keymap, Vec<String>) {
        let (keymap, problems) = Keymap::default().with("keymap.toml", text);
        (
            keymap,
            problems
                .into_iter()
                .map(|problem| format!("{}: {} ({})", problem.line, problem.message, problem.help))
                .collect(),
        )
    }

    #[test]
    fn keys_of_ones_own_go_before_the_tables() {
        let (keymap, problems) = with("[keys]\nnote = [\"W\", \"^n\"]\nzoom = \"space\"\ntick = \"Y\"\n");
        // `space` was the checklist's when it was asked for: names are taken in their order.
        assert_eq!(problems.len(), 0, "{problems:?}");
        assert_eq!(keymap.commands(Chord::Char('W')).collect::<Vec<_>>(), [Command::Note]);
        assert_eq!(keymap.commands(Chord::Ctrl('n')).collect::<Vec<_>>(), [Command::Note]);
        assert!(!keymap.commands(Chord::Char('n')).any(|command| command == Command::Note));
        // A replay is another place.
        assert_eq!(keymap.commands(Chord::Char(' ')).collect::<Vec<_>>(), [Command::Zoom, Command::Play]);
    }

    #[test]
    fn what_conflicts_is_refused_and_stays_as_it_was() {
        let (keymap, problems) = with(
            "[keys]\nstop = \"n\"\nrun = \"enter\"\nyes = \"j\"\nnoet = \"N\"\ncopy = \"F13\"\nauto = []\nzoom = \"?\"\nowe = \"L\"\n",
        );
        for said in [
            "2: `n` is a key of `note` already",
            "3: Enter runs nothing",
            "4: the keys of `yes` can't be changed",
            "5: there is no command `noet` (did you mean `note`?)",
            "6: `F13` is no key",
            "7: `auto` would have no key",
            "8: `?` is a key of `help` already",
        ] {
            assert!(problems.iter().any(|problem| problem.starts_with(said)), "{said}: {problems:?}");
        }
        assert_eq!(problems.len(), 7);
        assert_eq!(keymap.binding(Command::Stop), Keymap::default().binding(Command::Stop));
        assert_eq!(keymap.commands(Chord::Char('L')).collect::<Vec<_>>(), [Command::Owe]);
    }

    #[test]
    fn a_file_that_cannot_be_read_changes_nothing() {
        for text in ["[keys", "run = \"r\"", "[keys]\nrun = 3"] {
            let (keymap, problems) = with(text);
            assert_eq!((keymap, problems.len()), (Keymap::default(), 1), "{text}");
        }
    }

    #[test]
    fn the_page_names_every_command_whose_keys_can_be_changed() {
        let page = include_str!("../../docs/config.md");
        for binding in Keymap::default().bindings().iter().filter(|binding| !FIXED.contains(&binding.command)) {
            let name = format!("`{}`", binding.command.name());
            assert!(page.contains(&name), "docs/config.md lacks {name}");
        }
    }

    #[test]
    fn every_chord_is_read_as_it_is_written() {
        for binding in Keymap::default().bindings() {
            for chord in &binding.chords {
                assert_eq!(Chord::parse(&chord.to_string()), Some(*chord));
            }
        }
    }
}
