//! Settlements on Solana: what gives budgets back, and what could still land.

use crate::bench::{Bench, START_S};
use crate::solana_orders::*;
use serde_json::{Value, json};
use tradewind_signer::fault::Rule;

fn used(bench: &Bench, mint: &str, window: &str) -> String {
    let budgets = bench.ok(&json!({ "op": "budgets" }));
    let all = budgets["budgets"].as_array().unwrap();
    let own = all
        .iter()
        .find(|b| b["token"] == mint && b["window"] == window);
    own.unwrap()["used_raw"].as_str().unwrap().to_owned()
}

fn signed(bench: &Bench, order: &SolanaOrder) -> Value {
    bench.ok(&order.request())["signature"].clone()
}

#[test]
fn a_final_settlement_gives_back_what_was_not_spent_but_not_to_what_was_signed() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let signature = signed(&bench, &order);
    let spent = json!({ WSOL: "999999999", NATIVE: "5000" });
    let settle = order.settle_request("succeeded", &signature, &spent);
    assert_eq!(bench.ok(&settle), json!({ "final": true }));
    assert_eq!(used(&bench, WSOL, "day"), "999999999");
    assert_eq!(used(&bench, WSOL, "signed_per_day"), "1000000000");
    assert_eq!(
        (
            used(&bench, NATIVE, "day"),
            used(&bench, NATIVE, "signed_per_day")
        ),
        ("5000".into(), "7000".into())
    );
    assert_eq!(bench.ok(&settle), json!({ "final": true }));
    let other = order.settle_request("reverted", &signature, &json!({}));
    assert_eq!(bench.rule(&other), Some(Rule::SettlementConflict));
    let again = order.again(HEIGHT + 1_000, HEIGHT + 900, &absent(&signature));
    assert_eq!(bench.rule(&again.request()), Some(Rule::StepSettled));
}

#[test]
fn a_reverted_step_spends_its_fee_only() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let signature = signed(&bench, &order);
    let more = order.settle_request("reverted", &signature, &json!({ WSOL: "1" }));
    assert_eq!(bench.rule(&more), Some(Rule::SettlementAmount));
    let dearer = order.settle_request("reverted", &signature, &json!({ NATIVE: "7001" }));
    assert_eq!(bench.rule(&dearer), Some(Rule::SettlementAmount));
    let settle = order.settle_request("reverted", &signature, &json!({ NATIVE: "7000" }));
    assert_eq!(bench.ok(&settle), json!({ "final": true }));
    assert_eq!(
        (used(&bench, WSOL, "day"), used(&bench, NATIVE, "day")),
        ("0".into(), "7000".into())
    );
}

#[test]
fn what_a_settlement_does_not_name_stays_reserved() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let signature = signed(&bench, &order);
    bench.ok(&order.settle_request("succeeded", &signature, &json!({})));
    assert_eq!(
        (used(&bench, WSOL, "day"), used(&bench, NATIVE, "day")),
        ("1000000000".into(), "7000".into())
    );
}

#[test]
fn a_settlement_that_is_not_finalized_is_a_note() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let signature = signed(&bench, &order);
    let mut note = order.settle_request("succeeded", &signature, &json!({ WSOL: "1" }));
    note["finalized"]["slot"] = json!(1_202);
    assert_eq!(bench.ok(&note), json!({ "final": false }));
    note["finalized"] = Value::Null;
    assert_eq!(bench.ok(&note), json!({ "final": false }));
    assert_eq!(used(&bench, WSOL, "day"), "1000000000");
    let reverted = order.settle_request("reverted", &signature, &json!({}));
    assert_eq!(bench.ok(&reverted), json!({ "final": true }));
}

#[test]
fn a_revert_is_not_final_while_another_attempt_could_land() {
    let bench = bench();
    let order = SolanaOrder::new("first");
    let drawn = bench.ok(&order.receipt_request());
    let text = |name: &str| drawn[name].as_str().unwrap().to_owned();
    let order = order.and(receipt(&text("seed"), &text("address")));
    let first = signed(&bench, &order);
    let second = order.clone().again(HEIGHT + 151, HEIGHT + 119, &json!([]));
    let other = signed(&bench, &second);
    let mut settle = order.settle_request("reverted", &first, &json!({}));
    settle["signatures"] = absent(&other);
    settle["finalized"]["block_height"] = json!(HEIGHT + 151 + 150);
    assert_eq!(bench.ok(&settle), json!({ "final": false }));
    // Too late to land, and it may have landed in time: what became of it has to be said.
    settle["finalized"]["block_height"] = json!(HEIGHT + 151 + 151);
    settle["signatures"] = absent(&first);
    assert_eq!(bench.ok(&settle), json!({ "final": false }));
    settle["signatures"] = absent(&other);
    assert_eq!(bench.ok(&settle), json!({ "final": true }));
}

