//! The output view: a place in a file of any size. It asks for leaves of the file and is given them; it never waits.

use std::ops::ControlFlow;

use crossterm::event::{KeyCode, KeyEvent};

use super::field::Field;
use super::message::{Leaf, Output, Seek, Stream, Want, Way};
use crate::kernel::AttemptId;
use crate::settings::keymap::Command;

/// Holds where the reader of an attempt's output is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reader {
    pub(super) attempt: AttemptId,
    pub(super) stream: Stream,
    pub(super) follow: Follow,
    pub(super) lines: Lines,
    /// What was searched for last.
    pub(super) search: Option<String>,
    /// What is being typed, and what for.
    pub(super) asking: Option<(Asking, Field)>,
    pub(super) leaf: Option<Leaf>,
    /// The first line of the leaf that is seen, unless the end is followed.
    pub(super) top: usize,
    /// How many lines are seen at once.
    height: usize,
    /// A leaf was asked for and has not come.
    waiting: Waiting,
    /// Lines to move once it has.
    pending: i64,
}

/// Says whether the end of the file stays in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    /// It does, as it grows.
    End,
    /// The reader is somewhere else.
    Place,
}

/// Says what becomes of lines that are too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// They go on on the next row.
    Wrapped,
    /// They are cut.
    Cut,
}

/// Says what is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// A search.
    Search,
    /// The file to save to.
    Save,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    No,
    Yes,
    /// Yes, and by now there is more to see.
    Outdated,
}

impl Reader {
    /// Opens the end of an attempt's output.
    pub(super) fn open(attempt: AttemptId, rows: u16) -> (Self, Output) {
        let mut reader = Self {
            attempt,
            stream: Stream::Out,
            follow: Follow::End,
            lines: Lines::Wrapped,
            search: None,
            asking: None,
            leaf: None,
            top: 0,
            height: 1,
            waiting: Waiting::No,
            pending: 0,
        };
        reader.resize(rows);
        let wish = reader.ask(Want::End);
        (reader, wish)
    }

    /// Takes the screen's height.
    pub(super) fn resize(&mut self, rows: u16) {
        // Banner, clock, frame, what is asked, hints.
        self.height = usize::from(rows.saturating_sub(7)).max(1);
    }

    fn ask(&mut self, want: Want) -> Output {
        self.waiting = Waiting::Yes;
        let (attempt, stream) = (self.attempt.clone(), self.stream);
        Output::Seek(Seek { attempt, stream, want, lines: self.height })
    }

    /// Hears that the attempt printed more, or ended.
    pub(super) fn grew(&mut self) -> Option<Output> {
        match (self.follow, self.waiting) {
            (Follow::Place, _) => None,
            (Follow::End, Waiting::No) => Some(self.ask(Want::End)),
            (Follow::End, Waiting::Yes | Waiting::Outdated) => {
                self.waiting = Waiting::Outdated;
                None
            }
        }
    }

    /// Hears that another moment is looked at, at which the attempt had printed more or less.
    pub(super) fn moved(&mut self) -> Output {
        let top = self.leaf.as_ref().and_then(|leaf| leaf.lines.get(self.top)).map_or(0, |line| line.at);
        (self.pending, self.waiting) = (0, Waiting::No);
        self.ask(if self.follow == Follow::End { Want::End } else { Want::At(top) })
    }

    /// Takes a leaf that was asked for.
    pub(super) fn take(&mut self, leaf: Leaf) -> Option<Output> {
        if (&leaf.attempt, leaf.stream) != (&self.attempt, self.stream) {
            return None;
        }
        let outdated = std::mem::replace(&mut self.waiting, Waiting::No) == Waiting::Outdated;
        let at = match &leaf.want {
            Want::End => None,
            Want::At(at) => Some(*at),
            Want::Find { .. } => match leaf.hit {
                Some(at) => Some(at),
                // Nothing was found: the place stays.
                None => return None,
            },
        };
        self.top = match at {
            Some(at) => leaf.lines.iter().position(|line| line.at >= at).unwrap_or_default(),
            None => leaf.lines.len().saturating_sub(self.height),
        };
        self.leaf = Some(leaf);
        if outdated && self.follow == Follow::End {
            return Some(self.ask(Want::End));
        }
        match std::mem::take(&mut self.pending) {
            0 => None,
            lines => self.go(lines),
        }
    }

