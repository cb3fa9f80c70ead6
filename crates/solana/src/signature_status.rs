//! What a node tells of one signature: `getSignatureStatuses`, read.

use serde::Deserialize;
use serde_json::Value;

use crate::transaction_fault::TransactionFault;

/// How sure the chain is of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// In a block that one node has.
    Processed,
    /// Voted for by two thirds of the stake.
    Confirmed,
    /// Rooted.
    Finalized,
}

impl Level {
    /// As the RPC names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Confirmed => "confirmed",
            Self::Finalized => "finalized",
        }
    }

    /// From the RPC's name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Processed, Self::Confirmed, Self::Finalized]
            .into_iter()
            .find(|level| level.name() == name)
    }
}

/// What most endpoints tell alike, and how many do; of equally many the surer one.
pub(crate) fn most_told<'a>(statuses: &[&'a Status]) -> Option<(&'a Status, usize)> {
    let alike = |one: &Status| {
        statuses
            .iter()
            .filter(|other| other.slot == one.slot && other.fault == one.fault)
            .count()
    };
    let best = statuses
        .iter()
        .max_by_key(|status| (alike(status), status.level))?;
    Some((best, alike(best)))
}

/// That a signature is in a block.
pub(crate) struct Status {
    pub(crate) slot: u64,
    pub(crate) level: Level,
    pub(crate) fault: Option<TransactionFault>,
}

#[derive(Deserialize)]
struct StatusAnswer {
    value: [Option<StatusRow>; 1],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusRow {
    slot: u64,
    #[serde(default)]
    err: Value,
    #[serde(default)]
    confirmation_status: Option<String>,
}

/// It is no answer of `getSignatureStatuses` to one signature.
pub(crate) struct Unreadable;

/// None: it does not know the signature.
pub(crate) fn read_status(result: &str) -> Result<Option<Status>, Unreadable> {
    let StatusAnswer { value: [row] } = serde_json::from_str(result).map_err(|_| Unreadable)?;
    let Some(row) = row else { return Ok(None) };
    // A status without a level is the least sure one.
    let level = row
        .confirmation_status
        .as_deref()
        .map_or(Some(Level::Processed), Level::parse)
        .ok_or(Unreadable)?;
    let fault = TransactionFault::read(&row.err, None);
    Ok(Some(Status {
        slot: row.slot,
        level,
        fault,
    }))
}
