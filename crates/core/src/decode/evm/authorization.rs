//! EIP-7702 authorizations: accounts that let a contract's code act for them.
//!
//! Only the shape decides whether the transaction is valid. A tuple that does not verify (a high s,
//! another chain) is skipped by the chain, so it is kept here, and refused when its authority is asked for.

use super::rlp::{Cursor, Span, malformed};
use super::sender::{self, number};
use crate::decode::DecodeError;
use alloy_primitives::{Address, U256, keccak256};
use alloy_rlp::Encodable;

const FIELD: &str = "authorization_list";
const MAGIC: u8 = 0x05;

/// One tuple of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorization {
    /// The chain it holds for; zero for every chain.
    pub chain_id: U256,
    /// The contract whose code shall act for the authority; zero takes the permission back.
    pub address: Address,
    /// The authority's transaction count that it is bound to.
    pub nonce: u64,
    /// 0 or 1 in a tuple that can verify.
    pub y_parity: u8,
    /// First half of the signature.
    pub r: U256,
    /// Second half of the signature.
    pub s: U256,
}

impl Authorization {
    /// Who signed it: the account that gives the permission.
    ///
    /// # Errors
    /// `signature_invalid`: the chain skips this tuple.
    pub fn recover_authority(&self) -> Result<Address, DecodeError> {
        let (r, s) = (self.r.to_be_bytes::<32>(), self.s.to_be_bytes::<32>());
        let y_parity = match self.y_parity {
            0 => false,
            1 => true,
            _ => return Err(sender::invalid("authorization.y_parity", "neither 0 nor 1")),
        };
        sender::check_range(&r, &s)?;
        let mut message = vec![MAGIC];
        let fields: [&dyn Encodable; 3] = [&self.chain_id, &self.address, &self.nonce];
        alloy_rlp::encode_list::<_, dyn Encodable>(&fields, &mut message);
        sender::recover(keccak256(message), y_parity, &r, &s)
    }
}

/// The tuples of a list, read as they are asked for.
#[derive(Clone)]
pub struct Authorizations<'a>(pub(super) Cursor<'a>, pub(super) &'a [u8]);

pub(super) fn check(fields: &mut Cursor<'_>) -> Result<Span, DecodeError> {
    let (span, mut tuples) = fields.list(FIELD)?;
    if tuples.is_done() {
        return Err(malformed(FIELD, "empty, which EIP-7702 forbids"));
    }
    while !tuples.is_done() {
        let (_, mut tuple) = tuples.list("authorization")?;
        read(&mut tuple)?;
    }
    Ok(span)
}

type Spans = (Span, Span, u64, u64, Span, Span);

fn read(tuple: &mut Cursor<'_>) -> Result<Spans, DecodeError> {
    let chain_id = tuple.u256("authorization.chain_id")?;
    let address = tuple.exactly("authorization.address", 20)?;
    let nonce = tuple.u64("authorization.nonce")?;
    let y_parity = tuple.u64("authorization.y_parity")?;
    if y_parity > 255 {
        return Err(malformed("authorization.y_parity", "longer than one byte"));
    }
    let r = tuple.u256("authorization.r")?;
    let s = tuple.u256("authorization.s")?;
    tuple.done("authorization")?;
    Ok((chain_id, address, nonce, y_parity, r, s))
}

impl Iterator for Authorizations<'_> {
    type Item = Authorization;

    fn next(&mut self) -> Option<Authorization> {
        if self.0.is_done() {
            return None;
        }
        let (_, mut tuple) = self.0.list(FIELD).ok()?;
        let (chain_id, address, nonce, y_parity, r, s) = read(&mut tuple).ok()?;
        Some(Authorization {
            chain_id: number(chain_id.of(self.1)),
            address: Address::from_slice(address.of(self.1)),
            nonce,
            y_parity: u8::try_from(y_parity).ok()?,
            r: number(r.of(self.1)),
            s: number(s.of(self.1)),
        })
    }
}
