//! Reads from the chain what the feed has missed.
//!
//! A reading counts when the node that gave it had come at least as far as the feed: an older one could miss what the
//! feed told before, and what happened between the two.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tradewind_core::ChainAddress;

use super::Intake;
use super::missing::{Missing, Scope};
use crate::fault::EngineFault;
use crate::feed::{AccountUpdate, Feed, Moment};
use crate::inventory::{AccountReader, CLOCK, LeftOut, LoadedPool, Loading, load};
use crate::pipeline::{Changed, Shared};

/// Between two attempts to read the chain.
const REPAIR_PAUSE: Duration = Duration::from_millis(100);

/// A reading that is under way.
#[derive(Debug)]
pub(super) struct Reading {
    of: Missing,
    /// Told since it began.
    pub(super) meanwhile: HashMap<ChainAddress, AccountUpdate>,
}

impl<R: AccountReader + 'static> Intake<R> {
    /// These pools are stale until they have been read; a reading of them that began before does not count.
    pub(super) fn missed(&mut self, what: Missing, reason: &str) {
        if what.is_nothing() {
            return;
        }
        let mut inventory = self.shared.inventory_mut();
        let pools = match &what.scope {
            Scope::All => {
                inventory.set_all_stale();
                self.pools.len()
            }
            Scope::Pools(pools) => {
                for pool in pools {
                    if let Some(id) = inventory.graph().pool_id(*pool) {
                        inventory.set_stale(id);
                    }
                }
                pools.len()
            }
        };
        drop(inventory);
        self.predict_anew(&what.scope);
        match &what.scope {
            Scope::All => {
                self.record_stale(None);
                self.shared.misses.tell(None);
            }
            Scope::Pools(pools) => {
                let pools: Vec<_> = pools.iter().copied().collect();
                self.record_stale(Some(&pools));
                self.shared.misses.tell(Some(&pools));
            }
        }
        let fields = json!({"reason": reason, "pools": pools});
        self.shared
            .log
            .info("pools_stale", "pools are to be read from the chain", fields);
        self.missing.add(what);
        self.read_missing();
    }

    /// What is predicted of these pools counts no more.
    fn predict_anew(&self, scope: &Scope) {
        match scope {
            Scope::All => self.shared.shreds.anew(),
            Scope::Pools(pools) => {
                let pools: Vec<_> = pools.iter().copied().collect();
                self.shared.shreds.truth(&pools, Instant::now());
            }
        }
    }

    /// What is read from any of these accounts.
    pub(super) fn readers_of(&self, accounts: &[ChainAddress]) -> Missing {
        let inventory = self.shared.inventory();
        let ids = accounts.iter().flat_map(|it| inventory.readers(*it));
        let pools = ids.filter_map(|id| inventory.graph().address_of(*id));
        let unpooled =
            |it: &ChainAddress| inventory.holding(*it).is_some() || inventory.loans().follows(*it);
        let holdings = accounts.iter().any(unpooled);
        Missing {
            holdings,
            ..Missing::pools(pools.collect())
        }
    }

    /// Begins to read what is missing, unless the feed is not heard or a reading is under way.
    pub(super) fn read_missing(&mut self) {
        if !self.is_heard || self.reading.is_some() || self.missing.is_nothing() {
            return;
        }
        let mut of = std::mem::take(&mut self.missing);
        of.from_slot = of.from_slot.max(self.order.newest_slot());
        let pools: Vec<_> = match &of.scope {
            Scope::All => self.pools.iter().copied().collect(),
            Scope::Pools(pools) => pools.iter().copied().collect(),
        };
        let fields = json!({"pools": pools.len(), "from_slot": of.from_slot});
        self.shared
            .log
            .info("pools_read", "the pools are read from the chain", fields);
        let (shared, reader) = (Arc::clone(&self.shared), Arc::clone(&self.reader));
        let (from_slot, done) = (of.from_slot, self.repaired.0.clone());
        self.reading = Some(Reading {
            of,
            meanwhile: HashMap::new(),
        });
        tokio::spawn(async move {
            if let Some(loading) = read_until(reader.as_ref(), &pools, from_slot, &shared).await {
                let _stopped = done.send(loading).await;
            }
        });
    }

    /// Puts what was read in place, unless it was missed again meanwhile.
    pub(super) fn take(&mut self, mut loading: Loading, feed: &mut dyn Feed) {
        let Some(reading) = self.reading.take() else {
            return;
        };
        // What was taken out while it was read stays out.
        self.leave(feed);
        loading
            .pools
            .retain(|pool| self.pools.contains(&pool.pool_address()));
        let loading = &loading;
        if self.missing.scope == Scope::All {
            self.read_missing();
            return;
        }
        self.record_loading(loading);
        self.read_to_slot = self.read_to_slot.max(loading.newest_slot());
        let mut refused = Vec::new();
        let mut inventory = self.shared.inventory_mut();
        // What was found and is no pool is not asked for again; what was one may be one again.
        for LeftOut { pool, .. } in &loading.left_out {
            if reading.of.scope != Scope::All && inventory.graph().pool_id(*pool).is_none() {
                self.pools.remove(pool);
            }
        }
        inventory.take(loading);
        for account in &loading.accounts {
            // Holdings are read with the pools, and belong to none.
            refused.extend(inventory.put_back(account).refused);
        }
        for update in reading.meanwhile.values() {
            refused.extend(inventory.apply(update).refused);
        }
        for pool in refused
            .iter()
            .filter_map(|(id, _)| inventory.graph().address_of(*id))
        {
            // Read again: what was told last may be understood.
            self.shared.joining.add(pool);
        }
        drop(inventory);
        self.follow(feed);
        let addresses: Vec<_> = loading.pools.iter().map(LoadedPool::pool_address).collect();
        self.doubt(&addresses);
        self.predict_anew(&match reading.of.scope {
            Scope::All => Scope::All,
            Scope::Pools(_) => Scope::Pools(addresses.iter().copied().collect()),
        });
        for LeftOut { pool, why, .. } in &loading.left_out {
            let fields = json!({"pool": pool.to_string(), "code": "pool_left_out"});
            self.shared.log.warning("pool_left_out", why, fields);
        }
        for (_, error) in refused {
            let message = format!("an account was not understood: {error}");
            self.shared
                .log
                .warning("pool_refused", &message, json!({"code": error.code()}));
        }
        self.scan(&addresses);
        self.scan_loans(loading);
        if reading.of.scope == Scope::All {
            self.ready.send_replace(true);
        }
        self.read_missing();
    }

    /// Pools with accounts that the feed may still miss writes of, or that were missed again, stay stale.
    fn doubt(&mut self, pools: &[ChainAddress]) {
        if self.unsure.is_empty() && self.missing.scope.is_empty() {
            return;
        }
        let mut doubted = Vec::new();
        let mut inventory = self.shared.inventory_mut();
        for pool in pools {
            let Some(id) = inventory.graph().pool_id(*pool) else {
                continue;
            };
            let accounts = inventory.accounts_of(id);
            let unsure = accounts.iter().any(|it| self.unsure.contains(it));
            if unsure || self.missing.scope.holds(*pool) {
                inventory.set_stale(id);
                doubted.push(*pool);
            }
        }
        drop(inventory);
        self.record_stale(Some(&doubted));
    }

    /// So may every loan.
    fn scan_loans(&self, loading: &Loading) {
        let Some(market) = self.shared.inventory().loans().market_address() else {
            return;
        };
        let now = Instant::now();
        let changed = Changed {
            pool: market,
            moment: Moment {
                slot: loading.newest_slot(),
                write_version: 0,
            },
            told_at: now,
            applied_at: now,
        };
        self.shared.changes.push(market, changed);
    }

    /// Every pool may stand otherwise than when it was scanned last.
    fn scan(&self, pools: &[ChainAddress]) {
        let now = Instant::now();
        for pool in pools {
            let inventory = self.shared.inventory();
            let id = inventory.graph().pool_id(*pool);
            if let Some(standing) = id.and_then(|id| inventory.standing(id)) {
                let changed = Changed {
                    pool: *pool,
                    moment: standing.moment,
                    told_at: now,
                    applied_at: now,
                };
                self.shared.tell_change(changed);
            }
        }
    }
}

