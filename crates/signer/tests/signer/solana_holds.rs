//! Held attempts on Solana: bytes that stay in the signer until they are released, and steps that are free when they are
//! discarded.

use crate::bench::{Bench, START_S};
use crate::power_loss::DiskAtCommit;
use crate::solana_orders::*;
use serde_json::{Value, json};
use tradewind_signer::fault::Rule;
use tradewind_signer::signer::Unobserved;

const HOLD_MS: u64 = 5_000;

/// What is used of a day's limit for a token.
fn used(bench: &Bench, symbol: &str, window: &str) -> String {
    let budgets = bench.ok(&json!({ "op": "budgets" }));
    let own = |b: &&Value| b["symbol"] == symbol && b["window"] == window;
    let budget = budgets["budgets"].as_array().unwrap().iter().find(own);
    budget.unwrap()["used_raw"].as_str().unwrap().to_owned()
}

fn locked(bench: &Bench, intent: &str) -> SolanaOrder {
    let drawn = bench.ok(&SolanaOrder::new(intent).receipt_request());
    let text = |name: &str| drawn[name].as_str().unwrap().to_owned();
    SolanaOrder::new(intent).and(receipt(&text("seed"), &text("address")))
}

/// What the same order is answered with by a signer that signs at once.
fn signed_at_once(order: &SolanaOrder) -> Value {
    bench().ok(&order.request())
}

fn state(bench: &Bench, order: &SolanaOrder) -> Value {
    let place = order.attempt as usize - 1;
    bench.ok(&order.step_request())["holds"][place]["state"].clone()
}

/// As after a start of the machine.
fn started_anew(bench: Bench) -> Bench {
    let change = "UPDATE solana_attempts SET evidence = json_set(evidence, '$.boot_id', 'another')";
    let gate = rusqlite::Connection::open(bench.folder.path("gate.db")).unwrap();
    gate.execute(change, []).unwrap();
    bench.restarted(None)
}

#[test]
fn a_held_attempt_is_on_record_and_neither_its_bytes_nor_its_signature_exist() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let expected = signed_at_once(&order);
    let held = bench.ok(&order.presign_request(HOLD_MS));
    let told = json!({
        "attempt": 1, "state": "held", "held_until_ms": START_S * 1_000 + HOLD_MS,
        "last_valid_block_height": HEIGHT + 150,
    });
    assert_eq!(held, told);
    let step = bench.ok(&order.step_request());
    assert_eq!(step["holds"], json!([told]));
    assert_eq!(
        (&step["attempts"], &step["pending"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(
        bench
            .folder
            .count("solana_attempts WHERE raw_tx IS NOT NULL"),
        0
    );
    for file in ["gate.db", "gate.db-wal"] {
        let bytes = std::fs::read(bench.folder.path(file)).unwrap();
        let signature = bs58::decode(expected["signature"].as_str().unwrap())
            .into_vec()
            .unwrap();
        assert!(!bytes.windows(64).any(|part| part == signature), "{file}");
    }
    assert_eq!(bench.rule(&order.request()), Some(Rule::Held));
    assert_eq!(used(&bench, "WSOL", "day"), SOL.to_string());
}

#[test]
fn a_release_gives_the_bytes_of_a_signature_at_once_and_gives_them_again() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    bench.ok(&order.presign_request(HOLD_MS));
    let released = bench.ok(&order.release_request(HEIGHT + 1));
    assert_eq!(released, signed_at_once(&order));
    assert_eq!(state(&bench, &order), "released");
    // The bytes have left: no age changes what they are.
    bench.at(START_S + 9_999);
    assert_eq!(bench.ok(&order.release_request(HEIGHT + 9_999)), released);
    assert_eq!(bench.ok(&order.request()), released);
    let bench = bench.restarted(None);
    assert_eq!(bench.ok(&order.release_request(HEIGHT)), released);
    let again = bench.ok(&order.presign_request(HOLD_MS));
    assert_eq!(again["state"], "released");
    assert!(again.get("raw_tx").is_none() && again.get("signature").is_none());
    assert_eq!(bench.rule(&order.discard_request()), Some(Rule::Released));
}

#[test]
fn the_same_request_holds_once_and_a_restart_neither_loses_nor_releases_it() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let held = bench.ok(&order.presign_request(HOLD_MS));
    bench.at(START_S + 1);
    assert_eq!(bench.ok(&order.presign_request(HOLD_MS)), held);
    let bench = bench.restarted(None);
    assert_eq!(bench.ok(&order.presign_request(HOLD_MS)), held);
    assert_eq!(state(&bench, &order), "held");
    let other = order.clone().with(|o| o.blockhash = 9);
    assert_eq!(
        bench.rule(&other.presign_request(HOLD_MS)),
        Some(Rule::AttemptConflict)
    );
    assert_eq!(bench.folder.count("solana_attempts"), 1);
}

