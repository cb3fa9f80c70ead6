//! What a liquidation moves. Expected amounts are worked out by hand, from the dump's prices as decimal numbers.

use tradewind_core::lending::kamino::{LendingError, Liquidation};
use tradewind_core::pools::ChainClock;

use crate::dumped::{Dump, JITOSOL, MARKET, NOW_S, OBLIGATION, SLOT, USDC, clock, key};

/// More than the interest of the fifteen slots since the reserve's last update on a fifth of the debt.
const INTEREST_RAW: u64 = 200_000;

fn owing(raw: u64) -> Dump {
    let mut dump = Dump::new();
    dump.owe(raw);
    dump
}

fn code(refused: Result<Liquidation, LendingError>) -> &'static str {
    refused.unwrap_err().code()
}

#[test]
fn a_fifth_of_the_debt_is_repaid_and_collateral_taken_for_its_worth_and_the_bonus() {
    // Owed 39,000 SOL at 178.58116104 dollars, times 1.25: 8,705,831.60; USDC of 9,582,343.30 dollars at 0.99991582,
    // threshold 90 %: 8,624,108.97. Beyond it by 0.85 %, so the bonus is the least one, 5 %.
    let dump = owing(39_000_000_000_000);
    let done = dump.liquidated(clock(SLOT), u64::MAX).unwrap();
    assert!(
        done.repaid_raw.abs_diff(7_800_000_000_000) < INTEREST_RAW,
        "a fifth of 39,000"
    );
    assert_eq!(done.bonus.rounded(10_000), Some(500));
    // 7,800 * 178.58116104 * 1.05 / 0.99991582 = 1,462,702.84 USDC; half of the bonus is the program's.
    let expected_raw = 1_462_702_841_400u64;
    assert!(
        done.redeemed_raw.abs_diff(expected_raw) < 100_000,
        "{done:?}"
    );
    let bonus_raw = expected_raw - expected_raw * 100 / 105;
    assert!(
        done.protocol_fee_raw.abs_diff(bonus_raw / 2) < 100_000,
        "{done:?}"
    );
    assert_eq!(done.received_raw, done.redeemed_raw - done.protocol_fee_raw);
    assert!(!done.whole);
}

#[test]
fn no_more_is_repaid_than_was_offered_and_less_takes_less() {
    let dump = owing(39_000_000_000_000);
    let all = dump.liquidated(clock(SLOT), u64::MAX).unwrap();
    let half = dump.liquidated(clock(SLOT), 3_900_000_000_000).unwrap();
    assert_eq!(half.repaid_raw, 3_900_000_000_000);
    assert!((half.redeemed_raw * 2).abs_diff(all.redeemed_raw) < 100_000);
    assert_eq!(code(dump.liquidated(clock(SLOT), 0)), "nothing_there");
}

#[test]
fn only_an_unhealthy_loan_is_liquidated() {
    assert_eq!(
        code(owing(38_000_000_000_000).liquidated(clock(SLOT), u64::MAX)),
        "healthy"
    );
    let health = owing(38_700_000_000_000).health(clock(SLOT)).unwrap();
    assert!(health.is_unhealthy(), "38,635 SOL are the threshold");
    assert!(
        !owing(38_600_000_000_000)
            .health(clock(SLOT))
            .unwrap()
            .is_unhealthy()
    );
}

#[test]
fn the_bonus_grows_with_the_distance_from_the_threshold_up_to_its_bound_and_to_what_is_left() {
    let bonus = |raw: u64| owing(raw).liquidated(clock(SLOT), u64::MAX).unwrap().bonus;
    // Loan to value 1.25 * 178.58116104 * SOL / 9,582,343.30 against 0.9.
    assert_eq!(
        bonus(39_000_000_000_000).rounded(10_000),
        Some(500),
        "the least"
    );
    assert_eq!(
        bonus(42_000_000_000_000).rounded(10_000),
        Some(784),
        "97.84 % against 90 %"
    );
    assert_eq!(
        bonus(47_000_000_000_000).rounded(10_000),
        Some(1_000),
        "the most"
    );
    assert_eq!(
        bonus(49_000_000_000_000).rounded(10_000),
        Some(868),
        "what is left: 1 - 91.32 %"
    );
    // As much owed as there is: the bonus of bad debt, 0.99 %.
    assert_eq!(bonus(54_000_000_000_000).rounded(10_000), Some(99));
}

#[test]
fn beyond_the_markets_risk_the_whole_debt_may_be_repaid_up_to_its_most_at_once() {
    // Loan to value above 95 %: all of it, but 2,500,000 dollars at once: 13,999.23 SOL.
    let done = owing(42_000_000_000_000)
        .liquidated(clock(SLOT), u64::MAX)
        .unwrap();
    assert!(
        done.repaid_raw.abs_diff(13_999_237_519_740) < 10_000_000_000,
        "{done:?}"
    );
    // Below 95 %: a fifth.
    let done = owing(40_000_000_000_000)
        .liquidated(clock(SLOT), u64::MAX)
        .unwrap();
    assert!(done.repaid_raw.abs_diff(8_000_000_000_000) < INTEREST_RAW);
}

