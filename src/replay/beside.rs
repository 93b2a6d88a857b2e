//! Two recordings side by side on a terminal. Nothing that is pressed there acts.

use super::recording::ReplayError;
use crate::kernel::Stamp;
use crate::term::{self, Exit};
use crate::ui::Model;

/// Shows a comparison until its reader leaves, or wants to watch one of the two.
///
/// # Errors
/// [`ReplayError`] if the terminal does not work.
pub fn beside(model: &mut Model, now: Stamp) -> Result<Exit, ReplayError> {
    let (_feed, inbox) = term::channel();
    // Whatever it wishes besides leaving, there is nobody to do it.
    Ok(term::run(model, &inbox, &mut |_| {}, &|| now)?)
}
