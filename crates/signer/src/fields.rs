//! Reads an object field by field, strictly: each mistake is named by its path, unknown fields are refused.

use crate::fault::Invalid;
use alloy_primitives::{Address, B256, U256, hex};
use serde_json::{Map, Value};
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::Key;
use tradewind_core::evm::{EvmError, parse_address};

/// The largest integer that every JSON reader holds exactly.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;
const MAX_TEXT: usize = 256;

/// The fields of one object that have not been taken yet.
pub struct Fields {
    path: String,
    map: Map<String, Value>,
}

type Read<T> = Result<T, Invalid>;

impl Fields {
    /// # Errors
    /// `field_malformed` when `value` is no object.
    pub fn of(path: &str, value: Value) -> Read<Self> {
        match value {
            Value::Object(map) => Ok(Self {
                path: path.to_owned(),
                map,
            }),
            _ => Err(malformed(path, "must be an object with named fields")),
        }
    }

    /// The path of a field of this object.
    #[must_use]
    pub fn path(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Refuses what was not taken.
    ///
    /// # Errors
    /// `field_unknown`.
    pub fn finish(self) -> Read<()> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(key) => Err(Invalid {
                code: "field_unknown",
                field: self.path(key),
                message: "is not a field that exists here; remove it, or correct its name"
                    .to_owned(),
            }),
        }
    }

    /// # Errors
    /// `field_missing`.
    pub fn take(&mut self, key: &str) -> Read<Value> {
        self.map.remove(key).ok_or_else(|| {
            let given: Vec<_> = self.map.keys().map(String::as_str).collect();
            let message = if given.is_empty() {
                "is missing".to_owned()
            } else {
                format!("is missing (besides, there are: {})", given.join(", "))
            };
            Invalid {
                code: "field_missing",
                field: self.path(key),
                message,
            }
        })
    }

    /// The value, or nothing when the field is absent or null.
    pub fn take_optional(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    /// Whether there is such a field.
    #[must_use]
    pub fn holds(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Keys that are left, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.map.keys().cloned().collect()
    }

    /// An object inside this one.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn object(&mut self, key: &str) -> Read<Self> {
        let value = self.take(key)?;
        Self::of(&self.path(key), value)
    }

    /// A list, each item with its path.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn list(&mut self, key: &str) -> Read<Vec<(String, Value)>> {
        let path = self.path(key);
        match self.take(key)? {
            Value::Array(items) => Ok(items
                .into_iter()
                .enumerate()
                .map(|(index, item)| (format!("{path}[{index}]"), item))
                .collect()),
            _ => Err(malformed(&path, "must be a list")),
        }
    }

    /// A non-negative integer that fits `T`.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn integer<T: TryFrom<u64>>(&mut self, key: &str) -> Read<T> {
        let path = self.path(key);
        integer(&path, &self.take(key)?)
    }

    /// One line of text, 1 to 256 bytes.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn text(&mut self, key: &str) -> Read<String> {
        let path = self.path(key);
        text(&path, self.take(key)?)
    }

    /// # Errors
    /// Missing or malformed.
    pub fn address(&mut self, key: &str) -> Read<Address> {
        let path = self.path(key);
        address(&path, self.take(key)?)
    }

    /// An EVM address or a Solana key.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn account(&mut self, key: &str) -> Read<ChainAddress> {
        let path = self.path(key);
        account(&path, self.take(key)?)
    }

    /// A Solana key.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn solana(&mut self, name: &str) -> Read<Key> {
        let path = self.path(name);
        key(&path, &self.take(name)?)
    }

    /// 32 bytes as 0x-hex.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn hash(&mut self, key: &str) -> Read<B256> {
        let path = self.path(key);
        B256::try_from(self.bytes(key)?.as_slice())
            .map_err(|_| malformed(&path, "must be 0x and 64 hex digits"))
    }

    /// Any bytes as 0x-hex.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn bytes(&mut self, key: &str) -> Read<Vec<u8>> {
        let path = self.path(key);
        let wrong = || malformed(&path, "must be 0x and an even number of hex digits");
        match self.take(key)? {
            Value::String(text) => {
                let digits = text.strip_prefix("0x").ok_or_else(wrong)?;
                hex::decode(digits).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }

    /// A big integer as a decimal string.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn decimal(&mut self, key: &str) -> Read<U256> {
        let path = self.path(key);
        let value = self.take(key)?;
        value.as_str().and_then(parse_decimal).ok_or_else(|| {
            malformed(
                &path,
                "must be a whole number in a string, such as \"1500000\", below 2^256",
            )
        })
    }
}

/// Digits without sign, space or leading zero.
#[must_use]
pub fn parse_decimal(text: &str) -> Option<U256> {
    let canonical = text == "0" || !text.starts_with('0');
    if text.is_empty() || !canonical || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    U256::from_str_radix(text, 10).ok()
}

/// # Errors
/// `field_malformed` unless it is one line of 1 to 256 bytes.
pub fn text(path: &str, value: Value) -> Read<String> {
    match value {
        Value::String(text)
            if (1..=MAX_TEXT).contains(&text.len()) && !text.chars().any(char::is_control) =>
        {
            Ok(text)
        }
        _ => Err(malformed(path, "must be one line of text, 1 to 256 bytes")),
    }
}

/// # Errors
/// `field_malformed` unless it is a non-negative integer that fits `T`.
pub fn integer<T: TryFrom<u64>>(path: &str, value: &Value) -> Read<T> {
    value
        .as_u64()
        .filter(|number| *number <= MAX_INTEGER)
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            malformed(
                path,
                "must be a whole number, not negative and not too large",
            )
        })
}

/// # Errors
/// `address_malformed` or `address_checksum`.
pub fn address(path: &str, value: Value) -> Read<Address> {
    let Value::String(text) = value else {
        return Err(malformed(
            path,
            "must be an address: 0x and 40 hex digits, in a string",
        ));
    };
    parse_address("", &text).map_err(|error| Invalid {
        code: error.code(),
        field: path.to_owned(),
        message: address_message(&error),
    })
}

/// A wallet or a token: an EVM address, or a Solana key in base58.
///
/// # Errors
/// `address_malformed` or `address_checksum`.
pub fn account(path: &str, value: Value) -> Read<ChainAddress> {
    match value {
        // 0 is no digit of base 58.
        Value::String(text) if !text.starts_with('0') => {
            key(path, &text.into()).map(ChainAddress::from)
        }
        value => address(path, value).map(ChainAddress::from),
    }
}

/// A Solana key.
///
/// # Errors
/// `address_malformed`.
pub fn key(path: &str, value: &Value) -> Read<Key> {
    let parsed = value.as_str().and_then(Key::parse);
    parsed.ok_or_else(|| Invalid {
        code: "address_malformed",
        field: path.to_owned(),
        message: "must be 32 bytes in base58 (Solana), or 0x and 40 hex digits (EVM), as its chain has it".to_owned(),
    })
}

// The path is named by `field`, so the message must not name it again.
fn address_message(error: &EvmError) -> String {
    error.to_string().trim_start_matches(": ").to_owned()
}

/// A `field_malformed` at `path`.
#[must_use]
pub fn malformed(path: &str, message: &str) -> Invalid {
    Invalid {
        code: "field_malformed",
        field: path.to_owned(),
        message: message.to_owned(),
    }
}
