use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const MINT: Key = Key([200; 32]);

fn key(number: u8) -> Key {
    Key([number; 32])
}

fn manager(count: u8, options: WalletOptions) -> WalletManager {
    let wallets: Vec<_> = (0..count).map(key).collect();
    let manager = WalletManager::new(&wallets, options).unwrap();
    for wallet in &wallets {
        manager.observe_lamports(wallet, 1_000_000_000, 10).unwrap();
    }
    manager
}

fn sol(lamports: u64) -> Requirement {
    Requirement {
        lamports,
        tokens: BTreeMap::new(),
    }
}

fn code<T: std::fmt::Debug>(refused: Result<T, Fault>) -> &'static str {
    refused.unwrap_err().code()
}

#[test]
fn wallets_take_turns() {
    let manager = manager(3, WalletOptions::default());
    let order: Vec<_> = (0..6)
        .map(|_| manager.reserve(&sol(1), None).unwrap().wallet)
        .collect();
    assert_eq!(order, [key(0), key(1), key(2), key(0), key(1), key(2)]);
}

#[test]
fn a_lamport_is_reserved_once_and_free_again_after_release() {
    let manager = manager(1, WalletOptions::default());
    let first = manager.reserve(&sol(600_000_000), None).unwrap();
    assert_eq!(
        code(manager.reserve(&sol(400_000_001), None)),
        "wallets_exhausted"
    );
    manager.release(first.id, false).unwrap();
    assert!(manager.reserve(&sol(1_000_000_000), None).is_ok());
    assert_eq!(
        code(manager.release(first.id, false)),
        "reservation_unknown"
    );
}

#[test]
fn tokens_are_reserved_like_lamports_and_none_are_there_unobserved() {
    let manager = manager(1, WalletOptions::default());
    let need = |amount| Requirement {
        lamports: 0,
        tokens: BTreeMap::from([(MINT, amount)]),
    };
    assert_eq!(code(manager.reserve(&need(1), None)), "wallets_exhausted");
    manager.observe_tokens(&key(0), &MINT, 10, 10).unwrap();
    manager.reserve(&need(7), None).unwrap();
    assert_eq!(code(manager.reserve(&need(4), None)), "wallets_exhausted");
    assert!(manager.reserve(&need(3), None).is_ok());
}

#[test]
fn what_landed_stays_taken_until_its_slot_is_observed() {
    let manager = manager(1, WalletOptions::default());
    let trade = manager.reserve(&sol(600_000_000), None).unwrap();
    manager.settle(trade.id, 20, true).unwrap();
    assert_eq!(
        code(manager.reserve(&sol(500_000_000), None)),
        "wallets_exhausted"
    );
    manager
        .observe_lamports(&key(0), 1_000_000_000, 19)
        .unwrap();
    assert_eq!(
        code(manager.reserve(&sol(500_000_000), None)),
        "wallets_exhausted"
    );
    manager.observe_lamports(&key(0), 400_000_000, 20).unwrap();
    assert_eq!(manager.states()[0].reserved_lamports, 0);
    assert!(manager.reserve(&sol(400_000_000), None).is_ok());
}

#[test]
fn a_balance_that_was_seen_before_the_settling_frees_at_once() {
    let manager = manager(1, WalletOptions::default());
    let trade = manager.reserve(&sol(600_000_000), None).unwrap();
    manager.observe_lamports(&key(0), 400_000_000, 20).unwrap();
    assert_eq!(manager.states()[0].reserved_lamports, 600_000_000);
    manager.settle(trade.id, 20, true).unwrap();
    assert!(manager.reserve(&sol(400_000_000), None).is_ok());
}

#[test]
fn an_older_balance_is_ignored() {
    let manager = manager(1, WalletOptions::default());
    assert!(!manager.observe_lamports(&key(0), 5, 9).unwrap());
    assert_eq!(manager.states()[0].lamports, Some(1_000_000_000));
}

#[test]
fn three_trades_at_once_five_errors_or_a_low_balance_rest_a_wallet() {
    let manager = manager(4, WalletOptions::default());
    for _ in 0..3 {
        manager.reserve(&sol(1), Some(&key(0))).unwrap();
    }
    for _ in 0..5 {
        let trade = manager.reserve(&sol(1), Some(&key(1))).unwrap();
        manager.settle(trade.id, 10, false).unwrap();
    }
    manager.observe_lamports(&key(2), 99_999_999, 11).unwrap();
    let stats = WalletStats {
        total: 4,
        healthy: 1,
        low_balance: 1,
        high_in_flight: 1,
        errored: 1,
    };
    assert_eq!(manager.stats(), stats);
    assert_eq!(
        code(manager.reserve(&sol(1), Some(&key(0)))),
        "no_healthy_wallet"
    );
    assert_eq!(manager.low_wallets()[0].wallet, key(2));
    for _ in 0..3 {
        assert_eq!(manager.reserve(&sol(1), None).unwrap().wallet, key(3));
    }
    assert_eq!(code(manager.reserve(&sol(1), None)), "no_healthy_wallet");
}

