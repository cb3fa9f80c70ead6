//! From instructions to the bytes that a wallet signs: account order, lookup tables, size, wire format.
//!
//! - `builder`: [`TransactionBuilder`], what a transaction is made from;
//! - `accounts`: every account once, with the strongest rights that an instruction asks for;
//! - `lookup_table`: which of the given tables make it smaller, by exact count of bytes;
//! - `message`: the bytes, legacy or version 0;
//! - `unsigned`: [`UnsignedTransaction`], and the wire bytes once the signatures are there;
//! - `compact`: lengths of one to three bytes;
//! - `error`: what can be refused, each with a stable code.
//!
//! Source of the format and of the order of accounts: `solana-message` 3.0 (`CompiledKeys`, `v0::Message`,
//! `legacy::Message`) and `solana-transaction` 3.0. Within one class of rights, accounts stand in the order of
//! their bytes, as there; `@solana/kit` sorts their base 58 text, so its bytes may differ where its meaning does not.

mod accounts;
mod builder;
mod compact;
mod error;
mod lookup_table;
mod message;
mod unsigned;

pub use builder::{MessageFormat, PlannedSize, TransactionBuilder};
pub use error::{BuildError, Remedy};
pub use lookup_table::LookupTable;
pub(crate) use message::Layout;
pub use unsigned::UnsignedTransaction;
