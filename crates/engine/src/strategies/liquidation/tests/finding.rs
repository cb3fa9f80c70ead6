//! Which loan is found, and how much of it is repaid.

use std::sync::Arc;

use serde_json::json;
use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::Health;
use tradewind_core::pools::ChainClock;
use tradewind_core::pools::PoolMath as _;

use super::desk::{
    CLOCK, Desk, MARKET, SOL, SOL_RESERVE, USDC, USDC_RESERVE, dump, key, loan, parameters, part,
    pool, told,
};
use crate::feed::AccountUpdate;
use crate::strategies::Scanner as _;
use crate::strategies::liquidation::LiquidationScanner;
use crate::strategies::liquidation::parameters::LiquidationParameters;

#[test]
fn among_the_loans_of_a_market_only_the_unhealthy_one_is_found() {
    let desk = Desk::new(50_000, &parameters());
    let found = desk.scan(MARKET);
    let [candidate] = &found[..] else {
        panic!("{found:?}");
    };
    let part = part(candidate);
    assert_eq!(part.obligation, ChainAddress::Solana([2; 32]));
    assert_eq!(
        (part.repay_reserve, part.withdraw_reserve),
        (key(SOL_RESERVE), key(USDC_RESERVE))
    );
    assert_eq!(candidate.base, key(SOL));
    // A fifth of 40.2 SOL; the bonus of 5 % less the program's half of it is 2.5 % of that, less the pool's fee.
    assert!(part.repaid_raw.abs_diff(8_040_000_000) < 10_000, "{part:?}");
    assert!(
        (150_000_000..200_000_000).contains(&candidate.profit_raw),
        "{candidate:?}"
    );
    for other in [1u8, 3] {
        let mut scanner = LiquidationScanner::default();
        let found = scanner.scan(desk.sight(), ChainAddress::Solana([other; 32]));
        assert!(found.is_empty(), "{other}");
    }
}

#[test]
fn a_change_of_a_price_decides_about_every_loan_of_its_reserve() {
    let mut desk = Desk::new(50_000, &parameters());
    let mut data = dump(SOL_RESERVE);
    let price = u128::from_le_bytes(data[248..264].try_into().expect("16 bytes"));
    data[248..264].copy_from_slice(&(price * 110 / 100).to_le_bytes());
    let applied = desk.inventory.apply(&told(key(SOL_RESERVE), data, 2));
    assert_eq!(applied.loans, [key(SOL_RESERVE)]);
    let read = LiquidationParameters::read(&desk.in_force.parameters).expect("right");
    assert_eq!(read.most_candidates, 2);
    let found = desk.scan(SOL_RESERVE);
    assert_eq!(found.len(), 1, "one way, so the better of two: {found:?}");
    let loans = desk.inventory.loans();
    let refreshed = loans.refreshed(CLOCK).expect("known");
    for (number, unhealthy) in [(1u8, true), (2, true), (3, false)] {
        let loan = loans
            .obligation(ChainAddress::Solana([number; 32]))
            .expect("known");
        let slot = refreshed.clock.slot;
        let health = Health::of(loan, refreshed.market, &refreshed.reserves, slot).expect("known");
        assert_eq!(health.is_unhealthy(), unhealthy, "{number}");
    }
}

#[test]
fn an_unhealthy_loan_is_looked_at_again_when_a_pool_moves_until_it_is_healthy() {
    let mut desk = Desk::new(50_000, &parameters());
    let pool_address = pool(50_000).pool.address();
    let mut scanner = LiquidationScanner::default();
    assert!(
        scanner.scan(desk.sight(), pool_address).is_empty(),
        "none is known yet"
    );
    assert_eq!(scanner.scan(desk.sight(), key(MARKET)).len(), 1);
    assert_eq!(scanner.scan(desk.sight(), pool_address).len(), 1);
    let repaid = ChainAddress::Solana([2; 32]);
    desk.inventory
        .apply(&told(repaid, loan(9_000_000_000, 30_000_000_000), 2));
    assert!(scanner.scan(desk.sight(), repaid).is_empty());
    assert!(scanner.scan(desk.sight(), pool_address).is_empty());
}

