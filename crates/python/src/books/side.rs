//! The names of a book's sides.

use pyo3::prelude::*;
use tradewind_core::books::Side;

use crate::error::core_error;

pub(super) fn book_side(side: &str) -> PyResult<Side> {
    match side {
        "bid" => Ok(Side::Bid),
        "ask" => Ok(Side::Ask),
        other => Err(side_unknown(other, "'bid' or 'ask'")),
    }
}

pub(super) fn side_unknown(side: &str, known: &str) -> PyErr {
    let message = format!("side: must be {known}, not {side:?}");
    core_error("side_unknown", &message)
}
