//! The tick arrays that were looked up, and where a swap has to stop among them.
//!
//! A swap passes at most three arrays: the one of the current tick (rising, the next one when the tick is in
//! its last slot) and two behind it; one that is not initialised counts as one without ticks
//! (`SparseSwapTickSequenceBuilder` of the Whirlpool program). An array that nobody looked up may hold
//! anything, so a swap ends before it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tick_math::{MAX_TICK, MIN_TICK, sqrt_price};
use crate::ChainAddress;
use crate::pools::{Direction, PoolError, decimal};

/// Ticks of one array, in units of the tick spacing.
pub(super) const TICKS: usize = 88;
const TICKS_I32: i32 = 88;
/// Arrays that one swap passes.
const PASSED: i32 = 3;

/// An initialised tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// The tick, a multiple of the spacing.
    pub index: i32,
    /// Liquidity of all positions that begin or end here; never zero.
    #[serde(with = "decimal")]
    pub liquidity_gross: u128,
    /// What the active liquidity gains when the price rises across the tick.
    #[serde(with = "decimal")]
    pub liquidity_net: i128,
}

/// One tick array that was looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TickArray {
    /// Its account: the program's address for this pool and start.
    pub account: ChainAddress,
    /// Its first tick, a multiple of 88 spacings.
    pub start_tick_index: i32,
    /// Whether the account exists.
    pub initialized: bool,
    /// Its initialised ticks, in ascending order.
    pub ticks: Vec<Tick>,
}

/// An initialised tick with what a swap needs of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) tick: Tick,
    pub(super) sqrt_price: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    account: ChainAddress,
    initialized: bool,
}

/// Arrays by their start, and all their ticks in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TickArrays {
    spacing: i32,
    known: BTreeMap<i32, Known>,
    entries: Vec<Entry>,
}

/// Where a swap stops next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) tick: i32,
    pub(super) sqrt_price: u128,
    /// What crossing it adds to the liquidity when rising; `None` where no initialised tick is.
    pub(super) liquidity_net: Option<i128>,
}

/// Why a swap cannot go further than its arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The lowest or highest price.
    Price,
    /// Three arrays are passed.
    Arrays,
    /// The next array was not looked up.
    Unknown,
}

/// How far a swap can go from where a pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) end: Stop,
    pub(super) ending: Ending,
}

/// The first tick of the array that holds a tick.
pub(super) fn array_start(tick: i32, spacing: u16) -> i32 {
    let span = TICKS_I32 * i32::from(spacing);
    tick.div_euclid(span) * span
}

/// Whether the program has an array that starts there.
pub(super) fn is_array_start(start: i32, spacing: u16) -> bool {
    array_start(start, spacing) == start
        && (array_start(MIN_TICK, spacing)..=MAX_TICK).contains(&start)
}

impl TickArrays {
    /// # Errors
    /// `state_invalid` or `tick_malformed`.
    pub(super) fn new(arrays: &[TickArray], spacing: u16) -> Result<Self, PoolError> {
        let mut all = Self {
            spacing: i32::from(spacing),
            known: BTreeMap::new(),
            entries: Vec::new(),
        };
        for array in arrays {
            if all.known.contains_key(&array.start_tick_index) {
                return Err(invalid(format!(
                    "two arrays start at {}; give each one once",
                    array.start_tick_index
                )));
            }
            all.replace(array)?;
        }
        Ok(all)
    }

    /// Takes an array in place of the one that starts there. On a refusal nothing has changed.
    pub(super) fn replace(&mut self, array: &TickArray) -> Result<(), PoolError> {
        let (start, spacing) = (array.start_tick_index, self.spacing);
        let spacing_u16 = u16::try_from(spacing).unwrap_or(u16::MAX);
        if !is_array_start(start, spacing_u16) {
            return Err(invalid(format!(
                "{start} is not the start of a tick array; starts are multiples of {}",
                TICKS_I32 * spacing
            )));
        }
        if !array.initialized && !array.ticks.is_empty() {
            return Err(invalid(format!(
                "the array at {start} is not initialised, and yet has ticks"
            )));
        }
        let end = start + TICKS_I32 * spacing;
        let mut below = start - 1;
        for tick in &array.ticks {
            if let Some(fault) = fault(tick, below, end, spacing) {
                return Err(PoolError::TickMalformed {
                    field: "tick_arrays",
                    tick: tick.index,
                    fault,
                });
            }
            below = tick.index;
        }
        let ticks = array.ticks.iter().map(|tick| Entry {
            tick: *tick,
            sqrt_price: sqrt_price(tick.index),
        });
        let place = self.count_up_to(start - 1)..self.count_up_to(end - 1);
        self.entries.splice(place, ticks);
        let known = Known {
            account: array.account,
            initialized: array.initialized,
        };
        self.known.insert(start, known);
        Ok(())
    }

