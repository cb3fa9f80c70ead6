//! `aggregate_order_books` and the `ConsolidatedBook` that it answers with.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tradewind_core::books::{
    self, AggregateRequest, BookError, CrossingState, Exclusion, Side, SweepAmount,
};

use super::answers::{BookCrossing, BookLevel, BookSweep, CrossedPair, SweepFill};
use super::order_book::OrderBook;
use super::side::{book_side, side_unknown};
use crate::error::{core_error, raise};
use crate::integer::{Integer, native, unsigned};

/// Several venues' books as one.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct ConsolidatedBook(books::ConsolidatedBook);

#[pymethods]
impl ConsolidatedBook {
    #[getter]
    fn venues(&self) -> Vec<(String, u64, u64)> {
        let named = self.0.venues.iter().zip(&self.0.as_of);
        named
            .map(|(terms, as_of)| (terms.venue.clone(), as_of.0, as_of.1))
            .collect()
    }

    #[getter]
    fn excluded(&self) -> Vec<(String, &'static str, Option<u64>)> {
        let reason = |(venue, reason): &(String, Exclusion)| match reason {
            Exclusion::OutOfSync => (venue.clone(), "out_of_sync", None),
            Exclusion::Stale { age_ns } => (venue.clone(), "stale", Some(*age_ns)),
        };
        self.0.excluded.iter().map(reason).collect()
    }

    #[pyo3(signature = (most=None))]
    fn bids(&self, most: Option<usize>) -> Vec<BookLevel> {
        self.levels(Side::Bid, most)
    }

    #[pyo3(signature = (most=None))]
    fn asks(&self, most: Option<usize>) -> Vec<BookLevel> {
        self.levels(Side::Ask, most)
    }

    /// The columns of a side, as little-endian bytes.
    fn columns<'py>(&self, py: Python<'py>, side: &str) -> PyResult<[Bound<'py, PyBytes>; 3]> {
        let parts = self.0.parts(book_side(side)?);
        let (prices, sizes, venues) = py.detach(|| {
            let prices: Vec<u8> = parts.iter().flat_map(|p| p.price.to_le_bytes()).collect();
            let sizes: Vec<u8> = parts.iter().flat_map(|p| p.size.to_le_bytes()).collect();
            let venues: Vec<u8> = parts.iter().flat_map(|p| p.venue.to_le_bytes()).collect();
            (prices, sizes, venues)
        });
        Ok([prices, sizes, venues].map(|column| PyBytes::new(py, &column)))
    }

    #[pyo3(signature = (*, after_fees))]
    fn crossing(&self, py: Python<'_>, after_fees: bool) -> BookCrossing {
        let crossing = py.detach(|| self.0.crossing(after_fees));
        let pairs = crossing.pairs.iter().map(|pair| CrossedPair {
            ask_venue: self.name(pair.ask_venue),
            bid_venue: self.name(pair.bid_venue),
            ask_price_units: pair.ask_price,
            bid_price_units: pair.bid_price,
            size_units: pair.size,
            gain_ppm_units: pair.gain_ppm_units,
        });
        BookCrossing {
            state: match crossing.state {
                CrossingState::Clear => "clear",
                CrossingState::Locked => "locked",
                CrossingState::Crossed => "crossed",
            },
            after_fees,
            pairs: pairs.collect(),
            size_units: crossing.size,
            gain_notional_units: Integer(crossing.gain_notional),
        }
    }

    #[pyo3(signature = (side, *, size_units=None, notional_units=None, best_after_fees=true))]
    fn sweep(
        &self,
        py: Python<'_>,
        side: &str,
        size_units: Option<Bound<'_, PyAny>>,
        notional_units: Option<Bound<'_, PyAny>>,
        best_after_fees: bool,
    ) -> PyResult<BookSweep> {
        let taken = match side {
            "buy" => Side::Ask,
            "sell" => Side::Bid,
            other => return Err(side_unknown(other, "'buy' or 'sell'")),
        };
        let amount = match (size_units, notional_units) {
            (Some(size), None) => SweepAmount::Size(native("size_units", &size)?),
            (None, Some(notional)) => {
                SweepAmount::Notional(unsigned::<256, 4>("notional_units", &notional)?)
            }
            _ => {
                let message = "size_units, notional_units: give exactly one of them";
                return Err(core_error("amount_ambiguous", message));
            }
        };
        let sweep = py.detach(|| self.0.sweep(taken, amount, best_after_fees));
        Ok(self.answer(&sweep.map_err(raise)?))
    }

    fn __repr__(&self) -> String {
        format!(
            "ConsolidatedBook({} venues, {} bids, {} asks, {} excluded)",
            self.0.venues.len(),
            self.0.levels(Side::Bid).len(),
            self.0.levels(Side::Ask).len(),
            self.0.excluded.len()
        )
    }
}

