//! Routing as a convex problem: no cap on pools, paths or hops, arbitrage included.
//!
//! Its dual gives a bound that no route can pass, its prices steer the search for routes that can be executed,
//! and its flows, made integers and quoted by the pools themselves, show how close the bound is.
//!
//! - `edge_curve`, `stable_curve`: a pool's curve, ready for many evaluations;
//! - `market`: all curves between numbered tokens; `elimination`: its Laplacian, solved;
//! - `dual`: the problem; `start`, `descent`: the prices that solve it; `recovery`: from prices to integer flows;
//! - `flows`: the question and its answer.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "real numbers steer and bound here; every amount of an answer is quoted by a pool in integers"
)]

mod descent;
mod dual;
mod edge_curve;
mod elimination;
mod flows;
mod market;
mod recovery;
mod stable_curve;
mod start;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exact zeros are meant"
)]
mod tests;

pub(in crate::routing) use dual::{Use, uses};
pub(in crate::routing) use edge_curve::EdgeCurve;
pub use flows::{OptimalFlows, PoolFlow, optimal_flows};
pub(in crate::routing) use flows::{Problem, share_ppm};
pub use market::Market;
