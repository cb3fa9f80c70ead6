//! The program's swap loop: step by step, from stop to stop, with whatever fee each step pays.

use super::fault::Fault;
use super::fee_rate::FeeRate;
use super::swap_step::{Path, Step};
use super::tick_arrays::{Reach, Stop, TickArrays};
use super::tick_math::tick;
use crate::pools::concentrated::Position;
use crate::pools::{Direction, Exact};

/// One in the scale of the protocol's share of the fee.
const PROTOCOL_ONE: u64 = 10_000;

/// What stays the same during a swap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) arrays: &'a TickArrays,
    pub(super) reach: Reach,
    pub(super) direction: Direction,
    /// The price at which the swap ends though something is left.
    pub(super) limit: u128,
    pub(super) protocol_fee_bps: u16,
}

/// How far a swap came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub(super) position: Position<u128>,
    /// Whether the tick is the one of the price; else the price lies between two stops.
    pub(super) tick_known: bool,
    /// Paid, fee included.
    pub(super) paid: u64,
    /// Got.
    pub(super) got: u64,
    /// The fee contained in what was paid, the protocol's share included.
    pub(super) fee: u64,
    pub(super) protocol_fee: u64,
    /// Initialised ticks crossed.
    pub(super) crossed: u32,
    pub(super) rate: FeeRate,
    /// What the last step paid, in parts per million.
    pub(super) fee_ppm: u32,
    /// Whether the arrays ended before the amount was used up.
    pub(super) ended: bool,
}

impl Progress {
    pub(super) fn new(position: Position<u128>, rate: FeeRate) -> Self {
        Self {
            position,
            tick_known: true,
            paid: 0,
            got: 0,
            fee: 0,
            protocol_fee: 0,
            crossed: 0,
            rate,
            fee_ppm: 0,
            ended: false,
        }
    }

    /// The side that is exact.
    pub(super) fn side(&self, exact: Exact) -> u64 {
        match exact {
            Exact::In => self.paid,
            Exact::Out => self.got,
        }
    }

    /// The position, with the tick as the program keeps it.
    pub(super) fn settled(&self) -> Position<u128> {
        let mut position = self.position;
        if !self.tick_known {
            position.tick = tick(position.sqrt_price);
        }
        position
    }

    fn take(&mut self, step: Step, protocol_fee_bps: u16) -> Result<(), Fault> {
        let add = |sum: u64, part: u64| sum.checked_add(part).ok_or(Fault::AmountCalcOverflow);
        self.paid = add(add(self.paid, step.amount_in)?, step.fee)?;
        self.got = add(self.got, step.amount_out)?;
        self.fee = add(self.fee, step.fee)?;
        self.protocol_fee = add(
            self.protocol_fee,
            protocol_share(step.fee, protocol_fee_bps),
        )?;
        Ok(())
    }
}

/// `floor(fee * share / 1e4)` of one step.
pub(super) fn protocol_share(fee: u64, protocol_fee_bps: u16) -> u64 {
    if let Some(product) = fee.checked_mul(u64::from(protocol_fee_bps)) {
        return product / PROTOCOL_ONE;
    }
    let share = u128::from(fee) * u128::from(protocol_fee_bps) / u128::from(PROTOCOL_ONE);
    u64::try_from(share).unwrap_or(fee)
}

