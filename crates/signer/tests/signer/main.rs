//! The signer from outside: the real binary, its real socket, its real gate file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test says what must not happen by panicking"
)]

mod bench;
mod budget;
mod check;
mod checkpoints;
mod clock_set_back;
mod closures;
mod command_line;
mod concurrency;
mod connections;
#[cfg(feature = "failpoints")]
mod crashes;
mod gate_failures;
mod gate_id;
mod halts;
mod halts_without_answer;
mod key_commands;
mod limits;
mod migration;
mod model;
mod nonces;
mod noops;
mod orders;
mod peers;
#[cfg(feature = "failpoints")]
mod pending;
mod power_loss;
mod process;
mod protocol;
mod raises;
mod repeats;
mod rules;
mod scoped_halts;
mod secrets;
mod settlements;
mod signed;
mod solana_attempts;
mod solana_bytes;
#[cfg(feature = "failpoints")]
mod solana_crashes;
mod solana_holds;
mod solana_liquidations;
mod solana_model;
mod solana_orders;
mod solana_reclaims;
mod solana_rules;
mod solana_settlements;
mod solana_top_ups;
mod solana_unlisted;
mod splits;
mod strategies;
mod sweeps;
mod window;
