//! How a swap moves a pool, as Python sees it: ticks of concentrated liquidity, or bins.

use pyo3::prelude::*;
use tradewind_core::pools;

use crate::integer::Integer;

/// Where a swap leaves a pool whose reserves do not tell.
#[derive(Clone, PartialEq, IntoPyObject)]
pub(crate) enum Movement {
    Concentrated(ConcentratedMovement),
    Bins(BinMovement),
}

/// A swap through a pool of concentrated liquidity.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct ConcentratedMovement {
    sqrt_price_before: Integer<256, 4>,
    sqrt_price_after: Integer<256, 4>,
    fraction_bits: u8,
    tick_after: i32,
    liquidity_after: u128,
    ticks_crossed: u32,
}

/// A swap through a pool of bins.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct BinMovement {
    active_before: i32,
    active_after: i32,
    bins_crossed: u32,
}

impl From<pools::Movement> for Movement {
    fn from(movement: pools::Movement) -> Self {
        match movement {
            pools::Movement::UniswapV3 {
                sqrt_price_before_x96,
                sqrt_price_after_x96,
                tick_after,
                liquidity_after,
                ticks_crossed,
            } => Self::Concentrated(ConcentratedMovement {
                sqrt_price_before: Integer(sqrt_price_before_x96.to()),
                sqrt_price_after: Integer(sqrt_price_after_x96.to()),
                fraction_bits: 96,
                tick_after,
                liquidity_after,
                ticks_crossed,
            }),
            pools::Movement::ConcentratedX64 {
                sqrt_price_before_x64,
                sqrt_price_after_x64,
                tick_after,
                liquidity_after,
                ticks_crossed,
            } => Self::Concentrated(ConcentratedMovement {
                sqrt_price_before: Integer(alloy_primitives::U256::from(sqrt_price_before_x64)),
                sqrt_price_after: Integer(alloy_primitives::U256::from(sqrt_price_after_x64)),
                fraction_bits: 64,
                tick_after,
                liquidity_after,
                ticks_crossed,
            }),
            pools::Movement::Bins {
                active_before,
                active_after,
                bins_crossed,
            } => Self::Bins(BinMovement {
                active_before,
                active_after,
                bins_crossed,
            }),
        }
    }
}

#[pymethods]
impl ConcentratedMovement {
    fn __repr__(&self) -> String {
        format!(
            "ConcentratedMovement(sqrt_price_before={}, sqrt_price_after={}, fraction_bits={}, tick_after={}, liquidity_after={}, ticks_crossed={})",
            self.sqrt_price_before.0,
            self.sqrt_price_after.0,
            self.fraction_bits,
            self.tick_after,
            self.liquidity_after,
            self.ticks_crossed,
        )
    }
}

#[pymethods]
impl BinMovement {
    fn __repr__(&self) -> String {
        format!(
            "BinMovement(active_before={}, active_after={}, bins_crossed={})",
            self.active_before, self.active_after, self.bins_crossed,
        )
    }
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ConcentratedMovement>()?;
    module.add_class::<BinMovement>()
}
