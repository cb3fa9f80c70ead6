//! Holds: attempts that are on record, and whose bytes stay here until they are released.
//!
//! A held attempt has no signature anywhere. Its release makes the signature and records it in one commit, and only then
//! the bytes leave: nothing can land of which no release is on record, and there is nothing that could be stolen before.
//! That commit does not wait for the disk, as that of any signature. A signer that dies leaves it to the kernel; a
//! machine that goes down can lose it. So what was held before the machine started anew may have been released: it is
//! never discarded, and counts like any attempt whose signature was lost.
//!
//! A discarded attempt stays on record, and counts as if it had never been: it holds no number of its step's trade, no
//! reserve and no message.

use super::attempts::{SolanaAttempt, all};
use super::boots::recorded_in;
use super::unlisted_mints;
use crate::fault::{Fault, Refusal, Rule};
use crate::gate::Gate;
use crate::gate::prepared::Prepared;
use crate::gate::steps::{self, StepId};
use alloy_primitives::{B256, U256};
use rusqlite::{Row, params};

/// How an attempt is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// When it was recorded.
    pub recorded_at_ms: u64,
    /// When it ends, by the signer's clock.
    pub held_until_ms: u64,
    /// The last block height in which its blockhash is valid, as the caller was told.
    pub to_height: u64,
    /// Its fees, tip and rents.
    pub lamports: u64,
    /// The kill switch's epoch when it was recorded.
    pub kill_epoch: u64,
    /// The policy that passed it.
    pub policy_digest: B256,
    /// Whether it was discarded.
    pub discarded: bool,
}

/// What became of a held attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState {
    /// Its bytes never left.
    Held,
    /// It was recorded before the machine started anew: its bytes may have left.
    MaybeReleased,
    /// Its bytes have left.
    Released,
    /// Its bytes never leave.
    Discarded,
}

impl HoldState {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::MaybeReleased => "maybe_released",
            Self::Released => "released",
            Self::Discarded => "discarded",
        }
    }
}

impl Hold {
    /// Neither the hold nor the blockhash has ended.
    ///
    /// # Errors
    /// `hold_expired`.
    pub fn require_young(&self, block_height: u64, now_ms: u64) -> Result<(), Refusal> {
        // A clock that was set back is no longer hold.
        let in_time = (self.recorded_at_ms..=self.held_until_ms).contains(&now_ms);
        Rule::HoldExpired.require(in_time, || {
            format!(
                "the hold lasted from {} to {} ms, and it is {now_ms} ms; discard it, and build the transaction anew",
                self.recorded_at_ms, self.held_until_ms
            )
        })?;
        Rule::HoldExpired.require(block_height <= self.to_height, || {
            format!(
                "the blockhash is valid up to block height {}, and it is {block_height}; discard it, and build the \
                 transaction anew",
                self.to_height
            )
        })
    }
}

impl Gate {
    /// What became of an attempt that is, or was, held; nothing for one that was signed at once.
    #[must_use]
    pub fn hold_state(&self, attempt: &SolanaAttempt) -> Option<HoldState> {
        state(attempt, &self.boot_id)
    }

    /// The last second in which an attempt of the step could take effect, by the clock.
    ///
    /// # Errors
    /// The step is unknown, or the gate file cannot be read.
    pub fn effect_by_s(&self, id: &StepId) -> Result<u64, Fault> {
        Ok(steps::effect_by_s(&self.connection, id)?)
    }

    /// Discards a held attempt: on disk when this returns. Its lamports are given back, and with the last attempt of
    /// the step what it reserved. Once more changes nothing.
    ///
    /// # Errors
    /// `not_held`, `released`, or the gate file cannot be written.
    pub fn discard(&mut self, id: &StepId, attempt: u32, now_ms: u64) -> Result<(), Fault> {
        let boot_id = self.boot_id.clone();
        let tx = self.write()?;
        let attempts = all(&tx, id)?;
        let (known, hold) = find_held(&attempts, attempt)?;
        match state(known, &boot_id) {
            Some(HoldState::Discarded) => return Ok(()),
            Some(HoldState::Held) => {}
            Some(HoldState::MaybeReleased) => return Err(doubtful(attempt).into()),
            _ => {
                let message = format!("attempt {attempt} was released; it may land, so settle it");
                return Err(Rule::Released.refuse(message).into());
            }
        }
        // The message is free for another attempt: of this one there is none.
        tx.change(
            "UPDATE solana_attempts SET discarded_at_ms = ?4,
                 message_hash = 'discarded ' || intent_id || ' ' || step || ' ' || attempt || ' ' || message_hash
             WHERE intent_id = ?1 AND step = ?2 AND attempt = ?3",
            params![id.intent_id, id.step, attempt, now_ms.cast_signed()],
        )?;
        let settled = steps::find(&tx, id)?.is_some_and(|step| step.is_final);
        if !settled {
            give_back(&tx, id, hold.lamports)?;
            if without_discarded(&all(&tx, id)?).is_empty() {
                tx.change(
                    "UPDATE steps SET counts_raw = '0' WHERE intent_id = ?1 AND step = ?2",
                    params![id.intent_id, id.step],
                )?;
                unlisted_mints::given_up(&tx, id)?;
            }
        }
        Ok(tx.commit()?)
    }
}

