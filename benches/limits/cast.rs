//! A run's screen as a film for asciinema, against the time that the run itself took.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use lifeboat::replay::{Cast, Filming, Recording};
use lifeboat::settings::theme::built_in;
use lifeboat::store::Runs;

use super::replay::recorded;
use super::setting;

/// How many facts the made-up run has, twenty a second, and how much it prints, in MiB.
const FACTS: (&str, u32) = ("LIFEBOAT_BENCH_CAST_FACTS", 20_000);
const MEBIBYTES: (&str, u32) = ("LIFEBOAT_BENCH_CAST_MIB", 8);

/// Renders every sample and a long run at the speed of the run itself, with all of its idle time.
pub(crate) fn cast(state: &Path) {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let mut folders: Vec<_> = std::fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    let long = state.join("long");
    recorded::write(&long, setting(FACTS).into(), u64::from(setting(MEBIBYTES)) << 20);
    folders.push(long);
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy();
        for (columns, rows) in [(100, 30), (200, 50)] {
            film(&folder, &format!("cast, {name}, {columns}x{rows}"), (columns, rows));
        }
    }
}

fn film(folder: &Path, what: &str, size: (u16, u16)) {
    let theme = built_in("default").unwrap();
    let place = Runs::at(folder).find(folder.to_str().unwrap()).unwrap();
    let mut out = BufWriter::new(Counted(0));
    let began = Instant::now();
    let recording = Recording::open(place).unwrap();
    let filming = Filming { size, speed: 1, idle: None, theme: &theme };
    let plays = lifeboat::replay::cast(recording, &filming, Cast::V3, None, &mut out).unwrap();
    out.flush().unwrap();
    let took = began.elapsed();
    println!(
        "{what:<40} {took:>9.2?}   of a run of {plays:>8.1?}, {:.1} MB   {:.0} times real time   goal 20",
        out.get_ref().0 as f64 / 1e6,
        plays.as_secs_f64() / took.as_secs_f64()
    );
}

/// Counts what is written to it.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
