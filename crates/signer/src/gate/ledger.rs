//! `Ledger`: the rows that count against limits of amounts, in memory, so that a signature reads those alone that changed.
//!
//! The file decides, and what is here is only what was read of it. `SQLite` names each row that this connection writes: it
//! is read anew before the next look, whether its commit came about or not. Whatever another connection commits has
//! everything read anew.

use super::steps::{StepId, parsed};
use crate::fault::Fault;
use crate::policy::{AmountLimit, Window};
use alloy_primitives::U256;
use rusqlite::hooks::Action;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tradewind_core::ChainAddress;

/// A sheet is cleared of what is too old to count when it has grown to twice what it held, and by as much.
const CLEARED_AFTER: usize = 1_024;

/// All that is read so far. Shared by reference.
#[derive(Clone)]
pub(super) struct Ledger(Arc<Mutex<Held>>);

struct Held {
    written: Arc<Mutex<Written>>,
    /// Changes with what other connections commit.
    version: i64,
    sheets: HashMap<(u64, ChainAddress), Sheet>,
    names: HashSet<Arc<str>>,
}

/// Rows that this connection wrote, by the numbers that `SQLite` gives them.
#[derive(Default)]
struct Written {
    steps: HashSet<i64>,
    outlays: HashSet<i64>,
}

/// Which row counts: by its step's number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    /// What the step spends of its token.
    Step(i64),
    /// What it spends besides.
    Outlay(i64),
}

/// The rows of one token on one chain, with an effect later than `since_s`.
struct Sheet {
    since_s: u64,
    cleared_to: usize,
    rows: HashMap<Part, Counted>,
}

struct Counted {
    // As text, as it is stored: it is only compared.
    wallet: Arc<str>,
    strategy_id: Option<Arc<str>>,
    reserved_raw: U256,
    counts_raw: U256,
    effect_by_s: u64,
}

impl Ledger {
    /// Beside a connection whose tables are there. Nothing is read yet.
    pub(super) fn beside(connection: &mut Connection) -> rusqlite::Result<Self> {
        let written = Arc::<Mutex<Written>>::default();
        let noted = Arc::clone(&written);
        connection.update_hook(Some(
            move |_: Action, _: &str, table: &str, row: i64| match table {
                "steps" => drop(lock(&noted).steps.insert(row)),
                "outlays" => drop(lock(&noted).outlays.insert(row)),
                _ => {}
            },
        ))?;
        Ok(Self(Arc::new(Mutex::new(Held {
            written,
            version: -1,
            sheets: HashMap::new(),
            names: HashSet::new(),
        }))))
    }

    /// Reads what was written since. To be called where nothing of this connection is under way that is not committed.
    pub(super) fn settle(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut held = lock(&self.0);
        held.catch_up(connection)?;
        *lock(&held.written) = Written::default();
        Ok(())
    }

    /// What counts now against each of these limits, which are of this token; all steps but `except`.
    pub(super) fn used(
        &self,
        connection: &Connection,
        (chain_id, token): (u64, ChainAddress),
        limits: &[&AmountLimit],
        except: Option<&StepId>,
        now_s: u64,
    ) -> Result<Vec<U256>, Fault> {
        if limits.is_empty() {
            return Ok(Vec::new());
        }
        let mut held = lock(&self.0);
        held.catch_up(connection)?;
        let except = match except {
            Some(id) => number_of(connection, id)?,
            None => None,
        };
        let sheet = held.sheet(connection, chain_id, token, now_s)?;
        Ok(limits
            .iter()
            .map(|limit| sheet.used(limit, except, now_s))
            .collect())
    }
}

impl Held {
    fn catch_up(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut version = connection.prepare_cached("PRAGMA data_version")?;
        let version: i64 = version.query_row([], |row| row.get(0))?;
        if version != self.version {
            self.version = version;
            self.sheets.clear();
            self.names.clear();
        }
        if self.sheets.is_empty() {
            return Ok(());
        }
        let written = Arc::clone(&self.written);
        // Copied: to read is not to write, but the lock is the hook's.
        let (mut steps, outlays) = {
            let written = lock(&written);
            (written.steps.clone(), written.outlays.clone())
        };
        for outlay in outlays {
            steps.extend(owner_of(connection, outlay)?);
        }
        for step in steps {
            self.read_anew(connection, step)?;
        }
        Ok(())
    }

