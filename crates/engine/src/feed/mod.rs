//! Feeds: what the chain tells, in order, with its gaps said.
//!
//! - `update`: the words; - `order`: an account only goes forward, and a dead slot is taken back;
//! - `forks`: which slots are dead though nobody says so;
//! - `opening`: the feed that a configuration chooses; - `websocket`: subscriptions over one connection;
//! - `yellowstone`: filtered streams out of a validator; - `pauses`: between two attempts to connect;
//! - `reason`: slots that can be none;
//! - `recording`: a feed written down, and read again; - `stock`: what was known before it;
//! - `shredstream`: transactions before their execution, beside one of the others.

mod forks;
mod opening;
mod order;
mod pauses;
mod program_filter;
mod reason;
mod recording;
mod shredstream;
mod stock;
mod update;
pub(crate) mod websocket;
mod yellowstone;

use std::pin::Pin;

use tradewind_core::ChainAddress;

pub use opening::open;
pub use order::{AccountOrder, OrderCounts, Undone};
pub use program_filter::{Comparison, ProgramFilter};
pub use recording::{Recorded, Recorder, Recording, RecordingFault};
pub use shredstream::{EntryFeed, EntryOptions};
pub use stock::Stock;
pub use update::{AccountUpdate, FeedEvent, Moment, SlotStatus};
pub use websocket::{WebsocketFeed, WebsocketOptions};
pub use yellowstone::{Token, YellowstoneFeed, YellowstoneOptions};

/// The next message; None when the feed has ended for good.
pub type NextEvent<'a> = Pin<Box<dyn Future<Output = Option<FeedEvent>> + Send + 'a>>;

/// A source of messages about accounts and slots.
///
/// A feed never gives up by itself: a lost connection is a [`FeedEvent::Gap`] once it is back, and begins with one.
pub trait Feed: Send {
    /// The next message. May be dropped while it waits: nothing is lost by that.
    fn next(&mut self) -> NextEvent<'_>;

    /// Tells of these accounts too. What they wrote before that may be missed: [`FeedEvent::Following`] says from when on
    /// nothing is, or the next gap does.
    fn follow(&mut self, accounts: &[ChainAddress]);

    /// Tells of these accounts no more, unless a program that is followed writes them; what was asked for before that may
    /// still come.
    fn unfollow(&mut self, accounts: &[ChainAddress]);

    /// Tells of every account of these programs that passes, of whose address nobody knows yet.
    fn follow_programs(&mut self, programs: &[ProgramFilter]);

    /// Why it tells nothing at the moment, if it knows.
    fn trouble(&self) -> Option<&str>;

    /// How many messages were left out because they could not be what they said they were.
    fn refused(&self) -> u64 {
        0
    }
}
