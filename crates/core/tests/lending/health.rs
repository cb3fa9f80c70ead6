//! Health: as Kamino's package says, for the dump and for variants with changed amounts and later slots.

use alloy_primitives::U256;
use serde::Deserialize;
use tradewind_core::lending::kamino::Fraction;
use tradewind_core::pools::ChainClock;

use crate::dumped::{Dump, JITOSOL, NOW_S, OBLIGATION, SLOT, SOL, USDC, clock, folder, key};

#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    slot: String,
    patches: Vec<(usize, String)>,
    reserves: Vec<(String, usize, String)>,
    deposits: Vec<Position>,
    borrows: Vec<Position>,
    deposited_value: String,
    borrowed_value: String,
    debt_value: String,
    unhealthy_value: String,
    allowed_value: String,
    loan_to_value: String,
    liquidation_loan_to_value: String,
    unfactored_loan_to_value: String,
    unhealthy: bool,
}

#[derive(Deserialize)]
struct Position {
    reserve: String,
    amount: String,
    value: String,
}

/// From the oldest of the reserves' last updates to the newest.
const SINCE_OLDEST_SLOTS: u64 = 418;

impl Case {
    /// The accounts with what the case changes of them.
    fn dump(&self) -> Dump {
        let (mut dump, read) = (Dump::new(), |hex| {
            alloy_primitives::hex::decode(hex).unwrap()
        });
        for (offset, hex) in &self.patches {
            dump.write(OBLIGATION, *offset, &read(hex));
        }
        for (address, offset, hex) in &self.reserves {
            let mut known = [USDC, SOL, JITOSOL].into_iter();
            let reserve = known.find(|known| known == address).unwrap();
            dump.write(reserve, *offset, &read(hex));
        }
        dump
    }
}

fn recorded() -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join("health.json")).unwrap();
    serde_json::from_str::<Recorded>(&text).unwrap().cases
}

/// A decimal number in parts of `2**60`, rounded down.
fn parts(decimal: &str) -> U256 {
    let (whole, behind) = decimal.split_once('.').unwrap();
    let digits: U256 = format!("{whole}{behind}").parse().unwrap();
    (digits << 60) / U256::from(10).pow(U256::from(behind.len()))
}

/// What is compared, and how far apart it may lie.
struct Comparison<'a> {
    case: &'a str,
    slots: u64,
}

impl Comparison<'_> {
    /// That two numbers are one but for roundings: 10 units of 60 bits, one part in a thousand billions; and what the
    /// program itself gives away over many slots, where it rounds the square of a slot's interest to 60 bits.
    fn same(&self, what: &str, computed: Fraction, expected: &str) {
        self.near(what, (computed, expected), U256::ZERO);
    }

    /// The same of a ratio: of two values of which each may be 10 units off, which is much where they are small.
    fn ratio(&self, what: &str, computed: Fraction, (expected, over): (&str, Fraction)) {
        let off: U256 = (U256::from(10) << 60) + U256::from(10) * parts(expected);
        self.near(what, (computed, expected), off / U256::from(over.to_bits()));
    }

    fn near(&self, what: &str, (computed, expected): (Fraction, &str), more: U256) {
        let (computed, expected) = (U256::from(computed.to_bits()), parts(expected));
        let slots = U256::from(self.slots);
        let squares: U256 = (expected * slots * slots) >> 59;
        let allowed = U256::from(10).max(expected / U256::from(1_000_000_000_000u64));
        let apart = computed.abs_diff(expected);
        let case = self.case;
        assert!(
            apart <= allowed + squares + more,
            "{case}: {what} is {computed}, not {expected}"
        );
    }
}