/// Reads until it comes about; None when the engine stops before.
async fn read_until<R: AccountReader>(
    reader: &R,
    pools: &[ChainAddress],
    from_slot: u64,
    shared: &Shared,
) -> Option<Loading> {
    let mut is_told = false;
    while !shared.is_stopping() {
        match read_all(reader, pools, from_slot, shared).await {
            Ok(Some(loading)) => return Some(loading),
            Ok(None) if is_told => {}
            Ok(None) => {
                is_told = true;
                let message = "the node that is asked is behind the feed; it is asked again";
                let fields = json!({"code": "node_behind", "from_slot": from_slot});
                shared.log.info("pools_unread", message, fields);
            }
            Err(fault) => {
                let fields = json!({"code": fault.code()});
                shared
                    .log
                    .warning("pools_unread", &fault.to_string(), fields);
            }
        }
        tokio::time::sleep(REPAIR_PAUSE).await;
    }
    None
}

/// The pools and the wallet's holdings; None when a node has not come so far.
async fn read_all<R: AccountReader>(
    reader: &R,
    pools: &[ChainAddress],
    from_slot: u64,
    shared: &Shared,
) -> Result<Option<Loading>, EngineFault> {
    // One account first: of many pools a reading in vain is dear.
    let clock = reader.read(&[CLOCK]).await?;
    if clock.iter().flatten().any(|it| it.moment.slot < from_slot) {
        return Ok(None);
    }
    let mut loading = load(reader, pools).await?;
    // The loans, too: they are in no pool.
    let unpooled = {
        let inventory = shared.inventory();
        [inventory.holdings(), inventory.loans().accounts()].concat()
    };
    let read = reader.read(&unpooled).await?;
    loading.accounts.extend(read.into_iter().flatten());
    let mut slots = loading.accounts.iter().map(|it| it.moment.slot);
    Ok(slots.all(|slot| slot >= from_slot).then_some(loading))
}
