//! What is used of the limits of amounts, read from the rows of the steps each time, and never kept elsewhere.
//!
//! A step counts until an hour, or a day, after the last second in which it could take effect. It counts with its
//! reservation, the most it may spend; after a final settlement with what it spent. Of what was signed in a day no
//! settlement gives anything back: whatever a caller says of the chain, no more than that is signed. A step that was
//! closed without an attempt counts nowhere, because the gate itself knows that it can spend nothing.

use super::steps::{StepId, parsed};
use crate::fault::{Fault, Rule};
use crate::policy::{AmountLimit, Passed, PermitFacts, Policy, Window};
use alloy_primitives::U256;
use rusqlite::{Connection, Row, params};
use tradewind_core::ChainAddress;

/// One more reservation, by a step that may have one already.
pub(super) struct Reservation<'a> {
    pub(super) id: &'a StepId,
    pub(super) policy: &'a Policy,
    pub(super) wallet: ChainAddress,
    pub(super) strategy_id: Option<&'a str>,
    pub(super) chain_id: u64,
    pub(super) token: ChainAddress,
    pub(super) amount_raw: U256,
}

/// The steps of one token that may count now.
pub(super) struct Usage {
    now_s: u64,
    steps: Vec<Counted>,
}

struct Counted {
    // As text, as it is stored: there are many, and they are only compared.
    wallet: String,
    strategy_id: Option<String>,
    reserved_raw: U256,
    counts_raw: U256,
    effect_by_s: u64,
}

impl<'a> Reservation<'a> {
    pub(super) fn of_transaction(id: &'a StepId, passed: &'a Passed<'_>) -> Self {
        Self {
            id,
            policy: passed.policy(),
            wallet: passed.wallet().into(),
            strategy_id: passed.strategy_id(),
            chain_id: passed.transaction().chain_id,
            token: passed.token().into(),
            amount_raw: passed.reserve_raw(),
        }
    }

    pub(super) fn of_permit(
        id: &'a StepId,
        facts: &PermitFacts,
        strategy_id: Option<&'a str>,
        policy: &'a Policy,
    ) -> Self {
        Self {
            id,
            policy,
            wallet: facts.wallet.into(),
            strategy_id,
            chain_id: facts.chain_id,
            token: facts.token.into(),
            amount_raw: facts.value_raw,
        }
    }

    /// Every limit that the step falls under has room for it.
    pub(super) fn require_room(&self, connection: &Connection, now_s: u64) -> Result<(), Fault> {
        if self.amount_raw.is_zero() {
            return Ok(());
        }
        let usage = Usage::read(connection, self.chain_id, self.token, Some(self.id), now_s)?;
        let limits =
            self.policy
                .limits_of(self.wallet, self.strategy_id, self.chain_id, self.token);
        for (limit, cap) in limits {
            let Some((rule, remedy)) = rule_of(limit.window) else {
                continue;
            };
            let used = usage.of(limit);
            let total = used.saturating_add(self.amount_raw);
            rule.require(total <= cap, || {
                let (amount, token, window) = (self.amount_raw, self.token, limit.window.name());
                let (scope, key) = (limit.scope.describe(), limit.window.key());
                format!(
                    "{amount} base units of {token} are asked for, and {used} are used of the cap of {cap} for {scope} \
                     ({window}). Wait until earlier ones are {remedy}, or raise {key}."
                )
            })?;
        }
        Ok(())
    }
}

impl Usage {
    pub(super) fn read(
        connection: &Connection,
        chain_id: u64,
        token: ChainAddress,
        except: Option<&StepId>,
        now_s: u64,
    ) -> Result<Self, Fault> {
        let mut rows = connection.prepare_cached(
            "SELECT wallet, strategy_id, reserved_raw, counts_raw, effect_by_s FROM steps
             WHERE (final OR counts_raw <> '0') AND chain_id = ?1 AND token = ?2 AND effect_by_s > ?3 AND NOT (intent_id = ?4 AND step = ?5)
             UNION ALL
             SELECT s.wallet, s.strategy_id, o.reserved_raw, o.counts_raw, o.effect_by_s
             FROM outlays AS o JOIN steps AS s ON s.intent_id = o.intent_id AND s.step = o.step
             WHERE o.chain_id = ?1 AND o.token = ?2 AND o.effect_by_s > ?3 AND NOT (o.intent_id = ?4 AND o.step = ?5)",
        )?;
        let since = now_s
            .saturating_sub(Window::SignedPerDay.length_s())
            .cast_signed();
        let steps = rows.query_map(
            params![
                chain_id.cast_signed(),
                token.to_string(),
                since,
                except.map_or("", |id| id.intent_id.as_str()),
                except.map_or(0, |id| id.step)
            ],
            read_counted,
        )?;
        Ok(Self {
            now_s,
            steps: steps.collect::<rusqlite::Result<_>>()?,
        })
    }

    /// What counts against a limit of this token.
    pub(super) fn of(&self, limit: &AmountLimit) -> U256 {
        let since = self.now_s.saturating_sub(limit.window.length_s());
        let (wallet, strategy_id) = (limit.scope.wallet(), limit.scope.strategy_id());
        let counted = self.steps.iter().filter(|step| {
            step.effect_by_s > since
                && wallet.as_ref().is_none_or(|own| *own == step.wallet)
                && strategy_id.is_none_or(|own| step.strategy_id.as_deref() == Some(own))
        });
        let amounts = counted.map(|step| match limit.window {
            Window::Transaction => U256::ZERO,
            Window::Hour | Window::Day => step.counts_raw,
            Window::SignedPerDay => step.reserved_raw,
        });
        amounts.fold(U256::ZERO, U256::saturating_add)
    }
}

fn rule_of(window: Window) -> Option<(Rule, &'static str)> {
    match window {
        Window::Transaction => None,
        Window::Hour => Some((Rule::AmountPerHour, "an hour old")),
        Window::Day => Some((Rule::AmountPerDay, "a day old")),
        Window::SignedPerDay => Some((Rule::SignedPerDay, "a day old")),
    }
}

fn read_counted(row: &Row<'_>) -> rusqlite::Result<Counted> {
    Ok(Counted {
        wallet: row.get(0)?,
        strategy_id: row.get(1)?,
        reserved_raw: parsed(row, 2)?,
        counts_raw: parsed(row, 3)?,
        effect_by_s: row.get::<_, i64>(4)?.cast_unsigned(),
    })
}