/// The attempt that was recorded to be held, and how.
///
/// # Errors
/// `not_held`.
pub fn find_held(
    attempts: &[SolanaAttempt],
    attempt: u32,
) -> Result<(&SolanaAttempt, &Hold), Refusal> {
    let known = attempts.iter().find(|known| known.attempt == attempt);
    let held = known.and_then(|known| Some((known, known.hold.as_ref()?)));
    held.ok_or_else(|| {
        Rule::NotHeld.refuse(match known {
            Some(_) => format!("attempt {attempt} was signed at once; ask `step` for it"),
            None => format!("no attempt {attempt} of this step is on record"),
        })
    })
}

/// Those that were not discarded.
pub(super) fn without_discarded(attempts: &[SolanaAttempt]) -> Vec<SolanaAttempt> {
    let live = attempts.iter().filter(|known| !is_discarded(known));
    live.cloned().collect()
}

/// Whether there were attempts, and none is left: the step is as one that was never asked for.
pub(super) fn all_discarded(attempts: &[SolanaAttempt]) -> bool {
    !attempts.is_empty() && attempts.iter().all(is_discarded)
}

/// A further attempt comes only when what is held has been released or discarded.
pub(super) fn require_none(attempts: &[SolanaAttempt]) -> Result<(), Refusal> {
    let held = attempts
        .iter()
        .find(|known| known.hold.is_some() && known.signed.is_none());
    Rule::Held.require(held.is_none(), || {
        let number = held.map(|known| known.attempt).unwrap_or_default();
        format!("attempt {number} of the step is held; release it or discard it first")
    })
}

/// How the columns from `first` on say that an attempt is held.
pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Hold>> {
    let Some(held_until_ms) = row.get::<_, Option<i64>>(first)? else {
        return Ok(None);
    };
    let number = |column: usize| row.get::<_, i64>(first + column).map(i64::cast_unsigned);
    Ok(Some(Hold {
        held_until_ms: held_until_ms.cast_unsigned(),
        to_height: number(1)?,
        lamports: number(2)?,
        recorded_at_ms: number(3)?,
        kill_epoch: number(4)?,
        policy_digest: steps::parsed(row, first + 5)?,
        discarded: row.get(first + 6)?,
    }))
}

fn is_discarded(attempt: &SolanaAttempt) -> bool {
    attempt.hold.as_ref().is_some_and(|hold| hold.discarded)
}

fn state(attempt: &SolanaAttempt, boot_id: &str) -> Option<HoldState> {
    let hold = attempt.hold.as_ref()?;
    Some(if hold.discarded {
        HoldState::Discarded
    } else if attempt.signed.is_some() {
        HoldState::Released
    } else if recorded_in(attempt, boot_id) {
        HoldState::Held
    } else {
        HoldState::MaybeReleased
    })
}

fn doubtful(attempt: u32) -> Refusal {
    Rule::Released.refuse(format!(
        "attempt {attempt} was held before the machine started anew, and may have been released unknown to this gate. \
         Release it, or ask `step` when its blockhash has ended, which signs it; then look for its signature."
    ))
}

/// The lamports of one attempt.
fn give_back(connection: &rusqlite::Connection, id: &StepId, lamports: u64) -> Result<(), Fault> {
    let reserved: U256 = connection.read_row(
        "SELECT reserved_raw FROM outlays WHERE intent_id = ?1 AND step = ?2",
        params![id.intent_id, id.step],
        |row| steps::parsed(row, 0),
    )?;
    let left = reserved.saturating_sub(U256::from(lamports));
    connection.change(
        "UPDATE outlays SET reserved_raw = ?3, counts_raw = ?3 WHERE intent_id = ?1 AND step = ?2",
        params![id.intent_id, id.step, left.to_string()],
    )?;
    Ok(())
}
