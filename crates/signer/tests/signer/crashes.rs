//! Killed at its two boundaries, the signer neither loses a record nor signs without one.

use crate::orders::{Order, permit_of};
use crate::process::{Folder, SIGNER, Signer};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::process::ExitStatusExt;

pub const FAILPOINTS: &str = env!("CARGO_BIN_EXE_tradewind-signer-failpoints");
const KILL_AT: &str = "TRADEWIND_SIGNER_KILL_AT";
const WITHOUT_GATE: &str = "TRADEWIND_SIGNER_WITHOUT_GATE";

pub fn killed_by(folder: &Folder, boundary: &str, request: &Value) {
    let signer = folder.start_binary(FAILPOINTS, &[(KILL_AT, boundary)]);
    assert_eq!(
        signer.connect().ask(request),
        None,
        "an answer left before the kill"
    );
    assert_eq!(signer.wait().signal(), Some(9));
}

/// What a signer that is never killed answers.
fn undisturbed(request: &Value) -> Value {
    let folder = Folder::new();
    folder.start().ok(request)
}

fn unsigned_attempts(folder: &Folder) -> i64 {
    folder.count("attempts WHERE raw_tx IS NULL")
}

#[test]
fn the_record_is_on_disk_before_the_signature_exists() {
    let folder = Folder::new();
    let order = Order::new("killed");
    killed_by(&folder, "gate_committed", &order.request());
    assert_eq!(
        (folder.count("attempts"), unsigned_attempts(&folder)),
        (1, 1)
    );

    let signer = folder.start();
    let step = signer.ok(&order.step_request());
    let expected = undisturbed(&order.request());
    assert_eq!(step["attempts"][0]["raw_tx"], expected["raw_tx"]);
    assert_eq!(signer.ok(&order.request()), expected);
    assert_eq!(
        (folder.count("attempts"), unsigned_attempts(&folder)),
        (1, 0)
    );
}

#[test]
fn a_signature_that_never_left_is_found_again() {
    let folder = Folder::new();
    let order = Order::new("killed");
    killed_by(&folder, "signed", &order.request());
    assert_eq!(
        (folder.count("attempts"), unsigned_attempts(&folder)),
        (1, 0)
    );
    let signer = folder.start();
    assert_eq!(signer.ok(&order.request()), undisturbed(&order.request()));
}

#[test]
fn a_recorded_permit_is_signed_after_a_restart() {
    for boundary in ["gate_committed", "signed"] {
        let folder = Folder::new();
        let order = Order::new("killed");
        killed_by(&folder, boundary, &order.permit_request());
        let signer = folder.start();
        let expected = undisturbed(&order.permit_request());
        let step = signer.ok(&order.step_request());
        assert_eq!(permit_of(&step["permit"]), permit_of(&expected));
        assert_eq!(signer.ok(&order.permit_request()), expected);
    }
}

#[test]
fn the_count_chooses_which_passage_kills() {
    let folder = Folder::new();
    let signer = folder.start_binary(FAILPOINTS, &[(KILL_AT, "gate_committed:2")]);
    signer.ok(&Order::new("one").request());
    let second = Order::new("two").at_nonce(8);
    assert_eq!(signer.connect().ask(&second.request()), None);
    assert_eq!(
        (folder.count("attempts"), unsigned_attempts(&folder)),
        (2, 1)
    );
}

#[test]
fn a_halt_after_the_record_keeps_it_unsigned_until_resumed() {
    let folder = Folder::new();
    let order = Order::new("killed");
    killed_by(&folder, "gate_committed", &order.request());
    // Nobody runs: the command writes the epoch into the gate file.
    let halt = folder
        .command(SIGNER, &["halt", "--config", "signer.toml"])
        .output()
        .unwrap();
    assert!(
        halt.status.success(),
        "{}",
        String::from_utf8_lossy(&halt.stderr)
    );

    let signer = folder.start();
    let step = signer.ok(&order.step_request());
    assert_eq!(
        (&step["attempts"], &step["pending"]),
        (&json!([]), &json!([1]))
    );
    assert_eq!(signer.refusal(&order.request()), "halted");
    assert_eq!(unsigned_attempts(&folder), 1);
    signer.ok(&json!({ "op": "resume", "kill_epoch": 1, "by": "test", "confirm": "resume" }));
    assert_eq!(
        signer.ok(&order.step_request())["attempts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_settled_step_leaves_what_was_recorded_for_it_unsigned() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("settled");
    let signed = signer.ok(&order.request());
    signer.stop();
    let second = order
        .clone()
        .with(|o| (o.attempt, o.max_fee) = (2, o.max_fee + 1));
    killed_by(&folder, "gate_committed", &second.request());
    killed_by(&folder, "gate_committed", &order.permit_request());

    let signer = folder.start();
    signer.ok(&order.final_settle_request(&signed["tx_hash"], "succeeded", order.amount_in));
    assert_eq!(signer.refusal(&second.request()), "step_settled");
    assert_eq!(signer.refusal(&order.permit_request()), "step_settled");
    let step = signer.ok(&order.step_request());
    assert_eq!(
        (&step["pending"], &step["permit"]),
        (&json!([2]), &json!(null))
    );
    assert_eq!(
        signer.ok(&order.request()),
        signed,
        "what was signed stays known"
    );
}

fn two_signatures_for_one_step(signer: &Signer) -> bool {
    let order = Order::new("twice");
    let other_nonce = order.clone().with(|o| o.nonce = 8);
    signer.ok(&order.request());
    signer.ask(&other_nonce.request()).get("ok").is_some()
}

#[test]
fn the_mutant_without_a_gate_signs_one_step_twice_and_the_signer_does_not() {
    let folder = Folder::new();
    assert!(!two_signatures_for_one_step(&folder.start()));
    let folder = Folder::new();
    let mutant = folder.start_binary(FAILPOINTS, &[(WITHOUT_GATE, "1")]);
    assert!(two_signatures_for_one_step(&mutant));
    let order = Order::new("twice");
    let mut other = order.permit_request();
    other["permit_nonce"] = json!("1");
    assert_ne!(mutant.ok(&order.permit_request()), mutant.ok(&other));
    assert_eq!(mutant.ok(&order.step_request()), json!({ "found": false }));
    let ask =
        json!({ "op": "next_nonce", "wallet": order.wallet.to_checksum(None), "chain_id": 42161 });
    assert_eq!(mutant.ok(&ask), json!({ "next_nonce": null }));
    assert_eq!(folder.count("steps"), 0);
}

#[test]
fn the_ordinary_binary_holds_no_failpoint() {
    let holds = |binary: &str, name: &str| {
        let bytes = fs::read(binary).unwrap();
        bytes
            .windows(name.len())
            .any(|window| window == name.as_bytes())
    };
    for name in [KILL_AT, WITHOUT_GATE] {
        assert!(holds(FAILPOINTS, name), "the search finds nothing");
        assert!(!holds(SIGNER, name), "{name}");
    }
}