impl Walk<'_> {
    /// Goes on until `amount` of the exact side has moved, or until the limit or the end.
    pub(super) fn run(
        &self,
        mut progress: Progress,
        exact: Exact,
        amount: u64,
    ) -> Result<Progress, Fault> {
        while progress.side(exact) < amount && progress.position.sqrt_price != self.limit {
            let Some(stop) = self.next_stop(&progress.position) else {
                progress.ended = true;
                break;
            };
            let remaining = amount - progress.side(exact);
            self.advance(&mut progress, stop, |path| path.step(exact, remaining))?;
        }
        Ok(progress)
    }

    /// As `run`, where one or two steps are enough; `None` where they are not.
    pub(super) fn begin(
        &self,
        mut progress: Progress,
        exact: Exact,
        amount: u64,
    ) -> Option<Progress> {
        for _ in 0..2 {
            let stop = self.next_stop(&progress.position)?;
            let remaining = amount - progress.side(exact);
            let step = self.advance(&mut progress, stop, |path| path.step(exact, remaining));
            step.ok()?;
            if progress.side(exact) == amount {
                return Some(progress);
            }
            if progress.position.sqrt_price == self.limit {
                return None;
            }
        }
        None
    }

    /// As `run`, from where a search has shown that the whole next step up to an initialised tick, or up to
    /// where the rate changes, moves more than what is left.
    pub(super) fn finish(
        &self,
        mut progress: Progress,
        exact: Exact,
        amount: u64,
    ) -> Result<Progress, Fault> {
        let remaining = amount.saturating_sub(progress.side(exact));
        // Elsewhere the search may have meant a stop further away.
        if remaining > 0
            && let Some(stop) = self.next_stop(&progress.position)
            && stop.liquidity_net.is_some()
        {
            self.advance(&mut progress, stop, |path| {
                if path.is_ordinary() {
                    path.part(exact, remaining)
                } else {
                    path.step(exact, remaining)
                }
            })?;
        }
        self.run(progress, exact, amount)
    }

    /// One step towards `stop`, of what `step` says it moves.
    pub(super) fn advance(
        &self,
        progress: &mut Progress,
        stop: Stop,
        step: impl FnOnce(Path) -> Result<Step, Fault>,
    ) -> Result<(), Fault> {
        let Position {
            sqrt_price,
            liquidity,
            ..
        } = progress.position;
        let fee_ppm = progress.rate.next_ppm();
        let target = match self.direction {
            Direction::ZeroForOne => stop.sqrt_price.max(self.limit),
            Direction::OneForZero => stop.sqrt_price.min(self.limit),
        };
        let bound = progress.rate.bound(target, liquidity);
        let step = step(Path {
            direction: self.direction,
            price: sqrt_price,
            target: bound.price,
            liquidity,
            fee_ppm,
        })?;
        progress.take(step, self.protocol_fee_bps)?;
        progress.fee_ppm = fee_ppm;
        if step.price == stop.sqrt_price {
            self.arrive(progress, stop)?;
        } else if step.price != sqrt_price {
            progress.position.sqrt_price = step.price;
            progress.tick_known = false;
        }
        progress.rate.advance(bound, step.price, stop);
        Ok(())
    }

    /// The next stop; `None` beyond the last one.
    pub(super) fn next_stop(&self, position: &Position<u128>) -> Option<Stop> {
        let Reach { end, .. } = self.reach;
        let above = self.arrays.count_up_to(position.tick);
        let (entry, ended) = match self.direction {
            Direction::ZeroForOne => (
                above
                    .checked_sub(1)
                    .and_then(|at| self.arrays.entries().get(at))
                    .filter(|entry| entry.tick.index >= end.tick),
                position.tick < end.tick,
            ),
            Direction::OneForZero => (
                self.arrays
                    .entries()
                    .get(above)
                    .filter(|entry| entry.tick.index <= end.tick),
                position.tick >= end.tick,
            ),
        };
        if ended {
            return None;
        }
        Some(entry.map_or(end, super::tick_arrays::Entry::stop))
    }

    fn arrive(&self, progress: &mut Progress, stop: Stop) -> Result<(), Fault> {
        self.arrive_at(&mut progress.position, stop)?;
        progress.crossed += u32::from(stop.liquidity_net.is_some());
        progress.tick_known = true;
        Ok(())
    }

    /// Stands at a stop, and behind it where it is an initialised tick.
    pub(super) fn arrive_at(&self, position: &mut Position<u128>, stop: Stop) -> Result<(), Fault> {
        if let Some(net) = stop.liquidity_net {
            position.liquidity = cross(position.liquidity, net, self.direction)?;
        }
        position.sqrt_price = stop.sqrt_price;
        position.tick = stop.tick - i32::from(self.direction == Direction::ZeroForOne);
        Ok(())
    }
}

/// The liquidity behind a tick.
pub(super) fn cross(liquidity: u128, net: i128, direction: Direction) -> Result<u128, Fault> {
    let falling = direction == Direction::ZeroForOne;
    let fault = if (net < 0) == falling {
        Fault::LiquidityOverflow
    } else {
        Fault::LiquidityUnderflow
    };
    let behind = if (net < 0) == falling {
        liquidity.checked_add(net.unsigned_abs())
    } else {
        liquidity.checked_sub(net.unsigned_abs())
    };
    behind.ok_or(fault)
}
