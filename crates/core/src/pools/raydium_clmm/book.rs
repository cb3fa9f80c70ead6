//! The initialised ticks around the price, as far as they are known, and what lies behind them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::state::RaydiumClmmTick;
use super::swap_step::{Moved, Rates, Terms};
use super::tick_math::{
    MAX_SQRT_PRICE_X64, MAX_TICK, MIN_SQRT_PRICE_X64, MIN_TICK, sqrt_price, tick,
};
use crate::pools::Direction;
use crate::pools::concentrated::{Course, Position, Stop};

/// Ticks in one array.
pub(super) const ARRAY_TICKS: i32 = 60;

/// Every array that the bitmaps say is initialised, by its first tick; `None` for one that was not read.
pub(super) type Arrays = BTreeMap<i32, Option<Arc<[RaydiumClmmTick]>>>;

/// What comes behind the known ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing: no further array is initialised.
    Nothing,
    /// The array that begins at this tick, which was not read.
    Array(i32),
    /// Arrays that only the bitmap extension tells, which was not read.
    BitmapExtension,
    /// This tick takes away more liquidity than there is: pool and arrays were not read together.
    Torn(i32),
}

/// A tick with what a swap needs on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    tick: i32,
    sqrt_price: u128,
    /// The active liquidity from this tick to the next.
    liquidity_above: u128,
}

/// The ticks that are known without a gap, around the price; a course for quotes.
#[derive(Debug, Clone)]
pub(super) struct Book {
    entries: Vec<Entry>,
    /// The active liquidity below the lowest tick.
    liquidity_below_all: u128,
    pub(super) ends: [End; 2],
    pub(super) spacing: i32,
    pub(super) rates: Rates,
}

/// What a book is made from, besides the arrays.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) spacing: i32,
    pub(super) rates: Rates,
    /// Whether arrays outside the default bitmap are known.
    pub(super) extension_known: bool,
}

impl Frame {
    /// The ticks that one array spans.
    pub(super) fn span(&self) -> i32 {
        self.spacing * ARRAY_TICKS
    }

    /// Whether there can be arrays that only the bitmap extension tells.
    pub(super) fn extension_matters(&self) -> bool {
        let range = self.default_bitmap();
        range.start > MIN_TICK || range.end <= MAX_TICK
    }

    /// The first ticks of the arrays that the default bitmap tells.
    fn default_bitmap(&self) -> std::ops::Range<i32> {
        let reach = 512 * self.span();
        -reach..reach
    }

    /// What comes where the list of arrays ends, in the direction of a swap from this tick.
    fn list_end(&self, direction: Direction) -> End {
        let Self {
            extension_known, ..
        } = *self;
        let range = self.default_bitmap();
        let covers_all = match direction {
            Direction::ZeroForOne => range.start <= MIN_TICK,
            Direction::OneForZero => range.end > MAX_TICK,
        };
        if extension_known || covers_all {
            End::Nothing
        } else {
            End::BitmapExtension
        }
    }
}

impl Book {
    pub(super) fn new(arrays: &Arrays, frame: Frame, position: Position<u128>) -> Self {
        let span = frame.span();
        let here = position.tick.div_euclid(span) * span;
        let outside = !frame.default_bitmap().contains(&here) && !frame.extension_known;
        let (falling, falling_end) = if outside {
            (Vec::new(), End::BitmapExtension)
        } else {
            Self::side(arrays, frame, position, Direction::ZeroForOne)
        };
        let (rising, rising_end) = if outside {
            (Vec::new(), End::BitmapExtension)
        } else {
            Self::side(arrays, frame, position, Direction::OneForZero)
        };
        let liquidity_below_all = falling
            .last()
            .map_or(position.liquidity, |(_, liquidity)| *liquidity);
        let mut entries = Vec::with_capacity(falling.len() + rising.len());
        let mut above = vec![position.liquidity];
        above.extend(falling.iter().map(|(_, liquidity)| *liquidity));
        for ((tick, _), liquidity_above) in falling.iter().zip(above).rev() {
            entries.push(Entry::new(*tick, liquidity_above));
        }
        entries.extend(
            rising
                .into_iter()
                .map(|(tick, liquidity)| Entry::new(tick, liquidity)),
        );
        Self {
            entries,
            liquidity_below_all,
            ends: [falling_end, rising_end],
            spacing: frame.spacing,
            rates: frame.rates,
        }
    }

