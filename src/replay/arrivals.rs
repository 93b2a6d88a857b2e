//! When the outputs of a run came, for pages that lead through its time.

use std::path::Path;

use super::outputs::Samples;
use crate::engine::Run;
use crate::report::Arrivals;
use crate::ui::Stream;

/// More pieces of one output are thinned out: its times get coarser.
const MOST: usize = 200;

/// Tells of every attempt of a run when how much of its outputs was there, as far as that was recorded.
pub fn arrivals(folder: &Path, run: &Run) -> Vec<Arrivals> {
    let mut all = Vec::new();
    for (id, attempt) in run.order.iter().filter_map(|id| run.attempts.get_key_value(id)) {
        let samples = Samples::read(folder, id);
        for stream in [Stream::Out, Stream::Err] {
            let sizes = samples.sizes(stream, attempt.started.mono);
            if !sizes.is_empty() {
                all.push(Arrivals { attempt: id.clone(), stream: stream.name(), sizes: thinned(sizes) });
            }
        }
    }
    all
}

fn thinned(sizes: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    let stride = sizes.len().div_ceil(MOST).max(1);
    // The last one is among them, so that all of it came by then.
    let last = sizes.len().saturating_sub(1);
    sizes.into_iter().enumerate().filter(|(at, _)| at % stride == 0 || *at == last).map(|(_, size)| size).collect()
}
