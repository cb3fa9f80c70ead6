//! What the pool alone moves for an exact amount: by search where one is possible, else by the program's loop.

use std::sync::Arc;

use super::OrcaWhirlpoolPool;
use super::checkpoints::Checkpoints;
use super::course::{Moved, WhirlpoolCourse};
use super::fault::Fault;
use super::fee_rate::{FeeRate, Volatility};
use super::outlook::Outlook;
use super::swap::{Progress, Walk};
use super::tick_arrays::Ending;
use super::tick_math::{MAX_SQRT_PRICE_X64, MIN_SQRT_PRICE_X64};
use crate::pools::concentrated::Landing;
use crate::pools::{Direction, Exact};

/// Why a swap is not filled whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfilled {
    AmountZero,
    TradeNotEnabled,
    Program(Fault),
    /// The pool takes and gives so much, before transfer fees.
    Exhausted([u64; 2]),
}

impl From<Fault> for Unfilled {
    fn from(fault: Fault) -> Self {
        Self::Program(fault)
    }
}

impl OrcaWhirlpoolPool {
    /// What the pool alone moves for the exact amount.
    pub(super) fn move_curve(
        &self,
        direction: Direction,
        exact: Exact,
        amount: u64,
    ) -> Result<Progress, Unfilled> {
        if let Some(Some([most_in, most_out])) = self.outlook(direction).most.get() {
            let most = match exact {
                Exact::In => *most_in,
                Exact::Out => *most_out,
            };
            if amount > most {
                return Err(Unfilled::Exhausted([*most_in, *most_out]));
            }
        }
        let walk = self.walk(direction)?;
        let progress = if self.oracle.is_none() {
            match self.landing(&walk, exact, amount) {
                Some(near) => walk.finish(near, exact, amount)?,
                None => walk.run(self.start(direction)?, exact, amount)?,
            }
        } else {
            self.move_adaptive(&walk, exact, amount)?
        };
        match self.check_end(direction, exact, amount, &progress) {
            Ok(()) => Ok(progress),
            Err(Unfilled::Exhausted(_)) => Err(self.exhausted(direction)),
            Err(why) => Err(why),
        }
    }

    /// With an adaptive fee: by search in the checkpoints, unless so few steps are enough that a pool which
    /// moves after each swap had better make none.
    fn move_adaptive(&self, walk: &Walk<'_>, exact: Exact, amount: u64) -> Result<Progress, Fault> {
        if self.outlook(walk.direction).checkpoints.get().is_none() {
            let start = self.start(walk.direction)?;
            if let Some(progress) = walk.begin(start, exact, amount) {
                return Ok(progress);
            }
        }
        let checkpoints = self.checkpoints(walk)?;
        match checkpoints.locate(exact, amount) {
            Some(near) => walk.finish(near, exact, amount),
            None => walk.run(checkpoints.last(), exact, amount),
        }
    }

    /// By search, the last stop that a swap with a fixed fee reaches; `None` where only the loop can tell.
    fn landing(&self, walk: &Walk<'_>, exact: Exact, amount: u64) -> Option<Progress> {
        let found = self
            .ladder
            .locate(walk.direction, exact, u128::from(amount));
        let Landing {
            position,
            flow:
                Moved {
                    paid,
                    got,
                    fee,
                    protocol_fee,
                },
            crossed,
            ..
        } = found.ok()?;
        let end = walk.reach.end.sqrt_price;
        let within = match walk.direction {
            Direction::ZeroForOne => position.sqrt_price >= end,
            Direction::OneForZero => position.sqrt_price <= end,
        };
        let start = Progress::new(position, FeeRate::Fixed(self.ladder.course().fee_ppm));
        within.then_some(Progress {
            paid: u64::try_from(paid).ok()?,
            got: u64::try_from(got).ok()?,
            fee: u64::try_from(fee).ok()?,
            protocol_fee: u64::try_from(protocol_fee).ok()?,
            crossed,
            ..start
        })
    }