    /// The ticks on one side of the price, nearest first, each with the liquidity behind it.
    fn side(
        arrays: &Arrays,
        frame: Frame,
        position: Position<u128>,
        direction: Direction,
    ) -> (Vec<(i32, u128)>, End) {
        let here = position.tick.div_euclid(frame.span()) * frame.span();
        let mut ordered: Vec<_> = match direction {
            Direction::ZeroForOne => arrays.range(..=here).rev().collect(),
            Direction::OneForZero => arrays.range(here..).collect(),
        };
        // An array that lies beyond the default bitmap is reached only by way of the extension.
        if !frame.extension_known {
            let range = frame.default_bitmap();
            ordered.retain(|(start, _)| range.contains(*start));
        }
        let mut liquidity = position.liquidity;
        let mut ticks = Vec::new();
        for (start, array) in ordered {
            let Some(array) = array else {
                return (ticks, End::Array(*start));
            };
            let mut ordered: Vec<&RaydiumClmmTick> = array.iter().collect();
            match direction {
                Direction::ZeroForOne => {
                    ordered.retain(|tick| tick.tick <= position.tick);
                    ordered.reverse();
                }
                Direction::OneForZero => ordered.retain(|tick| tick.tick > position.tick),
            }
            for tick in ordered {
                let net = match direction {
                    Direction::ZeroForOne => tick.liquidity_net.checked_neg(),
                    Direction::OneForZero => Some(tick.liquidity_net),
                };
                match net.and_then(|net| liquidity.checked_add_signed(net)) {
                    Some(behind) => liquidity = behind,
                    None => return (ticks, End::Torn(tick.tick)),
                }
                ticks.push((tick.tick, liquidity));
            }
        }
        let end = frame.list_end(direction);
        if end == End::Nothing && liquidity != 0 {
            let last = ticks.last().map_or(position.tick, |(tick, _)| *tick);
            return (ticks, End::Torn(last));
        }
        (ticks, end)
    }

    /// The active liquidity at a tick.
    pub(super) fn liquidity_at(&self, tick: i32) -> u128 {
        self.liquidity_below(self.count_up_to(tick))
    }

    /// Whether the price cannot move on in this direction.
    pub(super) fn at_limit(from: Position<u128>, direction: Direction) -> bool {
        match direction {
            Direction::ZeroForOne => from.sqrt_price <= limit(direction),
            Direction::OneForZero => from.sqrt_price >= limit(direction),
        }
    }

    /// What comes behind the known ticks in this direction.
    pub(super) fn end(&self, direction: Direction) -> End {
        self.ends[usize::from(direction == Direction::OneForZero)]
    }

    /// Between which ticks the other book differs; `None` where it does not.
    pub(super) fn difference(&self, other: &Self) -> Option<RangeInclusive<i32>> {
        let same_below = self.liquidity_below_all == other.liquidity_below_all;
        let pairs = self.entries.iter().zip(&other.entries);
        let same_first = pairs.take_while(|(a, b)| a == b).count();
        if same_below && same_first == self.entries.len() && same_first == other.entries.len() {
            return None;
        }
        let first = [self, other]
            .map(|book| book.entries.get(same_first).map(|entry| entry.tick))
            .into_iter()
            .flatten()
            .min()
            .filter(|_| same_below);
        let rest = [self, other].map(|book| book.entries.get(same_first..).unwrap_or_default());
        let reversed = rest[0].iter().rev().zip(rest[1].iter().rev());
        let same_last = reversed.take_while(|(a, b)| a == b).count();
        let last = rest
            .map(|rest| {
                let place = rest.len().checked_sub(same_last + 1);
                place
                    .and_then(|place| rest.get(place))
                    .map(|entry| entry.tick)
            })
            .into_iter()
            .flatten()
            .max();
        Some(first.unwrap_or(MIN_TICK)..=last.unwrap_or(MAX_TICK))
    }

