//! What nodes tell by themselves over websockets: slots, accounts, and the tips of Jito.
//!
//! A hint that hurries the next question: what is believed is asked for, and a feed that fails costs only time. A feed that is
//! lost begins anew, with everything that it had subscribed to; one that says nothing is pinged, and left when it is silent.

mod accounts;
mod feed;
mod notification;
mod pace;
mod slots;
pub(crate) mod socket;
mod tips;

pub use accounts::AccountFeed;
pub use feed::{FeedLimits, FeedStanding, FeedState, StandingWatch};
pub(crate) use pace::{Pace, Turn};
pub use slots::SlotFeed;
pub use tips::TipStream;
