//! `SlotFeed`, `AccountFeed` and `TipStream`: what nodes tell by themselves, kept up by the runtime.

use std::sync::Arc;

use pyo3::prelude::*;
use tokio::sync::Mutex;
use tradewind_solana::fault::Fault;
use tradewind_solana::subscriptions::{self, FeedLimits, StandingWatch};

use super::jito::TipFloor;
use super::rpc::{Future, Whole, level};
use super::runtime::{Refusal, future, handle, whole};
use super::wallets::key;
use crate::error::raise;

/// After so long without a slot a node is taken for stuck.
const SLOT_SILENCE_MS: u64 = 5_000;
const TIP_SILENCE_MS: u64 = 60_000;

/// How a feed does, and why.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct FeedStanding {
    state: &'static str,
    endpoint: String,
    detail: String,
}

impl From<&subscriptions::FeedStanding> for FeedStanding {
    fn from(standing: &subscriptions::FeedStanding) -> Self {
        Self {
            state: standing.state.name(),
            endpoint: standing.endpoint.clone(),
            detail: standing.detail.clone(),
        }
    }
}

#[pymethods]
impl FeedStanding {
    fn __repr__(&self) -> String {
        format!(
            "FeedStanding({:?}, {:?}, detail={:?})",
            self.state, self.endpoint, self.detail
        )
    }
}

/// The standings of one feed: now, and each that follows.
struct Standings {
    now: StandingWatch,
    following: Arc<Mutex<StandingWatch>>,
}

impl Standings {
    fn new(now: StandingWatch) -> Self {
        Self {
            following: Arc::new(Mutex::new(now.clone())),
            now,
        }
    }

    fn now(&self) -> FeedStanding {
        (&*self.now.borrow()).into()
    }

    fn next<'py>(&self, py: Python<'py>) -> Future<'py> {
        let following = Arc::clone(&self.following);
        future(py, async move {
            let mut following = following.lock().await;
            following.changed().await.map_err(|_| {
                Refusal::from(Fault::new(
                    "feed_closed",
                    "the feed was closed: nothing follows",
                ))
            })?;
            Ok(FeedStanding::from(&*following.borrow_and_update()))
        })
    }
}

fn limits(
    ping_every_ms: &Whole<'_>,
    max_silence_ms: Option<u64>,
    backoff_ms: &Whole<'_>,
    max_backoff_ms: &Whole<'_>,
) -> PyResult<FeedLimits> {
    let usual = FeedLimits::default();
    Ok(FeedLimits {
        ping_every_ms: whole!(ping_every_ms, usual.ping_every_ms),
        max_silence_ms,
        backoff_ms: whole!(backoff_ms, usual.backoff_ms),
        max_backoff_ms: whole!(max_backoff_ms, usual.max_backoff_ms),
        ..usual
    })
}

/// The newest slot that a node has begun.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct SlotFeed {
    feed: Arc<subscriptions::SlotFeed>,
    standings: Standings,
}

impl SlotFeed {
    pub(super) fn shared(&self) -> Arc<subscriptions::SlotFeed> {
        Arc::clone(&self.feed)
    }
}

#[pymethods]
impl SlotFeed {
    #[new]
    #[pyo3(signature = (websocket_urls, *, ping_every_ms=None, max_silence_ms=None, backoff_ms=None, max_backoff_ms=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(
        py: Python<'_>,
        websocket_urls: Vec<String>,
        ping_every_ms: Whole<'_>,
        max_silence_ms: Whole<'_>,
        backoff_ms: Whole<'_>,
        max_backoff_ms: Whole<'_>,
    ) -> PyResult<Self> {
        let silence = whole!(max_silence_ms, SLOT_SILENCE_MS);
        let limits = limits(&ping_every_ms, Some(silence), &backoff_ms, &max_backoff_ms)?;
        let runtime = handle(py)?;
        let _within = runtime.enter();
        let feed = subscriptions::SlotFeed::start(&websocket_urls, limits).map_err(raise)?;
        Ok(Self {
            standings: Standings::new(feed.standing()),
            feed: Arc::new(feed),
        })
    }

    #[getter]
    fn slot(&self) -> Option<u64> {
        self.feed.slot()
    }

    fn standing(&self) -> FeedStanding {
        self.standings.now()
    }

    fn next_standing<'py>(&self, py: Python<'py>) -> Future<'py> {
        self.standings.next(py)
    }

    fn close(&self) {
        self.feed.close();
    }
}