#[test]
fn a_success_forgives_and_so_does_a_clearing() {
    let manager = manager(
        1,
        WalletOptions {
            max_errors: 2,
            ..WalletOptions::default()
        },
    );
    let trade = |succeeded| {
        let trade = manager.reserve(&sol(1), None).unwrap();
        manager.settle(trade.id, 10, succeeded).unwrap();
    };
    trade(false);
    trade(true);
    trade(false);
    assert_eq!(manager.stats().errored, 0);
    let last = manager.reserve(&sol(1), None).unwrap();
    manager.release(last.id, true).unwrap();
    assert_eq!(manager.stats().errored, 1);
    manager.clear_errors(&key(0)).unwrap();
    assert_eq!(manager.stats().healthy, 1);
}

#[test]
fn wallets_that_nobody_observed_are_not_given_out() {
    let manager = WalletManager::new(&[key(1)], WalletOptions::default()).unwrap();
    assert_eq!(code(manager.reserve(&sol(0), None)), "no_healthy_wallet");
    assert_eq!(manager.states()[0].faults, [WalletFault::Unobserved]);
}

#[test]
fn nonsense_is_refused_by_name() {
    let options = WalletOptions::default();
    assert_eq!(code(WalletManager::new(&[], options)), "no_wallets");
    assert_eq!(
        code(WalletManager::new(&[key(1), key(1)], options)),
        "wallet_twice"
    );
    assert_eq!(
        code(WalletManager::new(
            &[key(1)],
            WalletOptions {
                max_in_flight: 0,
                ..options
            }
        )),
        "limit_malformed"
    );
    assert_eq!(
        code(manager(1, options).observe_lamports(&key(9), 1, 1)),
        "wallet_unknown"
    );
    let full = manager(
        2,
        WalletOptions {
            max_reservations: 1,
            ..options
        },
    );
    full.reserve(&sol(1), None).unwrap();
    assert_eq!(code(full.reserve(&sol(1), None)), "too_many_reservations");
}

#[test]
fn many_threads_never_reserve_more_than_there_is() {
    let manager = manager(
        4,
        WalletOptions {
            max_in_flight: 1_000,
            ..WalletOptions::default()
        },
    );
    let taken: usize = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..50)
                        .filter(|_| manager.reserve(&sol(100_000_000), None).is_ok())
                        .count()
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    assert_eq!(taken, 40);
}

#[derive(Debug, Clone)]
enum Step {
    Reserve(u64),
    Land(usize, u64),
    Settle(usize),
    Release(usize),
    Observe(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_u64..400_000_000).prop_map(Step::Reserve),
        (any::<usize>(), 0_u64..10).prop_map(|(which, late)| Step::Land(which, late)),
        any::<usize>().prop_map(Step::Settle),
        any::<usize>().prop_map(Step::Release),
        (0_u64..10).prop_map(Step::Observe),
    ]
}

proptest! {
    /// The chain is a model: a balance that falls when a trade lands, in a later slot than the one before. What is reserved
    /// for trades to come must be there at any time, however late landings and balances are told.
    #[test]
    fn reservations_never_pass_what_the_chain_has(steps in prop::collection::vec(step(), 1..200)) {
        let options = WalletOptions { max_in_flight: 1_000, low_balance_lamports: 0, ..WalletOptions::default() };
        let manager = manager(1, options);
        let mut history = vec![(10_u64, 1_000_000_000_u64)];
        let mut open: Vec<Reservation> = Vec::new();
        let mut landed: Vec<(Reservation, u64)> = Vec::new();
        for step in steps {
            let (slot, balance) = *history.last().unwrap();
            match step {
                Step::Reserve(lamports) => open.extend(manager.reserve(&sol(lamports), None)),
                Step::Land(which, late) if !open.is_empty() => {
                    let trade = open.swap_remove(which % open.len());
                    history.push((slot + 1 + late, balance - trade.requirement.lamports));
                    landed.push((trade, slot + 1 + late));
                }
                Step::Settle(which) if !landed.is_empty() => {
                    let (trade, at) = landed.swap_remove(which % landed.len());
                    manager.settle(trade.id, at, true).unwrap();
                }
                Step::Release(which) if !open.is_empty() => {
                    manager.release(open.swap_remove(which % open.len()).id, false).unwrap();
                }
                Step::Observe(behind) => {
                    // A node tells the state at the end of a slot.
                    let seen = slot.saturating_sub(behind).max(10);
                    let told = history.iter().rev().find(|(at, _)| *at <= seen).unwrap().1;
                    manager.observe_lamports(&key(0), told, seen).unwrap();
                }
                _ => {}
            }
            let reserved: u64 = open.iter().map(|trade| trade.requirement.lamports).sum();
            prop_assert!(reserved <= history.last().unwrap().1);
        }
    }
}
