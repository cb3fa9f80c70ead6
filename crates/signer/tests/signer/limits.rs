//! Limits over an hour, over a day, of a wallet, and of all that is signed: the tightest decides and is named.

use crate::bench::{Bench, DAY_S, START_S};
use crate::orders::{Order, USDC, USDC_UNIT, address};
use crate::process::{WALLETS, config};
use serde_json::{Value, json};
use tradewind_signer::fault::Rule;

const HOUR_S: u64 = 3_600;

/// The usual configuration with more limits for USDC.
pub fn usdc_limits(keys: &str) -> String {
    let day = "max_per_day = \"200000\"";
    config().replacen(day, &format!("{day}\n{keys}"), 1)
}

fn order(bench: &Bench, name: &str, units: u64) -> Order {
    Order::new(name)
        .spending(units * USDC_UNIT)
        .with(|o| o.deadline_s = bench.now_s() + 600)
}

#[test]
fn an_hours_limit_has_room_again_an_hour_after_the_last_valid_second() {
    let bench = Bench::under(&usdc_limits("max_per_hour = \"60000\""));
    let (first, second) = (order(&bench, "a", 50_000), order(&bench, "b", 10_000));
    for order in [first, second] {
        assert_eq!(bench.rule(&order.permit_request()), None);
    }
    for (second, expected) in [
        (START_S, Some(Rule::AmountPerHour)),
        (START_S + 600 + HOUR_S - 1, Some(Rule::AmountPerHour)),
        (START_S + 600 + HOUR_S, None),
    ] {
        bench.at(second);
        let one = order(&bench, "c", 0).spending(1).permit_request();
        assert_eq!(bench.rule(&one), expected, "at {second}");
    }
}

#[test]
fn a_wallets_limit_binds_that_wallet_and_no_other() {
    let own = format!(
        "chains = [42161]\nlimits = [{{ chain = 42161, token = \"{USDC}\", max_per_hour = \"100\" }}]"
    );
    let bench = Bench::under(&config().replacen("chains = [42161]", &own, 1));
    assert_eq!(bench.rule(&order(&bench, "a", 100).permit_request()), None);
    let more = order(&bench, "b", 0).spending(1);
    assert_eq!(
        bench.rule(&more.permit_request()),
        Some(Rule::AmountPerHour)
    );
    assert!(
        bench
            .message(&more.permit_request())
            .contains(&format!("the wallet {}", WALLETS[0]))
    );
    let other = order(&bench, "c", 50_000).with(|o| o.wallet = address(WALLETS[1]));
    assert_eq!(bench.rule(&other.permit_request()), None);
}

/// Signs a swap of 50,000 USDC and has it settled for good as reverted, true or not.
fn signed_and_given_back(bench: &Bench, nonce: u64) -> Option<Rule> {
    let order = order(bench, &format!("lie-{nonce}"), 50_000).at_nonce(nonce);
    match bench.rule(&order.request()) {
        None => {
            let signed = bench.ok(&order.request());
            bench.ok(&order.final_settle_request(&signed["tx_hash"], "reverted", 0));
            None
        }
        refused => refused,
    }
}

#[test]
fn whatever_is_given_back_no_more_than_the_gross_cap_is_signed_in_a_day() {
    let bench = Bench::under(&usdc_limits("max_signed_per_day = \"350000\""));
    for nonce in 7..14 {
        assert_eq!(signed_and_given_back(&bench, nonce), None, "nonce {nonce}");
    }
    let one = order(&bench, "one", 0).spending(1).at_nonce(14);
    assert_eq!(bench.rule(&one.request()), Some(Rule::SignedPerDay));
    bench.at(START_S + 600 + DAY_S - 1);
    let later = order(&bench, "later", 0).spending(1).at_nonce(14);
    assert_eq!(bench.rule(&later.request()), Some(Rule::SignedPerDay));
    bench.at(START_S + 600 + DAY_S);
    assert_eq!(
        bench.rule(&order(&bench, "day", 0).spending(1).at_nonce(14).request()),
        None
    );
}

#[test]
fn without_a_gross_cap_of_its_own_the_days_limit_is_the_gross_cap() {
    let bench = Bench::new();
    for nonce in 7..11 {
        assert_eq!(signed_and_given_back(&bench, nonce), None, "nonce {nonce}");
    }
    assert_eq!(signed_and_given_back(&bench, 11), Some(Rule::SignedPerDay));
}

#[test]
fn the_most_restrictive_of_all_limits_decides() {
    let bench = Bench::under(&usdc_limits(
        "max_per_hour = \"3\"\nmax_signed_per_day = \"2\"",
    ));
    let three = order(&bench, "a", 3).permit_request();
    assert_eq!(bench.rule(&three), Some(Rule::SignedPerDay));
    assert_eq!(bench.rule(&order(&bench, "b", 2).permit_request()), None);
}

#[test]
fn the_budgets_list_every_limit_with_what_is_used_of_it() {
    let bench = Bench::under(&usdc_limits("max_per_hour = \"60000\""));
    let order = order(&bench, "a", 100);
    let signed = bench.ok(&order.request());
    let used = |window: &str| -> Value {
        let answer = bench.ok(&json!({ "op": "budgets" }));
        let budgets = answer["budgets"].as_array().unwrap();
        let own = |b: &&Value| b["token"] == USDC && b["window"] == window;
        let budget = budgets.iter().find(own).unwrap();
        assert_eq!(budget["symbol"], "USDC");
        assert_eq!(
            budget["scope"],
            json!({ "wallet": null, "strategy_id": null })
        );
        json!([budget["limit_raw"], budget["used_raw"]])
    };
    let hundred = "100000000";
    assert_eq!(used("transaction"), json!(["50000000000", "0"]));
    assert_eq!(used("hour"), json!(["60000000000", hundred]));
    assert_eq!(used("day"), json!(["200000000000", hundred]));
    assert_eq!(used("signed_per_day"), json!(["200000000000", hundred]));
    bench.ok(&order.final_settle_request(&signed["tx_hash"], "reverted", 0));
    assert_eq!(used("hour"), json!(["60000000000", "0"]));
    assert_eq!(used("day"), json!(["200000000000", "0"]));
    assert_eq!(used("signed_per_day"), json!(["200000000000", hundred]));
}
