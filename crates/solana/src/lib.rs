//! Solana's sending side: swap instructions from pool state, transactions, and the lanes that carry them.
//!
//! Never holds a key that can spend: what is built here is signed by the signer.

mod backoff;
pub mod blockhash_cache;
pub mod circuit_breaker;
pub mod compute_budget;
pub mod confirmation;
mod endpoint_condition;
pub mod fault;
pub mod flash_loan;
pub mod grpc;
mod http_client;
pub mod http_endpoint;
pub mod instruction;
pub mod json_rpc;
pub mod lanes;
pub mod lending;
pub mod monotonic;
pub mod priority_fees;
pub mod rate_limiter;
pub mod receipt;
pub mod rpc_pool;
pub mod shredstream;
pub mod signature;
pub mod signature_feed;
mod signature_status;
pub mod signed_transaction;
pub mod subscriptions;
pub mod swaps;
pub mod system;
pub mod template;
pub mod tip;
pub mod tls;
pub mod token_accounts;
pub mod transaction;
pub mod transaction_fault;
pub mod wallets;

pub use tradewind_core::decode::solana::Key;
