//! Receipts taken back: only one's own, only to oneself, and never while a second copy of the step could land.

use crate::bench::{Bench, START_S};
use crate::solana_orders::*;
use alloy_primitives::hex;
use rusqlite::Connection;
use serde_json::{Value, json};
use tradewind_signer::fault::Rule;
use tradewind_signer::policy::Receipt;

/// The first finalized height, and the first second, at which an order of `HEIGHT` and `START_S` can land no more.
pub const OLD: u64 = HEIGHT + 150 + 60 + 1;
pub const OLD_S: u64 = START_S + 120 + 1;
const FEE: u64 = 5_000;

/// A transaction that takes receipts back, and what the tests change of it.
#[derive(Clone)]
pub struct Reclaim {
    pub order: SolanaOrder,
    pub wallet: &'static str,
}

impl Reclaim {
    pub fn of(name: &str, seeds: &[&str]) -> Self {
        let taken = seeds.iter().map(|seed| take_back(WALLET, seed, WALLET));
        let instructions: Vec<_> = std::iter::once(units(20_000)).chain(taken).collect();
        let order = SolanaOrder::of(name, &instructions, (NATIVE, NATIVE, 0, 0)).with(|o| {
            o.evidence = evidence(OLD + 32, OLD, &json!([]));
            o.last_valid = OLD + 32 + 150;
            o.blockhash = 70;
        });
        Self {
            order,
            wallet: WALLET,
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut SolanaOrder)) -> Self {
        change(&mut self.order);
        self
    }

    pub fn request(&self) -> Value {
        let order = &self.order;
        let bytes = wire(key(self.wallet), &order.instructions, order.blockhash, None);
        json!({
            "op": "sign_reclaim", "intent_id": order.intent, "attempt": order.attempt, "wallet": self.wallet,
            "chain_id": 101, "unsigned_tx": hex::encode_prefixed(bytes), "last_valid_block_height": order.last_valid,
            "evidence": order.evidence,
        })
    }
}

pub fn take_back(base: &str, seed: &str, to: &str) -> Ix {
    let from = Receipt::of(key(base), seed).address;
    let accounts = vec![(from, true), (key(base), false), (key(to), true)];
    let data: [&[u8]; 5] = [
        &[11, 0, 0, 0],
        &890_880_u64.to_le_bytes(),
        &(seed.len() as u64).to_le_bytes(),
        seed.as_bytes(),
        &[0; 32],
    ];
    ix(SYSTEM, accounts, &data)
}

pub fn reclaimable(height: u64) -> Value {
    json!({
        "op": "reclaimable", "wallet": WALLET, "chain_id": 101, "finalized_block_height": height, "after": 0,
    })
}

/// An order whose attempts carry the step's receipt, and the seed of that.
pub fn locked(bench: &Bench, intent: &str) -> (SolanaOrder, String) {
    let drawn = bench.ok(&SolanaOrder::new(intent).receipt_request());
    let text = |name: &str| drawn[name].as_str().unwrap().to_owned();
    let number = intent.bytes().fold(1, u8::wrapping_add);
    let order = SolanaOrder::new(intent).with(|o| o.blockhash = number);
    (
        order.and(receipt(&text("seed"), &text("address"))),
        text("seed"),
    )
}

/// A step that has succeeded for good; its receipt's seed.
pub fn settled(bench: &Bench, intent: &str) -> String {
    let (order, seed) = locked(bench, intent);
    let signature = bench.ok(&order.request())["signature"].clone();
    let settle = order.settle_request("succeeded", &signature, &json!({}));
    assert_eq!(bench.ok(&settle), json!({ "final": true }));
    seed
}

fn seeds_in(answer: &Value) -> Vec<String> {
    let receipts = answer["receipts"].as_array().unwrap().iter();
    receipts
        .map(|one| one["seed"].as_str().unwrap().to_owned())
        .collect()
}

fn used_lamports(bench: &Bench) -> u64 {
    let budgets = bench.ok(&json!({ "op": "budgets" }));
    let mut all = budgets["budgets"].as_array().unwrap().iter();
    let own = all.find(|b| b["token"] == NATIVE && b["window"] == "day");
    own.unwrap()["used_raw"].as_str().unwrap().parse().unwrap()
}

