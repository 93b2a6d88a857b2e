//! What a block of a run with secrets prints, on its way through the supervisor: its secrets are replaced before anything
//! reaches a file, and what is secret as a whole stays in memory.
//!
//! Everywhere else output goes from the block to its files without passing here.

use std::io::{self, PipeReader, PipeWriter, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd};

use crate::engine::Ended;
use crate::exec::output::Digests;
use crate::kernel::Redactor;
use crate::runbook::Secrecy;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;
/// How often one stream is read before the other, and other attempts, have their turn.
const TURNS: usize = 16;

/// What stands in the output files of a block whose output is secret.
pub(super) const KEPT_SECRET: &str = "(its output is secret: not kept)\n";

/// Holds the reading ends, and what is kept in memory.
pub(super) struct Pipes {
    out: Option<PipeReader>,
    err: Option<PipeReader>,
    secrecy: Secrecy,
    /// The beginning of a secret standard output, and a byte more than may be used of it.
    secret: Vec<u8>,
    buffer: Vec<u8>,
    /// What was not written because a file could not be.
    lost: Option<io::Error>,
}

/// Is what a block wrote to standard output that nobody may keep.
pub(super) struct SecretOutput {
    pub(super) text: String,
    pub(super) truncated: bool,
}

impl Pipes {
    /// Makes the pipes; the block writes to the ends that come back.
    pub(super) fn open(secrecy: Secrecy) -> io::Result<(Self, PipeWriter, PipeWriter)> {
        let ((out, out_end), (err, err_end)) = (io::pipe()?, io::pipe()?);
        for pipe in [&out, &err] {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        let pipes =
            Self { out: Some(out), err: Some(err), secrecy, secret: Vec::new(), buffer: Vec::new(), lost: None };
        Ok((pipes, out_end, err_end))
    }

    /// Lists what may have something to read.
    pub(super) fn ends(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.out.iter().chain(&self.err).map(|pipe| pipe.as_fd())
    }

    /// Tells whether somebody may still write.
    pub(super) fn is_open(&self) -> bool {
        self.out.is_some() || self.err.is_some()
    }

    /// Takes what there is, as far as it is the attempt's turn.
    pub(super) fn take(&mut self, output: &mut Digests, redactor: &Redactor) {
        self.buffer.resize(CHUNK, 0);
        for kind in [Kind::Out, Kind::Err] {
            for _ in 0..TURNS {
                let pipe = match kind {
                    Kind::Out => &mut self.out,
                    Kind::Err => &mut self.err,
                };
                let read = match pipe.as_mut().map(|pipe| pipe.read(&mut self.buffer)) {
                    None => break,
                    Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Some(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Some(Ok(0) | Err(_)) => {
                        *pipe = None;
                        break;
                    }
                    Some(Ok(read)) => read,
                };
                let bytes = self.buffer.get(..read).unwrap_or_default();
                let kept = match (self.secrecy, kind) {
                    (Secrecy::Open, Kind::Out) => output.keep_out(redactor, bytes),
                    (Secrecy::Open, Kind::Err) => output.keep_err(redactor, bytes),
                    (Secrecy::Secret, Kind::Out) => {
                        let room = (Ended::STDOUT_CAP + 1).saturating_sub(self.secret.len());
                        self.secret.extend_from_slice(bytes.get(..room.min(read)).unwrap_or_default());
                        Ok(())
                    }
                    (Secrecy::Secret, Kind::Err) => Ok(()),
                };
                if let Err(error) = kept {
                    self.lost = Some(error);
                }
            }
        }
    }

    /// Takes the rest, once everything that belongs to the attempt is gone, and ends its files.
    ///
    /// # Errors
    /// If some of it could not be written.
    pub(super) fn finish(&mut self, output: &mut Digests, redactor: &Redactor) -> io::Result<Option<SecretOutput>> {
        self.take(output, redactor);
        self.buffer = Vec::new();
        match self.secrecy {
            Secrecy::Open => {
                let ended = output.end(redactor);
                self.lost.take().map_or(ended, Err).map(|()| None)
            }
            Secrecy::Secret => {
                output.keep_out(&Redactor::default(), KEPT_SECRET.as_bytes())?;
                let mut secret = std::mem::take(&mut self.secret);
                let truncated = secret.len() > Ended::STDOUT_CAP;
                secret.truncate(Ended::STDOUT_CAP);
                Ok(Some(SecretOutput { text: String::from_utf8_lossy(&secret).into_owned(), truncated }))
            }
        }
    }

    /// Throws away what something prints that outlived its attempt: it must not be stopped by a pipe that nobody reads.
    pub(super) fn discard(&mut self) {
        self.buffer.resize(CHUNK, 0);
        for pipe in [&mut self.out, &mut self.err] {
            for _ in 0..TURNS {
                match pipe.as_mut().map(|pipe| pipe.read(&mut self.buffer)) {
                    None => break,
                    Some(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                    Some(Ok(0) | Err(_)) => *pipe = None,
                    Some(Ok(_)) => {}
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Out,
    Err,
}
