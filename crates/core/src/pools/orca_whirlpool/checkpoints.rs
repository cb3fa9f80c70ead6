//! A pool with an adaptive fee as a list of whole steps from where it stands, so that a quote is a search.
//!
//! The fee of a step depends on where the swap began and when, so sums hold for one state and one moment.
//! They are made by the program's own loop when a quote first needs more than two steps: one step for each tick group on
//! the way, until volatility is at its most, then one for each initialised tick; about 0.2 microseconds each.
//! From then on a quote of any depth costs a binary search and one part of a step.

use super::fault::Fault;
use super::swap::{Progress, Walk};
use crate::pools::Exact;

/// Steps kept; whoever goes further walks from the last of them. About 300 bytes each.
const MOST: usize = 2_048;

/// Where a swap begins, and where it stands after each whole step.
#[derive(Debug)]
pub(super) struct Checkpoints {
    pub(super) start: Progress,
    pub(super) steps: Vec<Progress>,
}

impl Checkpoints {
    pub(super) fn new(walk: &Walk<'_>, start: Progress) -> Self {
        let mut steps = Vec::new();
        let mut progress = start;
        while steps.len() < MOST
            && progress.position.sqrt_price != walk.limit
            && let Some(stop) = walk.next_stop(&progress.position)
        {
            // A step that is never whole, or whatever else is out of the ordinary, is left to the loop.
            let whole = walk.advance(&mut progress, stop, |path| {
                path.whole().ok_or(Fault::NumberDownCastError)
            });
            if whole.is_err() {
                break;
            }
            steps.push(progress);
        }
        Self { start, steps }
    }

    /// The first step that moves the amount exactly, else the last before it; `None` when the amount is more
    /// than all steps move.
    pub(super) fn locate(&self, exact: Exact, amount: u64) -> Option<Progress> {
        let place = self.steps.partition_point(|step| step.side(exact) < amount);
        let step = self.steps.get(place)?;
        if step.side(exact) == amount {
            return Some(*step);
        }
        let before = place.checked_sub(1).and_then(|at| self.steps.get(at));
        Some(*before.unwrap_or(&self.start))
    }

    /// Where the last step ends.
    pub(super) fn last(&self) -> Progress {
        *self.steps.last().unwrap_or(&self.start)
    }
}