impl ConsolidatedBook {
    fn name(&self, venue: u32) -> String {
        let terms = self.0.venues.get(venue as usize);
        terms.map_or_else(String::new, |terms| terms.venue.clone())
    }

    fn levels(&self, side: Side, most: Option<usize>) -> Vec<BookLevel> {
        let levels = self.0.levels(side).take(most.unwrap_or(usize::MAX));
        levels
            .map(|level| BookLevel {
                price_units: level.price,
                size_units: level.size,
                venues: level
                    .parts
                    .iter()
                    .map(|part| (self.name(part.venue), part.size))
                    .collect(),
            })
            .collect()
    }

    fn answer(&self, sweep: &books::Sweep) -> BookSweep {
        let fill = |fill: &books::VenueFill| SweepFill {
            venue: self.name(fill.venue),
            size_units: fill.size,
            notional_units: Integer(fill.notional),
            fee_units: Integer(fill.fee),
        };
        BookSweep {
            complete: sweep.complete,
            size_units: sweep.size,
            notional_units: Integer(sweep.notional),
            fee_units: Integer(sweep.fee),
            total_units: Integer(sweep.total),
            average_price_units: sweep.average_price.map(Integer),
            worst_price_units: sweep.worst_price,
            fills: sweep.fills.iter().map(fill).collect(),
        }
    }
}

#[pyfunction]
#[pyo3(signature = (books, *, levels=None, now_ns=None, max_age_ns=None))]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 gives a list by value")]
pub(super) fn aggregate_order_books(
    py: Python<'_>,
    books: Vec<Py<OrderBook>>,
    levels: Option<usize>,
    now_ns: Option<Bound<'_, PyAny>>,
    max_age_ns: Option<Bound<'_, PyAny>>,
) -> PyResult<ConsolidatedBook> {
    if max_age_ns.is_some() && now_ns.is_none() {
        let message = "now_ns: needed with max_age_ns, because the core has no clock";
        return Err(core_error("now_missing", message));
    }
    let request = AggregateRequest {
        levels,
        now_ns: now_ns.map_or(Ok(0), |now| native("now_ns", &now))?,
        max_age_ns: max_age_ns
            .map(|age| native("max_age_ns", &age))
            .transpose()?,
    };
    let merged = py.detach(|| {
        // A book that is given twice is refused before its lock is taken twice.
        for (place, book) in books.iter().enumerate() {
            let venue = &book.get().terms.venue;
            if books[..place]
                .iter()
                .any(|other| &other.get().terms.venue == venue)
            {
                return Err(BookError::VenueTwice(venue.clone()));
            }
        }
        let locked: Vec<_> = books.iter().map(|book| book.get().read()).collect();
        let borrowed: Vec<&books::OrderBook> = locked.iter().map(|book| &**book).collect();
        books::aggregate_order_books(&borrowed, &request)
    });
    merged.map(ConsolidatedBook).map_err(raise)
}
