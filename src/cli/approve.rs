//! `lifeboat approve`: shows what somebody is asked to agree to, and signs it when they say so.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sha2::{Digest as _, Sha512};

use super::args::Approve;
use super::failure::{Failure, Kind};
use super::{addenda, log, say};
use crate::engine::{Mode, REQUEST_TITLE, find_request, is_whole, requested};
use crate::journal::{APPROVE_NAMESPACE, Answer};
use crate::kernel::SafeText;
use crate::store::{self, Message, Operator};

/// No request is longer, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;
/// What has to be typed before anything is signed.
const WORD: &str = "approve";

/// Does what was asked.
pub(super) fn approve(wanted: Approve) -> Result<ExitCode, Failure> {
    if let Some(run) = &wanted.request {
        return request(run, wanted.runs);
    }
    let read = read(wanted.file.as_deref())?;
    let request = find_request(&read).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("there is no request in it: no line begins with `{REQUEST_TITLE}`"))
            .hint("in the run's screen ^Y copies the request; `lifeboat approve --request RUN` prints it")
    })?;
    if !is_whole(&request) {
        let what = "the request was changed on its way: its command does not fit the digest that it holds";
        return Err(Failure::new(Kind::Usage, what).hint("ask for it again, as a file or between lines of ```"));
    }
    let operator = signer(&wanted)?;
    if requested(&request, "operator") == Some(operator.principal()) {
        let what = format!("{} operates this run, and nobody approves for themself", operator.principal());
        return Err(Failure::new(Kind::Usage, what).hint("somebody else has to sign; --by NAME says who you are"));
    }
    ask(&request, &operator)?;
    let digest = Sha512::digest(request.as_bytes()).into();
    let signed = operator.sign(APPROVE_NAMESPACE, &digest, Message::Text(&request)).map_err(|why| why.to_string());
    let run = requested(&request, "run").unwrap_or_default();
    let answer = signed.and_then(|sig| Answer::text(run, operator.principal(), &sig).map_err(|why| why.to_string()));
    let answer = answer.map_err(|why| Failure::new(Kind::Usage, format!("it is not signed: {why}")))?;
    say::line(answer.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// Prints the request with which a run waits.
fn request(run: &str, runs: Option<PathBuf>) -> Result<ExitCode, Failure> {
    let place = log::find(run, runs)?;
    match store::open_request(&place).map_err(log::unreadable)? {
        Some(request) => {
            say::line(request.trim_end());
            say::aside(
                "Whoever agrees signs it, in a file: `lifeboat approve FILE`, or without lifeboat `ssh-keygen -Y sign -n \
                 approve@lifeboat -f KEY FILE`; what comes back (FILE.sig) is handed in on the run's screen.",
            );
            Ok(ExitCode::SUCCESS)
        }
        None => Err(Failure::new(Kind::Problems, "this run waits for nobody's approval")),
    }
}

fn read(file: Option<&Path>) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match file.filter(|file| *file != Path::new("-")) {
        Some(file) => File::open(file).and_then(|file| file.take(LONGEST).read_to_string(&mut text)),
        None => io::stdin().lock().take(LONGEST).read_to_string(&mut text),
    };
    let name = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
    read.map_err(|error| Failure::new(Kind::Usage, format!("{name} can't be read: {error}")))?;
    Ok(text)
}

/// Finds the key of whoever approves.
fn signer(wanted: &Approve) -> Result<Operator, Failure> {
    // An approval by a practice key would prove nothing, in a drill either.
    let (profile, by, key) = (wanted.profile.as_deref(), wanted.by.clone(), wanted.key.clone());
    let (operator, _) = addenda::signer(profile, by, key, Mode::Real)?;
    operator.map_err(addenda::no_key)
}

/// Shows the request and has it agreed to, on the terminal: standard input may hold the request.
fn ask(request: &str, operator: &Operator) -> Result<(), Failure> {
    let no_terminal = |error: io::Error| {
        Failure::new(Kind::Usage, format!("there is no terminal to ask on ({error}); nothing was signed"))
            .hint("in a terminal; or read it and sign it by `ssh-keygen -Y sign -n approve@lifeboat -f KEY FILE`")
    };
    let mut tty = File::options().read(true).write(true).open("/dev/tty").map_err(no_terminal)?;
    let who = SafeText::line(operator.principal());
    write!(
        tty,
        "You are asked to agree to this:\n\n{}\nYou sign as {who} ({}), for this command and this state of the log only.\n\
         Type {WORD} to sign it: ",
        SafeText::new(request),
        operator.fingerprint()
    )
    .map_err(no_terminal)?;
    let mut typed = String::new();
    BufReader::new(tty).read_line(&mut typed).map_err(no_terminal)?;
    if typed.trim() == WORD { Ok(()) } else { Err(Failure::new(Kind::Stopped, "nothing was signed")) }
}
