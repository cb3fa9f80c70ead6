//! A feed written down, one JSON line a message, and read again as the same messages.
//!
//! First line: `{"tradewind_recording": 1, "genesis_hash": …}`. Then accounts `{"at_ns", "account", "slot",
//! "write_version", "lamports", "owner", "data"}` with base64 data, slots `{"at_ns", "slot", "status"}`, and gaps
//! `{"at_ns", "gap"}`. Pools that missed something are `{"at_ns", "stale": [pools]}`, all of them `null`. Where
//! the reading of the pools ended and the feed began stands `{"at_ns", "loaded": [pools]}`. What was known before the feed
//! is `{"at_ns", "stocked": {…}}`, as [`Stock`] says.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Lines, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use thiserror::Error;
use tradewind_core::ChainAddress;

use super::stock::{Stock, address, addresses};
use super::update::{AccountUpdate, FeedEvent, Moment, SlotStatus};

const FORM: u64 = 1;

/// A recording that cannot be read.
#[derive(Debug, Error)]
pub enum RecordingFault {
    /// The file itself.
    #[error("recording: cannot be read: {0}; give a file that was recorded")]
    Unreadable(#[from] std::io::Error),
    /// One of its lines.
    #[error("recording: line {line} {fault}; record it anew")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        fault: &'static str,
    },
}

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// A message of the feed.
    Event(FeedEvent),
    /// What was known before the feed ran.
    Stocked(Box<Stock>),
    /// These pools were read from the accounts so far.
    Loaded(Vec<ChainAddress>),
    /// These pools, or all, were not traded on from then on until they were read.
    Stale(Option<Vec<ChainAddress>>),
}

/// Writes a feed down.
#[derive(Debug)]
pub struct Recorder {
    file: BufWriter<File>,
}

impl Recorder {
    /// Begins a new file; one that is there is not written over.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn create(path: &Path, genesis_hash: &str) -> std::io::Result<Self> {
        let file = File::options().write(true).create_new(true).open(path)?;
        let mut recorder = Self {
            file: BufWriter::new(file),
        };
        recorder.line(&json!({"tradewind_recording": FORM, "genesis_hash": genesis_hash}))?;
        Ok(recorder)
    }

    /// Writes one message, with the moment at which it came.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn event(&mut self, at_ns: u64, event: &FeedEvent) -> std::io::Result<()> {
        let line = match event {
            FeedEvent::Account(update) => json!({
                "at_ns": at_ns,
                "account": update.key.to_string(),
                "slot": update.moment.slot,
                "write_version": update.moment.write_version,
                "lamports": update.lamports,
                "owner": update.owner.to_string(),
                "data": STANDARD.encode(&update.data),
            }),
            FeedEvent::Slot { slot, status } => {
                json!({"at_ns": at_ns, "slot": slot, "status": status_name(*status)})
            }
            FeedEvent::Gap { reason } => json!({"at_ns": at_ns, "gap": reason}),
            // What is read by it comes next, and is written down with the pools.
            FeedEvent::Following { .. } => return Ok(()),
        };
        self.line(&line)
    }

    /// Writes what was known before the feed ran.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn stocked(&mut self, at_ns: u64, stock: &Stock) -> std::io::Result<()> {
        self.line(&json!({"at_ns": at_ns, "stocked": stock.to_json()}))
    }

    /// Writes that these pools were read from the accounts so far.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn loaded(&mut self, at_ns: u64, pools: &[ChainAddress]) -> std::io::Result<()> {
        let pools: Vec<_> = pools.iter().map(ToString::to_string).collect();
        self.line(&json!({"at_ns": at_ns, "loaded": pools}))
    }

    /// Writes that these pools, or all, are not traded on until they are read.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn stale(&mut self, at_ns: u64, pools: Option<&[ChainAddress]>) -> std::io::Result<()> {
        let pools = pools.map(|pools| pools.iter().map(ToString::to_string).collect::<Vec<_>>());
        self.line(&json!({"at_ns": at_ns, "stale": pools}))
    }

    /// Hands everything to the system.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }

    fn line(&mut self, line: &Value) -> std::io::Result<()> {
        writeln!(self.file, "{line}")
    }
}

/// Reads a recording line by line.
#[derive(Debug)]
pub struct Recording {
    lines: Lines<BufReader<File>>,
    line: usize,
    genesis_hash: String,
}

impl Recording {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is no recording.
    pub fn open(path: &Path) -> Result<Self, RecordingFault> {
        let mut recording = Self {
            lines: BufReader::new(File::open(path)?).lines(),
            line: 0,
            genesis_hash: String::new(),
        };
        let head = recording.json()?.unwrap_or_default();
        let form = head["tradewind_recording"].as_u64() == Some(FORM);
        let Some(genesis_hash) = head["genesis_hash"].as_str().filter(|_| form) else {
            return Err(recording.malformed("is not the head of a recording of form 1"));
        };
        genesis_hash.clone_into(&mut recording.genesis_hash);
        Ok(recording)
    }

    /// Of which network it is.
    #[must_use]
    pub fn genesis_hash(&self) -> &str {
        &self.genesis_hash
    }

