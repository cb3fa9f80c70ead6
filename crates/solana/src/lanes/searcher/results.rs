//! What became of bundles, as each region tells it (`SubscribeBundleResults`). A hint: what landed, the chain says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use super::SearcherRegion;
use super::messages::{BundleResult, DroppedReason, Rejected, RejectedReason, What};
use crate::backoff::Backoff;
use crate::transaction_fault::excerpt;

const MOST_DETAIL_BYTES: usize = 500;
/// News that nobody has read; the oldest goes first.
const MOST_NEWS: usize = 1_000;

/// What a region said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleNewsKind {
    /// Handed to a leader; not yet executed.
    Accepted,
    /// In a block.
    Processed,
    /// In a block that stays.
    Finalized,
    /// Never handed to a leader.
    Rejected,
    /// Handed on, and not on the chain.
    Dropped,
    /// The region's results begin.
    Following,
    /// The region's results ended: nothing is heard of it until they begin again.
    Interrupted,
}

impl BundleNewsKind {
    /// In snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Processed => "processed",
            Self::Finalized => "finalized",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
            Self::Following => "following",
            Self::Interrupted => "interrupted",
        }
    }
}

/// One thing that a region said of a bundle, or that is to be said of its results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleNews {
    /// Scheme, host and port.
    pub region: String,
    /// What.
    pub kind: BundleNewsKind,
    /// None where it is about the region.
    pub bundle_id: Option<String>,
    /// Of `accepted` and `processed`.
    pub slot: Option<u64>,
    /// Why it was rejected or dropped, in snake case.
    pub reason: Option<&'static str>,
    /// As the region worded it.
    pub detail: String,
}

/// News until somebody takes them: at most 1,000.
#[derive(Debug, Default)]
pub(in crate::lanes) struct NewsBoard {
    waiting: Mutex<VecDeque<BundleNews>>,
    pinned: Notify,
}

impl NewsBoard {
    fn pin(&self, news: BundleNews) {
        let mut waiting = self.waiting();
        if waiting.len() >= MOST_NEWS {
            waiting.pop_front();
        }
        waiting.push_back(news);
        drop(waiting);
        self.pinned.notify_one();
    }

