//! No-ops: they end a step on its own nonce, or fill a gap, and do nothing else.

use crate::orders::{Order, permit_of};
use crate::process::{Folder, Signer, WALLETS};
use serde_json::{Value, json};
use tradewind_core::evm::DecodedTransaction;

fn gap(nonce: u64) -> Order {
    let name = format!("gap-42161-{}-{nonce}", WALLETS[0]);
    Order::new(&name).at_nonce(nonce).noop(1)
}

fn adopt(signer: &Signer, nonce: u64) {
    signer.halt();
    signer.ok(&json!({ "op": "adopt_nonce", "wallet": WALLETS[0], "chain_id": 42161, "nonce": nonce, "by": "test" }));
    signer.ok(&json!({ "op": "resume", "kill_epoch": 1, "by": "test", "confirm": "resume" }));
}

#[test]
fn a_no_op_takes_the_nonce_of_its_step_and_moves_nothing() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("ended").with(|o| o.max_fee = 100);
    signer.ok(&order.request());
    let noop = order.clone().with(|o| o.max_fee = 200).noop(2);
    let signed = signer.ok(&noop.request());
    let raw = alloy_primitives::hex::decode(signed["raw_tx"].as_str().unwrap()).unwrap();
    let sent = DecodedTransaction::decode(&raw).unwrap().transaction;
    assert_eq!(
        (sent.nonce, sent.to.to_string()),
        (7, WALLETS[0].to_owned())
    );
    assert!(sent.value_wei.is_zero() && sent.data.is_empty());
    let step = signer.ok(&order.step_request());
    assert_eq!(step["kind"], "swap");
    let noops: Vec<_> = step["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["noop"])
        .collect();
    assert_eq!(noops, [&json!(false), &json!(true)]);
    assert_eq!(signer.ok(&noop.request()), signed);
}

#[test]
fn after_a_no_op_a_step_takes_only_further_no_ops() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("ended");
    signer.ok(&order.request());
    signer.ok(&order.clone().noop(2).request());
    let swap = order
        .clone()
        .with(|o| (o.attempt, o.max_fee) = (3, o.max_fee * 2));
    assert_eq!(signer.refusal(&swap.request()), "step_changed");
    let dearer = order.with(|o| o.max_fee *= 2).noop(3);
    signer.ok(&dearer.request());
}

#[test]
fn a_no_op_keeps_wallet_strategy_nonce_and_order_of_its_step() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("ended").with(|o| o.strategy = Some("mine"));
    signer.ok(&order.request());
    let noop = order.clone().noop(2);
    let cases = [
        (
            "step_changed",
            noop.clone().with(|o| o.strategy = Some("other")),
        ),
        ("step_changed", noop.clone().with(|o| o.strategy = None)),
        ("nonce_of_step", noop.clone().with(|o| o.nonce = 8)),
        ("attempt_order", noop.clone().with(|o| o.attempt = 3)),
        ("nonce_used", noop.clone().with(|o| o.latest_nonce = 8)),
        ("fee_cap", noop.clone().with(|o| o.max_fee = 10_000_000_001)),
        (
            "calldata_shape",
            noop.clone()
                .with(|o| (o.to, o.data) = (Order::new("").to, Some(Vec::new()))),
        ),
        ("contract_not_allowed", noop.clone().with(|o| o.value = 1)),
        (
            "contract_not_allowed",
            noop.clone().with(|o| o.data = Some(vec![0])),
        ),
    ];
    for (rule, case) in cases {
        assert_eq!(signer.refusal(&case.request()), rule);
    }
    signer.ok(&noop.request());
}

#[test]
fn a_step_with_only_a_permit_is_closed_and_not_ended_by_a_no_op() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("permit");
    permit_of(&signer.ok(&order.permit_request()));
    assert_eq!(
        signer.refusal(&order.clone().noop(1).request()),
        "noop_not_allowed"
    );
    assert_eq!(signer.ok(&order.close_request()), json!({ "closed": true }));
    assert_eq!(signer.refusal(&order.noop(1).request()), "step_closed");
}

#[test]
fn a_gap_is_filled_at_the_chains_nonce_by_a_step_of_its_name_once() {
    let folder = Folder::new();
    let signer = folder.start();
    signer.ok(&Order::new("first").request());
    // Says that 8 and 9 were used; the chain, after a reorganisation, has neither.
    adopt(&signer, 10);
    let swap = Order::new("next").with(|o| (o.nonce, o.latest_nonce) = (10, 8));
    assert_eq!(signer.refusal(&swap.request()), "nonce_behind");
    let misnamed = gap(8).with(|o| o.intent = "gap".to_owned());
    let other_step = gap(8).with(|o| o.step = 1);
    let ahead = gap(9).with(|o| o.latest_nonce = 8);
    for order in [misnamed, other_step, ahead] {
        assert_eq!(signer.refusal(&order.request()), "noop_not_allowed");
    }
    assert_eq!(signer.refusal(&gap(11).request()), "nonce_foreign");
    assert_eq!(
        signer.refusal(&gap(7).request()),
        "noop_not_allowed",
        "a step owns it"
    );
    let filled = signer.ok(&gap(8).request());
    assert_eq!(signer.ok(&gap(8).request()), filled);
    assert_eq!(signer.ok(&gap(8).step_request())["kind"], "noop");
    signer.ok(&gap(9).request());
    assert_eq!(next_nonce(&signer), 10, "the next one is what it was");
    signer.ok(&swap.with(|o| o.latest_nonce = 10).request());
    let dearer = gap(8).with(|o| (o.attempt, o.max_fee) = (2, o.max_fee * 2));
    signer.ok(&dearer.request());
}

fn next_nonce(signer: &Signer) -> Value {
    let ask = json!({ "op": "next_nonce", "wallet": WALLETS[0], "chain_id": 42161 });
    signer.ok(&ask)["next_nonce"].clone()
}

#[test]
fn a_halt_stops_no_ops_too() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("ended");
    signer.ok(&order.request());
    signer.halt();
    assert_eq!(signer.refusal(&order.noop(2).request()), "halted");
    assert_eq!(signer.refusal(&gap(8).request()), "halted");
}