    fn read_anew(&mut self, connection: &Connection, step: i64) -> rusqlite::Result<()> {
        for sheet in self.sheets.values_mut() {
            sheet.rows.remove(&Part::Step(step));
            sheet.rows.remove(&Part::Outlay(step));
        }
        let mut rows = connection.prepare_cached(
            "SELECT rowid, wallet, strategy_id, reserved_raw, counts_raw, effect_by_s, chain_id, token FROM steps
             WHERE (final OR counts_raw <> '0') AND rowid = ?1",
        )?;
        let row = rows.query_row([step], |row| self.counted_anew(row, Part::Step));
        row.optional()?;
        let mut rows = connection.prepare_cached(
            "SELECT s.rowid, s.wallet, s.strategy_id, o.reserved_raw, o.counts_raw, o.effect_by_s, o.chain_id, o.token
             FROM steps AS s JOIN outlays AS o ON o.intent_id = s.intent_id AND o.step = s.step WHERE s.rowid = ?1",
        )?;
        let row = rows.query_row([step], |row| self.counted_anew(row, Part::Outlay));
        row.optional()?;
        Ok(())
    }

    fn counted_anew(&mut self, row: &Row<'_>, part: fn(i64) -> Part) -> rusqlite::Result<()> {
        let of = (row.get::<_, i64>(6)?.cast_unsigned(), parsed(row, 7)?);
        let counted = self.read(row)?;
        if let Some(sheet) = self.sheets.get_mut(&of)
            && counted.effect_by_s > sheet.since_s
        {
            sheet.rows.insert(part(row.get(0)?), counted);
        }
        Ok(())
    }

    fn read(&mut self, row: &Row<'_>) -> rusqlite::Result<Counted> {
        Ok(Counted {
            wallet: self.name(row.get(1)?),
            strategy_id: row.get::<_, Option<String>>(2)?.map(|id| self.name(id)),
            reserved_raw: parsed(row, 3)?,
            counts_raw: parsed(row, 4)?,
            effect_by_s: row.get::<_, i64>(5)?.cast_unsigned(),
        })
    }

    /// The same text once, however many rows have it.
    fn name(&mut self, text: String) -> Arc<str> {
        if let Some(known) = self.names.get(text.as_str()) {
            return Arc::clone(known);
        }
        let name = Arc::<str>::from(text);
        self.names.insert(Arc::clone(&name));
        name
    }

    /// The rows of a token that may count now; read from the file the first time, and after a clock was set back.
    fn sheet(
        &mut self,
        connection: &Connection,
        chain_id: u64,
        token: ChainAddress,
        now_s: u64,
    ) -> rusqlite::Result<&Sheet> {
        let since_s = now_s.saturating_sub(Window::SignedPerDay.length_s());
        let of = (chain_id, token);
        let known = self.sheets.get(&of);
        if known.is_none_or(|sheet| since_s < sheet.since_s) {
            let rows = self.read_all(connection, of, since_s)?;
            let cleared_to = rows.len();
            let sheet = Sheet {
                since_s,
                cleared_to,
                rows,
            };
            self.sheets.insert(of, sheet);
        }
        let sheet = self.sheets.entry(of).or_insert_with(|| Sheet {
            since_s,
            cleared_to: 0,
            rows: HashMap::new(),
        });
        sheet.clear(since_s);
        Ok(sheet)
    }

    fn read_all(
        &mut self,
        connection: &Connection,
        (chain_id, token): (u64, ChainAddress),
        since_s: u64,
    ) -> rusqlite::Result<HashMap<Part, Counted>> {
        let asked = params![
            chain_id.cast_signed(),
            token.to_string(),
            since_s.cast_signed()
        ];
        let mut rows = HashMap::new();
        let mut steps = connection.prepare_cached(
            "SELECT rowid, wallet, strategy_id, reserved_raw, counts_raw, effect_by_s FROM steps
             WHERE (final OR counts_raw <> '0') AND chain_id = ?1 AND token = ?2 AND effect_by_s > ?3",
        )?;
        let mut found = steps.query(asked)?;
        while let Some(row) = found.next()? {
            rows.insert(Part::Step(row.get(0)?), self.read(row)?);
        }
        let mut outlays = connection.prepare_cached(
            "SELECT s.rowid, s.wallet, s.strategy_id, o.reserved_raw, o.counts_raw, o.effect_by_s
             FROM outlays AS o JOIN steps AS s ON s.intent_id = o.intent_id AND s.step = o.step
             WHERE o.chain_id = ?1 AND o.token = ?2 AND o.effect_by_s > ?3",
        )?;
        let mut found = outlays.query(asked)?;
        while let Some(row) = found.next()? {
            rows.insert(Part::Outlay(row.get(0)?), self.read(row)?);
        }
        Ok(rows)
    }
}

