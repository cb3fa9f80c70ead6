//! Killed between the record and the signature, or behind it, the signer goes on with the same bytes.

use crate::crashes::{FAILPOINTS, killed_by};
use crate::solana_orders::{SolanaOrder, WALLET, adoption, folder};
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
