//! A pool with a fixed fee as a course of stops: every initialised tick that is known around the price.

use std::ops::{Add, Range, Sub};
use std::sync::Arc;

use super::swap::{cross, protocol_share};
use super::swap_step::Path;
use super::tick_arrays::{Entry, Stop as ArrayStop, TickArrays};
use super::tick_math::{MAX_TICK, MIN_TICK, sqrt_price, tick};
use crate::pools::concentrated::{Course, Flow, Position, Stop};
use crate::pools::{Direction, Exact};

/// More than any amount of the program: a step that moves as much is never whole.
const NEVER: u128 = 1 << 65;

/// What steps move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// Fee included.
    pub(super) paid: u128,
    pub(super) got: u128,
    /// The protocol's share included.
    pub(super) fee: u128,
    pub(super) protocol_fee: u128,
}

/// Arrays that follow each other without a gap, seen from a position among them.
#[derive(Debug)]
pub(super) struct WhirlpoolCourse {
    pub(super) arrays: Arc<TickArrays>,
    pub(super) fee_ppm: u32,
    pub(super) protocol_fee_bps: u16,
    /// The entries that can be crossed; beyond them an array is unknown, or the liquidity does not add up.
    usable: Range<usize>,
    /// Active liquidity below the first usable entry, then above each of them.
    liquidity: Vec<u128>,
    /// Where the arrays end, when the entries before it can all be crossed.
    ends: [Option<ArrayStop>; 2],
}

impl WhirlpoolCourse {
    pub(super) fn new(
        arrays: Arc<TickArrays>,
        fee_ppm: u32,
        protocol_fee_bps: u16,
        position: &Position<u128>,
    ) -> Self {
        let mut course = Self {
            arrays,
            fee_ppm,
            protocol_fee_bps,
            usable: 0..0,
            liquidity: vec![position.liquidity],
            ends: [None; 2],
        };
        if let Some((first, last)) = course.arrays.around(position.tick) {
            course.survey(first, last, position);
        }
        course
    }

    /// The liquidity between stops, down and up from where it is known.
    fn survey(&mut self, first: i32, last: i32, position: &Position<u128>) {
        let arrays = &self.arrays;
        let here = arrays.count_up_to(position.tick);
        let low = arrays.count_up_to(first - 1);
        let high = arrays.count_up_to(last + arrays.span() - 1);
        let walk = |entries: &mut dyn Iterator<Item = &Entry>, direction| {
            let mut liquidity = vec![position.liquidity];
            for entry in entries {
                let behind = liquidity.last().copied().unwrap_or_default();
                match cross(behind, entry.tick.liquidity_net, direction) {
                    Ok(behind) => liquidity.push(behind),
                    Err(_) => break,
                }
            }
            liquidity
        };
        let entries = arrays.entries();
        let below = entries.get(low..here).unwrap_or_default();
        let above = entries.get(here..high).unwrap_or_default();
        let falling = walk(&mut below.iter().rev(), Direction::ZeroForOne);
        let rising = walk(&mut above.iter(), Direction::OneForZero);
        self.ends = [
            (falling.len() > below.len()).then(|| arrays.end_through(first, Direction::ZeroForOne)),
            (rising.len() > above.len()).then(|| arrays.end_through(last, Direction::OneForZero)),
        ];
        self.usable = here + 1 - falling.len()..here + rising.len() - 1;
        self.liquidity = falling.into_iter().skip(1).rev().chain(rising).collect();
    }

    /// The active liquidity where `count` entries are at or below; `None` outside the usable ones.
    fn liquidity_above(&self, count: usize) -> Option<u128> {
        let place = count.checked_sub(self.usable.start)?;
        self.liquidity.get(place).copied()
    }

    /// The active liquidity that the ticks say a pool at this tick has; `None` where they do not reach.
    pub(super) fn liquidity_at(&self, tick: i32) -> Option<u128> {
        let inside = self.ends[0].is_none_or(|end| tick >= end.tick - 1)
            && self.ends[1].is_none_or(|end| tick <= end.tick);
        let count = self.arrays.count_up_to(tick);
        inside.then(|| self.liquidity_above(count)).flatten()
    }

    /// From the first to the last tick at which two courses over the same pool differ.
    pub(super) fn difference(&self, other: &Self) -> Option<(i32, i32)> {
        let seen = |course: &Self, at: usize| {
            let liquidity = course.liquidity_above(at + 1);
            course
                .arrays
                .entries()
                .get(at)
                .map(|entry| (*entry, liquidity))
        };
        let lengths = [self, other].map(|course| course.arrays.entries().len());
        let shorter = lengths[0].min(lengths[1]);
        let same_below = (0..shorter)
            .take_while(|at| seen(self, *at) == seen(other, *at))
            .count();
        let same_above = (0..shorter - same_below)
            .take_while(|at| seen(self, lengths[0] - 1 - at) == seen(other, lengths[1] - 1 - at))
            .count();
        let differing = [self, other]
            .into_iter()
            .zip(lengths)
            .flat_map(|(course, length)| {
                let entries = course.arrays.entries();
                entries
                    .get(same_below..length - same_above)
                    .unwrap_or_default()
            });
        let ticks: Vec<i32> = differing.map(|entry| entry.tick.index).collect();
        let inner = ticks.iter().min().copied().zip(ticks.iter().max().copied());
        let moved_ends = self
            .ends
            .iter()
            .chain(&other.ends)
            .zip(other.ends.iter().chain(&self.ends));
        let ends = moved_ends.filter(|(one, two)| one != two);
        ends.filter_map(|(one, _)| one.map(|end| (end.tick, end.tick)))
            .chain(inner)
            .reduce(|(low, high), (from, to)| (low.min(from), high.max(to)))
    }
}

