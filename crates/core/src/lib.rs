//! Exact pool maths, routing and transaction bytes. Pure: no I/O, no async, no clock, no randomness.
//!
//! - [`pools`]: what a venue's contract would answer, to the last unit.
//! - [`routing`]: the pool graph and the search over it.
//! - [`evm`]: transactions and calldata, encoded and decoded by hand.
//! - [`books`]: order books of several venues, and what they come to as one.

pub mod books;
pub mod evm;
pub mod pools;
pub mod routing;
