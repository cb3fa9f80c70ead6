//! Steps: the unit that may take effect once. A step owns its nonce and its reservation for ever.

use super::{Gate, closures, halts};
use crate::fault::{Fault, Refusal, Rule};
use crate::gate::prepared::Prepared;
use alloy_primitives::U256;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tradewind_core::ChainAddress;

/// Which step of which intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepId {
    /// The intent.
    pub intent_id: String,
    /// Its step.
    pub step: u32,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Trades one token for another.
    Swap,
    /// Sets an allowance.
    Approve,
    /// Fills a gap in the wallet's nonces.
    Noop,
    /// Pays a listed recipient, on Solana.
    Transfer,
    /// Creates, fills or closes accounts of the wallet, on Solana.
    Prepare,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Succeeded,
    /// It was included and had no effect.
    Reverted,
    /// Its nonce was used up by its no-op.
    Cancelled,
    /// Nothing of it landed, and nothing can any more; on Solana only.
    Expired,
}

/// What the gate remembers of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Who signs.
    pub wallet: ChainAddress,
    /// Where.
    pub chain_id: u64,
    /// For which strategy, if any.
    pub strategy_id: Option<String>,
    /// What it does.
    pub kind: Kind,
    /// Its nonce; nothing while only its permit is made.
    pub nonce: Option<u64>,
    /// The token it spends or approves.
    pub token: ChainAddress,
    /// What it may spend, in base units.
    pub reserved_raw: U256,
    /// How it ended, as far as is known.
    pub outcome: Option<Outcome>,
    /// Whether that is final.
    pub is_final: bool,
}

impl Kind {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Swap => "swap",
            Self::Approve => "approve",
            Self::Noop => "noop",
            Self::Transfer => "transfer",
            Self::Prepare => "prepare",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [
            Self::Swap,
            Self::Approve,
            Self::Noop,
            Self::Transfer,
            Self::Prepare,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

impl Outcome {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Reverted => "reverted",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// The outcome of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Succeeded,
            Self::Reverted,
            Self::Cancelled,
            Self::Expired,
        ]
        .into_iter()
        .find(|outcome| outcome.name() == name)
    }
}

impl Gate {
    /// What is known of a step.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn step(&self, id: &StepId) -> Result<Option<Step>, Fault> {
        Ok(find(&self.connection, id)?)
    }

    /// Something may be signed for the step: it is neither closed nor settled for good.
    ///
    /// # Errors
    /// `step_closed`, `step_settled`, or the gate file cannot be read.
    pub fn require_open(&self, id: &StepId) -> Result<(), Fault> {
        require_open(&self.connection, id)
    }
}

pub(super) fn find(connection: &Connection, id: &StepId) -> rusqlite::Result<Option<Step>> {
    connection
        .read_row(
            "SELECT wallet, chain_id, strategy_id, kind, nonce, token, reserved_raw, outcome, final
             FROM steps WHERE intent_id = ?1 AND step = ?2",
            params![id.intent_id, id.step],
            read_step,
        )
        .optional()
}

fn read_step(row: &Row<'_>) -> rusqlite::Result<Step> {
    let kind: String = row.get(3)?;
    let outcome: Option<String> = row.get(7)?;
    Ok(Step {
        wallet: parsed(row, 0)?,
        chain_id: row.get::<_, i64>(1)?.cast_unsigned(),
        strategy_id: row.get(2)?,
        // The table holds no other.
        kind: Kind::from_name(&kind).unwrap_or(Kind::Swap),
        nonce: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
        token: parsed(row, 5)?,
        reserved_raw: parsed(row, 6)?,
        outcome: outcome.as_deref().and_then(Outcome::from_name),
        is_final: row.get(8)?,
    })
}

/// A column of text that has a type of its own.
pub(super) fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get::<_, String>(column)?.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

pub(super) fn insert(
    connection: &Connection,
    id: &StepId,
    step: &Step,
    effect_by_s: u64,
) -> rusqlite::Result<()> {
    connection.change(
        "INSERT INTO steps (intent_id, step, wallet, chain_id, strategy_id, kind, nonce, token, reserved_raw, counts_raw,
             effect_by_s)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)",
        params![
            id.intent_id,
            id.step,
            step.wallet.to_string(),
            step.chain_id.cast_signed(),
            step.strategy_id,
            step.kind.name(),
            step.nonce.map(u64::cast_signed),
            step.token.to_string(),
            step.reserved_raw.to_string(),
            effect_by_s.cast_signed(),
        ],
    )?;
    Ok(())
}

