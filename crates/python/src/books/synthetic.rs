//! `synthetic_levels`: a pool's curve as levels of a book.

use pyo3::prelude::*;
use tradewind_core::books::{self, CurveUnits, Sample};

use super::side::book_side;
use crate::error::raise;
use crate::integer::native;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

#[pyfunction]
#[pyo3(signature = (side, samples, *, base_raw_per_lot, quote_raw_per_tick_lot))]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 gives a list by value")]
pub(super) fn synthetic_levels(
    py: Python<'_>,
    side: &str,
    samples: Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
    base_raw_per_lot: Any<'_, '_>,
    quote_raw_per_tick_lot: (Bound<'_, PyAny>, Bound<'_, PyAny>),
) -> PyResult<Vec<(u64, u64)>> {
    let side = book_side(side)?;
    let read = |(paid, got): &(Bound<'_, PyAny>, Bound<'_, PyAny>)| {
        Ok(Sample {
            cumulative_in_raw: native("samples", paid)?,
            cumulative_out_raw: native("samples", got)?,
        })
    };
    let samples: Vec<Sample> = samples.iter().map(read).collect::<PyResult<_>>()?;
    let (raw, unit) = quote_raw_per_tick_lot;
    let units = CurveUnits {
        base_raw_per_lot: native("base_raw_per_lot", base_raw_per_lot)?,
        quote_raw_per_tick_lot: (
            native("quote_raw_per_tick_lot", &raw)?,
            native("quote_raw_per_tick_lot", &unit)?,
        ),
    };
    py.detach(|| books::synthetic_levels(side, &samples, &units))
        .map_err(raise)
}
