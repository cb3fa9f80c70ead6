//! Exact pool maths, routing and transaction bytes. Pure: no I/O, no async, no clock, no randomness.
//!
//! - [`pools`]: what a venue's contract would answer, to the last unit.
//! - [`routing`]: the pool graph and the search over it.
//! - [`decode`]: any Ethereum or Solana transaction from its bytes, with the swaps that it asks for.
//! - [`evm`]: transactions and calldata, encoded and decoded by hand.

pub mod decode;
pub mod evm;
pub mod pools;
pub mod routing;
