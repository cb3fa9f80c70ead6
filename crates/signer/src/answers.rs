//! What is told of attempts, permits, halts, budgets and limits, as JSON.

use crate::gate::{
    Attempt, Budget, Halt, Hold, HoldState, Outcome, PermitRecord, Reclaimable, SetLimit,
    SignedAttempt, SignedSolana, SignedStep, SolanaAttempt, Standing, TopUps,
};
use crate::policy::{Kind, Policy, RECEIPT_LAMPORTS, Receipt};
use alloy_primitives::U256;
use alloy_primitives::hex;
use serde_json::{Value, json};
use tradewind_core::decode::solana::Key;
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
        "noop": attempt.is_noop(),
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

/// The numbers of the attempts that are recorded and not signed.
#[must_use]
pub fn pending(attempts: &[Attempt]) -> Vec<u32> {
    let unsigned = attempts.iter().filter(|attempt| attempt.signed.is_none());
    unsigned.map(|attempt| attempt.attempt).collect()
}

/// A step that owns a nonce.
#[must_use]
pub fn signed_step(signed: &SignedStep) -> Value {
    let attempts: Vec<_> = signed.attempts.iter().filter_map(attempt).collect();
    json!({
        "intent_id": signed.id.intent_id,
        "step": signed.id.step,
        "nonce": signed.nonce,
        "kind": signed.step.kind.name(),
        "outcome": signed.step.outcome.map(Outcome::name),
        "final": signed.step.is_final,
        "attempts": attempts,
        "pending": pending(&signed.attempts),
    })
}

/// A step's receipt.
#[must_use]
pub fn receipt(receipt: &Receipt, lamports: u64) -> Value {
    json!({
        "seed": receipt.seed,
        "address": receipt.address.to_string(),
        "lamports": lamports,
    })
}

/// The receipts that may be taken back.
#[must_use]
pub fn reclaimable(found: &Reclaimable) -> Value {
    let receipts = found.receipts.iter();
    let receipts: Vec<_> = receipts.map(|one| receipt(one, RECEIPT_LAMPORTS)).collect();
    json!({ "open": found.open, "receipts": receipts, "more_after": found.more_after })
}

/// There is nobody who tops wallets up.
#[must_use]
pub fn no_treasury() -> Value {
    json!({ "treasury": null, "left_lamports": "0", "wallets": [] })
}

/// Whom the treasury may top up, and with how much.
#[must_use]
pub fn top_ups(treasury: Key, found: &TopUps) -> Value {
    let wallets = found.open.iter();
    let wallets: Vec<_> = wallets
        .map(|(wallet, open)| json!({ "wallet": wallet.to_string(), "open": open }))
        .collect();
    json!({
        "treasury": treasury.to_string(),
        "left_lamports": found.left_lamports.to_string(),
        "wallets": wallets,
    })
}

/// The answer to a request for a signature on Solana.
#[must_use]
pub fn solana_signature(signed: &SignedSolana, last_valid_block_height: u64) -> Value {
    json!({
        "signature": signed.signature,
        "raw_tx": hex::encode_prefixed(&signed.raw_tx),
        "last_valid_block_height": last_valid_block_height,
    })
}

/// An attempt that is, or was, held. Neither its bytes nor its signature, which is the same with the transaction.
#[must_use]
pub fn hold(attempt: &SolanaAttempt, hold: &Hold, state: HoldState) -> Value {
    json!({
        "attempt": attempt.attempt,
        "state": state.name(),
        "held_until_ms": hold.held_until_ms,
        "last_valid_block_height": attempt.last_valid_block_height,
    })
}

/// A signed attempt on Solana; nothing while it is not signed.
#[must_use]
pub fn solana_attempt(attempt: &SolanaAttempt) -> Option<Value> {
    let signed = attempt.signed.as_ref()?;
    Some(json!({
        "attempt": attempt.attempt,
        "signature": signed.signature,
        "raw_tx": hex::encode_prefixed(&signed.raw_tx),
        "unsigned_tx": hex::encode_prefixed(&attempt.unsigned_tx),
        "blockhash": attempt.blockhash,
        "last_valid_block_height": attempt.last_valid_block_height,
        "signed_at_ms": signed.signed_at_ms,
    }))
}

/// A halt in force.
#[must_use]
pub fn halt(halt: &Halt) -> Value {
    json!({
        "kill_epoch": halt.kill_epoch,
        "wallet": halt.scope.wallet(),
        "strategy_id": halt.scope.strategy_id(),
        "reason": halt.reason,
        "by": halt.by,
        "at_ms": halt.at_ms,
    })
}

/// A limit of amounts, and what is used of it.
#[must_use]
pub fn budget(budget: &Budget, policy: &Policy) -> Value {
    let limit = &budget.limit;
    json!({
        "scope": { "wallet": limit.scope.wallet(), "strategy_id": limit.scope.strategy_id() },
        "chain_id": limit.chain_id,
        "token": limit.token.to_string(),
        "symbol": policy.symbol(limit.chain_id, limit.token),
        "window": limit.window.name(),
        "limit_raw": budget.cap_raw.to_string(),
        "used_raw": budget.used_raw.to_string(),
    })
}

/// A limit as it stands.
#[must_use]
pub fn limit(standing: &Standing) -> Value {
    let SetLimit {
        key,
        value,
        effective_at_ms,
        by,
        ..
    } = &standing.in_force;
    let pending: Vec<_> = standing
        .pending
        .iter()
        .map(|waits| {
            json!({
                "value": limit_value(key, waits.value),
                "effective_at_ms": waits.effective_at_ms,
                "by": waits.by,
            })
        })
        .collect();
    json!({
        "key": key,
        "value": limit_value(key, *value),
        "ceiling": limit_value(key, standing.ceiling),
        "by": by,
        "since_ms": effective_at_ms,
        "pending": pending,
    })
}

// A cap that signer.toml does not have any more is no number.
fn limit_value(key: &str, value: U256) -> Option<String> {
    let none = Kind::of(key) == Kind::Cap && value == U256::MAX;
    (!none).then(|| value.to_string())
}
