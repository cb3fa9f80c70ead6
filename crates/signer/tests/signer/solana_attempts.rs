//! Receipts, attempts and cold starts on Solana: no second transaction of a step while the first could land.

use crate::bench::{Bench, START_S};
use crate::solana_orders::*;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use tradewind_core::decode::solana::decode_transaction;
use tradewind_signer::fault::Rule;

fn raw(answer: &Value) -> Vec<u8> {
    alloy_primitives::hex::decode(answer["raw_tx"].as_str().unwrap()).unwrap()
}

/// An order whose attempts carry the step's receipt.
fn locked(bench: &Bench, intent: &str) -> SolanaOrder {
    let order = SolanaOrder::new(intent);
    let drawn = bench.ok(&order.receipt_request());
    let text = |name: &str| drawn[name].as_str().unwrap().to_owned();
    order.and(receipt(&text("seed"), &text("address")))
}

#[test]
fn signs_the_message_with_the_wallets_key_and_changes_nothing_else() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let answer = bench.ok(&order.request());
    let signed = raw(&answer);
    let transaction = decode_transaction(&signed).unwrap();
    let bytes: [u8; 64] = transaction.signatures().next().unwrap().try_into().unwrap();
    let wallet = VerifyingKey::from_bytes(&key(WALLET).0).unwrap();
    wallet
        .verify_strict(transaction.message(), &Signature::from_bytes(&bytes))
        .unwrap();
    assert_eq!(signed[65..], order.bytes()[65..]);
    assert_eq!(answer["signature"], bs58::encode(bytes).into_string());
    assert_eq!(answer["last_valid_block_height"], HEIGHT + 150);
}

#[test]
fn the_same_attempt_has_the_same_answer_for_ever() {
    let (bench, order) = (bench(), SolanaOrder::new("first"));
    let answer = bench.ok(&order.request());
    let later = order
        .clone()
        .with(|o| o.evidence = evidence(9_999, 9_000, &json!([])));
    assert_eq!(bench.ok(&later.request()), answer);
    let bench = bench.restarted(None);
    assert_eq!(bench.ok(&order.request()), answer);
    let other = order.clone().with(|o| o.blockhash = 9);
    assert_eq!(bench.rule(&other.request()), Some(Rule::AttemptConflict));
    let step = bench.ok(&order.step_request());
    assert_eq!(step["attempts"][0]["raw_tx"], answer["raw_tx"]);
    assert_eq!(
        (&step["kind"], &step["receipt"], &step["chain_id"]),
        (&json!("swap"), &Value::Null, &json!(101))
    );
}

#[test]
fn the_receipt_of_a_step_is_drawn_once_and_its_address_follows_from_its_seed() {
    let bench = bench();
    let order = SolanaOrder::new("first");
    let drawn = bench.ok(&order.receipt_request());
    assert_eq!(drawn["lamports"], 890_880);
    let seed = drawn["seed"].as_str().unwrap();
    assert!(
        seed.len() == 32
            && seed
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
        "{seed}"
    );
    let bench = bench.restarted(None);
    assert_eq!(bench.ok(&order.receipt_request()), drawn);
    assert_ne!(
        bench.ok(&SolanaOrder::new("second").receipt_request())["seed"],
        drawn["seed"]
    );
    assert_eq!(bench.ok(&order.step_request())["receipt"], drawn);
    // As solders 0.29 derives it.
    let known =
        tradewind_signer::policy::Receipt::of(key(WALLET), "00112233445566778899aabbccddeeff");
    assert_eq!(
        known.address.to_string(),
        "Baxcyv58P7buz4aVtkn9L72SM639N7nrm2mnr2mks3hi"
    );
}

