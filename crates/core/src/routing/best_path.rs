//! The best path alone: its pools and amounts, without the pools' full answers.

use alloy_primitives::U256;

use super::choice::{Found, best};
use super::error::RouteError;
use super::graph::PoolGraph;
use super::labels::{RouteScratch, Step};
use super::request::{MAX_HOPS, Net, Question, RouteRequest};
use crate::ChainAddress;
use crate::pools::Exact;

/// The best path of all, as [`optimize_route`](super::optimize_route) chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BestPath {
    /// Paid, in raw units of `token_in`.
    pub amount_in_raw: U256,
    /// Got, in raw units of `token_out`.
    pub amount_out_raw: U256,
    /// Of all hops; not contained in the amounts.
    pub cost_raw: Net,
    steps: [Step; MAX_HOPS as usize],
    hops: u8,
}

impl BestPath {
    /// Its hops, in trade order; their numbers are those of the graph that was asked.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps[..usize::from(self.hops)]
    }

    /// The addresses of its pools, in trade order.
    #[must_use]
    pub fn pools(&self, graph: &PoolGraph) -> Vec<ChainAddress> {
        let steps = self.steps().iter();
        steps
            .filter_map(|step| graph.address_of(step.pool))
            .collect()
    }
}

/// The path that [`optimize_route`](super::optimize_route) chooses, without the full answers of its pools and without
/// alternatives. The scratch makes it allocate nothing; it may have served any other graph before.
///
/// # Errors
/// Those of [`optimize_route`](super::optimize_route).
pub fn best_path(
    graph: &PoolGraph,
    request: &RouteRequest,
    scratch: &mut RouteScratch,
) -> Result<BestPath, RouteError> {
    scratch.forget();
    answer(graph, request, scratch)
}

/// [`best_path`] of each request, in the order of the requests; those with the same ends share the
/// work on them.
#[must_use]
pub fn optimize_routes(
    graph: &PoolGraph,
    requests: &[RouteRequest],
    scratch: &mut RouteScratch,
) -> Vec<Result<BestPath, RouteError>> {
    scratch.forget();
    // Which ends come first means nothing, so that the addresses themselves need not be looked up.
    let mut by_ends: Vec<_> = Vec::with_capacity(requests.len());
    for (at, request) in requests.iter().enumerate() {
        let ends = [short(request.token_in), short(request.token_out)];
        let [goal, start] = match request.exact {
            Exact::In => [ends[1], ends[0]],
            Exact::Out => ends,
        };
        by_ends.push((goal, start, at));
    }
    by_ends.sort_unstable();
    let mut answers: Vec<_> = requests
        .iter()
        .map(|_| Err(RouteError::AmountZero))
        .collect();
    for (_, _, at) in by_ends {
        answers[at] = answer(graph, &requests[at], scratch);
    }
    answers
}

/// Eight of the address's bytes.
fn short(address: ChainAddress) -> u64 {
    let bytes = match &address {
        ChainAddress::Evm(address) => address.as_slice().first_chunk(),
        ChainAddress::Solana(key) => key.first_chunk(),
    };
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The steps of a path from `token_in` to `token_out`.
pub(super) fn in_trade_order(path: &Found, exact: Exact) -> impl Iterator<Item = Step> + '_ {
    let hops = path.hops;
    (0..hops).map(move |at| match exact {
        Exact::In => path.steps[at],
        Exact::Out => {
            let step = path.steps[hops - 1 - at];
            let pair = step.pair.reversed();
            Step { pair, ..step }
        }
    })
}

fn answer(
    graph: &PoolGraph,
    request: &RouteRequest,
    scratch: &mut RouteScratch,
) -> Result<BestPath, RouteError> {
    let question = Question::new(graph, request)?;
    let found = best(graph, &question, request, scratch)?;
    let (amount_in_raw, amount_out_raw) = match request.exact {
        Exact::In => (request.amount_raw, found.amount),
        Exact::Out => (found.amount, request.amount_raw),
    };
    let mut steps = found.steps;
    for (place, step) in steps.iter_mut().zip(in_trade_order(&found, request.exact)) {
        *place = step;
    }
    Ok(BestPath {
        amount_in_raw,
        amount_out_raw,
        cost_raw: found.cost,
        steps,
        hops: u8::try_from(found.hops).unwrap_or(MAX_HOPS),
    })
}