    /// The next line and its moment; None at the end.
    ///
    /// # Errors
    /// When the line is not what a recorder writes.
    pub fn next_line(&mut self) -> Result<Option<(u64, Recorded)>, RecordingFault> {
        let Some(json) = self.json()? else {
            return Ok(None);
        };
        let read = json["at_ns"].as_u64().zip(read(&json));
        read.map(Some)
            .ok_or_else(|| self.malformed("is no message of a feed"))
    }

    fn json(&mut self) -> Result<Option<Value>, RecordingFault> {
        let Some(text) = self.lines.next() else {
            return Ok(None);
        };
        self.line += 1;
        let json = serde_json::from_str(&text?);
        json.map(Some).map_err(|_| self.malformed("is not JSON"))
    }

    const fn malformed(&self, fault: &'static str) -> RecordingFault {
        RecordingFault::Malformed {
            line: self.line,
            fault,
        }
    }
}

fn read(json: &Value) -> Option<Recorded> {
    if let Some(stock) = json.get("stocked") {
        return Some(Recorded::Stocked(Box::new(Stock::read(stock)?)));
    }
    if let Some(pools) = json.get("loaded") {
        return addresses(pools).map(Recorded::Loaded);
    }
    if let Some(pools) = json.get("stale") {
        if pools.is_null() {
            return Some(Recorded::Stale(None));
        }
        return Some(Recorded::Stale(Some(addresses(pools)?)));
    }
    if let Some(reason) = json.get("gap") {
        let reason = reason.as_str()?.to_owned();
        return Some(Recorded::Event(FeedEvent::Gap { reason }));
    }
    let slot = json["slot"].as_u64()?;
    if let Some(status) = json.get("status") {
        let status = status_of(status.as_str()?)?;
        return Some(Recorded::Event(FeedEvent::Slot { slot, status }));
    }
    Some(Recorded::Event(FeedEvent::Account(AccountUpdate {
        key: address(&json["account"])?,
        moment: Moment {
            slot,
            write_version: json["write_version"].as_u64()?,
        },
        lamports: json["lamports"].as_u64()?,
        owner: address(&json["owner"])?,
        data: STANDARD.decode(json["data"].as_str()?).ok()?.into(),
    })))
}

const fn status_name(status: SlotStatus) -> &'static str {
    match status {
        SlotStatus::Processed => "processed",
        SlotStatus::Rooted => "rooted",
        SlotStatus::Dead => "dead",
    }
}

fn status_of(name: &str) -> Option<SlotStatus> {
    let all = [SlotStatus::Processed, SlotStatus::Rooted, SlotStatus::Dead];
    all.into_iter().find(|status| status_name(*status) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_read_again_message_by_message() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("feed.jsonl");
        let key = |byte| ChainAddress::Solana([byte; 32]);
        let events = [
            FeedEvent::Account(AccountUpdate {
                key: key(1),
                moment: Moment {
                    slot: 7,
                    write_version: u64::MAX,
                },
                lamports: u64::MAX,
                owner: key(2),
                data: (0..=255).collect::<Vec<u8>>().into(),
            }),
            FeedEvent::Slot {
                slot: 7,
                status: SlotStatus::Dead,
            },
            FeedEvent::Gap {
                reason: "the \"connection\"\nwas lost".to_owned(),
            },
        ];
        let mut recorder = Recorder::create(&path, "abc").expect("made");
        recorder.loaded(1, &[key(3)]).expect("written");
        recorder.stale(2, None).expect("written");
        recorder.stale(3, Some(&[key(3)])).expect("written");
        for event in &events {
            recorder.event(5, event).expect("written");
        }
        recorder.flush().expect("written");
        let mut recording = Recording::open(&path).expect("opened");
        assert_eq!(recording.genesis_hash(), "abc");
        let first = recording.next_line().expect("read");
        assert_eq!(first, Some((1, Recorded::Loaded(vec![key(3)]))));
        let second = recording.next_line().expect("read");
        assert_eq!(second, Some((2, Recorded::Stale(None))));
        let third = recording.next_line().expect("read");
        assert_eq!(third, Some((3, Recorded::Stale(Some(vec![key(3)])))));
        for event in events {
            let read = recording.next_line().expect("read");
            assert_eq!(read, Some((5, Recorded::Event(event))));
        }
        assert_eq!(recording.next_line().expect("the end"), None);
        Recorder::create(&path, "abc").expect_err("not written over");
    }

    #[test]
    fn a_line_that_is_cut_off_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("feed.jsonl");
        let head = r#"{"tradewind_recording":1,"genesis_hash":"abc"}"#;
        for (bad, fault) in [
            ("{\"at_ns\": 1, \"slo", "line 2 is not JSON"),
            ("{\"at_ns\":1}", "line 2 is no message"),
        ] {
            std::fs::write(&path, format!("{head}\n{bad}\n")).expect("written");
            let mut recording = Recording::open(&path).expect("opened");
            let refused = recording.next_line().expect_err(bad).to_string();
            assert!(refused.contains(fault), "{refused}");
        }
        std::fs::write(&path, "{}").expect("written");
        Recording::open(&path).expect_err("no head");
    }
}
