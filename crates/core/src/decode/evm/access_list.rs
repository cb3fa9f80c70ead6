//! EIP-2930 access lists, checked once and walked in place.

use super::rlp::{Cursor, Span};
use crate::decode::DecodeError;
use alloy_primitives::{Address, B256};

const FIELD: &str = "access_list";

/// One entry: a contract and the storage slots of it that are touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEntry {
    /// The contract.
    pub address: Address,
    /// Its storage slots.
    pub storage_keys: Vec<B256>,
}

/// The entries of a list, read as they are asked for.
#[derive(Clone)]
pub struct AccessList<'a>(pub(super) Cursor<'a>, pub(super) &'a [u8]);

pub(super) fn check(fields: &mut Cursor<'_>) -> Result<Span, DecodeError> {
    let (span, mut entries) = fields.list(FIELD)?;
    while !entries.is_done() {
        let (_, mut entry) = entries.list("access_list.entry")?;
        entry.exactly("access_list.address", 20)?;
        let (_, mut keys) = entry.list("access_list.storage_keys")?;
        while !keys.is_done() {
            keys.exactly("access_list.storage_key", 32)?;
        }
        entry.done("access_list.entry")?;
    }
    Ok(span)
}

impl Iterator for AccessList<'_> {
    type Item = AccessEntry;

    fn next(&mut self) -> Option<AccessEntry> {
        if self.0.is_done() {
            return None;
        }
        let (_, mut entry) = self.0.list(FIELD).ok()?;
        let address = entry.exactly(FIELD, 20).ok()?;
        let (_, mut keys) = entry.list(FIELD).ok()?;
        let mut storage_keys = Vec::new();
        while !keys.is_done() {
            let key = keys.exactly(FIELD, 32).ok()?;
            storage_keys.push(B256::from_slice(key.of(self.1)));
        }
        Some(AccessEntry {
            address: Address::from_slice(address.of(self.1)),
            storage_keys,
        })
    }
}
