//! Empty files for the output of the next attempts, made while nobody waits or left over by one that printed nothing: making
//! them takes longer than to rename them.
//!
//! Nothing that still runs can write into them: they have never been open to a block, or nothing that it started is alive.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::exec::folder;
use crate::exec::output::Digests;
use crate::kernel::AttemptId;

/// Holds the files, under names of their own in `state/`, until they get those of an attempt.
pub(super) struct Spares {
    names: Vec<Names>,
    ready: Option<Pair>,
    /// What a shell that stands by writes to.
    lent: Option<Pair>,
    /// The last block printed nothing: the next ones may have its files.
    silent: bool,
}

struct Names {
    out: PathBuf,
    err: PathBuf,
}

struct Pair {
    names: Names,
    out: File,
    err: File,
}

impl Names {
    fn remove(&self) {
        drop(std::fs::remove_file(&self.out));
        drop(std::fs::remove_file(&self.err));
    }
}

impl Spares {
    pub(super) fn new(run_dir: &Path) -> Self {
        let name =
            |number: usize, kind: &str| run_dir.join("state").join(format!("{}-{number}.{kind}", std::process::id()));
        let names = [1, 2].map(|number| Names { out: name(number, "out"), err: name(number, "err") });
        Self { names: names.into(), ready: None, lent: None, silent: false }
    }

    /// Makes the files for the next attempt, unless this one will probably leave its own.
    pub(super) fn lay_in(&mut self) {
        if !std::mem::take(&mut self.silent) && self.ready.is_none() && self.lent.is_none() {
            self.ready = self.make();
        }
    }

    /// Without spares an attempt makes its files itself, and says so if it cannot.
    fn make(&mut self) -> Option<Pair> {
        let empty = |path: &Path| {
            let file = folder::open_append(path)?;
            // An earlier supervisor may have had this process id.
            file.set_len(0).map(|()| file)
        };
        let names = self.names.pop()?;
        if let Ok((out, err)) = empty(&names.out).and_then(|out| Ok((out, empty(&names.err)?))) {
            return Some(Pair { names, out, err });
        }
        self.names.push(names);
        None
    }

    /// Takes the empty output files of an attempt that is over; an attempt without files printed nothing.
    pub(super) fn take_back(&mut self, run_dir: &Path, attempt: &AttemptId, output: Digests) {
        self.silent = true;
        if self.ready.is_some() {
            return;
        }
        let Some(names) = self.names.pop() else { return };
        let back = |kind: &str, to: &Path| std::fs::rename(folder::output_file(run_dir, attempt, kind), to).is_ok();
        if back("out", &names.out) && back("err", &names.err) {
            let (out, err) = output.into_files();
            self.ready = Some(Pair { names, out, err });
        } else {
            self.names.push(names);
        }
    }

    /// Turns spares into the output files of an attempt that has none yet: those that were lent, if some were.
    pub(super) fn give(&mut self, run_dir: &Path, attempt: &AttemptId, now: Instant) -> Option<Digests> {
        let Pair { names, out, err } = self.lent.take().or_else(|| self.ready.take())?;
        let named = |kind: &str, from: &Path| folder::rename_new(from, &folder::output_file(run_dir, attempt, kind));
        let given = named("out", &names.out).and_then(|()| named("err", &names.err));
        if given.is_err() {
            names.remove();
        }
        self.names.push(names);
        given.ok().map(|()| Digests::of_new(run_dir, attempt, (out, err), now))
    }

    /// Lends spares, made where there are none, to a shell that stands by.
    pub(super) fn lend(&mut self) -> Option<(File, File)> {
        if self.lent.is_none() {
            self.lent = self.ready.take().or_else(|| self.make());
        }
        let Pair { out, err, .. } = self.lent.as_ref()?;
        let lent: io::Result<_> = out.try_clone().and_then(|out| Ok((out, err.try_clone()?)));
        lent.ok()
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        for Pair { names, .. } in self.ready.iter().chain(&self.lent) {
            names.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn spares_become_the_files_of_an_attempt_that_has_none_and_go_back_where_it_printed_nothing() {
        let run = tempfile::tempdir().unwrap();
        for folder in ["state", "output"] {
            std::fs::create_dir(run.path().join(folder)).unwrap();
        }
        let (one, two, three) = (AttemptId::from("1.1"), AttemptId::from("2.1"), AttemptId::from("3.1"));
        let now = Instant::now();
        let there = |attempt: &AttemptId| folder::output_file(run.path(), attempt, "out").exists();
        let mut spares = Spares::new(run.path());
        for names in &spares.names {
            std::fs::write(&names.out, "of a supervisor that had this process id").unwrap();
        }
        spares.lay_in();
        let mut lent = spares.lend().unwrap().0;
        let mut given = spares.give(run.path(), &one, now).unwrap();
        assert!(there(&one) && spares.give(run.path(), &two, now).is_none());
        assert_eq!(given.out_size(), 0);
        // The shell of the next stands by while this one runs.
        let mut next = spares.lend().unwrap().0;
        spares.take_back(run.path(), &one, given);
        assert!(!there(&one), "it printed nothing");
        next.write_all(b"next").unwrap();
        let mut given = spares.give(run.path(), &two, now).unwrap();
        assert_eq!(given.out_size(), 4, "what was lent, and not what is ready");
        lent.write_all(b"printed").unwrap();
        let mut given = spares.give(run.path(), &three, now).unwrap();
        while given.catch_up() {}
        assert_eq!(given.streams().out_bytes, 7, "they are the same files");
        // The first time it counts on what a silent block leaves.
        spares.lay_in();
        spares.lay_in();
        assert!(spares.ready.is_some() && spares.give(run.path(), &two, now).is_none(), "it has files already");
        assert_eq!(std::fs::read(folder::output_file(run.path(), &two, "out")).unwrap(), b"next");
        drop(spares);
        assert_eq!(std::fs::read_dir(run.path().join("state")).unwrap().count(), 0, "nothing is left behind");
    }
}
