//! What can leave the wallet at most and what must come in at least, by mint.

use std::collections::BTreeMap;
use tradewind_core::decode::solana::Key;

/// Sums over a transaction. It is all or nothing, so the order of its instructions does not matter.
#[derive(Default)]
pub(super) struct Flows {
    leaving_raw: BTreeMap<Key, u128>,
    coming_raw: BTreeMap<Key, u128>,
}

impl Flows {
    /// At most this leaves.
    pub(super) fn leave(&mut self, mint: Key, amount_raw: u64) {
        *self.leaving_raw.entry(mint).or_default() += u128::from(amount_raw);
    }

    /// At least this comes in.
    pub(super) fn come(&mut self, mint: Key, amount_raw: u64) {
        *self.coming_raw.entry(mint).or_default() += u128::from(amount_raw);
    }

    /// What leaves beyond what comes in.
    pub(super) fn spent_raw(&self, mint: Key) -> u128 {
        of(&self.leaving_raw, mint).saturating_sub(of(&self.coming_raw, mint))
    }

    /// What comes in beyond what leaves.
    pub(super) fn gained_raw(&self, mint: Key) -> u128 {
        of(&self.coming_raw, mint).saturating_sub(of(&self.leaving_raw, mint))
    }

    /// The mints of which something can be spent.
    pub(super) fn spent_mints(&self) -> impl Iterator<Item = Key> + '_ {
        let mints = self.leaving_raw.keys().copied();
        mints.filter(|mint| self.spent_raw(*mint) > 0)
    }
}

fn of(sums: &BTreeMap<Key, u128>, mint: Key) -> u128 {
    sums.get(&mint).copied().unwrap_or_default()
}
