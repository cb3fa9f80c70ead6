//! Transactions to Solana as others read them: swaps, loans and templates, against the core's decoder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod drawn;
mod flash_loans;
mod liquidations;
mod swaps_decode_back;
mod template;
mod transaction;
