//! Order books: their model, their aggregates, and books made of pools.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod aggregate;
mod model;
mod synthetic;