#[test]
fn what_would_not_be_signed_is_not_held() {
    let bench = bench();
    let order = || SolanaOrder::new("first");
    let refused = [
        (
            Rule::ComputeUnits,
            order().with(|o| o.instructions[0] = units(400_001)),
        ),
        (
            Rule::Receipt,
            locked(&bench, "other").with(|o| o.intent = "first".to_owned()),
        ),
        (Rule::AttemptOrder, order().with(|o| o.attempt = 2)),
        (Rule::Validity, order().with(|o| o.last_valid = HEIGHT - 1)),
        (Rule::Slippage, order().with(|o| o.quoted.3 = 300_000_000)),
    ];
    for (rule, order) in refused {
        assert_eq!(bench.rule(&order.presign_request(HOLD_MS)), Some(rule));
    }
    // A blockhash is taken to live 120 s.
    assert_eq!(
        bench.rule(&order().presign_request(120_001)),
        Some(Rule::Validity)
    );
    assert_eq!(bench.folder.count("solana_attempts"), 0);
    bench.ok(&order().presign_request(120_000));
    let parsed =
        tradewind_signer::protocol::parse(order().presign_request(0).to_string().as_bytes());
    assert_eq!(parsed.unwrap_err().field, "hold_ms");
}

#[test]
fn what_is_held_counts_in_the_budgets_of_others() {
    let bench = bench();
    let of = |number: u8| {
        SolanaOrder::of(
            &format!("step-{number}"),
            &[units(200_000), cpmm(IN, OUT, 4 * SOL, 596_000_000)],
            (WSOL, USDC, 4 * SOL, 600_000_000),
        )
        .with(|o| o.blockhash = number)
    };
    bench.ok(&of(1).presign_request(HOLD_MS));
    bench.ok(&of(2).request());
    assert_eq!(bench.rule(&of(3).request()), Some(Rule::AmountPerHour));
    bench.ok(&of(1).discard_request());
    bench.ok(&of(3).request());
    assert_eq!(
        bench.rule(&of(1).release_request(HEIGHT)),
        Some(Rule::Discarded)
    );
}

#[test]
fn a_discarded_step_is_free_at_once_and_nothing_of_it_counts() {
    let bench = bench();
    let before = ["SOL", "WSOL"].map(|symbol| used(&bench, symbol, "signed_per_day"));
    let order = locked(&bench, "first");
    bench.ok(&order.presign_request(HOLD_MS));
    assert_eq!(
        bench.ok(&order.discard_request()),
        json!({ "discarded": true })
    );
    for window in ["day", "signed_per_day"] {
        assert_eq!(
            ["SOL", "WSOL"].map(|symbol| used(&bench, symbol, window)),
            before
        );
    }
    let bench = bench.restarted(None);
    assert_eq!(
        bench.ok(&order.discard_request()),
        json!({ "discarded": true })
    );
    assert_eq!(state(&bench, &order), "discarded");
    for request in [
        order.presign_request(HOLD_MS),
        order.release_request(HEIGHT),
    ] {
        assert_eq!(bench.rule(&request), Some(Rule::Discarded));
    }
    // Another trade, and the very message, too: nothing of the first one can land.
    let mut other = order.clone().with(|o| o.attempt = 2);
    other.instructions[2] = cpmm(IN, OUT, 2 * SOL, 298_000_000);
    (other.quoted.2, other.quoted.3) = (2 * SOL, 300_000_000);
    bench.ok(&other.presign_request(HOLD_MS));
    assert_eq!(used(&bench, "WSOL", "day"), (2 * SOL).to_string());
    bench.ok(&other.discard_request());
    let third = order.clone().with(|o| o.attempt = 3);
    let signed = bench.ok(&third.request());
    assert_eq!(used(&bench, "WSOL", "day"), SOL.to_string());
    let settle = third.settle_request("succeeded", &signed["signature"], &json!({}));
    assert_eq!(bench.ok(&settle)["final"], true);
}

