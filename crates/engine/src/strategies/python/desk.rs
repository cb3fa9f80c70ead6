//! `Desk`: what lies between the pipeline and the user's process: what it has to be told, newest first by pool, and what
//! it wished for.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tradewind_core::ChainAddress;

use super::allowance::Allowance;
use super::parameters::PythonParameters;
use super::wish::{Wish, told};
use crate::config::{EngineConfig, Mode, PythonProgram};
use crate::inventory::Inventory;
use crate::pipeline::{
    Candidate, Changed, FreshQueue, Hop, NotPlanned, Pushed, Seen, Shared, named,
};
use crate::strategies::Sight;

/// Pools and notices that wait for the child.
const WAITING: usize = 131_072;
/// Wishes whose end is still told with their tag.
const MOST_WISHED: usize = 1_024;
/// Lines about refused wishes that are kept each second.
const LINES_PER_S: u32 = 50;
/// Most wishes of one answer.
const MOST_WISHES: usize = 16;
/// Most pools of one update.
pub(super) const MOST_POOLS: usize = 128;
/// How long its thread waits before it looks whether it is over.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

/// Under what something waits: of two changes of one pool the newer one is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Pool(ChainAddress),
    Notice(u64),
}

/// What the child has to be told.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Changed(Changed),
    /// `on_fill` or `on_refusal`, as it is told.
    Notice(Value),
}

#[derive(Debug)]
struct Wished {
    opportunity_id: Option<String>,
    hops: Vec<Hop>,
    tag: Option<String>,
}

/// Shared by the scanner, the planner, and the thread that asks the child.
pub(super) struct Desk {
    pub shared: Arc<Shared>,
    pub program: PythonProgram,
    pub folder: PathBuf,
    /// Whether the engine waits for each answer, so that the same feed gives the same decisions.
    pub replays: bool,
    pub work: FreshQueue<Key, Work>,
    notices: AtomicU64,
    wished: Mutex<VecDeque<Wished>>,
    /// The pools that the child was told last as those that are traded on.
    sure: Mutex<BTreeSet<ChainAddress>>,
    lines: Mutex<Allowance>,
}

impl Desk {
    /// Hears what becomes of plans from now on.
    pub(super) fn open(
        shared: &Arc<Shared>,
        config: &EngineConfig,
        program: &PythonProgram,
    ) -> Arc<Self> {
        let desk = Arc::new(Self {
            shared: Arc::clone(shared),
            program: program.clone(),
            folder: config.folder.clone(),
            replays: config.mode == Mode::Replay,
            work: FreshQueue::new(WAITING),
            notices: AtomicU64::new(0),
            wished: Mutex::default(),
            sure: Mutex::default(),
            lines: Mutex::new(Allowance::new(LINES_PER_S)),
        });
        // Weak, as the events are the shared part's, which the desk holds.
        let weak = Arc::downgrade(&desk);
        shared.events.listen(move |event| {
            if event["type"] == "ExecutionResultEvent"
                && let Some(desk) = weak.upgrade()
            {
                desk.ended(&event["body"]);
            }
        });
        let weak = Arc::downgrade(&desk);
        shared.misses.listen(move |pools| {
            if let Some(desk) = weak.upgrade() {
                desk.missed(pools);
            }
        });
        desk
    }

    /// A pool stands otherwise than before.
    pub(super) fn changed(&self, inventory: &Inventory, pool: ChainAddress) {
        let id = inventory.graph().pool_id(pool);
        let Some(standing) = id.and_then(|id| inventory.standing(id)) else {
            return;
        };
        let now = Instant::now();
        let changed = Changed {
            pool,
            moment: standing.moment,
            told_at: now,
            applied_at: now,
        };
        self.put(Key::Pool(pool), Work::Changed(changed));
    }

    /// Pools are stale; None is all of them. What the child takes for sure among them is told again, as it is now.
    fn missed(&self, pools: Option<&[ChainAddress]>) {
        let sure = self.sure.lock().unwrap_or_else(PoisonError::into_inner);
        let missed: Vec<_> = match pools {
            None => sure.iter().copied().collect(),
            Some(pools) => pools
                .iter()
                .copied()
                .filter(|it| sure.contains(it))
                .collect(),
        };
        drop(sure);
        let inventory = self.shared.inventory();
        for pool in missed {
            self.changed(&inventory, pool);
        }
    }

    /// The child knows nothing yet: every pool is told.
    pub(super) fn tell_all(&self) {
        let inventory = self.shared.inventory();
        for pool in inventory.graph().addresses() {
            self.changed(&inventory, pool);
        }
    }

    /// The pools that changed and wait next, up to a bound, beginning with this one.
    pub(super) fn batch(&self, first: Changed) -> (Vec<Changed>, Option<Work>) {
        let mut batch = vec![first];
        while batch.len() < MOST_POOLS {
            match self.work.pop(Duration::ZERO) {
                Some(Work::Changed(changed)) => batch.push(changed),
                other => return (batch, other),
            }
        }
        (batch, None)
    }

