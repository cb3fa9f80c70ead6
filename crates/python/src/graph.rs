//! The graph part of `tradewind._core`: `PoolGraph`, its quotes and states.
//!
//! Arguments are read while the GIL is held; the graph is locked, quoted without it.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use alloy_primitives::U256;
use pyo3::prelude::*;
use pyo3::types::PyList;
use tradewind_core::ChainAddress;
use tradewind_core::pools::uniswap_v2::UniswapV2Change;
use tradewind_core::pools::uniswap_v3::{
    Tick, UniswapV3Change, UniswapV3Pool, UniswapV3State as State,
};
use tradewind_core::pools::{
    Account, ChainClock, Exact, Pool, PoolChange, PoolError, PoolMath, TokenPair, read_pools,
    write_pools,
};
use tradewind_core::routing;

use crate::address::{chain_address, chain_addresses};
use crate::answers::{Alternative, Fee, GraphUpdate, PoolQuote, Route, UniswapV3State};
use crate::error::{core_error, raise};
use crate::integer::{Integer, native, unsigned};

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// The pools known to this process, and the tokens they connect. Safe to share between threads.
#[pyclass(frozen, module = "tradewind._core")]
pub(crate) struct PoolGraph(RwLock<routing::PoolGraph>);

// A panic while the lock is held cannot leave a change half made: each one is prepared aside and then
// moved into place. So a poisoned lock is used as it is.
impl PoolGraph {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, routing::PoolGraph> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, routing::PoolGraph> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, py: Python<'_>, pool: &str, change: PoolChange<'_>) -> PyResult<()> {
        let pool = chain_address("pool", pool)?;
        py.detach(|| self.write().apply(pool, change))
            .map_err(raise)
    }

    fn quote(
        &self,
        py: Python<'_>,
        pool: &str,
        ends: Ends,
        exact: Exact,
        amount: U256,
    ) -> PyResult<PoolQuote> {
        let pool = chain_address("pool", pool)?;
        let quote = py.detach(|| {
            let graph = self.read();
            let pool = graph.pool(pool)?;
            pool.quote(ends.pair(pool)?, exact, amount)
        });
        quote.map(|quote| PoolQuote::from(&quote)).map_err(raise)
    }
}

#[pymethods]
impl PoolGraph {
    #[new]
    fn new() -> Self {
        Self(RwLock::new(routing::PoolGraph::new()))
    }

