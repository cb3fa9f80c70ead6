//! `Pairing`: whether both vaults of a pool are of the same transactions.
//!
//! A swap writes two vaults, and a feed tells of each by itself. Between the two the pool looks as if somebody had taken
//! something for nothing. So a pool is torn while one of its vaults was written more often in a slot than the other. When
//! the slot is over, what was told is all there is: somebody put something into one vault alone.

use tradewind_core::ChainAddress;
use tradewind_core::pools::{Pool, PoolState};

/// The writes of one slot to the vaults of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pairing {
    vaults: [ChainAddress; 2],
    slot: u64,
    writes: [u32; 2],
}

impl Pairing {
    /// Of a pool that is priced by two vaults.
    pub(super) fn of(pool: &Pool) -> Option<Self> {
        let vaults = match pool {
            Pool::RaydiumAmmV4(_) | Pool::RaydiumCpmm(_) | Pool::Pumpswap(_) => {
                match pool.state() {
                    PoolState::RaydiumAmmV4(state) => [state.coin_vault, state.pc_vault],
                    PoolState::RaydiumCpmm(state) => [state.vault0, state.vault1],
                    PoolState::Pumpswap(state) => [state.base_vault, state.quote_vault],
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(Self {
            vaults,
            slot: 0,
            writes: [0; 2],
        })
    }

    /// Counts a write of one of the vaults.
    pub(super) fn written(&mut self, account: ChainAddress, slot: u64) {
        if slot != self.slot {
            self.slot = slot;
            self.writes = [0; 2];
        }
        for (vault, writes) in self.vaults.iter().zip(&mut self.writes) {
            *writes += u32::from(*vault == account);
        }
    }

    /// Whether one vault is ahead of the other, in a slot that is not over.
    pub(super) const fn is_torn(&self, settled_slot: u64) -> bool {
        self.writes[0] != self.writes[1] && self.slot > settled_slot
    }
}
