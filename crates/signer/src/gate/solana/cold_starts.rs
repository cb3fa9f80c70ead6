//! Cold starts: a wallet of which this gate knows nothing may have transactions under way that another gate signed.

use crate::fault::{Fault, Rule};
use crate::gate::Gate;
use crate::gate::prepared::Prepared;
use rusqlite::{Connection, OptionalExtension, params};
use tradewind_core::decode::solana::Key;

/// Two lives of a blockhash.
const HOLD_BLOCKS: u64 = 300;

/// When a wallet was first asked for.
struct Start {
    block_height: u64,
    seen_at_ms: u64,
    adopted: bool,
}

impl Gate {
    /// The wallet has history here, was adopted, or has waited since its first request long enough: for two lives of a
    /// blockhash in blocks, and for `life_s` by the signer's clock, for as long as a blockhash is taken to live. The
    /// first request begins the wait.
    ///
    /// Heights are the caller's word. One that was too low cannot shorten the wait by the clock; one that was too high
    /// is replaced by the next that is lower, which can only be told later than it was true.
    ///
    /// # Errors
    /// `cold_start`, or the gate file cannot be written.
    pub fn require_warm(
        &mut self,
        wallet: Key,
        chain_id: u64,
        block_height: u64,
        life_s: u64,
        now_ms: u64,
    ) -> Result<(), Fault> {
        // History is never deleted, so a look without the write lock is enough.
        if has_history(&self.connection, wallet, chain_id)? {
            return Ok(());
        }
        let tx = self.write()?;
        let known = find(&tx, wallet, chain_id)?;
        if known.as_ref().is_some_and(|start| start.adopted) {
            return Ok(());
        }
        let since = match known {
            Some(start) if start.block_height <= block_height => start,
            other => {
                lower(&tx, wallet, chain_id, block_height, now_ms)?;
                tx.commit()?;
                Start {
                    block_height,
                    seen_at_ms: other.map_or(now_ms, |start| start.seen_at_ms),
                    adopted: false,
                }
            }
        };
        let until = since.block_height.saturating_add(HOLD_BLOCKS);
        let from_ms = since
            .seen_at_ms
            .saturating_add(life_s.saturating_mul(1_000));
        Rule::ColdStart.require(block_height >= until && now_ms >= from_ms, || {
            let left_s = from_ms.saturating_sub(now_ms).div_ceil(1_000);
            format!(
                "this gate has no history of the wallet {wallet}, so it signs from block height {until} on (it is \
                 {block_height}), and not within the next {left_s} s. Wait, or run `tradewind-signer adopt-wallet` if \
                 nothing that another gate signed is under way."
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
        tx.change(
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

fn find(connection: &Connection, wallet: Key, chain_id: u64) -> rusqlite::Result<Option<Start>> {
    connection
        .read_row(
            "SELECT block_height, seen_at_ms, adopted_by IS NOT NULL FROM cold_starts WHERE wallet = ?1 AND chain_id = ?2",
            params![wallet.to_string(), chain_id.cast_signed()],
            |row| {
                Ok(Start {
                    block_height: row.get::<_, i64>(0)?.cast_unsigned(),
                    seen_at_ms: row.get::<_, i64>(1)?.cast_unsigned(),
                    adopted: row.get(2)?,
                })
            },
        )
        .optional()
}

/// The wait began when the wallet was first seen, whatever is known of the height then.
fn lower(
    connection: &Connection,
    wallet: Key,
    chain_id: u64,
    block_height: u64,
    now_ms: u64,
) -> rusqlite::Result<()> {
    connection.change(
        "INSERT INTO cold_starts (wallet, chain_id, block_height, seen_at_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (wallet, chain_id) DO UPDATE SET block_height = ?3",
        params![
            wallet.to_string(),
            chain_id.cast_signed(),
            block_height.cast_signed(),
            now_ms.cast_signed()
        ],
    )?;
    Ok(())
}

fn has_history(connection: &Connection, wallet: Key, chain_id: u64) -> rusqlite::Result<bool> {
    connection
        .read_row(
            "SELECT 1 FROM solana_attempts WHERE wallet = ?1 AND chain_id = ?2 LIMIT 1",
            params![wallet.to_string(), chain_id.cast_signed()],
            |_| Ok(()),
        )
        .optional()
        .map(|found| found.is_some())
}
