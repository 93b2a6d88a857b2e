//! The body of an object: from S3 into a file, part by part, and under its name only when it is whole.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use aws_sdk_s3::operation::get_object::GetObjectOutput;

use crate::exec::aws::arguments::{Arguments, OUTFILE};
use crate::exec::aws::failure::{Sent, Trouble};

/// Writes the object where the call says.
pub(super) async fn keep(output: GetObjectOutput, arguments: &Arguments) -> Result<(), Trouble> {
    let place = arguments.place(arguments.word(OUTFILE).unwrap_or_default());
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let part = place.with_file_name(format!(".{name}.part"));
    let kept = write(output, &part)
        .await
        .and_then(|()| std::fs::rename(&part, &place).map_err(|error| unwritten(&place, &error)));
    if kept.is_err() {
        // Half an object is worth nothing, and its absence is what is to be.
        drop(std::fs::remove_file(&part));
    }
    kept
}

async fn write(mut output: GetObjectOutput, part: &Path) -> Result<(), Trouble> {
    let failed = |error: std::io::Error| unwritten(part, &error);
    let mut file = File::create(part).map_err(failed)?;
    while let Some(bytes) = output.body.next().await {
        let bytes = bytes
            .map_err(|error| Trouble::Lost { why: format!("the object broke off: {error}"), sent: Sent::Perhaps })?;
        file.write_all(&bytes).map_err(failed)?;
    }
    file.sync_all().map_err(failed)
}

fn unwritten(place: &Path, error: &std::io::Error) -> Trouble {
    Trouble::Unbuilt(format!("can't write `{}`: {error}", place.display()))
}
