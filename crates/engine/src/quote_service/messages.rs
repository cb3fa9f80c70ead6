//! The messages of `proto/tradewind/quotes/v1/quotes.proto`, field by field.

use prost::{Enumeration, Message, Oneof};

/// Which amount is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Enumeration)]
#[repr(i32)]
pub(super) enum Side {
    /// Nothing was said.
    Unspecified = 0,
    /// What is paid.
    ExactIn = 1,
    /// What is got.
    ExactOut = 2,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct QuoteRequest {
    /// Base58.
    #[prost(string, tag = "1")]
    pub(super) mint_in: String,
    /// Base58.
    #[prost(string, tag = "2")]
    pub(super) mint_out: String,
    /// In raw units of the mint that `side` says.
    #[prost(uint64, tag = "3")]
    pub(super) amount_raw: u64,
    /// Which amount is given.
    #[prost(enumeration = "Side", tag = "4")]
    pub(super) side: i32,
    /// Zero stands for three.
    #[prost(uint32, tag = "5")]
    pub(super) max_hops: u32,
}

/// One pool of a path.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Hop {
    /// Base58.
    #[prost(string, tag = "1")]
    pub(super) pool: String,
    /// The name of its family.
    #[prost(string, tag = "2")]
    pub(super) venue: String,
    /// Base58.
    #[prost(string, tag = "3")]
    pub(super) mint_in: String,
    /// Base58.
    #[prost(string, tag = "4")]
    pub(super) mint_out: String,
    /// In raw units.
    #[prost(uint64, tag = "5")]
    pub(super) amount_in_raw: u64,
    /// In raw units.
    #[prost(uint64, tag = "6")]
    pub(super) amount_out_raw: u64,
}

/// What the pools would give.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct QuoteReply {
    /// In raw units.
    #[prost(uint64, tag = "1")]
    pub(super) amount_in_raw: u64,
    /// In raw units.
    #[prost(uint64, tag = "2")]
    pub(super) amount_out_raw: u64,
    /// In trade order.
    #[prost(message, repeated, tag = "3")]
    pub(super) hops: Vec<Hop>,
    /// The newest that was told.
    #[prost(uint64, tag = "4")]
    pub(super) slot: u64,
    /// Base58.
    #[prost(string, repeated, tag = "5")]
    pub(super) stale_pools: Vec<String>,
}

/// What is to be told again and again.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct StreamQuotesRequest {
    /// Each by its place.
    #[prost(message, repeated, tag = "1")]
    pub(super) pairs: Vec<QuoteRequest>,
}

/// Why a pair has no quote now.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct QuoteFault {
    /// In snake case.
    #[prost(string, tag = "1")]
    pub(super) code: String,
    /// For people.
    #[prost(string, tag = "2")]
    pub(super) message: String,
}

/// What is told of one pair.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct StreamedQuote {
    /// Its place.
    #[prost(uint32, tag = "1")]
    pub(super) pair: u32,
    /// A quote, or why there is none.
    #[prost(oneof = "Outcome", tags = "2, 3")]
    pub(super) outcome: Option<Outcome>,
}

/// A quote, or why there is none.
#[derive(Clone, PartialEq, Eq, Oneof)]
pub(super) enum Outcome {
    /// What the pools would give.
    #[prost(message, tag = "2")]
    Quote(QuoteReply),
    /// Why there is no quote.
    #[prost(message, tag = "3")]
    Fault(QuoteFault),
}
