//! `Checkpoints`: moves what is committed from the gate's log into its file, so that no signature waits for it.
//!
//! A commit that finds the log long would do it itself, some tens of milliseconds before it answers.

use super::{BUSY_TIMEOUT, Failure, Gate, unusable};
use crate::fault::{Fault, Internal};
use rusqlite::Connection;
use serde_json::json;
use std::path::Path;
use std::thread;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(1);
/// A log of less is left alone.
const LEAST_PAGES: i64 = 1_000;
/// Should the thread be gone, a commit does it all the same, 64 MiB later.
const LEFT_TO_COMMITS_PAGES: i64 = 16_384;

/// A connection of its own to a gate's file.
#[derive(Debug)]
pub struct Checkpoints {
    connection: Connection,
    /// Changes with what other connections commit.
    version: i64,
    failure: Failure,
}

impl Checkpoints {
    /// Takes the work off this gate's commits.
    ///
    /// # Errors
    /// `gate_unusable`.
    pub fn beside(gate: &Gate, path: &Path) -> Result<Self, Internal> {
        let wrong = |error: rusqlite::Error| unusable(path, &error.to_string());
        let connection = Connection::open(path).map_err(wrong)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(wrong)?;
        gate.connection
            .pragma_update(None, "wal_autocheckpoint", LEFT_TO_COMMITS_PAGES)
            .map_err(wrong)?;
        Ok(Self {
            connection,
            version: -1,
            failure: gate.failure(),
        })
    }

    /// Does it every second, until the gate's file fails. What else goes wrong is told once, and tried again.
    pub fn run(mut self) {
        thread::spawn(move || {
            let mut told = false;
            while self.failure.require_none().is_ok() {
                thread::sleep(EVERY);
                let done = self.once();
                if let (Err(fault), false) = (&done, told) {
                    let line =
                        json!({ "event": "checkpoint_failed", "message": fault.to_string() });
                    eprintln!("{line}");
                }
                told = done.is_err();
            }
        });
    }

    /// Moves what was committed, once it is much; commits go on meanwhile.
    ///
    /// The first commit behind a log that was moved whole has to begin it anew, and waits for the disk once more: so it is
    /// not done more often than it must.
    ///
    /// # Errors
    /// The gate file cannot be read or written. Where the file itself failed, the gate takes no further request.
    pub fn once(&mut self) -> Result<(), Fault> {
        let moved = self.move_much();
        if let Err(fault) = &moved {
            self.failure.note(fault);
        }
        moved
    }

    fn move_much(&mut self) -> Result<(), Fault> {
        let version = self
            .connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))?;
        if version != self.version {
            self.version = version;
            let (logged, moved) = self.pages("NOOP")?;
            if logged - moved >= LEAST_PAGES {
                self.pages("PASSIVE")?;
            }
        }
        Ok(())
    }

    /// Pages in the log, and how many of them are in the file as well.
    fn pages(&self, how: &str) -> Result<(i64, i64), Fault> {
        let pragma = format!("PRAGMA wal_checkpoint({how})");
        let pages = |row: &rusqlite::Row<'_>| Ok((row.get(1)?, row.get(2)?));
        Ok(self.connection.query_row(&pragma, [], pages)?)
    }
}
