//! Killed between the record and the signature, or behind it, the signer goes on with the same bytes.

use crate::crashes::{FAILPOINTS, killed_by};
use crate::process::Folder;
use crate::solana_orders::{SolanaOrder, WALLET, adoption, folder, receipt};
use crate::solana_reclaims::{OLD, Reclaim, reclaimable};
use rusqlite::Connection;
use serde_json::json;

#[test]
fn a_kill_at_either_boundary_leaves_one_record_and_the_same_signature() {
    let order = SolanaOrder::new("killed");
    let calm = folder();
    let expected = {
        let signer = calm.start();
        signer.ok(&adoption(WALLET));
        signer.ok(&order.request())
    };
    for boundary in ["gate_committed", "signed"] {
        let folder = folder();
        folder.start().ok(&adoption(WALLET));
        killed_by(&folder, boundary, &order.request());
        assert_eq!(folder.count("solana_attempts"), 1, "{boundary}");
        let signer = folder.start();
        let other = order.clone().again(1_151, 1_119, &json!([])).request();
        assert!(signer.ask(&other).get("refused").is_some(), "{boundary}");
        assert_eq!(
            signer.ok(&order.step_request())["attempts"][0]["raw_tx"],
            expected["raw_tx"]
        );
        assert_eq!(signer.ok(&order.request()), expected, "{boundary}");
        assert_eq!(folder.count("solana_attempts"), 1, "{boundary}");
    }
}

#[test]
fn without_its_gate_the_signer_would_sign_a_second_copy() {
    let folder = folder();
    let signer = folder.start_binary(FAILPOINTS, &[("TRADEWIND_SIGNER_WITHOUT_GATE", "1")]);
    let order = SolanaOrder::new("naive");
    let first = signer.ok(&order.request());
    let second = signer.ok(&order.again(1_001, 969, &json!([])).request());
    assert_ne!(first["signature"], second["signature"]);
}

#[test]
fn a_kill_behind_the_record_of_a_hold_leaves_it_held_and_nothing_signed() {
    let order = SolanaOrder::new("killed");
    let folder = folder();
    folder.start().ok(&adoption(WALLET));
    killed_by(&folder, "gate_committed", &order.presign_request(60_000));
    let signer = folder.start();
    let step = signer.ok(&order.step_request());
    assert_eq!(
        (&step["attempts"], &step["holds"][0]["state"]),
        (&json!([]), &json!("held"))
    );
    assert_eq!(signer.ok(&order.presign_request(60_000)), step["holds"][0]);
    assert_eq!(folder.count("solana_attempts"), 1);
    signer.ok(&order.release_request(1_000));
}

#[test]
fn a_kill_behind_the_record_of_a_release_gives_the_same_bytes_later_and_no_discard() {
    let order = SolanaOrder::new("killed");
    let folder = folder();
    let signer = folder.start();
    signer.ok(&adoption(WALLET));
    signer.ok(&order.presign_request(60_000));
    signer.stop();
    killed_by(&folder, "signed", &order.release_request(1_000));
    let signer = folder.start();
    assert_eq!(signer.refusal(&order.discard_request()), "released");
    let released = signer.ok(&order.release_request(1_000));
    let step = signer.ok(&order.step_request());
    assert_eq!(step["attempts"][0]["raw_tx"], released["raw_tx"]);
    assert_eq!(folder.count("solana_attempts"), 1);
}

#[test]
fn a_kill_behind_the_record_of_a_discard_leaves_the_step_free() {
    let order = SolanaOrder::new("killed");
    let folder = folder();
    let signer = folder.start();
    signer.ok(&adoption(WALLET));
    signer.ok(&order.presign_request(60_000));
    signer.stop();
    killed_by(&folder, "gate_committed", &order.discard_request());
    let signer = folder.start();
    assert_eq!(signer.refusal(&order.release_request(1_000)), "discarded");
    signer.ok(&order.discard_request());
    signer.ok(&order.with(|o| o.attempt = 2).request());
}

/// A folder whose gate has a step that succeeded for good long ago, and the seed of its receipt.
fn with_an_old_receipt() -> (Folder, String) {
    let folder = folder();
    let signer = folder.start();
    signer.ok(&adoption(WALLET));
    let drawn = signer.ok(&SolanaOrder::new("first").receipt_request());
    let text = |name: &str| drawn[name].as_str().unwrap().to_owned();
    let order = SolanaOrder::new("first").and(receipt(&text("seed"), &text("address")));
    let signature = signer.ok(&order.request())["signature"].clone();
    signer.ok(&order.settle_request("succeeded", &signature, &json!({})));
    signer.stop();
    let gate = Connection::open(folder.path("gate.db")).unwrap();
    gate.execute("UPDATE steps SET effect_by_s = 1", [])
        .unwrap();
    (folder, text("seed"))
}

#[test]
fn a_kill_at_either_boundary_of_a_reclaim_leaves_one_record_and_one_signature() {
    for boundary in ["gate_committed", "signed"] {
        let (folder, seed) = with_an_old_receipt();
        let reclaim = Reclaim::of("reclaim-1", &[&seed]);
        killed_by(&folder, boundary, &reclaim.request());
        assert_eq!(folder.count("reclaims"), 1, "{boundary}");
        let signer = folder.start();
        let told = signer.ok(&reclaimable(OLD));
        assert_eq!(
            (&told["open"], &told["receipts"]),
            (&json!("reclaim-1"), &json!([])),
            "{boundary}"
        );
        let other = Reclaim::of("reclaim-2", &[&seed]).request();
        assert!(signer.ask(&other).get("refused").is_some(), "{boundary}");
        let step = signer.ok(&reclaim.order.step_request());
        let answer = signer.ok(&reclaim.request());
        assert_eq!(
            step["attempts"][0]["raw_tx"], answer["raw_tx"],
            "{boundary}"
        );
        let changed = reclaim.clone().with(|o| o.blockhash += 1).request();
        assert!(signer.ask(&changed).get("refused").is_some(), "{boundary}");
        assert_eq!(folder.count("solana_attempts"), 2, "{boundary}");
    }
}