#[test]
fn a_step_with_nothing_but_discarded_attempts_is_closed_and_may_change_hands_before() {
    let bench = bench();
    let order = locked(&bench, "first");
    bench.ok(&order.presign_request(HOLD_MS));
    let close = json!({ "op": "close", "intent_id": "first", "step": 0 });
    assert_eq!(bench.ok(&close), json!({ "closed": false }));
    let mut theirs = order.receipt_request();
    theirs["wallet"] = json!(OTHER_WALLET);
    assert_eq!(bench.rule(&theirs), Some(Rule::StepChanged));
    bench.ok(&order.discard_request());
    bench.ok(&theirs);
    assert_eq!(bench.ok(&close), json!({ "closed": true }));
    let later = order.with(|o| o.attempt = 2).presign_request(HOLD_MS);
    assert_eq!(bench.rule(&later), Some(Rule::StepClosed));
}

#[test]
fn a_further_attempt_waits_until_what_is_held_was_released_or_discarded() {
    let bench = bench();
    let order = locked(&bench, "first");
    bench.ok(&order.request());
    let second = order.again(HEIGHT + 151, HEIGHT + 119, &json!([]));
    let alone = used(&bench, "SOL", "day");
    bench.ok(&second.presign_request(HOLD_MS));
    let third = second.clone().again(HEIGHT + 302, HEIGHT + 270, &json!([]));
    for request in [third.request(), third.presign_request(HOLD_MS)] {
        assert_eq!(bench.rule(&request), Some(Rule::Held));
    }
    bench.ok(&second.discard_request());
    // What the first attempt reserved stays.
    assert_eq!(used(&bench, "SOL", "day"), alone);
    assert_eq!(used(&bench, "WSOL", "day"), SOL.to_string());
    bench.ok(&third
        .clone()
        .with(|o| o.last_valid = HEIGHT + 452)
        .request());
}

#[test]
fn nothing_is_released_behind_the_end_of_the_hold_or_of_its_blockhash() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    bench.ok(&order.presign_request(HOLD_MS));
    let refused = [
        (START_S + 6, HEIGHT),
        (START_S - 1, HEIGHT),
        (START_S, HEIGHT + 151),
    ];
    for (second, height) in refused {
        bench.at(second);
        let rule = bench.rule(&order.release_request(height));
        assert_eq!(rule, Some(Rule::HoldExpired), "{second} {height}");
    }
    bench.at(START_S + 5);
    bench.ok(&order.release_request(HEIGHT + 150));
}

#[test]
fn the_end_that_counts_for_a_release_is_the_one_that_was_told() {
    let bench = bench();
    let order = SolanaOrder::new("first").with(|o| o.last_valid = HEIGHT + 100);
    let held = bench.ok(&order.presign_request(HOLD_MS));
    // As proof that it is dead, a later end counts.
    assert_eq!(held["last_valid_block_height"], HEIGHT + 150);
    let late = order.release_request(HEIGHT + 101);
    assert_eq!(bench.rule(&late), Some(Rule::HoldExpired));
    bench.ok(&order.release_request(HEIGHT + 100));
}

#[test]
fn a_halt_refuses_the_release_of_what_was_held_before_it_for_ever() {
    let scopes = [json!({}), json!({ "wallet": WALLET })];
    for scope in scopes {
        let bench = bench();
        let order = SolanaOrder::new("first");
        bench.ok(&order.presign_request(HOLD_MS));
        let mut halt = json!({ "op": "halt", "reason": "x", "by": "x" });
        halt.as_object_mut()
            .unwrap()
            .extend(scope.as_object().unwrap().clone());
        let epoch = bench.ok(&halt)["kill_epoch"].clone();
        let refused = [
            order.release_request(HEIGHT),
            order.presign_request(HOLD_MS),
            SolanaOrder::new("second")
                .with(|o| o.blockhash = 9)
                .presign_request(HOLD_MS),
        ];
        for request in refused {
            assert_eq!(bench.rule(&request), Some(Rule::Halted), "{request}");
        }
        bench.ok(&json!({ "op": "resume", "kill_epoch": epoch, "by": "x", "confirm": "resume" }));
        assert_eq!(
            bench.rule(&order.release_request(HEIGHT)),
            Some(Rule::Halted)
        );
        bench.ok(&order.discard_request());
        bench.ok(&order.with(|o| o.attempt = 2).request());
    }
}

