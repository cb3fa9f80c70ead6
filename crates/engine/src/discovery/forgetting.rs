//! `Forgetting`: pools that were found and that nobody wants any more go: the silent ones, and the oldest of too many.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::json;
use tradewind_core::ChainAddress;

use crate::pipeline::Shared;

/// Between two looks at all of them.
const EVERY: Duration = Duration::from_secs(1);

/// The pools that were found, the oldest first.
#[derive(Debug)]
pub struct Forgetting {
    most_pools: usize,
    after_slots: u64,
    found: VecDeque<ChainAddress>,
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
    pub fn add(&mut self, pool: ChainAddress) {
        self.found.push_back(pool);
    }

    /// Takes out what is too much, and now and then what is silent.
    pub fn sweep(&mut self, shared: &Shared) {
        let now = Instant::now();
        let is_due = self.swept_at.is_none_or(|at| now - at >= EVERY);
        if !is_due && self.found.len() <= self.most_pools {
            return;
        }
        self.swept_at = Some(now);
        let held: Vec<_> = shared.positions().all().map(|held| held.pool).collect();
        let mut surplus = self.found.len().saturating_sub(self.most_pools);
        let after_slots = self.after_slots;
        let mut inventory = shared.inventory_mut();
        let slot = inventory.slot();
        let mut gone = Vec::new();
        self.found.retain(|pool| {
            let written_slot = inventory.written_slot(*pool);
            let is_silent = slot.saturating_sub(written_slot) > after_slots;
            let stays = held.contains(pool) || !(is_silent || surplus > 0);
            if !stays {
                surplus = surplus.saturating_sub(1);
                gone.push(*pool);
            }
            stays
        });
        for pool in &gone {
            inventory.forget_launch(*pool);
            shared.joining.leave(*pool);
        }
        drop(inventory);
        for pool in gone {
            let message = format!("{pool} is not watched any more");
            let fields = json!({"pool": pool.to_string()});
            shared.log.info("pool_dropped", &message, fields);
        }
    }
}
