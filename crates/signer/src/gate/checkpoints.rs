//! `Checkpoints`: moves what is committed from the gate's log into its file, so that no signature waits for it.
//!
//! A commit that finds the log long would do it itself, some tens of milliseconds before it answers.

use super::{BUSY_TIMEOUT, Gate, unusable};
use crate::fault::{Fault, Internal};
use rusqlite::Connection;
use std::path::Path;
use std::thread;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(1);
/// Should the thread be gone, a commit does it all the same, 64 MiB later.
const LEFT_TO_COMMITS_PAGES: i64 = 16_384;

/// A connection of its own to a gate's file.
#[derive(Debug)]
pub struct Checkpoints {
    connection: Connection,
    /// Changes with what other connections commit.
    version: i64,
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
        })
    }

    /// Does it every second, for as long as the process lives.
    pub fn run(mut self) {
        thread::spawn(move || {
            loop {
                thread::sleep(EVERY);
                // A commit will do what this could not.
                let _ = self.once();
            }
        });
    }

    /// Moves what was committed since the last time; commits go on meanwhile.
    ///
    /// # Errors
    /// The gate file cannot be read or written.
    pub fn once(&mut self) -> Result<(), Fault> {
        let version = self
            .connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))?;
        if version != self.version {
            self.connection
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            self.version = version;
        }
        Ok(())
    }
}
