//! The signer from outside: the real binary, its real socket, its real gate file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test says what must not happen by panicking"
)]

mod budget;
mod command_line;
#[cfg(feature = "failpoints")]
mod crashes;
mod halts;
mod orders;
mod peers;
mod process;
mod protocol;
mod repeats;
mod rules;
mod secrets;
mod window;
