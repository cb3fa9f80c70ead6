//! Halts of one wallet or one strategy: they stop that and nothing else, and each is ended by itself.

use crate::orders::{Order, address};
use crate::process::{Folder, SIGNER, Signer, WALLETS};
use serde_json::{Value, json};

fn halt(signer: &Signer, scope: &Value) -> Value {
    let mut request = json!({ "op": "halt", "reason": "drill", "by": "test" });
    request
        .as_object_mut()
        .unwrap()
        .extend(scope.as_object().unwrap().clone());
    signer.ok(&request)["kill_epoch"].clone()
}

fn resume(epoch: &Value) -> Value {
    json!({ "op": "resume", "kill_epoch": epoch, "by": "test", "confirm": "resume" })
}

fn order(wallet: usize, strategy: &'static str) -> Order {
    let order = Order::new(&format!("{wallet}-{strategy}"));
    order.with(|o| (o.wallet, o.strategy) = (address(WALLETS[wallet]), Some(strategy)))
}

/// Whether a permit for this wallet and strategy would be made; asked anew, so that the answer is the switch's.
fn signs(signer: &Signer, wallet: usize, strategy: &'static str) -> bool {
    let answer = signer.ok(&order(wallet, strategy).check_request());
    assert!(
        answer["passed"] == true || answer["rule"] == "halted",
        "{answer}"
    );
    answer["passed"] == true
}

#[test]
fn a_halted_wallet_or_strategy_signs_nothing_and_the_others_go_on() {
    let folder = Folder::new();
    let signer = folder.start();
    let wallet = halt(&signer, &json!({ "wallet": WALLETS[0] }));
    let strategy = halt(&signer, &json!({ "strategy_id": "two" }));
    let table = |signer: &Signer| {
        [(0, "one"), (0, "two"), (1, "one"), (1, "two")].map(|(w, s)| signs(signer, w, s))
    };
    assert_eq!(table(&signer), [false, false, true, false]);
    for order in [order(0, "one"), order(1, "two")] {
        assert_eq!(signer.refusal(&order.request()), "halted");
        assert_eq!(signer.refusal(&order.permit_request()), "halted");
    }
    signer.ok(&order(1, "one").request());
    signer.stop();

    let signer = folder.start();
    assert_eq!(
        table(&signer),
        [false, false, true, false],
        "after a restart"
    );
    signer.ok(&resume(&wallet));
    assert_eq!(table(&signer), [true, false, true, false]);
    signer.ok(&resume(&strategy));
    assert_eq!(table(&signer), [true, true, true, true]);
}

#[test]
fn hello_lists_the_halts_and_speaks_of_the_halt_of_everything() {
    let folder = Folder::new();
    let signer = folder.start();
    halt(&signer, &json!({ "wallet": WALLETS[1] }));
    let hello = signer.ok(&json!({ "op": "hello" }));
    assert_eq!(
        (&hello["halted"], &hello["kill_epoch"]),
        (&json!(false), &json!(0))
    );
    assert_eq!(halt(&signer, &json!({})), 2);
    halt(&signer, &json!({ "strategy_id": "two" }));
    let hello = signer.ok(&json!({ "op": "hello" }));
    assert_eq!(
        (
            &hello["halted"],
            &hello["kill_epoch"],
            &hello["halt_reason"]
        ),
        (&json!(true), &json!(2), &json!("drill"))
    );
    let halts = hello["halts"].as_array().unwrap();
    let scopes: Vec<_> = halts
        .iter()
        .map(|h| json!([h["kill_epoch"], h["wallet"], h["strategy_id"], h["by"]]))
        .collect();
    assert_eq!(
        scopes,
        [
            json!([1, WALLETS[1], null, "test"]),
            json!([2, null, null, "test"]),
            json!([3, null, "two", "test"])
        ]
    );
    assert!(
        halts
            .iter()
            .all(|h| h["at_ms"].is_u64() && h["reason"] == "drill")
    );
}

#[test]
fn a_resume_ends_one_halt_and_only_the_last_of_its_scope() {
    let folder = Folder::new();
    let signer = folder.start();
    let first = halt(&signer, &json!({ "wallet": WALLETS[0] }));
    let second = halt(&signer, &json!({ "wallet": WALLETS[0] }));
    let everything = halt(&signer, &json!({}));
    assert_eq!(signer.refusal(&resume(&first)), "kill_epoch");
    assert_eq!(
        signer.ok(&resume(&second)),
        json!({ "kill_epoch": 2, "halted": true })
    );
    assert!(!signs(&signer, 0, "one"), "everything is halted still");
    assert_eq!(
        signer.ok(&resume(&everything)),
        json!({ "kill_epoch": 3, "halted": false })
    );
    assert!(
        signs(&signer, 0, "one"),
        "the first halt of the wallet was replaced by the second"
    );
    assert_eq!(signer.refusal(&resume(&everything)), "not_halted");
}

#[test]
fn nonces_are_adopted_under_a_halt_of_their_wallet_and_not_of_another() {
    let folder = Folder::new();
    let signer = folder.start();
    let adopt = json!({ "op": "adopt_nonce", "wallet": WALLETS[0], "chain_id": 42161, "nonce": 9, "by": "test" });
    halt(&signer, &json!({ "wallet": WALLETS[1] }));
    halt(&signer, &json!({ "strategy_id": "one" }));
    assert_eq!(signer.refusal(&adopt), "not_halted");
    halt(&signer, &json!({ "wallet": WALLETS[0] }));
    signer.ok(&adopt);
}

#[test]
fn a_halt_names_one_scope_and_works_from_the_command_line_with_the_signer_dead() {
    let folder = Folder::new();
    let signer = folder.start();
    let both = json!({ "op": "halt", "reason": "x", "by": "x", "wallet": WALLETS[0], "strategy_id": "one" });
    assert_eq!(signer.error(&both)["field"], "strategy_id");
    signer.stop();
    let words = ["halt", "--config", "signer.toml", "--wallet", WALLETS[0]];
    assert!(
        folder
            .command(SIGNER, &words)
            .output()
            .unwrap()
            .status
            .success()
    );
    let signer = folder.start();
    assert!(!signs(&signer, 0, "one") && signs(&signer, 1, "one"));
}
