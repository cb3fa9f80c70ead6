//! Boots: during which run of the machine an attempt was recorded, and so whether a signature of it could be forgotten.
//!
//! A signature is told once its row is written, without waiting for the disk. A signer that dies leaves what it wrote to
//! the kernel; only a machine that goes down can lose it. So an attempt that has no signature in its row, recorded
//! during the run that still lasts, was never told to anybody.

use super::attempts::SolanaAttempt;
use crate::fault::{Fault, Rule};
use std::path::Path;

/// The kernel draws it when it starts.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Of the run of now; empty where the kernel does not tell, and then like no other.
pub(in crate::gate) fn current_id() -> String {
    std::fs::read_to_string(Path::new(BOOT_ID))
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

/// No attempt without a signature can have left nevertheless.
pub(super) fn require_none_left(attempts: &[SolanaAttempt], boot_id: &str) -> Result<(), Fault> {
    let doubtful = attempts
        .iter()
        .find(|known| known.signed.is_none() && !recorded_in(known, boot_id));
    Rule::AttemptOrder.require(doubtful.is_none(), || {
        let number = doubtful.map(|known| known.attempt).unwrap_or_default();
        format!(
            "attempt {number} was recorded before the machine started anew, and may have been signed and sent unknown to \
             this gate. Put the policy back that passes it and ask `step`, which signs it (one that was held not \
             before its blockhash has ended); then look for its signature."
        )
    })?;
    Ok(())
}

/// Whether an attempt that has no signature was never told to anybody.
pub(super) fn recorded_in(attempt: &SolanaAttempt, boot_id: &str) -> bool {
    !boot_id.is_empty() && attempt.boot_id == boot_id
}