    /// All arrays, in ascending order.
    pub(super) fn arrays(&self) -> Vec<TickArray> {
        self.known
            .iter()
            .map(|(start, known)| TickArray {
                account: known.account,
                start_tick_index: *start,
                initialized: known.initialized,
                ticks: self.entries_from(*start).map(|entry| entry.tick).collect(),
            })
            .collect()
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = ChainAddress> {
        self.known.values().map(|known| known.account)
    }

    /// The start of the array that this account is.
    pub(super) fn start_of(&self, account: ChainAddress) -> Option<i32> {
        let mut known = self.known.iter();
        known
            .find(|(_, known)| known.account == account)
            .map(|(start, _)| *start)
    }

    /// The account of the array that starts there.
    pub(super) fn account_at(&self, start: i32) -> Option<ChainAddress> {
        self.known.get(&start).map(|known| known.account)
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many entries are at or below a tick.
    pub(super) fn count_up_to(&self, tick: i32) -> usize {
        self.entries
            .partition_point(|entry| entry.tick.index <= tick)
    }

    /// The ticks that one array spans.
    pub(super) fn span(&self) -> i32 {
        TICKS_I32 * self.spacing
    }

    /// The starts of the first and the last array of those that follow each other without a gap around a
    /// tick; `None` when its own was not looked up.
    pub(super) fn around(&self, tick: i32) -> Option<(i32, i32)> {
        let start = tick.clamp(MIN_TICK, MAX_TICK).div_euclid(self.span()) * self.span();
        self.known.get(&start)?;
        let furthest = |step: i32| {
            let mut last = start;
            while self.known.contains_key(&(last + step)) {
                last += step;
            }
            last
        };
        Some((furthest(-self.span()), furthest(self.span())))
    }

    /// How far a swap can go from a tick; `None` when it cannot even begin, because `Unknown` or because the
    /// program has no array there.
    pub(super) fn reach(&self, tick: i32, direction: Direction) -> Result<Reach, Ending> {
        let span = self.span();
        let own = tick.div_euclid(span) * span;
        let (first, step) = match direction {
            Direction::ZeroForOne => (own, -span),
            Direction::OneForZero if tick + self.spacing >= own + span => (own + span, span),
            Direction::OneForZero => (own, span),
        };
        let (lowest, highest) = (MIN_TICK.div_euclid(span) * span, MAX_TICK);
        let mut last = None;
        for passed in 0..PASSED {
            let start = first + passed * step;
            if !(lowest..=highest).contains(&start) {
                break;
            }
            if !self.known.contains_key(&start) {
                return last.map_or(Err(Ending::Unknown), |last| {
                    Ok(self.reach_through(last, direction, Ending::Unknown))
                });
            }
            last = Some(start);
        }
        let last = last.ok_or(Ending::Arrays)?;
        Ok(self.reach_through(last, direction, Ending::Arrays))
    }

    /// The reach of a swap whose last array starts at `last`.
    fn reach_through(&self, last: i32, direction: Direction, ending: Ending) -> Reach {
        let end = self.end_through(last, direction);
        // Crossing the last slot of an array leads to the next one, whatever ticks lie above the slot.
        let slot = last + self.span() - self.spacing;
        let on_slot = self
            .count_up_to(slot)
            .checked_sub(1)
            .and_then(|at| self.entries.get(at))
            .filter(|entry| direction == Direction::OneForZero && entry.tick.index == slot);
        match on_slot {
            Some(entry) => Reach {
                end: entry.stop(),
                ending: if slot + self.spacing > MAX_TICK {
                    Ending::Arrays
                } else {
                    ending
                },
            },
            None => Reach {
                end,
                ending: match end.sqrt_price {
                    super::tick_math::MIN_SQRT_PRICE_X64 | super::tick_math::MAX_SQRT_PRICE_X64 => {
                        Ending::Price
                    }
                    _ => ending,
                },
            },
        }
    }

    /// Where arrays end, the last of which starts at `last`.
    pub(super) fn end_through(&self, last: i32, direction: Direction) -> Stop {
        let tick = match direction {
            Direction::ZeroForOne => last.max(MIN_TICK),
            Direction::OneForZero => (last + self.span() - 1).min(MAX_TICK),
        };
        Stop {
            tick,
            sqrt_price: sqrt_price(tick),
            liquidity_net: None,
        }
    }

    fn entries_from(&self, start: i32) -> impl Iterator<Item = &Entry> {
        let end = start + self.span();
        let entries = self.entries.get(self.count_up_to(start - 1)..);
        entries
            .unwrap_or_default()
            .iter()
            .take_while(move |entry| entry.tick.index < end)
    }
}

impl Entry {
    pub(super) fn stop(&self) -> Stop {
        Stop {
            tick: self.tick.index,
            sqrt_price: self.sqrt_price,
            liquidity_net: Some(self.tick.liquidity_net),
        }
    }
}

fn fault(tick: &Tick, below: i32, end: i32, spacing: i32) -> Option<&'static str> {
    if tick.index % spacing != 0 {
        Some("is not a multiple of tick_spacing")
    } else if tick.index <= below || tick.index >= end {
        Some("is not in its array, or not above the one before it; sort them, each one once")
    } else if !(MIN_TICK..=MAX_TICK).contains(&tick.index) {
        Some("is not from -443636 to 443636")
    } else if tick.liquidity_gross == 0 || tick.liquidity_gross < tick.liquidity_net.unsigned_abs()
    {
        Some("has less gross liquidity than its net, or none; give only initialised ticks")
    } else {
        None
    }
}

fn invalid(fault: String) -> PoolError {
    PoolError::StateInvalid {
        field: "tick_arrays",
        fault,
    }
}
