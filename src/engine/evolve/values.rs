//! What inputs and captures get as values, and who has read them.

use super::strands::change_turn;
use super::{Legal, known, require};
use crate::engine::decide::{is_read, same_person};
use crate::engine::event::InputSource;
use crate::engine::state::{Reading, Run, Second, Waiver};
use crate::kernel::AttemptId;

/// Gives an input its value.
pub(super) fn set(run: &mut Run, name: &str, value: &str, source: InputSource) -> Legal {
    require(is_read(run, name, value, source), "no second person has read the value")?;
    run.vars.insert(name.to_owned(), value.to_owned());
    run.sources.insert(name.to_owned(), source);
    run.entered.insert(name.to_owned());
    run.lost.remove(name);
    run.readings.remove(name);
    // What was confirmed was read with another value.
    for strand in run.open_strands() {
        change_turn(run, strand, |turn| {
            turn.confirmed_at = None;
            turn.agreed.clear();
        });
    }
    Ok(())
}

/// Keeps a value that another person has to read as well.
pub(super) fn read(run: &mut Run, name: &str, value: &str, by: &str) {
    let reading = Reading { value: value.to_owned(), by: by.to_owned(), second: Second::Missing };
    run.readings.insert(name.to_owned(), reading);
}

/// Notes that another person read the value, too.
pub(super) fn read_again(run: &mut Run, name: &str, by: &str) -> Legal {
    let first = run.readings.get_mut(name).ok_or("nobody read the value a first time")?;
    require(!same_person(&first.by, by), "the second reader is the first")?;
    first.second = Second::Read;
    Ok(())
}

/// Notes that it is done without another person.
pub(super) fn waived(run: &mut Run, name: &str, reason: &str, by: &str) -> Legal {
    let first = run.readings.get_mut(name).ok_or("nobody read the value a first time")?;
    first.second = Second::Waived;
    run.waivers.push(Waiver { name: name.to_owned(), reason: reason.to_owned(), by: by.to_owned() });
    Ok(())
}

/// Keeps what an attempt captured.
pub(super) fn captured(run: &mut Run, name: &str, value: &str, attempt: &AttemptId) -> Legal {
    known(run, attempt)?;
    match run.strand_of(attempt).and_then(|strand| run.lanes.get_mut(&strand)) {
        // Of an item alone; the list is made of those that are done.
        Some(lane) => lane.vars.insert(name.to_owned(), value.to_owned()),
        None => run.vars.insert(name.to_owned(), value.to_owned()),
    };
    run.lost.remove(name);
    Ok(())
}

/// Misses the secrets that the engine before held, in memory alone.
pub(super) fn missed(run: &mut Run) {
    let held = run.plan.secrets.iter().map(|secret| &secret.name).filter(|name| run.vars.contains_key(*name));
    run.lost = held.cloned().collect();
}