#[test]
fn a_step_expires_only_by_proof_for_every_attempt() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let signature = signed(&bench, &order);
    let with = |height: u64, signatures: Value, endpoints: Value| {
        let mut settle = order.settle_request("expired", &Value::Null, &json!({}));
        settle["finalized"]["block_height"] = json!(height);
        settle["signatures"] = signatures;
        settle["endpoints"] = endpoints;
        settle
    };
    let (dead, both) = (HEIGHT + 150 + 61, json!(["one", "two"]));
    for wrong in [
        with(dead - 1, absent(&signature), both.clone()),
        with(dead, json!([]), both.clone()),
        with(dead, absent(&signature), json!(["one"])),
    ] {
        assert_eq!(bench.rule(&wrong), Some(Rule::AttemptAlive));
    }
    assert_eq!(used(&bench, WSOL, "day"), "1000000000");
    assert_eq!(
        bench.ok(&with(dead, absent(&signature), both)),
        json!({ "final": true })
    );
    assert_eq!(
        (used(&bench, WSOL, "day"), used(&bench, NATIVE, "day")),
        ("0".into(), "0".into())
    );
    let step = bench.ok(&order.step_request());
    assert_eq!(
        (&step["outcome"], &step["final"]),
        (&json!("expired"), &json!(true))
    );
    let again = order.again(dead + 32, dead, &absent(&signature));
    assert_eq!(bench.rule(&again.request()), Some(Rule::StepSettled));
}

/// A step whose only attempt is recorded, and that nobody signed before the policy became another one.
fn unsigned() -> (Bench, SolanaOrder) {
    let mut bench = bench();
    let order = SolanaOrder::new("first");
    assert!(bench.dies(&order.request()));
    let config = config();
    let closer = config.replace("max_fee_lamports = 40000", "max_fee_lamports = 6000");
    assert_ne!(config, closer);
    bench.restart(Some(&closer));
    assert_eq!(bench.ok(&order.step_request())["pending"], json!([1]));
    (bench, order)
}

fn expiry(order: &SolanaOrder, height: u64, endpoints: &Value) -> Value {
    let mut settle = order.settle_request("expired", &Value::Null, &json!({}));
    settle["finalized"]["block_height"] = json!(height);
    settle["endpoints"] = endpoints.clone();
    settle
}

#[test]
fn a_step_whose_attempt_was_never_signed_expires_after_the_end_of_that_attempt() {
    let (bench, order) = unsigned();
    let (end, both) = (HEIGHT + 150 + 60, json!(["one", "two"]));
    for early in [
        expiry(&order, end, &both),
        expiry(&order, end + 1, &json!(["one", "one"])),
    ] {
        assert_eq!(bench.rule(&early), Some(Rule::AttemptAlive));
    }
    assert_eq!(used(&bench, WSOL, "day"), "1000000000");
    let settled = bench.ok(&expiry(&order, end + 1, &both));
    assert_eq!(settled, json!({ "final": true }));
    assert_eq!(
        (used(&bench, WSOL, "day"), used(&bench, NATIVE, "day")),
        ("0".into(), "0".into())
    );
    let step = bench.ok(&order.step_request());
    assert_eq!(
        (&step["outcome"], &step["attempts"]),
        (&json!("expired"), &json!([]))
    );
    assert_eq!(bench.rule(&order.request()), Some(Rule::StepSettled));
}

#[test]
fn what_was_recorded_before_the_machine_started_anew_may_have_left_and_does_not_expire_unsigned() {
    let (bench, order) = unsigned();
    let change = "UPDATE solana_attempts SET evidence = json_set(evidence, '$.boot_id', 'another')";
    let gate = rusqlite::Connection::open(bench.folder.path("gate.db")).unwrap();
    assert_eq!(gate.execute(change, []).unwrap(), 1);
    let late = expiry(&order, HEIGHT + 1_000, &json!(["one", "two"]));
    assert_eq!(bench.rule(&late), Some(Rule::AttemptOrder));
    assert!(bench.message(&late).contains("before the machine started"));
    // Under a policy that passes it, it is signed, and can be looked up.
    let bench = bench.restarted(Some(&config()));
    bench.at(START_S + 3_600);
    let signature = bench.ok(&order.step_request())["attempts"][0]["signature"].clone();
    let mut known = late;
    known["signatures"] = absent(&signature);
    assert_eq!(bench.ok(&known), json!({ "final": true }));
}

#[test]
fn takes_no_word_for_what_it_did_not_sign() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let unknown = order.settle_request("succeeded", &json!("1111"), &json!({}));
    assert_eq!(bench.rule(&unknown), Some(Rule::StepUnknown));
    signed(&bench, &order);
    assert_eq!(bench.rule(&unknown), Some(Rule::TransactionForeign));
    let mut evm = json!({
        "op": "settle", "intent_id": "first", "step": 0, "outcome": "reverted", "tx_hash": format!("0x{}", "ab".repeat(32)),
        "block_number": 1, "block_hash": format!("0x{}", "ab".repeat(32)), "spent_raw": "0", "endpoints": ["one"],
    });
    assert_eq!(bench.rule(&evm), Some(Rule::TransactionForeign));
    evm["finalized"] = json!({ "number": 2, "hash": format!("0x{}", "ab".repeat(32)) });
    assert_eq!(bench.rule(&evm), Some(Rule::TransactionForeign));
}