/// How the reclaim ended, with the chain's finalized height far behind it.
fn end_of(name: &str, outcome: &str, signature: &Value) -> Value {
    let landed = outcome != "expired";
    let spent = if landed {
        json!({ NATIVE: FEE.to_string() })
    } else {
        json!({})
    };
    json!({
        "op": "settle_solana", "intent_id": name, "step": 0, "outcome": outcome,
        "signature": if landed { signature.clone() } else { Value::Null },
        "slot": if landed { json!(1_700) } else { Value::Null }, "spent": spent,
        "signatures": if landed { json!([]) } else { absent(signature) }, "endpoints": ["one", "two"],
        "finalized": { "slot": 2_000, "block_height": OLD + 32 + 150 + 61 },
    })
}

#[test]
fn takes_back_what_can_be_used_no_more_and_counts_its_fee() {
    let bench = bench();
    let seeds = [settled(&bench, "first"), settled(&bench, "second")];
    assert_eq!(seeds_in(&bench.ok(&reclaimable(OLD))), Vec::<String>::new());
    bench.at(OLD_S);
    assert_eq!(
        seeds_in(&bench.ok(&reclaimable(OLD - 1))),
        Vec::<String>::new()
    );
    let told = bench.ok(&reclaimable(OLD));
    assert_eq!(seeds_in(&told), seeds);
    assert_eq!(told["open"], Value::Null);
    let before = used_lamports(&bench);
    let reclaim = Reclaim::of("reclaim-1", &[&seeds[0], &seeds[1]]);
    let answer = bench.ok(&reclaim.request());
    assert_eq!(used_lamports(&bench), before + FEE);
    let told = bench.ok(&reclaimable(OLD));
    assert_eq!(
        (seeds_in(&told), &told["open"]),
        (vec![], &json!("reclaim-1"))
    );
    // The same for ever, also after a restart.
    let bench = bench.restarted(None);
    assert_eq!(bench.ok(&reclaim.request()), answer);
    let step = bench.ok(&reclaim.order.step_request());
    assert_eq!(step["attempts"][0]["raw_tx"], answer["raw_tx"]);
}

#[test]
fn no_receipt_is_taken_back_while_an_older_attempt_could_land() {
    let bench = bench();
    let (order, seed) = locked(&bench, "first");
    let first = bench.ok(&order.request())["signature"].clone();
    // A second attempt, as the blockhash of the first has ended; and then the first turns out to have landed.
    let again_s = START_S + 60;
    bench.at(again_s);
    let second = order.clone().again(HEIGHT + 151, HEIGHT + 119, &json!([]));
    bench.ok(&second.request());
    let settle = order.settle_request("succeeded", &first, &json!({}));
    assert_eq!(bench.ok(&settle), json!({ "final": true }));
    // The second could land up to the height 1,301: without the receipt it would be a second effect.
    let dead = HEIGHT + 151 + 150 + 60 + 1;
    let at = |height: u64| {
        Reclaim::of("reclaim-1", &[&seed]).with(|o| {
            o.evidence = evidence(height + 32, height, &json!([]));
            o.last_valid = height + 32 + 150;
        })
    };
    bench.at(again_s + 121);
    for height in HEIGHT..dead {
        assert_eq!(
            bench.rule(&at(height).request()),
            Some(Rule::AttemptAlive),
            "{height}"
        );
        assert!(seeds_in(&bench.ok(&reclaimable(height))).is_empty());
    }
    // Whatever is said of the chain, the blockhash of the second is taken to live as long as signer.toml says.
    for second in [START_S, OLD_S, again_s + 119, again_s + 120] {
        bench.at(second);
        for height in [dead, dead + 1_000_000] {
            assert_eq!(
                bench.rule(&at(height).request()),
                Some(Rule::AttemptAlive),
                "{second}"
            );
            assert!(seeds_in(&bench.ok(&reclaimable(height))).is_empty());
        }
    }
    bench.at(again_s + 121);
    bench.ok(&at(dead).request());
    // And from then on nothing is signed for the step.
    let third = second.again(dead + 32, dead, &json!([]));
    assert_eq!(bench.rule(&third.request()), Some(Rule::StepSettled));
}

#[test]
fn one_endpoints_word_on_the_height_is_not_enough() {
    let bench = bench();
    let seed = settled(&bench, "first");
    bench.at(OLD_S);
    for endpoints in [json!(["one"]), json!(["one", "one"])] {
        let alone =
            Reclaim::of("reclaim-1", &[&seed]).with(|o| o.evidence["endpoints"] = endpoints);
        assert_eq!(bench.rule(&alone.request()), Some(Rule::AttemptAlive));
    }
    assert_eq!(seeds_in(&bench.ok(&reclaimable(OLD))), [seed]);
}

