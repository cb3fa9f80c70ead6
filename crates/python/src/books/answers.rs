//! What a consolidated book answers with: frozen classes of exact integers in the instrument's units.

use pyo3::prelude::*;

use crate::integer::Integer;

/// One price of a consolidated book.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct BookLevel {
    pub(super) price_units: u64,
    pub(super) size_units: u128,
    pub(super) venues: Vec<(String, u64)>,
}

#[pymethods]
impl BookLevel {
    fn __repr__(&self) -> String {
        format!(
            "BookLevel(price_units={}, size_units={}, venues={:?})",
            self.price_units, self.size_units, self.venues
        )
    }
}

/// A bid that stands above an ask.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct CrossedPair {
    pub(super) ask_venue: String,
    pub(super) bid_venue: String,
    pub(super) ask_price_units: u64,
    pub(super) bid_price_units: u64,
    pub(super) size_units: u64,
    pub(super) gain_ppm_units: u128,
}

/// The crossed part of a consolidated book.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct BookCrossing {
    pub(super) state: &'static str,
    pub(super) after_fees: bool,
    pub(super) pairs: Vec<CrossedPair>,
    pub(super) size_units: u128,
    pub(super) gain_notional_units: Integer<256, 4>,
}

/// One venue's share of a sweep.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct SweepFill {
    pub(super) venue: String,
    pub(super) size_units: u128,
    pub(super) notional_units: Integer<256, 4>,
    pub(super) fee_units: Integer<256, 4>,
}

/// What an amount costs or brings.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct BookSweep {
    pub(super) complete: bool,
    pub(super) size_units: u128,
    pub(super) notional_units: Integer<256, 4>,
    pub(super) fee_units: Integer<256, 4>,
    pub(super) total_units: Integer<256, 4>,
    pub(super) average_price_units: Option<Integer<256, 4>>,
    pub(super) worst_price_units: Option<u64>,
    pub(super) fills: Vec<SweepFill>,
}
