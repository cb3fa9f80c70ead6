//! What an update says, where it can be what it says it is.

use tradewind_core::ChainAddress;

use super::messages::{AccountTold, SlotTold, Status};
use crate::feed::reason::{FAR_AHEAD, Reason};
use crate::feed::{AccountUpdate, FeedEvent, Moment, SlotStatus};

/// Bytes that an account of Solana can hold (`MAX_PERMITTED_DATA_LENGTH`).
const MOST_DATA_BYTES: usize = 10 << 20;
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
        return Err(FAR_AHEAD);
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
        return Err(FAR_AHEAD);
    }
    Ok(Some(news))
}

fn address(bytes: &[u8]) -> Option<ChainAddress> {
    bytes.try_into().ok().map(ChainAddress::Solana)
}
