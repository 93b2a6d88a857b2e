//! Says that a disk takes long, while it does: a screen that stands still must not look like one where nothing happens.

use std::time::Duration;

use crate::kernel::say_duration;

/// From when on a disk takes long.
pub(super) const SLOW: Duration = Duration::from_secs(5);

/// Waits for what the log's disk is to do. Where that takes longer than `limit` it is told, and told when it is over.
pub(super) async fn telling<T>(work: impl Future<Output = T>, limit: Duration, mut tell: impl FnMut(String)) -> T {
    tokio::pin!(work);
    let began = tokio::time::Instant::now();
    if let Ok(done) = tokio::time::timeout(limit, &mut work).await {
        return done;
    }
    tell(format!(
        "The disk of the log has not answered for {}: nothing is recorded, and so nothing is started and no key does \
         anything until it does. What runs goes on.",
        say_duration(limit)
    ));
    let done = work.await;
    tell(format!("The disk of the log answers again, after {}.", say_duration(began.elapsed())));
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_disk_that_hangs_is_told_while_it_does_and_a_quick_one_is_not() {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let mut answer = Some(answer);
        let mut told = Vec::new();
        let done = telling(answered, Duration::from_millis(20), |text| {
            told.push(text);
            // It answers once somebody knows that it does not.
            if let Some(answer) = answer.take() {
                answer.send(7).unwrap();
            }
        });
        assert_eq!(done.await, Ok(7));
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("has not answered") && told[1].contains("answers again"), "{told:?}");

        let quick = telling(std::future::ready(1), SLOW, |text| panic!("{text}"));
        assert_eq!(quick.await, 1);
    }
}
