//! What an update says, where it can be what it says it is.

use tradewind_core::ChainAddress;

use super::messages::{AccountTold, SlotTold, Status};
use crate::feed::{AccountUpdate, FeedEvent, Moment, SlotStatus};

/// Bytes that an account of Solana can hold (`MAX_PERMITTED_DATA_LENGTH`).
const MOST_DATA_BYTES: usize = 10 << 20;
/// Slots that nobody can have missed on a connection that stands: more than four days.
const MOST_LEAP: u64 = 1 << 20;

/// Refuses slots far ahead of all that were told before: one of them would make everything else old for good.
#[derive(Debug, Default)]
pub(super) struct Reason {
    newest_slot: Option<u64>,
}

impl Reason {
    fn takes(&mut self, slot: u64) -> bool {
        let newest = self.newest_slot.unwrap_or(slot);
        if slot > newest.saturating_add(MOST_LEAP) || slot > u64::MAX / 2 {
            return false;
        }
        self.newest_slot = Some(newest.max(slot));
        true
    }
}

/// An account; what is wrong with it where it is none.
pub(super) fn account(told: AccountTold, reason: &mut Reason) -> Result<FeedEvent, &'static str> {
    let Some(info) = told.account else {
        return Err("an update of an account holds none");
    };
    let key = address(&info.pubkey).ok_or("an account's address is not 32 bytes")?;
    let owner = address(&info.owner).ok_or("an account's owner is not 32 bytes")?;
    if info.data.len() > MOST_DATA_BYTES {
        return Err("an account has more data than any can");
    }
    if !reason.takes(told.slot) {
        return Err("a slot is far ahead of every other");
    }
    Ok(FeedEvent::Account(AccountUpdate {
        key,
        moment: Moment {
            slot: told.slot,
            write_version: info.write_version,
        },
        lamports: info.lamports,
        owner,
        data: info.data.into(),
    }))
}

/// What becomes of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// It begins.
    Begun,
    /// The cluster has voted for it.
    Confirmed,
    /// As feeds say it.
    Status(SlotStatus),
}

/// A slot; None for a status that nothing follows from.
pub(super) fn slot(told: &SlotTold, reason: &mut Reason) -> Result<Option<News>, &'static str> {
    let news = match Status::try_from(told.status) {
        Ok(Status::CreatedBank) => News::Begun,
        Ok(Status::Processed) => News::Status(SlotStatus::Processed),
        Ok(Status::Confirmed) => News::Confirmed,
        Ok(Status::Finalized) => News::Status(SlotStatus::Rooted),
        Ok(Status::Dead) => News::Status(SlotStatus::Dead),
        Ok(Status::FirstShredReceived | Status::Completed) => return Ok(None),
        Err(_) => return Err("a slot has a status that is none"),
    };
    if !reason.takes(told.slot) {
        return Err("a slot is far ahead of every other");
    }
    Ok(Some(news))
}

fn address(bytes: &[u8]) -> Option<ChainAddress> {
    bytes.try_into().ok().map(ChainAddress::Solana)
}