#[test]
fn only_a_step_that_succeeded_for_good_gives_its_receipt_back() {
    let bench = bench();
    let (drawn, unused) = locked(&bench, "drawn");
    let (open, unsettled) = locked(&bench, "open");
    let (noted, note) = locked(&bench, "noted");
    let (reverted, unmade) = locked(&bench, "reverted");
    for order in [&open, &noted, &reverted] {
        bench.ok(&order.request());
    }
    let signature_of = |order: &SolanaOrder| bench.ok(&order.request())["signature"].clone();
    let mut unsure = noted.settle_request("succeeded", &signature_of(&noted), &json!({}));
    unsure["finalized"] = Value::Null;
    assert_eq!(bench.ok(&unsure), json!({ "final": false }));
    let end = reverted.settle_request("reverted", &signature_of(&reverted), &json!({}));
    assert_eq!(bench.ok(&end), json!({ "final": true }));
    let good = settled(&bench, "good");
    bench.at(OLD_S);
    for seed in [&unused, &unsettled, &note, &unmade] {
        let alone = Reclaim::of("reclaim-1", &[seed]);
        assert_eq!(bench.rule(&alone.request()), Some(Rule::Receipt), "{seed}");
        let beside = Reclaim::of("reclaim-1", &[&good, seed]);
        assert_eq!(bench.rule(&beside.request()), Some(Rule::Receipt), "{seed}");
    }
    assert_eq!(seeds_in(&bench.ok(&reclaimable(OLD))), [good]);
    assert_eq!(bench.folder.count("reclaims"), 0);
    // A step of an intent is none that takes receipts back.
    let named = Reclaim::of(&drawn.intent, &[&settled_later(&bench)]);
    assert_eq!(bench.rule(&named.request()), Some(Rule::Receipt));
}

/// Another settled step, old enough by now.
fn settled_later(bench: &Bench) -> String {
    bench.at(START_S);
    let seed = settled(bench, "later");
    bench.at(OLD_S);
    seed
}

#[test]
fn another_wallets_receipt_and_one_that_nobody_drew_are_refused() {
    let bench = bench();
    let seed = settled(&bench, "first");
    bench.at(OLD_S);
    // The seed is the wallet's, the address that of the other wallet: the other wallet has drawn none.
    let foreign = Reclaim {
        wallet: OTHER_WALLET,
        ..Reclaim::of("reclaim-1", &[])
    }
    .with(|o| {
        o.instructions
            .push(take_back(OTHER_WALLET, &seed, OTHER_WALLET));
    });
    assert_eq!(bench.rule(&foreign.request()), Some(Rule::Receipt));
    // The other wallet signs, and names the wallet's own account.
    let theirs = Reclaim {
        wallet: OTHER_WALLET,
        ..Reclaim::of("reclaim-1", &[&seed])
    };
    assert_eq!(bench.rule(&theirs.request()), Some(Rule::SwapAccounts));
    let unknown = Reclaim::of("reclaim-1", &["00112233445566778899aabbccddeeff"]);
    assert_eq!(bench.rule(&unknown.request()), Some(Rule::Receipt));
    let mut other = take_back(WALLET, &seed, WALLET);
    other.accounts[0].0 = stranger(9);
    let elsewhere = Reclaim::of("reclaim-1", &[]).with(|o| o.instructions.push(other));
    assert_eq!(bench.rule(&elsewhere.request()), Some(Rule::Receipt));
}

