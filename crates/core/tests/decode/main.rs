//! Transactions and calldata that others made, read strictly.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod calls;
mod evm_routers;
mod evm_transactions;
mod solana;
