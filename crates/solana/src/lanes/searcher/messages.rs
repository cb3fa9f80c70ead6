//! The messages of Jito's `searcher.SearcherService` that this client sends and reads (jito-protos: searcher, bundle,
//! packet). Fields that nobody here looks at are left out: protobuf skips them.

use prost::{Enumeration, Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Meta {
    /// Bytes of the packet's data.
    #[prost(uint64, tag = "1")]
    pub(super) size: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Packet {
    /// A signed transaction in its wire form.
    #[prost(bytes = "vec", tag = "1")]
    pub(super) data: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    pub(super) meta: Option<Meta>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Bundle {
    #[prost(message, repeated, tag = "3")]
    pub(super) packets: Vec<Packet>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SendBundleRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) bundle: Option<Bundle>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SendBundleResponse {
    /// The bundle's id.
    #[prost(string, tag = "1")]
    pub(super) uuid: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetTipAccountsRequest {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetTipAccountsResponse {
    #[prost(string, repeated, tag = "1")]
    pub(super) accounts: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SubscribeBundleResultsRequest {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct BundleResult {
    #[prost(string, tag = "1")]
    pub(super) bundle_id: String,
    #[prost(oneof = "What", tags = "2, 3, 4, 5, 6")]
    pub(super) what: Option<What>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum What {
    #[prost(message, tag = "2")]
    Accepted(Accepted),
    #[prost(message, tag = "3")]
    Rejected(Rejected),
    #[prost(message, tag = "4")]
    Finalized(Finalized),
    #[prost(message, tag = "5")]
    Processed(Processed),
    #[prost(message, tag = "6")]
    Dropped(Dropped),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Accepted {
    #[prost(uint64, tag = "1")]
    pub(super) slot: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Finalized {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Processed {
    #[prost(uint64, tag = "2")]
    pub(super) slot: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Dropped {
    #[prost(enumeration = "DroppedReason", tag = "1")]
    pub(super) reason: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum DroppedReason {
    BlockhashExpired = 0,
    PartiallyProcessed = 1,
    NotFinalized = 2,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Rejected {
    #[prost(oneof = "RejectedReason", tags = "1, 2, 3, 4, 5")]
    pub(super) reason: Option<RejectedReason>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum RejectedReason {
    #[prost(message, tag = "1")]
    StateAuctionBid(Bid),
    #[prost(message, tag = "2")]
    WinningBatchBid(Bid),
    #[prost(message, tag = "3")]
    SimulationFailure(SimulationFailure),
    #[prost(message, tag = "4")]
    InternalError(Said),
    #[prost(message, tag = "5")]
    DroppedBundle(Said),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Bid {
    #[prost(uint64, tag = "2")]
    pub(super) simulated_bid_lamports: u64,
    #[prost(string, optional, tag = "3")]
    pub(super) msg: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SimulationFailure {
    /// In base 58.
    #[prost(string, tag = "1")]
    pub(super) tx_signature: String,
    #[prost(string, optional, tag = "2")]
    pub(super) msg: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Said {
    #[prost(string, tag = "1")]
    pub(super) msg: String,
}
