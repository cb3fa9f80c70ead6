//! The one process that holds private keys, and the sign-gate in front of them.
//!
//! A request passes [`protocol`] (is it readable), [`policy`] (may it ever be signed), [`gate`] (may it be
//! signed now, given all that was signed before; recorded on disk first) and only then reaches [`keys`].

pub mod amount;
pub mod answers;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod connections;
mod ed25519;
pub mod fault;
pub mod fields;
pub mod gate;
pub mod hardening;
pub mod json;
mod key_command;
pub mod key_file;
pub mod keys;
mod keystore;
pub mod operator;
pub mod passphrase;
pub mod policy;
pub mod protocol;
pub mod server;
pub mod signer;
pub mod signing;
pub mod stored_key;
mod sweep;