impl Sheet {
    fn used(&self, limit: &AmountLimit, except: Option<i64>, now_s: u64) -> U256 {
        let since_s = now_s.saturating_sub(limit.window.length_s());
        let (wallet, strategy_id) = (limit.scope.wallet(), limit.scope.strategy_id());
        let counted = self.rows.iter().filter(|(part, row)| {
            row.effect_by_s > since_s
                && except.is_none_or(|step| !part.is_of(step))
                && wallet.as_deref().is_none_or(|own| own == &*row.wallet)
                && strategy_id.is_none_or(|own| row.strategy_id.as_deref() == Some(own))
        });
        let amounts = counted.map(|(_, row)| match limit.window {
            Window::Transaction => U256::ZERO,
            Window::Hour | Window::Day => row.counts_raw,
            Window::SignedPerDay => row.reserved_raw,
        });
        amounts.fold(U256::ZERO, U256::saturating_add)
    }

    fn clear(&mut self, since_s: u64) {
        if self.rows.len() >= 2 * self.cleared_to + CLEARED_AFTER {
            self.rows.retain(|_, row| row.effect_by_s > since_s);
            self.since_s = since_s;
            self.cleared_to = self.rows.len();
        }
    }
}

impl Part {
    fn is_of(self, step: i64) -> bool {
        matches!(self, Self::Step(own) | Self::Outlay(own) if own == step)
    }
}

fn number_of(connection: &Connection, id: &StepId) -> rusqlite::Result<Option<i64>> {
    let mut rows =
        connection.prepare_cached("SELECT rowid FROM steps WHERE intent_id = ?1 AND step = ?2")?;
    rows.query_row(params![id.intent_id, id.step], |row| row.get(0))
        .optional()
}

