//! What a settlement gives back: only what is final, by enough endpoints, and nothing twice.

use crate::bench::{Bench, START_S};
use crate::orders::{Order, USDC_UNIT};
use crate::process::config;
use serde_json::{Value, json};
use tradewind_core::evm::Exact;
use tradewind_signer::fault::Rule;

const MOST: u64 = 50_000 * USDC_UNIT;

/// A gross cap that does not matter here, and two endpoints for what is final.
fn two_endpoints() -> String {
    let config = config().replacen("max_gas", "settlement_quorum = 2\nmax_gas", 1);
    config.replacen(
        "\"200000\"",
        "\"200000\"\nmax_signed_per_day = \"1000000\"",
        1,
    )
}

fn order(index: u64) -> Order {
    Order::new(&format!("step-{index}"))
        .spending(MOST)
        .at_nonce(7 + index)
        .with(|o| o.deadline_s = START_S + 600)
}

/// The rule that leaves no room for as much again, if there is none.
fn room(bench: &Bench) -> Option<String> {
    let answer = bench.ok(&order(90).check_request());
    answer["rule"].as_str().map(str::to_owned)
}

const NO_ROOM: Option<&str> = Some("amount_per_day");

/// A day that is full, and the hash of its first step.
fn full() -> (Bench, Vec<Value>) {
    let bench = Bench::under(&two_endpoints());
    let hashes = (0..4)
        .map(|index| bench.ok(&order(index).request())["tx_hash"].clone())
        .collect();
    assert_eq!(room(&bench).as_deref(), NO_ROOM);
    (bench, hashes)
}

fn settle(tx_hash: &Value, outcome: &str, spent: u64, finalized: u64, endpoints: &[&str]) -> Value {
    let mut request = order(0).settle_request(tx_hash, outcome, spent);
    request["finalized"] = json!({ "number": finalized, "hash": format!("0x{}", "ee".repeat(32)) });
    request["endpoints"] = json!(endpoints);
    request
}

#[test]
fn only_a_final_block_named_by_enough_endpoints_gives_anything_back() {
    for (finalized, endpoints, is_final) in [
        (100, &["a", "b"][..], false),
        (101, &["a"][..], false),
        (101, &["a", "a"][..], false),
        (101, &["a", "b"][..], true),
        (200, &["a", "b", "c"][..], true),
    ] {
        let (bench, hashes) = full();
        let settled = bench.ok(&settle(&hashes[0], "reverted", 0, finalized, endpoints));
        assert_eq!(settled["final"], is_final, "{finalized} {endpoints:?}");
        let expected = NO_ROOM.filter(|_| !is_final);
        assert_eq!(
            room(&bench).as_deref(),
            expected,
            "{finalized} {endpoints:?}"
        );
        assert_eq!(
            room(&bench.restarted(None)).as_deref(),
            expected,
            "after a restart"
        );
    }
}

#[test]
fn a_success_gives_back_what_was_reserved_and_not_spent() {
    let bench = Bench::under(&two_endpoints());
    let exact_out = order(0).with(|o| (o.exact, o.quoted_out) = (Exact::Out, o.amount_out));
    let hash = bench.ok(&exact_out.request())["tx_hash"].clone();
    for index in 1..4 {
        bench.ok(&order(index).request());
    }
    bench.ok(&settle(&hash, "succeeded", MOST - 5, 101, &["a", "b"]));
    let permit = |name: &str, units| {
        Order::new(name)
            .spending(units)
            .with(|o| o.deadline_s = START_S + 60)
            .permit_request()
    };
    assert_eq!(bench.rule(&permit("six", 6)), Some(Rule::AmountPerDay));
    assert_eq!(bench.rule(&permit("five", 5)), None);
    assert_eq!(bench.rule(&permit("one", 1)), Some(Rule::AmountPerDay));
}

#[test]
fn until_it_is_final_a_settlement_may_say_something_else_and_then_never_again() {
    let (bench, hashes) = full();
    let noop = bench.ok(&order(0).noop(2).request())["tx_hash"].clone();
    let early = settle(&hashes[0], "succeeded", MOST, 100, &["a", "b"]);
    assert_eq!(bench.ok(&early), json!({ "final": false }));
    assert_eq!(bench.ok(&early), json!({ "final": false }));
    assert_eq!(bench.ok(&order(0).step_request())["outcome"], "succeeded");
    // The block is gone, and another attempt of the step is in its place.
    let other = settle(&noop, "cancelled", 0, 101, &["a", "b"]);
    assert_eq!(bench.ok(&other), json!({ "final": true }));
    let step = bench.ok(&order(0).step_request());
    assert_eq!(
        (&step["outcome"], &step["final"]),
        (&json!("cancelled"), &json!(true))
    );
    assert_eq!(bench.ok(&other), json!({ "final": true }));
    assert_eq!(bench.rule(&early), Some(Rule::SettlementConflict));
    assert_eq!(room(&bench), None);
    assert_eq!(
        bench.rule(&order(0).noop(3).request()),
        Some(Rule::StepSettled)
    );
}

#[test]
fn a_step_may_have_another_attempt_until_its_settlement_is_final() {
    let (bench, hashes) = full();
    bench.ok(&settle(&hashes[0], "reverted", 0, 100, &["a", "b"]));
    let again = order(0).with(|o| (o.attempt, o.max_fee) = (2, o.max_fee + 1));
    assert_eq!(bench.rule(&again.request()), None);
}

#[test]
fn a_no_op_was_cancelled_or_reverted_and_nothing_else_was_cancelled() {
    let (bench, hashes) = full();
    let noop = bench.ok(&order(0).noop(2).request())["tx_hash"].clone();
    for (hash, outcome) in [(&noop, "succeeded"), (&hashes[0], "cancelled")] {
        let request = settle(hash, outcome, 0, 101, &["a", "b"]);
        assert_eq!(
            bench.rule(&request),
            Some(Rule::SettlementOutcome),
            "{outcome}"
        );
    }
    let spent = settle(&noop, "cancelled", 1, 101, &["a", "b"]);
    assert_eq!(bench.rule(&spent), Some(Rule::SettlementAmount));
}
