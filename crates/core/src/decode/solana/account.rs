//! The accounts of a transaction, its own and those behind lookup tables, with what it may do to them.

use super::wire::{Lookup, malformed};
use super::{Key, Transaction};
use crate::decode::DecodeError;
use std::collections::HashMap;

/// Lookup tables by address, with their keys in order.
pub type LookupTables = HashMap<Key, Vec<Key>>;

/// An account's address, or where it would be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountKey {
    /// The address.
    Known(Key),
    /// A place in a lookup table that was not given.
    Unresolved {
        /// The table.
        table: Key,
        /// The place in it, from 0.
        index: u8,
    },
}

impl AccountKey {
    /// The address, if it is known.
    #[must_use]
    pub fn known(self) -> Option<Key> {
        match self {
            Self::Known(key) => Some(key),
            Self::Unresolved { .. } => None,
        }
    }
}

/// One account. `writable` is what the message asks for; the runtime takes it back for programs and sysvars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub key: AccountKey,
    /// It signs the transaction.
    pub signer: bool,
    /// It may be changed.
    pub writable: bool,
}

impl<'a> Lookup<'a> {
    fn places(&self, writable: bool) -> &'a [u8] {
        if writable {
            self.writable
        } else {
            self.readonly
        }
    }
}

impl Transaction<'_> {
    /// All accounts in the order of their indexes, with `tables` for those that are looked up.
    ///
    /// # Errors
    /// `lookup_table_missing`, `lookup_index_outside`, or `transaction_malformed` when an account is
    /// there twice.
    pub fn accounts(&self, tables: &LookupTables) -> Result<Vec<Account>, DecodeError> {
        self.resolve(|table, index| {
            let keys = tables
                .get(&table)
                .ok_or(DecodeError::LookupTableMissing(table))?;
            let key = keys.get(usize::from(index));
            key.map(|key| AccountKey::Known(*key))
                .ok_or(DecodeError::LookupIndexOutside {
                    table,
                    index,
                    length: keys.len(),
                })
        })
    }

    /// All accounts in the order of their indexes; those behind lookup tables by table and place.
    ///
    /// # Errors
    /// `transaction_malformed` when an account is there twice.
    pub fn accounts_as_named(&self) -> Result<Vec<Account>, DecodeError> {
        self.resolve(|table, index| Ok(AccountKey::Unresolved { table, index }))
    }

    fn resolve(
        &self,
        look_up: impl Fn(Key, u8) -> Result<AccountKey, DecodeError>,
    ) -> Result<Vec<Account>, DecodeError> {
        let own = self.static_keys().len();
        let signers = usize::from(self.required_signatures);
        let signers_writable = signers.saturating_sub(usize::from(self.readonly_signed));
        let others_writable = own.saturating_sub(usize::from(self.readonly_unsigned));
        let mut accounts: Vec<Account> = self
            .static_keys()
            .enumerate()
            .map(|(index, key)| Account {
                key: AccountKey::Known(key),
                signer: index < signers,
                writable: index < signers_writable || (signers..others_writable).contains(&index),
            })
            .collect();
        for writable in [true, false] {
            for lookup in &self.lookups {
                for index in lookup.places(writable) {
                    accounts.push(Account {
                        key: look_up(lookup.table, *index)?,
                        signer: false,
                        writable,
                    });
                }
            }
        }
        check_duplicates(&accounts)?;
        Ok(accounts)
    }
}

fn check_duplicates(accounts: &[Account]) -> Result<(), DecodeError> {
    let mut keys: Vec<AccountKey> = accounts.iter().map(|account| account.key).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(malformed("accounts", "an account that is loaded twice"));
    }
    Ok(())
}
