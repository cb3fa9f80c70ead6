//! Order books of several venues, exact in integers, and what they come to as one.
//!
//! - [`OrderBook`]: one venue's book, fed with snapshots and deltas, silent while it is out of sync;
//! - [`aggregate_order_books`]: many of them as one, with each venue's depth at every level;
//! - [`ConsolidatedBook::crossing`] and [`ConsolidatedBook::sweep`]: what is crossed, and what an amount costs;
//! - [`synthetic_levels`]: a pool's curve as levels that promise no more than the pool gives.

mod aggregate;
mod checksum;
mod columns;
mod crossing;
mod effective;
mod error;
mod ladder;
mod order_book;
mod pending;
mod runs;
mod sweep;
mod synthetic;
mod terms;

pub use aggregate::{
    AggregateRequest, ConsolidatedBook, Exclusion, Level, MAX_BOOKS, Part, aggregate_order_books,
};
pub use checksum::kraken_checksum;
pub use columns::{Events, Rows, Snapshot};
pub use crossing::{CrossedPair, Crossing, CrossingState};
pub use error::BookError;
pub use order_book::{Applied, MAX_LEVELS, OrderBook, OutOfSync, Side, SnapshotOutcome};
pub use pending::MAX_PENDING_ROWS;
pub use sweep::{Sweep, SweepAmount, VenueFill};
pub use synthetic::{CurveUnits, Sample, sample_curve, synthetic_levels};
pub use terms::{BookTerms, MAX_UNITS, PPM, SequenceRule};
