//! `Shared`: what the stages of one engine share: pools, the configuration in force, queues, counts and times.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use serde_json::{Value, json};
use tokio::sync::Notify;
use tradewind_core::ChainAddress;

use super::failure::Failure;
use super::fresh_queue::FreshQueue;
use super::joining::Joining;
use super::misses::Misses;
use super::timing::Timings;
use super::trade::{Changed, Hop, Opportunity, Seen, Trade};
use crate::clock::Clock;
use crate::config::InForce;
use crate::events::Events;
use crate::feed::AccountUpdate;
use crate::inventory::{Inventory, PositionHandle};
use crate::log::Log;
use crate::positions::{PositionBook, Positions};
use crate::quote_service::PoolChanges;
use crate::shreds::ShredDesk;

/// What happened how often.
#[derive(Debug, Default)]
pub struct Counts {
    /// Accounts that were applied.
    pub updates: AtomicU64,
    /// Opportunities that were found.
    pub opportunities: AtomicU64,
    /// Candidates that were too old for the planner, or plans for the executor.
    pub expired: AtomicU64,
    /// Candidates that were not planned.
    pub not_planned: AtomicU64,
    /// Plans.
    pub planned: AtomicU64,
    /// Plans of which a node says that they would fail, or says nothing.
    pub not_simulated: AtomicU64,
    /// Signed and sent.
    pub sent: AtomicU64,
    /// Attempts that the sign-gate holds, or held.
    pub held: AtomicU64,
    /// Of those, that were released: their prediction came true.
    pub released: AtomicU64,
    /// Of those, that were given up.
    pub discarded: AtomicU64,
    /// Messages of the feed that could not be what they said they were.
    pub refused: AtomicU64,
}

impl Counts {
    /// Counts one.
    pub fn one(count: &AtomicU64) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// An account on its way to the pools.
#[derive(Debug)]
pub struct Incoming {
    /// As it is now.
    pub update: AccountUpdate,
    /// When that was told.
    pub told_at: Instant,
    /// Slots that have died: what the pools have of them does not count.
    pub dead_slots: Vec<u64>,
}

/// What the stages share.
#[derive(Debug)]
pub struct Shared {
    /// Which instance this is.
    pub instance: String,
    /// The pools.
    inventory: RwLock<Inventory>,
    /// The configuration in force.
    pub in_force: InForce,
    /// The time.
    pub clock: Clock,
    /// Where lines go.
    pub log: Log,
    /// Where events go.
    pub events: Events,
    /// From the feed to the pools.
    pub updates: FreshQueue<ChainAddress, Incoming>,
    /// Accounts of programs that are followed, whose addresses nobody asked for: for whoever looks for new pools.
    pub newcomers: FreshQueue<ChainAddress, (AccountUpdate, Instant)>,
    /// Pools that were found, on their way to be read and followed.
    pub joining: Joining,
    /// From the pools to the scanner.
    pub changes: FreshQueue<ChainAddress, Changed>,
    /// From the scanner to the planner, by way.
    pub opportunities: FreshQueue<Vec<Hop>, Opportunity>,
    /// From the planner to the executor, by way.
    pub trades: FreshQueue<Vec<Hop>, (Opportunity, Trade)>,
    /// To the streams of quotes.
    pub pool_changes: PoolChanges,
    /// To a strategy that is told of pools, and keeps what it was told.
    pub misses: Misses,
    /// How often.
    pub counts: Counts,
    /// How long.
    pub timings: Timings,
    /// The newest slot of which the feed has told everything.
    pub settled_slot: AtomicU64,
    /// Why the engine cannot go on, when it cannot.
    pub failure: Failure,
    /// What was bought and is not sold yet.
    positions: PositionHandle,
    /// Why the strategy's work is done, once it is.
    finished: OnceLock<&'static str>,
    finishing: Notify,
    /// What is told of transactions before they are executed, and what that predicts.
    pub shreds: ShredDesk,
    /// Whether no new work is taken.
    stopping: AtomicBool,
}

/// How much a queue holds.
const UPDATES: usize = 65_536;
const NEWCOMERS: usize = 4_096;
const CHANGES: usize = 16_384;
const OPPORTUNITIES: usize = 256;
const TRADES: usize = 64;

impl Shared {
    /// With empty queues.
    #[must_use]
    pub fn new(
        instance: String,
        inventory: Inventory,
        in_force: InForce,
        clock: Clock,
        log: Log,
        events: Events,
    ) -> Self {
        let positions = inventory.position_handle();
        Self {
            instance,
            inventory: RwLock::new(inventory),
            in_force,
            clock,
            log,
            events,
            updates: FreshQueue::new(UPDATES),
            newcomers: FreshQueue::new(NEWCOMERS),
            joining: Joining::default(),
            changes: FreshQueue::new(CHANGES),
            opportunities: FreshQueue::new(OPPORTUNITIES),
            trades: FreshQueue::new(TRADES),
            pool_changes: PoolChanges::default(),
            misses: Misses::default(),
            counts: Counts::default(),
            timings: Timings::default(),
            settled_slot: AtomicU64::new(0),
            failure: Failure::default(),
            positions,
            finished: OnceLock::new(),
            finishing: Notify::new(),
            shreds: ShredDesk::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// The pools, to look at.
    pub fn inventory(&self) -> RwLockReadGuard<'_, Inventory> {
        self.inventory
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The pools in which an opportunity was found: as the chain has them, or the copy with what is predicted.
    pub fn inventory_seen(&self, seen: Seen) -> RwLockReadGuard<'_, Inventory> {
        match seen {
            Seen::Executed => self.inventory(),
            Seen::Predicted(_) | Seen::Awaited(_) => self.shreds.predicted(),
        }
    }

    /// The pools, to change.
    pub fn inventory_mut(&self) -> RwLockWriteGuard<'_, Inventory> {
        self.inventory
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What was bought and is not sold yet.
    pub fn positions(&self) -> MutexGuard<'_, Positions> {
        self.positions.known()
    }

