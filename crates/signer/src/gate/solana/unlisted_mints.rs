//! Unlisted mints: what was paid for each of them and in a day, and which are still held.
//!
//! A purchase is a step as any other, whose row names the coin. What counts is what the step counts with, so a discard and
//! a settlement give back here what they give back to the budgets. A coin is open while a purchase of it is: until that has
//! ended without effect, or sales that are settled for good have sold what it was sure to bring.

use super::attempts::NewSolanaAttempt;
use crate::fault::{Fault, Rule};
use crate::gate::steps::{Outcome, Step, StepId, parsed};
use crate::policy::{NATIVE, PassedSolana, Purchase, UnlistedMints, paid_as};
use alloy_primitives::U256;
use rusqlite::{Connection, OptionalExtension, Params, params};
use tradewind_core::decode::solana::Key;

const DAY_S: u64 = 86_400;

/// The caps of what is paid for unlisted mints have room for the purchase. A step that is known is left out of what is
/// used already.
pub(super) fn require_room(
    connection: &Connection,
    id: &StepId,
    passed: &PassedSolana<'_>,
    now_s: u64,
) -> Result<(), Fault> {
    let chain = passed.policy().solana.get(&passed.chain_id());
    let rule = chain.and_then(|chain| chain.unlisted_mints.as_ref());
    let (Some(purchase), Some(rule)) = (passed.purchase(), rule) else {
        return Ok(());
    };
    let asked = Asked {
        connection,
        id,
        chain_id: passed.chain_id(),
        purchase,
        amount_raw: U256::from(passed.reserve_raw()),
    };
    asked.require_paid(rule, now_s)?;
    asked.require_open(rule)
}

struct Asked<'a> {
    connection: &'a Connection,
    id: &'a StepId,
    chain_id: u64,
    purchase: Purchase,
    amount_raw: U256,
}

impl Asked<'_> {
    fn require_paid(&self, rule: &UnlistedMints, now_s: u64) -> Result<(), Fault> {
        let Purchase { mint, paid_in, .. } = self.purchase;
        let caps = rule.paid.get(&paid_in);
        let (per_mint, per_day) = caps.map_or((0, 0), |it| (it.per_mint_raw, it.per_day_raw));
        self.require_cap(self.paid_for_mint()?, per_mint, || {
            (
                format!("for {mint}, ever"),
                "buy another one, or raise max_paid_per_mint",
            )
        })?;
        self.require_cap(
            self.paid_since(now_s.saturating_sub(DAY_S))?,
            per_day,
            || {
                (
                    "for all unlisted mints, in a day".to_owned(),
                    "wait until earlier purchases are a day old, or raise max_paid_per_day",
                )
            },
        )
    }

    fn require_cap(
        &self,
        used_raw: U256,
        cap_raw: u64,
        what: impl FnOnce() -> (String, &'static str),
    ) -> Result<(), Fault> {
        let total = used_raw.saturating_add(self.amount_raw);
        Rule::UnlistedMint.require(total <= U256::from(cap_raw), || {
            let ((what, remedy), paid_in) = (what(), self.purchase.paid_in);
            format!(
                "{} raw units of {paid_in} are asked for, and {used_raw} of the cap of {cap_raw} are used {what}; {remedy}",
                self.amount_raw
            )
        })?;
        Ok(())
    }

    fn require_open(&self, rule: &UnlistedMints) -> Result<(), Fault> {
        let others: u64 = self.connection.query_row(
            "SELECT count(DISTINCT unlisted_mint) FROM steps
             WHERE unlisted_open = 1 AND chain_id = ?1 AND unlisted_mint <> ?2",
            params![self.chain_id.cast_signed(), self.purchase.mint.to_string()],
            |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()),
        )?;
        let cap = rule.max_open_mints;
        Rule::UnlistedMint.require(others < cap, || {
            format!(
                "{others} other unlisted mints are held, and the cap is {cap}; sell one, or raise max_open_mints"
            )
        })?;
        Ok(())
    }

    fn paid_for_mint(&self) -> rusqlite::Result<U256> {
        let [one, other] = names_of(self.purchase.paid_in);
        let mint = self.purchase.mint.to_string();
        self.sum(
            "SELECT counts_raw FROM steps
             WHERE unlisted_mint = ?1 AND chain_id = ?2 AND token IN (?3, ?4) AND NOT (intent_id = ?5 AND step = ?6)",
            params![
                mint,
                self.chain_id.cast_signed(),
                one,
                other,
                self.id.intent_id,
                self.id.step
            ],
        )
    }

    fn paid_since(&self, since_s: u64) -> rusqlite::Result<U256> {
        let [one, other] = names_of(self.purchase.paid_in);
        self.sum(
            "SELECT counts_raw FROM steps
             WHERE unlisted_mint IS NOT NULL AND chain_id = ?1 AND token IN (?2, ?3) AND effect_by_s > ?4
                 AND NOT (intent_id = ?5 AND step = ?6)",
            params![
                self.chain_id.cast_signed(),
                one,
                other,
                since_s.cast_signed(),
                self.id.intent_id,
                self.id.step
            ],
        )
    }

    /// Row by row: amounts are text, because their sum could pass what the database counts to.
    fn sum(&self, query: &str, params: impl Params) -> rusqlite::Result<U256> {
        let mut rows = self.connection.prepare_cached(query)?;
        let amounts = rows.query_map(params, |row| parsed::<U256>(row, 0))?;
        let mut sum = U256::ZERO;
        for amount in amounts {
            sum = sum.saturating_add(amount?);
        }
        Ok(sum)
    }
}

