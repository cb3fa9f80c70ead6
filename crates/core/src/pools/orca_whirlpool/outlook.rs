//! What a pool has learnt about one direction from where it stands; forgotten when it moves.

use std::sync::{Arc, OnceLock};

use super::checkpoints::Checkpoints;
use super::course::WhirlpoolCourse;
use super::fault::Fault;
use super::tick_arrays::{Ending, Reach};
use crate::pools::Direction;
use crate::pools::concentrated::Ladder;

/// One direction, seen from where a pool stands.
#[derive(Debug, Clone)]
pub(super) struct Outlook {
    /// How far a swap can go, or why it cannot begin.
    pub(super) reach: Result<Reach, Ending>,
    /// Of a pool with an adaptive fee.
    pub(super) checkpoints: OnceLock<Result<Arc<Checkpoints>, Fault>>,
    /// What the pool takes and gives at most, before transfer fees; `None` where the program's own arithmetic
    /// ends a swap before that.
    pub(super) most: OnceLock<Option<[u64; 2]>>,
}

impl Outlook {
    /// Falling, then rising.
    pub(super) fn both(ladder: &Ladder<WhirlpoolCourse>) -> Arc<[Self; 2]> {
        let (arrays, tick) = (&ladder.course().arrays, ladder.position().tick);
        Arc::new(
            [Direction::ZeroForOne, Direction::OneForZero].map(|direction| Self {
                reach: arrays.reach(tick, direction),
                checkpoints: OnceLock::new(),
                most: OnceLock::new(),
            }),
        )
    }
}