#[test]
fn nothing_else_is_in_such_a_transaction() {
    let bench = bench();
    let seed = settled(&bench, "first");
    bench.at(OLD_S);
    let (_, drawn) = locked(&bench, "drawn");
    let made = Receipt::of(key(WALLET), &drawn).address.to_string();
    let cases = [
        (Rule::InstructionNotAllowed, transfer(RECIPIENT, 1)),
        (Rule::InstructionNotAllowed, transfer(TIP_ACCOUNT, 1)),
        (Rule::InstructionNotAllowed, transfer(WALLET, 1)),
        (Rule::InstructionNotAllowed, receipt(&drawn, &made)),
        (Rule::InstructionNotAllowed, sync(WSOL_ACCOUNT)),
        (Rule::InstructionNotAllowed, close(WSOL_ACCOUNT, WALLET)),
        (
            Rule::InstructionNotAllowed,
            create_account(USDC_ACCOUNT, WALLET, USDC, TOKEN),
        ),
        (
            Rule::InstructionNotAllowed,
            send_tokens(USDC_ACCOUNT, USDC, RECIPIENT_USDC, 1),
        ),
        (Rule::InstructionNotAllowed, cpmm(IN, OUT, SOL, 149_000_000)),
        (Rule::InstructionNotAllowed, borrow(RESERVE, SOL)),
        (Rule::Receipt, take_back(WALLET, &seed, WALLET)),
        (Rule::Recipient, take_back(WALLET, &drawn, RECIPIENT)),
        (Rule::Recipient, take_back(WALLET, &drawn, OTHER_WALLET)),
        (Rule::Recipient, take_back(WALLET, &drawn, TIP_ACCOUNT)),
    ];
    for (rule, more) in cases {
        let mixed = Reclaim::of("reclaim-1", &[&seed]).with(|o| o.instructions.push(more.clone()));
        assert_eq!(bench.rule(&mixed.request()), Some(rule), "{:?}", more.data);
    }
    let nothing = Reclaim::of("reclaim-1", &[]);
    assert_eq!(bench.rule(&nothing.request()), Some(Rule::Receipt));
    let unlimited = Reclaim::of("reclaim-1", &[&seed]).with(|o| drop(o.instructions.remove(0)));
    assert_eq!(bench.rule(&unlimited.request()), Some(Rule::ComputeUnits));
    let dear = Reclaim::of("reclaim-1", &[&seed]).with(|o| o.instructions.extend([price(100_001)]));
    assert_eq!(bench.rule(&dear.request()), Some(Rule::FeeCap));
    bench.ok(&Reclaim::of("reclaim-1", &[&seed]).request());
}

#[test]
fn no_step_of_an_intent_takes_a_receipt_back() {
    let bench = bench();
    let seed = settled(&bench, "first");
    bench.at(OLD_S);
    let taking = take_back(WALLET, &seed, WALLET);
    let prepare = SolanaOrder::of(
        "prepare",
        &[units(20_000), taking.clone()],
        (NATIVE, NATIVE, 0, 0),
    );
    assert_eq!(
        bench.rule(&prepare.request()),
        Some(Rule::InstructionNotAllowed)
    );
    let trade = SolanaOrder::new("trade").and(taking);
    assert_eq!(
        bench.rule(&trade.request()),
        Some(Rule::InstructionNotAllowed)
    );
    assert_eq!(bench.ok(&trade.check_request())["passed"], json!(false));
}

#[test]
fn a_wallet_has_one_reclaim_at_a_time_and_a_receipt_one_for_ever() {
    let bench = bench();
    let seeds = [settled(&bench, "first"), settled(&bench, "second")];
    bench.at(OLD_S);
    let first = Reclaim::of("reclaim-1", &[&seeds[0]]);
    let signature = bench.ok(&first.request())["signature"].clone();
    let second = Reclaim::of("reclaim-2", &[&seeds[1]]);
    assert_eq!(bench.rule(&second.request()), Some(Rule::AttemptAlive));
    bench.ok(&end_of("reclaim-1", "succeeded", &signature));
    let same = Reclaim::of("reclaim-2", &[&seeds[0]]).with(|o| o.blockhash = 80);
    assert_eq!(bench.rule(&same.request()), Some(Rule::Receipt));
    bench.ok(&second.request());
    assert_eq!(bench.ok(&reclaimable(OLD))["open"], "reclaim-2");
}

#[test]
fn a_reclaim_without_effect_lets_its_receipts_go() {
    for outcome in ["reverted", "expired"] {
        let bench = bench();
        let seed = settled(&bench, "first");
        bench.at(OLD_S);
        let first = Reclaim::of("reclaim-1", &[&seed]);
        let answer = bench.ok(&first.request());
        assert_eq!(
            bench.ok(&end_of("reclaim-1", outcome, &answer["signature"])),
            json!({ "final": true })
        );
        let told = bench.ok(&reclaimable(OLD));
        assert_eq!(
            (seeds_in(&told), &told["open"]),
            (vec![seed.clone()], &Value::Null)
        );
        // It stays what it was, and another takes its place.
        assert_eq!(bench.ok(&first.request()), answer);
        bench.ok(&Reclaim::of("reclaim-2", &[&seed])
            .with(|o| o.blockhash = 80)
            .request());
    }
}

