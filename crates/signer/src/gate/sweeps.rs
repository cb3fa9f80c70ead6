//! Sweeps: transfers that empty a wallet, made by an operator at the terminal while the wallet's signing is halted.

use super::{Gate, halts, nonces};
use crate::fault::{Fault, Rule};
use crate::gate::prepared::Prepared;
use alloy_primitives::Address;
use rusqlite::{Connection, params};

/// The transactions of one sweep, with consecutive nonces from `first_nonce` on.
pub struct Sweep<'a> {
    /// Whose.
    pub wallet: Address,
    /// Where.
    pub chain_id: u64,
    /// The nonce of the first transaction.
    pub first_nonce: u64,
    /// The transactions, unsigned, in the order of their nonces.
    pub unsigned_txs: &'a [Vec<u8>],
}

impl Gate {
    /// Records all transactions of a sweep in one commit. The same again changes nothing.
    ///
    /// # Errors
    /// `not_halted`, `nonce_gap`, `nonce_reused`, or the gate file cannot be written.
    pub fn record_sweep(&mut self, sweep: &Sweep<'_>, by: &str, now_ms: u64) -> Result<(), Fault> {
        let tx = self.write()?;
        let (wallet, chain_id) = (sweep.wallet, sweep.chain_id);
        Rule::NotHalted.require(halts::wallet_halted(&tx, wallet)?, || {
            format!(
                "a wallet is emptied only while its signing is halted. Run `tradewind halt --wallet {wallet}`, wait \
                 until none of its transactions is on its way, then sweep."
            )
        })?;
        let next = nonces::next(&tx, wallet.into(), chain_id)?;
        for (nonce, unsigned_tx) in (sweep.first_nonce..).zip(sweep.unsigned_txs) {
            require_free(&tx, sweep, next, nonce)?;
            tx.change(
                "INSERT OR IGNORE INTO sweeps (wallet, chain_id, nonce, unsigned_tx, swept_by, swept_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    wallet.to_checksum(None),
                    chain_id.cast_signed(),
                    nonce.cast_signed(),
                    unsigned_tx,
                    by,
                    now_ms.cast_signed()
                ],
            )?;
        }
        Ok(tx.commit()?)
    }
}

/// A nonce has one effect. So a sweep takes any that no step owns, up to the wallet's next one: also a sweep's own anew,
/// when that got stuck, and one that was only adopted, because whoever adopts too many must not lock the wallet.
fn require_free(
    connection: &Connection,
    sweep: &Sweep<'_>,
    next: Option<u64>,
    nonce: u64,
) -> Result<(), Fault> {
    let owner = nonces::owner(connection, sweep.wallet.into(), sweep.chain_id, nonce)?;
    Rule::NonceReused.require(owner.is_none(), || {
        let owner = owner.unwrap_or_default();
        format!("the nonce {nonce} belongs to {owner}; a sweep takes one that no step owns")
    })?;
    let within = next.is_none_or(|next| nonce <= next || nonce != sweep.first_nonce);
    Rule::NonceGap.require(within, || {
        let next = next.unwrap_or_default();
        format!("the next nonce is {next}; a sweep from {nonce} on would leave a gap")
    })?;
    Ok(())
}
