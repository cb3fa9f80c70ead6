//! Closing a step: only one for which nothing is recorded, and then for good.

use crate::orders::{Order, USDC_UNIT};
use crate::process::{Folder, Signer};
use serde_json::json;

fn resume(signer: &Signer) {
    signer.ok(&json!({ "op": "resume", "kill_epoch": 1, "by": "test", "confirm": "resume" }));
}

#[test]
fn a_closed_step_gets_no_signature_also_after_a_halt_and_a_restart() {
    let folder = Folder::new();
    let signer = folder.start();
    signer.halt();
    let order = Order::new("closed");
    assert_eq!(signer.ok(&order.close_request()), json!({ "closed": true }));
    assert_eq!(signer.ok(&order.close_request()), json!({ "closed": true }));
    resume(&signer);
    signer.stop();

    let signer = folder.start();
    assert_eq!(signer.refusal(&order.request()), "step_closed");
    assert_eq!(signer.refusal(&order.permit_request()), "step_closed");
    let step = signer.ok(&order.step_request());
    assert_eq!(
        (
            &step["found"],
            &step["closed"],
            &step["attempts"],
            &step["nonce"]
        ),
        (&json!(true), &json!(true), &json!([]), &json!(null))
    );
    let other = order.with(|o| o.step = 1);
    signer.ok(&other.request());
    assert_eq!(signer.ok(&other.step_request())["closed"], false);
}

#[test]
fn closing_a_step_with_only_a_permit_releases_its_reservation_and_no_other() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = |name: &str| Order::new(name).spending(50_000 * USDC_UNIT);
    for name in ["a", "b", "c", "d"] {
        signer.ok(&order(name).permit_request());
    }
    let more = order("more").permit_request();
    assert_eq!(signer.refusal(&more), "amount_per_day");
    assert_eq!(
        signer.ok(&order("a").close_request()),
        json!({ "closed": true })
    );
    signer.ok(&more);
    let another = Order::new("another").spending(1).permit_request();
    assert_eq!(signer.refusal(&another), "amount_per_day");
    assert_eq!(
        signer.refusal(&order("a").permit_request()),
        "step_closed",
        "not even the permit that it made"
    );
    assert_eq!(signer.refusal(&order("a").request()), "step_closed");
}

#[test]
fn a_step_with_an_attempt_cannot_be_closed_and_stays_as_it_was() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("signed");
    let signed = signer.ok(&order.request());
    let before = signer.ok(&order.step_request());
    assert_eq!(
        signer.ok(&order.close_request()),
        json!({ "closed": false })
    );
    assert_eq!(signer.ok(&order.step_request()), before);
    assert_eq!(before["closed"], false);
    assert_eq!(signer.ok(&order.request()), signed);
    signer.ok(&order
        .clone()
        .with(|o| (o.attempt, o.max_fee) = (2, o.max_fee + 1))
        .request());
    let settled = order.settle_request(&signed["tx_hash"], "reverted", 0);
    signer.ok(&settled);
    assert_eq!(
        signer.ok(&order.close_request()),
        json!({ "closed": false })
    );
}
