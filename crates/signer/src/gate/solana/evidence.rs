//! What the caller saw of Solana, and whether it proves that an earlier attempt is dead.

use super::attempts::SolanaAttempt;
use crate::fault::{Refusal, Rule};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Blocks beyond the last valid one before an attempt counts as dead without a lock on the chain.
pub(super) const MARGIN_BLOCKS: u64 = 60;

/// Blocks that a blockhash lives.
const LIFE_BLOCKS: u64 = 150;

/// Blocks that one endpoint may be ahead of another.
const SPREAD_BLOCKS: u64 = 32;

/// What became of an earlier attempt, seen at `finalized`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// No block has it.
    Absent,
    /// It landed and had no effect.
    Failed,
}

/// An earlier attempt and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierSignature {
    /// Its signature, base58.
    pub signature: String,
    /// What became of it.
    pub status: Status,
}

/// What the caller saw of the chain, and from where. Recorded with what was signed on its strength.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolanaEvidence {
    /// At `confirmed`.
    pub block_height: u64,
    /// At `finalized`.
    pub finalized_block_height: u64,
    /// Earlier attempts of the step.
    pub signatures: Vec<EarlierSignature>,
    /// Who said so.
    pub endpoints: Vec<String>,
}

impl Status {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Failed => "failed",
        }
    }

    /// The status of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Absent, Self::Failed]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

impl SolanaEvidence {
    /// The last block height in which a transaction with this blockhash can land. One endpoint tells the blockhash's
    /// end, and one too low would let a dead attempt rise: no blockhash of now outlives the latest end there is.
    #[must_use]
    pub fn latest_end(&self, told: u64) -> u64 {
        told.max(self.block_height.saturating_add(LIFE_BLOCKS))
    }

    /// The blockhash is one of now.
    pub(super) fn require_life(&self, told: u64) -> Result<(), Refusal> {
        let now = self.block_height;
        let most = now.saturating_add(LIFE_BLOCKS + SPREAD_BLOCKS);
        Rule::Validity.require((now..=most).contains(&told), || {
            format!(
                "the last valid block height {told} is not within {LIFE_BLOCKS} blocks from {now} on; take a newer \
                 blockhash with its own last valid block height"
            )
        })
    }

    /// As it is recorded, with the machine's run.
    pub(super) fn recorded_in(&self, boot_id: &str) -> Value {
        json!({
            "boot_id": boot_id,
            "block_height": self.block_height,
            "finalized_block_height": self.finalized_block_height,
            "signatures": signatures_json(&self.signatures),
            "endpoints": self.endpoints,
        })
    }

    /// No earlier attempt can land: the receipt stops a copy, so that the blockhash's end at `confirmed` is enough.
    pub(super) fn require_expired(&self, earlier: &[SolanaAttempt]) -> Result<(), Refusal> {
        let last = last_valid(earlier);
        Rule::AttemptAlive.require(self.block_height > last, || {
            format!(
                "an earlier attempt is valid up to block height {last}, and it is {}; send the same bytes again, or wait",
                self.block_height
            )
        })
    }

    /// No earlier attempt can land, with nothing on the chain that would stop it.
    pub(super) fn require_dead(
        &self,
        earlier: &[SolanaAttempt],
        quorum: u64,
    ) -> Result<(), Refusal> {
        require_dead(
            earlier,
            self.finalized_block_height,
            &self.signatures,
            &self.endpoints,
            quorum,
        )
    }
}

pub(super) fn require_dead(
    earlier: &[SolanaAttempt],
    finalized_block_height: u64,
    signatures: &[EarlierSignature],
    endpoints: &[String],
    quorum: u64,
) -> Result<(), Refusal> {
    let until = last_valid(earlier).saturating_add(MARGIN_BLOCKS);
    Rule::AttemptAlive.require(finalized_block_height > until, || {
        format!(
            "without a receipt an earlier attempt counts as dead above the finalized block height {until}; it is \
             {finalized_block_height}"
        )
    })?;
    if let Some(signature) = unnamed(earlier, signatures) {
        return Err(Rule::AttemptAlive.refuse(format!(
            "signatures does not say what became of {signature}; look it up with its history and name its status"
        )));
    }
    let count = distinct(endpoints);
    Rule::AttemptAlive.require(count >= quorum, || {
        format!("{count} different endpoints say so, and {quorum} must; ask more of them")
    })
}

/// The first signature of an attempt of which nothing is said.
pub(super) fn unnamed<'a>(
    attempts: &'a [SolanaAttempt],
    said: &[EarlierSignature],
) -> Option<&'a str> {
    let own = attempts.iter().filter_map(|known| known.signed.as_ref());
    own.map(|signed| signed.signature.as_str())
        .find(|own| said.iter().all(|said| said.signature != *own))
}

pub(super) fn distinct(endpoints: &[String]) -> u64 {
    endpoints.iter().collect::<BTreeSet<_>>().len() as u64
}

pub(super) fn last_valid(attempts: &[SolanaAttempt]) -> u64 {
    let heights = attempts.iter().map(|known| known.last_valid_block_height);
    heights.max().unwrap_or_default()
}

pub(super) fn signatures_json(signatures: &[EarlierSignature]) -> Value {
    let said = signatures
        .iter()
        .map(|said| json!({ "signature": said.signature, "status": said.status.name() }));
    said.collect()
}
