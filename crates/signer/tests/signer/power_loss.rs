//! Power loss: what is on disk when a signature leaves is its record, and the same bytes are made from it again.

use crate::bench::Bench;
use crate::orders::{Order, permit_of};
use crate::process::Folder;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tradewind_signer::signer::Boundaries;

/// Copies the gate file and its log as they are when the record has been committed: what the disk has at least.
pub struct DiskAtCommit {
    from: PathBuf,
    to: PathBuf,
}

impl DiskAtCommit {
    pub fn new(from: &Path, to: &Path) -> Self {
        let (from, to) = (from.to_owned(), to.to_owned());
        Self { from, to }
    }
}

impl Boundaries for DiskAtCommit {
    fn gate_committed(&self) {
        for name in ["gate.db", "gate.db-wal"] {
            fs::copy(self.from.join(name), self.to.join(name)).unwrap();
        }
    }
}

/// Asks one signer, then takes its power away: what it answered, and a signer over what the disk had by then.
fn after_power_loss(request: &Value) -> (Value, Bench) {
    let (folder, later) = (Folder::new(), Folder::new());
    let disk = DiskAtCommit::new(folder.root(), later.root());
    let answer = Bench::watched(folder, Box::new(disk)).ok(request);
    assert_eq!(later.count("attempts WHERE raw_tx IS NOT NULL"), 0);
    assert_eq!(later.count("permits WHERE v IS NOT NULL"), 0);
    (
        answer,
        Bench::watched(later, Box::new(tradewind_signer::signer::Unobserved)),
    )
}

fn order() -> Order {
    Order::new("lost").with(|o| o.deadline_s = crate::bench::START_S + 600)
}

#[test]
fn a_signature_that_left_and_was_not_on_disk_is_made_again_to_the_same_bytes() {
    let (answered, bench) = after_power_loss(&order().request());
    let other = order().with(|o| o.intent = "other".to_owned());
    assert!(bench.rule(&other.request()).is_some(), "the nonce is taken");
    assert_eq!(
        bench.ok(&order().close_request()),
        json!({ "closed": false })
    );
    let step = bench.ok(&order().step_request());
    assert_eq!(step["attempts"][0]["raw_tx"], answered["raw_tx"]);
    assert_eq!(bench.ok(&order().request()), answered);
}

#[test]
fn a_permit_that_left_and_was_not_on_disk_is_made_again_to_the_same_bytes() {
    let (answered, bench) = after_power_loss(&order().permit_request());
    let step = bench.ok(&order().step_request());
    assert_eq!(permit_of(&step["permit"]), permit_of(&answered));
    assert_eq!(bench.ok(&order().permit_request()), answered);
}

#[test]
fn a_later_record_takes_the_signature_before_it_to_the_disk() {
    let (folder, later) = (Folder::new(), Folder::new());
    let disk = DiskAtCommit::new(folder.root(), later.root());
    let bench = Bench::watched(folder, Box::new(disk));
    bench.ok(&order().request());
    bench.ok(&order()
        .with(|o| o.intent = "second".to_owned())
        .at_nonce(8)
        .request());
    assert_eq!(later.count("attempts"), 2);
    assert_eq!(later.count("attempts WHERE raw_tx IS NOT NULL"), 1);
}
