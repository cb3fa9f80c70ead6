//! A pool's curve as levels of a book that never promise more than the pool gives.
//!
//! A curve is a list of samples, each what the pool gives for one amount alone. Pools trade at a price that gets no
//! better with the amount, so a straight line between two samples lies on the safe side of the curve. Levels are such
//! lines: prices are rounded to ticks against the taker, sizes down to whole lots, and each level takes up what the
//! rounding of those before it left, so that the sum up to its end is never better than the pool's own sample.

use alloy_primitives::U256;

use super::error::BookError;
use super::order_book::Side;
use super::terms::MAX_UNITS;

/// What a pool takes and gives, both from the pool's present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// In the smallest unit of the token that is paid, fees included.
    pub cumulative_in_raw: u128,
    /// In the smallest unit of the token that is got.
    pub cumulative_out_raw: u128,
}

/// What a book's integers are in a pool's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurveUnits {
    /// Smallest units of the base token in one lot; from 1 on.
    pub base_raw_per_lot: u64,
    /// Smallest units of the quote token that one lot costs at a price of one tick: numerator and denominator, both
    /// from 1 on.
    pub quote_raw_per_tick_lot: (u64, u64),
}

/// The samples of a pool at these inputs; it ends where the pool has no answer.
pub fn sample_curve(
    amounts_in_raw: impl IntoIterator<Item = u128>,
    quote: impl Fn(u128) -> Option<(u128, u128)>,
) -> Vec<Sample> {
    amounts_in_raw
        .into_iter()
        .map_while(quote)
        .map(|(cumulative_in_raw, cumulative_out_raw)| Sample {
            cumulative_in_raw,
            cumulative_out_raw,
        })
        .collect()
}

/// The levels of one side, best first: price in ticks, size in lots.
///
/// For [`Side::Ask`] the pool takes quote and gives base, for [`Side::Bid`] it takes base and gives quote. Samples are
/// in ascending order of what is paid. Where the curve ends (a price beyond the book's range, or of no tick) so do
/// the levels.
///
/// # Errors
/// `curve_malformed`, `term_out_of_range`.
pub fn synthetic_levels(
    side: Side,
    samples: &[Sample],
    units: &CurveUnits,
) -> Result<Vec<(u64, u64)>, BookError> {
    check_units(units)?;
    check_samples(samples)?;
    let mut curve = Curve::new(side, *units);
    for sample in samples {
        if !curve.add(sample) {
            break;
        }
    }
    Ok(curve.levels)
}

struct Curve {
    side: Side,
    units: CurveUnits,
    levels: Vec<(u64, u64)>,
    /// The sample before, as (base, quote).
    before: (u128, u128),
    /// What the levels come to, in lots and in ticks times lots.
    lots: u128,
    tick_lots: U256,
}

impl Curve {
    fn new(side: Side, units: CurveUnits) -> Self {
        Self {
            side,
            units,
            levels: Vec::new(),
            before: (0, 0),
            lots: 0,
            tick_lots: U256::ZERO,
        }
    }

    /// Adds the level that leads to a sample; `false` when the book cannot state its price.
    fn add(&mut self, sample: &Sample) -> bool {
        let (base, quote) = match self.side {
            Side::Ask => (sample.cumulative_out_raw, sample.cumulative_in_raw),
            Side::Bid => (sample.cumulative_in_raw, sample.cumulative_out_raw),
        };
        let lots = base / u128::from(self.units.base_raw_per_lot);
        let size = u64::try_from(lots.saturating_sub(self.lots)).unwrap_or(u64::MAX);
        let (from, to) = (
            std::mem::replace(&mut self.before, (base, quote)),
            (base, quote),
        );
        if size == 0 {
            return true;
        }
        if size > MAX_UNITS {
            return false;
        }
        let Some(price) = self.price(from, to, lots, size) else {
            return false;
        };
        self.lots = lots;
        self.tick_lots += U256::from(price) * U256::from(size);
        match self.levels.last_mut() {
            Some((last, sum)) if *last == price && MAX_UNITS - *sum >= size => *sum += size,
            _ => self.levels.push((price, size)),
        }
        true
    }

    /// The best price, in ticks, at which `size` lots up to `lots` are still no better than the pool.
    fn price(&self, from: (u128, u128), to: (u128, u128), lots: u128, size: u64) -> Option<u64> {
        let last = self.levels.last().map(|(price, _)| *price);
        let size = U256::from(size);
        let price = match self.side {
            Side::Ask => {
                // The pool gives at least these lots for the sample's whole input.
                let target = self.in_tick_lots_up(to.1);
                let price = target.saturating_sub(self.tick_lots).div_ceil(size);
                price.max(U256::from(last.unwrap_or(1)))
            }
            Side::Bid => {
                // For the lots below the sample's input it gives at least what the line to it says.
                let target = self.in_tick_lots_down(self.on_line(from, to, lots)?);
                let price = target.saturating_sub(self.tick_lots) / size;
                price.min(U256::from(last.unwrap_or(MAX_UNITS)))
            }
        };
        let price = u64::try_from(price).ok()?;
        (1..=MAX_UNITS).contains(&price).then_some(price)
    }

    /// The quote at `lots` on the line between two samples, rounded down.
    fn on_line(&self, from: (u128, u128), to: (u128, u128), lots: u128) -> Option<u128> {
        let base = lots.checked_mul(u128::from(self.units.base_raw_per_lot))?;
        let rise = U256::from(to.1.checked_sub(from.1)?) * U256::from(base.checked_sub(from.0)?);
        let run = U256::from(to.0.checked_sub(from.0)?);
        let quote = U256::from(from.1) + rise.checked_div(run)?;
        u128::try_from(quote).ok()
    }

    fn in_tick_lots_up(&self, quote_raw: u128) -> U256 {
        let (raw, unit) = self.units.quote_raw_per_tick_lot;
        let scaled = U256::from(quote_raw) * U256::from(unit);
        scaled.div_ceil(U256::from(raw))
    }

    fn in_tick_lots_down(&self, quote_raw: u128) -> U256 {
        let (raw, unit) = self.units.quote_raw_per_tick_lot;
        let scaled = U256::from(quote_raw) * U256::from(unit);
        scaled / U256::from(raw)
    }
}

fn check_units(units: &CurveUnits) -> Result<(), BookError> {
    let (raw, unit) = units.quote_raw_per_tick_lot;
    let fields = [
        ("base_raw_per_lot", units.base_raw_per_lot),
        ("quote_raw_per_tick_lot", raw),
        ("quote_raw_per_tick_lot", unit),
    ];
    for (field, value) in fields {
        if value == 0 {
            return Err(BookError::TermOutOfRange {
                field,
                least: 1,
                most: u64::MAX,
                value,
            });
        }
    }
    Ok(())
}

fn check_samples(samples: &[Sample]) -> Result<(), BookError> {
    let mut before = Sample {
        cumulative_in_raw: 0,
        cumulative_out_raw: 0,
    };
    for (row, sample) in samples.iter().enumerate() {
        if sample.cumulative_in_raw <= before.cumulative_in_raw {
            let fault = "its input must be greater than the one before; samples are cumulative";
            return Err(BookError::CurveMalformed { row, fault });
        }
        if sample.cumulative_out_raw < before.cumulative_out_raw {
            let fault = "its output must not be less than the one before; samples are cumulative";
            return Err(BookError::CurveMalformed { row, fault });
        }
        before = *sample;
    }
    Ok(())
}
