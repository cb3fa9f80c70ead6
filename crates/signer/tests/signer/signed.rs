//! What was signed for a wallet, by nonce; and the count of records that only grows.

use crate::orders::{Order, address};
use crate::process::{Folder, WALLETS};
use serde_json::{Value, json};

fn ask(wallet: &str, from_nonce: u64) -> Value {
    json!({ "op": "signed", "wallet": wallet, "chain_id": 42161, "from_nonce": from_nonce })
}

#[test]
fn lists_the_steps_of_one_wallet_from_a_nonce_upwards_with_their_attempts() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = |nonce: u64| {
        Order::new(&format!("intent-{nonce}"))
            .spending(nonce)
            .at_nonce(nonce)
    };
    for nonce in 7..10 {
        signer.ok(&order(nonce).request());
    }
    signer.ok(&order(9).with(|o| o.max_fee += 1).noop(2).request());
    signer.ok(&order(7)
        .with(|o| o.wallet = address(WALLETS[1]))
        .with(|o| o.intent.push('x'))
        .request());
    signer.ok(&Order::new("only a permit").permit_request());
    let answer = signer.ok(&ask(WALLETS[0], 8));
    assert_eq!(answer["more_from"], Value::Null);
    let steps = answer["steps"].as_array().unwrap();
    let facts: Vec<_> = steps
        .iter()
        .map(|s| {
            json!([
                s["intent_id"],
                s["step"],
                s["nonce"],
                s["kind"],
                s["outcome"]
            ])
        })
        .collect();
    assert_eq!(
        facts,
        [
            json!(["intent-8", 0, 8, "swap", null]),
            json!(["intent-9", 0, 9, "swap", null])
        ]
    );
    let step = signer.ok(&order(9).step_request());
    assert_eq!(steps[1]["attempts"], step["attempts"]);
    assert_eq!(steps[1]["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(
        signer.ok(&ask(WALLETS[0], 10)),
        json!({ "steps": [], "more_from": null })
    );
    assert_eq!(
        signer.ok(&ask(WALLETS[2], 0)),
        json!({ "steps": [], "more_from": null })
    );
}

#[test]
fn a_page_ends_at_256_steps_and_says_where_the_next_one_begins() {
    let folder = Folder::new();
    let signer = folder.start();
    let mut client = signer.connect();
    for nonce in 7..7 + 260 {
        let order = Order::new(&format!("{nonce}")).spending(1).at_nonce(nonce);
        assert!(client.ask(&order.request()).unwrap().get("ok").is_some());
    }
    let page = signer.ok(&ask(WALLETS[0], 0));
    assert_eq!(page["steps"].as_array().unwrap().len(), 256);
    assert!(page.to_string().len() < 1 << 20);
    assert_eq!(page["more_from"], 7 + 256);
    let rest = signer.ok(&ask(WALLETS[0], 7 + 256));
    assert_eq!(
        (rest["steps"].as_array().unwrap().len(), &rest["more_from"]),
        (4, &Value::Null)
    );
}

#[test]
fn the_records_grow_with_all_that_is_recorded_and_stay_over_a_restart() {
    let folder = Folder::new();
    let signer = folder.start();
    let records = || {
        signer.ok(&json!({ "op": "hello" }))["records"]
            .as_u64()
            .unwrap()
    };
    let order = Order::new("counted");
    let mut last = records();
    let mut grew = |what: &str| {
        let now = records();
        assert!(now > last, "{what}: {now} after {last}");
        last = now;
    };
    signer.ok(&order.permit_request());
    grew("permit");
    let signed = signer.ok(&order.request());
    grew("attempt");
    signer.ok(&order.settle_request(&signed["tx_hash"], "reverted", 0));
    grew("settlement");
    signer.ok(&Order::new("closed").close_request());
    grew("closure");
    signer.halt();
    grew("halt");
    signer.ok(&json!({ "op": "adopt_nonce", "wallet": WALLETS[0], "chain_id": 42161, "nonce": 9, "by": "test" }));
    grew("adoption");
    let end = records();
    assert_eq!(signer.ok(&order.step_request())["found"], true);
    assert_eq!(records(), end, "a question records nothing");
    signer.stop();
    assert_eq!(folder.start().ok(&json!({ "op": "hello" }))["records"], end);
}
