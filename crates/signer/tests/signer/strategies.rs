//! Strategies: which may sign at all, for which wallets, and under which limits of their own.

use crate::bench::{Bench, START_S};
use crate::orders::{Order, USDC, USDC_UNIT, address};
use crate::process::{WALLETS, config};
use tradewind_signer::fault::Rule;

pub const ONE: &str = "a1b2c3d4-e5f6-7890-1234-567890abcdef";
pub const OTHER: &str = "00000000-0000-4000-8000-000000000001";

/// The usual configuration with one strategy on the first wallet, with these keys.
pub fn one_strategy(keys: &str) -> String {
    let wallet = WALLETS[0];
    let table = format!("[strategies.\"{ONE}\"]\nwallets = [\"{wallet}\"]\n{keys}\n");
    config().replacen("[chains.42161]", &format!("{table}[chains.42161]"), 1)
}

pub fn order(name: &str, strategy: Option<&'static str>) -> Order {
    Order::new(name).with(|o| (o.strategy, o.deadline_s) = (strategy, START_S + 600))
}

#[test]
fn with_strategies_listed_an_unknown_or_missing_one_signs_nothing() {
    let bench = Bench::under(&one_strategy(""));
    for (strategy, expected) in [
        (None, Some(Rule::StrategyUnknown)),
        (Some(OTHER), Some(Rule::StrategyUnknown)),
        (Some(ONE), None),
    ] {
        let permit = order(&format!("permit-{strategy:?}"), strategy).permit_request();
        assert_eq!(bench.rule(&permit), expected, "{strategy:?}");
        let swap = order(&format!("swap-{strategy:?}"), strategy).request();
        assert_eq!(bench.rule(&swap), expected, "{strategy:?}");
    }
    let elsewhere = order("elsewhere", Some(ONE)).with(|o| o.wallet = address(WALLETS[1]));
    assert_eq!(bench.rule(&elsewhere.request()), Some(Rule::StrategyWallet));
    assert_eq!(
        bench.rule(&elsewhere.permit_request()),
        Some(Rule::StrategyWallet)
    );
}

#[test]
fn without_strategies_every_name_and_none_may_sign() {
    let bench = Bench::new();
    for (nonce, strategy) in [(7, None), (8, Some(OTHER))] {
        let swap = order(&format!("{nonce}"), strategy).at_nonce(nonce);
        assert_eq!(bench.rule(&swap.request()), None);
    }
}

#[test]
fn a_limit_of_a_strategy_counts_only_what_was_signed_for_it() {
    let limits = format!(
        "limits = [{{ chain = 42161, token = \"{USDC}\", max_per_day = \"5000\", max_per_transaction = \"4000\" }}]"
    );
    let second = format!("\n[strategies.\"{OTHER}\"]\nwallets = [\"{}\"]", WALLETS[0]);
    let bench = Bench::under(&one_strategy(&(limits + &second)));
    let permit = |name: &str, strategy, units: u64| {
        order(name, Some(strategy)).spending(units).permit_request()
    };
    let too_much = permit("single", ONE, 4_000 * USDC_UNIT + 1);
    assert_eq!(bench.rule(&too_much), Some(Rule::AmountPerTransaction));
    assert!(
        bench
            .message(&too_much)
            .ends_with(&format!("for the strategy {ONE}"))
    );
    assert_eq!(
        bench.rule(&permit("other", OTHER, 50_000 * USDC_UNIT)),
        None
    );
    assert_eq!(bench.rule(&permit("a", ONE, 4_000 * USDC_UNIT)), None);
    assert_eq!(bench.rule(&permit("b", ONE, 1_000 * USDC_UNIT)), None);
    let one_more = permit("c", ONE, 1);
    assert_eq!(bench.rule(&one_more), Some(Rule::AmountPerDay));
    let message = bench.message(&one_more);
    for part in [
        "1 base units",
        "5000000000 are used of the cap of 5000000000",
        ONE,
        "(day)",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(bench.rule(&permit("d", OTHER, 1)), None);
}
