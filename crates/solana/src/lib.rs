//! Solana's sending side: swap instructions from pool state, transactions, and the lanes that carry them.
//!
//! Never holds a key: what is built here is signed by the signer.

pub mod instruction;
pub mod swaps;

pub use tradewind_core::decode::solana::Key;
