//! `OrderBook`: one venue's book behind a lock.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use pyo3::prelude::*;
use tradewind_core::books::{
    self, BookError, BookTerms, OutOfSync, SequenceRule, Side, Snapshot, SnapshotOutcome,
};

use super::columns::{EventColumns, integers};
use crate::error::raise;
use crate::integer::native;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// One venue's order book. Safe to share between threads.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct OrderBook {
    pub(super) terms: BookTerms,
    pub(super) book: RwLock<books::OrderBook>,
}

// A panic while the lock is held cannot happen half-way through a level, and a book that was left half-way through an
// event would be one that its venue's next checksum or gap finds. So a poisoned lock is used as it is.
impl OrderBook {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, books::OrderBook> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, books::OrderBook> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn side_levels(
        &self,
        py: Python<'_>,
        side: Side,
        most: Option<usize>,
    ) -> PyResult<Vec<(u64, u64)>> {
        let most = most.unwrap_or(usize::MAX);
        let levels =
            py.detach(|| Ok::<_, BookError>(self.read().levels(side)?.take(most).collect()));
        levels.map_err(raise)
    }
}

#[pymethods]
impl OrderBook {
    #[new]
    #[pyo3(signature = (*, venue, instrument, price_decimals, size_decimals, tick=None, lot=None, taker_fee_ppm=None, numbered=true, depth=None))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments")]
    fn new(
        venue: String,
        instrument: String,
        price_decimals: Any<'_, '_>,
        size_decimals: Any<'_, '_>,
        tick: Option<Bound<'_, PyAny>>,
        lot: Option<Bound<'_, PyAny>>,
        taker_fee_ppm: Option<Bound<'_, PyAny>>,
        numbered: bool,
        depth: Option<usize>,
    ) -> PyResult<Self> {
        let terms = BookTerms {
            venue,
            instrument,
            price_decimals: native("price_decimals", price_decimals)?,
            size_decimals: native("size_decimals", size_decimals)?,
            tick: tick.map_or(Ok(1), |tick| native("tick", &tick))?,
            lot: lot.map_or(Ok(1), |lot| native("lot", &lot))?,
            taker_fee_ppm: taker_fee_ppm.map_or(Ok(0), |fee| native("taker_fee_ppm", &fee))?,
            sequence: if numbered {
                SequenceRule::Ranged
            } else {
                SequenceRule::Unnumbered
            },
            depth,
        };
        let book = books::OrderBook::new(terms.clone()).map_err(raise)?;
        Ok(Self {
            terms,
            book: RwLock::new(book),
        })
    }

