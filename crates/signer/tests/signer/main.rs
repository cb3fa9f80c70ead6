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
mod closures;
mod command_line;
mod connections;
#[cfg(feature = "failpoints")]
mod crashes;
mod gate_id;
mod halts;
mod halts_without_answer;
mod key_commands;
mod nonces;
mod orders;
mod peers;
#[cfg(feature = "failpoints")]
mod pending;
mod process;
mod protocol;
mod repeats;
mod rules;
mod secrets;
mod window;
