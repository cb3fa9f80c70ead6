//! Receipts: the seed that a step's attempts share on the chain, drawn once, recorded before it is told.

use crate::fault::{Fault, Internal, Rule};
use crate::gate::prepared::Prepared;
use crate::gate::{Gate, StepId, closures, halts, steps};
use crate::policy::Receipt;
use alloy_primitives::hex;
use rusqlite::{Connection, OptionalExtension, params};
use rustix::rand::{GetRandomFlags, getrandom};
use tradewind_core::decode::solana::Key;

impl Gate {
    /// The step's receipt, drawn now unless it was before.
    ///
    /// As long as no attempt is recorded, another wallet may take the step over, with a receipt of its own; the one
    /// before is kept, closed. That lets nothing land twice: an attempt is recorded, in one commit, only with the
    /// step's receipt of that moment and by its wallet, and nothing is signed that is not recorded. So a request of the
    /// first wallet that is still on its way is refused from this commit on, and from the first recorded attempt on,
    /// signed or not, the receipt and the wallet stay what they are.
    ///
    /// # Errors
    /// `halted`, `step_closed`, `step_settled`, `step_changed` when it is another wallet's and an attempt has it, `receipt` when the step has an attempt without one,
    /// `random_unavailable`, or the gate file cannot be written.
    pub fn draw_receipt(
        &mut self,
        id: &StepId,
        wallet: Key,
        chain_id: u64,
        now_ms: u64,
    ) -> Result<Receipt, Fault> {
        let tx = self.write()?;
        halts::require_running(&tx, wallet, None)?;
        steps::require_open(&tx, id)?;
        if let Some((owner, receipt)) = find(&tx, id)? {
            if owner == wallet {
                return Ok(receipt);
            }
            Rule::StepChanged.require(!closures::has_attempt(&tx, id)?, || {
                format!("the step's receipt belongs to {owner}; another wallet is another step")
            })?;
            set_aside(&tx, id, now_ms)?;
        }
        Rule::Receipt.require(!closures::has_attempt(&tx, id)?, || {
            "the step has an attempt without a receipt already; a receipt is drawn before the first".to_owned()
        })?;
        let seed = draw()?;
        tx.change(
            "INSERT INTO receipts (intent_id, step, wallet, chain_id, seed, drawn_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                id.intent_id,
                id.step,
                wallet.to_string(),
                chain_id.cast_signed(),
                seed,
                now_ms.cast_signed()
            ],
        )?;
        tx.commit()?;
        Ok(Receipt::of(wallet, &seed))
    }

    /// The step's receipt, if one was drawn, and whose it is.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn receipt(&self, id: &StepId) -> Result<Option<(Key, Receipt)>, Fault> {
        Ok(find(&self.connection, id)?)
    }
}

pub(super) fn find(
    connection: &Connection,
    id: &StepId,
) -> rusqlite::Result<Option<(Key, Receipt)>> {
    let row: Option<(String, String)> = connection
        .read_row(
            "SELECT wallet, seed FROM receipts WHERE intent_id = ?1 AND step = ?2",
            params![id.intent_id, id.step],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    // The table holds no other wallets than keys.
    Ok(row.and_then(|(wallet, seed)| {
        let wallet = Key::parse(&wallet)?;
        Some((wallet, Receipt::of(wallet, &seed)))
    }))
}

/// Keeps a receipt that no attempt has, under a name that no request can give: no intent's has the separator in it.
fn set_aside(connection: &Connection, id: &StepId, now_ms: u64) -> rusqlite::Result<()> {
    let kept: String = connection.read_row(
        "UPDATE receipts SET intent_id = intent_id || char(31) || seed WHERE intent_id = ?1 AND step = ?2
         RETURNING intent_id",
        params![id.intent_id, id.step],
        |row| row.get(0),
    )?;
    connection.change(
        "INSERT INTO closures (intent_id, step, closed_at_ms) VALUES (?1, ?2, ?3)",
        params![kept, id.step, now_ms.cast_signed()],
    )?;
    Ok(())
}

fn draw() -> Result<String, Internal> {
    let mut bytes = [0; 16];
    match getrandom(&mut bytes[..], GetRandomFlags::empty()) {
        Ok(16) => Ok(hex::encode(bytes)),
        _ => Err(Internal {
            code: "random_unavailable",
            message: "the kernel gave no random bytes".to_owned(),
        }),
    }
}
