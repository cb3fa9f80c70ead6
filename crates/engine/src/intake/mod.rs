//! `Intake`: takes the feed to the pools: in order, with dead slots taken back, and every gap closed from the chain.
//!
//! Whatever the feed missed, the pools that it touches are stale until they have been read anew. What the feed told
//! meanwhile is kept, and counts where it is newer than what was read.
//!
//! - here: what each message does; - `missing`: what has to be read; - `repair`: reading it; - `writing`: the recording.

mod missing;
mod repair;
#[cfg(test)]
pub(crate) mod tests;
mod writing;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::{mpsc, watch};
use tradewind_core::ChainAddress;

use self::missing::Missing;
use self::repair::Reading;
use crate::feed::{
    AccountOrder, AccountUpdate, Feed, FeedEvent, ProgramFilter, Recorder, SlotStatus, Undone,
};
use crate::inventory::{AccountReader, Loading};
use crate::pipeline::{Incoming, Pushed, Shared};

/// The feed's end of the engine.
#[derive(Debug)]
pub struct Intake<R> {
    shared: Arc<Shared>,
    reader: Arc<R>,
    pools: BTreeSet<ChainAddress>,
    programs: Vec<ProgramFilter>,
    /// What the feed was asked to tell of by address.
    followed: HashSet<ChainAddress>,
    /// Of these, what it may still miss writes of.
    unsure: HashSet<ChainAddress>,
    order: AccountOrder,
    recorder: Option<Recorder>,
    /// Whether it tells anything since the last gap: before, a reading could be older than where the feed begins.
    is_heard: bool,
    reading: Option<Reading>,
    /// What is to be read after that.
    missing: Missing,
    /// The newest slot that anything was read at.
    read_to_slot: u64,
    repaired: (mpsc::Sender<Loading>, mpsc::Receiver<Loading>),
    ready: watch::Sender<bool>,
}