    /// Moves by so many lines.
    fn go(&mut self, lines: i64) -> Option<Output> {
        if self.waiting != Waiting::No {
            self.pending = self.pending.saturating_add(lines);
            return None;
        }
        let leaf = self.leaf.as_ref()?;
        let by = usize::try_from(lines.unsigned_abs()).unwrap_or(usize::MAX);
        let end = leaf.next >= leaf.size;
        if lines < 0 {
            self.follow = Follow::Place;
            let first = leaf.lines.first().map_or(0, |line| line.at);
            let short = by.saturating_sub(self.top);
            self.top = self.top.saturating_sub(by);
            if short > 0 && first > 0 {
                self.pending = -i64::try_from(short).unwrap_or(i64::MAX);
                return Some(self.ask(Want::At(first)));
            }
            return None;
        }
        let last = match self.lines {
            Lines::Cut => leaf.lines.len().saturating_sub(self.height),
            Lines::Wrapped => leaf.lines.len().saturating_sub(1),
        };
        let wanted = self.top.saturating_add(by);
        if end || wanted + self.height <= leaf.lines.len() {
            self.top = wanted.min(last.max(self.top));
            return None;
        }
        let reached = wanted.min(leaf.lines.len().saturating_sub(1));
        self.pending = i64::try_from(wanted - reached).unwrap_or(i64::MAX);
        let at = leaf.lines.get(reached).map(|line| line.at)?;
        Some(self.ask(Want::At(at)))
    }

