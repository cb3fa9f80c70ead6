//! Top-ups: from the treasury to a wallet of its list, within its caps, one at a time, and nothing else.

use crate::bench::{Bench, DAY_S, START_S};
use crate::solana_orders::*;
use alloy_primitives::hex;
use serde_json::{Value, json};
use tradewind_signer::config::Config;
use tradewind_signer::fault::Rule;

const FEE: u64 = 5_000;

fn with_treasury(max: u64, per_day: u64) -> String {
    let tokens = config()
        .find("[[chains.101.tokens]]")
        .expect("there are tokens");
    let (before, after) = (&config()[..tokens], &config()[tokens..]);
    format!(
        "{before}[chains.101.treasury]\nwallet = \"{WALLET}\"\nwallets = [\"{OTHER_WALLET}\"]\n\
         max_lamports = {max}\nmax_per_day_lamports = {per_day}\n{after}"
    )
}

/// A treasury that may send a tenth of a SOL at a time, and a quarter a day: more than a trade may spend in lamports.
pub fn treasury() -> Bench {
    let folder = folder();
    folder.write("signer.toml", &with_treasury(SOL / 10, SOL / 4));
    let bench = Bench::over(folder);
    for wallet in [WALLET, OTHER_WALLET] {
        bench.ok(&adoption(wallet));
    }
    bench
}

fn from_to(from: &str, to: &str, lamports: u64) -> Ix {
    let accounts = vec![(key(from), true), (key(to), true)];
    ix(SYSTEM, accounts, &[&[2, 0, 0, 0], &lamports.to_le_bytes()])
}

fn request(name: &str, wallet: &str, instructions: &[Ix], blockhash: u8) -> Value {
    let instructions = [&[units(2_000)], instructions].concat();
    json!({
        "op": "sign_top_up", "intent_id": name, "attempt": 1, "wallet": wallet, "chain_id": 101,
        "unsigned_tx": hex::encode_prefixed(wire(key(wallet), &instructions, blockhash, None)),
        "last_valid_block_height": HEIGHT + 150, "evidence": evidence(HEIGHT, HEIGHT - 32, &json!([])),
    })
}

pub fn top_up(name: &str, lamports: u64, blockhash: u8) -> Value {
    request(
        name,
        WALLET,
        &[from_to(WALLET, OTHER_WALLET, lamports)],
        blockhash,
    )
}

fn told(bench: &Bench) -> Value {
    bench.ok(&json!({ "op": "top_ups", "chain_id": 101 }))
}

fn end_of(name: &str, outcome: &str, signature: &Value) -> Value {
    let landed = outcome != "expired";
    json!({
        "op": "settle_solana", "intent_id": name, "step": 0, "outcome": outcome,
        "signature": if landed { signature.clone() } else { Value::Null },
        "slot": if landed { json!(1_010) } else { Value::Null },
        "spent": if landed { json!({ NATIVE: FEE.to_string() }) } else { json!({}) },
        "signatures": if landed { json!([]) } else { absent(signature) }, "endpoints": ["one", "two"],
        "finalized": { "slot": 2_000, "block_height": HEIGHT + 150 + 61 },
    })
}

#[test]
fn tops_a_listed_wallet_up_and_has_the_same_bytes_for_ever() {
    let bench = treasury();
    assert_eq!(
        told(&bench),
        json!({
            "treasury": WALLET, "left_lamports": (SOL / 10).to_string(),
            "wallets": [{ "wallet": OTHER_WALLET, "open": null }],
        })
    );
    let request = top_up("top-up-1", SOL / 10, 1);
    let answer = bench.ok(&request);
    assert_eq!(told(&bench)["wallets"][0]["open"], "top-up-1");
    let bench = bench.restarted(None);
    assert_eq!(bench.ok(&request), answer);
    let step = bench.ok(&json!({ "op": "step", "intent_id": "top-up-1", "step": 0 }));
    assert_eq!(step["attempts"][0]["raw_tx"], answer["raw_tx"]);
    // Only the fee counts in the limits of amounts: what was moved is still with this signer's wallets.
    let budgets = bench.ok(&json!({ "op": "budgets" }));
    let mut all = budgets["budgets"].as_array().unwrap().iter();
    let own = all.find(|b| b["token"] == NATIVE && b["window"] == "day");
    assert_eq!(own.unwrap()["used_raw"], FEE.to_string());
}

