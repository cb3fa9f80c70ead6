//! The kill switch: after its answer no signature is made, however many requests are in flight.

use crate::bench::{Bench, START_S};
use crate::orders::{Order, address};
use crate::process::{Folder, SIGNER, Signer, WALLETS};
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use tradewind_signer::fault::Rule;
use tradewind_signer::gate::Gate;
use tradewind_signer::policy::Scope;
use tradewind_signer::signer::Boundaries;

const BEFORE: usize = 60;
const REFUSALS: usize = 25;

/// Signs swaps of one wallet until the halt was seen often enough.
fn hammer(signer: &Signer, wallet: usize, halted: &AtomicBool, made: &AtomicUsize) {
    let mut client = signer.connect();
    let (mut nonce, mut refused) = (7, 0);
    while refused < REFUSALS {
        let order = Order::new(&format!("{wallet}-{nonce}"))
            .spending(1_000 + nonce)
            .at_nonce(nonce)
            .with(|o| o.wallet = address(WALLETS[wallet]));
        let request = if nonce % 3 == 0 {
            order.permit_request()
        } else {
            order.request()
        };
        let after_the_halt = halted.load(Ordering::SeqCst);
        let answer = client.ask(&request).unwrap();
        if answer.get("ok").is_some() {
            assert!(
                !after_the_halt,
                "signed after the halt was answered: {answer}"
            );
            made.fetch_add(1, Ordering::SeqCst);
            if nonce % 3 == 0 {
                client.ask(&order.request()).unwrap();
            }
            nonce += 1;
        } else {
            assert_eq!(answer["refused"]["rule"], "halted", "{answer}");
            refused += 1;
        }
    }
}

fn signatures(folder: &Folder) -> i64 {
    folder.count("attempts WHERE raw_tx IS NOT NULL") + folder.count("permits WHERE v IS NOT NULL")
}

/// Halts in the middle of many requests, by `halt`; nothing is signed after that has returned.
fn halt_under_load(halt: impl FnOnce(&Folder, &Signer)) -> Folder {
    let folder = Folder::new();
    let signer = folder.start();
    let (halted, made) = (AtomicBool::new(false), AtomicUsize::new(0));
    let at_the_answer = thread::scope(|scope| {
        let mut threads = Vec::new();
        for wallet in 0..WALLETS.len() {
            let (signer, halted, made) = (&signer, &halted, &made);
            threads.push(scope.spawn(move || hammer(signer, wallet, halted, made)));
        }
        while threads.iter().all(|thread| !thread.is_finished())
            && made.load(Ordering::SeqCst) < BEFORE
        {
            thread::yield_now();
        }
        halt(&folder, &signer);
        halted.store(true, Ordering::SeqCst);
        signatures(&folder)
    });
    assert!(at_the_answer >= i64::try_from(BEFORE).unwrap());
    assert_eq!(signatures(&folder), at_the_answer);
    signer.stop();
    folder
}

#[test]
fn no_signature_is_made_after_the_halt_is_answered() {
    let folder = halt_under_load(|_, signer| {
        assert_eq!(signer.halt(), json!({ "kill_epoch": 1, "halted": true }));
    });
    let late = "attempts WHERE signed_at_ms > (SELECT halted_at_ms FROM halts)";
    assert_eq!(folder.count(late), 0);
}

#[test]
fn no_signature_is_made_after_another_process_has_written_the_halt() {
    halt_under_load(|folder, _| {
        let mut gate =
            Gate::open(&folder.path("gate.db")).unwrap_or_else(|e| panic!("{}", e.message));
        gate.halt(&Scope::All, "direct", "test", 1).unwrap();
    });
}

/// Writes a halt into the gate file, over a connection of its own, once the record is on disk.
struct HaltBetween(PathBuf);

impl Boundaries for HaltBetween {
    fn gate_committed(&self) {
        let mut gate = Gate::open(&self.0).unwrap_or_else(|e| panic!("{}", e.message));
        gate.halt(&Scope::All, "in between", "test", 1).unwrap();
    }
}

#[test]
fn a_halt_written_between_the_record_and_the_signature_keeps_it_unsigned_until_resumed() {
    let folder = Folder::new();
    let boundaries = HaltBetween(folder.path("gate.db"));
    let bench = Bench::watched(folder, Box::new(boundaries));
    let order = Order::new("between").with(|o| o.deadline_s = START_S + 600);
    assert_eq!(bench.rule(&order.request()), Some(Rule::Halted));
    assert_eq!(bench.folder.count("attempts WHERE raw_tx IS NULL"), 1);
    let step = bench.ok(&order.step_request());
    assert_eq!(step["pending"], json!([1]));
    assert_eq!(
        step["pending_because"],
        "signing is halted since kill epoch 1: in between"
    );

    // Past its deadline it can only revert, which frees the nonce; withheld, it would hold the wallet up for ever.
    bench.at(START_S + 601);
    bench.ok(&json!({ "op": "resume", "kill_epoch": 1, "by": "test", "confirm": "resume" }));
    let step = bench.ok(&order.step_request());
    assert_eq!(
        (&step["pending"], &step["pending_because"]),
        (&json!([]), &json!(null))
    );
    assert_eq!(step["attempts"].as_array().unwrap().len(), 1);
}

#[test]
fn a_halt_survives_a_restart_and_each_one_has_its_own_epoch() {
    let folder = Folder::new();
    let signer = folder.start();
    assert_eq!(signer.halt()["kill_epoch"], 1);
    assert_eq!(signer.halt()["kill_epoch"], 2);
    signer.stop();
    let signer = folder.start();
    let hello = signer.ok(&json!({ "op": "hello" }));
    assert_eq!(
        (
            &hello["kill_epoch"],
            &hello["halted"],
            &hello["halt_reason"]
        ),
        (&json!(2), &json!(true), &json!("drill"))
    );
    assert_eq!(signer.refusal(&Order::new("halted").request()), "halted");
}

#[test]
fn a_halt_written_into_the_gate_file_stops_a_signer_that_runs() {
    let folder = Folder::new();
    let signer = folder.start();
    // The socket is out of reach, as when the process hangs.
    let hidden = folder.path("run/hidden.sock");
    std::fs::rename(folder.path("run/signer.sock"), &hidden).unwrap();
    let halt = folder
        .command(
            SIGNER,
            &["halt", "--config", "signer.toml", "--reason", "hangs"],
        )
        .output()
        .unwrap();
    assert!(
        halt.status.success(),
        "{}",
        String::from_utf8_lossy(&halt.stderr)
    );
    std::fs::rename(&hidden, folder.path("run/signer.sock")).unwrap();
    assert_eq!(signer.refusal(&Order::new("halted").request()), "halted");
    assert_eq!(signer.ok(&json!({ "op": "hello" }))["halt_reason"], "hangs");
}

#[test]
fn status_halt_and_resume_work_from_the_command_line() {
    let folder = Folder::new();
    let signer = folder.start();
    let run = |arguments: &[&str]| {
        let output = folder.command(SIGNER, arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), text)
    };
    assert!(
        run(&["halt", "--config", "signer.toml", "--reason", "drill"])
            .1
            .contains("\"kill_epoch\":1")
    );
    assert!(
        run(&["status", "--config", "signer.toml"])
            .1
            .contains("\"halted\":true")
    );
    let resume = |epoch| {
        let words = [
            "resume",
            "--config",
            "signer.toml",
            "--kill-epoch",
            epoch,
            "--confirm",
            "resume",
        ];
        run(&words).0
    };
    assert!(!resume("0"));
    assert!(resume("1"));
    signer.ok(&Order::new("resumed").request());
}
