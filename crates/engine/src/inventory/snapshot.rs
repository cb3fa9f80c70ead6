//! Pools from a file in their JSON form: addresses and prices to begin with, before the chain is asked.

use std::path::Path;

use thiserror::Error;
use tradewind_core::pools::{Pool, PoolJsonError, PoolMath as _, read_pools};

/// A file that holds no pools.
#[derive(Debug, Error)]
pub enum SnapshotFault {
    /// It cannot be read.
    #[error("inventory.snapshot: cannot be read: {0}; give a file of pools")]
    Unreadable(#[from] std::io::Error),
    /// It is not the JSON form of pools.
    #[error("inventory.snapshot: {0}; write it as docs/pool-formats.md says")]
    Malformed(#[from] PoolJsonError),
}

/// Reads a file. Gives the pools of Solana that can be priced, and why each other one cannot.
///
/// # Errors
/// When it is no file of pools.
pub fn read_snapshot(path: &Path) -> Result<(Vec<Pool>, Vec<String>), SnapshotFault> {
    let states = read_pools(&std::fs::read_to_string(path)?)?;
    let (mut pools, mut left_out) = (Vec::with_capacity(states.len()), Vec::new());
    for state in &states {
        match Pool::new(state) {
            Ok(pool) if pool.address().solana().is_some() => pools.push(pool),
            Ok(pool) => left_out.push(format!("{} is not on Solana", pool.address())),
            Err(error) => left_out.push(error.to_string()),
        }
    }
    Ok((pools, left_out))
}
