//! `ChainAddress`: the name of a token, a pool or an account, on an EVM chain or on Solana.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::Address;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::evm::{EvmError, parse_address};

/// 20 bytes of an EVM chain or 32 bytes of Solana. EVM addresses sort before those of Solana.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChainAddress {
    /// Written in hexadecimal with the capitals of EIP-55.
    Evm(Address),
    /// A public key, written in base 58.
    Solana([u8; 32]),
}

/// Text that is no address. Branch on [`AddressError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// It begins as an EVM address, and is none.
    #[error(transparent)]
    Evm(#[from] EvmError),
    /// Neither form.
    #[error(
        "{field}: {value:?} is neither an EVM address (0x and 40 hex digits) nor a Solana public key (32 bytes in base 58)"
    )]
    Malformed {
        /// Name of the argument.
        field: &'static str,
        /// As given, cut to 64 characters.
        value: String,
    },
}

impl AddressError {
    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Evm(error) => error.code(),
            Self::Malformed { .. } => "address_malformed",
        }
    }
}

impl ChainAddress {
    /// Parses either form; EIP-55 is checked where the case is mixed.
    ///
    /// # Errors
    /// `address_malformed` or `address_checksum`; both name `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, AddressError> {
        if text.starts_with("0x") {
            return Ok(Self::Evm(parse_address(field, text)?));
        }
        let mut key = [0; 32];
        match bs58::decode(text).onto(&mut key) {
            Ok(32) => Ok(Self::Solana(key)),
            _ => Err(AddressError::Malformed {
                field,
                value: text.chars().take(64).collect(),
            }),
        }
    }

    /// The EVM address, if it is one.
    #[must_use]
    pub fn evm(&self) -> Option<Address> {
        match self {
            Self::Evm(address) => Some(*address),
            Self::Solana(_) => None,
        }
    }

    /// The public key, if it is one.
    #[must_use]
    pub fn solana(&self) -> Option<[u8; 32]> {
        match self {
            Self::Evm(_) => None,
            Self::Solana(key) => Some(*key),
        }
    }
}

impl From<Address> for ChainAddress {
    fn from(address: Address) -> Self {
        Self::Evm(address)
    }
}

impl From<[u8; 32]> for ChainAddress {
    fn from(key: [u8; 32]) -> Self {
        Self::Solana(key)
    }
}

impl fmt::Display for ChainAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evm(address) => formatter.write_str(&address.to_checksum(None)),
            Self::Solana(key) => formatter.write_str(&bs58::encode(key).into_string()),
        }
    }
}

impl fmt::Debug for ChainAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for ChainAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse("address", text)
    }
}

impl Serialize for ChainAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChainAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_both_forms() {
        for text in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "So11111111111111111111111111111111111111112",
            "11111111111111111111111111111111",
        ] {
            let address: ChainAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            let json = serde_json::to_string(&address).unwrap();
            assert_eq!(
                serde_json::from_str::<ChainAddress>(&json).unwrap(),
                address
            );
        }
    }

    #[test]
    fn names_the_field_of_what_is_neither() {
        for text in ["", "0x12", "So1", "0OIl", &"1".repeat(45)] {
            let error = ChainAddress::parse("token_in", text).unwrap_err();
            assert_eq!(error.code(), "address_malformed", "{text}");
            assert!(error.to_string().starts_with("token_in: "), "{error}");
        }
    }
}
