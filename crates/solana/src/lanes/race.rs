//! The same bytes to several at once: the first who takes them decides, and the others go on by themselves.

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{SendAnswer, SendOutcome, SendReport};
use crate::monotonic::micros;

/// Runs each in a task of its own, so that an early outcome takes nobody's request back.
pub(super) async fn race<F>(
    lane: &'static str,
    runners: impl Iterator<Item = (String, F)>,
) -> SendReport
where
    F: Future<Output = SendOutcome> + Send + 'static,
{
    let started = Instant::now();
    let runners: Vec<_> = runners.collect();
    let (told, mut answers) = mpsc::channel(runners.len().max(1));
    for (endpoint, runner) in runners {
        let told = told.clone();
        tokio::spawn(async move {
            let outcome = runner.await;
            let elapsed_us = micros(started.elapsed());
            // Nobody listens any more when another was first.
            let _late = told.try_send(SendAnswer {
                endpoint,
                outcome,
                elapsed_us,
            });
        });
    }
    drop(told);
    let mut heard = Vec::new();
    while let Some(answer) = answers.recv().await {
        let taken = answer.outcome.is_taken();
        heard.push(answer);
        if taken {
            break;
        }
    }
    let detail = "there is nobody to send to".to_owned();
    SendReport::of(
        lane,
        heard,
        SendOutcome::Unreachable {
            code: "not_connected",
            detail,
        },
    )
}
