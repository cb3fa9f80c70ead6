//! What the graph answers with: frozen classes, integers exact, addresses in EIP-55 text.

use pyo3::prelude::*;
use tradewind_core::pools::uniswap_v3::UniswapV3State as State;
use tradewind_core::pools::{self, FeeKind, PoolError, PriceRatio};
use tradewind_core::routing;

use crate::error::refusal;
use crate::integer::Integer;
use crate::movement::Movement;
use crate::route::exact_text;

/// The whole state of a Uniswap V3 pool.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct UniswapV3State {
    pool: String,
    token0: String,
    token1: String,
    fee_pips: u32,
    tick_spacing: i32,
    sqrt_price_x96: Integer<160, 3>,
    tick: i32,
    liquidity: u128,
    ticks: Vec<(i32, u128, i128)>,
}

impl From<&State> for UniswapV3State {
    fn from(state: &State) -> Self {
        Self {
            pool: state.pool.to_string(),
            token0: state.token0.to_string(),
            token1: state.token1.to_string(),
            fee_pips: state.fee_pips,
            tick_spacing: state.tick_spacing,
            sqrt_price_x96: Integer(state.sqrt_price_x96),
            tick: state.tick,
            liquidity: state.liquidity,
            ticks: state
                .ticks
                .iter()
                .map(|tick| (tick.index, tick.liquidity_gross, tick.liquidity_net))
                .collect(),
        }
    }
}

#[pymethods]
impl UniswapV3State {
    fn __repr__(&self) -> String {
        format!(
            "UniswapV3State(pool='{}', token0='{}', token1='{}', fee_pips={}, tick_spacing={}, sqrt_price_x96={}, tick={}, liquidity={}, ticks=[{} ticks])",
            self.pool,
            self.token0,
            self.token1,
            self.fee_pips,
            self.tick_spacing,
            self.sqrt_price_x96.0,
            self.tick,
            self.liquidity,
            self.ticks.len(),
        )
    }
}

/// A fee of a swap.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct Fee {
    kind: &'static str,
    token: String,
    amount_raw: Integer<256, 4>,
}

impl From<&pools::Fee> for Fee {
    fn from(fee: &pools::Fee) -> Self {
        Self {
            kind: match fee.kind {
                FeeKind::Liquidity => "liquidity",
                FeeKind::Protocol => "protocol",
                FeeKind::Fund => "fund",
                FeeKind::Creator => "creator",
                FeeKind::Transfer => "transfer",
            },
            token: fee.token.to_string(),
            amount_raw: Integer(fee.amount_raw),
        }
    }
}

#[pymethods]
impl Fee {
    fn __repr__(&self) -> String {
        format!(
            "Fee(kind='{}', token='{}', amount_raw={})",
            self.kind, self.token, self.amount_raw.0,
        )
    }
}

/// One pool's answer.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct PoolQuote {
    pool: String,
    token_in: String,
    token_out: String,
    fee_ppm: u32,
    amount_in_raw: Integer<256, 4>,
    amount_out_raw: Integer<256, 4>,
    fees: Vec<Fee>,
    spot_before: (Integer<320, 5>, Integer<320, 5>),
    spot_after: (Integer<320, 5>, Integer<320, 5>),
    price_impact_ppm: u32,
    movement: Option<Movement>,
}

impl From<&pools::PoolQuote> for PoolQuote {
    fn from(quote: &pools::PoolQuote) -> Self {
        Self {
            pool: quote.pool.to_string(),
            token_in: quote.token_in.to_string(),
            token_out: quote.token_out.to_string(),
            fee_ppm: quote.fee_ppm,
            amount_in_raw: Integer(quote.amount_in_raw),
            amount_out_raw: Integer(quote.amount_out_raw),
            fees: quote.fees.iter().map(Fee::from).collect(),
            spot_before: fraction(&quote.spot_before),
            spot_after: fraction(&quote.spot_after),
            price_impact_ppm: quote.price_impact_ppm(),
            movement: quote.movement.map(Movement::from),
        }
    }
}

fn fraction(price: &PriceRatio) -> (Integer<320, 5>, Integer<320, 5>) {
    (Integer(price.numerator), Integer(price.denominator))
}

