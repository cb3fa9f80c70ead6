//! A gate file is one gate: its id lives as long as the file, and it has one signer at a time, by whatever name.

use crate::process::{Folder, SIGNER, config};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

fn gate_id(folder: &Folder) -> String {
    let signer = folder.start();
    let hello = signer.ok(&json!({ "op": "hello" }));
    signer.stop();
    hello["gate_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_gate_keeps_its_id_over_restarts_and_a_new_file_has_another() {
    let folder = Folder::new();
    let first = gate_id(&folder);
    assert_eq!(first.len(), 32, "{first}");
    assert!(
        first
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    );
    assert_eq!(gate_id(&folder), first);
    for file in ["gate.db", "gate.db-wal", "gate.db-shm"] {
        let _ = std::fs::remove_file(folder.path(file));
    }
    assert_ne!(gate_id(&folder), first);
}

#[test]
fn a_second_signer_cannot_have_the_same_gate_by_a_link_either() {
    let folder = Folder::new();
    let signer = folder.start();
    std::os::unix::fs::symlink(folder.path("gate.db"), folder.path("other.db")).unwrap();
    let other = config().replacen("gate.db", "other.db", 1).replacen(
        "run/signer.sock",
        "run/other.sock",
        1,
    );
    folder.write("other.toml", &other);
    let words = [
        "run",
        "--config",
        "other.toml",
        "--passphrase-file",
        "passphrase",
    ];
    let mut second = folder.command(SIGNER, &words);
    let mut second = second.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(second.stderr.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    second.kill().unwrap();
    second.wait().unwrap();
    assert!(said.contains("one gate has one signer"), "{said}");
    signer.stop();
}
