//! Kamino's loans: dumped accounts, what Kamino's own package says of them, and what a liquidation moves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod dumped;
mod health;
mod liquidation;
