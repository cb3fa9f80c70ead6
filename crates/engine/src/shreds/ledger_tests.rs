use alloy_primitives::U256;
use tradewind_core::pools::{Exact, TokenPair};

use super::super::recorded::named;
use super::*;

const PAIR: TokenPair = TokenPair {
    input: 0,
    output: 1,
};

fn pool() -> Pool {
    named("amm v4, swap_base_in_v2").before.swap_remove(0)
}

/// The pool after so many swaps.
fn after(swaps: u64) -> Pool {
    let mut pool = pool();
    for amount_raw in 1..=swaps {
        pool.swap(PAIR, Exact::In, U256::from(amount_raw * 1_000_000))
            .expect("swapped");
    }
    pool
}

fn clock(slot: u64) -> ChainClock {
    ChainClock {
        slot,
        ..ChainClock::default()
    }
}

/// A row of predictions of these slots.
fn ledger(slots: &[u64]) -> Ledger {
    let mut ledger = Ledger::default();
    for (swaps, slot) in (1..).zip(slots) {
        assert!(ledger.predict(&pool(), after(swaps), *slot));
    }
    ledger
}

#[test]
fn the_truth_may_come_step_by_step_or_skip_some_and_the_clock_does_not_count() {
    let mut ledger = ledger(&[10, 10, 10]);
    let mut first = after(1);
    let _read = first.apply(PoolChange::Clock(clock(11)));
    assert_eq!(
        ledger.judge(&first, clock(11)),
        Verdict::CameTrue { count: 1, left: 2 }
    );
    assert_eq!(ledger.judge(&first, clock(12)), Verdict::Open);
    assert_eq!(
        ledger.judge(&after(3), clock(12)),
        Verdict::CameTrue { count: 2, left: 0 }
    );
    assert!(!ledger.waits(pool().address()));
}

#[test]
fn the_truth_as_it_was_before_says_nothing_and_another_one_ends_the_row() {
    let mut ledger = ledger(&[10, 10]);
    assert_eq!(ledger.judge(&pool(), clock(10)), Verdict::Open);
    let mut other = pool();
    let back = TokenPair {
        input: 1,
        output: 0,
    };
    other
        .swap(back, Exact::In, U256::from(5_000_000))
        .expect("swapped");
    assert_eq!(ledger.judge(&other, clock(10)), Verdict::Differed(2));
    assert!(!ledger.waits(pool().address()));
}

#[test]
fn what_a_slot_did_not_bring_is_dropped_when_it_is_over_with_all_that_stands_upon_it() {
    let address = pool().address();
    let mut ledger = ledger(&[10, 11]);
    assert!(ledger.settle(9).is_empty());
    assert_eq!(ledger.settle(10), [(address, 2)]);
    assert!(ledger.settle(11).is_empty());
    assert!(ledger.is_late(address, 11));
    assert!(!ledger.is_late(address, 12));
}

#[test]
fn a_slot_that_never_comes_is_waited_for_no_longer_than_the_limit() {
    let mut ledger = Ledger::default();
    assert!(ledger.settle(100).is_empty());
    assert!(ledger.predict(&pool(), after(1), u64::MAX));
    assert!(ledger.settle(100 + MOST_SLOTS - 1).is_empty());
    assert_eq!(ledger.settle(100 + MOST_SLOTS), [(pool().address(), 1)]);
}

#[test]
fn what_was_executed_unpredicted_makes_entries_of_its_slot_late() {
    let mut ledger = Ledger::default();
    let address = pool().address();
    ledger.is_ahead(address, 20);
    ledger.is_ahead(address, 19);
    assert!(ledger.is_late(address, 20));
    assert!(!ledger.is_late(address, 21));
    assert_eq!(ledger.clear(), 0);
    assert!(!ledger.is_late(address, 20));
}

#[test]
fn a_row_is_bounded() {
    let mut ledger = ledger(&[10; MOST_WAITING]);
    assert!(!ledger.predict(&pool(), after(1), 10));
    assert_eq!(ledger.clear(), MOST_WAITING);
}
