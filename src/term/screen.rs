//! The terminal's mode and its frames. Whoever ends the screen, by return, error, panic or signal, restores it once.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::ResetColor;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{QueueSelector, tcflush, tcgetwinsize};

use super::TermError;
use crate::settings::calls::{Calls, Within};
use crate::ui::{Model, view};

/// Says whether this process has the terminal in the screen's mode.
static ENTERED: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// What terminals take for their clipboard at most, in bytes of text.
const COPY: usize = 55_000;

/// Undoes what full-screen programs ask of a terminal, should one have been left alone with it: the other screen, mouse,
/// focus, paste, cursor keys, keypad, margins, the cursor's shape.
const AS_IT_WAS: &[u8] = b"\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>\x1b[r\x1b[0 q\x1b[0m\x1b[?25h";

type Writer = BufWriter<File>;

/// Holds the terminal while the screen is shown.
pub(super) struct Screen {
    /// Never dropped: ratatui would write to the terminal again, and panic where standard error is gone with it.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Writer>>>,
    tty: OwnedFd,
    within: Within,
}

/// Returns the terminal for frames: standard output if it is one, else the controlling one.
fn tty() -> io::Result<OwnedFd> {
    let stdout = io::stdout();
    if stdout.is_terminal() {
        stdout.as_fd().try_clone_to_owned()
    } else {
        Ok(File::options().read(true).write(true).open("/dev/tty")?.into())
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let mut tty = File::from(tty()?);
    execute!(tty, EnterAlternateScreen, EnableBracketedPaste, Hide)
}

/// Restores the terminal, once; does nothing where it is not in the screen's mode.
fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // On the way out there is nobody left to tell that the terminal does not listen.
    if let Ok(tty) = tty() {
        let mut tty = File::from(tty);
        drop(execute!(tty, ResetColor, DisableBracketedPaste, LeaveAlternateScreen, Show));
    }
    drop(disable_raw_mode());
}

impl Screen {
    /// Puts the terminal into the screen's mode.
    pub(super) fn open() -> Result<Self, TermError> {
        let tty = tty().map_err(TermError::NoTerminal)?;
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                leave();
                before(info);
            }));
        });
        // NO_COLOR is heeded where the theme is chosen; here it would take the weight of the letters as well.
        crossterm::style::force_color_output(true);
        let (columns, rows) = size(&tty);
        let writer = BufWriter::with_capacity(64 * 1024, File::from(tty.try_clone().map_err(TermError::NoTerminal)?));
        let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
        let terminal = Terminal::with_options(CrosstermBackend::new(writer), TerminalOptions { viewport })
            .map_err(TermError::Mode)?;
        let within = Within::of(|name| std::env::var(name).ok());
        let mut screen = Self { terminal: ManuallyDrop::new(terminal), tty, within };
        // From here on dropping restores.
        enter().map_err(TermError::Mode)?;
        screen.repaint().map_err(TermError::Mode)?;
        Ok(screen)
    }

    pub(super) fn size(&self) -> (u16, u16) {
        size(&self.tty)
    }

    /// Draws a frame.
    pub(super) fn draw(&mut self, model: &Model) -> io::Result<()> {
        self.terminal.draw(|frame| view(model, frame))?;
        Ok(())
    }

    /// Takes the terminal's size as it is now.
    pub(super) fn resized(&mut self) -> io::Result<(u16, u16)> {
        let (columns, rows) = self.size();
        let area = Rect::new(0, 0, columns, rows);
        if self.terminal.get_frame().area() != area {
            self.terminal.resize(area)?;
        }
        Ok((columns, rows))
    }

    /// Paints everything again. (Clearing by itself would ask the terminal for its cursor, and wait for the answer.)
    pub(super) fn repaint(&mut self) -> io::Result<(u16, u16)> {
        let (columns, rows) = self.size();
        self.terminal.resize(Rect::new(0, 0, columns, rows))?;
        Ok((columns, rows))
    }

    /// Gives the terminal back and stops this process as a shell expects. The stop may come a moment after the return;
    /// nothing may be drawn until the process is told to go on.
    pub(super) fn suspend() -> Result<(), TermError> {
        leave();
        kill_process(getpid(), Signal::STOP).map_err(|why| TermError::Mode(why.into()))
    }

    /// Gives the terminal to another program.
    pub(super) fn give_away() {
        leave();
    }

    /// Lends the terminal to another one: what is typed goes there as it is. It is restored as the screen is.
    pub(super) fn lend(&self, words: &str) -> io::Result<File> {
        leave();
        enable_raw_mode()?;
        ENTERED.store(true, Ordering::SeqCst);
        let mut tty = File::from(self.tty.try_clone()?);
        write!(tty, "{words}\r\n")?;
        Ok(tty)
    }

    /// Takes the terminal back, in whatever mode a program left it.
    pub(super) fn take_back(&mut self) -> Result<(u16, u16), TermError> {
        let mut tty = File::from(self.tty.try_clone().map_err(TermError::Draw)?);
        tty.write_all(AS_IT_WAS).map_err(TermError::Draw)?;
        self.again()
    }

    /// Takes the terminal into the screen's mode again, whatever was done to it meanwhile.
    pub(super) fn again(&mut self) -> Result<(u16, u16), TermError> {
        enter().map_err(TermError::Mode)?;
        self.repaint().map_err(TermError::Draw)
    }

    /// Throws away keys that the terminal holds for us.
    pub(super) fn flush_input(&self) {
        // A terminal that cannot do this holds none.
        let _ = tcflush(&self.tty, QueueSelector::IFlush);
    }

    /// Puts text on the terminal's clipboard; `false` if it is too long for that.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<bool> {
        if text.len() > COPY {
            return Ok(false);
        }
        let coded = base64::engine::general_purpose::STANDARD.encode(text);
        let writer = self.terminal.backend_mut();
        queue!(writer, crossterm::style::Print(format!("\u{1b}]52;c;{coded}\u{7}")))?;
        writer.flush()?;
        Ok(true)
    }

    /// Calls the operator back: by the bell, and by a notification where the terminal shows any.
    pub(super) fn call(&mut self, how: Calls, words: &str) -> io::Result<()> {
        if how == Calls::Off {
            return Ok(());
        }
        let writer = self.terminal.backend_mut();
        queue!(writer, crossterm::style::Print(how.bytes(words, self.within)))?;
        writer.flush()
    }

    /// Has the terminal's other end closed?
    pub(super) fn is_gone(&self) -> bool {
        let mut watched = [PollFd::new(&self.tty, PollFlags::OUT)];
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        poll(&mut watched, Some(&none)).is_err() || watched.iter().any(|fd| fd.revents().intersects(gone))
    }

    /// Lets go of a terminal that is gone: nothing is written to it any more, not even what is still buffered.
    pub(super) fn forget(self) {
        ENTERED.store(false, Ordering::SeqCst);
        std::mem::forget(self);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

fn size(tty: &OwnedFd) -> (u16, u16) {
    match tcgetwinsize(tty) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
        // Some serial lines don't know; this is what they were built for.
        Ok(_) | Err(_) => (80, 24),
    }
}
