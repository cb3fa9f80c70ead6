//! Solana's sending side: swap instructions from pool state, transactions, and the lanes that carry them.
//!
//! Never holds a key: what is built here is signed by the signer.

pub mod compute_budget;
pub mod flash_loan;
pub mod instruction;
pub mod receipt;
pub mod signature;
pub mod swaps;
pub mod system;
pub mod template;
pub mod tip;
pub mod token_accounts;
pub mod transaction;

pub use tradewind_core::decode::solana::Key;
