//! The small numbers that stand for tokens and pools inside one graph, and the way between them.

use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use crate::pools::TokenPair;

/// A token's number in its graph; numbers are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub(super) u32);

/// A pool's number in its graph. The number of a pool that was taken out is given to a later one, whose
/// [`version`](super::PoolGraph::version) then differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PoolId(pub(in crate::routing) u32);

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

/// Hashes addresses: a few multiplications under a key that is drawn for each graph, so that nobody can choose
/// addresses that collide. The order of a table's entries has no influence on any answer.
#[derive(Debug, Clone)]
pub(super) struct BuildAddressHasher(u64);

#[derive(Debug, Clone)]
pub(super) struct AddressHasher(u64);

impl Default for BuildAddressHasher {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u8))
    }
}

impl BuildHasher for BuildAddressHasher {
    type Hasher = AddressHasher;

    fn build_hasher(&self) -> AddressHasher {
        AddressHasher(self.0)
    }
}

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number.cast_unsigned() as u64);
    }

    #[allow(clippy::cast_possible_truncation, reason = "the halves are folded")]
    fn write_u64(&mut self, number: u64) {
        // Both halves of the product of the mixed state and an odd constant (the fraction of pi in 64 bits).
        let product = u128::from(self.0 ^ number) * 0x243F_6A88_85A3_08D3;
        let halves = product ^ (product >> 64);
        self.0 = (halves & u128::from(u64::MAX)) as u64 ^ self.0.rotate_left(23);
    }
}
