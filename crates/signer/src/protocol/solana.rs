//! The requests for Solana.

use super::{MAX_ENDPOINTS, endpoints, step_id, strategy};
use crate::fault::Invalid;
use crate::fields::{self, Fields, malformed};
use crate::gate::{
    EarlierSignature, Outcome, SolanaEvidence, SolanaFinalized, SolanaSettlement, Status, StepId,
};
use crate::policy::{NATIVE, SolanaQuoted, Tables};
use alloy_primitives::U256;
use std::collections::BTreeMap;
use tradewind_core::decode::solana::Key;

/// A transaction that might be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSolanaRequest {
    /// For which strategy, if any.
    pub strategy_id: Option<String>,
    /// Who would sign.
    pub wallet: Key,
    /// Where.
    pub chain_id: u64,
    /// What would be signed, with zeros for the signature.
    pub unsigned_tx: Vec<u8>,
    /// What lookup tables hold, by the caller's word.
    pub lookup_tables: Tables,
    /// What the caller was quoted.
    pub quoted: SolanaQuoted,
}

/// A signature that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignSolanaRequest {
    /// For which step.
    pub id: StepId,
    /// 1, 2, 3 …
    pub attempt: u32,
    /// For which strategy, if any.
    pub strategy_id: Option<String>,
    /// Who signs.
    pub wallet: Key,
    /// Where.
    pub chain_id: u64,
    /// What is signed, as sent, with zeros for the signature.
    pub unsigned_tx: Vec<u8>,
    /// What lookup tables hold, by the caller's word.
    pub lookup_tables: Tables,
    /// The last block height in which its blockhash is valid.
    pub last_valid_block_height: u64,
    /// What the caller was quoted.
    pub quoted: SolanaQuoted,
    /// What the caller saw of the chain.
    pub evidence: SolanaEvidence,
}

/// An attempt that is to be recorded, and whose bytes are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignRequest {
    /// What will be signed.
    pub order: SignSolanaRequest,
    /// For how long.
    pub hold_ms: u64,
}

/// A held attempt whose bytes are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// Of which step.
    pub id: StepId,
    /// Which one.
    pub attempt: u32,
    /// At `confirmed`, as the caller saw it.
    pub block_height: u64,
}

pub(super) fn presign(fields: &mut Fields) -> Result<PresignRequest, Invalid> {
    let hold_ms = fields.integer("hold_ms")?;
    if hold_ms == 0 {
        return Err(malformed("hold_ms", "must be greater than zero"));
    }
    Ok(PresignRequest {
        order: sign(fields)?,
        hold_ms,
    })
}

pub(super) fn release(fields: &mut Fields) -> Result<ReleaseRequest, Invalid> {
    Ok(ReleaseRequest {
        id: step_id(fields)?,
        attempt: fields.integer("attempt")?,
        block_height: fields.integer("block_height")?,
    })
}

pub(super) fn check(fields: &mut Fields) -> Result<CheckSolanaRequest, Invalid> {
    Ok(CheckSolanaRequest {
        strategy_id: strategy(fields)?,
        wallet: fields.solana("wallet")?,
        chain_id: fields.integer("chain_id")?,
        unsigned_tx: fields.bytes("unsigned_tx")?,
        lookup_tables: tables(fields)?,
        quoted: quoted(fields.object("quoted")?)?,
    })
}

pub(super) fn sign(fields: &mut Fields) -> Result<SignSolanaRequest, Invalid> {
    Ok(SignSolanaRequest {
        id: step_id(fields)?,
        attempt: fields.integer("attempt")?,
        strategy_id: strategy(fields)?,
        wallet: fields.solana("wallet")?,
        chain_id: fields.integer("chain_id")?,
        unsigned_tx: fields.bytes("unsigned_tx")?,
        lookup_tables: tables(fields)?,
        last_valid_block_height: fields.integer("last_valid_block_height")?,
        quoted: quoted(fields.object("quoted")?)?,
        evidence: evidence(fields.object("evidence")?)?,
    })
}

/// It trades nothing, for nobody, without tables: none of that is asked for.
pub(super) fn sign_upkeep(fields: &mut Fields) -> Result<SignSolanaRequest, Invalid> {
    Ok(SignSolanaRequest {
        id: StepId {
            intent_id: fields.text("intent_id")?,
            step: 0,
        },
        attempt: fields.integer("attempt")?,
        strategy_id: None,
        wallet: fields.solana("wallet")?,
        chain_id: fields.integer("chain_id")?,
        unsigned_tx: fields.bytes("unsigned_tx")?,
        lookup_tables: Tables::new(),
        last_valid_block_height: fields.integer("last_valid_block_height")?,
        quoted: SolanaQuoted {
            mint_in: NATIVE,
            mint_out: NATIVE,
            amount_in_raw: 0,
            amount_out_raw: 0,
        },
        evidence: evidence(fields.object("evidence")?)?,
    })
}

