//! The limits in force: rows that are only added or cancelled. Tightening is instant; loosening waits.
//!
//! The ceilings are what `signer.toml` said when the signer was last started. A limit that followed its ceiling follows
//! it again when the file is edited; one that was lowered by request stays where it is.

use super::Gate;
use super::steps::parsed;
use crate::fault::{Fault, Rule};
use crate::gate::prepared::Prepared;
use crate::policy::{Kind, MAX_RAISE_DELAY_S, RAISE_DELAY, Terms, raise_delay_ms, value_of};
use alloy_primitives::U256;
use rusqlite::{Connection, Row, params};
use std::collections::{BTreeMap, BTreeSet};

const BY_FILE: &str = "signer.toml";

/// A value of a limit, in force or waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetLimit {
    /// Which limit.
    pub key: String,
    /// The value, as a number.
    pub value: U256,
    /// When it was presented.
    pub set_at_ms: u64,
    /// From when on it counts.
    pub effective_at_ms: u64,
    /// Who set it.
    pub by: String,
}

impl SetLimit {
    /// What had to wait counts from its time on. What had not counts whatever the clock says now: a clock that is set
    /// back unmakes no tightening, and no delay.
    fn counts_at(&self, now_ms: u64) -> bool {
        self.effective_at_ms <= self.set_at_ms.max(now_ms)
    }
}

/// One limit as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What counts now.
    pub in_force: SetLimit,
    /// What `signer.toml` allows.
    pub ceiling: U256,
    /// What waits, the next first.
    pub pending: Vec<SetLimit>,
}

impl Gate {
    /// Takes in the ceilings that `signer.toml` gives. The first ones of a gate are in force at once; of later ones,
    /// what is tighter is in force at once, and what is looser after the delay in force.
    ///
    /// # Errors
    /// The gate file cannot be written.
    pub fn adopt_ceilings(&mut self, ceilings: &Terms, now_ms: u64) -> Result<(), Fault> {
        let tx = self.write()?;
        let before = read_ceilings(&tx)?;
        let first = before.is_empty();
        let in_force = terms_at(&read_limits(&tx)?, now_ms);
        let set = Setting {
            connection: &tx,
            by: BY_FILE,
            now_ms,
            raise_at_ms: raise_at_ms(&tx, &in_force, now_ms)?,
        };
        let keys: BTreeSet<_> = before.keys().chain(ceilings.keys()).collect();
        for key in keys {
            let (old, new) = (value_of(&before, key), value_of(ceilings, key));
            if first || strategies_begin(key, &in_force) {
                set.insert(key, new, now_ms)?;
            } else if old != new {
                set.follow(key, old, new)?;
            }
        }
        tx.change("DELETE FROM ceilings", [])?;
        for (key, value) in ceilings {
            let row = params![key, value.to_string()];
            tx.change("INSERT INTO ceilings (key, value) VALUES (?1, ?2)", row)?;
        }
        Ok(tx.commit()?)
    }