/// Another action in the place of one that was discarded, under the same name.
pub(super) fn begin_anew(
    connection: &Connection,
    id: &StepId,
    step: &Step,
    effect_by_s: u64,
) -> rusqlite::Result<()> {
    connection.change(
        "UPDATE steps SET wallet = ?3, chain_id = ?4, strategy_id = ?5, kind = ?6, token = ?7, reserved_raw = ?8,
             counts_raw = ?8, effect_by_s = ?9
         WHERE intent_id = ?1 AND step = ?2",
        params![
            id.intent_id,
            id.step,
            step.wallet.to_string(),
            step.chain_id.cast_signed(),
            step.strategy_id,
            step.kind.name(),
            step.token.to_string(),
            step.reserved_raw.to_string(),
            effect_by_s.cast_signed(),
        ],
    )?;
    Ok(())
}

/// The last second in which an attempt of the step could take effect, as its blockhashes are taken to live.
pub(super) fn effect_by_s(connection: &Connection, id: &StepId) -> rusqlite::Result<u64> {
    connection.read_row(
        "SELECT effect_by_s FROM steps WHERE intent_id = ?1 AND step = ?2",
        params![id.intent_id, id.step],
        |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()),
    )
}

/// Gives the step its nonce, once, and moves the end of its reservation forward.
pub(super) fn extend(
    connection: &Connection,
    id: &StepId,
    nonce: Option<u64>,
    effect_by_s: u64,
) -> rusqlite::Result<()> {
    connection.change(
        "UPDATE steps SET nonce = coalesce(nonce, ?3), effect_by_s = max(effect_by_s, ?4)
         WHERE intent_id = ?1 AND step = ?2",
        params![
            id.intent_id,
            id.step,
            nonce.map(u64::cast_signed),
            effect_by_s.cast_signed()
        ],
    )?;
    Ok(())
}

/// Nothing more is signed for a step that is closed or has its final outcome.
pub(super) fn require_open(connection: &Connection, id: &StepId) -> Result<(), Fault> {
    closures::require_unclosed(connection, id)?;
    match find(connection, id)? {
        Some(step) => Ok(refuse_settled(&step)?),
        None => Ok(()),
    }
}

/// The last look before a signature leaves: the step is open, and nothing stops its wallet or its strategy.
pub(super) fn require_signable(connection: &Connection, id: &StepId) -> Result<Step, Fault> {
    closures::require_unclosed(connection, id)?;
    let Some(step) = find(connection, id)? else {
        let message = format!("no step {} of intent {} is known", id.step, id.intent_id);
        return Err(Rule::StepUnknown.refuse(message).into());
    };
    halts::require_running(connection, step.wallet, step.strategy_id.as_deref())?;
    refuse_settled(&step)?;
    Ok(step)
}

// An outcome that is not final can be taken back by a reorganisation, and the step may need another attempt then.
pub(super) fn refuse_settled(step: &Step) -> Result<(), Refusal> {
    Rule::StepSettled.require(!step.is_final, || {
        let outcome = step.outcome.map_or("ended", Outcome::name);
        format!("the step is settled for good: {outcome}")
    })
}

/// A no-op may replace any action of the step: only who signs it, where and for whom must stay.
pub(super) fn require_same_owner(known: &Step, asked: &Step) -> Result<(), Fault> {
    refuse_settled(known)?;
    let same = known.wallet == asked.wallet
        && known.chain_id == asked.chain_id
        && known.strategy_id == asked.strategy_id;
    Rule::StepChanged.require(same, || {
        format!(
            "the step belongs to {} on chain {} and its strategy stays what it was",
            known.wallet, known.chain_id
        )
    })?;
    Ok(())
}

/// The same step must stay the same action of the same wallet, and end only once.
pub(super) fn require_same(known: &Step, asked: &Step) -> Result<(), Fault> {
    refuse_settled(known)?;
    let same = known.wallet == asked.wallet
        && known.chain_id == asked.chain_id
        && known.strategy_id == asked.strategy_id
        && known.kind == asked.kind
        && known.token == asked.token
        && known.reserved_raw == asked.reserved_raw;
    Rule::StepChanged.require(same, || {
        format!(
            "the step began as a {} of {} base units of {} by {} on chain {}; another action is another step",
            known.kind.name(),
            known.reserved_raw,
            known.token,
            known.wallet,
            known.chain_id
        )
    })?;
    Ok(())
}