    #[allow(clippy::needless_pass_by_value, reason = "PyO3 gives a list by value")]
    #[pyo3(signature = (*, pool, token0, token1, fee_pips, tick_spacing, sqrt_price_x96, tick, liquidity, ticks))]
    #[allow(
        clippy::too_many_arguments,
        reason = "keyword arguments, named as the contract names them"
    )]
    fn upsert_uniswap_v3(
        &self,
        py: Python<'_>,
        pool: &str,
        token0: &str,
        token1: &str,
        fee_pips: Any<'_, '_>,
        tick_spacing: Any<'_, '_>,
        sqrt_price_x96: Any<'_, '_>,
        tick: Any<'_, '_>,
        liquidity: Any<'_, '_>,
        ticks: Vec<Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let state = State {
            pool: chain_address("pool", pool)?,
            token0: chain_address("token0", token0)?,
            token1: chain_address("token1", token1)?,
            fee_pips: native("fee_pips", fee_pips)?,
            tick_spacing: native("tick_spacing", tick_spacing)?,
            sqrt_price_x96: unsigned("sqrt_price_x96", sqrt_price_x96)?,
            tick: native("tick", tick)?,
            liquidity: native("liquidity", liquidity)?,
            ticks: ticks.iter().map(read_tick).collect::<PyResult<_>>()?,
        };
        py.detach(|| {
            let pool = UniswapV3Pool::new(&state)?;
            self.write().upsert(Pool::UniswapV3(pool));
            Ok::<_, PoolError>(())
        })
        .map_err(raise)
    }

    #[pyo3(signature = (pool, *, sqrt_price_x96, liquidity, tick))]
    fn apply_swap(
        &self,
        py: Python<'_>,
        pool: &str,
        sqrt_price_x96: Any<'_, '_>,
        liquidity: Any<'_, '_>,
        tick: Any<'_, '_>,
    ) -> PyResult<()> {
        let change = UniswapV3Change::Swap {
            sqrt_price_x96: unsigned("sqrt_price_x96", sqrt_price_x96)?,
            liquidity: native("liquidity", liquidity)?,
            tick: native("tick", tick)?,
        };
        self.apply(py, pool, PoolChange::UniswapV3(change))
    }

    #[pyo3(signature = (pool, *, tick_lower, tick_upper, liquidity_delta))]
    fn apply_liquidity(
        &self,
        py: Python<'_>,
        pool: &str,
        tick_lower: Any<'_, '_>,
        tick_upper: Any<'_, '_>,
        liquidity_delta: Any<'_, '_>,
    ) -> PyResult<()> {
        let change = UniswapV3Change::Liquidity {
            tick_lower: native("tick_lower", tick_lower)?,
            tick_upper: native("tick_upper", tick_upper)?,
            liquidity_delta: native("liquidity_delta", liquidity_delta)?,
        };
        self.apply(py, pool, PoolChange::UniswapV3(change))
    }

    #[pyo3(signature = (pool, *, reserve0_raw, reserve1_raw))]
    fn apply_sync(
        &self,
        py: Python<'_>,
        pool: &str,
        reserve0_raw: Any<'_, '_>,
        reserve1_raw: Any<'_, '_>,
    ) -> PyResult<()> {
        let change = UniswapV2Change::Sync {
            reserve0_raw: native("reserve0_raw", reserve0_raw)?,
            reserve1_raw: native("reserve1_raw", reserve1_raw)?,
        };
        self.apply(py, pool, PoolChange::UniswapV2(change))
    }

    #[pyo3(signature = (account, owner, data))]
    fn apply_account(
        &self,
        py: Python<'_>,
        account: &str,
        owner: &str,
        data: &[u8],
    ) -> PyResult<GraphUpdate> {
        let account = Account {
            address: chain_address("account", account)?,
            owner: chain_address("owner", owner)?,
            data,
        };
        Ok(py.detach(|| {
            let mut graph = self.write();
            let updated = graph.apply_account(account);
            GraphUpdate::new(&graph, updated)
        }))
    }

    #[pyo3(signature = (*, slot, epoch, unix_timestamp))]
    fn apply_clock(
        &self,
        py: Python<'_>,
        slot: Any<'_, '_>,
        epoch: Any<'_, '_>,
        unix_timestamp: Any<'_, '_>,
    ) -> PyResult<GraphUpdate> {
        let clock = ChainClock {
            slot: native("slot", slot)?,
            epoch: native("epoch", epoch)?,
            unix_timestamp: native("unix_timestamp", unix_timestamp)?,
        };
        Ok(py.detach(|| {
            let mut graph = self.write();
            let updated = graph.set_clock(clock);
            GraphUpdate::new(&graph, updated)
        }))
    }

    fn add(&self, py: Python<'_>, pools: &str) -> PyResult<Vec<String>> {
        py.detach(|| {
            let states = read_pools(pools).map_err(raise)?;
            let pools = states.iter().map(Pool::new);
            let pools = pools.collect::<Result<Vec<_>, _>>().map_err(raise)?;
            let addresses = pools.iter().map(|pool| pool.address().to_string());
            let addresses = addresses.collect();
            let mut graph = self.write();
            for pool in pools {
                graph.upsert(pool);
            }
            Ok(addresses)
        })
    }

    #[pyo3(signature = (pools=None))]
    fn dump(&self, py: Python<'_>, pools: Option<Vec<String>>) -> PyResult<String> {
        let pools = pools
            .map(|pools| chain_addresses("pools", &pools))
            .transpose()?;
        py.detach(|| {
            let graph = self.read();
            let pools = pools.unwrap_or_else(|| graph.addresses());
            let states = pools
                .into_iter()
                .map(|pool| graph.pool(pool).map(Pool::state));
            let states = states.collect::<Result<Vec<_>, _>>().map_err(raise)?;
            write_pools(&states).map_err(raise)
        })
    }

    fn remove(&self, py: Python<'_>, pool: &str) -> PyResult<bool> {
        let pool = chain_address("pool", pool)?;
        Ok(py.detach(|| self.write().remove(pool)))
    }

    fn pools(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| {
            self.read()
                .addresses()
                .iter()
                .map(ToString::to_string)
                .collect()
        })
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        py.detach(|| self.read().len())
    }

    fn __contains__(&self, py: Python<'_>, pool: &str) -> PyResult<bool> {
        let pool = chain_address("pool", pool)?;
        Ok(py.detach(|| self.read().contains(pool)))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("PoolGraph({} pools)", self.__len__(py))
    }

    fn uniswap_v3_state(&self, py: Python<'_>, pool: &str) -> PyResult<UniswapV3State> {
        let address = chain_address("pool", pool)?;
        let state = py.detach(|| {
            self.read().pool(address).map(|found| {
                if let Pool::UniswapV3(found) = found {
                    Ok(found.state())
                } else {
                    Err(found.venue())
                }
            })
        });
        match state.map_err(raise)? {
            Ok(state) => Ok(UniswapV3State::from(&state)),
            Err(venue) => {
                let message = format!("pool: {address} is a {venue} pool, not uniswap_v3");
                Err(core_error("venue_mismatch", &message))
            }
        }
    }

    fn venue(&self, py: Python<'_>, pool: &str) -> PyResult<&'static str> {
        let pool = chain_address("pool", pool)?;
        py.detach(|| self.read().pool(pool).map(Pool::venue))
            .map_err(raise)
    }

    fn accounts(&self, py: Python<'_>, pool: &str) -> PyResult<Vec<String>> {
        let pool = chain_address("pool", pool)?;
        let accounts = py.detach(|| self.read().pool(pool).map(PoolMath::accounts));
        let accounts = accounts.map_err(raise)?;
        Ok(accounts.iter().map(ToString::to_string).collect())
    }

    fn tokens(&self, py: Python<'_>, pool: &str) -> PyResult<Vec<String>> {
        let pool = chain_address("pool", pool)?;
        let tokens = py.detach(|| {
            let graph = self.read();
            let tokens = graph.pool(pool)?.tokens();
            Ok::<_, PoolError>(tokens.iter().map(ToString::to_string).collect())
        });
        tokens.map_err(raise)
    }

    #[pyo3(signature = (pool, token_in, amount_in_raw, *, token_out=None))]
    fn quote_exact_in(
        &self,
        py: Python<'_>,
        pool: &str,
        token_in: &str,
        amount_in_raw: Any<'_, '_>,
        token_out: Option<&str>,
    ) -> PyResult<PoolQuote> {
        let ends = Ends::read(Some(token_in), token_out)?;
        let amount = unsigned("amount_in_raw", amount_in_raw)?;
        self.quote(py, pool, ends, Exact::In, amount)
    }

    #[pyo3(signature = (pool, token_out, amount_out_raw, *, token_in=None))]
    fn quote_exact_out(
        &self,
        py: Python<'_>,
        pool: &str,
        token_out: &str,
        amount_out_raw: Any<'_, '_>,
        token_in: Option<&str>,
    ) -> PyResult<PoolQuote> {
        let ends = Ends::read(token_in, Some(token_out))?;
        let amount = unsigned("amount_out_raw", amount_out_raw)?;
        self.quote(py, pool, ends, Exact::Out, amount)
    }

    #[pyo3(signature = (pool, token_in, amounts_in_raw, *, token_out=None))]
    fn quote_many_exact_in<'py>(
        &self,
        py: Python<'py>,
        pool: &str,
        token_in: &str,
        amounts_in_raw: Vec<Bound<'py, PyAny>>,
        token_out: Option<&str>,
    ) -> PyResult<Bound<'py, PyList>> {
        let pool = chain_address("pool", pool)?;
        let ends = Ends::read(Some(token_in), token_out)?;
        let amounts: Vec<U256> = amounts_in_raw
            .into_iter()
            .map(|amount| unsigned("amounts_in_raw", &amount))
            .collect::<PyResult<_>>()?;
        let outputs = py.detach(|| {
            let graph = self.read();
            let pool = graph.pool(pool)?;
            let pair = ends.pair(pool)?;
            let quote = |amount: &U256| {
                pool.amounts(pair, Exact::In, *amount)
                    .map(|swap| Integer(swap.amount_out_raw))
            };
            amounts
                .iter()
                .map(quote)
                .collect::<Result<Vec<_>, PoolError>>()
        });
        PyList::new(py, outputs.map_err(raise)?)
    }
}

