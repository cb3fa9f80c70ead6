use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use tradewind_core::pools::{Pool, PoolMath as _, PoolState};

use super::super::desk::PredictionCounts;
use super::super::recorded::{Recorded, named, state, table};
use super::*;
use crate::clock::Clock;
use crate::config::{EngineConfig, InForce};
use crate::events::Events;
use crate::inventory::LoadedPool;
use crate::log::Log;
use crate::pipeline::{Candidate, Hop, Opportunity, Purpose, Trade, TradeHop};

#[path = "deciding_tests.rs"]
mod deciding;

/// A stage beside an inventory with the pools of a case, all of slot 5.
struct Desk {
    stage: ShredStage,
    shared: Arc<Shared>,
    case: Recorded,
}

fn in_force(parameters: &Value) -> InForce {
    let config = json!({
        "version": 1, "strategy": "arb", "instance": "a", "folder": "f",
        "chain": {"chain_id": 101, "rpc": ["http://x"], "websocket": "ws://x", "genesis_hash": "1".repeat(32)},
        "feeds": {"kind": "websocket"}, "inventory": {"snapshot": "s"}, "mode": "paper", "executes": "engine",
        "limits": {}, "parameters": parameters,
    });
    InForce::new(
        EngineConfig::parse(&config.to_string())
            .expect("a configuration")
            .changeable,
    )
}

impl Desk {
    fn of(case: Recorded, on_prediction: &str) -> Self {
        let log = Log::new(Clock::System, std::io::sink());
        let parameters = json!({
            "bases": [{"mint": "So11111111111111111111111111111111111111112", "min_profit_raw": "1000"}],
            "on_prediction": on_prediction,
        });
        let shared = Arc::new(Shared::new(
            "a".to_owned(),
            case.inventory(5),
            in_force(&parameters),
            Clock::System,
            log,
            Events::nowhere(),
        ));
        shared.shreds.open();
        let arb = Strategy::named("arb").expect("arb");
        let mut stage = ShredStage::new(Arc::clone(&shared), arb);
        stage.take(Work::Anew);
        Self {
            stage,
            shared,
            case,
        }
    }

    fn entries(&mut self, slot: u64) {
        self.stage.take(Work::Entries {
            slot,
            bytes: self.case.entries.clone(),
            told_at: Instant::now(),
        });
    }

    /// The pool becomes this, on the chain.
    fn truth(&mut self, pool: &Pool, slot: u64) {
        self.shared.inventory_mut().add_loaded(LoadedPool {
            pool: pool.clone(),
            swap_accounts: None,
            moment: Moment {
                slot,
                write_version: 1,
            },
        });
        self.look_at(pool.address());
    }

    fn look_at(&mut self, pool: ChainAddress) {
        let told_at = Instant::now();
        self.stage.take(Work::Pool { pool, told_at });
    }

    fn pool(&self) -> ChainAddress {
        self.case.before[0].address()
    }

    fn predicted(&self) -> PoolState {
        let copy = self.shared.shreds.predicted();
        state(copy.graph().pool(self.pool()).expect("there"))
    }

    fn counted(&self, count: impl Fn(&PredictionCounts) -> &AtomicU64) -> u64 {
        count(&self.shared.shreds.counts).load(Ordering::Relaxed)
    }

    /// Predictions: made, came true, differed, expired.
    fn counts(&self) -> [u64; 4] {
        [
            self.counted(|it| &it.predictions),
            self.counted(|it| &it.came_true),
            self.counted(|it| &it.differed),
            self.counted(|it| &it.expired),
        ]
    }