    /// The terms that count now, and when the next one changes by itself.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn terms(&self, now_ms: u64) -> Result<(Terms, Option<u64>), Fault> {
        let limits = read_limits(&self.connection)?;
        let later = limits.iter().filter(|limit| !limit.counts_at(now_ms));
        let next = later.map(|limit| limit.effective_at_ms).min();
        Ok((terms_at(&limits, now_ms), next))
    }

    /// Every limit as it stands, by key.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn limits(&self, now_ms: u64) -> Result<Vec<Standing>, Fault> {
        let ceilings = read_ceilings(&self.connection)?;
        let mut standing: BTreeMap<String, Standing> = BTreeMap::new();
        let (now, later): (Vec<_>, Vec<_>) = read_limits(&self.connection)?
            .into_iter()
            .partition(|limit| limit.counts_at(now_ms));
        for in_force in now {
            let ceiling = value_of(&ceilings, &in_force.key);
            let stands = Standing {
                in_force,
                ceiling,
                pending: Vec::new(),
            };
            standing.insert(stands.in_force.key.clone(), stands);
        }
        for waits in later {
            let absent = || Standing {
                in_force: SetLimit {
                    value: Kind::of(&waits.key).absent(),
                    effective_at_ms: 0,
                    ..waits.clone()
                },
                ceiling: value_of(&ceilings, &waits.key),
                pending: Vec::new(),
            };
            let stands = standing.entry(waits.key.clone()).or_insert_with(absent);
            stands.pending.push(waits);
        }
        Ok(standing.into_values().collect())
    }

    /// Sets a limit: at once if that is tighter, after the delay if it is looser. Gives when it counts.
    ///
    /// # Errors
    /// `limit_unknown`, `limit_ceiling`, or the gate file cannot be written.
    pub fn set_limit(
        &mut self,
        key: &str,
        value: U256,
        by: &str,
        now_ms: u64,
    ) -> Result<u64, Fault> {
        let tx = self.write()?;
        let ceilings = read_ceilings(&tx)?;
        let Some(ceiling) = ceilings.get(key).copied() else {
            let message = format!("there is no limit {key}; `tradewind-signer limits` lists them");
            return Err(Rule::LimitUnknown.refuse(message).into());
        };
        Rule::LimitCeiling.require(!Kind::of(key).looser(value, ceiling), || {
            format!(
                "signer.toml allows {ceiling} for {key}, not {value}. Edit it and start the signer again; the raise \
                 then waits for raise_delay_s."
            )
        })?;
        Rule::LimitCeiling.require(
            key != RAISE_DELAY || value <= U256::from(MAX_RAISE_DELAY_S),
            || {
                format!(
                    "{key} is at most {MAX_RAISE_DELAY_S} (30 days): to shorten it takes as long as it says, so {value} \
                     could not be undone in time."
                )
            },
        )?;
        let in_force = terms_at(&read_limits(&tx)?, now_ms);
        let set = Setting {
            connection: &tx,
            by,
            now_ms,
            raise_at_ms: raise_at_ms(&tx, &in_force, now_ms)?,
        };
        let effective_at_ms = set.set(key, value)?;
        tx.commit()?;
        Ok(effective_at_ms)
    }

    /// Cancels what waits for a limit.
    ///
    /// # Errors
    /// `raise_unknown`, or the gate file cannot be written.
    pub fn cancel_raise(&mut self, key: &str, by: &str, now_ms: u64) -> Result<(), Fault> {
        let tx = self.write()?;
        let set = Setting {
            connection: &tx,
            by,
            now_ms,
            raise_at_ms: now_ms,
        };
        let cancelled = set.cancel(key, |_| true)?;
        Rule::RaiseUnknown.require(cancelled > 0, || format!("no raise of {key} waits"))?;
        Ok(tx.commit()?)
    }
}

/// Changes of limits by one hand at one moment.
struct Setting<'a> {
    connection: &'a Connection,
    by: &'a str,
    now_ms: u64,
    /// From when on a raise counts.
    raise_at_ms: u64,
}

impl Setting<'_> {
    /// The ceiling moved from `old` to `new`.
    fn follow(&self, key: &str, old: U256, new: U256) -> rusqlite::Result<()> {
        let kind = Kind::of(key);
        let limits = self.of(key)?;
        if kind.looser(new, old) {
            let last = limits.last().map_or(kind.absent(), |limit| limit.value);
            if last == old {
                self.insert(key, new, self.raise_at_ms)?;
            }
            return Ok(());
        }
        self.cancel(key, |value| kind.looser(value, new))?;
        if kind.looser(self.in_force(key)?, new) {
            self.insert(key, new, self.now_ms)?;
        }
        Ok(())
    }

    /// A wish for `value`. Looser ones that wait are off; the same one keeps its place in time.
    fn set(&self, key: &str, value: U256) -> rusqlite::Result<u64> {
        let kind = Kind::of(key);
        self.cancel(key, |waiting| kind.looser(waiting, value))?;
        let in_force = self.in_force(key)?;
        if value == in_force {
            return Ok(self.now_ms);
        }
        if !kind.looser(value, in_force) {
            self.insert(key, value, self.now_ms)?;
            return Ok(self.now_ms);
        }
        let waiting = self
            .of(key)?
            .into_iter()
            .find(|limit| !limit.counts_at(self.now_ms) && limit.value == value);
        if let Some(same) = waiting {
            return Ok(same.effective_at_ms);
        }
        self.insert(key, value, self.raise_at_ms)?;
        Ok(self.raise_at_ms)
    }

    fn of(&self, key: &str) -> rusqlite::Result<Vec<SetLimit>> {
        let mut limits = read_limits(self.connection)?;
        limits.retain(|limit| limit.key == key);
        Ok(limits)
    }

    fn in_force(&self, key: &str) -> rusqlite::Result<U256> {
        Ok(value_of(&terms_at(&self.of(key)?, self.now_ms), key))
    }

    fn insert(&self, key: &str, value: U256, effective_at_ms: u64) -> rusqlite::Result<()> {
        self.connection.change(
            "INSERT INTO limits (key, value, set_by, set_at_ms, effective_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                key,
                value.to_string(),
                self.by,
                self.now_ms.cast_signed(),
                effective_at_ms.cast_signed()
            ],
        )?;
        Ok(())
    }

    /// Cancels what waits and has such a value; gives how many did.
    fn cancel(&self, key: &str, such: impl Fn(U256) -> bool) -> rusqlite::Result<usize> {
        let mut cancelled = 0;
        for waits in self.of(key)? {
            if !waits.counts_at(self.now_ms) && such(waits.value) {
                cancelled += self.connection.change(
                    "UPDATE limits SET cancelled_by = ?1, cancelled_at_ms = ?2
                     WHERE key = ?3 AND value = ?4 AND effective_at_ms = ?5 AND cancelled_at_ms IS NULL",
                    params![
                        self.by,
                        self.now_ms.cast_signed(),
                        key,
                        waits.value.to_string(),
                        waits.effective_at_ms.cast_signed()
                    ],
                )?;
            }
        }
        Ok(cancelled)
    }
}