    /// Does what a key of the view means.
    pub(super) fn perform(&mut self, command: Command) -> Option<Output> {
        let page = i64::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1);
        match command {
            Command::Up => self.go(-1),
            Command::Down => self.go(1),
            Command::PageUp => self.go(-page),
            Command::PageDown => self.go(page),
            Command::Top => {
                self.follow = Follow::Place;
                Some(self.ask(Want::At(0)))
            }
            Command::Bottom => {
                self.follow = Follow::End;
                Some(self.ask(Want::End))
            }
            Command::NextPane | Command::PreviousPane => {
                self.stream = match self.stream {
                    Stream::Out => Stream::Err,
                    Stream::Err => Stream::Out,
                };
                (self.leaf, self.follow, self.pending) = (None, Follow::End, 0);
                Some(self.ask(Want::End))
            }
            Command::Wrap => {
                self.lines = match self.lines {
                    Lines::Wrapped => Lines::Cut,
                    Lines::Cut => Lines::Wrapped,
                };
                None
            }
            Command::Search => {
                self.asking = Some((Asking::Search, Field::default()));
                None
            }
            Command::Save => {
                let mut field = Field::default();
                field.insert(&format!("./{}.{}", self.attempt, self.stream.word()));
                self.asking = Some((Asking::Save, field));
                None
            }
            Command::NextMatch => self.find(Way::Down),
            Command::PreviousMatch => self.find(Way::Up),
            _ => None,
        }
    }

    fn find(&mut self, way: Way) -> Option<Output> {
        let text = self.search.clone()?;
        let leaf = self.leaf.as_ref()?;
        let top = match self.follow {
            Follow::Place => leaf.lines.get(self.top).map_or(0, |line| line.at),
            Follow::End => leaf.size,
        };
        let from = match way {
            Way::Down => leaf.lines.iter().map(|line| line.at).find(|at| *at > top).unwrap_or(leaf.next),
            Way::Up => top,
        };
        self.follow = Follow::Place;
        Some(self.ask(Want::Find { text, from, way }))
    }

    /// Takes a key while something is typed; goes on if nothing is.
    pub(super) fn typed(&mut self, key: KeyEvent) -> ControlFlow<Option<Output>> {
        let Some((asking, field)) = self.asking.as_mut() else { return ControlFlow::Continue(()) };
        ControlFlow::Break(match key.code {
            KeyCode::Esc => {
                self.asking = None;
                None
            }
            KeyCode::Enter => {
                let (asking, text) = (*asking, field.text());
                self.asking = None;
                match asking {
                    _ if text.is_empty() => None,
                    Asking::Save => {
                        let (attempt, stream) = (self.attempt.clone(), self.stream);
                        Some(Output::Save { attempt, stream, path: text.trim().to_owned() })
                    }
                    Asking::Search => {
                        self.search = Some(text);
                        // Who follows the end looks at what came last; who reads looks further on.
                        self.find(if self.follow == Follow::End { Way::Up } else { Way::Down })
                    }
                }
            }
            _ => {
                field.key(key);
                None
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::message::LeafLine;

    /// A file of a hundred lines of ten bytes each, as it is read for a view of so many lines.
    fn leaf(seek: &Seek) -> Leaf {
        let (size, height) = (1_000, seek.lines as u64);
        let (at, hit) = match &seek.want {
            Want::End => (size, None),
            Want::At(at) => (*at, None),
            Want::Find { from, .. } => (from / 10 * 10, Some(from / 10 * 10)),
        };
        let first = (at / 10).saturating_sub(height);
        let last = (at / 10 + 2 * height).min(100);
        let lines = (first..last).map(|n| LeafLine { at: n * 10, text: format!("line {n:03}") }).collect();
        let (attempt, stream, want) = (seek.attempt.clone(), seek.stream, seek.want.clone());
        Leaf { attempt, stream, want, size, lines, next: last * 10, hit }
    }

    fn answered(reader: &mut Reader, mut wish: Option<Output>) {
        while let Some(Output::Seek(seek)) = wish {
            wish = reader.take(leaf(&seek));
        }
    }

    fn top(reader: &Reader) -> &str {
        let leaf = reader.leaf.as_ref().unwrap();
        &leaf.lines[reader.top].text
    }

    fn opened() -> Reader {
        let (mut reader, wish) = Reader::open(AttemptId::new("1.1"), 17);
        answered(&mut reader, Some(wish));
        reader
    }

    #[test]
    fn keys_move_through_the_whole_file() {
        let mut reader = opened();
        assert_eq!(top(&reader), "line 090");
        for (command, expected) in [
            (Command::Up, "line 089"),
            (Command::PageUp, "line 080"),
            (Command::PageUp, "line 071"),
            (Command::Down, "line 072"),
            (Command::Top, "line 000"),
            (Command::Up, "line 000"),
            (Command::PageDown, "line 009"),
            (Command::PageDown, "line 018"),
            (Command::PageDown, "line 027"),
            (Command::Bottom, "line 090"),
        ] {
            let wish = reader.perform(command);
            answered(&mut reader, wish);
            assert_eq!(top(&reader), expected, "{command:?}");
        }
        assert_eq!(reader.follow, Follow::End);
    }

    #[test]
    fn keys_that_are_pressed_while_a_leaf_is_awaited_are_not_lost() {
        let mut reader = opened();
        let wish = reader.perform(Command::Top);
        for _ in 0..30 {
            assert_eq!(reader.perform(Command::Down), None);
        }
        answered(&mut reader, wish);
        assert_eq!(top(&reader), "line 030");
    }

    #[test]
    fn the_end_is_followed_until_the_reader_goes_elsewhere() {
        let mut reader = opened();
        let wish = reader.grew();
        assert!(matches!(&wish, Some(Output::Seek(Seek { want: Want::End, .. }))));
        assert_eq!(reader.grew(), None, "one question at a time");
        let Some(Output::Seek(seek)) = wish else { panic!() };
        assert!(reader.take(leaf(&seek)).is_some(), "what came meanwhile is asked for");
        answered(&mut reader, Some(Output::Seek(seek)));
        reader.perform(Command::Up);
        assert_eq!(reader.grew(), None);
    }

    #[test]
    fn a_search_goes_on_from_where_it_is() {
        let mut reader = opened();
        let wish = reader.perform(Command::Top);
        answered(&mut reader, wish);
        reader.perform(Command::Search);
        for c in "line".chars() {
            assert_eq!(reader.typed(KeyEvent::from(KeyCode::Char(c))), ControlFlow::Break(None));
        }
        let ControlFlow::Break(wish) = reader.typed(KeyEvent::from(KeyCode::Enter)) else { panic!() };
        let find = |from, way| Want::Find { text: "line".to_owned(), from, way };
        assert!(matches!(&wish, Some(Output::Seek(seek)) if seek.want == find(10, Way::Down)), "{wish:?}");
        answered(&mut reader, wish);
        assert_eq!(top(&reader), "line 001");
        let wish = reader.perform(Command::PreviousMatch);
        assert!(matches!(&wish, Some(Output::Seek(seek)) if seek.want == find(10, Way::Up)), "{wish:?}");
    }
}
