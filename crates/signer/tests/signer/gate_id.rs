//! The gate's id: one for each gate file, for as long as the file lives.

use crate::process::Folder;
use serde_json::json;

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
