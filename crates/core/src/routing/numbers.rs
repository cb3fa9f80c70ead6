//! The small numbers that stand for tokens and pools inside one graph, and the way between them.

use std::hash::{BuildHasherDefault, Hasher};

use crate::pools::TokenPair;

/// A token's number in its graph; numbers are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub(super) u32);

/// A pool's number in its graph. The number of a pool that was taken out is given to a later one, whose
/// [`version`](super::PoolGraph::version) then differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PoolId(pub(super) u32);

impl TokenId {
    /// For arrays with one place for each token.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl PoolId {
    /// For arrays with one place for each pool.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One way through one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The pool.
    pub pool: PoolId,
    /// The token at the other end.
    pub token: TokenId,
    /// Paying in the token at this end.
    pub pair: TokenPair,
}

/// Spreads the small numbers over a hash table: they are dense, and nobody outside chooses them.
#[derive(Debug, Clone, Default)]
pub(super) struct NumberHasher(u64);

pub(super) type BuildNumberHasher = BuildHasherDefault<NumberHasher>;

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio in 64 bits; the upper half, where the product is mixed best, is folded down.
        let mixed = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
