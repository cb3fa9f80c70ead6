//! Concentrated liquidity of any program: sums of the whole steps, so that a quote of any depth is a search.
//!
//! A swap walks from stop to stop (initialised ticks, and wherever else its contract stops, because every
//! stop rounds). A step is whole exactly when what remains covers what the whole step moves, so integer sums
//! of whole steps reproduce every rounding: a quote is the step from the price to the first stop, a search in
//! the sums, and one last part of a step.
//!
//! A family says by [`Course`] where its stops are and what a whole step moves, keeps a [`Ladder`] in its
//! pool, and quotes so:
//! 1. [`Ladder::locate`] gives the [`Landing`]: the last stop that is reached, what has moved up to it, and
//!    what then remains of the exact amount. [`Exhausted`] says where the liquidity, or the family's
//!    knowledge of it, ends (the family turns it into its refusal).
//! 2. The family's own arithmetic moves the rest from `landing.position` at constant liquidity; nothing when
//!    `remaining` is zero.
//! 3. For the full answer and for a swap, [`Ladder::arrive`] makes the price after it a [`Position`], and
//!    [`Ladder::move_to`] goes there. [`Ladder::change`] takes new ticks.
//!
//! Stops come in stretches, by tick: a word of a bitmap, an array of ticks. Sums are made per stretch and
//! direction when a quote first leaves its first step, and are shared by all clones. Cost: a quote is one
//! part of a step and two binary searches; a move computes one step anew; a change of ticks makes the sums of
//! the stretches between them anew, when they are next needed, and adds up the totals of stretches (a few
//! nanoseconds each). Memory: a pool that is only quoted up to its first stop keeps no sums; a stop of a
//! stretch that was needed costs about 160 bytes in each direction with amounts of 256 bits.

mod curve;
mod ladder;
mod shelf;
mod stretch;

pub(super) use curve::hyperbolas;
pub(super) use ladder::{Exhausted, Ladder, Landing};

use std::fmt::Debug;
use std::ops::{Add, Sub};

use super::{Direction, Exact};

/// Where a pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position<Price> {
    pub(super) sqrt_price: Price,
    /// As the contract keeps it: after a fall onto a stop, one below the stop's.
    pub(super) tick: i32,
    /// The active liquidity, from here on in the direction of the swap.
    pub(super) liquidity: u128,
}

/// The end of a whole step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop<Price> {
    /// The tick of the stop itself.
    pub(super) tick: i32,
    /// Whether an initialised tick is crossed.
    pub(super) crosses: bool,
    /// Where a swap stands that has reached it.
    pub(super) after: Position<Price>,
}

/// What steps move: amounts that add up, side by side.
pub(super) trait Flow:
    Copy + Debug + Default + Add<Output = Self> + Sub<Output = Self>
{
    /// Of one side, in raw units; wide enough for the sum of all steps of a pool.
    type Amount: Copy + Debug + Ord + Add<Output = Self::Amount> + Sub<Output = Self::Amount>;

    /// The side that is exact: the input with its fee, or the output.
    fn side(&self, exact: Exact) -> Self::Amount;
}

/// The stops of a pool, and what a whole step between two of them moves.
pub(super) trait Course: Debug {
    /// A square root price.
    type Price: Copy + Eq + Debug;
    /// What a step moves.
    type Flow: Flow;

    /// The first stop from a position on; `None` where nothing is known to come, or the price limit is reached.
    /// Stops without liquidity before them, which are no initialised ticks, may be left out.
    fn next_stop(
        &self,
        from: Position<Self::Price>,
        direction: Direction,
    ) -> Option<Stop<Self::Price>>;

    /// The stretch that a stop at this tick belongs to; never falls while the tick rises.
    fn stretch(&self, stop_tick: i32) -> i32;

    /// Where a swap stands after the last stop before this stretch, in the direction of the swap.
    fn entry(&self, stretch: i32, direction: Direction) -> Position<Self::Price>;

    /// What the whole step moves. An amount that the contract's type does not hold must be given as one that
    /// no swap can ask for, so that the step is never whole.
    fn whole_step(
        &self,
        direction: Direction,
        from: Position<Self::Price>,
        to: Self::Price,
    ) -> Self::Flow;

    /// The tick of a price in bounds.
    fn tick_at(&self, sqrt_price: Self::Price) -> i32;
}

/// What the steps up to a stop have moved.
#[derive(Debug, Clone, Copy, Default)]
struct Sums<F> {
    flow: F,
    /// Initialised ticks.
    crossed: u32,
}

impl<F: Flow> Add for Sums<F> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            flow: self.flow + other.flow,
            crossed: self.crossed + other.crossed,
        }
    }
}

impl<F: Flow> Sub for Sums<F> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            flow: self.flow - other.flow,
            crossed: self.crossed - other.crossed,
        }
    }
}
