//! A screen on a pseudo-terminal of 80x24, the keys that are pressed on it, and the smallest ratatui program.

use std::io::{Read as _, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, NativePtySystem, PtySize, PtySystem as _};

/// Says that this program is the minimal one.
pub(crate) const MINIMAL: &str = "LIFEBOAT_BENCH_MINIMAL";

pub(crate) fn the_minimal() -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.env(MINIMAL, "1");
    command
}

/// The smallest ratatui program there is: one frame, and one more for each key. `?` opens its help and closes it again.
pub(crate) fn minimal() {
    let mut terminal = ratatui::init();
    let mut help = false;
    loop {
        let text = if help { "Help" } else { "minimal" };
        terminal.draw(|frame| frame.render_widget(text, frame.area())).unwrap();
        match crossterm::event::read() {
            Ok(crossterm::event::Event::Key(key)) if key.code == crossterm::event::KeyCode::Char('?') => help = !help,
            Ok(crossterm::event::Event::Resize(..)) => {}
            _ => break,
        }
    }
    ratatui::restore();
}

pub(crate) struct Screen {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    pub(crate) keys: Box<dyn Write + Send>,
    pub(crate) bytes: mpsc::Receiver<Vec<u8>>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Screen {
    pub(crate) fn open(mut command: CommandBuilder) -> Self {
        command.env("TERM", "xterm-256color");
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = NativePtySystem::default().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (tx, bytes) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if tx.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, keys, bytes, _master: pair.master }
    }

    pub(crate) fn wait_for(&self, text: &str) {
        let mut seen = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_secs(1)) {
                seen.extend(bytes);
                if String::from_utf8_lossy(&seen).contains(text) {
                    return;
                }
            }
        }
        panic!("`{text}` never came; got {}", String::from_utf8_lossy(&seen));
    }

    pub(crate) fn end(mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Presses keys on a screen and takes the time until the frame is there that answers them.
pub(crate) struct Presser {
    pub(crate) screen: Screen,
    terminal: vt100::Parser,
    /// What was written to the terminal, in bytes.
    pub(crate) written: usize,
    pub(crate) answers: Vec<Duration>,
}

impl Presser {
    pub(crate) fn new(screen: Screen) -> Self {
        let terminal = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        Self { screen, terminal, written: 0, answers: Vec::new() }
    }

    /// Takes what the screen has written so far.
    pub(crate) fn read(&mut self) {
        while let Ok(bytes) = self.screen.bytes.try_recv() {
            self.take(&bytes);
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.written += bytes.len();
        self.terminal.process(bytes);
    }

    /// Presses keys and returns the time until the screen answers them.
    pub(crate) fn press(&mut self, keys: &str, answers: &dyn Fn(&str) -> bool) -> Duration {
        self.read();
        let pressed = Instant::now();
        self.screen.keys.write_all(keys.as_bytes()).unwrap();
        while !answers(&self.terminal.screen().contents()) {
            let Ok(bytes) = self.screen.bytes.recv_timeout(Duration::from_secs(5)) else {
                panic!("no answer to {keys:?} on\n{}", self.terminal.screen().contents());
            };
            self.take(&bytes);
        }
        let answered = pressed.elapsed();
        // People are not in step with frames.
        std::thread::sleep(Duration::from_millis(5 + fastrand::u64(0..20)));
        answered
    }

    /// As [`Self::press`], and keeps the time.
    pub(crate) fn answer(&mut self, keys: &str, answers: &dyn Fn(&str) -> bool) {
        let answered = self.press(keys, answers);
        self.answers.push(answered);
    }

    pub(crate) fn contents(&self) -> String {
        self.terminal.screen().contents()
    }

    /// Prints the times that were kept, and ends the screen.
    pub(crate) fn say(mut self, measure: &str, whose: &str, goal: &str) {
        self.answers.sort();
        let n = self.answers.len();
        let p99 = self.answers[n * 99 / 100];
        println!(
            "{measure:<28} {whose}: p50 {:.2?} p99 {p99:.2?} max {:.2?} of {n} keys   {goal}",
            self.answers[n / 2],
            self.answers[n - 1],
        );
        self.screen.end();
    }
}