    /// `update`, of pools as they are now.
    pub(super) fn update(&self, inventory: &Inventory, changes: &[Changed]) -> Value {
        let mut sure = self.sure.lock().unwrap_or_else(PoisonError::into_inner);
        let pools = changes.iter().filter_map(|changed| {
            let id = inventory.graph().pool_id(changed.pool)?;
            let standing = inventory.standing(id)?;
            let is_sure = !standing.stale && !inventory.is_torn(id);
            if is_sure {
                sure.insert(changed.pool);
            } else {
                sure.remove(&changed.pool);
            }
            Some(json!({
                "address": changed.pool.to_string(),
                "slot": standing.moment.slot,
                "tradeable": is_sure,
                "state": serde_json::to_value(inventory.graph().at(id)?.state()).ok()?,
            }))
        });
        let pools: Vec<_> = pools.collect();
        drop(sure);
        let in_force = self.shared.in_force.now();
        let mints = PythonParameters::read(&in_force.parameters).map(|it| it.mints);
        let held = mints.unwrap_or_default().into_iter().filter_map(|mint| {
            let account = inventory.token_account(inventory.wallet()?, mint)?;
            let holding = inventory.holding(account)?;
            Some((mint.to_string(), holding.amount_raw.to_string().into()))
        });
        let slot = changes.iter().map(|changed| changed.moment.slot).max();
        json!({
            "kind": "update",
            "slot": slot,
            "at_ms": self.shared.clock.now_ms(),
            "pools": pools,
            "held": held.collect::<serde_json::Map<_, _>>(),
        })
    }

    /// What an answer wishes for, as far as it can be taken; the others are told as refused.
    pub(super) fn wishes(&self, inventory: &Inventory, wishes: Vec<Value>) -> Vec<Candidate> {
        let in_force = self.shared.in_force.now();
        let sight = Sight {
            inventory,
            in_force: &in_force,
        };
        let mut taken = Vec::new();
        for (place, value) in wishes.into_iter().enumerate() {
            let tag = value["tag"].as_str().map(str::to_owned);
            if place >= MOST_WISHES {
                let why = format!("an answer takes {MOST_WISHES} wishes");
                self.refuse("too_many_wishes", &why, tag.as_deref(), &Value::Null);
                continue;
            }
            let hops = value["hops"].clone();
            match Wish::read(value, sight) {
                Ok(wish) => {
                    self.remember(&wish);
                    taken.push(wish.candidate);
                }
                Err(fault) => self.refuse(fault.code(), &fault.to_string(), tag.as_deref(), &hops),
            }
        }
        taken
    }

    /// Hands candidates to the planner.
    pub(super) fn hand_over(&self, changed: Changed, candidates: Vec<Candidate>) {
        let found_at = Instant::now();
        for candidate in candidates {
            let opportunity = named(&self.shared, (changed, Seen::Executed), candidate, found_at);
            let way = opportunity.candidate.hops.clone();
            let mut wished = self.wished();
            let newest = wished.iter_mut().rev().find(|it| it.hops == way);
            if let Some(newest) = newest {
                newest.opportunity_id = Some(opportunity.id.clone());
            }
            drop(wished);
            self.shared.opportunities.push(way, opportunity);
        }
    }

    /// The planner decided against a wish.
    pub(super) fn not_planned(&self, candidate: &Candidate, why: &NotPlanned) {
        let tag = {
            let wished = self.wished();
            let of_it = wished.iter().rev().find(|it| it.hops == candidate.hops);
            of_it.and_then(|it| it.tag.clone())
        };
        let hops = told(&candidate.hops);
        self.refuse(why.code(), &why.to_string(), tag.as_deref(), &hops);
    }

    fn refuse(&self, code: &str, why: &str, tag: Option<&str>, hops: &Value) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = lines.take();
        drop(lines);
        if let Some(suppressed) = taken {
            let fields =
                json!({"code": code, "tag": tag, "hops": hops, "suppressed_before": suppressed});
            self.shared.log.info("wish_refused", why, fields);
        }
        let notice =
            json!({"kind": "refusal", "code": code, "message": why, "tag": tag, "hops": hops});
        self.notice(notice);
    }

    /// A plan has ended, by what the event of it says.
    fn ended(&self, body: &Value) {
        // Nothing has ended, or nothing was to happen.
        if matches!(body["status"].as_str(), Some("timeout" | "simulated")) {
            return;
        }
        let (tag, hops) = {
            let wished = self.wished();
            let id = body["opportunityId"].as_str();
            let is_it =
                |it: &&Wished| it.opportunity_id.is_some() && it.opportunity_id.as_deref() == id;
            let of_it = wished.iter().rev().find(is_it);
            of_it.map_or((None, Vec::new()), |it| (it.tag.clone(), it.hops.clone()))
        };
        self.notice(json!({
            "kind": "fill",
            "plan_id": body["planId"],
            "succeeded": body["status"] == "success",
            "signature": body["signature"],
            "slot": body["blockSlot"],
            "hops": told(&hops),
            "tag": tag,
            "paid_raw": body["inputAmount"],
            "got_raw": body["outputAmount"],
            "gained_raw": body["actualProfit"],
            "cost_lamports": body["executionCost"],
            "locked_lamports": body["lockedLamports"],
            "error_code": body["errorCode"],
            "at_ms": body["timestamp"],
        }));
    }

    fn notice(&self, notice: Value) {
        let number = self.notices.fetch_add(1, Ordering::Relaxed);
        self.put(Key::Notice(number), Work::Notice(notice));
    }

    fn put(&self, key: Key, work: Work) {
        if let Pushed::Overflowed(_, Work::Notice(lost)) = self.work.push(key, work) {
            let message = "the strategy is too slow: what it was to be told is dropped";
            self.shared.log.warning("notice_dropped", message, lost);
        }
    }

    fn remember(&self, wish: &Wish) {
        let mut wished = self.wished();
        if wished.len() == MOST_WISHED {
            wished.pop_front();
        }
        wished.push_back(Wished {
            opportunity_id: None,
            hops: wish.candidate.hops.clone(),
            tag: wish.tag.clone(),
        });
    }

    fn wished(&self) -> MutexGuard<'_, VecDeque<Wished>> {
        self.wished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