#[test]
fn every_recorded_loan_is_worth_and_owes_what_kaminos_package_says() {
    let cases = recorded();
    let unhealthy = cases.iter().filter(|case| case.unhealthy).count();
    assert!(cases.len() > 200 && unhealthy > 90 && cases.len() - unhealthy > 90);
    for case in cases {
        let at = clock(case.slot.parse().unwrap());
        let health = case.dump().health(at).unwrap();
        let name = case.name.as_str();
        let compared = Comparison {
            case: name,
            slots: health.slot - SLOT + SINCE_OLDEST_SLOTS,
        };
        for (what, computed, expected) in [
            ("deposited", health.deposited_value, &case.deposited_value),
            ("borrowed", health.borrowed_value, &case.borrowed_value),
            ("debt", health.debt_value, &case.debt_value),
            ("unhealthy", health.unhealthy_value, &case.unhealthy_value),
            ("allowed", health.allowed_value, &case.allowed_value),
        ] {
            compared.same(what, computed, expected);
        }
        let threshold = health.liquidation_loan_to_value();
        let unfactored = health.unfactored_loan_to_value();
        for (what, computed, expected) in [
            ("loan to value", health.loan_to_value(), &case.loan_to_value),
            ("threshold", threshold, &case.liquidation_loan_to_value),
            ("unfactored", unfactored, &case.unfactored_loan_to_value),
        ] {
            compared.ratio(what, computed.unwrap(), (expected, health.deposited_value));
        }
        assert_eq!(health.is_unhealthy(), case.unhealthy, "{name}");
        assert_eq!(health.deposits.len(), case.deposits.len(), "{name}");
        for (computed, expected) in health.deposits.iter().zip(&case.deposits) {
            assert_eq!(computed.reserve, key(&expected.reserve));
            compared.same("deposit", computed.value, &expected.value);
        }
        assert_eq!(health.borrows.len(), case.borrows.len(), "{name}");
        for (computed, expected) in health.borrows.iter().zip(&case.borrows) {
            assert_eq!(computed.reserve, key(&expected.reserve));
            compared.same("debt", computed.borrowed, &expected.amount);
            compared.same("debt's value", computed.value, &expected.value);
        }
    }
}

#[test]
fn a_loan_at_exactly_its_threshold_is_unhealthy_and_without_debt_never() {
    let mut dump = Dump::new();
    dump.owe(0);
    let health = dump.health(clock(SLOT)).unwrap();
    assert!(!health.is_unhealthy());
    let mut met = health.clone();
    met.debt_value = health.unhealthy_value;
    assert!(met.is_unhealthy());
    met.debt_value = Fraction::from_bits(health.unhealthy_value.to_bits() - (1 << 50));
    assert!(!met.is_unhealthy());
    met.deposited_value = Fraction::ZERO;
    assert!(!met.is_unhealthy(), "nothing could be taken");
}

#[test]
fn what_cannot_be_valued_is_refused_with_a_reason() {
    let refused = |change: &dyn Fn(&mut Dump), slot: u64| {
        let mut dump = Dump::new();
        change(&mut dump);
        dump.health(clock(slot)).unwrap_err().code()
    };
    let unknown = |dump: &mut Dump| dump.write(OBLIGATION, 232, &[7; 32]);
    assert_eq!(refused(&unknown, SLOT), "reserve_missing");
    let elsewhere = |dump: &mut Dump| dump.write(OBLIGATION, 32, &[7; 32]);
    assert_eq!(refused(&elsewhere, SLOT), "another_market");
    assert_eq!(refused(&|_| {}, SLOT - 1), "another_slot", "the past");
    let rewards = |dump: &mut Dump| dump.write(SOL, 5_792, &[1]);
    assert_eq!(refused(&rewards, SLOT), "rewards_unknown");
    let backwards = |dump: &mut Dump| dump.write(OBLIGATION, 1_440, &[255; 31]);
    assert_eq!(refused(&backwards, SLOT), "rate_backwards");
    let group = |dump: &mut Dump| dump.write(OBLIGATION, 2_285, &[5]);
    assert_eq!(refused(&group, SLOT), "another_group");
    let own = |dump: &mut Dump| {
        // What is lent in group 2 secures no loan of it.
        dump.write(OBLIGATION, 232, &key(SOL).solana().unwrap());
        dump.write(OBLIGATION, 2_285, &[2]);
    };
    assert_eq!(refused(&own, SLOT), "another_group");
    let huge = |dump: &mut Dump| dump.write(SOL, 248, &[255; 16]);
    assert_eq!(refused(&huge, SLOT), "overflow");
}

#[test]
fn a_price_counts_until_it_is_as_old_as_its_reserve_allows() {
    let allowed = |unix_timestamp: i64| {
        let clock = ChainClock {
            unix_timestamp,
            ..clock(SLOT)
        };
        Dump::new().reserves(clock).unwrap()[&key(SOL)]
            .price_status
            .allows_liquidation()
    };
    assert!(allowed(NOW_S));
    assert!(allowed(1_730_163_557 + 119));
    assert!(!allowed(1_730_163_557 + 120));
}