#[test]
fn a_halt_of_others_ends_no_hold_and_a_discard_works_under_any() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let other = SolanaOrder::new("second").with(|o| o.blockhash = 9);
    bench.ok(&order.presign_request(HOLD_MS));
    bench.ok(&other.presign_request(HOLD_MS));
    bench.ok(&json!({ "op": "halt", "reason": "x", "by": "x", "wallet": OTHER_WALLET }));
    bench.ok(&json!({ "op": "halt", "reason": "x", "by": "x", "strategy_id": "another" }));
    let released = bench.ok(&order.release_request(HEIGHT));
    bench.ok(&json!({ "op": "halt", "reason": "x", "by": "x" }));
    bench.ok(&other.discard_request());
    assert_eq!(bench.rule(&order.discard_request()), Some(Rule::Released));
    assert!(released["raw_tx"].is_string());
}

#[test]
fn the_policy_in_force_decides_at_the_release_as_well() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    bench.ok(&order.presign_request(HOLD_MS));
    let tighter = config().replace("max_compute_units = 400000", "max_compute_units = 199999");
    let bench = bench.restarted(Some(&tighter));
    assert_eq!(
        bench.rule(&order.release_request(HEIGHT)),
        Some(Rule::ComputeUnits)
    );
    let key = format!("chain.101.token.{WSOL}.max_per_day");
    let bench = bench.restarted(Some(&config()));
    bench.ok(&json!({ "op": "set_limit", "key": key, "value": "999999999", "by": "x" }));
    let rule = bench.rule(&order.release_request(HEIGHT));
    assert!(
        matches!(rule, Some(Rule::AmountPerDay | Rule::ComputeUnits)),
        "{rule:?}"
    );
}

#[test]
fn only_what_was_recorded_to_be_held_is_released_or_discarded() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    for request in [order.release_request(HEIGHT), order.discard_request()] {
        assert_eq!(bench.rule(&request), Some(Rule::NotHeld));
    }
    bench.ok(&order.request());
    let not_held = [
        order.release_request(HEIGHT),
        order.discard_request(),
        order.presign_request(HOLD_MS),
    ];
    for request in not_held {
        assert_eq!(bench.rule(&request), Some(Rule::NotHeld));
    }
}

#[test]
fn a_step_whose_held_attempt_has_ended_expires_by_proof_and_releases_nothing() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    bench.ok(&order.presign_request(HOLD_MS));
    let mut expired = order.settle_request("expired", &Value::Null, &json!({}));
    expired["endpoints"] = json!(["one", "two"]);
    expired["finalized"]["block_height"] = json!(HEIGHT + 210);
    assert_eq!(bench.rule(&expired), Some(Rule::AttemptAlive));
    expired["finalized"]["block_height"] = json!(HEIGHT + 211);
    assert_eq!(bench.ok(&expired)["final"], true);
    assert_eq!(
        bench.rule(&order.release_request(HEIGHT)),
        Some(Rule::StepSettled)
    );
    bench.ok(&order.discard_request());
    assert_eq!(used(&bench, "WSOL", "day"), "0");
    // It has ended for good: another attempt is refused before anything is reserved for it.
    let second = SolanaOrder::new("first").with(|it| it.attempt = 2);
    assert_eq!(
        bench.rule(&second.presign_request(HOLD_MS)),
        Some(Rule::StepSettled)
    );
    assert_eq!(used(&bench, "WSOL", "day"), "0");
    assert_eq!(bench.folder.count("solana_attempts"), 1);
}

