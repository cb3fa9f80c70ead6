//! What is said to the sign-gate and what it answers, in its words.

use serde_json::{Value, json};

use super::GateFault;
use crate::chain_reader::Heights;

/// A step of which nothing is signed yet, and its receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedStep {
    /// The plan that will be carried out as this step.
    pub plan_id: String,
    /// The seed of its receipt.
    pub seed: String,
}

/// What is asked to be signed.
#[derive(Debug, Clone)]
pub struct SigningOrder<'a> {
    /// The step's owner; the step is 0 and the attempt 1.
    pub plan_id: &'a str,
    /// The signer's name for the strategy.
    pub strategy_id: Option<&'a str>,
    /// Who signs.
    pub wallet: &'a str,
    /// The transaction, with zeros for the signature.
    pub unsigned: &'a [u8],
    /// What its lookup tables hold, by table and place.
    pub lookup_tables: &'a Value,
    /// Of its blockhash.
    pub last_valid_block_height: u64,
    /// Paid.
    pub mint_in: &'a str,
    /// Got; the same in a circle.
    pub mint_out: &'a str,
    /// Paid, in raw units.
    pub amount_in_raw: u64,
    /// Expected, in raw units.
    pub amount_out_raw: u64,
    /// What the caller saw of the chain, and where.
    pub heights: &'a Heights,
}

/// A signature as the gate gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// In base 58.
    pub signature: String,
    /// As it travels.
    pub wire: Vec<u8>,
    /// The height after which it can never land.
    pub last_valid_block_height: u64,
}

/// An attempt that is on record and whose bytes stay in the signer until it is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The attempt of the step.
    pub attempt: u32,
    /// When the hold ends, by the signer's clock, in milliseconds since 1970.
    pub held_until_ms: u64,
    /// The height after which it can never land.
    pub last_valid_block_height: u64,
}

/// What the gate has on record of a step that nobody waits for any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnRecord {
    /// Its attempt is signed: it may land.
    Signed(Signed),
    /// Nothing of it is signed, and nothing ever will be.
    Closed {
        /// Whether an attempt of it was held.
        was_held: bool,
    },
    /// Recorded and not signed, or lost with the machine's power: whether it will be is not decided.
    Undecided,
}

pub(super) fn attempt_request(op: &str, order: &SigningOrder<'_>, attempt: u32) -> Value {
    json!({
        "op": op,
        "intent_id": order.plan_id,
        "step": 0,
        "attempt": attempt,
        "strategy_id": order.strategy_id,
        "wallet": order.wallet,
        "chain_id": 101,
        "unsigned_tx": hex(order.unsigned),
        "lookup_tables": order.lookup_tables,
        "last_valid_block_height": order.last_valid_block_height,
        "quoted": {
            "mint_in": order.mint_in,
            "mint_out": order.mint_out,
            "amount_in_raw": order.amount_in_raw.to_string(),
            "amount_out_raw": order.amount_out_raw.to_string(),
        },
        "evidence": {
            "block_height": order.heights.confirmed,
            "finalized_block_height": order.heights.finalized,
            "signatures": [],
            "endpoints": order.heights.endpoints,
        },
    })
}

pub(super) fn signed(told: &Value) -> Result<Signed, GateFault> {
    let wire = text(told, "raw_tx")?;
    let wire = unhex(&wire).ok_or_else(|| GateFault::Failed("raw_tx is no hex".to_owned()))?;
    Ok(Signed {
        signature: text(told, "signature")?,
        wire,
        last_valid_block_height: told["last_valid_block_height"].as_u64().unwrap_or_default(),
    })
}

pub(super) fn text(told: &Value, name: &str) -> Result<String, GateFault> {
    let text = told[name].as_str().map(str::to_owned);
    text.ok_or_else(|| GateFault::Failed(format!("its answer has no {name}")))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
    }
    text
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|it| u8::try_from(it).ok())
    };
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_as_it_is_written() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        assert_eq!(unhex("0x123"), None);
        assert_eq!(hex(&[0, 0xab]), "0x00ab");
    }
}
