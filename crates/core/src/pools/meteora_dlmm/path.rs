//! All bins that a swap in one direction would drain one after the other, with running sums.
//!
//! The fee of a bin depends on its distance from a reference that is fixed when the swap begins, so what a whole
//! bin takes and gives is fixed too; a quote searches the sums and computes one bin, however deep it goes.

use super::MeteoraDlmmPool;
use super::bin::{DlmmBin, FeeSide};
use super::fees::{BILLION, DlmmVolatility};
use super::state::array_of;
use crate::pools::Direction;

/// The bin arrays that the pair's own bitmap tells of.
pub(super) const BITMAP: std::ops::RangeInclusive<i32> = -512..=511;

/// One bin on the way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Its place among the pool's bins.
    pub(super) place: usize,
    pub(super) rate: u64,
    pub(super) accumulator: u32,
    /// What all bins before it take and give.
    pub(super) in_before: u128,
    pub(super) out_before: u128,
    /// A swap goes on behind this bin from that input on; and from that output on.
    leaves_from_in: u128,
    leaves_from_out: u128,
}

/// Why there is nothing behind the last bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// No bin array has liquidity any more.
    Dry,
    /// A bin array that the bitmap names was not given.
    Array(i32),
    /// The bitmap ends here, and its extension was not given.
    Extension,
    /// The program's arithmetic would overflow there.
    Overflow,
}

/// The bins in one direction, in the order in which they are drained.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    /// What all steps take and give.
    pub(super) total_in: u128,
    pub(super) total_out: u128,
    pub(super) end: End,
    /// The references of a swap that begins now.
    pub(super) volatility: Option<DlmmVolatility>,
}

impl Path {
    /// The step in which a swap for an exact input ends, if there is one.
    pub(super) fn step_for_in(&self, amount: u64) -> Option<usize> {
        let amount = u128::from(amount);
        let place = self
            .steps
            .partition_point(|step| step.leaves_from_in <= amount);
        (place < self.steps.len()).then_some(place)
    }

    /// The step in which a swap for an exact output ends, if there is one.
    pub(super) fn step_for_out(&self, amount: u64) -> Option<usize> {
        let amount = u128::from(amount);
        let place = self
            .steps
            .partition_point(|step| step.leaves_from_out <= amount);
        (place < self.steps.len()).then_some(place)
    }

    /// Walks the bins of a pool.
    pub(super) fn of(pool: &MeteoraDlmmPool, direction: Direction) -> Self {
        let fees = &pool.state.fees;
        let now = pool.state.clock.unix_timestamp;
        let mut path = Self {
            steps: Vec::new(),
            total_in: 0,
            total_out: 0,
            end: End::Overflow,
            volatility: pool.state.volatility.at(fees, pool.state.active_id, now),
        };
        if let Some(volatility) = path.volatility {
            path.end = path.walk(pool, direction, volatility);
        }
        path
    }

    fn walk(
        &mut self,
        pool: &MeteoraDlmmPool,
        direction: Direction,
        volatility: DlmmVolatility,
    ) -> End {
        let active = array_of(pool.state.active_id);
        if !pool.state.bitmap_extension_known && !BITMAP.contains(&active) {
            return End::Extension;
        }
        for index in pool.arrays_ahead(direction) {
            if pool.given.binary_search(&index).is_err() {
                return End::Array(index);
            }
            for place in pool.bins_ahead(direction, index) {
                let Some(bin) = pool.bins.get(place) else {
                    continue;
                };
                if bin.most_out_raw(direction) > 0
                    && self
                        .push(pool, direction, volatility, (place, bin))
                        .is_none()
                {
                    return End::Overflow;
                }
            }
        }
        if pool.state.bitmap_extension_known {
            return End::Dry;
        }
        End::Extension
    }

    fn push(
        &mut self,
        pool: &MeteoraDlmmPool,
        direction: Direction,
        volatility: DlmmVolatility,
        (place, bin): (usize, &DlmmBin),
    ) -> Option<()> {
        let accumulator = volatility.accumulator_in(&pool.state.fees, bin.id);
        let rate = pool.state.fees.rate(pool.state.bin_step, accumulator)?;
        let side = pool.fee_side(direction);
        let drained = bin.spend(direction, side, rate, u64::MAX)?;
        let net = u128::from(bin.most_net_in_raw(direction)?) + 1;
        let leaves_from = match side {
            // The least input of which more than the bin can take is left after the fee.
            FeeSide::Input => (net * u128::from(BILLION)).div_ceil(u128::from(BILLION - rate)),
            FeeSide::Output => net,
        };
        self.steps.push(Step {
            place,
            rate,
            accumulator,
            in_before: self.total_in,
            out_before: self.total_out,
            leaves_from_in: self.total_in + leaves_from,
            leaves_from_out: self.total_out + u128::from(drained.out_raw) + 1,
        });
        self.total_in += u128::from(drained.in_raw);
        self.total_out += u128::from(drained.out_raw);
        Some(())
    }
}

impl MeteoraDlmmPool {
    /// The bin arrays that hold liquidity, from the active one on.
    fn arrays_ahead(&self, direction: Direction) -> impl Iterator<Item = i32> {
        let active = array_of(self.state.active_id);
        let all = &self.initialized;
        let (below, above) = match direction {
            Direction::ZeroForOne => (all.partition_point(|index| *index <= active), all.len()),
            Direction::OneForZero => (0, all.partition_point(|index| *index < active)),
        };
        let falling = all.iter().take(below).rev();
        falling.chain(all.iter().skip(above)).copied()
    }

    /// Places of the bins of one array that are not behind the active one.
    fn bins_ahead(&self, direction: Direction, array: i32) -> impl Iterator<Item = usize> {
        let active = self.state.active_id;
        let [first, last] = super::state::bins_of(array);
        let (first, last, falls) = match direction {
            Direction::ZeroForOne => (first, last.min(active), true),
            Direction::OneForZero => (first.max(active), last, false),
        };
        let from = self.bins.partition_point(|bin| bin.id < first);
        let to = self.bins.partition_point(|bin| bin.id <= last);
        let count = to.saturating_sub(from);
        (0..count).map(move |nth| if falls { to - 1 - nth } else { from + nth })
    }
}
