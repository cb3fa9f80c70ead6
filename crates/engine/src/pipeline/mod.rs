//! The pipeline: quote, scanner, planner, executor, each on a thread of its own, with bounded queues between them.
//!
//! ```text
//! feed ─▶ quote ─▶ scanner ─▶ planner ─▶ executor
//!         pools    pattern    amounts    build, sign-gate, send
//! ```
//!
//! A queue drops what is stale and never what is newest ([`FreshQueue`]); what is too old when it is taken out is
//! dropped as well. Both are counted.

mod assembly;
mod borrowing;
mod circle;
mod executor;
mod failure;
mod fresh_queue;
mod joining;
mod misses;
mod open_way;
mod shared;
mod stages;
mod timing;
mod trade;
mod way;
mod worth;

pub use assembly::{Assembled, AssemblyFault, assemble};
pub use circle::{CircleTerms, plan_circle};
pub use executor::{Desk, Executor, Sender};
pub use failure::Failure;
pub use fresh_queue::{Dropped, FreshQueue, Pushed};
pub use joining::Joining;
pub use misses::Misses;
pub use open_way::plan_open_way;
pub use shared::{Counts, Incoming, Shared};
pub(crate) use stages::{named, scan_change_seen};
pub use stages::{
    plan_opportunities, plan_opportunity, quote_update, quote_updates, scan_change, scan_changes,
};
pub use timing::{Stage, Timings};
pub use trade::{
    Borrowed, Candidate, Changed, Hop, Liquidating, NotPlanned, Opportunity, PositionBounds,
    Purpose, SIGNATURE_FEE_LAMPORTS, Seen, Trade, TradeHop,
};
pub use way::{Fees, Way, check_hop, hop_instructions, quoted, rents_of, slipped};
pub(crate) use worth::sold_for;
pub use worth::{UsdMint, worth_usd};