/// Which of some accounts were written.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct AccountFeed {
    feed: Arc<subscriptions::AccountFeed>,
    standings: Standings,
}

#[pymethods]
impl AccountFeed {
    #[new]
    #[pyo3(signature = (websocket_urls, accounts, *, commitment="confirmed", ping_every_ms=None, backoff_ms=None, max_backoff_ms=None))]
    #[allow(
        clippy::too_many_arguments,
        clippy::needless_pass_by_value,
        reason = "keyword arguments"
    )]
    fn new(
        py: Python<'_>,
        websocket_urls: Vec<String>,
        accounts: Vec<String>,
        commitment: &str,
        ping_every_ms: Whole<'_>,
        backoff_ms: Whole<'_>,
        max_backoff_ms: Whole<'_>,
    ) -> PyResult<Self> {
        let keys = accounts
            .iter()
            .map(|account| key("account_malformed", "accounts", account))
            .collect::<PyResult<Vec<_>>>()?;
        let commitment = level("commitment", commitment)?.name();
        let limits = limits(&ping_every_ms, None, &backoff_ms, &max_backoff_ms)?;
        let runtime = handle(py)?;
        let _within = runtime.enter();
        let feed = subscriptions::AccountFeed::start(&websocket_urls, &keys, commitment, limits)
            .map_err(raise)?;
        Ok(Self {
            standings: Standings::new(feed.standing()),
            feed: Arc::new(feed),
        })
    }

    fn changes<'py>(&self, py: Python<'py>) -> Future<'py> {
        let feed = Arc::clone(&self.feed);
        future(py, async move {
            let changes = feed.changes().await;
            Ok::<_, Refusal>(
                changes
                    .into_iter()
                    .map(|(account, slot)| (account.to_string(), slot))
                    .collect::<Vec<_>>(),
            )
        })
    }

    fn standing(&self) -> FeedStanding {
        self.standings.now()
    }

    fn next_standing<'py>(&self, py: Python<'py>) -> Future<'py> {
        self.standings.next(py)
    }

    fn close(&self) {
        self.feed.close();
    }
}

/// Jito's percentiles of landed tips, as they are told.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct TipStream {
    feed: subscriptions::TipStream,
    standings: Standings,
}

#[pymethods]
impl TipStream {
    #[new]
    #[pyo3(signature = (url, *, ping_every_ms=None, max_silence_ms=None, backoff_ms=None, max_backoff_ms=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(
        py: Python<'_>,
        url: &str,
        ping_every_ms: Whole<'_>,
        max_silence_ms: Whole<'_>,
        backoff_ms: Whole<'_>,
        max_backoff_ms: Whole<'_>,
    ) -> PyResult<Self> {
        let silence = whole!(max_silence_ms, TIP_SILENCE_MS);
        let limits = limits(&ping_every_ms, None, &backoff_ms, &max_backoff_ms)?;
        let runtime = handle(py)?;
        let _within = runtime.enter();
        let feed = subscriptions::TipStream::start(url, silence, &limits).map_err(raise)?;
        Ok(Self {
            standings: Standings::new(feed.standing()),
            feed,
        })
    }

    fn floor(&self) -> Option<TipFloor> {
        self.feed.floor().map(TipFloor)
    }

    fn standing(&self) -> FeedStanding {
        self.standings.now()
    }

    fn next_standing<'py>(&self, py: Python<'py>) -> Future<'py> {
        self.standings.next(py)
    }

    fn close(&self) {
        self.feed.close();
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<SlotFeed>()?;
    module.add_class::<AccountFeed>()?;
    module.add_class::<TipStream>()?;
    module.add_class::<FeedStanding>()
}
