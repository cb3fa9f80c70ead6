//! Cold starts: a wallet of which this gate knows nothing may have transactions under way that another gate signed.

use crate::fault::{Fault, Rule};
use crate::gate::Gate;
use rusqlite::{Connection, OptionalExtension, params};
use tradewind_core::decode::solana::Key;

/// Two lives of a blockhash.
const HOLD_BLOCKS: u64 = 300;

impl Gate {
    /// The wallet has history here, was adopted, or has waited since its first request long enough. The first request
    /// begins the wait.
    ///
    /// # Errors
    /// `cold_start`, or the gate file cannot be written.
    pub fn require_warm(
        &mut self,
        wallet: Key,
        chain_id: u64,
        block_height: u64,
        now_ms: u64,
    ) -> Result<(), Fault> {
        // History is never deleted, so a look without the write lock is enough.
        if has_history(&self.connection, wallet, chain_id)? {
            return Ok(());
        }
        let tx = self.write()?;
        let known: Option<(i64, bool)> = tx
            .query_row(
                "SELECT block_height, adopted_by IS NOT NULL FROM cold_starts WHERE wallet = ?1 AND chain_id = ?2",
                params![wallet.to_string(), chain_id.cast_signed()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let since = match known {
            Some((_, true)) => return Ok(()),
            Some((since, false)) => since.cast_unsigned(),
            None => {
                tx.execute(
                    "INSERT INTO cold_starts (wallet, chain_id, block_height, seen_at_ms) VALUES (?1, ?2, ?3, ?4)",
                    params![
                        wallet.to_string(),
                        chain_id.cast_signed(),
                        block_height.cast_signed(),
                        now_ms.cast_signed()
                    ],
                )?;
                tx.commit()?;
                block_height
            }
        };
        let until = since.saturating_add(HOLD_BLOCKS);
        Rule::ColdStart.require(block_height >= until, || {
            format!(
                "this gate has no history of the wallet {wallet}, so it signs from block height {until} on; it is \
                 {block_height}. Wait, or run `tradewind-signer adopt-wallet` if nothing that another gate signed is \
                 under way."
            )
        })?;
        Ok(())
    }

    /// Ends a wallet's cold start.
    ///
    /// # Errors
    /// `cold_start` when the wallet has history here already, or the gate file cannot be written.
    pub fn adopt_wallet(
        &mut self,
        wallet: Key,
        chain_id: u64,
        by: &str,
        now_ms: u64,
    ) -> Result<(), Fault> {
        let tx = self.write()?;
        Rule::ColdStart.require(!has_history(&tx, wallet, chain_id)?, || {
            format!("the wallet {wallet} has attempts on record here; there is nothing to adopt")
        })?;
        tx.execute(
            "INSERT INTO cold_starts (wallet, chain_id, block_height, seen_at_ms, adopted_by, adopted_at_ms)
             VALUES (?1, ?2, 0, ?3, ?4, ?3)
             ON CONFLICT (wallet, chain_id) DO UPDATE SET adopted_by = ?4, adopted_at_ms = ?3",
            params![
                wallet.to_string(),
                chain_id.cast_signed(),
                now_ms.cast_signed(),
                by
            ],
        )?;
        Ok(tx.commit()?)
    }
}

fn has_history(connection: &Connection, wallet: Key, chain_id: u64) -> rusqlite::Result<bool> {
    connection
        .query_row(
            "SELECT 1 FROM solana_attempts WHERE wallet = ?1 AND chain_id = ?2 LIMIT 1",
            params![wallet.to_string(), chain_id.cast_signed()],
            |_| Ok(()),
        )
        .optional()
        .map(|found| found.is_some())
}
