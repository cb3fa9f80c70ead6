//! Public keys: 32 bytes, written in base 58.

use crate::ChainAddress;
use std::fmt;

/// An account's address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub [u8; 32]);

impl Key {
    /// From base 58 text, for constants: anything but 32 bytes does not compile there.
    ///
    /// # Panics
    /// At run time, when the text is not that.
    #[must_use]
    pub const fn constant(text: &str) -> Self {
        Self(bs58::decode(text.as_bytes()).into_array_const_unwrap())
    }

    /// As an address among those of all chains.
    #[must_use]
    pub const fn address(self) -> ChainAddress {
        ChainAddress::Solana(self.0)
    }

    /// From base 58 text; None when it is not exactly 32 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let length = bs58::decode(text).onto(&mut bytes).ok()?;
        (length == bytes.len()).then_some(Self(bytes))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&bs58::encode(self.0).into_string())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl From<Key> for ChainAddress {
    fn from(key: Key) -> Self {
        key.address()
    }
}
