//! Routes over several paths at once, as they can be executed, with a proof of how good they are.
//!
//! - `request`: what is asked, and the answer;
//! - `reach`: the pools that a path can pass;
//! - `path`, `candidates`: paths worth a share, from the optimal flows and piece by piece;
//! - `balance`, `choice`: shares at which no path pays more than another, and few enough paths;
//! - `execution`, `polish`: the same in integers, quoted by the pools; `optimize`: all of it in order.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "real numbers steer here; every amount of an answer is quoted by a pool in integers"
)]

mod balance;
mod candidates;
mod choice;
mod execution;
mod optimize;
mod path;
mod polish;
mod reach;
mod request;

pub use optimize::optimize_split;
pub use request::{Bound, Leg, MAX_PATHS, Single, SplitRequest, SplitRoute};