    /// From a tick on in the direction of a swap: where each range ends, and its liquidity.
    pub(super) fn ranges(&self, from: Position<u128>, direction: Direction) -> Vec<(u128, u128)> {
        let mut ranges = Vec::new();
        let mut position = from;
        while let Some(stop) = self.next_stop(position, direction) {
            ranges.push((stop.after.sqrt_price, position.liquidity));
            position = stop.after;
        }
        ranges
    }

    pub(super) fn terms(&self, direction: Direction) -> Terms {
        Terms {
            direction,
            rates: self.rates,
        }
    }

    fn count_up_to(&self, tick: i32) -> usize {
        self.entries.partition_point(|entry| entry.tick <= tick)
    }

    fn liquidity_below(&self, place: usize) -> u128 {
        let below = place.checked_sub(1).and_then(|at| self.entries.get(at));
        below.map_or(self.liquidity_below_all, |entry| entry.liquidity_above)
    }

    /// The first tick in the direction of a swap, and the liquidity behind it.
    fn next(&self, tick: i32, direction: Direction) -> Option<(Entry, u128)> {
        let above = self.count_up_to(tick);
        match direction {
            Direction::ZeroForOne => {
                let place = above.checked_sub(1)?;
                let entry = self.entries.get(place)?;
                Some((*entry, self.liquidity_below(place)))
            }
            Direction::OneForZero => {
                let entry = self.entries.get(above)?;
                Some((*entry, entry.liquidity_above))
            }
        }
    }
}

impl Entry {
    fn new(tick: i32, liquidity_above: u128) -> Self {
        Self {
            tick,
            sqrt_price: sqrt_price(tick),
            liquidity_above,
        }
    }
}

impl Course for Book {
    type Price = u128;
    type Flow = Moved;

    /// The program goes from one initialised tick to the next, across arrays; it stops nowhere else.
    fn next_stop(&self, from: Position<u128>, direction: Direction) -> Option<Stop<u128>> {
        if Self::at_limit(from, direction) {
            return None;
        }
        let limit = limit(direction);
        let falling = direction == Direction::ZeroForOne;
        let (entry, liquidity) = self.next(from.tick, direction)?;
        let limited = if falling {
            entry.sqrt_price < limit
        } else {
            entry.sqrt_price > limit
        };
        let after = if limited {
            Position {
                sqrt_price: limit,
                tick: tick(limit),
                ..from
            }
        } else {
            Position {
                sqrt_price: entry.sqrt_price,
                tick: entry.tick - i32::from(falling),
                liquidity,
            }
        };
        Some(Stop {
            tick: entry.tick,
            crosses: !limited,
            after,
        })
    }

    /// An array of ticks.
    fn stretch(&self, stop_tick: i32) -> i32 {
        stop_tick.div_euclid(self.spacing * ARRAY_TICKS)
    }

    /// The last initialised tick before the array; without one, the array's edge.
    fn entry(&self, stretch: i32, direction: Direction) -> Position<u128> {
        let span = self.spacing * ARRAY_TICKS;
        let (edge, before) = match direction {
            Direction::ZeroForOne => {
                let edge = (stretch + 1) * span;
                let place = self.count_up_to(edge - 1);
                (edge, self.entries.get(place))
            }
            Direction::OneForZero => {
                let edge = stretch * span;
                let place = self.count_up_to(edge - 1).checked_sub(1);
                (edge, place.and_then(|place| self.entries.get(place)))
            }
        };
        let falling = direction == Direction::ZeroForOne;
        let (sqrt_price, tick) = match before {
            Some(entry) => (entry.sqrt_price, entry.tick - i32::from(falling)),
            None => (sqrt_price(edge.clamp(MIN_TICK, MAX_TICK)), edge - 1),
        };
        Position {
            sqrt_price,
            tick,
            liquidity: self.liquidity_at(tick),
        }
    }

    fn whole_step(&self, direction: Direction, from: Position<u128>, to: u128) -> Moved {
        self.terms(direction).whole(from, to)
    }

    fn tick_at(&self, sqrt_price: u128) -> i32 {
        tick(sqrt_price)
    }
}

/// The price at which the program lets a swap without a limit end.
fn limit(direction: Direction) -> u128 {
    match direction {
        Direction::ZeroForOne => MIN_SQRT_PRICE_X64 + 1,
        Direction::OneForZero => MAX_SQRT_PRICE_X64 - 1,
    }
}
