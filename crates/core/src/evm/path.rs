//! The way of a swap through Uniswap V3 pools: tokens in trade order and the fee tier between each two.

use super::EvmError;
use alloy_primitives::Address;

/// The longest path the router calls here are made for.
pub const MAX_HOPS: usize = 4;
const FEE_LIMIT_PIPS: u32 = 1_000_000;
const HOP_BYTES: usize = 23;

/// One to [`MAX_HOPS`] hops; one more token than fees; no token next to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapPath {
    tokens: Vec<Address>,
    fees_pips: Vec<u32>,
}

impl SwapPath {
    /// # Errors
    /// `path_malformed`, with what is wrong.
    pub fn new(tokens: Vec<Address>, fees_pips: Vec<u32>) -> Result<Self, EvmError> {
        let hops = fees_pips.len();
        if !(1..=MAX_HOPS).contains(&hops) {
            return Err(EvmError::PathMalformed(format!(
                "{hops} fees given; a path has 1 to {MAX_HOPS} hops, each with its fee"
            )));
        }
        if tokens.len() != hops + 1 {
            return Err(EvmError::PathMalformed(format!(
                "{} tokens and {hops} fees; there must be one token more than fees",
                tokens.len()
            )));
        }
        if let Some(fee) = fees_pips.iter().find(|fee| **fee >= FEE_LIMIT_PIPS) {
            return Err(EvmError::PathMalformed(format!(
                "a fee of {fee} pips is not below {FEE_LIMIT_PIPS} (100 %)"
            )));
        }
        if let Some((token, _)) = tokens.iter().zip(&tokens[1..]).find(|(a, b)| a == b) {
            return Err(EvmError::PathMalformed(format!(
                "{token} follows itself; a pool holds two different tokens"
            )));
        }
        Ok(Self { tokens, fees_pips })
    }

    /// The tokens in trade order.
    #[must_use]
    pub fn tokens(&self) -> &[Address] {
        &self.tokens
    }

    /// The fee of each pool, in hundredths of a basis point.
    #[must_use]
    pub fn fees_pips(&self) -> &[u32] {
        &self.fees_pips
    }

    /// What is spent.
    #[must_use]
    pub fn token_in(&self) -> Address {
        self.tokens[0]
    }

    /// What is bought.
    #[must_use]
    pub fn token_out(&self) -> Address {
        self.tokens[self.tokens.len() - 1]
    }

    pub(super) fn reversed(&self) -> Self {
        Self {
            tokens: self.tokens.iter().rev().copied().collect(),
            fees_pips: self.fees_pips.iter().rev().copied().collect(),
        }
    }

    /// token (20), fee (3), token (20) … as the router reads it.
    pub(super) fn pack(&self) -> Vec<u8> {
        let mut packed =
            Vec::with_capacity(HOP_BYTES * self.fees_pips.len() + Address::len_bytes());
        packed.extend_from_slice(self.tokens[0].as_slice());
        for (fee, token) in self.fees_pips.iter().zip(&self.tokens[1..]) {
            packed.extend_from_slice(&fee.to_be_bytes()[1..]);
            packed.extend_from_slice(token.as_slice());
        }
        packed
    }

    pub(super) fn unpack(packed: &[u8]) -> Result<Self, EvmError> {
        const WRONG: EvmError = EvmError::CalldataNotRecognised("path of odd length");
        let (first, hops) = packed.split_at_checked(Address::len_bytes()).ok_or(WRONG)?;
        let hops = hops.chunks_exact(HOP_BYTES);
        if !hops.remainder().is_empty() {
            return Err(WRONG);
        }
        let mut tokens = vec![Address::from_slice(first)];
        let mut fees_pips = Vec::new();
        for hop in hops {
            fees_pips.push(u32::from_be_bytes([0, hop[0], hop[1], hop[2]]));
            tokens.push(Address::from_slice(&hop[3..]));
        }
        Self::new(tokens, fees_pips)
    }
}
