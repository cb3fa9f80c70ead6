//! Feeds: what the chain tells, in order, with its gaps said.
//!
//! - `update`: the words; - `order`: an account only goes forward, and a dead slot is taken back;
//! - `websocket`: subscriptions over one connection; - `recording`: a feed written down, and read again;
//! - `shredstream`: transactions before their execution, beside one of the others.

mod order;
mod recording;
mod shredstream;
mod update;
pub(crate) mod websocket;

use std::pin::Pin;

use tradewind_core::ChainAddress;

pub use order::{AccountOrder, OrderCounts, Undone};
pub use recording::{Recorded, Recorder, Recording, RecordingFault};
pub use shredstream::{EntryFeed, EntryOptions};
pub use update::{AccountUpdate, FeedEvent, Moment, SlotStatus};
pub use websocket::{WebsocketFeed, WebsocketOptions};

/// The next message; None when the feed has ended for good.
pub type NextEvent<'a> = Pin<Box<dyn Future<Output = Option<FeedEvent>> + Send + 'a>>;

/// A source of messages about accounts and slots.
///
/// A feed never gives up by itself: a lost connection is a [`FeedEvent::Gap`] once it is back.
pub trait Feed: Send {
    /// The next message. May be dropped while it waits: nothing is lost by that.
    fn next(&mut self) -> NextEvent<'_>;

    /// Tells of these accounts too from now on.
    fn follow(&mut self, accounts: &[ChainAddress]);
}
