//! The steps of a wallet by nonce: what recovery compares with the chain.

use super::steps::{self, Step, StepId};
use super::{Attempt, Gate};
use crate::fault::Fault;
use alloy_primitives::Address;
use rusqlite::params;

/// A step that owns a nonce, with its attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedStep {
    /// Which step.
    pub id: StepId,
    /// Its nonce.
    pub nonce: u64,
    /// What is known of it.
    pub step: Step,
    /// All its attempts, signed or not.
    pub attempts: Vec<Attempt>,
}

impl Gate {
    /// Up to `most` steps of the wallet, from a nonce upwards.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn signed(
        &self,
        wallet: Address,
        chain_id: u64,
        from_nonce: u64,
        most: usize,
    ) -> Result<Vec<SignedStep>, Fault> {
        let Ok(from_nonce) = i64::try_from(from_nonce) else {
            return Ok(Vec::new());
        };
        let mut rows = self.connection.prepare_cached(
            "SELECT intent_id, step, nonce FROM steps WHERE wallet = ?1 AND chain_id = ?2 AND nonce >= ?3
             ORDER BY nonce LIMIT ?4",
        )?;
        let bounds = params![
            wallet.to_checksum(None),
            chain_id.cast_signed(),
            from_nonce,
            i64::try_from(most).unwrap_or(i64::MAX)
        ];
        let found = rows.query_map(bounds, |row| {
            let (intent_id, step) = (row.get(0)?, row.get(1)?);
            Ok((StepId { intent_id, step }, row.get::<_, i64>(2)?))
        })?;
        let mut signed = Vec::new();
        for row in found {
            let (id, nonce) = row?;
            if let Some(step) = steps::find(&self.connection, &id)? {
                let (nonce, attempts) = (nonce.cast_unsigned(), self.attempts(&id)?);
                signed.push(SignedStep {
                    id,
                    nonce,
                    step,
                    attempts,
                });
            }
        }
        Ok(signed)
    }
}