#[test]
fn a_later_attempt_waits_until_the_one_before_is_dead_and_takes_the_same_back() {
    let bench = bench();
    let seeds = [settled(&bench, "first"), settled(&bench, "second")];
    bench.at(OLD_S);
    let first = Reclaim::of("reclaim-1", &[&seeds[0], &seeds[1]]);
    let signature = bench.ok(&first.request())["signature"].clone();
    let dead = OLD + 32 + 150 + 61;
    let early = first
        .clone()
        .with(|o| *o = o.clone().again(dead + 31, dead - 1, &absent(&signature)));
    assert_eq!(bench.rule(&early.request()), Some(Rule::AttemptAlive));
    let unproven = first
        .clone()
        .with(|o| *o = o.clone().again(dead + 32, dead, &json!([])));
    assert_eq!(bench.rule(&unproven.request()), Some(Rule::AttemptAlive));
    let fewer = Reclaim::of("reclaim-1", &[&seeds[0]])
        .with(|o| *o = o.clone().again(dead + 32, dead, &absent(&signature)));
    assert_eq!(bench.rule(&fewer.request()), Some(Rule::StepChanged));
    let second = first.with(|o| *o = o.clone().again(dead + 32, dead, &absent(&signature)));
    let answer = bench.ok(&second.request());
    assert_ne!(answer["signature"], signature);
    assert_eq!(bench.folder.count("reclaims"), 1);
}

#[test]
fn a_halt_of_the_wallet_stops_it() {
    let bench = bench();
    let seed = settled(&bench, "first");
    bench.at(OLD_S);
    let halt = json!({ "op": "halt", "reason": "test", "by": "alice", "wallet": WALLET });
    let epoch = bench.ok(&halt)["kill_epoch"].clone();
    let reclaim = Reclaim::of("reclaim-1", &[&seed]);
    assert_eq!(bench.rule(&reclaim.request()), Some(Rule::Halted));
    assert_eq!(bench.folder.count("reclaims"), 0);
    bench.ok(&json!({ "op": "resume", "kill_epoch": epoch, "by": "alice", "confirm": "resume" }));
    bench.ok(&reclaim.request());
}

#[test]
fn it_counts_for_no_strategy_where_strategies_are_listed() {
    let strategy = "a1b2c3d4-e5f6-7890-1234-567890abcdef";
    let listed = format!(
        "{}\n[strategies.\"{strategy}\"]\nwallets = [\"{WALLET}\"]\n",
        config()
    );
    let mut bench = bench();
    let seed = settled(&bench, "first");
    bench.restart(Some(&listed));
    bench.at(OLD_S);
    let trade = SolanaOrder::new("trade");
    assert_eq!(bench.rule(&trade.request()), Some(Rule::StrategyUnknown));
    bench.ok(&Reclaim::of("reclaim-1", &[&seed]).request());
}

#[test]
fn many_receipts_are_told_page_by_page() {
    let bench = bench();
    let seeds: Vec<_> = (0..4).map(|n| settled(&bench, &format!("s{n}"))).collect();
    let gate = Connection::open(bench.folder.path("gate.db")).unwrap();
    for n in 0..66 {
        let seed = format!("{n:032x}");
        gate.execute_batch(&format!(
            "INSERT INTO steps (intent_id, step, wallet, chain_id, kind, token, reserved_raw, counts_raw, effect_by_s,
                 outcome, final)
             SELECT 'copy{n}', 0, wallet, chain_id, kind, token, '0', '0', effect_by_s, outcome, final FROM steps
             WHERE intent_id = 's0';
             INSERT INTO receipts (intent_id, step, wallet, chain_id, seed, drawn_at_ms)
             VALUES ('copy{n}', 0, '{WALLET}', 101, '{seed}', 0);
             INSERT INTO solana_attempts (intent_id, step, attempt, wallet, chain_id, unsigned_tx, message_hash,
                 blockhash, last_valid_block_height, trade, lookup_tables, quoted, policy_digest, kill_epoch, evidence,
                 recorded_at_ms)
             SELECT 'copy{n}', 0, 1, wallet, chain_id, unsigned_tx, 'copy{n}', blockhash, last_valid_block_height,
                 trade, lookup_tables, quoted, policy_digest, kill_epoch, evidence, 0
             FROM solana_attempts WHERE intent_id = 's0';"
        ))
        .unwrap();
    }
    bench.at(OLD_S);
    let first = bench.ok(&reclaimable(OLD));
    let mut told = seeds_in(&first);
    assert_eq!((told.len(), &told[..4]), (64, &seeds[..]));
    let mut next = reclaimable(OLD);
    next["after"] = first["more_after"].clone();
    let second = bench.ok(&next);
    told.extend(seeds_in(&second));
    told.dedup();
    assert_eq!((told.len(), &second["more_after"]), (70, &Value::Null));
}