    /// The same, to be written; that waits for the disk.
    #[must_use]
    pub fn position_book(&self) -> &PositionBook {
        &self.positions
    }

    /// The strategy's work is done: the engine ends by itself.
    pub fn finish(&self, reason: &'static str) {
        if self.finished.set(reason).is_ok() {
            self.finishing.notify_one();
        }
    }

    /// Waits until the strategy's work is done; why it is. For one waiter.
    pub async fn until_finished(&self) -> &'static str {
        loop {
            if let Some(reason) = self.finished.get() {
                return reason;
            }
            self.finishing.notified().await;
        }
    }

    /// A pool stands otherwise than before: to the scanner, and to the streams of quotes.
    pub fn tell_change(&self, changed: Changed) {
        self.pool_changes.tell(changed.pool);
        self.changes.push(changed.pool, changed);
    }

    /// Takes no new work from now on; what is queued is dropped.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.updates.close();
        self.newcomers.close();
        self.changes.close();
        self.opportunities.close();
        self.trades.close();
        self.shreds.close();
    }

    /// Whether no new work is taken.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Everything that is counted, for a log line.
    #[must_use]
    pub fn told(&self) -> Value {
        let counts = &self.counts;
        let number = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let dropped = |dropped: super::Dropped| json!({"superseded": dropped.superseded, "overflowed": dropped.overflowed});
        json!({
            "updates": number(&counts.updates),
            "opportunities": number(&counts.opportunities),
            "expired": number(&counts.expired),
            "not_planned": number(&counts.not_planned),
            "planned": number(&counts.planned),
            "not_simulated": number(&counts.not_simulated),
            "sent": number(&counts.sent),
            "holds": {
                "held": number(&counts.held),
                "released": number(&counts.released),
                "discarded": number(&counts.discarded),
            },
            "refused": number(&counts.refused),
            "stale_pools": self.inventory().stale().len(),
            "dropped": {
                "updates": dropped(self.updates.dropped()),
                "newcomers": dropped(self.newcomers.dropped()),
                "changes": dropped(self.changes.dropped()),
                "opportunities": dropped(self.opportunities.dropped()),
                "trades": dropped(self.trades.dropped()),
            },
            "predictions": self.shreds.counts.told(),
            "stages": self.timings.told(),
        })
    }
}
