//! A JSON object whose faults are named: the item it belongs to, and the field's path.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::CowAuctionError;
use crate::ChainAddress;

/// An object within one item of the file.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    item: String,
    /// With a full stop at its end, when it is not the item itself.
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// An item of the file.
    pub(super) fn new(item: String, value: &'a Value) -> Result<Self, CowAuctionError> {
        let path = String::new();
        match value {
            Value::Object(map) => Ok(Self { item, path, map }),
            _ => Err(CowAuctionError::Malformed {
                field: item.clone(),
                item,
                fault: "must be an object".to_owned(),
            }),
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        self.map.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The first field that is none of these.
    pub(super) fn unknown(&self, known: &[&str]) -> Option<String> {
        let mut names = self.map.keys();
        let name = names.find(|name| !known.contains(&name.as_str()))?;
        Some(format!("{}{name}", self.path))
    }

    pub(super) fn object(&self, name: &str) -> Result<Self, CowAuctionError> {
        self.nested(name, self.get(name)?)
    }

    /// An object that may be missing.
    pub(super) fn optional(&self, name: &str) -> Result<Option<Self>, CowAuctionError> {
        let value = self.map.get(name);
        value.map(|value| self.nested(name, value)).transpose()
    }

    /// A whole number of JSON that may be missing or null.
    pub(super) fn small(&self, name: &str) -> Result<Option<u32>, CowAuctionError> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                let fault = || self.fault(name, "must be a whole number of at most 32 bits");
                number.ok_or_else(fault).map(Some)
            }
        }
    }

    /// The objects of a list.
    pub(super) fn list(&self, name: &str) -> Result<Vec<Self>, CowAuctionError> {
        let Value::Array(values) = self.get(name)? else {
            return Err(self.fault(name, "must be a list"));
        };
        let numbered = values.iter().enumerate();
        numbered
            .map(|(at, value)| self.nested(&format!("{name}[{at}]"), value))
            .collect()
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, CowAuctionError> {
        match self.get(name)? {
            Value::String(text) => Ok(text),
            _ => Err(self.fault(name, "must be a string")),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, CowAuctionError> {
        match self.get(name)? {
            Value::Bool(flag) => Ok(*flag),
            _ => Err(self.fault(name, "must be true or false")),
        }
    }

    pub(super) fn address(&self, name: &str) -> Result<ChainAddress, CowAuctionError> {
        self.as_address(name, self.text(name)?)
    }

    /// Where the text is the name of a field itself.
    pub(super) fn as_address(
        &self,
        name: &str,
        text: &str,
    ) -> Result<ChainAddress, CowAuctionError> {
        let address = ChainAddress::parse("address", text);
        match address {
            Ok(address @ ChainAddress::Evm(_)) => Ok(address),
            Ok(ChainAddress::Solana(_)) => Err(self.fault(name, "must be an EVM address")),
            Err(error) => Err(self.fault(name, error.to_string())),
        }
    }

    /// An integer, as a string of decimal digits.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<T, CowAuctionError> {
        self.as_number(name, self.text(name)?)
    }

    /// Where the text is the name of a field itself.
    pub(super) fn as_number<T: FromStr>(
        &self,
        name: &str,
        text: &str,
    ) -> Result<T, CowAuctionError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = plain.then(|| text.parse().ok()).flatten();
        number.ok_or_else(|| {
            self.fault(
                name,
                format!("must be an integer that fits its unit, not {text:?}"),
            )
        })
    }

    /// A decimal fraction in units of `10 ** -places`; `None` when it is no whole number of them.
    pub(super) fn decimal(
        &self,
        name: &str,
        places: usize,
    ) -> Result<Option<u128>, CowAuctionError> {
        let text = self.text(name)?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = whole.bytes().chain(fraction.bytes());
        if whole.is_empty() || !digits.clone().all(|byte| byte.is_ascii_digit()) {
            return Err(self.fault(name, format!("must be a decimal number, not {text:?}")));
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > places {
            return Ok(None);
        }
        let scaled = format!("{whole}{fraction:0<places$}");
        self.as_number(name, &scaled).map(Some)
    }

    pub(super) fn fault(&self, name: &str, fault: impl Into<String>) -> CowAuctionError {
        CowAuctionError::Malformed {
            item: self.item.clone(),
            field: format!("{}{name}", self.path),
            fault: fault.into(),
        }
    }

    fn get(&self, name: &str) -> Result<&'a Value, CowAuctionError> {
        let value = self.map.get(name);
        value.ok_or_else(|| self.fault(name, "is missing"))
    }

    fn nested(&self, name: &str, value: &'a Value) -> Result<Self, CowAuctionError> {
        match value {
            Value::Object(map) => Ok(Self {
                item: self.item.clone(),
                path: format!("{}{name}.", self.path),
                map,
            }),
            _ => Err(self.fault(name, "must be an object")),
        }
    }
}