#[test]
fn nobody_else_pays_and_nobody_else_is_paid() {
    let bench = treasury();
    let cases = [
        (
            Rule::TopUp,
            request("a", WALLET, &[from_to(WALLET, RECIPIENT, 1)], 1),
        ),
        (
            Rule::TopUp,
            request("b", WALLET, &[from_to(WALLET, TIP_ACCOUNT, 1)], 1),
        ),
        (
            Rule::TopUp,
            request("c", WALLET, &[from_to(WALLET, WALLET, 1)], 1),
        ),
        (
            Rule::TopUp,
            request("d", OTHER_WALLET, &[from_to(OTHER_WALLET, WALLET, 1)], 1),
        ),
        (
            Rule::SwapAccounts,
            request("e", WALLET, &[from_to(RECIPIENT, OTHER_WALLET, 1)], 1),
        ),
        (Rule::TopUp, request("f", WALLET, &[], 1)),
    ];
    for (rule, request) in cases {
        assert_eq!(bench.rule(&request), Some(rule), "{}", request["intent_id"]);
    }
    // Without a treasury nobody tops anybody up.
    let plain = bench.restarted(Some(&config()));
    assert_eq!(told(&plain)["treasury"], Value::Null);
    assert_eq!(plain.rule(&top_up("g", 1, 1)), Some(Rule::TopUp));
}

#[test]
fn nothing_else_is_in_such_a_transaction() {
    let bench = treasury();
    let good = from_to(WALLET, OTHER_WALLET, 1);
    let others = [
        good.clone(),
        transfer(TIP_ACCOUNT, 1),
        sync(WSOL_ACCOUNT),
        close(WSOL_ACCOUNT, WALLET),
        create_account(USDC_ACCOUNT, WALLET, USDC, TOKEN),
        send_tokens(USDC_ACCOUNT, USDC, RECIPIENT_USDC, 1),
        cpmm(IN, OUT, SOL, 149_000_000),
        borrow(RESERVE, SOL),
    ];
    for other in others {
        let mixed = request("mixed", WALLET, &[good.clone(), other.clone()], 1);
        assert_eq!(
            bench.rule(&mixed),
            Some(Rule::InstructionNotAllowed),
            "{:?}",
            other.data
        );
    }
    bench.ok(&request("good", WALLET, &[good], 1));
}

#[test]
fn no_step_of_an_intent_pays_a_wallet_only_because_it_may_be_topped_up() {
    let bench = treasury();
    let pay = SolanaOrder::of(
        "pay",
        &[units(2_000), from_to(WALLET, OTHER_WALLET, 1)],
        (NATIVE, NATIVE, 1, 0),
    );
    assert_eq!(bench.rule(&pay.request()), Some(Rule::Recipient));
}

#[test]
fn each_top_up_and_each_day_has_its_cap() {
    let bench = treasury();
    assert_eq!(bench.rule(&top_up("a", SOL / 10 + 1, 1)), Some(Rule::TopUp));
    assert_eq!(bench.rule(&top_up("a", 0, 1)), Some(Rule::TopUp));
    for (name, blockhash) in [("a", 1), ("b", 2)] {
        let signature = bench.ok(&top_up(name, SOL / 10, blockhash))["signature"].clone();
        // One that never landed gives nothing back: whatever is said of the chain, no more is signed for in a day.
        bench.ok(&end_of(name, "expired", &signature));
    }
    assert_eq!(told(&bench)["left_lamports"], (SOL / 20).to_string());
    assert_eq!(bench.rule(&top_up("c", SOL / 20 + 1, 3)), Some(Rule::TopUp));
    let signature = bench.ok(&top_up("c", SOL / 20, 3))["signature"].clone();
    bench.ok(&end_of("c", "succeeded", &signature));
    bench.at(START_S + DAY_S - 1);
    assert_eq!(bench.rule(&top_up("d", 1, 4)), Some(Rule::TopUp));
    bench.at(START_S + DAY_S);
    bench.ok(&top_up("d", SOL / 10, 4));
}

