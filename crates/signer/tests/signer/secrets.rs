//! Keys and passphrase leave no trace: not in files, logs, arguments or environment.

use crate::orders::Order;
use crate::process::{Folder, KEYS, PASSPHRASE};
use alloy_primitives::hex;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

fn canaries() -> Vec<Vec<u8>> {
    let mut canaries = vec![PASSPHRASE.as_bytes().to_vec()];
    for key in KEYS {
        canaries.extend([
            key.as_bytes().to_vec(),
            key.to_uppercase().into_bytes(),
            hex::decode(key).unwrap(),
        ]);
    }
    canaries
}

fn holds_a_canary(bytes: &[u8]) -> bool {
    canaries()
        .iter()
        .any(|canary| bytes.windows(canary.len()).any(|window| window == canary))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn no_file_log_argument_or_environment_holds_a_secret() {
    let folder = Folder::new();
    assert!(
        holds_a_canary(&fs::read(folder.path("passphrase")).unwrap()),
        "the scan finds nothing"
    );
    let signer = folder.start();
    let order = Order::new("canary");
    let mut answers = vec![
        signer.ask(&order.permit_request()),
        signer.ask(&order.request()),
    ];
    answers.extend([
        signer.ask(&order.step_request()),
        signer.ask(&json!({ "op": "hello" })),
    ]);
    answers.extend([signer.ask(&json!({ "op": "export" })), signer.halt()]);
    for answer in answers {
        assert!(!holds_a_canary(answer.to_string().as_bytes()));
    }
    for what in ["environ", "cmdline"] {
        match fs::read(format!("/proc/{}/{what}", signer.pid())) {
            Ok(bytes) => assert!(!holds_a_canary(&bytes), "{what}"),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
        }
    }
    let written: Vec<_> = files(folder.root())
        .into_iter()
        .filter(|path| !path.ends_with("passphrase"))
        .collect();
    assert!(
        written.iter().any(|path| path.ends_with("gate.db-wal")),
        "{written:?}"
    );
    for path in written.iter().filter(|path| !path.ends_with("signer.sock")) {
        assert!(
            !holds_a_canary(&fs::read(path).unwrap()),
            "{}",
            path.display()
        );
    }
    let stderr = signer.stderr.lock().unwrap().clone();
    assert!(!holds_a_canary(stderr.as_bytes()));
}

#[test]
fn the_process_can_dump_no_core() {
    let folder = Folder::new();
    let signer = folder.start();
    let limits = fs::read_to_string(format!("/proc/{}/limits", signer.pid())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let numbers: Vec<_> = core
        .split_whitespace()
        .filter(|word| word.parse::<u64>().is_ok())
        .collect();
    assert_eq!(numbers, ["0", "0"], "{core}");
}
