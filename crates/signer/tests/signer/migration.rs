//! A gate file of an older version goes on as one of this: nothing in it is lost, and nothing becomes looser.

use crate::bench::{Bench, START_S};
use crate::orders::{Order, USDC_UNIT};
use crate::process::{Folder, SIGNER, WALLETS, config};
use crate::solana_orders;
use crate::solana_reclaims::{OLD_S, Reclaim, reclaimable};
use rusqlite::{Connection, params};
use serde_json::json;
use tradewind_signer::fault::Rule;
use tradewind_signer::signer::Unobserved;

const VERSION_2: &str = include_str!("gate_v2.sql");
const VERSION_3: &str = include_str!("gate_v3.sql");
const VERSION_4: &str = include_str!("gate_v4.sql");
const VERSION_5: &str = include_str!("gate_v5.sql");
const VERSION_6: &str = include_str!("gate_v6.sql");
const SPENT: u64 = 50_000 * USDC_UNIT;

fn order(name: &str) -> Order {
    Order::new(name)
        .spending(SPENT)
        .with(|o| o.deadline_s = START_S + 600)
}

/// An attempt of a step that waits for its signature.
fn insert_attempt(gate: &Connection, order: &Order) {
    let tx = order.transaction();
    let deadline_s = order.deadline_s.cast_signed();
    gate.execute(
        "INSERT INTO attempts (intent_id, step, attempt, wallet, unsigned_tx, message_hash, valid_until_s, policy_digest,
             kill_epoch, evidence, quoted_in_raw, quoted_out_raw, recorded_at_ms)
         VALUES (?1, 0, 1, ?2, ?3, '0x', ?4, '0x', 0, '{}', ?5, ?6, 0)",
        params![
            order.intent,
            WALLETS[0],
            tx.encode_unsigned(),
            deadline_s,
            order.quoted_in.to_string(),
            order.quoted_out.to_string()
        ],
    )
    .unwrap();
}

/// A step of the wallet with one attempt that waits for its signature.
fn insert_step(gate: &Connection, order: &Order, outcome: Option<&str>) {
    let deadline_s = order.deadline_s.cast_signed();
    gate.execute(
        "INSERT INTO steps VALUES (?1, 0, ?2, 42161, NULL, 'swap', ?3, ?4, ?5, ?6, ?7)",
        params![
            order.intent,
            WALLETS[0],
            order.nonce.cast_signed(),
            order.tokens[0].to_checksum(None),
            SPENT.to_string(),
            deadline_s,
            outcome
        ],
    )
    .unwrap();
    insert_attempt(gate, order);
}

/// Two steps, a permit that was closed, a halt that was replaced and one that was resumed.
fn version_2() -> Folder {
    let folder = Folder::new();
    let gate = Connection::open(folder.path("gate.db")).unwrap();
    gate.execute_batch(VERSION_2).unwrap();
    insert_step(&gate, &order("first"), None);
    insert_step(&gate, &order("second").at_nonce(8), Some("reverted"));
    gate.execute(
        "INSERT INTO steps VALUES ('closed', 0, ?1, 42161, NULL, 'swap', NULL, ?2, ?3, ?4, NULL)",
        params![
            WALLETS[0],
            order("").tokens[0].to_checksum(None),
            SPENT.to_string(),
            (START_S + 600).cast_signed()
        ],
    )
    .unwrap();
    gate.execute_batch(
        "INSERT INTO closures VALUES ('closed', 0, 1);
         INSERT INTO halts VALUES (1, 'first', 'alice', 1, NULL, NULL);
         INSERT INTO halts VALUES (2, 'second', 'alice', 2, 'bob', 3);",
    )
    .unwrap();
    folder
}