    /// All that wait; waits for the first. One taker at a time.
    pub(in crate::lanes) async fn take(&self) -> Vec<BundleNews> {
        loop {
            let pinned = self.pinned.notified();
            let taken: Vec<_> = self.waiting().drain(..).collect();
            if !taken.is_empty() {
                return taken;
            }
            pinned.await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<BundleNews>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens to a region until the board is gone; begins anew when its results end.
pub(in crate::lanes) async fn follow(
    region: Arc<SearcherRegion>,
    board: Weak<NewsBoard>,
    mut backoff: Backoff,
) {
    loop {
        let why = listen(&region, &board, &mut backoff).await;
        let Some(board) = board.upgrade() else {
            return;
        };
        board.pin(of_region(&region, BundleNewsKind::Interrupted, &why));
        drop(board);
        tokio::time::sleep(backoff.next()).await;
    }
}

/// Why the results ended.
async fn listen(region: &SearcherRegion, board: &Weak<NewsBoard>, backoff: &mut Backoff) -> String {
    let mut results = match region.results().await {
        Ok(results) => results,
        Err(fault) => return fault.to_string(),
    };
    let mut news = Some(of_region(region, BundleNewsKind::Following, ""));
    loop {
        let Some(board) = board.upgrade() else {
            return String::new();
        };
        if let Some(news) = news {
            board.pin(news);
        }
        drop(board);
        news = match results.message().await {
            Ok(Some(result)) => read(region.label(), result),
            Ok(None) => return "the region ended its results".to_owned(),
            Err(status) => return status.message().to_owned(),
        };
        // Not before: a region that ends each stream at once must not be asked all the time.
        backoff.reset();
    }
}

fn of_region(region: &SearcherRegion, kind: BundleNewsKind, detail: &str) -> BundleNews {
    BundleNews {
        region: region.label().to_owned(),
        kind,
        bundle_id: None,
        slot: None,
        reason: None,
        detail: excerpt(detail, MOST_DETAIL_BYTES),
    }
}

/// None: a kind of result that this client does not know.
fn read(region: &str, result: BundleResult) -> Option<BundleNews> {
    let (kind, slot, reason, detail) = match result.what {
        Some(What::Accepted(accepted)) => {
            (BundleNewsKind::Accepted, Some(accepted.slot), None, None)
        }
        Some(What::Processed(processed)) => {
            (BundleNewsKind::Processed, Some(processed.slot), None, None)
        }
        Some(What::Finalized(_)) => (BundleNewsKind::Finalized, None, None, None),
        Some(What::Dropped(dropped)) => (
            BundleNewsKind::Dropped,
            None,
            Some(dropped_reason(dropped.reason)),
            None,
        ),
        Some(What::Rejected(rejected)) => {
            let (reason, detail) = rejected_reason(rejected);
            (BundleNewsKind::Rejected, None, Some(reason), detail)
        }
        None => return None,
    };
    Some(BundleNews {
        region: region.to_owned(),
        kind,
        bundle_id: Some(excerpt(&result.bundle_id, super::MOST_ID_BYTES)),
        slot,
        reason,
        detail: excerpt(&detail.unwrap_or_default(), MOST_DETAIL_BYTES),
    })
}

fn dropped_reason(reason: i32) -> &'static str {
    match DroppedReason::try_from(reason) {
        Ok(DroppedReason::BlockhashExpired) => "blockhash_expired",
        Ok(DroppedReason::PartiallyProcessed) => "partially_processed",
        Ok(DroppedReason::NotFinalized) => "not_finalized",
        Err(_) => "unknown",
    }
}

fn rejected_reason(rejected: Rejected) -> (&'static str, Option<String>) {
    match rejected.reason {
        Some(RejectedReason::StateAuctionBid(bid)) => ("state_auction_bid_rejected", bid.msg),
        Some(RejectedReason::WinningBatchBid(bid)) => ("winning_batch_bid_rejected", bid.msg),
        Some(RejectedReason::SimulationFailure(failure)) => ("simulation_failure", failure.msg),
        Some(RejectedReason::InternalError(said)) => ("internal_error", Some(said.msg)),
        Some(RejectedReason::DroppedBundle(said)) => ("dropped_bundle", Some(said.msg)),
        None => ("unknown", None),
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    /// Encoded by Google's protobuf for Python from Jito's .proto files, not by this crate.
    fn decoded(hex: &str) -> Option<BundleNews> {
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        read("r", BundleResult::decode(bytes.as_slice()).unwrap())
    }

    #[test]
    fn every_result_is_read_as_googles_protobuf_writes_it() {
        for (hex, kind, slot, reason, detail) in [
            ("0a02616212050807120176", "accepted", Some(7), None, ""),
            ("0a0261622a070a017610091803", "processed", Some(9), None, ""),
            ("0a0261622200", "finalized", None, None, ""),
            (
                "0a02616232020802",
                "dropped",
                None,
                Some("not_finalized"),
                "",
            ),
            (
                "0a0261623200",
                "dropped",
                None,
                Some("blockhash_expired"),
                "",
            ),
            (
                "0a0261621a091a070a017312026e6f",
                "rejected",
                None,
                Some("simulation_failure"),
                "no",
            ),
            (
                "0a0261621a0c0a0a0a013110051a036c6f77",
                "rejected",
                None,
                Some("state_auction_bid_rejected"),
                "low",
            ),
            (
                "0a0261621a0822060a046f6f7073",
                "rejected",
                None,
                Some("internal_error"),
                "oops",
            ),
        ] {
            let news = decoded(hex).unwrap();
            let read = (
                news.kind.name(),
                news.slot,
                news.reason,
                news.detail.as_str(),
            );
            assert_eq!(read, (kind, slot, reason, detail));
            assert_eq!(news.bundle_id.as_deref(), Some("ab"));
        }
    }

    #[test]
    fn a_result_of_a_kind_that_is_not_known_says_nothing() {
        assert_eq!(decoded("0a026162"), None);
    }

    #[test]
    fn the_oldest_news_make_room() {
        let board = NewsBoard::default();
        for slot in 0..=MOST_NEWS as u64 {
            let mut news = decoded("0a0261622200").unwrap();
            news.slot = Some(slot);
            board.pin(news);
        }
        let waiting = board.waiting();
        assert_eq!((waiting.len(), waiting[0].slot), (MOST_NEWS, Some(1)));
    }
}
