//! A gate whose disk fails signs nothing more, and says so, until it is started anew.

use crate::bench::START_S;
use crate::process::{Folder, SIGNER, Signer};
use crate::solana_orders::{SolanaOrder, WALLET, adoption, folder};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tradewind_signer::gate::{Checkpoints, Gate};
use tradewind_signer::policy::Scope;

/// More halts than a log of one and a half megabytes can hold.
const HALTS: u64 = 2_000;

/// A signer whose writes fail beyond so many bytes of a file, as those to a disk that breaks.
fn with_files_up_to(folder: &Folder, kibibytes: u64) -> Signer {
    let script =
        format!("#!/bin/bash\ntrap '' XFSZ\nulimit -f {kibibytes}\nexec {SIGNER} \"$@\"\n");
    folder.write("breaking", &script);
    let path = folder.path("breaking");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    folder.start_binary(path.to_str().unwrap(), &[])
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("none")
}

#[test]
fn a_disk_that_fails_ends_every_signature_until_the_signer_is_started_anew() {
    let folder = folder();
    folder.start().ok(&adoption(WALLET));
    let signer = with_files_up_to(&folder, 1_536);
    let mut client = signer.connect();
    let halt = json!({ "op": "halt", "reason": "drill", "by": "test" });
    let asked = (0..HALTS).map(|_| client.ask(&halt).unwrap());
    let failed = asked.into_iter().find(|answer| answer.get("ok").is_none());
    assert_eq!(code(&failed.expect("the disk never failed")), "gate_failed");
    for request in [
        json!({ "op": "hello" }),
        SolanaOrder::new("first").request(),
        SolanaOrder::new("first").step_request(),
        halt,
    ] {
        assert_eq!(code(&client.ask(&request).unwrap()), "gate_failed");
    }
    assert_eq!(
        signer.stderr.lock().unwrap().matches("gate_failed").count(),
        1
    );
    signer.stop();
    let hello = folder.start().ok(&json!({ "op": "hello" }));
    assert_eq!(hello["halted"], json!(true));
}

#[test]
fn a_log_that_cannot_be_moved_into_its_file_ends_them_too() {
    let folder = Folder::new();
    let path = folder.path("gate.db");
    let mut gate = Gate::open(&path).unwrap_or_else(|error| panic!("{}", error.message));
    let mut checkpoints = Checkpoints::beside(&gate, &path).unwrap();
    for at_ms in 0..HALTS {
        gate.halt(&Scope::All, "test", "test", START_S + at_ms)
            .unwrap();
    }
    let failure = gate.failure();
    assert!(failure.require_none().is_ok());
    // What the log had is gone, as where a disk gives other bytes than it took.
    let log = fs::OpenOptions::new()
        .write(true)
        .open(folder.path("gate.db-wal"))
        .unwrap();
    log.set_len(0).unwrap();
    assert!(checkpoints.once().is_err());
    assert_eq!(failure.require_none().unwrap_err().code, "gate_failed");
}
