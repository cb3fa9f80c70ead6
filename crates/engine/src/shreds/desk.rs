//! `ShredDesk`: what comes in for the prediction of pools, what others may look at of it, and what came of it so far.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tradewind_core::ChainAddress;
use tradewind_solana::Key;

use super::awaited::Awaited;
use crate::inventory::Inventory;
use crate::pipeline::{FreshQueue, Opportunity, Pushed, Trade};

/// Messages that wait; of more, the oldest goes, and everything is predicted anew.
const MOST_WAITING: usize = 8_192;
/// Tables that wait to be read.
const MOST_TABLES: usize = 256;

/// What happened how often.
#[derive(Debug, Default)]
pub struct PredictionCounts {
    /// Messages with entries.
    pub messages: AtomicU64,
    /// Messages that could not be read to their end.
    pub malformed: AtomicU64,
    /// Transactions with a swap in a known pool that were predicted.
    pub transactions: AtomicU64,
    /// Transactions that will fail, by what is known of the pools.
    pub failing: AtomicU64,
    /// Transactions on venues that are not predicted, or in forms that are not read.
    pub other_venue: AtomicU64,
    /// Transactions whose accounts stand in lookup tables that were not known.
    pub unresolved: AtomicU64,
    /// Transactions of which the direction could not be told.
    pub direction: AtomicU64,
    /// Transactions that were told when they may have been executed.
    pub late: AtomicU64,
    /// Transactions through pools that may differ from the chain.
    pub stale: AtomicU64,
    /// Pools that were predicted, once for each transaction.
    pub predictions: AtomicU64,
    /// Of those, that came true.
    pub came_true: AtomicU64,
    /// That the truth went against.
    pub differed: AtomicU64,
    /// Whose slot passed without them, or that were forgotten with a gap.
    pub expired: AtomicU64,
    /// Plans that were dropped with their prediction.
    pub invalidated: AtomicU64,
    /// Messages that were passed over because too much waited.
    pub passed_over: AtomicU64,
}

impl PredictionCounts {
    /// Adds so many.
    pub(super) fn add(count: &AtomicU64, more: usize) {
        count.fetch_add(more as u64, Ordering::Relaxed);
    }