/// Where any strategy could sign for any wallet so far, to list some is no raise.
fn strategies_begin(key: &str, in_force: &Terms) -> bool {
    key.starts_with("strategy.")
        && Kind::of(key) == Kind::Listed
        && value_of(in_force, "strategies_listed").is_zero()
}

/// Of each limit, the last one set that is effective.
fn terms_at(limits: &[SetLimit], now_ms: u64) -> Terms {
    let effective = limits.iter().filter(|limit| limit.counts_at(now_ms));
    effective
        .map(|limit| (limit.key.clone(), limit.value))
        .collect()
}

/// When a raise counts that is presented now. It waits from the gate's last records on, if the clock says less: it was
/// later than now already.
fn raise_at_ms(connection: &Connection, in_force: &Terms, now_ms: u64) -> rusqlite::Result<u64> {
    let last_ms: Option<i64> = connection.read_row(
        "SELECT max(at_ms) FROM (
             SELECT set_at_ms AS at_ms FROM limits WHERE rowid = (SELECT max(rowid) FROM limits)
             UNION ALL SELECT halted_at_ms FROM halts WHERE rowid = (SELECT max(rowid) FROM halts)
             UNION ALL SELECT recorded_at_ms FROM permits WHERE rowid = (SELECT max(rowid) FROM permits)
             UNION ALL SELECT recorded_at_ms FROM attempts WHERE rowid = (SELECT max(rowid) FROM attempts))",
        [],
        |row| row.get(0),
    )?;
    let since_ms = now_ms.max(last_ms.unwrap_or_default().cast_unsigned());
    Ok(since_ms.saturating_add(raise_delay_ms(in_force)))
}

fn read_ceilings(connection: &Connection) -> rusqlite::Result<Terms> {
    let mut rows = connection.prepare_cached("SELECT key, value FROM ceilings")?;
    let ceilings = rows.query_map([], |row| Ok((row.get(0)?, parsed(row, 1)?)))?;
    ceilings.collect()
}

/// In the order in which they were set, without those that were cancelled.
fn read_limits(connection: &Connection) -> rusqlite::Result<Vec<SetLimit>> {
    let mut rows = connection.prepare_cached(
        "SELECT key, value, effective_at_ms, set_by, set_at_ms FROM limits WHERE cancelled_at_ms IS NULL ORDER BY id",
    )?;
    let limits = rows.query_map([], |row: &Row<'_>| {
        Ok(SetLimit {
            key: row.get(0)?,
            value: parsed(row, 1)?,
            effective_at_ms: row.get::<_, i64>(2)?.cast_unsigned(),
            by: row.get(3)?,
            set_at_ms: row.get::<_, i64>(4)?.cast_unsigned(),
        })
    })?;
    limits.collect()
}