impl<R: AccountReader + 'static> Intake<R> {
    /// Of these pools. The other half turns true once every pool has been read behind a feed that runs.
    #[must_use]
    pub fn new(
        shared: Arc<Shared>,
        reader: Arc<R>,
        pools: Vec<ChainAddress>,
        recorder: Option<Recorder>,
    ) -> (Self, watch::Receiver<bool>) {
        let (ready, is_ready) = watch::channel(false);
        let intake = Self {
            shared,
            reader,
            pools: pools.into_iter().collect(),
            programs: Vec::new(),
            followed: HashSet::new(),
            unsure: HashSet::new(),
            order: AccountOrder::default(),
            recorder,
            is_heard: false,
            reading: None,
            missing: Missing::default(),
            read_to_slot: 0,
            repaired: mpsc::channel(1),
            ready,
        };
        (intake, is_ready)
    }

    /// Follows programs, too: what they write to accounts that nobody asked for goes to [`Shared::newcomers`].
    #[must_use]
    pub fn with_programs(mut self, programs: Vec<ProgramFilter>) -> Self {
        self.programs = programs;
        self
    }

    /// The whole work, until the engine stops or the feed ends for good.
    pub async fn run(mut self, mut feed: Box<dyn Feed>) {
        let shared = Arc::clone(&self.shared);
        feed.follow_programs(&self.programs);
        self.follow(feed.as_mut());
        while !shared.is_stopping() {
            self.leave(feed.as_mut());
            let silence = shared.in_force.now().limits.max_feed_silence_ms;
            let silence = Duration::from_millis(silence);
            tokio::select! {
                biased;
                Some(loading) = self.repaired.1.recv() => self.take(loading, feed.as_mut()),
                pools = shared.joining.next() => self.join(pools),
                told = tokio::time::timeout(silence, feed.next()) => match told {
                    Ok(Some(event)) => self.event(event),
                    Ok(None) => break,
                    Err(_) => {
                        let trouble = feed.trouble().unwrap_or("nobody knows why");
                        self.lose(&format!("the feed is silent: {trouble}"));
                    }
                },
            }
            let refused = feed.refused();
            shared.counts.refused.store(refused, Ordering::Relaxed);
        }
        if let Some(mut recorder) = self.recorder.take() {
            let _unwritten = recorder.flush();
        }
    }

    /// Asks the feed for every account of the pools that it was not asked for yet.
    fn follow(&mut self, feed: &mut dyn Feed) {
        let accounts = self.shared.inventory().accounts();
        let new: Vec<_> = accounts
            .into_iter()
            .filter(|account| self.followed.insert(*account))
            .collect();
        self.unsure.extend(&new);
        feed.follow(&new);
    }

    /// Lets go of pools that were taken out, and of accounts that nobody reads any more.
    fn leave(&mut self, feed: &mut dyn Feed) {
        let left = self.shared.joining.take_left();
        if left.is_empty() {
            return;
        }
        for pool in left.keys() {
            self.pools.remove(pool);
        }
        let inventory = self.shared.inventory();
        let accounts = left.into_values().flatten();
        let accounts: Vec<_> = accounts.filter(|it| !inventory.is_read(*it)).collect();
        drop(inventory);
        for account in &accounts {
            self.followed.remove(account);
            self.unsure.remove(account);
            self.order.leave(*account);
        }
        feed.unfollow(&accounts);
    }

    fn event(&mut self, event: FeedEvent) {
        self.record(&event);
        match event {
            FeedEvent::Gap { reason } => {
                self.unsure.clear();
                self.lose(&reason);
            }
            FeedEvent::Following { accounts } => self.joined(&accounts),
            FeedEvent::Slot { slot, status } => {
                self.slot(slot, status);
                self.hear();
            }
            FeedEvent::Account(update) => {
                if !self.followed.contains(&update.key) {
                    let told = (update.clone(), Instant::now());
                    self.shared.newcomers.push(update.key, told);
                } else if self.order.admit(&update) {
                    self.push(update, Vec::new());
                }
                self.hear();
            }
        }
    }

    /// Nothing that was known counts any more, until the feed tells again and the chain was read.
    fn lose(&mut self, reason: &str) {
        self.order.forget();
        self.is_heard = false;
        self.missed(Missing::all(), reason);
    }

    fn hear(&mut self) {
        if !self.is_heard {
            self.is_heard = true;
            self.read_missing();
        }
    }

    fn slot(&mut self, slot: u64, status: SlotStatus) {
        let undone = self.order.slot(slot, status);
        if status == SlotStatus::Processed {
            self.shared.settled_slot.fetch_max(slot, Ordering::AcqRel);
        }
        if status == SlotStatus::Dead {
            self.put_back(slot, undone);
        }
    }

    /// Gives an account to the pools, in the order of all that was told; where slots have died, instead of what they wrote.
    fn push(&mut self, update: AccountUpdate, dead_slots: Vec<u64>) {
        if let Some(reading) = self.reading.as_mut() {
            reading.meanwhile.insert(update.key, update.clone());
        }
        let key = update.key;
        let incoming = Incoming {
            update,
            told_at: Instant::now(),
            dead_slots,
        };
        // What waits is not applied yet: the dead write that it was to take back may stand.
        let inherit = |old: &Incoming, new: &mut Incoming| {
            new.dead_slots.extend(&old.dead_slots);
        };
        let pushed = self.shared.updates.push_over(key, incoming, inherit);
        // Without room the oldest was dropped, and what its pools are is not known any more.
        if let Pushed::Overflowed(dropped, _) = pushed {
            let what = self.readers_of(&[dropped]);
            self.missed(what, "the queue of updates was full");
        }
    }

    /// What a dead slot wrote did not happen.
    fn put_back(&mut self, slot: u64, undone: Undone) {
        // What was read at this slot or later may hold what it wrote.
        if slot <= self.read_to_slot {
            let what = Missing::all().not_before(slot.saturating_add(1));
            self.missed(what, "a slot died that the pools were read behind");
        }
        if undone == Undone::default() {
            return;
        }
        let fields = json!({"slot": slot, "restored": undone.restored.len(), "unknown": undone.unknown.len()});
        self.shared.log.warning(
            "slot_dead",
            "a slot died, and its writes are taken back",
            fields,
        );
        for update in undone.restored {
            self.push(update, vec![slot]);
        }
        if !undone.unknown.is_empty() {
            let what = self.readers_of(&undone.unknown);
            let what = what.not_before(slot.saturating_add(1));
            self.missed(what, "a slot died before which an account was not seen");
        }
    }

    /// Nothing more is missed of accounts that were followed while the feed ran: what they are can be read.
    fn joined(&mut self, accounts: &[ChainAddress]) {
        for account in accounts {
            self.unsure.remove(account);
        }
        let what = self.readers_of(accounts);
        self.missed(what, "accounts joined the feed");
    }

    /// Takes up pools that somebody found, or that could not take what was told of them.
    fn join(&mut self, pools: Vec<ChainAddress>) {
        self.pools.extend(&pools);
        let what = Missing::pools(pools.into_iter().collect());
        self.missed(what, "pools are taken up");
    }
}
