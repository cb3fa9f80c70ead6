//! Routes, splits and cycles through graphs of pools.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod auction;
mod choices;
mod convex;
mod cow_auction;
mod cycles;
mod exactness;
mod graph;
mod mixed;
#[path = "../random_pools/mod.rs"]
mod random_pools;
#[path = "../solana_accounts/mod.rs"]
mod solana_accounts;
mod split;
