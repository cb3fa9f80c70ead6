//! The messages of Yellowstone's `geyser.Geyser` that this client sends and reads (yellowstone-grpc: `geyser.proto`).
//! Fields that nobody here looks at are left out: protobuf skips them.

use std::collections::HashMap;

use prost::{Enumeration, Message, Oneof};

/// Each request replaces all filters of the one before, save one that only pings.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SubscribeRequest {
    /// By names of the client's own.
    #[prost(map = "string, message", tag = "1")]
    pub(super) accounts: HashMap<String, AccountsFilter>,
    #[prost(map = "string, message", tag = "2")]
    pub(super) slots: HashMap<String, SlotsFilter>,
    #[prost(enumeration = "Commitment", optional, tag = "6")]
    pub(super) commitment: Option<i32>,
    #[prost(message, optional, tag = "9")]
    pub(super) ping: Option<Ping>,
    #[prost(uint64, optional, tag = "11")]
    pub(super) from_slot: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum Commitment {
    Processed = 0,
    Confirmed = 1,
    Finalized = 2,
}

/// All that is set must hold; within a list, one key is enough. Keys in base 58.
#[derive(Clone, PartialEq, Message)]
pub(super) struct AccountsFilter {
    #[prost(string, repeated, tag = "2")]
    pub(super) account: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    pub(super) owner: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    pub(super) filters: Vec<Condition>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Condition {
    #[prost(oneof = "Demand", tags = "1, 2")]
    pub(super) filter: Option<Demand>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Demand {
    #[prost(message, tag = "1")]
    Memcmp(Memcmp),
    /// In bytes.
    #[prost(uint64, tag = "2")]
    Datasize(u64),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Memcmp {
    #[prost(uint64, tag = "1")]
    pub(super) offset: u64,
    /// One of three forms: bytes as they are.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub(super) bytes: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SlotsFilter {
    #[prost(bool, optional, tag = "1")]
    pub(super) filter_by_commitment: Option<bool>,
    /// Dead slots are only told with it.
    #[prost(bool, optional, tag = "2")]
    pub(super) interslot_updates: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Ping {
    #[prost(int32, tag = "1")]
    pub(super) id: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SubscribeUpdate {
    #[prost(oneof = "Update", tags = "2, 3, 6, 9")]
    pub(super) update: Option<Update>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Update {
    #[prost(message, tag = "2")]
    Account(AccountTold),
    #[prost(message, tag = "3")]
    Slot(SlotTold),
    /// Asks for one of ours.
    #[prost(message, tag = "6")]
    Ping(PingTold),
    /// Answers one of ours.
    #[prost(message, tag = "9")]
    Pong(Ping),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PingTold {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AccountTold {
    #[prost(message, optional, tag = "1")]
    pub(super) account: Option<AccountInfo>,
    #[prost(uint64, tag = "2")]
    pub(super) slot: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AccountInfo {
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub(super) pubkey: Vec<u8>,
    #[prost(uint64, tag = "2")]
    pub(super) lamports: u64,
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "3")]
    pub(super) owner: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    pub(super) data: Vec<u8>,
    /// Grows with every write of the validator, over all accounts.
    #[prost(uint64, tag = "7")]
    pub(super) write_version: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SlotTold {
    #[prost(uint64, tag = "1")]
    pub(super) slot: u64,
    #[prost(uint64, optional, tag = "2")]
    pub(super) parent: Option<u64>,
    #[prost(enumeration = "Status", tag = "3")]
    pub(super) status: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum Status {
    Processed = 0,
    Confirmed = 1,
    Finalized = 2,
    FirstShredReceived = 3,
    Completed = 4,
    CreatedBank = 5,
    Dead = 6,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ReplayInfoRequest {}

/// The oldest slot that `from_slot` may name; none where nothing is kept.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ReplayInfo {
    #[prost(uint64, optional, tag = "1")]
    pub(super) first_available: Option<u64>,
}
