//! What a killed signer left recorded is signed only if the policy in force would pass it.

use crate::crashes::killed_by;
use crate::orders::Order;
use crate::process::{Folder, WALLETS, config};
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

/// The usual policy, loosened again one second after it was tightened.
fn lenient() -> String {
    format!("raise_delay_s = 1\n{}", config())
}

/// What is known of the step once the raise that the restart presented is in force.
fn once_raised(folder: &Folder, order: &Order, raised: impl Fn(&Value) -> bool) -> Value {
    let signer = folder.start();
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let step = signer.ok(&order.step_request());
        if raised(&step) {
            return step;
        }
        assert!(Instant::now() < limit, "{step}");
        thread::yield_now();
    }
}

/// Changes of the policy that no longer allow the order, with the rule and a part of its message.
fn stricter() -> [(String, &'static str, &'static str); 5] {
    let unlisted = format!(
        "[[wallets]]\naddress = \"{}\"\nchains = [42161]\n",
        WALLETS[0]
    );
    let changed = |from: &str, to: &str| {
        assert!(lenient().contains(from));
        lenient().replacen(from, to, 1)
    };
    [
        (
            changed(&unlisted, ""),
            "wallet_unknown",
            "is not listed in the configuration",
        ),
        (
            changed("0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45", WALLETS[1]),
            "contract_not_allowed",
            "listed router",
        ),
        (
            changed("\"50000\"", "\"2999\""),
            "amount_per_transaction",
            "the cap is 2999000000",
        ),
        (
            changed("\"200000\"", "\"2999\""),
            "amount_per_day",
            "the cap of 2999000000 for all wallets together",
        ),
        (changed("= 100\n", "= 49\n"), "slippage", "more than 49 bps"),
    ]
}

#[test]
fn a_recorded_attempt_that_the_policy_no_longer_passes_stays_pending_and_says_why() {
    let order = Order::new("killed");
    for (policy, rule, why) in stricter() {
        let folder = Folder::new();
        folder.write("signer.toml", &lenient());
        killed_by(&folder, "gate_committed", &order.request());
        folder.write("signer.toml", &policy);
        let signer = folder.start();
        let step = signer.ok(&order.step_request());
        assert_eq!(
            (&step["pending"], &step["attempts"]),
            (&json!([1]), &json!([])),
            "{rule}"
        );
        let because = step["pending_because"].as_str().unwrap();
        assert!(
            because.contains(why) && !because.ends_with('.'),
            "{because}"
        );
        assert_eq!(signer.refusal(&order.request()), rule);
        assert_eq!(
            signer.ok(&order.close_request()),
            json!({ "closed": false })
        );
        assert_eq!(folder.count("attempts WHERE raw_tx IS NULL"), 1);
        signer.stop();

        folder.write("signer.toml", &lenient());
        let step = once_raised(&folder, &order, |step| step["pending"] == json!([]));
        assert_eq!(step["pending_because"], json!(null));
        assert_eq!(step["attempts"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_recorded_permit_that_the_policy_no_longer_passes_stays_unsigned_and_says_why() {
    let order = Order::new("killed");
    // The last change is about swaps only.
    for (policy, rule, why) in stricter().into_iter().take(4) {
        let folder = Folder::new();
        folder.write("signer.toml", &lenient());
        killed_by(&folder, "gate_committed", &order.permit_request());
        folder.write("signer.toml", &policy);
        let signer = folder.start();
        let step = signer.ok(&order.step_request());
        assert_eq!(
            (&step["pending"], &step["permit"]),
            (&json!([]), &json!(null)),
            "{rule}"
        );
        assert!(
            step["pending_because"].as_str().unwrap().contains(why),
            "{step}"
        );
        assert_eq!(signer.refusal(&order.permit_request()), rule);
        assert_eq!(folder.count("permits WHERE v IS NULL"), 1);
        signer.stop();

        folder.write("signer.toml", &lenient());
        once_raised(&folder, &order, |step| step["permit"].is_object());
    }
}
