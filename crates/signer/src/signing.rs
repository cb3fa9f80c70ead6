//! From what is asked to what is signed: the unsigned transaction, the permit's digest, and their signatures.

use crate::fault::{Fault, Internal, Refusal, Rule};
use crate::keys::KeyRing;
use crate::policy::{PermitDomain, PermitFacts};
use alloy_primitives::{Address, B256};
use tradewind_core::decode::solana::{Key, decode_transaction};
use tradewind_core::evm::{
    DecodedTransaction, Eip712Domain, Eip1559Transaction, Permit, PermitMessage,
};

/// The transaction of a request: type 2, unsigned, without an access list, for the chain that was named.
///
/// # Errors
/// `transaction_type` and the rules of the types that are never signed, `chain_not_allowed`, `nonce_gap`.
pub fn read_unsigned(unsigned_tx: &[u8], named_chain: u64) -> Result<Eip1559Transaction, Refusal> {
    let decoded = DecodedTransaction::decode(unsigned_tx)
        .map_err(|error| rule_of_type(unsigned_tx).refuse(error.to_string()))?;
    Rule::TransactionType.require(decoded.signature.is_none(), || {
        "the transaction is signed already".to_owned()
    })?;
    Rule::TransactionType.require(decoded.access_list.is_empty(), || {
        "the transaction has an access list; none is needed here".to_owned()
    })?;
    let chain_id = decoded.transaction.chain_id;
    Rule::ChainNotAllowed.require(chain_id == named_chain, || {
        format!("the transaction is for chain {chain_id}, the request for {named_chain}")
    })?;
    Rule::NonceGap.require(i64::try_from(decoded.transaction.nonce).is_ok(), || {
        "the nonce is larger than any account's. Build the transaction again with the nonce that next_nonce names."
            .to_owned()
    })?;
    Ok(decoded.transaction)
}

// By the first byte, as EIP-2718 tells types apart.
fn rule_of_type(unsigned_tx: &[u8]) -> Rule {
    match unsigned_tx.first() {
        Some(0x03) => Rule::BlobTransaction,
        Some(0x04) => Rule::SetCode,
        Some(0xc0..) => Rule::LegacyTransaction,
        _ => Rule::TransactionType,
    }
}

/// The transaction that the gate recorded.
///
/// # Errors
/// `transaction_type`: the gate file was changed by another program.
pub fn read_recorded(unsigned_tx: &[u8]) -> Result<Eip1559Transaction, Refusal> {
    DecodedTransaction::decode(unsigned_tx)
        .map(|decoded| decoded.transaction)
        .map_err(|error| Rule::TransactionType.refuse(error.to_string()))
}

/// The signed bytes of an unsigned transaction.
///
/// # Errors
/// `transaction_type`, `wallet_unknown`.
pub fn sign_transaction(
    keys: &KeyRing,
    wallet: Address,
    unsigned_tx: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let transaction = read_recorded(unsigned_tx)?;
    let signature = keys.sign(wallet, transaction.signing_hash())?;
    Ok(transaction.encode_signed(&signature))
}

/// The signature of a Solana transaction with zeros in its place, and the transaction with it.
///
/// # Errors
/// `transaction_type`: the gate file was changed by another program; `wallet_unknown`.
pub fn sign_solana(
    keys: &KeyRing,
    wallet: Key,
    unsigned_tx: &[u8],
) -> Result<([u8; 64], Vec<u8>), Refusal> {
    let transaction = decode_transaction(unsigned_tx)
        .map_err(|error| Rule::TransactionType.refuse(error.to_string()))?;
    Rule::TransactionType.require(transaction.required_signatures() == 1, || {
        "the transaction needs other signatures than the wallet's".to_owned()
    })?;
    let signature = keys.sign_solana(wallet, transaction.message())?;
    // One byte counts the signatures.
    let raw_tx = [&[1], signature.as_slice(), transaction.message()].concat();
    Ok((signature, raw_tx))
}

/// What the owner signs for a permit.
#[must_use]
pub fn permit_digest(facts: &PermitFacts, domain: &PermitDomain) -> B256 {
    let message = PermitMessage {
        owner: facts.wallet,
        spender: facts.spender,
        value_raw: facts.value_raw,
        nonce: facts.permit_nonce,
        deadline_s: facts.deadline_s,
    };
    message.digest(&Eip712Domain {
        name: &domain.name,
        version: &domain.version,
        chain_id: facts.chain_id,
        verifying_contract: facts.token,
    })
}

/// The signed permit for `digest`.
///
/// # Errors
/// `wallet_unknown`.
pub fn sign_permit(keys: &KeyRing, facts: &PermitFacts, digest: B256) -> Result<Permit, Fault> {
    let signature = keys.sign(facts.wallet, digest)?;
    let v = 27 + u8::from(signature.y_parity);
    let (r, s) = (signature.r.into(), signature.s.into());
    Permit::new(facts.value_raw, facts.deadline_s, v, r, s).map_err(|error| {
        let message = error.to_string();
        Internal {
            code: "signature_malformed",
            message,
        }
        .into()
    })
}
