//! The sign-gate's memory: one `SQLite` file in which every signature is recorded before it exists.
//!
//! One writer, every record on disk before it is answered (WAL, `synchronous=FULL`). Knows steps, attempts, permits,
//! closures, halts, nonces, settlements and limits; never holds a key, never decides what the policy decides.
//!
//! A signature alone is written without waiting for the disk (`synchronous=NORMAL`). It is a function of what is on disk
//! already: if the power goes before it is, the attempt is found recorded and unsigned, and is signed again to the same
//! bytes. The log is one file in the order of the commits, so whatever waits for the disk later takes it along.

mod attempts;
mod budgets;
mod checkpoints;
mod closures;
mod failure;
mod halts;
mod ledger;
mod limits;
mod nonces;
mod permits;
mod prepared;
mod schema;
mod settlements;
mod signed;
mod solana;
mod steps;
mod sweeps;
mod tables;
mod usage;

pub use attempts::{Attempt, Evidence, NewAttempt, SignedAttempt};
pub use budgets::Budget;
pub use checkpoints::Checkpoints;
pub use failure::{Failure, GATE_FAILED};
pub use halts::{Halt, HaltState};
pub use limits::{SetLimit, Standing};
pub use nonces::Adoption;
pub use permits::{NewPermit, PermitRecord};
pub use settlements::{Finalized, Settlement};
pub use signed::SignedStep;
pub use solana::{
    EarlierSignature, Hold, HoldState, NewSolanaAttempt, Reclaimable, SignedSolana, SolanaAttempt,
    SolanaEvidence, SolanaFinalized, SolanaSettlement, Status, TopUps, find_held,
};
pub use steps::{Kind, Outcome, Step, StepId};
pub use sweeps::Sweep;

use crate::fault::{Fault, Internal};
use ledger::Ledger;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements that are kept understood; there are fewer.
const PREPARED: usize = 256;

/// An open gate file.
pub struct Gate {
    connection: Connection,
    ledger: Ledger,
    id: String,
    boot_id: String,
    failure: Failure,
}

/// Held while a signer runs: two signers on one gate file would be two gates.
pub struct GateLock {
    _file: File,
}

impl GateLock {
    /// # Errors
    /// `gate_in_use` when another process holds it.
    pub fn acquire(gate: &Path) -> Result<Self, Internal> {
        // By any other name, such as a link's, it is the same gate.
        let real = gate.canonicalize().unwrap_or_else(|_| gate.to_owned());
        let mut name = real.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let path = real.with_file_name(name);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| unusable(&path, &error.to_string()))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| Internal {
            code: "gate_in_use",
            message: format!(
                "another signer uses {}; one gate has one signer",
                gate.display()
            ),
        })?;
        Ok(Self { _file: file })
    }
}

impl Gate {
    /// Opens or creates a gate file, mode 0600, and checks that it is whole.
    ///
    /// # Errors
    /// `gate_unusable`: not a gate file, of an unknown version, or damaged.
    pub fn open(path: &Path) -> Result<Self, Internal> {
        let wrong = |error: rusqlite::Error| unusable(path, &error.to_string());
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| unusable(path, &error.to_string()))?;
        let mut connection = Connection::open(path).map_err(wrong)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(wrong)?;
        schema::prepare(&mut connection).map_err(|why| unusable(path, &why))?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        // Else a statement is planned anew for each of its values.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(wrong)?;
        let id = schema::gate_id(&connection).map_err(wrong)?;
        let ledger = Ledger::beside(&mut connection).map_err(wrong)?;
        Ok(Self {
            connection,
            ledger,
            id,
            boot_id: solana::current_boot(),
            failure: Failure::default(),
        })
    }

    /// Which gate this is: 32 random hex digits, made with the file. Another id, another memory.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether its file has failed, for all who use it.
    #[must_use]
    pub fn failure(&self) -> Failure {
        self.failure.clone()
    }

    /// How many rows there are. Only grows: an older copy of the file has fewer.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn records(&self) -> Result<u64, Fault> {
        Ok(schema::records(&self.connection)?)
    }

    /// Everything that the next signature depends on: waits for the disk.
    fn write(&mut self) -> Result<Transaction<'_>, Fault> {
        self.begin("FULL")
    }

    /// Only for the bytes of a signature whose attempt or permit is on disk.
    fn release(&mut self) -> Result<Transaction<'_>, Fault> {
        self.begin("NORMAL")
    }

    // Each transaction begins with its own level, so that none can be left at another one's.
    fn begin(&mut self, synchronous: &str) -> Result<Transaction<'_>, Fault> {
        self.connection
            .pragma_update(None, "synchronous", synchronous)?;
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.ledger.settle(&tx)?;
        Ok(tx)
    }
}

fn unusable(path: &Path, why: &str) -> Internal {
    Internal {
        code: "gate_unusable",
        message: format!("the gate file {} cannot be used: {why}", path.display()),
    }
}
