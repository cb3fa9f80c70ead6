//! Replays a recorded feed: one message after the other, each to its decision, by the recording's own clock. The same
//! recording gives the same events, byte for byte.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use tradewind_core::ChainAddress;

use crate::fault::{Ending, EngineFault};
use crate::feed::{
    AccountOrder, AccountUpdate, FeedEvent, Moment, Recorded, Recording, RecordingFault, SlotStatus,
};
use crate::inventory::{AccountReader, CLOCK, Loading, decode_clock, load};
use crate::pipeline::{Changed, Counts, Desk, Executor, Shared, plan_opportunity, scan_change};
use crate::strategies::{Planner, Scanner, Workers};

/// The accounts of a recording, as they were told last.
#[derive(Debug, Default)]
struct Told(HashMap<ChainAddress, AccountUpdate>);

impl AccountReader for Told {
    async fn read(&self, keys: &[ChainAddress]) -> Result<Vec<Option<AccountUpdate>>, EngineFault> {
        Ok(keys.iter().map(|key| self.0.get(key).cloned()).collect())
    }
}

/// Replays the whole file.
///
/// # Errors
/// `recording_unreadable`; `recording_foreign` when it is of another network.
pub async fn replay(
    shared: Arc<Shared>,
    (kind, workers): (&'static str, Workers),
    path: &Path,
    genesis_hash: &str,
) -> Result<(), EngineFault> {
    let mut recording = Recording::open(path).map_err(|fault| unreadable(&fault))?;
    if recording.genesis_hash() != genesis_hash {
        let message =
            "recording: is of another network than chain.genesis_hash; name the right one";
        return Err(EngineFault::new(
            Ending::BadConfiguration,
            "recording_foreign",
            message,
        ));
    }
    let desk = Desk {
        kind,
        carried_out_by: "engine",
        ..Desk::default()
    };
    let mut replaying = Replaying {
        executor: Executor::new(Arc::clone(&shared), desk, None),
        scanner: workers.scanner,
        planner: workers.planner,
        order: AccountOrder::default(),
        told: Told::default(),
        shared,
    };
    while let Some((at_ns, line)) = recording.next_line().map_err(|fault| unreadable(&fault))? {
        replaying.shared.clock.set(at_ns);
        match line {
            Recorded::Event(event) => replaying.event(event),
            Recorded::Stocked(stock) => replaying.shared.inventory_mut().restock(&stock),
            Recorded::Loaded(pools) => replaying.load(&pools).await?,
            Recorded::Stale(pools) => replaying.stale(pools.as_deref()),
        }
        if replaying.shared.is_stopping() {
            break;
        }
    }
    Ok(())
}

struct Replaying {
    shared: Arc<Shared>,
    executor: Executor,
    scanner: Box<dyn Scanner>,
    planner: Box<dyn Planner>,
    order: AccountOrder,
    told: Told,
}

impl Replaying {
    fn event(&mut self, event: FeedEvent) {
        match event {
            FeedEvent::Account(update) => {
                let admitted = self.order.admit(&update);
                let newer = |known: &AccountUpdate| known.moment < update.moment;
                if self.told.0.get(&update.key).is_none_or(newer) {
                    self.told.0.insert(update.key, update.clone());
                }
                if admitted {
                    self.account(&update, false);
                }
            }
            FeedEvent::Gap { .. } => {
                self.order.forget();
                self.stale(None);
            }
            FeedEvent::Following { .. } => {}
            FeedEvent::Slot { slot, status } => {
                let undone = self.order.slot(slot, status);
                if status == SlotStatus::Processed {
                    self.settle(slot);
                }
                if status != SlotStatus::Dead {
                    return;
                }
                for update in undone.restored {
                    self.told.0.insert(update.key, update.clone());
                    self.account(&update, true);
                }
            }
        }
    }

    fn stale(&self, pools: Option<&[ChainAddress]>) {
        let mut inventory = self.shared.inventory_mut();
        match pools {
            None => inventory.set_all_stale(),
            Some(pools) => {
                for pool in pools {
                    if let Some(id) = inventory.graph().pool_id(*pool) {
                        inventory.set_stale(id);
                    }
                }
            }
        }
        drop(inventory);
        self.shared.misses.tell(pools);
    }

    fn settle(&mut self, slot: u64) {
        let mut inventory = self.shared.inventory_mut();
        let whole = inventory.settle(slot);
        let pools = whole
            .iter()
            .filter_map(|id| inventory.graph().address_of(*id));
        let pools: Vec<_> = pools.collect();
        drop(inventory);
        for pool in pools {
            self.changed(Changed {
                pool,
                moment: Moment {
                    slot,
                    write_version: 0,
                },
                told_at: Instant::now(),
                applied_at: Instant::now(),
            });
        }
    }

    fn account(&mut self, update: &AccountUpdate, put_back: bool) {
        let told_at = Instant::now();
        let mut inventory = self.shared.inventory_mut();
        if update.key == CLOCK
            && !put_back
            && let Some(clock) = decode_clock(update)
        {
            inventory.set_clock(clock);
            return;
        }
        let applied = if put_back {
            inventory.put_back(update)
        } else {
            inventory.apply(update)
        };
        let pools: Vec<_> = applied
            .changed
            .iter()
            .filter(|id| !inventory.is_torn(**id))
            .filter_map(|id| inventory.graph().address_of(*id))
            .chain(applied.loans)
            .collect();
        drop(inventory);
        Counts::one(&self.shared.counts.updates);
        for pool in pools {
            self.changed(Changed {
                pool,
                moment: update.moment,
                told_at,
                applied_at: Instant::now(),
            });
        }
    }

    async fn load(&mut self, pools: &[ChainAddress]) -> Result<(), EngineFault> {
        let mut loading = load(&self.told, pools).await?;
        let unpooled = {
            let mut inventory = self.shared.inventory_mut();
            inventory.take(&loading);
            let mints: Vec<_> = loading.tokens.iter().map(|(mint, _)| *mint).collect();
            if let Some(wallet) = inventory.wallet() {
                inventory.trade_for(wallet, &mints);
            }
            [inventory.holdings(), inventory.loans().accounts()].concat()
        };
        loading
            .accounts
            .extend(self.told.read(&unpooled).await?.into_iter().flatten());
        for account in &loading.accounts {
            self.shared.inventory_mut().put_back(account);
        }
        for loaded in &loading.pools {
            self.changed(Changed {
                pool: loaded.pool_address(),
                moment: loaded.moment,
                told_at: Instant::now(),
                applied_at: Instant::now(),
            });
        }
        self.scan_loans(&loading);
        let fields = json!({"pools": loading.pools.len()});
        self.shared.log.info(
            "pools_read",
            "the pools are read from the recording",
            fields,
        );
        Ok(())
    }

    /// So may every loan.
    fn scan_loans(&mut self, loading: &Loading) {
        let Some(market) = self.shared.inventory().loans().market_address() else {
            return;
        };
        self.changed(Changed {
            pool: market,
            moment: Moment {
                slot: loading.newest_slot(),
                write_version: 0,
            },
            told_at: Instant::now(),
            applied_at: Instant::now(),
        });
    }

    fn changed(&mut self, changed: Changed) {
        for opportunity in scan_change(&self.shared, self.scanner.as_mut(), changed) {
            if let Some(trade) = plan_opportunity(&self.shared, self.planner.as_mut(), &opportunity)
            {
                self.executor.execute(&opportunity, &trade);
            }
        }
    }
}

fn unreadable(fault: &RecordingFault) -> EngineFault {
    EngineFault::new(
        Ending::BadConfiguration,
        "recording_unreadable",
        fault.to_string(),
    )
}
