//! `read_cow_auction`: the pools and orders of one auction of `CoW` Protocol.

use pyo3::prelude::*;
use tradewind_core::pools::{Pool, PoolMath, write_pools};
use tradewind_core::sources::cow_auction;

use crate::error::{core_error, raise};
use crate::integer::Integer;
use crate::route::exact_text;

/// A pool, as the auction lists it.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct AuctionPool {
    id: String,
    pool: String,
    venue: &'static str,
    cost_raw: Integer<256, 4>,
    cost_token: String,
}

impl AuctionPool {
    fn read(listed: &cow_auction::AuctionPool) -> PyResult<Self> {
        let pool = Pool::new(&listed.state).map_err(raise)?;
        Ok(Self {
            id: listed.id.clone(),
            pool: pool.address().to_string(),
            venue: pool.venue(),
            cost_raw: Integer(listed.cost_raw),
            cost_token: listed.cost_token.to_string(),
        })
    }
}

#[pymethods]
impl AuctionPool {
    fn __repr__(&self) -> String {
        format!(
            "AuctionPool(id='{}', pool='{}', venue='{}', cost_raw={}, cost_token='{}')",
            self.id, self.pool, self.venue, self.cost_raw.0, self.cost_token,
        )
    }
}

/// A pool that is listed and not quoted.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct RefusedPool {
    id: String,
    code: &'static str,
    reason: String,
}

#[pymethods]
impl RefusedPool {
    fn __repr__(&self) -> String {
        format!(
            "RefusedPool(id='{}', code='{}', reason={:?})",
            self.id, self.code, self.reason,
        )
    }
}

/// What a trader asks for.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct AuctionOrder {
    number: String,
    sell_token: String,
    buy_token: String,
    sell_amount_raw: Integer<256, 4>,
    buy_amount_raw: Integer<256, 4>,
    exact: &'static str,
    partially_fillable: bool,
}

impl From<&cow_auction::AuctionOrder> for AuctionOrder {
    fn from(order: &cow_auction::AuctionOrder) -> Self {
        Self {
            number: order.number.clone(),
            sell_token: order.sell_token.to_string(),
            buy_token: order.buy_token.to_string(),
            sell_amount_raw: Integer(order.sell_amount_raw),
            buy_amount_raw: Integer(order.buy_amount_raw),
            exact: exact_text(order.kind),
            partially_fillable: order.partially_fillable,
        }
    }
}

#[pymethods]
impl AuctionOrder {
    fn __repr__(&self) -> String {
        format!(
            "AuctionOrder(number='{}', sell_token='{}', buy_token='{}', sell_amount_raw={}, buy_amount_raw={}, exact='{}')",
            self.number,
            self.sell_token,
            self.buy_token,
            self.sell_amount_raw.0,
            self.buy_amount_raw.0,
            self.exact,
        )
    }
}

/// Pools and orders of one auction.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct CowAuction {
    pools_json: String,
    pools: Vec<AuctionPool>,
    refused: Vec<RefusedPool>,
    orders: Vec<AuctionOrder>,
}

#[pymethods]
impl CowAuction {
    fn __repr__(&self) -> String {
        format!(
            "CowAuction(pools=[{} pools], refused=[{} pools], orders=[{} orders])",
            self.pools.len(),
            self.refused.len(),
            self.orders.len(),
        )
    }
}

#[pyfunction]
fn read_cow_auction(py: Python<'_>, text: &str) -> PyResult<CowAuction> {
    py.detach(|| {
        let auction = cow_auction::CowAuction::parse(text)
            .map_err(|error| core_error(error.code(), &error.to_string()))?;
        let states: Vec<_> = auction
            .pools
            .iter()
            .map(|pool| pool.state.clone())
            .collect();
        let pools = auction.pools.iter().map(AuctionPool::read);
        let refused = auction.refused.into_iter().map(|pool| RefusedPool {
            id: pool.id,
            code: pool.code,
            reason: pool.reason,
        });
        Ok(CowAuction {
            pools_json: write_pools(&states).map_err(raise)?,
            pools: pools.collect::<PyResult<_>>()?,
            refused: refused.collect(),
            orders: auction.orders.iter().map(AuctionOrder::from).collect(),
        })
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<CowAuction>()?;
    module.add_class::<AuctionPool>()?;
    module.add_class::<RefusedPool>()?;
    module.add_class::<AuctionOrder>()?;
    module.add_function(wrap_pyfunction!(read_cow_auction, module)?)
}
