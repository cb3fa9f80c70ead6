//! A gate file's version and its id, how it is made or migrated, and the check that it is whole.

use super::tables::{
    FROM_2, FROM_2_ROWS, FROM_3, FROM_3_ROWS, HOLDS, LIMITS, SOLANA, STEPS, SWEEPS, TABLES,
    UNLISTED, UPKEEP,
};
use alloy_primitives::hex;
use rusqlite::{Connection, TransactionBehavior};
use rustix::rand::{GetRandomFlags, getrandom};

/// "TwSg": what `file` and database tools show for a gate file.
const APPLICATION_ID: i64 = 0x5477_5367;
const VERSION: i64 = 7;

const ROWS: [&str; 16] = [
    "steps",
    "attempts",
    "permits",
    "settlements",
    "closures",
    "adoptions",
    "halts",
    "limits",
    "sweeps",
    "receipts",
    "solana_attempts",
    "solana_settlements",
    "outlays",
    "cold_starts",
    "reclaims",
    "top_ups",
];

/// Creates the tables of a new file, or checks those of an old one.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), String> {
    let text = |error: rusqlite::Error| error.to_string();
    let id = pragma(connection, "application_id").map_err(text)?;
    let version = pragma(connection, "user_version").map_err(text)?;
    let objects: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(text)?;
    match (id, version, objects) {
        (0, 0, 0) => create(connection, &new_id()?).map_err(text)?,
        (APPLICATION_ID, VERSION, _) => check(connection)?,
        (APPLICATION_ID, 2..=6, _) => {
            check(connection)?;
            migrate(connection).map_err(text)?;
            check(connection)?;
        }
        (APPLICATION_ID, other, _) => {
            return Err(format!(
                "it has version {other}, and this program knows version {VERSION}; use the program that wrote it"
            ));
        }
        _ => return Err("it is not a gate file".to_owned()),
    }
    configure(connection).map_err(text)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
    )
}

/// The rows of all tables. None is ever deleted, so the last row's number is their count, without counting.
pub(super) fn records(connection: &Connection) -> rusqlite::Result<u64> {
    let mut records = 0_i64;
    for table in ROWS {
        let query = format!("SELECT coalesce(max(rowid), 0) FROM {table}");
        let last: i64 = connection
            .prepare_cached(&query)?
            .query_row([], |row| row.get(0))?;
        records += last;
    }
    Ok(records.cast_unsigned())
}

/// Which gate this is: made with the file, kept for ever.
pub(super) fn gate_id(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT gate_id FROM meta", [], |row| row.get(0))
}

fn new_id() -> Result<String, String> {
    let mut bytes = [0; 16];
    match getrandom(&mut bytes[..], GetRandomFlags::empty()) {
        Ok(16) => Ok(hex::encode(bytes)),
        _ => Err("the kernel gave no random bytes for its id".to_owned()),
    }
}

fn create(connection: &mut Connection, gate_id: &str) -> rusqlite::Result<()> {
    configure(connection)?;
    let tx = connection.transaction()?;
    tx.execute_batch(STEPS)?;
    tx.execute_batch(TABLES)?;
    tx.execute_batch(LIMITS)?;
    tx.execute_batch(SWEEPS)?;
    tx.execute_batch(SOLANA)?;
    tx.execute_batch(UPKEEP)?;
    tx.execute_batch(HOLDS)?;
    tx.execute_batch(UNLISTED)?;
    tx.execute("INSERT INTO meta (one, gate_id) VALUES (1, ?1)", [gate_id])?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()
}

/// From an older version, in one transaction: a file is of one version or of the other, whenever the power goes.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    configure(connection)?;
    // While rows refer to steps, their table could not be replaced; and a rename must leave those references alone.
    connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON;")?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = pragma(&tx, "user_version")?;
    if version == VERSION {
        // Somebody else who opened it, such as a halt at the terminal, was faster.
        drop(tx);
        return connection.execute_batch("PRAGMA legacy_alter_table = OFF;");
    }
    match version {
        2 => {
            tx.execute_batch(FROM_2)?;
            tx.execute_batch(STEPS)?;
            tx.execute_batch(FROM_2_ROWS)?;
            tx.execute_batch(LIMITS)?;
            tx.execute_batch(SWEEPS)?;
            tx.execute_batch(SOLANA)?;
        }
        3 => {
            tx.execute_batch(FROM_3)?;
            tx.execute_batch(STEPS)?;
            tx.execute_batch(FROM_3_ROWS)?;
            tx.execute_batch(SOLANA)?;
        }
        _ => {}
    }
    if version < 5 {
        tx.execute_batch(UPKEEP)?;
    }
    if version < 6 {
        tx.execute_batch(HOLDS)?;
    }
    tx.execute_batch(UNLISTED)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()?;
    connection.execute_batch("PRAGMA legacy_alter_table = OFF;")
}

fn check(connection: &Connection) -> Result<(), String> {
    let found: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| error.to_string())?;
    if found != "ok" {
        return Err(format!(
            "it is damaged ({found}); restore it from a backup of the same moment, or retire its wallets"
        ));
    }
    let orphans: i64 = connection
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| {
            row.get(0)
        })
        .map_err(|error| error.to_string())?;
    if orphans == 0 {
        Ok(())
    } else {
        Err(format!("it is damaged ({orphans} rows belong to no step)"))
    }
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
