//! The pool graph and the search over it.
//!
//! - [`PoolGraph`]: tokens and pools, kept up to date log by log;
//! - [`optimize_route`]: the best simple path for an exact input or an exact output, after the cost of its hops.

pub mod convex;
mod coverage;
mod error;
mod graph;
mod optimize;
mod search;

pub use error::RouteError;
pub use graph::PoolGraph;
pub use optimize::{Alternative, MAX_HOPS, Route, RouteRequest, optimize_route};
