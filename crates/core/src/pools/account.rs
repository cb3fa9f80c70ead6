//! Solana accounts as they are read, and the chain's clock as a program sees it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ChainAddress;

/// The bytes of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account<'a> {
    /// Its address.
    pub address: ChainAddress,
    /// The program that owns it.
    pub owner: ChainAddress,
    /// Its whole data.
    pub data: &'a [u8],
}

/// Accounts read together, by address.
#[derive(Debug, Clone, Default)]
pub struct AccountSet<'a>(BTreeMap<ChainAddress, Account<'a>>);

impl<'a> AccountSet<'a> {
    /// The account, if it was read.
    #[must_use]
    pub fn get(&self, address: &ChainAddress) -> Option<&Account<'a>> {
        self.0.get(address)
    }

    /// All of them, in the order of their addresses.
    pub fn iter(&self) -> impl Iterator<Item = &Account<'a>> {
        self.0.values()
    }
}

impl<'a> FromIterator<Account<'a>> for AccountSet<'a> {
    fn from_iter<I: IntoIterator<Item = Account<'a>>>(accounts: I) -> Self {
        Self(
            accounts
                .into_iter()
                .map(|account| (account.address, account))
                .collect(),
        )
    }
}

/// The Clock sysvar, as far as pools read it; whoever reads the chain gives it, for the core has no clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainClock {
    /// Slot.
    pub slot: u64,
    /// Epoch, by which transfer fees of Token-2022 change.
    pub epoch: u64,
    /// Seconds since 1970, by which volatility decays and pools open.
    pub unix_timestamp: i64,
}