    /// A plan through the pool, found in what is predicted.
    fn plan(&mut self) {
        let [mint_in, mint_out] = [0, 1].map(|place| self.case.before[0].tokens()[place]);
        let hop = Hop {
            pool: self.pool(),
            mint_in,
            mint_out,
        };
        let now = Instant::now();
        let opportunity = Opportunity {
            id: "one".to_owned(),
            moment: Moment::default(),
            seen: Seen::Predicted(6),
            told_at: now,
            found_at: now,
            found_at_ms: 1,
            candidate: Candidate {
                base: mint_in,
                amount_in_raw: 1,
                profit_raw: 1,
                hops: vec![hop],
                purpose: Purpose::Circle,
            },
        };
        let trade = Trade {
            purpose: Purpose::Circle,
            base: mint_in,
            mint_in,
            mint_out: mint_in,
            wallet: mint_in,
            hops: vec![TradeHop {
                hop,
                venue: "raydium_amm_v4",
                amount_in_raw: 1,
                amount_out_raw: 1,
                limit_out_raw: 1,
                accounts: Vec::new(),
            }],
            token_accounts: Vec::new(),
            instructions: Vec::new(),
            loan: None,
            may_make: Vec::new(),
            moves_native_sol: false,
            amount_in_raw: 1,
            amount_out_raw: 1,
            least_out_raw: 1,
            unit_limit: 1,
            unit_price_micro_lamports: 0,
            fee_lamports: 0,
            tip_lamports: 0,
            strategy_id: None,
        };
        self.stage
            .take(Work::Planned(Box::new((opportunity, trade))));
    }

    /// What came to the executor, by how it was seen.
    fn traded(&self) -> Vec<Seen> {
        let mut traded = Vec::new();
        while let Some((opportunity, _)) = self.shared.trades.pop(Duration::ZERO) {
            traded.push(opportunity.seen);
        }
        traded
    }
}

fn desk() -> Desk {
    Desk::of(named("amm v4, swap_base_in_v2"), "wait")
}

#[test]
fn an_entry_moves_the_copy_and_never_the_truth_and_the_truth_confirms_it() {
    let mut desk = desk();
    desk.entries(6);
    let (before, after) = (desk.case.before[0].clone(), desk.case.after[0].clone());
    assert_eq!(desk.predicted(), state(&after));
    let truth = desk.shared.inventory().graph().pool(desk.pool()).cloned();
    assert_eq!(state(&truth.expect("there")), state(&before));
    desk.truth(&after, 6);
    assert_eq!(desk.counts(), [1, 1, 0, 0]);
    assert_eq!(desk.predicted(), state(&after));
}

#[test]
fn a_truth_that_differs_takes_the_place_of_what_was_predicted() {
    let mut desk = desk();
    desk.entries(6);
    let other = named("amm v4, swap_base_out_v2").after.swap_remove(0);
    desk.truth(&other, 6);
    assert_eq!(desk.counts(), [1, 0, 1, 0]);
    assert_eq!(desk.predicted(), state(&other));
    desk.entries(6);
    assert_eq!(desk.counted(|it| &it.late), 1, "of a slot that is ahead");
    assert_eq!(desk.predicted(), state(&other));
}

#[test]
fn a_slot_that_passes_without_it_puts_the_pool_back() {
    let mut desk = desk();
    desk.entries(6);
    desk.stage.take(Work::Settled(5));
    assert_eq!(desk.counts(), [1, 0, 0, 0]);
    desk.stage.take(Work::Settled(6));
    assert_eq!(desk.counts(), [1, 0, 0, 1]);
    let before = state(&desk.case.before[0]);
    assert_eq!(desk.predicted(), before);
    desk.entries(6);
    assert_eq!(desk.counts(), [1, 0, 0, 1], "its slot is over");
}

#[test]
fn what_came_true_before_its_slot_was_over_is_not_dropped_with_it() {
    let mut desk = desk();
    desk.entries(6);
    let after = desk.case.after[0].clone();
    desk.shared.inventory_mut().add_loaded(LoadedPool {
        pool: after,
        swap_accounts: None,
        moment: Moment {
            slot: 6,
            write_version: 1,
        },
    });
    desk.stage.take(Work::Settled(6));
    assert_eq!(desk.counts(), [1, 1, 0, 0]);
}

#[test]
fn a_transaction_that_will_fail_predicts_nothing() {
    for name in [
        "amm v4, least output missed",
        "amm v4, most input missed",
        "two venues, of which one fails",
    ] {
        let mut desk = Desk::of(named(name), "wait");
        desk.entries(6);
        assert_eq!(desk.counts(), [0; 4], "{name}");
        assert_eq!(desk.counted(|it| &it.failing), 1);
        let before = state(&desk.case.before[0]);
        assert_eq!(desk.predicted(), before);
    }
}