#[pymethods]
impl PoolQuote {
    fn __repr__(&self) -> String {
        format!(
            "PoolQuote(pool='{}', token_in='{}', token_out='{}', fee_ppm={}, amount_in_raw={}, amount_out_raw={}, fees=[{} fees], spot_before=({}, {}), spot_after=({}, {}), price_impact_ppm={})",
            self.pool,
            self.token_in,
            self.token_out,
            self.fee_ppm,
            self.amount_in_raw.0,
            self.amount_out_raw.0,
            self.fees.len(),
            self.spot_before.0.0,
            self.spot_before.1.0,
            self.spot_after.0.0,
            self.spot_after.1.0,
            self.price_impact_ppm,
        )
    }
}

/// A path that was not chosen.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct Alternative {
    hops: usize,
    amount_raw: Integer<256, 4>,
    cost_raw: Integer<320, 5>,
    pools: Vec<String>,
}

impl From<&routing::Alternative> for Alternative {
    fn from(path: &routing::Alternative) -> Self {
        Self {
            hops: path.hops,
            amount_raw: Integer(path.amount_raw),
            cost_raw: Integer(path.cost_raw),
            pools: path.pools.iter().map(ToString::to_string).collect(),
        }
    }
}

#[pymethods]
impl Alternative {
    fn __repr__(&self) -> String {
        format!(
            "Alternative(hops={}, amount_raw={}, cost_raw={}, pools={:?})",
            self.hops, self.amount_raw.0, self.cost_raw.0, self.pools,
        )
    }
}

/// The best path.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct Route {
    token_in: String,
    token_out: String,
    exact: &'static str,
    amount_in_raw: Integer<256, 4>,
    amount_out_raw: Integer<256, 4>,
    cost_raw: Integer<320, 5>,
    spot_amount_raw: Integer<768, 12>,
    fee_ppm: u32,
    hops: Vec<PoolQuote>,
    alternatives: Vec<Alternative>,
}

impl From<&routing::Route> for Route {
    fn from(route: &routing::Route) -> Self {
        Self {
            token_in: route.token_in.to_string(),
            token_out: route.token_out.to_string(),
            exact: exact_text(route.exact),
            amount_in_raw: Integer(route.amount_in_raw),
            amount_out_raw: Integer(route.amount_out_raw),
            cost_raw: Integer(route.cost_raw),
            spot_amount_raw: Integer(route.spot_amount_raw),
            fee_ppm: route.fee_ppm,
            hops: route.hops.iter().map(PoolQuote::from).collect(),
            alternatives: route.alternatives.iter().map(Alternative::from).collect(),
        }
    }
}

#[pymethods]
impl Route {
    fn __repr__(&self) -> String {
        let pools: Vec<&str> = self.hops.iter().map(|hop| hop.pool.as_str()).collect();
        format!(
            "Route(token_in='{}', token_out='{}', exact='{}', amount_in_raw={}, amount_out_raw={}, cost_raw={}, spot_amount_raw={}, fee_ppm={}, pools={pools:?}, alternatives=[{} paths])",
            self.token_in,
            self.token_out,
            self.exact,
            self.amount_in_raw.0,
            self.amount_out_raw.0,
            self.cost_raw.0,
            self.spot_amount_raw.0,
            self.fee_ppm,
            self.alternatives.len(),
        )
    }
}

/// What came of an account's bytes, or of a new clock.
#[pyclass(frozen, module = "tradewind._core")]
pub(crate) struct GraphUpdate {
    applied: Vec<String>,
    refused: Vec<(String, PoolError)>,
}

impl GraphUpdate {
    /// The pools by their addresses in the graph that was changed.
    pub(crate) fn new(graph: &routing::PoolGraph, updated: routing::Updated) -> Self {
        let text = |pool| graph.address_of(pool).map(|address| address.to_string());
        let refused = updated.refused.into_iter();
        Self {
            applied: updated.applied.into_iter().filter_map(text).collect(),
            refused: refused
                .filter_map(|(pool, error)| Some((text(pool)?, error)))
                .collect(),
        }
    }
}

#[pymethods]
impl GraphUpdate {
    #[getter]
    fn applied(&self) -> Vec<String> {
        self.applied.clone()
    }

    #[getter]
    fn refused<'py>(&self, py: Python<'py>) -> Vec<(String, Bound<'py, PyAny>)> {
        let refused = self.refused.iter();
        refused
            .map(|(pool, error)| (pool.clone(), refusal(py, error.clone())))
            .collect()
    }

    fn __repr__(&self) -> String {
        format!(
            "GraphUpdate(applied={:?}, refused=[{} pools])",
            self.applied,
            self.refused.len(),
        )
    }
}
