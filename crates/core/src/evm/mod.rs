//! EVM transactions and calldata, encoded and decoded by hand.
//!
//! Takes typed values, gives bytes, and the other way round. Every decoder is strict: it accepts
//! exactly the bytes that its encoder would write, so that what was checked is what is signed.
//! Never talks to a chain, never holds a key.

mod abi;
mod address;
mod approve;
mod error;
mod path;
mod permit;
mod router;
mod router_leg;
mod transaction;

#[cfg(test)]
mod tests;

pub use address::parse_address;
pub use alloy_primitives::keccak256;
pub use approve::Approve;
pub use error::EvmError;
pub use path::{MAX_HOPS, SwapPath};
pub use permit::{Eip712Domain, Permit, PermitMessage};
pub use router::{Exact, MAX_LEGS, RouterSwap};
pub use router_leg::SwapLeg;
pub use transaction::{AccessListItem, DecodedTransaction, Eip1559Transaction, TxSignature};
