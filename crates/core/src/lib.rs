//! Exact pool maths, routing and transaction bytes. Pure: no I/O, no async, no clock, no randomness.
//!
//! - [`pools`]: what a venue's contract or program would answer, to the last unit.
//! - [`routing`]: the pool graph and the search over it.
//! - [`solana`]: accounts that every Solana family shares: mints, token accounts, transfer fees.
//! - [`sources`]: pools from files that others publish.
//! - [`decode`]: any Ethereum or Solana transaction from its bytes, with the swaps that it asks for.
//! - [`books`]: order books of several venues, and what they come to as one.
//! - [`lending`]: accounts of lending programs, the health of loans, and what a liquidation moves.
//! - [`evm`]: transactions and calldata, encoded and decoded by hand.
//! - [`ChainAddress`]: how tokens, pools and accounts are named on any chain.

pub mod books;
mod chain_address;
pub mod decode;
pub mod evm;
pub mod lending;
pub mod pools;
pub mod routing;
pub mod solana;
pub mod sources;

pub use chain_address::{AddressError, ChainAddress};