    /// For a log line.
    #[must_use]
    pub fn told(&self) -> Value {
        let number = |count: &AtomicU64| count.load(Ordering::Relaxed);
        json!({
            "messages": number(&self.messages),
            "malformed": number(&self.malformed),
            "transactions": number(&self.transactions),
            "failing": number(&self.failing),
            "left_out": {
                "other_venue": number(&self.other_venue),
                "unresolved": number(&self.unresolved),
                "direction": number(&self.direction),
                "late": number(&self.late),
                "stale": number(&self.stale),
                "passed_over": number(&self.passed_over),
            },
            "predictions": number(&self.predictions),
            "came_true": number(&self.came_true),
            "differed": number(&self.differed),
            "expired": number(&self.expired),
            "invalidated": number(&self.invalidated),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    Entries(u64),
    Pool(ChainAddress),
    Settled,
    Anew,
    Table(Key),
    Plan(String),
}

/// A piece of work.
#[derive(Debug)]
pub(super) enum Work {
    /// Transactions on their way into a slot.
    Entries {
        /// Which.
        slot: u64,
        /// As they were told.
        bytes: Vec<u8>,
        /// When.
        told_at: Instant,
    },
    /// A pool stands otherwise than before, on the chain.
    Pool {
        /// Which.
        pool: ChainAddress,
        /// When the feed's message came that says so.
        told_at: Instant,
    },
    /// Everything up to this slot was told and applied.
    Settled(u64),
    /// Anything may have changed.
    Anew,
    /// A lookup table was read; None for one that cannot be.
    Table(Key, Option<Vec<Key>>),
    /// A plan upon predictions.
    Planned(Box<(Opportunity, Trade)>),
}

/// The desk. Shared by reference; nothing is taken while it is not open.
#[derive(Debug)]
pub struct ShredDesk {
    is_open: AtomicBool,
    work: FreshQueue<Name, Work>,
    next: AtomicU64,
    settled_slot: AtomicU64,
    /// Whether anything was dropped since everything was last predicted anew.
    has_overflowed: AtomicBool,
    /// How much was taken out since.
    taken: AtomicUsize,
    predicted: RwLock<Inventory>,
    /// Plans that wait for their prediction while they are held.
    pub awaited: Awaited,
    wanted: Mutex<VecDeque<Key>>,
    /// What happened how often.
    pub counts: PredictionCounts,
}

impl Default for ShredDesk {
    fn default() -> Self {
        Self {
            is_open: AtomicBool::new(false),
            work: FreshQueue::new(MOST_WAITING),
            next: AtomicU64::new(0),
            settled_slot: AtomicU64::new(0),
            has_overflowed: AtomicBool::new(false),
            taken: AtomicUsize::new(MOST_WAITING),
            predicted: RwLock::default(),
            awaited: Awaited::default(),
            wanted: Mutex::default(),
            counts: PredictionCounts::default(),
        }
    }
}

impl ShredDesk {
    /// Takes work from now on.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }

    /// Takes no more.
    pub fn close(&self) {
        self.work.close();
    }

    /// Transactions were told that are on their way into a slot.
    pub fn entries(&self, slot: u64, bytes: Vec<u8>) {
        let told_at = Instant::now();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let work = Work::Entries {
            slot,
            bytes,
            told_at,
        };
        self.push(Name::Entries(number), work);
    }

    /// These pools stand otherwise than before, on the chain.
    pub fn truth(&self, pools: &[ChainAddress], told_at: Instant) {
        if !self.is_open.load(Ordering::Acquire) {
            return;
        }
        for pool in pools {
            let work = Work::Pool {
                pool: *pool,
                told_at,
            };
            self.push(Name::Pool(*pool), work);
        }
    }

    /// Everything up to this slot was told and applied.
    pub fn settled(&self, slot: u64) {
        if self.settled_slot.fetch_max(slot, Ordering::AcqRel) < slot {
            self.push(Name::Settled, Work::Settled(slot));
        }
    }

    /// Anything may have changed.
    pub fn anew(&self) {
        self.push(Name::Anew, Work::Anew);
    }

    /// A lookup table was read; None for one that cannot be.
    pub fn table(&self, table: Key, keys: Option<Vec<Key>>) {
        self.push(Name::Table(table), Work::Table(table, keys));
    }

    /// A plan upon predictions: sent now or kept, as the parameters say.
    pub fn planned(&self, opportunity: Opportunity, trade: Trade) {
        let name = Name::Plan(opportunity.id.clone());
        self.push(name, Work::Planned(Box::new((opportunity, trade))));
    }

    /// The pools with what is predicted of them, to look at.
    pub fn predicted(&self) -> RwLockReadGuard<'_, Inventory> {
        self.predicted
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The tables that somebody should read, each once.
    pub fn wanted_tables(&self) -> Vec<Key> {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.drain(..).collect()
    }

    pub(super) fn predicted_mut(&self) -> RwLockWriteGuard<'_, Inventory> {
        self.predicted
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn want_table(&self, table: Key) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.len() < MOST_TABLES && !wanted.contains(&table) {
            wanted.push_back(table);
        }
    }

    pub(super) fn pop(&self, patience: Duration) -> Option<Work> {
        loop {
            if self.is_due_anew() {
                return Some(Work::Anew);
            }
            let work = self.work.pop(patience)?;
            self.taken.fetch_add(1, Ordering::Relaxed);
            let is_entries = matches!(work, Work::Entries { .. });
            if is_entries && self.has_overflowed.load(Ordering::Acquire) {
                PredictionCounts::add(&self.counts.passed_over, 1);
                continue;
            }
            return Some(work);
        }
    }

    /// What was dropped may have been what a prediction stood on. To begin anew costs more than any other work: where more
    /// comes meanwhile than the queue holds, that much is worked off before, and nothing is predicted upon it.
    fn is_due_anew(&self) -> bool {
        let is_due = self.has_overflowed.load(Ordering::Acquire)
            && (self.taken.load(Ordering::Relaxed) >= MOST_WAITING || self.work.is_empty());
        if is_due {
            self.has_overflowed.store(false, Ordering::Release);
            self.taken.store(0, Ordering::Relaxed);
        }
        is_due
    }

    pub(super) fn is_finished(&self) -> bool {
        self.work.is_finished()
    }

    fn push(&self, name: Name, work: Work) {
        if !self.is_open.load(Ordering::Acquire) {
            return;
        }
        if let Pushed::Overflowed(..) = self.work.push(name, work) {
            self.has_overflowed.store(true, Ordering::Release);
        }
    }
}
