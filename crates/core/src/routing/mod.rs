//! The pool graph and the search over it.
//!
//! - [`PoolGraph`]: tokens and pools, kept up to date log by log and account by account;
//! - [`CycleIndex`]: closed paths that gain, looked at again only where a pool has changed;
//! - [`optimize_route`]: the best simple path for an exact input or an exact output, after the costs of its hops;
//! - [`best_path`] and [`optimize_routes`]: the same path without its pools' full answers, one or many at once;
//! - [`convex`]: the limit of what any routing can reach, as a proof;
//! - [`split`]: several paths at once, as they can be executed, with that proof beside them.

mod best_path;
mod bound;
mod chances;
mod choice;
pub mod convex;
mod coverage;
mod cycles;
mod error;
mod graph;
mod labels;
mod neighbours;
mod numbers;
mod optimize;
mod relax;
mod request;
mod search;
pub mod split;
mod watchers;
mod way;

pub use best_path::{BestPath, best_path, optimize_routes};
pub use cycles::{BaseToken, Cycle, CycleHop, CycleIndex, MAX_CYCLE_HOPS};
pub use error::RouteError;
pub use graph::PoolGraph;
pub use labels::{RouteScratch, Step};
pub use numbers::{Edge, PoolId, TokenId};
pub use optimize::{Alternative, Route, optimize_route};
pub use request::{MAX_HOPS, Net, RouteRequest};
pub use watchers::Updated;
