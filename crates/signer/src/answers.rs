//! What is told of attempts and permits, as JSON.

use crate::gate::{Attempt, PermitRecord, SignedAttempt};
use alloy_primitives::hex;
use serde_json::{Value, json};
use tradewind_core::evm::{DecodedTransaction, Permit};

/// The answer to a request for a signature.
#[must_use]
pub fn signature(signed: &SignedAttempt, nonce: u64) -> Value {
    json!({
        "tx_hash": signed.tx_hash.to_string(),
        "raw_tx": hex::encode_prefixed(&signed.raw_tx),
        "nonce": nonce,
    })
}

/// The answer to a permit request.
#[must_use]
pub fn permit(permit: &Permit) -> Value {
    json!({
        "value_raw": permit.value_raw.to_string(),
        "deadline_s": permit.deadline_s,
        "v": permit.v(),
        "r": permit.r.to_string(),
        "s": permit.s.to_string(),
    })
}

/// A signed attempt of a step; nothing while it is not signed.
#[must_use]
pub fn attempt(attempt: &Attempt) -> Option<Value> {
    let signed = attempt.signed.as_ref()?;
    let nonce = DecodedTransaction::decode(&attempt.unsigned_tx)
        .ok()?
        .transaction
        .nonce;
    Some(json!({
        "attempt": attempt.attempt,
        "tx_hash": signed.tx_hash.to_string(),
        "raw_tx": hex::encode_prefixed(&signed.raw_tx),
        "unsigned_tx": hex::encode_prefixed(&attempt.unsigned_tx),
        "nonce": nonce,
        "valid_until_s": attempt.valid_until_s,
        "signed_at_ms": signed.signed_at_ms,
    }))
}

/// The signed permit of a step; nothing while it is not signed.
#[must_use]
pub fn recorded_permit(record: &PermitRecord) -> Option<Value> {
    let permit = record.signed?;
    let facts = &record.facts;
    Some(json!({
        "token": facts.token.to_checksum(None),
        "spender": facts.spender.to_checksum(None),
        "value_raw": facts.value_raw.to_string(),
        "permit_nonce": facts.permit_nonce.to_string(),
        "deadline_s": facts.deadline_s,
        "v": permit.v(),
        "r": permit.r.to_string(),
        "s": permit.s.to_string(),
    }))
}
