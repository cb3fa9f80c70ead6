//! The limits of amounts under several connections at once, halts, and processes killed in the middle.
//!
//! A trigger in the gate file writes down every change of a step in the order of the commits. The check replays that:
//! after none of them is a limit passed by one unit.

use crate::budget::Seeded;
use crate::model::{Limit, STRATEGIES, Scope, Window, configured};
use crate::orders::{Order, USDC_UNIT, address, now_s};
use crate::process::{Client, Folder, Signer, WALLETS};
use rusqlite::{Connection, Row};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tradewind_core::evm::{DecodedTransaction, Exact};

const THREADS: u64 = 6;
const STEPS: u64 = 600;
/// What all connections together are asked between two interventions.
const REQUESTS: u64 = 800;

const LIMITS: [Limit; 8] = [
    (Scope::All, Window::Transaction, 30),
    (Scope::All, Window::Hour, 90),
    (Scope::All, Window::Day, 85),
    (Scope::All, Window::Signed, 900),
    (Scope::Wallet(0), Window::Hour, 60),
    (Scope::Wallet(1), Window::Day, 50),
    (Scope::Strategy(0), Window::Hour, 40),
    (Scope::Strategy(1), Window::Signed, 500),
];

const AUDIT: &str = "
CREATE TABLE audit (seq INTEGER PRIMARY KEY, intent_id TEXT, wallet TEXT, strategy_id TEXT, reserved TEXT, counts TEXT, closed);
CREATE TRIGGER audit_new AFTER INSERT ON steps BEGIN
    INSERT INTO audit VALUES (NULL, new.intent_id, new.wallet, new.strategy_id, new.reserved_raw, new.counts_raw, 0); END;
CREATE TRIGGER audit_old AFTER UPDATE ON steps BEGIN
    INSERT INTO audit VALUES (NULL, new.intent_id, new.wallet, new.strategy_id, new.reserved_raw, new.counts_raw,
        EXISTS (SELECT 1 FROM closures c WHERE c.intent_id = new.intent_id AND c.step = new.step)); END;
";

/// What all threads share.
struct Desk {
    socket: PathBuf,
    deadline_s: u64,
    asked: AtomicU64,
    over: AtomicBool,
    /// The bytes that were answered for each attempt.
    sent: Mutex<BTreeMap<(String, u64), String>>,
    refused: Mutex<BTreeSet<String>>,
}

impl Desk {
    /// The answer, from this process or the next; nothing when the process died of it or before it.
    fn ask(&self, client: &mut Option<Client>, request: &Value) -> Option<Value> {
        if client.is_none() {
            *client = Client::to(&self.socket).ok();
        }
        let answer = client.as_mut().and_then(|client| client.ask(request));
        let Some(answer) = answer else {
            *client = None;
            thread::sleep(Duration::from_millis(1));
            return None;
        };
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(rule) = answer["refused"]["rule"].as_str() {
            self.refused.lock().unwrap().insert(rule.to_owned());
            return None;
        }
        assert!(answer.get("ok").is_some(), "{request}\n{answer}");
        Some(answer["ok"].clone())
    }

    /// Signs; whoever asks for the same attempt gets the same bytes, before and after a crash.
    fn sign(&self, client: &mut Option<Client>, order: &Order) {
        if let Some(signed) = self.ask(client, &order.request()) {
            let raw = signed["raw_tx"].as_str().unwrap().to_owned();
            let mut sent = self.sent.lock().unwrap();
            let known = sent
                .entry((order.intent.clone(), order.attempt.into()))
                .or_insert_with(|| raw.clone());
            assert_eq!(*known, raw, "{} {}", order.intent, order.attempt);
        }
    }

    /// All threads agree on what a step is, so that they meet in it.
    fn order(&self, step: u64) -> Order {
        // All limits are multiples of five, so that they are met exactly, and a single base unit is then too much.
        let amount = match step % 17 {
            0 => 1,
            rest => [5, 10, 20, 30][usize::try_from(rest % 4).unwrap()] * USDC_UNIT,
        };
        let order = Order::new(&format!("step-{step}")).spending(amount);
        order.with(|o| {
            o.wallet = address(WALLETS[usize::from(step % 2 == 1)]);
            o.strategy = Some(STRATEGIES[usize::from(step % 4 > 1)]);
            o.deadline_s = self.deadline_s;
            if step.is_multiple_of(3) {
                (o.exact, o.quoted_out) = (Exact::Out, o.amount_out);
            }
        })
    }

