//! The order-book part of `tradewind._core`: `OrderBook`, `aggregate_order_books` and what they answer with.
//!
//! Columns are taken over in one copy each while the GIL is held; books are locked, changed and merged without it.

mod answers;
mod columns;
mod consolidated;
mod order_book;
mod side;
mod synthetic;

use pyo3::prelude::*;
use tradewind_core::books::BookError;

use crate::error::Coded;

impl Coded for BookError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<order_book::OrderBook>()?;
    module.add_class::<order_book::BookEvents>()?;
    module.add_class::<consolidated::ConsolidatedBook>()?;
    module.add_class::<answers::BookLevel>()?;
    module.add_class::<answers::BookCrossing>()?;
    module.add_class::<answers::CrossedPair>()?;
    module.add_class::<answers::BookSweep>()?;
    module.add_class::<answers::SweepFill>()?;
    module.add_function(wrap_pyfunction!(
        consolidated::aggregate_order_books,
        module
    )?)?;
    module.add_function(wrap_pyfunction!(synthetic::synthetic_levels, module)?)
}
