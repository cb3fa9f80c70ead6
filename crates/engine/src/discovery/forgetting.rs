//! `Forgetting`: pools that were found and that nobody wants any more go: those that the strategy has no use for, those
//! whose coin was sold again, the silent ones, and the oldest of too many.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use serde_json::json;
use tradewind_core::ChainAddress;

use crate::pipeline::Shared;

/// Between two looks at all of them.
const EVERY: Duration = Duration::from_secs(1);

/// A pool that was found, and the coin in it.
type Found = (ChainAddress, ChainAddress);

/// The pools that were found, the oldest first.
#[derive(Debug)]
pub struct Forgetting {
    most_pools: usize,
    after_slots: u64,
    found: VecDeque<Found>,
    swept_at: Option<Instant>,
}

impl Forgetting {
    /// By these bounds.
    #[must_use]
    pub const fn new(most_pools: usize, after_slots: u64) -> Self {
        Self {
            most_pools,
            after_slots,
            found: VecDeque::new(),
            swept_at: None,
        }
    }

    /// One more was found.
    pub fn add(&mut self, pool: ChainAddress, coin: ChainAddress) {
        self.found.push_back((pool, coin));
    }

    /// Takes out what is unwanted and what is too much, and now and then what was sold or is silent.
    pub fn sweep(&mut self, shared: &Shared) {
        let now = Instant::now();
        let is_due = self.swept_at.is_none_or(|at| now - at >= EVERY);
        let unwanted = shared.joining.take_unwanted();
        if !is_due && unwanted.is_empty() && self.found.len() <= self.most_pools {
            return;
        }
        self.swept_at = Some(now);
        let gone = self.take_out(shared, &unwanted);
        let mut inventory = shared.inventory_mut();
        for (pool, _) in &gone {
            let accounts = inventory.forget_launch(*pool);
            shared.joining.leave(*pool, accounts);
        }
        drop(inventory);
        for (pool, coin) in gone {
            // Bought meanwhile: it has to be sold somewhere.
            if shared.positions().of(&coin).is_some() {
                self.add(pool, coin);
                shared.joining.add(pool);
                continue;
            }
            let message = format!("{pool} is not watched any more");
            let fields = json!({"pool": pool.to_string()});
            shared.log.info("pool_dropped", &message, fields);
        }
    }
    /// Takes those out that go, and gives them. One whose coin is held, or is being traded, stays.
    fn take_out(&mut self, shared: &Shared, unwanted: &BTreeSet<ChainAddress>) -> Vec<Found> {
        let (mut surplus, after_slots) = (
            self.found.len().saturating_sub(self.most_pools),
            self.after_slots,
        );
        let inventory = shared.inventory();
        let positions = inventory.positions();
        let slot = inventory.slot();
        let mut gone = Vec::new();
        self.found.retain(|(pool, coin)| {
            let is_held = positions.of(coin).is_some();
            let is_sold = positions.is_done_with(coin);
            let is_silent = slot.saturating_sub(inventory.written_slot(*pool)) > after_slots;
            let goes = unwanted.contains(pool) || is_sold || is_silent || surplus > 0;
            if goes && !is_held {
                surplus = surplus.saturating_sub(1);
                gone.push((*pool, *coin));
            }
            is_held || !goes
        });
        gone
    }
}