/// The tokens of a swap as they are given: one of a pool of two says which the other is.
#[derive(Clone, Copy)]
struct Ends {
    token_in: Option<ChainAddress>,
    token_out: Option<ChainAddress>,
}

impl Ends {
    fn read(token_in: Option<&str>, token_out: Option<&str>) -> PyResult<Self> {
        Ok(Self {
            token_in: token_in
                .map(|text| chain_address("token_in", text))
                .transpose()?,
            token_out: token_out
                .map(|text| chain_address("token_out", text))
                .transpose()?,
        })
    }

    fn pair(self, pool: &Pool) -> Result<TokenPair, PoolError> {
        pool.pair_of(self.token_in, self.token_out)
    }
}

fn read_tick(tick: Any<'_, '_>) -> PyResult<Tick> {
    let Ok([index, gross, net]) = tick.extract::<[Bound<'_, PyAny>; 3]>() else {
        let message = format!("ticks: each is (tick, liquidity gross, liquidity net), not {tick}");
        return Err(core_error("tick_malformed", &message));
    };
    Ok(Tick {
        index: native("ticks", &index)?,
        liquidity_gross: native("ticks", &gross)?,
        liquidity_net: native("ticks", &net)?,
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PoolGraph>()?;
    module.add_class::<UniswapV3State>()?;
    module.add_class::<Fee>()?;
    module.add_class::<PoolQuote>()?;
    module.add_class::<Route>()?;
    module.add_class::<Alternative>()?;
    module.add_class::<GraphUpdate>()
}
