//! The fee's rate along a swap: fixed, or one for each tick group that the swap passes.
//!
//! Source: `FeeRateManager` of the Whirlpool program. The rate of a group depends on its distance from the
//! reference group alone, so both directions and every amount see the same rates from one state.

use super::fault::Fault;
use super::oracle::{AdaptiveFeeConstants, AdaptiveFeeVariables, CONTROL_ONE, VOLATILITY_SCALE};
use super::tick_arrays::Stop;
use super::tick_math::{MAX_TICK, MIN_TICK, sqrt_price, tick};
use crate::pools::Direction;

/// The most that a swap pays, whatever the volatility: 10 %.
const MAX_FEE_PPM: u32 = 100_000;

/// The rate that a step pays.
#[derive(Debug, Clone, Copy)]
pub(super) enum FeeRate {
    /// The same for all.
    Fixed(u32),
    /// One for each tick group.
    Adaptive(Volatility),
}

/// An adaptive fee in the middle of a swap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Volatility {
    direction: Direction,
    fixed_ppm: u32,
    constants: AdaptiveFeeConstants,
    pub(super) variables: AdaptiveFeeVariables,
    /// The tick group that the next step is in.
    pub(super) group: i32,
    /// The groups in which volatility is not yet at its most, with the prices where they begin and end.
    core: [Option<(i32, u128)>; 2],
}

/// How far a step may go before the rate changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    pub(super) price: u128,
    /// Whether the step may pass several groups, because the rate is the same in all of them.
    pub(super) passes_groups: bool,
}

impl Volatility {
    /// # Errors
    /// When the oracle was updated after `now`.
    pub(super) fn new(
        direction: Direction,
        current_tick: i32,
        now: u64,
        fixed_ppm: u32,
        constants: AdaptiveFeeConstants,
        mut variables: AdaptiveFeeVariables,
    ) -> Result<Self, Fault> {
        let group = constants.group(current_tick);
        variables.update_reference(group, now, &constants)?;
        let most = constants.max_volatility_accumulator;
        let reach = (most - variables.volatility_reference)
            .div_ceil(VOLATILITY_SCALE)
            .cast_signed();
        let size = i32::from(constants.tick_group_size);
        let low = variables.tick_group_index_reference - reach;
        let high = variables.tick_group_index_reference + reach;
        let (low_tick, high_tick) = (low * size, (high + 1) * size);
        Ok(Self {
            direction,
            fixed_ppm,
            constants,
            variables,
            group,
            core: [
                (low_tick > MIN_TICK).then(|| (low, sqrt_price(low_tick))),
                (high_tick < MAX_TICK).then(|| (high, sqrt_price(high_tick))),
            ],
        })
    }

    /// `ceil(control * (volatility * group size)**2 / (1e5 * 1e4**2))`, and the fixed part.
    fn rate_ppm(&self) -> u32 {
        let ticks = u64::from(self.variables.volatility_accumulator)
            * u64::from(self.constants.tick_group_size);
        let over = u128::from(self.constants.adaptive_fee_control_factor)
            * u128::from(ticks)
            * u128::from(ticks);
        let under = u128::from(CONTROL_ONE) * u128::from(VOLATILITY_SCALE).pow(2);
        let adaptive = u32::try_from(over.div_ceil(under)).unwrap_or(MAX_FEE_PPM);
        self.fixed_ppm.saturating_add(adaptive).min(MAX_FEE_PPM)
    }

    fn bound(&self, target: u128, liquidity: u128) -> Bound {
        let passing = |price| Bound {
            price,
            passes_groups: true,
        };
        if self.constants.adaptive_fee_control_factor == 0 || liquidity == 0 {
            return passing(target);
        }
        let [low, high] = self.core;
        let falling = self.direction == Direction::ZeroForOne;
        match (low, high) {
            (Some((group, _)), _) if self.group < group && falling => return passing(target),
            (Some((group, price)), _) if self.group < group => return passing(target.min(price)),
            (_, Some((group, price))) if self.group > group && falling => {
                return passing(target.max(price));
            }
            (_, Some((group, _))) if self.group > group => return passing(target),
            _ => {}
        }
        let size = i32::from(self.constants.tick_group_size);
        let edge = |group: i32| sqrt_price((group * size).clamp(MIN_TICK, MAX_TICK));
        Bound {
            price: if falling {
                target.max(edge(self.group))
            } else {
                target.min(edge(self.group + 1))
            },
            passes_groups: false,
        }
    }

    fn advance(&mut self, bound: Bound, price: u128, stop: Stop) {
        let falling = self.direction == Direction::ZeroForOne;
        if bound.passes_groups {
            let passed = self.last_passed(price, stop);
            if (falling && passed < self.group) || (!falling && passed > self.group) {
                self.group = passed;
                self.variables.update_accumulator(passed, &self.constants);
            }
        }
        self.group += if falling { -1 } else { 1 };
    }

    /// The last group that the price moved through.
    fn last_passed(&self, price: u128, stop: Stop) -> i32 {
        let size = i32::from(self.constants.tick_group_size);
        let at = if price == stop.sqrt_price {
            stop.tick
        } else {
            tick(price)
        };
        let on_edge = at % size == 0 && (price == stop.sqrt_price || price == sqrt_price(at));
        let group = at.div_euclid(size);
        if on_edge && self.direction == Direction::OneForZero {
            group - 1
        } else {
            group
        }
    }
}

impl FeeRate {
    /// The rate of the next step, whose tick group counts from now on.
    pub(super) fn next_ppm(&mut self) -> u32 {
        match self {
            Self::Fixed(fee_ppm) => *fee_ppm,
            Self::Adaptive(volatility) => {
                let (group, constants) = (volatility.group, volatility.constants);
                volatility.variables.update_accumulator(group, &constants);
                volatility.rate_ppm()
            }
        }
    }

    /// How far the next step may go towards `target`.
    pub(super) fn bound(&self, target: u128, liquidity: u128) -> Bound {
        match self {
            Self::Fixed(_) => Bound {
                price: target,
                passes_groups: false,
            },
            Self::Adaptive(volatility) => volatility.bound(target, liquidity),
        }
    }

    /// After a step that was bound so, ended at `price`, and was under way to `stop`.
    pub(super) fn advance(&mut self, bound: Bound, price: u128, stop: Stop) {
        if let Self::Adaptive(volatility) = self {
            volatility.advance(bound, price, stop);
        }
    }
}
