//! Transactions of others, read from their bytes: what they are, who sent them, which swaps they ask for.
//!
//! Takes bytes as they come from a node, a feed or a user; gives borrowed views and typed swaps. Strict:
//! whatever the protocol would not accept is refused with the field and the fault, and what is not
//! understood is named, never guessed. No input panics, recurses without bound, or makes it allocate
//! more than a fixed multiple of the input. Never talks to a chain; holds no pool and no price.

mod error;
pub mod evm;
pub mod solana;

pub use error::DecodeError;
