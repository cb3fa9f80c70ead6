//! Transactions before their execution: what they will do to the pools, and what that opens.
//!
//! ```text
//! entries ─▶ transactions ─▶ swaps ─▶ a copy of the pools ─▶ scanner ─▶ planner ─▶ sent, or kept until it is true
//!                                      ▲ truth, slot by slot
//! ```
//!
//! - `entries`: their bytes; - `swap`: what a transaction does to pools; - `tables`: lookup tables of strangers;
//! - `ledger`: what is predicted of each pool, held against the truth; - `waiting`: plans that wait for it; - `awaited`:
//!   those of them that the sign-gate may hold; - `desk`: what comes in, and what others look at;
//! - `stage`: the thread that does it, in parts: `predicting`, `judging`, `deciding`.

mod awaited;
mod deciding;
mod desk;
mod entries;
mod judging;
mod ledger;
mod predicting;
#[cfg(test)]
mod recorded;
mod stage;
mod swap;
mod tables;
mod waiting;

pub use awaited::{Awaited, Fate};
pub use desk::{PredictionCounts, ShredDesk};
pub use entries::{EntriesFault, Entry, decode_entries};
pub use stage::ShredStage;
pub use swap::{LeftOut, PoolSwap, read_swaps};
pub use tables::read_tables;