    pub(super) fn checkpoints(&self, walk: &Walk<'_>) -> Result<&Checkpoints, Fault> {
        let made = self.outlook(walk.direction).checkpoints.get_or_init(|| {
            let start = self.start(walk.direction)?;
            Ok(Arc::new(Checkpoints::new(walk, start)))
        });
        match made {
            Ok(checkpoints) => Ok(checkpoints),
            Err(fault) => Err(*fault),
        }
    }

    /// That the amount was used up, on known ground.
    pub(super) fn check_end(
        &self,
        direction: Direction,
        exact: Exact,
        amount: u64,
        progress: &Progress,
    ) -> Result<(), Unfilled> {
        let short = progress.side(exact) < amount;
        let reach = self.outlook(direction).reach.map_err(refused_to_begin)?;
        // At the edge of the unknown, what lies there decides whether the last step was a whole one.
        let at_edge = progress.position.sqrt_price == reach.end.sqrt_price;
        match reach.ending {
            Ending::Unknown if progress.ended || at_edge => Err(Fault::TickArrayUnknown.into()),
            _ if short => Err(Unfilled::Exhausted([progress.paid, progress.got])),
            _ => Ok(()),
        }
    }

    /// The refusal of more than the pool can move.
    pub(super) fn exhausted(&self, direction: Direction) -> Unfilled {
        let Outlook { reach, most, .. } = self.outlook(direction);
        match reach {
            Err(ending) => return refused_to_begin(*ending),
            Ok(reach) if reach.ending == Ending::Unknown => return Fault::TickArrayUnknown.into(),
            Ok(_) => {}
        }
        let most = most.get_or_init(|| {
            let walk = self.walk(direction).ok()?;
            let start = match &self.oracle {
                None => self.start(direction).ok()?,
                Some(_) => self.checkpoints(&walk).ok()?.last(),
            };
            let progress = walk.run(start, Exact::In, u64::MAX).ok()?;
            (progress.paid < u64::MAX).then_some([progress.paid, progress.got])
        });
        most.map_or(Fault::AmountCalcOverflow.into(), Unfilled::Exhausted)
    }

    pub(super) fn walk(&self, direction: Direction) -> Result<Walk<'_>, Unfilled> {
        let course: &WhirlpoolCourse = self.ladder.course();
        let Outlook { reach, .. } = self.outlook(direction);
        let (limit, price) = (
            match direction {
                Direction::ZeroForOne => MIN_SQRT_PRICE_X64,
                Direction::OneForZero => MAX_SQRT_PRICE_X64,
            },
            self.ladder.position().sqrt_price,
        );
        if price == limit {
            return Err(Fault::InvalidSqrtPriceLimitDirection.into());
        }
        Ok(Walk {
            arrays: &course.arrays,
            reach: reach.map_err(refused_to_begin)?,
            direction,
            limit,
            protocol_fee_bps: course.protocol_fee_bps,
        })
    }

    /// Where a swap begins.
    pub(super) fn start(&self, direction: Direction) -> Result<Progress, Fault> {
        Ok(Progress::new(self.ladder.position(), self.rate(direction)?))
    }

    /// The fee's rate at the beginning of a swap.
    pub(super) fn rate(&self, direction: Direction) -> Result<FeeRate, Fault> {
        let fee_ppm = self.ladder.course().fee_ppm;
        let Some(oracle) = &self.oracle else {
            return Ok(FeeRate::Fixed(fee_ppm));
        };
        let now = self.now().ok_or(Fault::InvalidTimestamp)?;
        let tick = self.ladder.position().tick;
        Volatility::new(
            direction,
            tick,
            now,
            fee_ppm,
            oracle.constants,
            oracle.variables,
        )
        .map(FeeRate::Adaptive)
    }
}

fn refused_to_begin(ending: Ending) -> Unfilled {
    match ending {
        Ending::Unknown => Fault::TickArrayUnknown.into(),
        Ending::Arrays | Ending::Price => Fault::InvalidTickArraySequence.into(),
    }
}