#[test]
fn a_wallet_is_topped_up_once_at_a_time_and_by_one_attempt() {
    for outcome in ["succeeded", "reverted", "expired"] {
        let bench = treasury();
        let signature = bench.ok(&top_up("a", 1_000, 1))["signature"].clone();
        assert_eq!(bench.rule(&top_up("b", 1_000, 2)), Some(Rule::AttemptAlive));
        let dead = HEIGHT + 150 + 61;
        let mut again = top_up("a", 1_000, 3);
        again["attempt"] = json!(2);
        again["last_valid_block_height"] = json!(dead + 32 + 150);
        again["evidence"] = evidence(dead + 32, dead, &absent(&signature));
        assert_eq!(bench.rule(&again), Some(Rule::AttemptOrder));
        assert_eq!(
            bench.ok(&end_of("a", outcome, &signature)),
            json!({ "final": true })
        );
        bench.ok(&top_up("b", 1_000, 2));
    }
}

#[test]
fn a_halt_of_the_treasury_or_of_the_wallet_stops_it() {
    for wallet in [WALLET, OTHER_WALLET] {
        let bench = treasury();
        bench.ok(&json!({ "op": "halt", "reason": "test", "by": "alice", "wallet": wallet }));
        assert_eq!(
            bench.rule(&top_up("a", 1, 1)),
            Some(Rule::Halted),
            "{wallet}"
        );
    }
}

#[test]
fn killed_between_record_and_signature_it_goes_on_with_the_same_bytes() {
    let mut bench = treasury();
    let request = top_up("a", 1_000, 1);
    assert!(bench.dies(&request));
    bench.restart(None);
    assert_eq!(told(&bench)["wallets"][0]["open"], "a");
    assert_eq!(bench.rule(&top_up("b", 1_000, 2)), Some(Rule::AttemptAlive));
    let step = bench.ok(&json!({ "op": "step", "intent_id": "a", "step": 0 }));
    assert_eq!(step["attempts"][0]["raw_tx"], bench.ok(&request)["raw_tx"]);
}

#[test]
fn a_recorded_top_up_that_the_treasury_may_not_make_any_more_stays_unsigned() {
    let mut bench = treasury();
    let request = top_up("a", 1_000, 1);
    assert!(bench.dies(&request));
    bench.restart(Some(&with_treasury(999, SOL / 4)));
    assert_eq!(bench.rule(&request), Some(Rule::TopUp));
    let step = bench.ok(&json!({ "op": "step", "intent_id": "a", "step": 0 }));
    assert_eq!(step["pending"], json!([1]));
}

#[test]
fn a_treasury_that_is_loosened_waits_as_every_raise_does() {
    let bench = treasury().restarted(Some(&with_treasury(SOL, SOL)));
    assert_eq!(told(&bench)["left_lamports"], (SOL / 10).to_string());
    bench.at(START_S + 600);
    assert_eq!(told(&bench)["left_lamports"], SOL.to_string());
    let bench = bench.restarted(Some(&config()));
    assert_eq!(told(&bench)["treasury"], Value::Null);
    let bench = bench.restarted(Some(&with_treasury(SOL, SOL)));
    assert_eq!(told(&bench)["treasury"], Value::Null);
}

#[test]
fn a_treasury_names_wallets_of_this_signer_only_and_not_itself() {
    let good = with_treasury(1, 1);
    let parse = |text: &str| Config::parse(text, std::path::Path::new("/"));
    parse(&good).unwrap();
    let stranger = stranger(9).to_string();
    for (old, new) in [
        (
            format!("wallets = [\"{OTHER_WALLET}\"]\nmax"),
            format!("wallets = [\"{stranger}\"]\nmax"),
        ),
        (
            format!("wallets = [\"{OTHER_WALLET}\"]\nmax"),
            format!("wallets = [\"{WALLET}\"]\nmax"),
        ),
        (
            format!("wallets = [\"{OTHER_WALLET}\"]\nmax"),
            "wallets = []\nmax".to_owned(),
        ),
        (
            format!("treasury]\nwallet = \"{WALLET}\""),
            format!("treasury]\nwallet = \"{stranger}\""),
        ),
    ] {
        assert!(good.contains(&old), "{old}");
        let wrong = parse(&good.replace(&old, &new)).unwrap_err();
        assert!(
            wrong.field.contains("treasury"),
            "{}: {}",
            wrong.field,
            wrong.message
        );
    }
}
