//! What is committed comes from the gate's log into its file by itself, and no commit does it.

use crate::process::Folder;
use std::fs;
use tradewind_signer::gate::{Checkpoints, Gate};
use tradewind_signer::policy::Scope;

/// More than a log that a commit moves, unless it is told not to: 1,000 pages.
const HALTS: u64 = 1_200;

fn opened(folder: &Folder, name: &str) -> Gate {
    Gate::open(&folder.path(name)).unwrap_or_else(|error| panic!("{}", error.message))
}

/// The rows of the file alone, without its log.
fn in_the_file(folder: &Folder) -> u64 {
    fs::copy(folder.path("gate.db"), folder.path("copy.db")).unwrap();
    let records = opened(folder, "copy.db").records().unwrap();
    for name in ["copy.db", "copy.db-wal", "copy.db-shm"] {
        let _ = fs::remove_file(folder.path(name));
    }
    records
}

#[test]
fn what_is_committed_is_moved_into_the_file_beside_the_commits_and_by_none_of_them() {
    let folder = Folder::new();
    let mut gate = opened(&folder, "gate.db");
    let mut checkpoints = Checkpoints::beside(&gate, &folder.path("gate.db")).unwrap();
    checkpoints.once().unwrap();
    let before = in_the_file(&folder);
    for at_ms in 0..HALTS {
        gate.halt(&Scope::All, "test", "test", at_ms).unwrap();
    }
    assert_eq!(in_the_file(&folder), before);
    checkpoints.once().unwrap();
    assert_eq!(in_the_file(&folder), gate.records().unwrap());
}
