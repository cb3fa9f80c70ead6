//! Entries as a Shredstream proxy hands them on: bincode of a vector of Agave's `Entry`.
//!
//! Source: `solana-entry` (`num_hashes: u64, hash: [u8; 32], transactions: Vec<VersionedTransaction>`); counts and numbers
//! are 8 bytes, the lowest first, and a transaction stands in its wire form. No count is believed: what is allocated is
//! bounded by the bytes that there are.

use thiserror::Error;
use tradewind_core::decode::DecodeError;
use tradewind_core::decode::solana::{Transaction, decode_first_transaction};

/// Bytes of an entry without transactions.
const LEAST_ENTRY_BYTES: usize = 48;
/// Bytes of the smallest transaction: one signature, header, one key, blockhash, and empty lists.
const LEAST_TRANSACTION_BYTES: usize = 134;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Hashes since the entry before.
    pub num_hashes: u64,
    /// The hash after them.
    pub hash: [u8; 32],
    /// In the order of their execution; none in a tick.
    pub transactions: Vec<Transaction<'a>>,
}

/// Why the bytes are no entries.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntriesFault {
    /// They end too early, or a count says more than they hold.
    #[error("entries: {0} is cut short")]
    CutShort(&'static str),
    /// There are more of them than entries.
    #[error("entries: {0} bytes stand behind their end")]
    LeftOver(usize),
    /// A transaction cannot be read, and with it nothing behind it.
    #[error("entries: transaction {1} of entry {0}: {2}")]
    Transaction(usize, usize, DecodeError),
}

/// Reads the entries of one message.
///
/// # Errors
/// See [`EntriesFault`].
pub fn decode_entries(bytes: &[u8]) -> Result<Vec<Entry<'_>>, EntriesFault> {
    let mut rest = bytes;
    let count = count(&mut rest, "the number of entries", LEAST_ENTRY_BYTES)?;
    let mut entries = Vec::with_capacity(count);
    for place in 0..count {
        entries.push(entry(&mut rest, place)?);
    }
    if rest.is_empty() {
        return Ok(entries);
    }
    Err(EntriesFault::LeftOver(rest.len()))
}

fn entry<'a>(rest: &mut &'a [u8], place: usize) -> Result<Entry<'a>, EntriesFault> {
    let num_hashes = u64::from_le_bytes(take(rest, "an entry's number of hashes")?);
    let hash = take(rest, "an entry's hash")?;
    let count = count(rest, "the number of transactions", LEAST_TRANSACTION_BYTES)?;
    let mut transactions = Vec::with_capacity(count);
    for number in 0..count {
        let (transaction, behind) = decode_first_transaction(rest)
            .map_err(|fault| EntriesFault::Transaction(place, number, fault))?;
        transactions.push(transaction);
        *rest = behind;
    }
    Ok(Entry {
        num_hashes,
        hash,
        transactions,
    })
}

/// A count of items that take so many bytes each at least; one that the bytes cannot hold is refused at once.
fn count(rest: &mut &[u8], what: &'static str, least_bytes: usize) -> Result<usize, EntriesFault> {
    let told = u64::from_le_bytes(take(rest, what)?);
    let most = rest.len() / least_bytes;
    match usize::try_from(told) {
        Ok(count) if count <= most => Ok(count),
        _ => Err(EntriesFault::CutShort(what)),
    }
}

fn take<const N: usize>(rest: &mut &[u8], what: &'static str) -> Result<[u8; N], EntriesFault> {
    let (taken, behind) = rest
        .split_first_chunk()
        .ok_or(EntriesFault::CutShort(what))?;
    *rest = behind;
    Ok(*taken)
}

#[cfg(test)]
#[path = "entries_tests.rs"]
mod tests;