#[test]
fn entries_of_slots_that_were_read_already_are_late() {
    let mut desk = desk();
    desk.entries(5);
    assert_eq!((desk.counts(), desk.counted(|it| &it.late)), ([0; 4], 1));
}

#[test]
fn a_pool_that_may_differ_from_the_chain_is_not_predicted() {
    let mut desk = desk();
    desk.shared.inventory_mut().set_all_stale();
    desk.stage.take(Work::Anew);
    desk.entries(6);
    assert_eq!((desk.counts(), desk.counted(|it| &it.stale)), ([0; 4], 1));
}

#[test]
fn a_pool_that_is_to_be_read_anew_forgets_its_predictions_and_begins_where_it_was_read() {
    let mut desk = desk();
    desk.entries(6);
    let id = desk.shared.inventory().graph().pool_id(desk.pool());
    desk.shared.inventory_mut().set_stale(id.expect("there"));
    desk.look_at(desk.pool());
    assert_eq!(desk.counts(), [1, 0, 0, 1]);
    desk.entries(7);
    assert_eq!(desk.counted(|it| &it.stale), 1);
    let before = desk.case.before[0].clone();
    desk.truth(&before, 7);
    desk.entries(7);
    assert_eq!(desk.counted(|it| &it.late), 1);
    desk.entries(8);
    assert_eq!(desk.counts(), [2, 0, 0, 1]);
}

#[test]
fn a_table_is_wanted_once_and_its_transactions_are_predicted_from_then_on() {
    let mut desk = Desk::of(named("two venues behind a lookup table"), "wait");
    desk.entries(6);
    desk.entries(6);
    assert_eq!(desk.counted(|it| &it.unresolved), 2);
    let (address, keys) = table();
    assert_eq!(desk.shared.shreds.wanted_tables(), [address]);
    desk.stage.take(Work::Table(address, None));
    desk.stage.take(Work::Table(address, Some(keys)));
    desk.entries(6);
    assert_eq!(desk.counts(), [2, 0, 0, 0], "both of its pools");
}

#[test]
fn a_gap_forgets_what_is_predicted() {
    let mut desk = desk();
    desk.entries(6);
    desk.plan();
    desk.stage.take(Work::Anew);
    assert_eq!(desk.counts(), [1, 0, 0, 1]);
    assert_eq!(desk.counted(|it| &it.invalidated), 1);
    let before = state(&desk.case.before[0]);
    assert_eq!(desk.predicted(), before);
}

#[test]
fn bytes_that_are_no_entries_are_counted() {
    let mut desk = desk();
    desk.case.entries.truncate(100);
    desk.entries(6);
    assert_eq!(desk.counted(|it| &it.malformed), 1);
    assert_eq!(desk.counts(), [0; 4]);
}

#[test]
fn work_that_overflowed_is_predicted_anew() {
    let desk = desk();
    for _ in 0..8_193 {
        desk.shared.shreds.entries(6, Vec::new());
    }
    let first = desk.shared.shreds.pop(Duration::ZERO);
    assert!(matches!(first, Some(Work::Anew)));
    let second = desk.shared.shreds.pop(Duration::ZERO);
    assert!(matches!(second, Some(Work::Entries { .. })));
}

#[test]
fn work_that_overflows_without_end_is_worked_off_and_nothing_is_predicted_upon_what_was_dropped() {
    let desk = desk();
    let shreds = &desk.shared.shreds;
    let flood = || (0..8_193).for_each(|_| shreds.entries(6, Vec::new()));
    flood();
    assert!(matches!(shreds.pop(Duration::ZERO), Some(Work::Anew)));
    shreds.settled(9);
    // As much again before anything could be taken out.
    flood();
    shreds.settled(10);
    let next = shreds.pop(Duration::ZERO);
    assert!(matches!(next, Some(Work::Settled(10))), "{next:?}");
    assert_eq!(desk.counted(|it| &it.passed_over), 8_191);
    assert!(matches!(shreds.pop(Duration::ZERO), Some(Work::Anew)));
    assert!(shreds.pop(Duration::ZERO).is_none());
    shreds.entries(6, Vec::new());
    let next = shreds.pop(Duration::ZERO);
    assert!(matches!(next, Some(Work::Entries { .. })));
}