#[test]
fn what_was_held_before_the_machine_started_anew_is_released_or_waited_for_but_never_discarded() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    bench.ok(&order.presign_request(HOLD_MS));
    let bench = started_anew(bench);
    assert_eq!(state(&bench, &order), "maybe_released");
    assert_eq!(bench.rule(&order.discard_request()), Some(Rule::Released));
    let step = bench.ok(&order.step_request());
    assert_eq!(
        (&step["attempts"], &step["pending"]),
        (&json!([]), &json!([1]))
    );
    assert!(step["pending_because"].as_str().unwrap().contains("121 s"));
    // Its blockhash lives 120 s by the clock; then it is signed, so that it can be looked for.
    bench.at(START_S + 120);
    assert_eq!(bench.ok(&order.step_request())["attempts"], json!([]));
    bench.at(START_S + 121);
    let step = bench.ok(&order.step_request());
    let signature = signed_at_once(&order)["signature"].clone();
    assert_eq!(step["attempts"][0]["signature"], signature);
    let mut expired = order.settle_request("expired", &Value::Null, &json!({}));
    expired["endpoints"] = json!(["one", "two"]);
    expired["finalized"]["block_height"] = json!(HEIGHT + 211);
    assert_eq!(bench.rule(&expired), Some(Rule::AttemptAlive));
    expired["signatures"] = absent(&signature);
    assert_eq!(bench.ok(&expired)["final"], true);
}

#[test]
fn a_release_that_the_power_took_is_made_again_to_the_same_bytes_and_is_never_discarded() {
    let (before, later) = (folder(), folder());
    let disk = DiskAtCommit::new(before.root(), later.root());
    let order = SolanaOrder::new("first");
    let bench = Bench::watched(before, Box::new(disk));
    bench.ok(&adoption(WALLET));
    bench.ok(&order.presign_request(HOLD_MS));
    let released = bench.ok(&order.release_request(HEIGHT));
    assert_eq!(later.count("solana_attempts WHERE raw_tx IS NOT NULL"), 0);
    let bench = started_anew(Bench::watched(later, Box::new(Unobserved)));
    assert_eq!(bench.rule(&order.discard_request()), Some(Rule::Released));
    let close = json!({ "op": "close", "intent_id": "first", "step": 0 });
    assert_eq!(bench.ok(&close), json!({ "closed": false }));
    let second = order.clone().with(|o| (o.attempt, o.blockhash) = (2, 9));
    assert_eq!(bench.rule(&second.request()), Some(Rule::Held));
    assert_eq!(bench.ok(&order.release_request(HEIGHT)), released);
}

#[test]
fn a_clock_that_is_set_forward_ends_no_blockhash_of_a_hold_that_may_have_left() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    bench.ok(&order.presign_request(HOLD_MS));
    let bench = started_anew(bench);
    // Its blockhash lives 120 s: by the clock, and for as long as this signer runs.
    bench.with_clock_set_to(START_S + 9_999).runs(119);
    let step = bench.ok(&order.step_request());
    assert_eq!(
        (&step["attempts"], &step["pending"]),
        (&json!([]), &json!([1]))
    );
    assert!(step["pending_because"].as_str().unwrap().contains("1 s"));
    assert!(!step.to_string().contains("raw_tx"));
    bench.with_clock_set_to(START_S).runs(1);
    assert_eq!(bench.ok(&order.step_request())["attempts"], json!([]));
    bench.with_clock_set_to(START_S + 121);
    let step = bench.ok(&order.step_request());
    assert_eq!(step["attempts"].as_array().unwrap().len(), 1);
}

#[test]
fn a_release_finds_no_room_that_others_took_under_a_limit_which_was_higher_for_a_while() {
    let bench = bench();
    let key = format!("chain.101.token.{WSOL}.max_per_day");
    let limit = |value: u64| json!({ "op": "set_limit", "key": key, "value": value.to_string(), "by": "x" });
    bench.ok(&limit(2 * SOL));
    bench.ok(&limit(10 * SOL));
    bench.at(START_S + 599);
    let held = SolanaOrder::new("held");
    bench.ok(&held.presign_request(HOLD_MS));
    bench.at(START_S + 600);
    for n in 1..=2 {
        bench.ok(&SolanaOrder::new(&n.to_string())
            .with(|o| o.blockhash = n)
            .request());
    }
    bench.ok(&limit(2 * SOL));
    let release = held.release_request(HEIGHT);
    assert_eq!(bench.rule(&release), Some(Rule::AmountPerDay));
    bench.ok(&held.discard_request());
}

#[test]
fn a_signature_of_a_discarded_attempt_is_refused_as_discarded() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    bench.ok(&order.presign_request(HOLD_MS));
    bench.ok(&order.discard_request());
    assert_eq!(bench.rule(&order.request()), Some(Rule::Discarded));
}