/// As the rows name what was paid: SOL is either of two.
fn names_of(paid_in: Key) -> [String; 2] {
    let also = if paid_as(NATIVE) == paid_in {
        NATIVE
    } else {
        paid_in
    };
    [paid_in.to_string(), also.to_string()]
}

/// With the attempt, in its commit. A later attempt may bring less, and an action in the place of one that was discarded
/// may buy something else, or nothing.
pub(super) fn record(
    connection: &Connection,
    new: &NewSolanaAttempt<'_>,
    is_anew: bool,
) -> rusqlite::Result<()> {
    let Some(purchase) = new.passed.purchase() else {
        return if is_anew {
            write(connection, new.id, None, U256::ZERO)
        } else {
            Ok(())
        };
    };
    let least_raw = U256::from(purchase.least_raw);
    let before = if is_anew {
        None
    } else {
        left_raw(connection, new.id)?
    };
    let left_raw = before.map_or(least_raw, |before| before.min(least_raw));
    write(connection, new.id, Some(purchase.mint), left_raw)
}

/// With the discard of a step's last attempt, or with the step's closure, in its commit.
pub(super) fn given_up(connection: &Connection, id: &StepId) -> rusqlite::Result<()> {
    close(connection, id)
}

/// With the final settlement, in its commit: a purchase without effect is closed, and what a sale has sold is taken off
/// the purchases before it, the oldest first.
pub(super) fn settled(
    connection: &Connection,
    id: &StepId,
    step: &Step,
    (outcome, sold_raw): (Outcome, U256),
) -> rusqlite::Result<()> {
    if outcome != Outcome::Succeeded {
        return close(connection, id);
    }
    let mut rows = connection.prepare_cached(
        "SELECT intent_id, step, unlisted_left_raw FROM steps
         WHERE unlisted_open = 1 AND chain_id = ?1 AND unlisted_mint = ?2 AND wallet = ?3
             AND rowid < (SELECT rowid FROM steps WHERE intent_id = ?4 AND step = ?5)
         ORDER BY rowid",
    )?;
    let open = rows.query_map(
        params![
            step.chain_id.cast_signed(),
            step.token.to_string(),
            step.wallet.to_string(),
            id.intent_id,
            id.step
        ],
        |row| {
            let (intent_id, step) = (row.get(0)?, row.get(1)?);
            Ok((StepId { intent_id, step }, parsed::<U256>(row, 2)?))
        },
    )?;
    let open: Vec<_> = open.collect::<rusqlite::Result<_>>()?;
    let mut sold_raw = sold_raw;
    for (purchase, left_raw) in open {
        let taken_raw = left_raw.min(sold_raw);
        sold_raw = sold_raw.saturating_sub(taken_raw);
        take_off(connection, &purchase, left_raw.saturating_sub(taken_raw))?;
    }
    Ok(())
}

fn left_raw(connection: &Connection, id: &StepId) -> rusqlite::Result<Option<U256>> {
    connection
        .query_row(
            "SELECT unlisted_left_raw FROM steps WHERE intent_id = ?1 AND step = ?2 AND unlisted_mint IS NOT NULL",
            params![id.intent_id, id.step],
            |row| parsed(row, 0),
        )
        .optional()
}

fn write(
    connection: &Connection,
    id: &StepId,
    mint: Option<Key>,
    left_raw: U256,
) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE steps SET unlisted_mint = ?3, unlisted_left_raw = ?4, unlisted_open = ?5
         WHERE intent_id = ?1 AND step = ?2",
        params![
            id.intent_id,
            id.step,
            mint.map(|mint| mint.to_string()),
            mint.map(|_| left_raw.to_string()),
            !left_raw.is_zero()
        ],
    )?;
    Ok(())
}

fn take_off(connection: &Connection, id: &StepId, left_raw: U256) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE steps SET unlisted_left_raw = ?3, unlisted_open = ?4 WHERE intent_id = ?1 AND step = ?2",
        params![
            id.intent_id,
            id.step,
            left_raw.to_string(),
            !left_raw.is_zero()
        ],
    )?;
    Ok(())
}

fn close(connection: &Connection, id: &StepId) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE steps SET unlisted_open = 0 WHERE intent_id = ?1 AND step = ?2 AND unlisted_open = 1",
        params![id.intent_id, id.step],
    )?;
    Ok(())
}
