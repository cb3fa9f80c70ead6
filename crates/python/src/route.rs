//! The routes of `tradewind._core`: the best single path, and several at once, from one way to say what is asked.

use alloy_primitives::U256;
use pyo3::prelude::*;
use pyo3::types::PyMapping;
use tradewind_core::pools::Exact;
use tradewind_core::routing::{self, RouteRequest, split};

use crate::address::{chain_address, chain_addresses};
use crate::answers::Route;
use crate::error::{core_error, raise};
use crate::graph::PoolGraph;
use crate::integer::{native, unsigned};
use crate::split::SplitRoute;

type Any<'py> = Bound<'py, PyAny>;
type Mapping<'py> = Bound<'py, PyMapping>;

/// What both searches take, as Python gives it.
struct Arguments<'a, 'py> {
    token_in: &'a str,
    token_out: &'a str,
    amount_raw: &'a Any<'py>,
    exact: &'a str,
    max_hops: Option<Any<'py>>,
    hop_cost_raw: Option<Any<'py>>,
    venue_costs_raw: Option<Mapping<'py>>,
    pool_costs_raw: Option<Mapping<'py>>,
    allowed_pools: Option<Vec<String>>,
    allowed_venues: Option<Vec<String>>,
    excluded_tokens: Option<Vec<String>>,
}

impl Arguments<'_, '_> {
    fn read(self) -> PyResult<RouteRequest> {
        let mut request = RouteRequest::new(
            chain_address("token_in", self.token_in)?,
            chain_address("token_out", self.token_out)?,
            read_exact(self.exact)?,
            unsigned("amount_raw", self.amount_raw)?,
        );
        if let Some(hops) = self.max_hops {
            request.max_hops = native("max_hops", &hops)?;
        }
        if let Some(cost) = self.hop_cost_raw {
            request.hop_cost_raw = unsigned("hop_cost_raw", &cost)?;
        }
        request.venue_costs_raw = costs("venue_costs_raw", self.venue_costs_raw)?;
        request.pool_costs_raw = costs("pool_costs_raw", self.pool_costs_raw)?
            .into_iter()
            .map(|(pool, cost)| Ok((chain_address("pool_costs_raw", &pool)?, cost)))
            .collect::<PyResult<_>>()?;
        request.allowed_pools = self
            .allowed_pools
            .map(|pools| chain_addresses("allowed_pools", &pools))
            .transpose()?;
        request.allowed_venues = self.allowed_venues;
        let excluded = self.excluded_tokens.unwrap_or_default();
        request.excluded_tokens = chain_addresses("excluded_tokens", &excluded)?;
        Ok(request)
    }
}

fn costs(field: &'static str, given: Option<Mapping<'_>>) -> PyResult<Vec<(String, U256)>> {
    let Some(given) = given else {
        return Ok(Vec::new());
    };
    let items = given.items()?;
    let mut costs = Vec::with_capacity(items.len());
    for item in items.iter() {
        let (name, cost): (String, Any<'_>) = item.extract()?;
        costs.push((name, unsigned(field, &cost)?));
    }
    Ok(costs)
}

pub(crate) fn read_exact(exact: &str) -> PyResult<Exact> {
    match exact {
        "in" => Ok(Exact::In),
        "out" => Ok(Exact::Out),
        other => Err(core_error(
            "exact_unknown",
            &format!("exact: must be 'in' or 'out', not {other:?}"),
        )),
    }
}

/// As [`read_exact`] reads it.
pub(crate) fn exact_text(exact: Exact) -> &'static str {
    match exact {
        Exact::In => "in",
        Exact::Out => "out",
    }
}

#[pyfunction]
#[pyo3(signature = (graph, *, token_in, token_out, amount_raw, exact, max_hops=None, hop_cost_raw=None, venue_costs_raw=None, pool_costs_raw=None, allowed_pools=None, allowed_venues=None, excluded_tokens=None))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments")]
fn optimize_route(
    py: Python<'_>,
    graph: &Bound<'_, PoolGraph>,
    token_in: &str,
    token_out: &str,
    amount_raw: &Any<'_>,
    exact: &str,
    max_hops: Option<Any<'_>>,
    hop_cost_raw: Option<Any<'_>>,
    venue_costs_raw: Option<Mapping<'_>>,
    pool_costs_raw: Option<Mapping<'_>>,
    allowed_pools: Option<Vec<String>>,
    allowed_venues: Option<Vec<String>>,
    excluded_tokens: Option<Vec<String>>,
) -> PyResult<Route> {
    let request = Arguments {
        token_in,
        token_out,
        amount_raw,
        exact,
        max_hops,
        hop_cost_raw,
        venue_costs_raw,
        pool_costs_raw,
        allowed_pools,
        allowed_venues,
        excluded_tokens,
    }
    .read()?;
    let graph = graph.get();
    let route = py.detach(|| routing::optimize_route(&graph.read(), &request));
    route.map(|route| Route::from(&route)).map_err(raise)
}

#[pyfunction]
#[pyo3(signature = (graph, *, token_in, token_out, amount_raw, exact, max_hops=None, max_paths=None, hop_cost_raw=None, path_cost_raw=None, venue_costs_raw=None, pool_costs_raw=None, allowed_pools=None, allowed_venues=None, excluded_tokens=None, uncapped_bound=false))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments")]
fn optimize_split(
    py: Python<'_>,
    graph: &Bound<'_, PoolGraph>,
    token_in: &str,
    token_out: &str,
    amount_raw: &Any<'_>,
    exact: &str,
    max_hops: Option<Any<'_>>,
    max_paths: Option<Any<'_>>,
    hop_cost_raw: Option<Any<'_>>,
    path_cost_raw: Option<Any<'_>>,
    venue_costs_raw: Option<Mapping<'_>>,
    pool_costs_raw: Option<Mapping<'_>>,
    allowed_pools: Option<Vec<String>>,
    allowed_venues: Option<Vec<String>>,
    excluded_tokens: Option<Vec<String>>,
    uncapped_bound: bool,
) -> PyResult<SplitRoute> {
    let route = Arguments {
        token_in,
        token_out,
        amount_raw,
        exact,
        max_hops,
        hop_cost_raw,
        venue_costs_raw,
        pool_costs_raw,
        allowed_pools,
        allowed_venues,
        excluded_tokens,
    };
    let mut request = split::SplitRequest::new(route.read()?);
    if let Some(paths) = max_paths {
        request.max_paths = native("max_paths", &paths)?;
    }
    if let Some(cost) = path_cost_raw {
        request.path_cost_raw = unsigned("path_cost_raw", &cost)?;
    }
    request.uncapped_bound = uncapped_bound;
    let graph = graph.get();
    let route = py.detach(|| split::optimize_split(&graph.read(), &request));
    route.map(|route| SplitRoute::from(&route)).map_err(raise)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(optimize_route, module)?)?;
    module.add_function(wrap_pyfunction!(optimize_split, module)?)
}