impl Course for WhirlpoolCourse {
    type Price = u128;
    type Flow = Moved;

    fn next_stop(&self, from: Position<u128>, direction: Direction) -> Option<Stop<u128>> {
        let count = self.arrays.count_up_to(from.tick);
        let (at, end) = match direction {
            Direction::ZeroForOne => (
                count.checked_sub(1),
                self.ends[0].filter(|end| from.tick >= end.tick),
            ),
            Direction::OneForZero => (Some(count), self.ends[1].filter(|end| from.tick < end.tick)),
        };
        let fall = i32::from(direction == Direction::ZeroForOne);
        if let Some(at) = at.filter(|at| self.usable.contains(at)) {
            let entry = self.arrays.entries().get(at)?;
            let behind = match direction {
                Direction::ZeroForOne => at,
                Direction::OneForZero => at + 1,
            };
            return Some(Stop {
                tick: entry.tick.index,
                crosses: true,
                after: Position {
                    sqrt_price: entry.sqrt_price,
                    tick: entry.tick.index - fall,
                    liquidity: self.liquidity_above(behind)?,
                },
            });
        }
        let end = end?;
        Some(Stop {
            tick: end.tick,
            crosses: false,
            after: Position {
                sqrt_price: end.sqrt_price,
                tick: end.tick - fall,
                liquidity: from.liquidity,
            },
        })
    }

    fn stretch(&self, stop_tick: i32) -> i32 {
        stop_tick.div_euclid(self.arrays.span())
    }

    fn entry(&self, stretch: i32, direction: Direction) -> Position<u128> {
        let span = self.arrays.span();
        let first = stretch * span;
        let before = match direction {
            Direction::ZeroForOne => self.arrays.count_up_to(first + span - 1),
            Direction::OneForZero => self.arrays.count_up_to(first - 1),
        };
        let stop = match direction {
            Direction::ZeroForOne => Some(before),
            Direction::OneForZero => before.checked_sub(1),
        };
        let liquidity = self.liquidity_above(before).unwrap_or_default();
        let stop = stop.filter(|at| self.usable.contains(at));
        if let Some(entry) = stop.and_then(|at| self.arrays.entries().get(at)) {
            return Position {
                sqrt_price: entry.sqrt_price,
                tick: entry.tick.index - i32::from(direction == Direction::ZeroForOne),
                liquidity,
            };
        }
        // No stop lies before it: any place before its own stops will do.
        let edge = match direction {
            Direction::ZeroForOne => first + span - 1,
            Direction::OneForZero => first - 1,
        };
        let edge = edge.clamp(MIN_TICK, MAX_TICK);
        Position {
            sqrt_price: sqrt_price(edge),
            tick: edge,
            liquidity,
        }
    }

    fn whole_step(&self, direction: Direction, from: Position<u128>, to: u128) -> Moved {
        let path = Path {
            direction,
            price: from.sqrt_price,
            target: to,
            liquidity: from.liquidity,
            fee_ppm: self.fee_ppm,
        };
        path.whole().map_or(
            Moved {
                paid: NEVER,
                got: NEVER,
                ..Moved::default()
            },
            |step| Moved {
                paid: u128::from(step.amount_in) + u128::from(step.fee),
                got: u128::from(step.amount_out),
                fee: u128::from(step.fee),
                protocol_fee: u128::from(protocol_share(step.fee, self.protocol_fee_bps)),
            },
        )
    }

    fn tick_at(&self, sqrt_price: u128) -> i32 {
        tick(sqrt_price)
    }
}

impl Flow for Moved {
    type Amount = u128;

    fn side(&self, exact: Exact) -> u128 {
        match exact {
            Exact::In => self.paid,
            Exact::Out => self.got,
        }
    }
}

impl Add for Moved {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            paid: self.paid + other.paid,
            got: self.got + other.got,
            fee: self.fee + other.fee,
            protocol_fee: self.protocol_fee + other.protocol_fee,
        }
    }
}

impl Sub for Moved {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            paid: self.paid - other.paid,
            got: self.got - other.got,
            fee: self.fee - other.fee,
            protocol_fee: self.protocol_fee - other.protocol_fee,
        }
    }
}