    fn play(&self, seed: u64) {
        let (mut dice, mut client) = (Seeded(seed), None);
        while !self.over.load(Ordering::SeqCst) {
            let order = self.order(dice.next(STEPS));
            match dice.next(12) {
                0..=2 => drop(self.ask(&mut client, &order.permit_request())),
                3..=5 => self.first(&mut client, order),
                6 => drop(self.ask(&mut client, &order.close_request())),
                7..=8 => self.later(&mut client, order, &mut dice),
                _ => self.settle(&mut client, &order, &mut dice),
            }
        }
    }

    fn first(&self, client: &mut Option<Client>, order: Order) {
        let wallet = order.wallet.to_checksum(None);
        let ask = json!({ "op": "next_nonce", "wallet": wallet, "chain_id": 42161 });
        if let Some(next) = self.ask(client, &ask) {
            let nonce = next["next_nonce"].as_u64().unwrap_or(7);
            self.sign(client, &order.at_nonce(nonce));
        }
    }

    fn later(&self, client: &mut Option<Client>, order: Order, dice: &mut Seeded) {
        let Some(known) = self.ask(client, &order.step_request()) else {
            return;
        };
        let attempts = known["attempts"].as_array().map_or(0, Vec::len);
        if let (Some(nonce), 1..) = (known["nonce"].as_u64(), attempts) {
            let attempt = u32::try_from(attempts).unwrap() + 1;
            let order = order.at_nonce(nonce).with(|o| {
                (o.attempt, o.max_fee) = (attempt, o.max_fee + u128::from(dice.next(9)));
            });
            let noop = dice.next(3) == 0;
            self.sign(client, &if noop { order.noop(attempt) } else { order });
        }
    }

    fn settle(&self, client: &mut Option<Client>, order: &Order, dice: &mut Seeded) {
        let Some(known) = self.ask(client, &order.step_request()) else {
            return;
        };
        let Some(attempt) = known["attempts"].as_array().and_then(|all| all.last()) else {
            return;
        };
        let (outcome, spent) = match (attempt["noop"] == true, dice.next(2), order.exact) {
            (true, _, _) => ("cancelled", 0),
            (false, 0, _) => ("reverted", 0),
            (false, _, Exact::In) => ("succeeded", order.amount_in),
            (false, _, Exact::Out) => ("succeeded", order.amount_in * dice.next(2)),
        };
        let hash = &attempt["tx_hash"];
        let request = match dice.next(4) {
            0 => order.settle_request(hash, outcome, spent),
            _ => order.final_settle_request(hash, outcome, spent),
        };
        self.ask(client, &request);
    }

