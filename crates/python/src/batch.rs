//! Many questions in one call, amounts as flat words: for whoever asks so often that Python's integers cost more than
//! the answers.
//!
//! A word is 32 bytes, little end first. [`REFUSED`] stands where there is no answer; no amount is as large.
//! Arguments are read while the GIL is held; everything else happens without it.

use std::sync::Mutex;
use std::time::Instant;

use alloy_primitives::U256;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tradewind_core::pools::uniswap_v2::UniswapV2Change;
use tradewind_core::pools::{Exact, PoolChange, PoolError, PoolMath};
use tradewind_core::routing::{self, RouteRequest, RouteScratch, convex};

use crate::address::{chain_address, chain_addresses};
use crate::cycles::{Cycle, CycleIndex};
use crate::error::{core_error, raise};
use crate::graph::PoolGraph;
use crate::integer::{Integer, native, unsigned};
use crate::route::read_exact;

const WORD: usize = 32;
/// What stands in the place of an answer that there is none.
const REFUSED: U256 = U256::MAX;

fn words(field: &'static str, bytes: &[u8]) -> PyResult<Vec<U256>> {
    let (whole, rest) = bytes.as_chunks::<WORD>();
    if rest.is_empty() {
        return Ok(whole
            .iter()
            .map(|word| U256::from_le_bytes(*word))
            .collect());
    }
    let message = format!(
        "{field}: must be whole words of {WORD} bytes, not {} bytes",
        bytes.len()
    );
    Err(core_error("words_malformed", &message))
}

fn written<'py>(py: Python<'py>, answers: &[U256]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, answers.len() * WORD, |bytes| {
        for (place, answer) in bytes.chunks_exact_mut(WORD).zip(answers) {
            place.copy_from_slice(&answer.to_le_bytes::<WORD>());
        }
        Ok(())
    })
}

#[pyfunction]
#[pyo3(signature = (graph, pool, *, token_in, token_out, amounts, exact="in"))]
fn quote_batch<'py>(
    py: Python<'py>,
    graph: &Bound<'py, PoolGraph>,
    pool: &str,
    token_in: &str,
    token_out: &str,
    amounts: &[u8],
    exact: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let pool = chain_address("pool", pool)?;
    let token_in = chain_address("token_in", token_in)?;
    let token_out = chain_address("token_out", token_out)?;
    let exact = read_exact(exact)?;
    let mut amounts = words("amounts", amounts)?;
    let graph = graph.get();
    let quoted = py.detach(|| {
        let graph = graph.read();
        let pool = graph.pool(pool)?;
        let pair = pool.pair_of(Some(token_in), Some(token_out))?;
        for amount in &mut amounts {
            *amount = match exact {
                Exact::In => pool.output(pair, *amount),
                Exact::Out => {
                    let swap = pool.amounts(pair, exact, *amount).ok();
                    swap.map(|swap| swap.amount_in_raw)
                }
            }
            .unwrap_or(REFUSED);
        }
        Ok::<_, PoolError>(())
    });
    quoted.map_err(raise)?;
    written(py, &amounts)
}

