//! A clock that is set back, by hand or by a machine that starts without the time, unmakes no lowering and shortens no
//! wait for a raise.

use crate::bench::{Bench, DAY_S, START_S};
use crate::orders::{Order, USDC, USDC_UNIT};
use crate::process::config;
use serde_json::json;

const DELAY_S: u64 = 600;

fn set(units: u64) -> serde_json::Value {
    let key = format!("chain.42161.token.{USDC}.max_per_transaction");
    json!({ "op": "set_limit", "key": key, "value": (units * USDC_UNIT).to_string(), "by": "test" })
}

/// Whether a swap of this many USDC passes now.
fn fits(bench: &Bench, units: u64) -> bool {
    let order = Order::new("asked").spending(units * USDC_UNIT);
    let order = order.with(|o| o.deadline_s = bench.now_s() + 60);
    bench.ok(&order.check_request())["passed"] == true
}

fn with_single(units: u64) -> String {
    config().replacen("\"50000\"", &format!("\"{units}\""), 1)
}

#[test]
fn a_lowered_limit_stays_lowered() {
    let bench = Bench::new();
    bench.at(START_S + 100).ok(&set(1_000));
    bench.at(START_S + 50);
    assert!(fits(&bench, 1_000) && !fits(&bench, 1_001));
    let bench = bench.restarted(None);
    assert!(fits(&bench, 1_000) && !fits(&bench, 1_001));
    bench.at(START_S - DAY_S);
    let bench = bench.restarted(Some(&with_single(500)));
    assert!(fits(&bench, 500) && !fits(&bench, 501));
}

#[test]
fn a_raise_in_the_file_that_is_first_seen_by_a_start_in_the_past_waits_from_the_last_record_on() {
    for past_s in [1, START_S - DAY_S, START_S - 1] {
        let bench = Bench::new();
        bench.at(past_s);
        let bench = bench.restarted(Some(&with_single(60_000)));
        for second in [past_s, START_S, START_S + DELAY_S - 1] {
            bench.at(second);
            assert!(
                !fits(&bench, 50_001),
                "begun at {past_s}, asked at {second}"
            );
        }
        bench.at(START_S + DELAY_S);
        assert!(fits(&bench, 60_000), "begun at {past_s}");
    }
}

#[test]
fn a_raise_that_is_asked_for_in_the_past_waits_from_the_last_record_on() {
    let bench = Bench::new();
    bench.ok(&set(1_000));
    let order = Order::new("signed").spending(1).at_nonce(7);
    let order = order.with(|o| o.deadline_s = START_S + 1_000);
    bench.at(START_S + 1_000).ok(&order.request());
    let raised = bench.at(START_S - DAY_S).ok(&set(2_000));
    assert_eq!(
        raised["effective_at_ms"],
        (START_S + 1_000 + DELAY_S) * 1_000
    );
    bench.at(START_S + 1_000 + DELAY_S - 1);
    assert!(fits(&bench, 1_000) && !fits(&bench, 1_001));
    bench.at(START_S + 1_000 + DELAY_S);
    assert!(fits(&bench, 2_000));
}

#[test]
fn what_was_signed_counts_on() {
    let bench = Bench::new();
    for nonce in 7..11 {
        let order = Order::new(&format!("step-{nonce}")).spending(50_000 * USDC_UNIT);
        let order = order.at_nonce(nonce);
        bench.ok(&order.with(|o| o.deadline_s = START_S + 60).request());
    }
    for second in [START_S, START_S - 3_600, START_S - 2 * DAY_S, 1] {
        assert!(!fits(bench.at(second), 1), "at {second}");
    }
}
