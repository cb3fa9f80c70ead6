//! Sweeps: transfers that empty a wallet, made by an operator at the terminal while the wallet's signing is halted.

use super::{Gate, halts, nonces};
use crate::fault::{Fault, Refusal, Rule};
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
        let next = nonces::next(&tx, wallet, chain_id)?;
        for (nonce, unsigned_tx) in (sweep.first_nonce..).zip(sweep.unsigned_txs) {
            // A nonce has one effect, so a sweep that got stuck may be signed anew at its own nonces.
            if !is_of_a_sweep(&tx, wallet, chain_id, nonce)? {
                require_free(next, nonce, nonce == sweep.first_nonce)?;
            }
            tx.execute(
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

fn is_of_a_sweep(
    connection: &Connection,
    wallet: Address,
    chain_id: u64,
    nonce: u64,
) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sweeps WHERE wallet = ?1 AND chain_id = ?2 AND nonce = ?3)",
        params![
            wallet.to_checksum(None),
            chain_id.cast_signed(),
            nonce.cast_signed()
        ],
        |row| row.get(0),
    )
}

/// What a sweep takes for the first time is the wallet's next nonce, and those that follow.
fn require_free(next: Option<u64>, nonce: u64, is_first: bool) -> Result<(), Refusal> {
    let Some(next) = next else {
        return Ok(());
    };
    Rule::NonceReused.require(nonce >= next, || {
        format!("the nonce {nonce} belongs to a step, or was used before; the next one is {next}")
    })?;
    Rule::NonceGap.require(!is_first || nonce == next, || {
        format!("the next nonce is {next}; a sweep from {nonce} on would leave a gap")
    })
}
