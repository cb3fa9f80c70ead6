//! The same question again, also to another process, gets the same answer.

use crate::orders::{Order, permit_of};
use crate::process::{Folder, SIGNER};
use serde_json::json;
use tradewind_signer::client;

#[test]
fn a_restarted_signer_gives_the_same_bytes_for_the_same_attempt() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("again");
    let permit = signer.ok(&order.permit_request());
    let order = order.with(|o| o.permit = Some(permit_of(&permit)));
    let signed = signer.ok(&order.request());
    assert_eq!(signer.ok(&order.request()), signed);
    let step = signer.ok(&order.step_request());
    signer.stop();

    let signer = folder.start();
    assert_eq!(signer.ok(&order.request()), signed);
    assert_eq!(signer.ok(&order.permit_request()), permit);
    assert_eq!(signer.ok(&order.step_request()), step);
    assert_eq!(step["attempts"][0]["raw_tx"], signed["raw_tx"]);
    assert_eq!(step["permit"]["r"], permit["r"]);
    assert_eq!((folder.count("attempts"), folder.count("permits")), (1, 1));
}

#[test]
fn the_same_attempt_keeps_its_bytes_after_its_deadline_and_its_quote_are_gone() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("late");
    let signed = signer.ok(&order.request());
    let mut later = order.request();
    later["quoted"]["amount_out_raw"] = json!("5");
    later["evidence"]["latest_nonce"] = json!(8);
    assert_eq!(signer.ok(&later), signed);
}

#[test]
fn next_nonce_follows_the_record_and_is_null_without_one() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("nonce");
    let ask =
        json!({ "op": "next_nonce", "wallet": order.wallet.to_checksum(None), "chain_id": 42161 });
    assert_eq!(signer.ok(&ask), json!({ "next_nonce": null }));
    signer.ok(&order.permit_request());
    assert_eq!(
        signer.ok(&ask),
        json!({ "next_nonce": null }),
        "a permit has no nonce"
    );
    let step = signer.ok(&order.step_request());
    assert_eq!(
        (&step["found"], &step["nonce"], &step["kind"]),
        (&json!(true), &json!(null), &json!("swap"))
    );
    signer.ok(&order.request());
    assert_eq!(signer.ok(&ask), json!({ "next_nonce": 8 }));
    assert_eq!(
        signer.ok(&Order::new("unknown").step_request()),
        json!({ "found": false })
    );
}

#[test]
fn a_second_signer_on_the_same_gate_does_not_start() {
    let folder = Folder::new();
    let _signer = folder.start();
    let arguments = [
        "run",
        "--config",
        "signer.toml",
        "--passphrase-file",
        "passphrase",
    ];
    let second = folder.command(SIGNER, &arguments).output().unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another signer uses"));
}

#[test]
fn a_terminated_signer_removes_its_socket_and_exits_with_success() {
    let folder = Folder::new();
    let signer = folder.start();
    let pid = rustix::process::Pid::from_raw(signer.pid().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(signer.wait().success());
    assert!(!folder.path("run/signer.sock").exists());
    let answer = client::ask(
        &folder.path("run/signer.sock"),
        &json!({ "op": "hello" }),
        std::time::Duration::from_secs(1),
    );
    assert!(answer.is_err());
}

/// Recorded twice it would have one hash for two attempts: the second could never be signed, and `step` never answer.
#[test]
fn the_same_transaction_is_not_two_attempts() {
    let folder = Folder::new();
    let signer = folder.start();
    let trade = Order::new("twice");
    signer.ok(&trade.request());
    let again = trade.clone().with(|o| o.attempt = 2);
    assert_eq!(signer.refusal(&again.request()), "attempt_conflict");
    let noop = trade.clone().noop(2);
    signer.ok(&noop.request());
    assert_eq!(signer.refusal(&noop.noop(3).request()), "attempt_conflict");
    let known = signer.ok(&trade.step_request());
    assert_eq!(known["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(known["pending"], serde_json::json!([]));
}