#[test]
fn what_may_differ_from_the_chain_is_broken_or_forbidden_is_not_traded_on() {
    let mut desk = Desk::new(50_000, &parameters());
    desk.in_force.blacklist = [key(USDC)].into();
    assert!(desk.scan(MARKET).is_empty(), "blacklisted");
    let mut desk = Desk::new(50_000, &parameters());
    desk.inventory.set_all_stale();
    assert!(desk.scan(MARKET).is_empty(), "stale");
    assert!(desk.inventory.loans().refreshed(CLOCK).is_none());
    let told_before = desk
        .inventory
        .loans()
        .obligation(ChainAddress::Solana([2; 32]));
    assert_eq!(told_before, None, "the feed was interrupted");
    let mut desk = Desk::new(50_000, &parameters());
    let applied = desk.inventory.apply(&told(key(SOL_RESERVE), vec![0; 8], 2));
    assert_eq!(applied.loans_refused.len(), 1);
    assert!(desk.scan(MARKET).is_empty(), "a reserve that is none");
    let mut desk = Desk::new(50_000, &parameters());
    let late = ChainClock {
        unix_timestamp: CLOCK.unix_timestamp + 200,
        ..CLOCK
    };
    desk.inventory.set_clock(late);
    assert!(desk.scan(MARKET).is_empty(), "its price is too old");
    let rich = json!({"market": MARKET, "min_debt_usd": "8000", "bases": [{"mint": SOL}]});
    assert!(
        Desk::new(50_000, &rich).scan(MARKET).is_empty(),
        "too small a loan"
    );
}

#[test]
fn in_a_shallow_pool_less_is_repaid_than_could_be_and_no_other_amount_leaves_more() {
    let desk = Desk::new(400, &parameters());
    let found = desk.scan(MARKET);
    let [candidate] = &found[..] else {
        panic!("{found:?}");
    };
    let part = part(candidate);
    // A fifth would be 8.04 SOL. What is received for a unit sells at a * r / (r + a * x), a = 1.025 * 0.9975 / 0.99991582
    // of r = 400 SOL; that gives most at x = r * (sqrt(a) - 1) / a = 4.36 SOL.
    assert!(
        (4_200_000_000..4_500_000_000).contains(&part.borrowed_raw),
        "{part:?}"
    );
    let most = |max_repay_raw: u64| {
        let base =
            json!({"mint": SOL, "min_profit_raw": "1", "max_repay_raw": max_repay_raw.to_string()});
        let limited = Desk::new(400, &json!({"market": MARKET, "bases": [base]}));
        limited.scan(MARKET).first().map(|it| it.profit_raw)
    };
    assert_eq!(most(u64::MAX), Some(candidate.profit_raw));
    let less = most(part.borrowed_raw / 2).expect("some");
    assert!(less < candidate.profit_raw);
    let fixed = |hundredths: u64| {
        // On an amount below the best the bound is what is taken.
        most(part.borrowed_raw * hundredths / 100).expect("some")
    };
    assert!(fixed(95) < candidate.profit_raw && fixed(98) <= candidate.profit_raw);
}

#[test]
fn a_closed_loan_is_no_loan_any_more() {
    let mut desk = Desk::new(50_000, &parameters());
    let closed = ChainAddress::Solana([2; 32]);
    let nobody = AccountUpdate {
        owner: ChainAddress::Solana([0; 32]),
        data: Arc::from([]),
        ..told(closed, Vec::new(), 2)
    };
    assert!(desk.inventory.apply(&nobody).loans_refused.is_empty());
    assert!(desk.scan(MARKET).is_empty());
}

#[test]
fn a_loan_that_somebody_else_repaid_is_not_unhealthy_any_more() {
    let mut desk = Desk::new(50_000, &parameters());
    let (healthy, unhealthy) = (ChainAddress::Solana([1; 32]), ChainAddress::Solana([2; 32]));
    let stands = |desk: &Desk, loan| desk.inventory.loans().is_unhealthy(loan, CLOCK);
    assert!(stands(&desk, unhealthy) && !stands(&desk, healthy));
    desk.inventory
        .apply(&told(unhealthy, loan(9_000_000_000, 30_000_000_000), 2));
    assert!(!stands(&desk, unhealthy));
    let mut desk = Desk::new(50_000, &parameters());
    desk.inventory.set_all_stale();
    assert!(!stands(&desk, unhealthy), "nobody knows");
}
