//! What a feed tells: accounts as they are after a slot's transactions, what becomes of slots, and what it has missed.

use std::sync::Arc;

use tradewind_core::ChainAddress;
use tradewind_core::pools::Account;

/// Which write of an account: of two in one slot, the higher number is the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment {
    /// The slot.
    pub slot: u64,
    /// The place within the slot, counted by the feed; 0 for what was read as a snapshot.
    pub write_version: u64,
}

/// The new bytes of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountUpdate {
    /// Its address.
    pub key: ChainAddress,
    /// When it was written.
    pub moment: Moment,
    /// What it holds.
    pub lamports: u64,
    /// The program that owns it.
    pub owner: ChainAddress,
    /// Its whole data.
    pub data: Arc<[u8]>,
}

impl AccountUpdate {
    /// As the core reads it.
    #[must_use]
    pub fn account(&self) -> Account<'_> {
        Account {
            address: self.key,
            owner: self.owner,
            data: &self.data,
        }
    }
}

/// How far a slot has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotStatus {
    /// Its transactions are executed here.
    Processed,
    /// It can be undone no more.
    Rooted,
    /// It is abandoned: what it wrote did not happen.
    Dead,
}

/// One message of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedEvent {
    /// An account has changed.
    Account(AccountUpdate),
    /// A slot got on.
    Slot {
        /// Which.
        slot: u64,
        /// How far.
        status: SlotStatus,
    },
    /// Whatever changed between the last message and this one was missed. From here on nothing of what is followed is.
    Gap {
        /// Why, for the log.
        reason: String,
    },
    /// From here on nothing is missed of these accounts, which were followed while the feed ran.
    Following {
        /// Which.
        accounts: Vec<ChainAddress>,
    },
}