#[test]
fn a_receipt_that_no_attempt_has_is_drawn_anew_for_another_wallet_and_the_old_one_is_closed() {
    let bench = bench();
    let mine = SolanaOrder::new("first");
    let drawn = bench.ok(&mine.receipt_request());
    let mut theirs = mine.receipt_request();
    theirs["wallet"] = json!(OTHER_WALLET);
    let records = |bench: &Bench| bench.ok(&json!({ "op": "hello" }))["records"].as_u64();
    let before = records(&bench).unwrap();
    let anew = bench.ok(&theirs);
    assert_ne!(anew["seed"], drawn["seed"]);
    assert_eq!(bench.ok(&theirs), anew);
    assert_eq!(bench.ok(&mine.step_request())["receipt"], anew);
    assert!(records(&bench).unwrap() > before);
    // What was told first is on record, and nothing is ever signed under its name.
    let replaced: (String, String) = bench
        .folder
        .gate()
        .query_row(
            "SELECT r.intent_id, r.wallet FROM receipts r JOIN closures c ON c.intent_id = r.intent_id AND c.step = r.step
             WHERE r.seed = ?1",
            [drawn["seed"].as_str().unwrap()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(replaced.1, WALLET);
    let unaskable = SolanaOrder::new(&replaced.0).receipt_request().to_string();
    assert!(tradewind_signer::protocol::parse(unaskable.as_bytes()).is_err());
    let text = |drawn: &Value, name: &str| drawn[name].as_str().unwrap().to_owned();
    let old = mine.and(receipt(&text(&drawn, "seed"), &text(&drawn, "address")));
    assert_eq!(bench.rule(&old.request()), Some(Rule::StepChanged));
}

#[test]
fn a_receipt_that_an_attempt_has_stays_the_wallets_for_ever_signed_or_not() {
    let mut bench = bench();
    for (intent, dies) in [("signed", false), ("unsigned", true)] {
        let order = locked(&bench, intent).with(|o| o.blockhash = u8::from(dies) + 1);
        if dies {
            assert!(bench.dies(&order.request()));
            bench.restart(None);
        } else {
            bench.ok(&order.request());
        }
        let mut theirs = order.receipt_request();
        theirs["wallet"] = json!(OTHER_WALLET);
        assert_eq!(bench.rule(&theirs), Some(Rule::StepChanged));
    }
}

#[test]
fn every_attempt_of_a_step_with_a_receipt_creates_it() {
    let bench = bench();
    let order = locked(&bench, "first");
    let without = SolanaOrder::new("first");
    assert_eq!(bench.rule(&without.request()), Some(Rule::Receipt));
    let foreign = locked(&bench, "second").with(|o| o.intent = "first".to_owned());
    assert_eq!(bench.rule(&foreign.request()), Some(Rule::Receipt));
    let twice = order
        .clone()
        .with(|o| o.instructions.push(o.instructions[3].clone()));
    assert_eq!(bench.rule(&twice.request()), Some(Rule::Receipt));
    bench.ok(&order.request());
    let again = without.again(HEIGHT + 151, HEIGHT + 119, &json!([]));
    assert_eq!(bench.rule(&again.request()), Some(Rule::Receipt));
}

#[test]
fn a_step_without_a_receipt_creates_none_and_gets_none_later() {
    let bench = bench();
    let other = locked(&bench, "other");
    let order = SolanaOrder::new("first");
    let foreign = other.with(|o| o.intent = "first".to_owned());
    assert_eq!(bench.rule(&foreign.request()), Some(Rule::Receipt));
    bench.ok(&order.request());
    assert_eq!(bench.rule(&order.receipt_request()), Some(Rule::Receipt));
}

#[test]
fn a_changed_receipt_is_no_receipt() {
    let bench = bench();
    let order = locked(&bench, "first");
    // Its lamports, its space, its owner, its base: each byte of it counts.
    let length = order.instructions[3].data.len();
    for place in [4, 36, 44, 76, 84, 92, length - 1] {
        let changed = order.clone().with(|o| o.instructions[3].data[place] ^= 1);
        let rule = bench.rule(&changed.request());
        assert!(
            matches!(rule, Some(Rule::Receipt | Rule::InstructionNotAllowed)),
            "{place}: {rule:?}"
        );
    }
    bench.ok(&order.request());
}

#[test]
fn with_a_receipt_the_next_attempt_waits_for_the_end_of_the_blockhash() {
    let bench = bench();
    let order = locked(&bench, "first");
    bench.ok(&order.request());
    let early = order.clone().again(HEIGHT + 150, HEIGHT + 118, &json!([]));
    assert_eq!(bench.rule(&early.request()), Some(Rule::AttemptAlive));
    let second = order.again(HEIGHT + 151, HEIGHT + 119, &json!([]));
    bench.ok(&second.request());
    // The latest end counts, not the first one's.
    let third = second.again(HEIGHT + 152, HEIGHT + 120, &json!([]));
    assert_eq!(bench.rule(&third.request()), Some(Rule::AttemptAlive));
}

#[test]
fn without_a_receipt_the_next_attempt_needs_proof_from_a_quorum() {
    let bench = bench();
    let order = SolanaOrder::new("first");
    let first = bench.ok(&order.request());
    let dead = HEIGHT + 150 + 61;
    let proof = absent(&first["signature"]);
    let cases = [
        (
            "not above the margin",
            evidence(dead + 32, dead - 1, &proof),
        ),
        (
            "no word on the signature",
            evidence(dead + 32, dead, &json!([])),
        ),
        (
            "another signature",
            evidence(dead + 32, dead, &absent(&json!("1111"))),
        ),
        ("one endpoint twice", {
            let mut one = evidence(dead + 32, dead, &proof);
            one["endpoints"] = json!(["one", "one"]);
            one
        }),
    ];
    for (what, evidence) in cases {
        let again = order
            .clone()
            .again(dead + 32, dead, &proof)
            .with(|o| o.evidence = evidence);
        assert_eq!(
            bench.rule(&again.request()),
            Some(Rule::AttemptAlive),
            "{what}"
        );
    }
    let again = order.again(dead + 32, dead, &proof);
    bench.ok(&again.request());
    let recorded: String = bench
        .folder
        .gate()
        .query_row(
            "SELECT evidence FROM solana_attempts WHERE attempt = 2",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let mut recorded = serde_json::from_str::<Value>(&recorded).unwrap();
    let boot_id = recorded.as_object_mut().unwrap().remove("boot_id");
    let now = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert_eq!(boot_id, Some(json!(now.trim())));
    assert_eq!(recorded, again.evidence);
}

#[test]
fn a_later_attempt_keeps_the_trade_and_may_change_fees_tip_and_limits() {
    let bench = bench();
    let order = locked(&bench, "first");
    bench.ok(&order.request());
    let next = || order.clone().again(HEIGHT + 151, HEIGHT + 119, &json!([]));
    let smaller = next().with(|o| {
        o.instructions[2] = cpmm(IN, OUT, SOL - 1, 149_000_000);
        o.quoted.2 = SOL - 1;
    });
    assert_eq!(bench.rule(&smaller.request()), Some(Rule::StepChanged));
    let elsewhere = next().with(|o| o.instructions[2].accounts[3].0 = stranger(222));
    assert_eq!(bench.rule(&elsewhere.request()), Some(Rule::StepChanged));
    let bought = next().with(|o| {
        o.instructions[2] = cpmm(IN, THIRD, SOL, 149_000_000);
        o.quoted.1 = PYUSD.to_owned();
    });
    assert_eq!(bench.rule(&bought.request()), Some(Rule::StepChanged));
    let dearer = next().and(transfer(TIP_ACCOUNT, 9_000)).with(|o| {
        o.instructions[1] = price(20_000);
        o.instructions[2] = cpmm(IN, OUT, SOL, 148_000_000);
        o.quoted.3 = 149_000_000;
    });
    bench.ok(&dearer.request());
}

#[test]
fn the_lamports_of_every_attempt_are_added_up() {
    let bench = bench();
    let order = locked(&bench, "first");
    bench.ok(&order.request());
    bench.ok(&order
        .again(HEIGHT + 151, HEIGHT + 119, &json!([]))
        .request());
    let used: String = bench
        .folder
        .gate()
        .query_row("SELECT reserved_raw FROM outlays", [], |row| row.get(0))
        .unwrap();
    assert_eq!(used, (2 * (5_000 + 2_000 + 890_880)).to_string());
}

#[test]
fn attempts_come_in_their_order_and_a_message_belongs_to_one_step() {
    let bench = bench();
    let order = SolanaOrder::new("first");
    let third = order.clone().with(|o| o.attempt = 3);
    assert_eq!(bench.rule(&third.request()), Some(Rule::AttemptOrder));
    bench.ok(&order.request());
    let other = order.clone().with(|o| o.intent = "second".to_owned());
    assert_eq!(bench.rule(&other.request()), Some(Rule::AttemptConflict));
}

#[test]
fn refuses_a_blockhash_that_is_past_or_would_live_too_long() {
    let bench = bench();
    for last_valid in [HEIGHT - 1, HEIGHT + 183] {
        let order = SolanaOrder::new("first").with(|o| o.last_valid = last_valid);
        assert_eq!(bench.rule(&order.request()), Some(Rule::Validity));
    }
}

#[test]
fn an_attempt_counts_as_alive_for_as_long_as_any_blockhash_of_its_time_whatever_an_endpoint_says() {
    let bench = bench();
    let first = SolanaOrder::new("first").with(|o| o.last_valid = HEIGHT);
    let answer = bench.ok(&first.request());
    assert_eq!(answer["last_valid_block_height"], HEIGHT + 150);
    let said = absent(&answer["signature"]);
    let at = |finalized| first.clone().again(finalized + 32, finalized, &said);
    let end = HEIGHT + 150 + 60;
    assert_eq!(bench.rule(&at(end).request()), Some(Rule::AttemptAlive));
    bench.ok(&at(end + 1).request());
}

fn seen_at(height: u64) -> Value {
    let order = SolanaOrder::new("first").with(|o| {
        o.evidence = evidence(height, height.saturating_sub(32), &json!([]));
        o.last_valid = height + 150;
    });
    order.request()
}

#[test]
fn a_wallet_without_history_holds_for_two_lives_of_a_blockhash_in_blocks_and_for_one_by_the_clock()
{
    let bench = Bench::over(folder());
    assert_eq!(bench.rule(&seen_at(HEIGHT)), Some(Rule::ColdStart));
    let bench = bench.restarted(None);
    bench.at(START_S + 120);
    assert_eq!(bench.rule(&seen_at(HEIGHT + 299)), Some(Rule::ColdStart));
    bench.ok(&seen_at(HEIGHT + 300));
    assert_eq!(bench.rule(&adoption(WALLET)), Some(Rule::ColdStart));
}

#[test]
fn a_height_that_was_told_too_low_ends_no_hold_before_a_blockhash_has_lived_by_the_clock() {
    let bench = Bench::over(folder());
    assert_eq!(bench.rule(&seen_at(1)), Some(Rule::ColdStart));
    assert_eq!(bench.rule(&seen_at(HEIGHT)), Some(Rule::ColdStart));
    bench.at(START_S + 119);
    assert_eq!(bench.rule(&seen_at(HEIGHT)), Some(Rule::ColdStart));
    bench.at(START_S + 120);
    bench.ok(&seen_at(HEIGHT));
}

#[test]
fn a_height_that_was_told_too_high_holds_no_longer_than_from_the_next_one_on() {
    let bench = Bench::over(folder());
    assert_eq!(bench.rule(&seen_at((1 << 53) - 200)), Some(Rule::ColdStart));
    assert_eq!(bench.rule(&seen_at(HEIGHT)), Some(Rule::ColdStart));
    let bench = bench.restarted(None);
    bench.at(START_S + 120);
    assert_eq!(bench.rule(&seen_at(HEIGHT + 299)), Some(Rule::ColdStart));
    bench.ok(&seen_at(HEIGHT + 300));
}

#[test]
fn adoption_ends_the_hold_of_one_wallet() {
    let bench = Bench::over(folder());
    bench.ok(&adoption(OTHER_WALLET));
    assert_eq!(
        bench.rule(&SolanaOrder::new("first").request()),
        Some(Rule::ColdStart)
    );
    bench.ok(&adoption(WALLET));
    bench.ok(&SolanaOrder::new("first").request());
}

#[test]
fn a_halt_of_any_scope_stops_signatures_receipts_and_known_answers() {
    for scope in [json!({}), json!({ "wallet": WALLET })] {
        let bench = bench();
        let order = SolanaOrder::new("first");
        bench.ok(&order.request());
        let mut halt = json!({ "op": "halt", "reason": "x", "by": "x" });
        halt.as_object_mut()
            .unwrap()
            .extend(scope.as_object().unwrap().clone());
        let epoch = bench.ok(&halt)["kill_epoch"].clone();
        let new = SolanaOrder::new("second").with(|o| o.blockhash = 8);
        for request in [order.request(), new.request(), new.receipt_request()] {
            assert_eq!(bench.rule(&request), Some(Rule::Halted));
        }
        assert_eq!(bench.ok(&new.check_request())["rule"], "halted");
        bench.ok(&json!({ "op": "resume", "kill_epoch": epoch, "by": "x", "confirm": "resume" }));
        bench.ok(&new.request());
    }
}

#[test]
fn a_halt_of_a_strategy_stops_what_it_asks_for_and_nothing_else() {
    let bench = bench();
    bench.ok(&json!({ "op": "halt", "reason": "x", "by": "x", "strategy_id": "one" }));
    let of = |strategy: &str, blockhash| {
        let mut request = SolanaOrder::new(strategy)
            .with(|o| o.blockhash = blockhash)
            .request();
        request["strategy_id"] = json!(strategy);
        request
    };
    assert_eq!(bench.rule(&of("one", 1)), Some(Rule::Halted));
    bench.ok(&of("two", 2));
}

#[test]
fn an_attempt_that_was_recorded_and_not_signed_waits_under_a_halt_and_is_signed_after_it() {
    let mut bench = bench();
    let order = SolanaOrder::new("first");
    assert!(bench.dies(&order.request()));
    bench.restart(None);
    let epoch = bench.ok(&json!({ "op": "halt", "reason": "x", "by": "x" }))["kill_epoch"].clone();
    assert_eq!(bench.ok(&order.step_request())["pending"], json!([1]));
    assert_eq!(bench.rule(&order.request()), Some(Rule::Halted));
    bench.ok(&json!({ "op": "resume", "kill_epoch": epoch, "by": "x", "confirm": "resume" }));
    let step = bench.ok(&order.step_request());
    assert_eq!(
        (&step["pending"], &step["attempts"][0]["attempt"]),
        (&json!([]), &json!(1))
    );
}

#[test]
fn a_closed_step_gets_neither_receipt_nor_signature() {
    let bench = bench();
    let order = SolanaOrder::new("first");
    let close = json!({ "op": "close", "intent_id": "first", "step": 0 });
    bench.ok(&order.receipt_request());
    assert_eq!(bench.ok(&close), json!({ "closed": true }));
    assert_eq!(bench.rule(&order.request()), Some(Rule::StepClosed));
    assert_eq!(
        bench.rule(&SolanaOrder::new("first").receipt_request()),
        Some(Rule::StepClosed)
    );
    let signed = SolanaOrder::new("second");
    bench.ok(&signed.request());
    let close = json!({ "op": "close", "intent_id": "second", "step": 0 });
    assert_eq!(bench.ok(&close), json!({ "closed": false }));
}

#[test]
fn a_step_that_is_recorded_and_was_never_signed_is_closed_for_good_and_counts_nowhere() {
    let mut bench = bench();
    let order = SolanaOrder::new("first");
    assert!(bench.dies(&order.request()));
    bench.restart(None);
    let used = |bench: &Bench| {
        let budgets = bench.ok(&json!({ "op": "budgets" }));
        let all = budgets["budgets"].as_array().unwrap().iter();
        all.map(|b| b["used_raw"].as_str().unwrap().parse::<u64>().unwrap())
            .sum::<u64>()
    };
    assert!(used(&bench) > SOL);
    let close = json!({ "op": "close", "intent_id": "first", "step": 0 });
    for _ in 0..2 {
        assert_eq!(bench.ok(&close), json!({ "closed": true }));
        assert_eq!(used(&bench), 0);
        let step = bench.ok(&order.step_request());
        assert_eq!(
            (&step["closed"], &step["attempts"], &step["pending"]),
            (&json!(true), &json!([]), &json!([]))
        );
        assert_eq!(bench.rule(&order.request()), Some(Rule::StepClosed));
        bench.restart(None);
    }
    // After a start of the machine nobody knows whether it was signed and sent.
    let second = SolanaOrder::new("second").with(|o| o.blockhash = 9);
    assert!(bench.dies(&second.request()));
    let change = "UPDATE solana_attempts SET evidence = json_set(evidence, '$.boot_id', 'another')";
    let gate = rusqlite::Connection::open(bench.folder.path("gate.db")).unwrap();
    gate.execute(change, []).unwrap();
    drop(gate);
    bench.restart(None);
    let close = json!({ "op": "close", "intent_id": "second", "step": 0 });
    assert_eq!(bench.ok(&close), json!({ "closed": false }));
    assert_eq!(
        bench.ok(&second.step_request())["attempts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