#[test]
fn what_was_recorded_stays_recorded_and_counts_as_before() {
    let bench = Bench::watched(version_2(), Box::new(Unobserved));
    let hello = bench.ok(&json!({ "op": "hello" }));
    assert_eq!(hello["gate_id"], "00112233445566778899aabbccddeeff");
    assert_eq!(
        (&hello["halts"], &hello["halted"], &hello["kill_epoch"]),
        (&json!([]), &json!(false), &json!(2))
    );
    let next = json!({ "op": "next_nonce", "wallet": WALLETS[0], "chain_id": 42161 });
    assert_eq!(bench.ok(&next), json!({ "next_nonce": 9 }));
    assert_eq!(
        bench.ok(&order("first").step_request())["attempts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        bench.rule(&order("closed").request()),
        Some(Rule::StepClosed)
    );
    // 100,000 of 200,000 are reserved by the two steps, and nothing by the closed one.
    for name in ["a", "b"] {
        assert_eq!(bench.rule(&order(name).permit_request()), None);
    }
    let one = order("one").spending(1).permit_request();
    assert_eq!(bench.rule(&one), Some(Rule::AmountPerDay));
    let bench = bench.restarted(None);
    assert_eq!(bench.rule(&one), Some(Rule::AmountPerDay));
}

#[test]
fn what_is_new_works_on_the_old_file() {
    let bench = Bench::watched(version_2(), Box::new(Unobserved));
    let noop = order("first").noop(2);
    let cancelled = bench.ok(&noop.request());
    let settle = noop.final_settle_request(&cancelled["tx_hash"], "cancelled", 0);
    assert_eq!(bench.ok(&settle), json!({ "final": true }));
    bench.ok(&json!({ "op": "halt", "reason": "x", "by": "x", "wallet": WALLETS[0] }));
    assert_eq!(
        bench.rule(&order("third").at_nonce(9).request()),
        Some(Rule::Halted)
    );
    let gate = bench.folder.gate();
    let count = |query: &str| {
        gate.query_row(query, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(count("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(count("SELECT user_version FROM pragma_user_version"), 7);
    let unreferenced = "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%steps_2%'";
    assert_eq!(count(unreferenced), 0);
}

#[test]
fn a_file_of_version_2_is_migrated_by_the_halt_command_as_well() {
    let folder = version_2();
    let output = folder
        .command(SIGNER, &["halt", "--config", "signer.toml"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        folder.start().ok(&json!({ "op": "hello" }))["kill_epoch"],
        3
    );
}

/// A step that is settled for good with less than it reserved, and one that waits for its signature.
fn version_3() -> Folder {
    let folder = solana_orders::folder();
    folder.write("signer.toml", &config());
    let gate = Connection::open(folder.path("gate.db")).unwrap();
    gate.execute_batch(VERSION_3).unwrap();
    let (first, second) = (order("first"), order("second").at_nonce(8));
    for (order, counts, outcome) in [(&first, 7, Some("succeeded")), (&second, SPENT, None)] {
        gate.execute(
            "INSERT INTO steps VALUES (?1, 0, ?2, 42161, NULL, 'swap', ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                order.intent,
                WALLETS[0],
                order.nonce.cast_signed(),
                order.tokens[0].to_checksum(None),
                SPENT.to_string(),
                counts.to_string(),
                order.deadline_s.cast_signed(),
                outcome,
                outcome.is_some()
            ],
        )
        .unwrap();
        insert_attempt(&gate, order);
    }
    gate.execute_batch("INSERT INTO halts VALUES (1, 'first', 'alice', 1, 'bob', 2, NULL, 'one');")
        .unwrap();
    folder
}

#[test]
fn a_file_of_version_3_keeps_its_steps_and_what_they_count() {
    let bench = Bench::watched(version_3(), Box::new(Unobserved));
    let used = |bench: &Bench, window: &str| {
        let budgets = bench.ok(&json!({ "op": "budgets" }));
        let own = budgets["budgets"].as_array().unwrap().iter();
        let mut own = own.filter(|b| b["symbol"] == "USDC" && b["window"] == window);
        own.next().unwrap()["used_raw"].as_str().unwrap().to_owned()
    };
    assert_eq!(used(&bench, "day"), (SPENT + 7).to_string());
    assert_eq!(used(&bench, "signed_per_day"), (2 * SPENT).to_string());
    let settled = bench.ok(&order("first").step_request());
    assert_eq!(
        (&settled["outcome"], &settled["final"]),
        (&json!("succeeded"), &json!(true))
    );
    let pending = bench.ok(&order("second").step_request());
    assert_eq!(pending["attempts"].as_array().unwrap().len(), 1);
    let count = |what: &str| bench.folder.count(what);
    assert_eq!(count("pragma_foreign_key_check"), 0);
    assert_eq!(count("pragma_user_version WHERE user_version = 7"), 1);
    assert_eq!(count("sqlite_schema WHERE sql LIKE '%steps_3%'"), 0);
}

#[test]
fn a_file_of_version_3_takes_steps_on_solana() {
    let folder = version_3();
    folder.write("signer.toml", &solana_orders::config());
    let bench = Bench::watched(folder, Box::new(Unobserved));
    bench.ok(&solana_orders::adoption(solana_orders::WALLET));
    let order = solana_orders::SolanaOrder::new("new");
    bench.ok(&order.receipt_request());
    assert_eq!(bench.rule(&order.request()), Some(Rule::Receipt));
    bench.ok(&order.with(|o| o.intent = "plain".to_owned()).request());
}

#[test]
fn a_file_of_version_4_takes_back_the_receipts_that_it_has_drawn() {
    let folder = solana_orders::folder();
    let gate = Connection::open(folder.path("gate.db")).unwrap();
    gate.execute_batch(VERSION_4).unwrap();
    let (wallet, seed) = (solana_orders::WALLET, "00112233445566778899aabbccddeeff");
    gate.execute_batch(&format!(
        "INSERT INTO steps VALUES ('old', 0, '{wallet}', 101, NULL, 'swap', NULL, '{}', '5', '5', {START_S},
             'succeeded', 1);
         INSERT INTO receipts VALUES ('old', 0, '{wallet}', 101, '{seed}', 0);
         INSERT INTO solana_attempts VALUES ('old', 0, 1, '{wallet}', 101, x'00', '0x', '1', 1000, NULL, '[]', '{{}}',
             '{{\"mint_in\":\"{native}\",\"mint_out\":\"{native}\",\"amount_in_raw\":\"0\",\"amount_out_raw\":\"0\"}}',
             '0x', 0, '{{}}', 0, '1', x'00', 0);",
        solana_orders::USDC,
        native = solana_orders::NATIVE
    ))
    .unwrap();
    let bench = Bench::watched(folder, Box::new(Unobserved));
    bench.at(OLD_S);
    let told = bench.ok(&reclaimable(1_061));
    assert_eq!(told["receipts"][0]["seed"], seed);
    bench.ok(&Reclaim::of("reclaim-1", &[seed]).request());
    let count = |what: &str| bench.folder.count(what);
    assert_eq!(count("pragma_foreign_key_check"), 0);
    assert_eq!(count("pragma_user_version WHERE user_version = 7"), 1);
}

#[test]
fn a_file_of_version_5_signs_what_waited_at_once_and_holds_what_is_to_be_held() {
    let folder = solana_orders::folder();
    let gate = Connection::open(folder.path("gate.db")).unwrap();
    gate.execute_batch(VERSION_5).unwrap();
    let waiting = solana_orders::SolanaOrder::new("waiting");
    let (wallet, quoted) = (
        solana_orders::WALLET,
        waiting.request()["quoted"].to_string(),
    );
    gate.execute_batch(&format!(
        "INSERT INTO steps VALUES ('waiting', 0, '{wallet}', 101, NULL, 'swap', NULL, '{}', '1000000000', '1000000000',
             {START_S}, NULL, 0);
         INSERT INTO outlays VALUES ('waiting', 0, 101, '{}', '7000', '7000', {START_S});",
        solana_orders::WSOL,
        solana_orders::NATIVE
    ))
    .unwrap();
    gate.execute(
        "INSERT INTO solana_attempts VALUES ('waiting', 0, 1, ?1, 101, ?2, '0x', '1', 1150, NULL, '[]', '{}', ?3, '0x',
             0, '{}', 0, NULL, NULL, NULL)",
        params![wallet, waiting.bytes(), quoted],
    )
    .unwrap();
    let bench = Bench::watched(folder, Box::new(Unobserved));
    let step = bench.ok(&waiting.step_request());
    assert_eq!((&step["holds"], &step["pending"]), (&json!([]), &json!([])));
    assert_eq!(step["attempts"].as_array().unwrap().len(), 1);
    let held = solana_orders::SolanaOrder::new("held").with(|o| o.blockhash = 9);
    let told = bench.ok(&held.presign_request(1_000));
    assert_eq!(told["state"], "held");
    bench.ok(&held.release_request(solana_orders::HEIGHT));
    let count = |what: &str| bench.folder.count(what);
    assert_eq!(count("pragma_foreign_key_check"), 0);
    assert_eq!(count("pragma_user_version WHERE user_version = 7"), 1);
}

#[test]
fn a_file_of_version_6_keeps_its_holds_and_counts_what_is_paid_for_unlisted_mints_from_then_on() {
    let folder = solana_orders::folder();
    let gate = Connection::open(folder.path("gate.db")).unwrap();
    gate.execute_batch(VERSION_6).unwrap();
    let held = solana_orders::SolanaOrder::new("held");
    let (wallet, quoted) = (solana_orders::WALLET, held.request()["quoted"].to_string());
    gate.execute_batch(&format!(
        "INSERT INTO steps VALUES ('held', 0, '{wallet}', 101, NULL, 'swap', NULL, '{}', '1000000000', '1000000000',
             {START_S}, NULL, 0);
         INSERT INTO outlays VALUES ('held', 0, 101, '{}', '7000', '7000', {START_S});",
        solana_orders::WSOL,
        solana_orders::NATIVE
    ))
    .unwrap();
    gate.execute(
        "INSERT INTO solana_attempts VALUES ('held', 0, 1, ?1, 101, ?2, '0x', '1', 1150, NULL, '[]', '{}', ?3, ?4,
             0, '{}', 0, NULL, NULL, NULL, ?5, 1150, 7000, NULL)",
        params![
            wallet,
            held.bytes(),
            quoted,
            format!("0x{}", "00".repeat(32)),
            (START_S * 1_000 + 5_000).cast_signed()
        ],
    )
    .unwrap();
    drop(gate);
    let bench = Bench::watched(folder, Box::new(Unobserved));
    let step = bench.ok(&held.step_request());
    assert_eq!(step["holds"][0]["state"], "maybe_released");
    bench.ok(&held.release_request(solana_orders::HEIGHT));
    let count = |what: &str| bench.folder.count(what);
    assert_eq!(
        count("steps WHERE unlisted_mint IS NULL AND unlisted_open = 0"),
        1
    );
    assert_eq!(count("pragma_foreign_key_check"), 0);
    assert_eq!(count("pragma_user_version WHERE user_version = 7"), 1);
}
