//! The same bytes again and again, until told to stop or until they can hardly land any more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::rpc::RpcLane;
use super::{Lane as _, SendOptions, SendReport};
use crate::fault::{Fault, at_least_one};
use crate::signed_transaction::SignedTransaction;

/// How often, and until when.
#[derive(Debug, Clone, Copy)]
pub struct RebroadcastPlan {
    /// The last block height at which the transaction can land.
    pub last_valid_block_height: u64,
    /// Between two sends.
    pub every_ms: u64,
    /// Sends in all.
    pub most: u32,
}

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// It was told to.
    Stopped,
    /// A quorum is past the last valid height. No proof that it did not land.
    HeightPassed,
    /// All sends were used up.
    MostSends,
}

impl EndReason {
    /// In snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::HeightPassed => "height_passed",
            Self::MostSends => "most_sends",
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebroadcastEnd {
    /// Why.
    pub reason: EndReason,
    /// Sends made.
    pub sends: u32,
    /// Of them taken by somebody.
    pub accepted: u32,
    /// What became of the last one.
    pub last: Option<SendReport>,
}

/// A transaction that is being sent again and again. Dropping it stops the sending.
#[derive(Debug)]
pub struct Rebroadcast {
    stop: watch::Sender<bool>,
    end: watch::Receiver<Option<RebroadcastEnd>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Rebroadcast {
    /// Begins at once. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `limit_malformed` when `every_ms` or `most` is 0.
    pub fn start(
        lane: RpcLane,
        transaction: SignedTransaction,
        plan: RebroadcastPlan,
    ) -> Result<Self, Fault> {
        at_least_one("every_ms", plan.every_ms)?;
        at_least_one("most", u64::from(plan.most))?;
        let (stop, stopped) = watch::channel(false);
        let (told, end) = watch::channel(None);
        let task = tokio::spawn(async move {
            told.send_replace(Some(repeat(&lane, &transaction, plan, stopped).await));
        });
        Ok(Self {
            stop,
            end,
            task: Mutex::new(Some(task)),
        })
    }

    /// No further send is begun.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits for the end; any number of times.
    ///
    /// # Errors
    /// `rebroadcast_aborted` when the runtime ended first.
    pub fn finished(&self) -> impl Future<Output = Result<RebroadcastEnd, Fault>> + Send + 'static {
        let mut end = self.end.clone();
        async move {
            let told = end
                .wait_for(Option::is_some)
                .await
                .ok()
                .and_then(|told| told.clone());
            told.ok_or_else(|| {
                Fault::new(
                    "rebroadcast_aborted",
                    "the runtime ended before the sending did",
                )
            })
        }
    }
}

impl Drop for Rebroadcast {
    fn drop(&mut self) {
        if let Some(task) = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            task.abort();
        }
    }
}

async fn repeat(
    lane: &RpcLane,
    transaction: &SignedTransaction,
    plan: RebroadcastPlan,
    mut stopped: watch::Receiver<bool>,
) -> RebroadcastEnd {
    let mut end = RebroadcastEnd {
        reason: EndReason::MostSends,
        sends: 0,
        accepted: 0,
        last: None,
    };
    let mut ticks = tokio::time::interval(Duration::from_millis(plan.every_ms));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while end.sends < plan.most {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return RebroadcastEnd { reason: EndReason::Stopped, ..end },
            _ = ticks.tick() => {}
        }
        // The first send is not held up by a question.
        if end.sends > 0 && height_passed(lane, plan.last_valid_block_height).await {
            return RebroadcastEnd {
                reason: EndReason::HeightPassed,
                ..end
            };
        }
        // Preflight again and again would only ask whether it landed, in other words.
        let options = SendOptions {
            preflight: Some(false),
            min_context_slot: None,
        };
        let report = lane.send(transaction, &options).await;
        end.sends += 1;
        end.accepted += u32::from(report.outcome.is_taken());
        end.last = Some(report);
    }
    end
}

/// One endpoint that runs ahead, or lies, must not end it: as many as make a quorum have to be past.
async fn height_passed(lane: &RpcLane, last_valid: u64) -> bool {
    let pool: &Arc<_> = lane.pool();
    let said = pool
        .ask_each("getBlockHeight", r#"[{"commitment":"processed"}]"#)
        .await;
    let heights = said
        .into_iter()
        .filter_map(|said| said.answer.ok()?.result.get().parse::<u64>().ok());
    heights.filter(|height| *height > last_valid).count() >= pool.quorum()
}
