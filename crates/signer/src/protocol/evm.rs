//! The requests of EVM chains: permits, transactions to check or to sign, and how steps ended.

use super::{endpoints, step_id, strategy};
use crate::fault::Invalid;
use crate::fields::{Fields, malformed};
use crate::gate::{Evidence, Finalized, Outcome, Settlement, StepId};
use crate::policy::{PermitFacts, Quoted};
use alloy_primitives::Address;

/// A permit that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitRequest {
    /// For which step.
    pub id: StepId,
    /// For which strategy, if any.
    pub strategy_id: Option<String>,
    /// What it says.
    pub facts: PermitFacts,
}

/// A transaction that might be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRequest {
    /// For which strategy, if any.
    pub strategy_id: Option<String>,
    /// Who would sign.
    pub wallet: Address,
    /// Where.
    pub chain_id: u64,
    /// What would be signed.
    pub unsigned_tx: Vec<u8>,
    /// What the caller was quoted.
    pub quoted: Quoted,
}

/// A signature that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignRequest {
    /// For which step.
    pub id: StepId,
    /// 1, 2, 3 …
    pub attempt: u32,
    /// For which strategy, if any.
    pub strategy_id: Option<String>,
    /// Who signs.
    pub wallet: Address,
    /// Where; must be the transaction's own chain.
    pub chain_id: u64,
    /// What is signed, as sent.
    pub unsigned_tx: Vec<u8>,
    /// What the caller was quoted.
    pub quoted: Quoted,
    /// What the caller saw of the chain.
    pub evidence: Evidence,
}

pub(super) fn check(fields: &mut Fields) -> Result<CheckRequest, Invalid> {
    Ok(CheckRequest {
        strategy_id: strategy(fields)?,
        wallet: fields.address("wallet")?,
        chain_id: fields.integer("chain_id")?,
        unsigned_tx: fields.bytes("unsigned_tx")?,
        quoted: quoted(fields.object("quoted")?)?,
    })
}

pub(super) fn permit(fields: &mut Fields) -> Result<PermitRequest, Invalid> {
    let request = PermitRequest {
        id: step_id(fields)?,
        strategy_id: strategy(fields)?,
        facts: PermitFacts {
            wallet: fields.address("wallet")?,
            chain_id: fields.integer("chain_id")?,
            token: fields.address("token")?,
            spender: fields.address("spender")?,
            value_raw: fields.decimal("value_raw")?,
            permit_nonce: fields.decimal("permit_nonce")?,
            deadline_s: fields.integer("deadline_s")?,
        },
    };
    if request.facts.value_raw.is_zero() {
        return Err(malformed("value_raw", "must be greater than zero"));
    }
    Ok(request)
}

pub(super) fn sign(fields: &mut Fields) -> Result<SignRequest, Invalid> {
    let id = step_id(fields)?;
    let attempt = fields.integer("attempt")?;
    let strategy_id = strategy(fields)?;
    let wallet = fields.address("wallet")?;
    let chain_id = fields.integer("chain_id")?;
    let unsigned_tx = fields.bytes("unsigned_tx")?;
    let quoted = quoted(fields.object("quoted")?)?;
    let evidence = evidence(fields.object("evidence")?)?;
    Ok(SignRequest {
        id,
        attempt,
        strategy_id,
        wallet,
        chain_id,
        unsigned_tx,
        quoted,
        evidence,
    })
}

fn quoted(mut fields: Fields) -> Result<Quoted, Invalid> {
    let quoted = Quoted {
        amount_in_raw: fields.decimal("amount_in_raw")?,
        amount_out_raw: fields.decimal("amount_out_raw")?,
    };
    fields.finish()?;
    Ok(quoted)
}

fn evidence(mut fields: Fields) -> Result<Evidence, Invalid> {
    let evidence = Evidence {
        latest_nonce: fields.integer("latest_nonce")?,
        block_number: fields.integer("block_number")?,
        block_hash: fields.hash("block_hash")?,
        base_fee_wei: fields.decimal("base_fee_wei")?,
        endpoints: endpoints(&mut fields)?,
    };
    fields.finish()?;
    Ok(evidence)
}

pub(super) fn settlement(fields: &mut Fields) -> Result<Settlement, Invalid> {
    let outcome = fields.text("outcome")?;
    let outcome = Outcome::from_name(&outcome).filter(|outcome| *outcome != Outcome::Expired);
    let outcome = outcome.ok_or_else(|| {
        malformed(
            "outcome",
            "must be \"succeeded\", \"reverted\" or \"cancelled\"",
        )
    })?;
    let path = fields.path("finalized");
    let finalized = fields
        .take_optional("finalized")
        .map(|value| finalized(Fields::of(&path, value)?))
        .transpose()?;
    Ok(Settlement {
        outcome,
        tx_hash: fields.hash("tx_hash")?,
        block_number: fields.integer("block_number")?,
        block_hash: fields.hash("block_hash")?,
        spent_raw: fields.decimal("spent_raw")?,
        endpoints: endpoints(fields)?,
        finalized,
    })
}

fn finalized(mut fields: Fields) -> Result<Finalized, Invalid> {
    let finalized = Finalized {
        number: fields.integer("number")?,
        hash: fields.hash("hash")?,
    };
    fields.finish()?;
    Ok(finalized)
}
