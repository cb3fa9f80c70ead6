//! The pool graph and the search over it.
//!
//! - [`PoolGraph`]: tokens and pools, kept up to date log by log;
//! - [`CycleIndex`]: closed paths that gain, looked at again only where a pool has changed;
//! - [`optimize_route`]: the best simple path for an exact input or an exact output, after the cost of its hops.

mod coverage;
mod cycles;
mod error;
mod graph;
mod optimize;
mod search;

pub use cycles::{BaseToken, Cycle, CycleHop, CycleIndex, MAX_CYCLE_HOPS};
pub use error::RouteError;
pub use graph::PoolGraph;
pub use optimize::{Alternative, MAX_HOPS, Route, RouteRequest, optimize_route};
