//! `Intake`: takes the feed to the pools: in order, with dead slots taken back, and every gap closed from the chain.
//!
//! Whatever the feed missed, the pools are stale until they have been read anew. What the feed told meanwhile is kept,
//! and counts where it is newer than what was read.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::{mpsc, watch};
use tradewind_core::ChainAddress;

use crate::feed::{AccountOrder, AccountUpdate, Feed, FeedEvent, Recorder, SlotStatus, Undone};
use crate::inventory::{AccountReader, LoadedPool, Loading, load};
use crate::pipeline::{Pushed, Shared, tell_applied};

/// Between two attempts to read the chain.
const REPAIR_PAUSE: Duration = Duration::from_millis(250);

/// The feed's end of the engine.
#[derive(Debug)]
pub struct Intake<R> {
    shared: Arc<Shared>,
    reader: Arc<R>,
    pools: Vec<ChainAddress>,
    order: AccountOrder,
    recorder: Option<Recorder>,
    /// Told since the reading that is under way began; none is under way without it.
    meanwhile: Option<HashMap<ChainAddress, AccountUpdate>>,
    /// Something was missed since that reading began.
    again: bool,
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
            pools,
            order: AccountOrder::default(),
            recorder,
            meanwhile: None,
            again: false,
            repaired: mpsc::channel(1),
            ready,
        };
        (intake, is_ready)
    }

    /// The whole work, until the engine stops or the feed ends for good.
    pub async fn run(mut self, mut feed: Box<dyn Feed>) {
        feed.follow(&self.shared.inventory().accounts());
        while !self.shared.is_stopping() {
            let silence = self.shared.in_force.now().limits.max_feed_silence_ms;
            let silence = Duration::from_millis(silence);
            tokio::select! {
                biased;
                Some(loading) = self.repaired.1.recv() => self.take(&loading, feed.as_mut()),
                told = tokio::time::timeout(silence, feed.next()) => match told {
                    Ok(Some(event)) => self.event(event),
                    Ok(None) => break,
                    Err(_) => self.missed("the feed is silent"),
                },
            }
        }
        if let Some(mut recorder) = self.recorder.take() {
            let _unwritten = recorder.flush();
        }
    }

    fn event(&mut self, event: FeedEvent) {
        self.record(&event);
        match event {
            FeedEvent::Gap { reason } => {
                self.order.forget();
                self.missed(&reason);
            }
            FeedEvent::Slot { slot, status } => {
                let undone = self.order.slot(slot, status);
                if status == SlotStatus::Processed {
                    self.shared.settled_slot.fetch_max(slot, Ordering::AcqRel);
                }
                if status == SlotStatus::Dead {
                    self.put_back(slot, undone);
                }
            }
            FeedEvent::Account(update) => {
                if self.order.admit(&update) {
                    self.push(update);
                }
            }
        }
    }

    fn push(&mut self, update: AccountUpdate) {
        if let Some(meanwhile) = self.meanwhile.as_mut() {
            meanwhile.insert(update.key, update.clone());
        }
        // Without room the oldest was dropped, and what its pools are is not known any more.
        if let Pushed::Overflowed(..) = self
            .shared
            .updates
            .push(update.key, (update, Instant::now()))
        {
            self.missed("the queue of updates was full");
        }
    }

    /// What a dead slot wrote did not happen.
    fn put_back(&mut self, slot: u64, undone: Undone) {
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
            if let Some(meanwhile) = self.meanwhile.as_mut() {
                meanwhile.insert(update.key, update.clone());
            }
            let mut inventory = self.shared.inventory_mut();
            let applied = inventory.put_back(&update);
            tell_applied(
                &self.shared,
                inventory,
                applied,
                update.moment,
                Instant::now(),
            );
        }
        if !undone.unknown.is_empty() {
            self.missed("a slot died before which an account was not seen");
        }
    }

    /// All pools are stale until they have been read; a reading that began before does not count.
    fn missed(&mut self, reason: &str) {
        self.shared.inventory_mut().set_all_stale();
        self.again = self.meanwhile.is_some();
        if self.again {
            return;
        }
        let fields = json!({"reason": reason, "pools": self.pools.len()});
        self.shared
            .log
            .info("pools_read", "the pools are read from the chain", fields);
        self.read();
    }

    fn read(&mut self) {
        self.meanwhile = Some(HashMap::new());
        let (shared, reader) = (Arc::clone(&self.shared), Arc::clone(&self.reader));
        let (pools, done) = (self.pools.clone(), self.repaired.0.clone());
        tokio::spawn(async move {
            while !shared.is_stopping() {
                match read_all(reader.as_ref(), &pools, &shared).await {
                    Ok(loading) => {
                        let _stopped = done.send(loading).await;
                        return;
                    }
                    Err(fault) => {
                        let fields = json!({"code": fault.code()});
                        shared
                            .log
                            .warning("pools_unread", &fault.to_string(), fields);
                        tokio::time::sleep(REPAIR_PAUSE).await;
                    }
                }
            }
        });
    }

    fn take(&mut self, loading: &Loading, feed: &mut dyn Feed) {
        let meanwhile = self.meanwhile.take().unwrap_or_default();
        if std::mem::take(&mut self.again) {
            self.read();
            return;
        }
        self.record_loading(loading);
        let mut refused = Vec::new();
        let mut inventory = self.shared.inventory_mut();
        inventory.take(loading);
        for account in &loading.accounts {
            // Holdings are read with the pools, and belong to none.
            refused.extend(inventory.put_back(account).refused);
        }
        for update in meanwhile.values() {
            refused.extend(inventory.apply(update).refused);
        }
        let accounts = inventory.accounts();
        let addresses: Vec<_> = loading.pools.iter().map(LoadedPool::pool_address).collect();
        drop(inventory);
        feed.follow(&accounts);
        for (pool, reason) in &loading.left_out {
            let fields = json!({"pool": pool.to_string(), "code": "pool_left_out"});
            self.shared.log.warning("pool_left_out", reason, fields);
        }
        for (_, error) in refused {
            let message = format!("an account was not understood: {error}");
            self.shared
                .log
                .warning("pool_refused", &message, json!({"code": error.code()}));
        }
        self.scan(&addresses);
        self.ready.send_replace(true);
    }

    /// Every pool may stand otherwise than when it was scanned last.
    fn scan(&self, pools: &[ChainAddress]) {
        let now = Instant::now();
        for pool in pools {
            let inventory = self.shared.inventory();
            let id = inventory.graph().pool_id(*pool);
            if let Some(standing) = id.and_then(|id| inventory.standing(id)) {
                let changed = crate::pipeline::Changed {
                    pool: *pool,
                    moment: standing.moment,
                    told_at: now,
                    applied_at: now,
                };
                self.shared.tell_change(changed);
            }
        }
    }

    fn record(&mut self, event: &FeedEvent) {
        let at_ns = self.shared.clock.now_ns();
        if let Some(recorder) = self.recorder.as_mut()
            && let Err(error) = recorder.event(at_ns, event)
        {
            self.unrecorded(&error);
        }
    }

    fn record_loading(&mut self, loading: &Loading) {
        let at_ns = self.shared.clock.now_ns();
        let Some(recorder) = self.recorder.as_mut() else {
            return;
        };
        let accounts = loading.accounts.iter().cloned().map(FeedEvent::Account);
        let mut written = Ok(());
        for event in accounts {
            written = written.and_then(|()| recorder.event(at_ns, &event));
        }
        let pools: Vec<_> = loading.pools.iter().map(LoadedPool::pool_address).collect();
        written = written
            .and_then(|()| recorder.loaded(at_ns, &pools))
            .and_then(|()| recorder.flush());
        if let Err(error) = written {
            self.unrecorded(&error);
        }
    }

    fn unrecorded(&mut self, error: &std::io::Error) {
        let message = format!("the recording ends here: {error}; make room on its disk");
        self.shared
            .log
            .error("unrecorded", &message, json!({"code": "unrecorded"}));
        self.recorder = None;
    }
}

/// The pools and the wallet's holdings.
async fn read_all<R: AccountReader>(
    reader: &R,
    pools: &[ChainAddress],
    shared: &Shared,
) -> Result<Loading, crate::fault::EngineFault> {
    let mut loading = load(reader, pools).await?;
    let holdings = shared.inventory().holdings();
    let read = reader.read(&holdings).await?;
    loading.accounts.extend(read.into_iter().flatten());
    Ok(loading)
}