    #[pyo3(signature = (*, sequence, bid_prices, bid_sizes, ask_prices, ask_sizes, time_ns))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments")]
    fn apply_snapshot(
        &self,
        py: Python<'_>,
        sequence: Any<'_, '_>,
        bid_prices: Any<'_, '_>,
        bid_sizes: Any<'_, '_>,
        ask_prices: Any<'_, '_>,
        ask_sizes: Any<'_, '_>,
        time_ns: Any<'_, '_>,
    ) -> PyResult<&'static str> {
        let sequence = native("sequence", sequence)?;
        let bids = (
            integers("bid_prices", bid_prices)?,
            integers("bid_sizes", bid_sizes)?,
        );
        let asks = (
            integers("ask_prices", ask_prices)?,
            integers("ask_sizes", ask_sizes)?,
        );
        let time_ns = native("time_ns", time_ns)?;
        let outcome = py.detach(|| {
            let snapshot = Snapshot {
                sequence,
                bid_prices: &bids.0,
                bid_sizes: &bids.1,
                ask_prices: &asks.0,
                ask_sizes: &asks.1,
            };
            self.write().apply_snapshot(&snapshot, time_ns)
        });
        Ok(match outcome.map_err(raise)? {
            SnapshotOutcome::Live(_) => "live",
            SnapshotOutcome::Older => "older",
            SnapshotOutcome::Gap(_) => "gap",
        })
    }

    #[pyo3(signature = (*, last_sequences, sides, prices, sizes, time_ns, first_sequences=None, row_counts=None))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments")]
    fn apply_events(
        &self,
        py: Python<'_>,
        last_sequences: Any<'_, '_>,
        sides: Any<'_, '_>,
        prices: Any<'_, '_>,
        sizes: Any<'_, '_>,
        time_ns: Any<'_, '_>,
        first_sequences: Option<Any<'_, '_>>,
        row_counts: Option<Any<'_, '_>>,
    ) -> PyResult<BookEvents> {
        let (first, counts) = (first_sequences, row_counts);
        let levels = [prices, sizes];
        let mut columns = EventColumns::read(last_sequences, first, counts, sides, levels)?;
        let time_ns = native("time_ns", time_ns)?;
        let mut applied = BookEvents::default();
        while columns.advance()? {
            let piece = columns.piece();
            let outcome = py.detach(|| self.write().apply_events(&piece.events, time_ns));
            let refused = |error: BookError| error.after(piece.rows_before, piece.events_before);
            applied.add(&outcome.map_err(refused).map_err(raise)?);
        }
        Ok(applied)
    }

    #[pyo3(signature = (reason, *, keep_pending=false))]
    fn lose_sync(&self, py: Python<'_>, reason: String, keep_pending: bool) {
        py.detach(|| {
            self.write()
                .lose_sync(OutOfSync::Told(reason), keep_pending);
        });
    }

    #[getter]
    fn venue(&self) -> &str {
        &self.terms.venue
    }

    #[getter]
    fn instrument(&self) -> &str {
        &self.terms.instrument
    }

    #[getter]
    fn in_sync(&self, py: Python<'_>) -> bool {
        py.detach(|| self.read().out_of_sync().is_none())
    }

    #[getter]
    fn out_of_sync(&self, py: Python<'_>) -> Option<String> {
        py.detach(|| self.read().out_of_sync().map(ToString::to_string))
    }

    #[getter]
    fn sequence(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.read().sequence())
    }

    #[getter]
    fn as_of_ns(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.read().as_of_ns())
    }

    #[getter]
    fn pending_events(&self, py: Python<'_>) -> usize {
        py.detach(|| self.read().pending_events())
    }

    #[getter]
    fn dropped_events(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.read().dropped_events())
    }

    #[pyo3(signature = (most=None))]
    fn bids(&self, py: Python<'_>, most: Option<usize>) -> PyResult<Vec<(u64, u64)>> {
        self.side_levels(py, Side::Bid, most)
    }

    #[pyo3(signature = (most=None))]
    fn asks(&self, py: Python<'_>, most: Option<usize>) -> PyResult<Vec<(u64, u64)>> {
        self.side_levels(py, Side::Ask, most)
    }

    #[pyo3(signature = (*, price_step=None, size_step=None))]
    fn kraken_checksum(
        &self,
        py: Python<'_>,
        price_step: Option<Bound<'_, PyAny>>,
        size_step: Option<Bound<'_, PyAny>>,
    ) -> PyResult<u32> {
        let price_step = price_step.map_or(Ok(1), |step| native("price_step", &step))?;
        let size_step = size_step.map_or(Ok(1), |step| native("size_step", &step))?;
        py.detach(|| self.read().checksum(price_step, size_step))
            .map_err(raise)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let state = self
            .out_of_sync(py)
            .unwrap_or_else(|| format!("at {}", self.sequence(py)));
        format!(
            "OrderBook({:?}, {:?}, {state})",
            self.terms.venue, self.terms.instrument
        )
    }
}

/// What became of the events of one call.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Default, PartialEq)]
pub(super) struct BookEvents {
    pub(super) applied_events: u64,
    pub(super) applied_rows: u64,
    pub(super) ignored_events: u64,
    pub(super) pending_events: u64,
}

impl BookEvents {
    fn add(&mut self, applied: &books::Applied) {
        self.applied_events += applied.applied_events;
        self.applied_rows += applied.applied_rows;
        self.ignored_events += applied.ignored_events;
        self.pending_events += applied.pending_events;
    }
}

#[pymethods]
impl BookEvents {
    fn __repr__(&self) -> String {
        format!(
            "BookEvents(applied_events={}, applied_rows={}, ignored_events={}, pending_events={})",
            self.applied_events, self.applied_rows, self.ignored_events, self.pending_events
        )
    }
}