pub(super) fn settlement(fields: &mut Fields) -> Result<SolanaSettlement, Invalid> {
    let outcome = fields.text("outcome")?;
    let outcome = Outcome::from_name(&outcome).filter(|outcome| *outcome != Outcome::Cancelled);
    let outcome = outcome.ok_or_else(|| {
        malformed(
            "outcome",
            "must be \"succeeded\", \"reverted\" or \"expired\"",
        )
    })?;
    let finalized = fields
        .take_optional("finalized")
        .map(|value| finalized(Fields::of("finalized", value)?))
        .transpose()?;
    Ok(SolanaSettlement {
        outcome,
        landed: landed(fields, outcome)?,
        spent_raw: spent(fields.object("spent")?)?,
        signatures: signatures(fields)?,
        endpoints: endpoints(fields)?,
        finalized,
    })
}

fn landed(fields: &mut Fields, outcome: Outcome) -> Result<Option<(String, u64)>, Invalid> {
    if outcome != Outcome::Expired {
        return Ok(Some((fields.text("signature")?, fields.integer("slot")?)));
    }
    for name in ["signature", "slot"] {
        if fields.take_optional(name).is_some() {
            return Err(malformed(name, "must be null for a step that expired"));
        }
    }
    Ok(None)
}

fn spent(mut fields: Fields) -> Result<BTreeMap<Key, U256>, Invalid> {
    let mut spent = BTreeMap::new();
    for name in fields.keys() {
        let mint = fields::key(&fields.path(&name), &name.as_str().into())?;
        spent.insert(mint, fields.decimal(&name)?);
    }
    Ok(spent)
}

fn tables(fields: &mut Fields) -> Result<Tables, Invalid> {
    let mut tables = Tables::new();
    let mut given = fields.object("lookup_tables")?;
    for table in given.keys() {
        let path = given.path(&table);
        let address = fields::key(&path, &table.as_str().into())?;
        let mut entries = given.object(&table)?;
        let mut keys = BTreeMap::new();
        for place in entries.keys() {
            let path = entries.path(&place);
            let index: u8 = fields::parse_decimal(&place)
                .and_then(|index| u8::try_from(index).ok())
                .ok_or_else(|| malformed(&path, "must be a place in the table, 0 to 255"))?;
            keys.insert(index, entries.solana(&place)?);
        }
        tables.insert(address, keys);
    }
    Ok(tables)
}

fn raw(fields: &mut Fields, name: &str) -> Result<u64, Invalid> {
    let path = fields.path(name);
    let amount = fields.decimal(name)?;
    u64::try_from(amount).map_err(|_| malformed(&path, "must be below 2^64"))
}

fn quoted(mut fields: Fields) -> Result<SolanaQuoted, Invalid> {
    let quoted = SolanaQuoted {
        mint_in: fields.solana("mint_in")?,
        mint_out: fields.solana("mint_out")?,
        amount_in_raw: raw(&mut fields, "amount_in_raw")?,
        amount_out_raw: raw(&mut fields, "amount_out_raw")?,
    };
    fields.finish()?;
    Ok(quoted)
}

fn evidence(mut fields: Fields) -> Result<SolanaEvidence, Invalid> {
    let evidence = SolanaEvidence {
        block_height: fields.integer("block_height")?,
        finalized_block_height: fields.integer("finalized_block_height")?,
        signatures: signatures(&mut fields)?,
        endpoints: endpoints(&mut fields)?,
    };
    fields.finish()?;
    Ok(evidence)
}

fn signatures(fields: &mut Fields) -> Result<Vec<EarlierSignature>, Invalid> {
    let list = fields.list("signatures")?;
    if list.len() > MAX_ENDPOINTS * MAX_ENDPOINTS {
        return Err(malformed(&fields.path("signatures"), "are too many"));
    }
    let read = |(path, value): (String, serde_json::Value)| {
        let mut entry = Fields::of(&path, value)?;
        let status_path = entry.path("status");
        let (signature, status) = (entry.text("signature")?, entry.text("status")?);
        entry.finish()?;
        let status = Status::from_name(&status)
            .ok_or_else(|| malformed(&status_path, "must be \"absent\" or \"failed\""))?;
        Ok(EarlierSignature { signature, status })
    };
    list.into_iter().map(read).collect()
}

fn finalized(mut fields: Fields) -> Result<SolanaFinalized, Invalid> {
    let finalized = SolanaFinalized {
        slot: fields.integer("slot")?,
        block_height: fields.integer("block_height")?,
    };
    fields.finish()?;
    Ok(finalized)
}