/// Token in, token out and amount of each.
fn read_requests(
    requests: &[(String, String, Bound<'_, PyAny>)],
    exact: Exact,
    max_hops: u8,
) -> PyResult<Vec<RouteRequest>> {
    let read = |(token_in, token_out, amount): &(String, String, Bound<'_, PyAny>)| {
        let mut request = RouteRequest::new(
            chain_address("token_in", token_in)?,
            chain_address("token_out", token_out)?,
            exact,
            unsigned("amount_raw", amount)?,
        );
        request.max_hops = max_hops;
        Ok(request)
    };
    requests.iter().map(read).collect()
}

/// Questions that are asked again and again, read once; and the room that the search needs, kept between calls.
#[pyclass(frozen, module = "tradewind._core")]
struct RouteBatch {
    requests: Vec<RouteRequest>,
    scratch: Mutex<RouteScratch>,
}

#[pymethods]
impl RouteBatch {
    #[new]
    #[allow(clippy::needless_pass_by_value, reason = "PyO3 gives a list by value")]
    #[pyo3(signature = (requests, *, exact="in", max_hops=None))]
    fn new(
        requests: Vec<(String, String, Bound<'_, PyAny>)>,
        exact: &str,
        max_hops: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let exact = read_exact(exact)?;
        let max_hops = max_hops.map_or(Ok(3), |hops| native("max_hops", &hops))?;
        Ok(Self {
            requests: read_requests(&requests, exact, max_hops)?,
            scratch: Mutex::new(RouteScratch::new()),
        })
    }

    fn best_paths<'py>(
        &self,
        py: Python<'py>,
        graph: &Bound<'py, PoolGraph>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let graph = graph.get();
        let answers: Vec<U256> = py.detach(|| {
            let graph = graph.read();
            // What a search leaves behind in its room is never read by another one.
            let mut scratch = self
                .scratch
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let answers = routing::optimize_routes(&graph, &self.requests, &mut scratch);
            let far = |(request, answer): (&RouteRequest, Result<routing::BestPath, _>)| {
                answer.map_or(REFUSED, |path| match request.exact {
                    Exact::In => path.amount_out_raw,
                    Exact::Out => path.amount_in_raw,
                })
            };
            self.requests.iter().zip(answers).map(far).collect()
        });
        written(py, &answers)
    }

    fn __len__(&self) -> usize {
        self.requests.len()
    }

    fn __repr__(&self) -> String {
        format!("RouteBatch({} requests)", self.requests.len())
    }
}

/// A pool, its token in, its token out, and the amounts.
type Flow = (String, String, String, Integer<256, 4>, Integer<256, 4>);

/// The optimum of routing without any cap.
#[pyclass(frozen, get_all, module = "tradewind._core")]
struct UncappedOptimum {
    bound_raw: Integer<256, 4>,
    reached_raw: Option<Integer<256, 4>>,
    share_ppm: u32,
    flows: Vec<Flow>,
}

#[pymethods]
impl UncappedOptimum {
    fn __repr__(&self) -> String {
        format!(
            "UncappedOptimum(bound_raw={}, share_ppm={}, flows=[{} flows])",
            self.bound_raw.0,
            self.share_ppm,
            self.flows.len(),
        )
    }
}

impl From<convex::OptimalFlows> for UncappedOptimum {
    fn from(optimum: convex::OptimalFlows) -> Self {
        let flow = |flow: &convex::PoolFlow| {
            (
                flow.pool.to_string(),
                flow.token_in.to_string(),
                flow.token_out.to_string(),
                Integer(flow.amount_in_raw),
                Integer(flow.amount_out_raw),
            )
        };
        Self {
            bound_raw: Integer(optimum.bound_raw),
            reached_raw: optimum.reached_raw.map(Integer),
            share_ppm: optimum.share_ppm,
            flows: optimum.flows.iter().map(flow).collect(),
        }
    }
}

#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 gives a list by value")]
#[pyo3(signature = (graph, requests, *, exact="in"))]
fn solve_uncapped(
    py: Python<'_>,
    graph: &Bound<'_, PoolGraph>,
    requests: Vec<(String, String, Bound<'_, PyAny>)>,
    exact: &str,
) -> PyResult<Vec<UncappedOptimum>> {
    let requests = read_requests(&requests, read_exact(exact)?, 1)?;
    let graph = graph.get();
    let optima = py.detach(|| {
        let graph = graph.read();
        let market = convex::Market::new(&graph);
        let solve = |request| market.optimal_flows(request);
        requests.iter().map(solve).collect::<Result<Vec<_>, _>>()
    });
    Ok(optima
        .map_err(raise)?
        .into_iter()
        .map(UncappedOptimum::from)
        .collect())
}

/// What a batch of updates brought: cycles by update, and the nanoseconds that each took.
#[pyclass(frozen, get_all, module = "tradewind._core")]
struct CycleUpdates {
    cycles: Vec<Vec<Cycle>>,
    apply_ns: Vec<u64>,
    update_ns: Vec<u64>,
}

#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 gives a list by value")]
#[pyo3(signature = (graph, index, *, pools, reserves))]
fn apply_syncs(
    py: Python<'_>,
    graph: &Bound<'_, PoolGraph>,
    index: &Bound<'_, CycleIndex>,
    pools: Vec<String>,
    reserves: &[u8],
) -> PyResult<CycleUpdates> {
    let pools = chain_addresses("pools", &pools)?;
    let reserves = words("reserves", reserves)?;
    if reserves.len() != 2 * pools.len() {
        let message = format!(
            "reserves: must be two words a pool, not {} for {}",
            reserves.len(),
            pools.len()
        );
        return Err(core_error("words_malformed", &message));
    }
    let change = |pair: &[U256]| {
        let [reserve0_raw, reserve1_raw] = [0, 1].map(|side| u128::try_from(pair[side]));
        Ok::<_, PyErr>(UniswapV2Change::Sync {
            reserve0_raw: reserve0_raw.map_err(|_| too_large())?,
            reserve1_raw: reserve1_raw.map_err(|_| too_large())?,
        })
    };
    let changes = reserves
        .chunks_exact(2)
        .map(change)
        .collect::<PyResult<Vec<_>>>()?;
    let (graph, index) = (graph.get(), index.get());
    let mut answer = CycleUpdates {
        cycles: Vec::with_capacity(pools.len()),
        apply_ns: Vec::with_capacity(pools.len()),
        update_ns: Vec::with_capacity(pools.len()),
    };
    let applied = py.detach(|| {
        let (mut graph, mut index) = (graph.write(), index.write());
        for (pool, change) in pools.into_iter().zip(changes) {
            let start = Instant::now();
            graph.apply(pool, PoolChange::UniswapV2(change))?;
            let applied = Instant::now();
            let found = index.update(&graph, pool);
            let done = Instant::now();
            answer.apply_ns.push(nanoseconds(start, applied));
            answer.update_ns.push(nanoseconds(applied, done));
            answer.cycles.push(found.iter().map(Cycle::from).collect());
        }
        Ok::<_, PoolError>(())
    });
    applied.map_err(raise)?;
    Ok(answer)
}

fn too_large() -> PyErr {
    core_error(
        "integer_out_of_range",
        "reserves: must be from 0 to 2**128 - 1",
    )
}

fn nanoseconds(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.duration_since(from).as_nanos()).unwrap_or(u64::MAX)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RouteBatch>()?;
    module.add_class::<UncappedOptimum>()?;
    module.add_class::<CycleUpdates>()?;
    module.add_function(wrap_pyfunction!(quote_batch, module)?)?;
    module.add_function(wrap_pyfunction!(solve_uncapped, module)?)?;
    module.add_function(wrap_pyfunction!(apply_syncs, module)?)
}
