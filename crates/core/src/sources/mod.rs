//! Pools from files that others publish.
//!
//! - [`cow_auction`]: the auctions of `CoW` Protocol, with their orders.

pub mod cow_auction;
