//! The question whether a transaction would pass: the answer of `sign`, without its effects.

use crate::orders::{Order, USDC_UNIT, address, now_s};
use crate::process::{Folder, WALLETS};
use serde_json::json;

type Change = fn(&mut Order);

#[test]
fn the_check_names_the_rule_that_the_signature_would_be_refused_by() {
    let folder = Folder::new();
    let signer = folder.start();
    let cases: [(&str, Change); 7] = [
        ("wallet_unknown", |o| {
            o.wallet = address("0x7777777777777777777777777777777777777777");
        }),
        ("chain_not_allowed", |o| o.chain_id = 1),
        ("slippage", |o| o.amount_out = 1),
        ("amount_per_transaction", |o| {
            *o = o.clone().spending(50_001 * USDC_UNIT);
        }),
        ("recipient", |o| o.recipient = Some(address(WALLETS[1]))),
        ("validity", |o| o.deadline_s = now_s() - 1),
        ("fee_cap", |o| o.max_fee = 10_000_000_001),
    ];
    for (rule, change) in cases {
        let order = Order::new("asked").with(change);
        let answer = signer.ok(&order.check_request());
        assert_eq!(
            (&answer["passed"], &answer["rule"]),
            (&json!(false), &json!(rule))
        );
        let refused = &signer.ask(&order.request())["refused"];
        assert_eq!(
            (&refused["rule"], &refused["message"]),
            (&json!(rule), &answer["message"])
        );
    }
    assert_eq!(
        signer.ok(&Order::new("asked").check_request()),
        json!({ "passed": true })
    );
}

#[test]
fn a_check_leaves_no_trace_whatever_the_nonce_and_counts_what_is_reserved() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = |name: &str| Order::new(name).spending(50_000 * USDC_UNIT);
    for _ in 0..6 {
        let asked = order("asked").with(|o| o.nonce = 99);
        assert_eq!(signer.ok(&asked.check_request()), json!({ "passed": true }));
    }
    assert_eq!((folder.count("steps"), folder.count("attempts")), (0, 0));
    for name in ["a", "b", "c", "d"] {
        signer.ok(&order(name).permit_request());
    }
    let answer = signer.ok(&Order::new("asked").spending(1).check_request());
    assert_eq!(answer["rule"], "amount_per_day");
    signer.halt();
    assert_eq!(signer.ok(&order("asked").check_request())["rule"], "halted");
}

#[test]
fn a_check_that_cannot_be_read_is_an_error() {
    let folder = Folder::new();
    let signer = folder.start();
    let mut request = Order::new("asked").check_request();
    request["evidence"] = json!({});
    assert_eq!(signer.error(&request)["code"], "field_unknown");
}
