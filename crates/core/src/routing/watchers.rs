//! Which pools an account's bytes concern.

use std::collections::HashMap;

use super::numbers::PoolId;
use crate::ChainAddress;
use crate::pools::PoolError;

/// What came of an account's bytes, or of a new clock.
#[must_use = "a pool that refused the change no longer stands as the chain does"]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Updated {
    /// The pools that took it.
    pub applied: Vec<PoolId>,
    /// The pools that could not, as they were, with the reason: read them anew, or take them out.
    pub refused: Vec<(PoolId, PoolError)>,
}

/// The pools that read each account.
#[derive(Debug, Clone, Default)]
pub(super) struct Watchers(HashMap<ChainAddress, Vec<PoolId>>);

impl Watchers {
    pub(super) fn of(&self, account: ChainAddress) -> &[PoolId] {
        self.0.get(&account).map_or(&[], Vec::as_slice)
    }

    pub(super) fn add(&mut self, pool: PoolId, accounts: &[ChainAddress]) {
        for account in accounts {
            let pools = self.0.entry(*account).or_default();
            if !pools.contains(&pool) {
                pools.push(pool);
            }
        }
    }

    pub(super) fn remove(&mut self, pool: PoolId, accounts: &[ChainAddress]) {
        for account in accounts {
            if let Some(pools) = self.0.get_mut(account) {
                pools.retain(|other| *other != pool);
                if pools.is_empty() {
                    self.0.remove(account);
                }
            }
        }
    }
}