#[test]
fn a_debt_of_less_than_two_dollars_is_repaid_whole_or_not_at_all() {
    let mut dump = owing(10_000_000);
    // 0.01 SOL is 1.79 dollars; 2 USDC of collateral.
    dump.deposit(1_900_000);
    dump.write(MARKET, 3_240, &[0; 8]);
    let done = dump.liquidated(clock(SLOT), u64::MAX).unwrap();
    assert!(done.whole && (10_000_000..10_000_010).contains(&done.repaid_raw));
    assert_eq!(
        code(dump.liquidated(clock(SLOT), 9_999_999)),
        "repay_too_small"
    );
}

#[test]
fn where_the_collateral_does_not_suffice_all_of_it_is_taken_and_less_repaid() {
    let mut dump = owing(39_000_000_000_000);
    dump.deposit(1_000_000);
    let done = dump.liquidated(clock(SLOT), u64::MAX).unwrap();
    assert_eq!(done.collateral_raw, 1_000_000);
    // 1.0906 USDC with the bonus of bad debt taken off, in SOL.
    let worth = done.redeemed_raw * 99_991 / 100_000 * 10_000 / 10_099;
    let repaid = done.repaid_raw * 178_581 / 1_000_000;
    assert!(worth.abs_diff(repaid) < 1_000, "{done:?}");
}

#[test]
fn a_liquidation_that_the_program_would_refuse_is_refused() {
    let refused = |change: &dyn Fn(&mut Dump)| {
        let mut dump = owing(39_000_000_000_000);
        change(&mut dump);
        code(dump.liquidated(clock(SLOT), u64::MAX))
    };
    assert_eq!(
        refused(&|dump| dump.write(MARKET, 122, &[1])),
        "liquidation_forbidden"
    );
    assert_eq!(
        refused(&|dump| dump.write(MARKET, 3_307, &[1])),
        "liquidation_forbidden"
    );
    assert_eq!(
        refused(&|dump| dump.write(USDC, 4_864, &[1])),
        "liquidation_forbidden"
    );
    assert_eq!(
        refused(&|dump| dump.write(USDC, 25, &[0b1_1111])),
        "price_unusable"
    );
    assert_eq!(
        refused(&|dump| dump.write(USDC, 224, &[0; 8])),
        "not_redeemable"
    );
    let old = ChainClock {
        unix_timestamp: NOW_S + 1_000,
        ..clock(SLOT)
    };
    assert_eq!(
        code(owing(39_000_000_000_000).liquidated(old, u64::MAX)),
        "price_unusable"
    );
}

#[test]
fn one_price_that_may_not_be_used_forbids_the_liquidation_of_the_whole_loan() {
    let mut dump = owing(45_000_000_000_000);
    // A little JitoSOL beside the USDC, too little to be taken first.
    dump.write(OBLIGATION, 96, &key(JITOSOL).solana().unwrap());
    dump.write(OBLIGATION, 128, &1_000_000_000u64.to_le_bytes());
    dump.write(MARKET, 3_240, &1_000_000u64.to_le_bytes());
    dump.liquidated(clock(SLOT), u64::MAX).unwrap();
    dump.write(JITOSOL, 25, &[0b1_1111]);
    assert_eq!(
        dump.health(clock(SLOT)).unwrap().unusable_price,
        Some(key(JITOSOL))
    );
    let refused = dump.liquidated(clock(SLOT), u64::MAX);
    assert_eq!(refused, Err(LendingError::PriceUnusable(key(JITOSOL))));
}

#[test]
fn the_dearest_debt_is_repaid_first_and_the_riskiest_collateral_taken_first() {
    let jitosol: [u8; 32] = key(JITOSOL).solana().unwrap();
    let mut dump = owing(45_000_000_000_000);
    // A deposit of JitoSOL, threshold 55 %, beside USDC with 90 %.
    dump.write(OBLIGATION, 96, &jitosol);
    dump.write(OBLIGATION, 128, &1_000_000_000_000u64.to_le_bytes());
    assert_eq!(
        code(dump.liquidated(clock(SLOT), u64::MAX)),
        "another_collateral_first"
    );
    let mut dump = owing(39_000_000_000_000);
    // A debt of 100,000 USDC, whose factor is 1, beside the one in SOL, whose factor is 1.25.
    let (usdc, rate) = (key(USDC).solana().unwrap(), dump.0[USDC][296..328].to_vec());
    dump.write(OBLIGATION, 1_208, &usdc);
    dump.write(OBLIGATION, 1_240, &rate);
    dump.write(
        OBLIGATION,
        1_296,
        &(100_000_000_000u128 << 60).to_le_bytes(),
    );
    let refused = dump.repaid_for(USDC, USDC, clock(SLOT), u64::MAX);
    assert_eq!(code(refused), "another_debt_first");
    dump.liquidated(clock(SLOT), u64::MAX).unwrap();
}
