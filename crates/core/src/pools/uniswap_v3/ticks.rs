//! The initialised ticks of a pool.

use alloy_primitives::aliases::U160;
use serde::{Deserialize, Serialize};

use super::tick_math::{MAX_TICK, MIN_TICK, sqrt_price};
use crate::pools::{Direction, PoolError, decimal};

/// An initialised tick, as `ticks(int24)` of the contract gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TickFields")]
pub struct Tick {
    /// The tick, a multiple of the spacing.
    pub index: i32,
    /// Liquidity of all positions that begin or end here; a tick with none is not initialised.
    ///
    /// It tells a tick whose net is zero (still a stop, and each stop rounds) from one that is gone. The JSON
    /// form may leave it out; it is then taken as the size of the net, which is too little where positions
    /// meet. Quotes differ only by the ticks of net zero that such a source leaves out (units, by rounding);
    /// a `Burn` may be refused, or end a tick too early.
    #[serde(with = "decimal")]
    pub liquidity_gross: u128,
    /// What the active liquidity gains when the price rises across the tick.
    #[serde(with = "decimal")]
    pub liquidity_net: i128,
}

/// A tick as the JSON form has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TickFields {
    index: i32,
    liquidity_gross: Option<Gross>,
    #[serde(with = "decimal")]
    liquidity_net: i128,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Gross(#[serde(with = "decimal")] u128);

impl From<TickFields> for Tick {
    fn from(fields: TickFields) -> Self {
        let net = fields.liquidity_net;
        Self {
            index: fields.index,
            liquidity_gross: fields
                .liquidity_gross
                .map_or(net.unsigned_abs(), |gross| gross.0),
            liquidity_net: net,
        }
    }
}

/// A tick with what a swap needs on the way.
#[derive(Debug, Clone, Copy)]
struct Entry {
    tick: Tick,
    sqrt_price: U160,
    /// The active liquidity from this tick to the next.
    liquidity_above: u128,
}

/// The ticks in ascending order. Their net liquidity adds up to zero and never to less.
#[derive(Debug, Clone)]
pub(super) struct TickTable {
    entries: Vec<Entry>,
}

/// An initialised tick that a swap comes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct NextTick {
    pub(super) index: i32,
    pub(super) sqrt_price: U160,
    pub(super) liquidity_below: u128,
    pub(super) liquidity_above: u128,
}

impl TickTable {
    /// # Errors
    /// `tick_malformed` or `liquidity_inconsistent`; `field` names the argument.
    pub(super) fn new(
        field: &'static str,
        ticks: &[Tick],
        spacing: i32,
    ) -> Result<Self, PoolError> {
        Self { entries: vec![] }.changed(field, ticks, spacing)
    }

    /// A table of other ticks; prices of those that stay are not computed again.
    ///
    /// # Errors
    /// Those of [`TickTable::new`].
    pub(super) fn changed(
        &self,
        field: &'static str,
        ticks: &[Tick],
        spacing: i32,
    ) -> Result<Self, PoolError> {
        let mut known = self.entries.as_slice();
        let mut price = |index: i32| {
            let passed = known.iter().take_while(|entry| entry.tick.index < index);
            known = known.get(passed.count()..).unwrap_or_default();
            let same = known.first().filter(|entry| entry.tick.index == index);
            same.map_or_else(|| sqrt_price(index), |entry| entry.sqrt_price)
        };
        let mut entries: Vec<Entry> = Vec::with_capacity(ticks.len());
        for tick in ticks {
            let below = entries.last();
            let fault = fault(tick, below, spacing);
            let liquidity = below
                .map_or(0, |entry| entry.liquidity_above)
                .checked_add_signed(tick.liquidity_net);
            match (fault, liquidity) {
                (None, Some(liquidity_above)) => {
                    entries.push(Entry {
                        tick: *tick,
                        sqrt_price: price(tick.index),
                        liquidity_above,
                    });
                }
                (fault, _) => {
                    let fault = fault.unwrap_or(
                        "takes away more liquidity than there is below it, or adds too much",
                    );
                    return Err(PoolError::TickMalformed {
                        field,
                        tick: tick.index,
                        fault,
                    });
                }
            }
        }
        match entries.last() {
            Some(entry) if entry.liquidity_above != 0 => Err(PoolError::TickMalformed {
                field,
                tick: entry.tick.index,
                fault: "is the last one and leaves liquidity that no tick above it takes away",
            }),
            _ => Ok(Self { entries }),
        }
    }

    pub(super) fn ticks(&self) -> Vec<Tick> {
        self.entries.iter().map(|entry| entry.tick).collect()
    }

    /// The sum of the net liquidity of all ticks at or below this one.
    pub(super) fn liquidity_at(&self, tick: i32) -> u128 {
        self.liquidity_below(self.count_up_to(tick))
    }

    /// The first tick in the direction of a swap from `tick` on, which a fall can itself cross.
    pub(super) fn next(&self, tick: i32, direction: Direction) -> Option<NextTick> {
        let above = self.count_up_to(tick);
        let place = match direction {
            Direction::ZeroForOne => above.checked_sub(1)?,
            Direction::OneForZero => above,
        };
        self.entries.get(place).map(|entry| NextTick {
            index: entry.tick.index,
            sqrt_price: entry.sqrt_price,
            liquidity_below: self.liquidity_below(place),
            liquidity_above: entry.liquidity_above,
        })
    }

    /// From the current tick on in the direction of a swap: where each range ends, and its liquidity.
    pub(super) fn ranges(
        &self,
        tick: i32,
        direction: Direction,
    ) -> impl Iterator<Item = (U160, u128)> {
        let above = self.count_up_to(tick);
        let (falling, rising) = self.entries.split_at(above);
        let falling = (direction == Direction::ZeroForOne).then(|| {
            falling
                .iter()
                .rev()
                .map(|entry| (entry.sqrt_price, entry.liquidity_above))
        });
        let rising = (direction == Direction::OneForZero).then(|| {
            (above..)
                .zip(rising)
                .map(|(at, entry)| (entry.sqrt_price, self.liquidity_below(at)))
        });
        falling
            .into_iter()
            .flatten()
            .chain(rising.into_iter().flatten())
    }

    fn count_up_to(&self, tick: i32) -> usize {
        self.entries
            .partition_point(|entry| entry.tick.index <= tick)
    }

    fn liquidity_below(&self, position: usize) -> u128 {
        let below = position.checked_sub(1).and_then(|at| self.entries.get(at));
        below.map_or(0, |entry| entry.liquidity_above)
    }
}

fn fault(tick: &Tick, below: Option<&Entry>, spacing: i32) -> Option<&'static str> {
    if !(MIN_TICK..=MAX_TICK).contains(&tick.index) {
        Some("is not from -887272 to 887272")
    } else if tick.index % spacing != 0 {
        Some("is not a multiple of tick_spacing")
    } else if below.is_some_and(|entry| entry.tick.index >= tick.index) {
        Some("is not above the one before it; sort them, each one once")
    } else if tick.liquidity_gross == 0 || tick.liquidity_gross < tick.liquidity_net.unsigned_abs()
    {
        Some("has less gross liquidity than its net, or none; give only initialised ticks")
    } else {
        None
    }
}