    /// Waits until the others have asked this much more.
    fn await_requests(&self, more: u64) {
        let until = self.asked.load(Ordering::SeqCst) + more;
        while self.asked.load(Ordering::SeqCst) < until {
            assert!(!self.over.load(Ordering::SeqCst), "a connection failed");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn no_limit_is_passed_at_any_commit_whatever_several_connections_ask_at_once() {
    let folder = Folder::new();
    folder.write("signer.toml", &configured(&LIMITS));
    folder.start().stop();
    audited(&folder.path("gate.db"));
    let mut signer = folder.start();
    let desk = Arc::new(Desk {
        socket: signer.socket().to_owned(),
        deadline_s: now_s() + 900,
        asked: AtomicU64::new(0),
        over: AtomicBool::new(false),
        sent: Mutex::default(),
        refused: Mutex::default(),
    });
    let threads: Vec<_> = (1..=THREADS)
        .map(|seed| {
            let desk = Arc::clone(&desk);
            // Whoever fails ends the test for all.
            thread::spawn(move || {
                let _alarm = Alarm(Arc::clone(&desk));
                desk.play(seed);
            })
        })
        .collect();
    for round in 0..4 {
        desk.await_requests(REQUESTS);
        halt_for_a_while(&signer, &folder, &desk, round);
        desk.await_requests(REQUESTS);
        signer.stop();
        signer = folder.start();
    }
    desk.await_requests(REQUESTS);
    desk.over.store(true, Ordering::SeqCst);
    for thread in threads {
        thread.join().unwrap();
    }
    replay(&folder.gate());
    one_effect_a_step(&folder.gate());
    let refused = desk.refused.lock().unwrap();
    for rule in [
        "amount_per_hour",
        "amount_per_day",
        "halted",
        "step_settled",
    ] {
        assert!(refused.contains(rule), "{rule} was never met: {refused:?}");
    }
}

/// Ends the test when a thread does.
struct Alarm(Arc<Desk>);

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

fn audited(gate: &Path) {
    let connection = Connection::open(gate).unwrap();
    connection.execute_batch(AUDIT).unwrap();
}

/// After a halt is acknowledged nothing of its scope is signed, however much is asked for.
fn halt_for_a_while(signer: &Signer, folder: &Folder, desk: &Desk, round: usize) {
    let mut halt = json!({ "op": "halt", "reason": "drill", "by": "test" });
    let wallet = WALLETS[round % 2];
    if round < 2 {
        halt["wallet"] = json!(wallet);
    }
    let own = if round < 2 {
        format!("wallet = '{wallet}'")
    } else {
        "true".to_owned()
    };
    let epoch = signer.ok(&halt)["kill_epoch"].clone();
    let signatures = || {
        folder.count(&format!("attempts WHERE raw_tx IS NOT NULL AND {own}"))
            + folder.count(&format!("permits WHERE v IS NOT NULL AND {own}"))
    };
    let before = signatures();
    desk.await_requests(REQUESTS / 2);
    assert_eq!(signatures(), before, "signed under the halt of {own}");
    signer.ok(&json!({ "op": "resume", "kill_epoch": epoch, "by": "test", "confirm": "resume" }));
}

#[derive(Clone)]
struct Change {
    wallet: String,
    strategy: String,
    reserved: u64,
    counts: u64,
    closed: bool,
}

/// All of this lasts for seconds, so that every hour and every day holds all of it.
fn replay(gate: &Connection) {
    let number = |row: &Row<'_>, column| {
        row.get::<_, String>(column)
            .map(|text| text.parse::<u64>().unwrap())
    };
    let mut rows = gate
        .prepare("SELECT intent_id, wallet, strategy_id, reserved, counts, closed FROM audit ORDER BY seq")
        .unwrap();
    let changes = rows.query_map([], |row| {
        let change = Change {
            wallet: row.get(1)?,
            strategy: row.get(2)?,
            reserved: number(row, 3)?,
            counts: number(row, 4)?,
            closed: row.get(5)?,
        };
        Ok((row.get::<_, String>(0)?, change))
    });
    let (mut steps, mut highest) = (BTreeMap::new(), [0; LIMITS.len()]);
    for change in changes.unwrap() {
        let (intent, change) = change.unwrap();
        steps.insert(intent.clone(), change);
        for (index, (scope, window, units)) in LIMITS.iter().enumerate() {
            let used = used(&steps, *scope, *window);
            assert!(
                used <= units * USDC_UNIT,
                "{scope:?} {window:?} {used} by {intent}"
            );
            highest[index] = highest[index].max(used);
        }
    }
    // There was something to pass: the day was nearly full at times.
    assert!(highest[2] >= 60 * USDC_UNIT, "{highest:?}");
}

fn used(steps: &BTreeMap<String, Change>, scope: Scope, window: Window) -> u64 {
    let own = steps.values().filter(|step| match scope {
        Scope::All => true,
        Scope::Wallet(index) => step.wallet == WALLETS[index],
        Scope::Strategy(index) => step.strategy == STRATEGIES[index],
    });
    own.map(|step| match window {
        Window::Transaction => 0,
        Window::Signed if step.closed => 0,
        Window::Signed => step.reserved,
        Window::Hour | Window::Day => step.counts,
    })
    .sum()
}

/// Every attempt of a step has its one nonce, no other step has it, and no trade follows a no-op.
fn one_effect_a_step(gate: &Connection) {
    let mut rows = gate
        .prepare("SELECT intent_id, wallet, unsigned_tx FROM attempts ORDER BY intent_id, attempt")
        .unwrap();
    let attempts = rows.query_map([], |row| {
        let unsigned: Vec<u8> = row.get(2)?;
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, unsigned))
    });
    let (mut nonces, mut owners) = (BTreeMap::new(), BTreeMap::new());
    let mut ended = BTreeSet::new();
    for attempt in attempts.unwrap() {
        let (intent, wallet, unsigned) = attempt.unwrap();
        let tx = DecodedTransaction::decode(&unsigned).unwrap().transaction;
        assert_eq!(*nonces.entry(intent.clone()).or_insert(tx.nonce), tx.nonce);
        let owner = owners
            .entry((wallet, tx.nonce))
            .or_insert_with(|| intent.clone());
        assert_eq!(*owner, intent);
        if tx.data.is_empty() {
            ended.insert(intent);
        } else {
            assert!(!ended.contains(&intent), "{intent} trades after its no-op");
        }
    }
    // How many there are is the machine's to say; a few, of both kinds, make the rest worth its name.
    assert!(owners.len() > 5, "{}", owners.len());
    assert!(!ended.is_empty(), "nothing was cancelled");
}