fn owner_of(connection: &Connection, outlay: i64) -> rusqlite::Result<Option<i64>> {
    let mut rows = connection.prepare_cached(
        "SELECT s.rowid FROM outlays AS o JOIN steps AS s ON s.intent_id = o.intent_id AND s.step = o.step
         WHERE o.rowid = ?1",
    )?;
    rows.query_row([outlay], |row| row.get(0)).optional()
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Gate;
    use crate::policy::Scope;

    const CHAIN: u64 = 101;
    const TOKEN: &str = "So11111111111111111111111111111111111111112";
    const NATIVE: &str = "11111111111111111111111111111111";
    const WALLET: &str = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin";
    const NOW_S: u64 = 1_000_000;
    const DAY_S: u64 = 86_400;

    struct Desk {
        _folder: tempfile::TempDir,
        path: std::path::PathBuf,
        gate: Gate,
    }

    impl Desk {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("gate.db");
            let gate = Gate::open(&path).unwrap();
            Self {
                _folder: folder,
                path,
                gate,
            }
        }

        /// What counts of the token in a day, and what was signed.
        fn used(&self, token: &str, except: Option<&StepId>, now_s: u64) -> [u64; 2] {
            let token: ChainAddress = token.parse().unwrap();
            let limits = [Window::Day, Window::SignedPerDay].map(|window| AmountLimit {
                scope: Scope::Wallet(WALLET.parse().unwrap()),
                chain_id: CHAIN,
                token,
                window,
            });
            let limits: Vec<_> = limits.iter().collect();
            let (connection, of) = (&self.gate.connection, (CHAIN, token));
            let used = self
                .gate
                .ledger
                .used(connection, of, &limits, except, now_s);
            let used: Vec<u64> = used.unwrap().iter().map(|raw| raw.to::<u64>()).collect();
            [used[0], used[1]]
        }
    }

    fn id(name: &str) -> StepId {
        StepId {
            intent_id: name.to_owned(),
            step: 0,
        }
    }

    fn insert(connection: &Connection, name: &str, raw: u64, effect_by_s: u64) {
        let step = format!(
            "INSERT INTO steps (intent_id, step, wallet, chain_id, kind, token, reserved_raw, counts_raw, effect_by_s)
             VALUES ('{name}', 0, '{WALLET}', {CHAIN}, 'swap', '{TOKEN}', '{raw}', '{raw}', {effect_by_s})"
        );
        connection.execute(&step, []).unwrap();
        let outlay = format!(
            "INSERT INTO outlays (intent_id, step, chain_id, token, reserved_raw, counts_raw, effect_by_s)
             VALUES ('{name}', 0, {CHAIN}, '{NATIVE}', '5', '5', {effect_by_s})"
        );
        connection.execute(&outlay, []).unwrap();
    }

    #[test]
    fn what_is_committed_counts_from_then_on_and_what_is_rolled_back_never_did() {
        let mut desk = Desk::new();
        assert_eq!(desk.used(TOKEN, None, NOW_S), [0, 0]);
        let tx = desk.gate.write().unwrap();
        insert(&tx, "a", 10, NOW_S);
        tx.commit().unwrap();
        assert_eq!(desk.used(TOKEN, None, NOW_S), [10, 10]);
        assert_eq!(desk.used(NATIVE, None, NOW_S), [5, 5]);
        assert_eq!(desk.used(TOKEN, Some(&id("a")), NOW_S), [0, 0]);
        let ledger = desk.gate.ledger.clone();
        let token: ChainAddress = TOKEN.parse().unwrap();
        let limit = AmountLimit {
            scope: Scope::All,
            chain_id: CHAIN,
            token,
            window: Window::Day,
        };
        let tx = desk.gate.write().unwrap();
        insert(&tx, "b", 3, NOW_S);
        tx.execute(
            "UPDATE steps SET counts_raw = '0' WHERE intent_id = 'a'",
            [],
        )
        .unwrap();
        let within = ledger.used(&tx, (CHAIN, token), &[&limit], None, NOW_S);
        assert_eq!(
            within.unwrap(),
            [U256::from(3)],
            "its own writes count within it"
        );
        drop(tx);
        assert_eq!(desk.used(TOKEN, None, NOW_S), [10, 10]);
        drop(desk.gate.write().unwrap());
        assert_eq!(desk.used(TOKEN, None, NOW_S), [10, 10]);
    }

    #[test]
    fn a_step_that_becomes_another_one_leaves_nothing_behind() {
        let mut desk = Desk::new();
        let tx = desk.gate.write().unwrap();
        insert(&tx, "a", 10, NOW_S);
        tx.commit().unwrap();
        assert_eq!(desk.used(TOKEN, None, NOW_S), [10, 10]);
        assert_eq!(desk.used(NATIVE, None, NOW_S), [5, 5]);
        let tx = desk.gate.write().unwrap();
        let other = format!(
            "UPDATE steps SET token = '{NATIVE}', counts_raw = '7', outcome = 'succeeded', final = 1 WHERE intent_id = 'a'"
        );
        tx.execute(&other, []).unwrap();
        tx.execute(
            "UPDATE outlays SET counts_raw = '1' WHERE intent_id = 'a'",
            [],
        )
        .unwrap();
        tx.commit().unwrap();
        assert_eq!(desk.used(TOKEN, None, NOW_S), [0, 0]);
        assert_eq!(desk.used(NATIVE, None, NOW_S), [7 + 1, 10 + 5]);
    }

    #[test]
    fn what_another_process_writes_counts_at_the_next_look() {
        let desk = Desk::new();
        assert_eq!(desk.used(TOKEN, None, NOW_S), [0, 0]);
        insert(&Connection::open(&desk.path).unwrap(), "a", 10, NOW_S);
        assert_eq!(desk.used(TOKEN, None, NOW_S), [10, 10]);
    }

    #[test]
    fn what_was_too_old_counts_again_when_the_clock_is_set_back() {
        let mut desk = Desk::new();
        let tx = desk.gate.write().unwrap();
        insert(&tx, "old", 10, NOW_S);
        for number in 0..2 * CLEARED_AFTER {
            insert(&tx, &format!("new {number}"), 1, NOW_S + DAY_S);
        }
        tx.commit().unwrap();
        let new = 2 * CLEARED_AFTER as u64;
        assert_eq!(desk.used(TOKEN, None, NOW_S), [new + 10, new + 10]);
        assert_eq!(desk.used(TOKEN, None, NOW_S + DAY_S), [new, new]);
        assert_eq!(desk.used(TOKEN, None, NOW_S), [new + 10, new + 10]);
    }

    #[test]
    fn a_sheet_that_grows_is_cleared_of_what_is_too_old() {
        let mut desk = Desk::new();
        assert_eq!(desk.used(TOKEN, None, NOW_S), [0, 0]);
        for (name, at_s) in [("old", NOW_S), ("new", NOW_S + 2 * DAY_S)] {
            let tx = desk.gate.write().unwrap();
            for number in 0..CLEARED_AFTER {
                insert(&tx, &format!("{name} {number}"), 1, at_s);
            }
            tx.commit().unwrap();
        }
        let new = CLEARED_AFTER as u64;
        assert_eq!(desk.used(TOKEN, None, NOW_S + 2 * DAY_S), [new, new]);
        let held = lock(&desk.gate.ledger.0);
        let token: ChainAddress = TOKEN.parse().unwrap();
        assert_eq!(held.sheets[&(CHAIN, token)].rows.len(), CLEARED_AFTER);
        drop(held);
        assert_eq!(desk.used(TOKEN, None, NOW_S), [2 * new, 2 * new]);
    }
}
