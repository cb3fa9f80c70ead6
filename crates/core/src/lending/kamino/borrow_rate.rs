//! `BorrowRateCurve`: what borrowing costs a year, by how much of a reserve is lent.

use super::Fraction;
use crate::pools::PoolError;
use crate::solana::AccountFields;

/// Points of a curve; those behind the last are copies of it.
const POINTS: usize = 11;
const FIELD: &str = "config.borrow_rate_curve";
/// Everything is lent.
const WHOLE_BPS: u32 = 10_000;

/// One point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CurvePoint {
    /// How much is lent, in ten thousandths.
    pub utilization_bps: u32,
    /// What that costs a year, in ten thousandths.
    pub rate_bps: u32,
}

/// Straight between its points, and rising.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BorrowRateCurve([CurvePoint; POINTS]);

impl BorrowRateCurve {
    /// Reads it from a reserve; it has to begin at 0, end at 10,000 and rise.
    pub(super) fn decode(fields: &AccountFields<'_>, offset: usize) -> Result<Self, PoolError> {
        let mut points = [CurvePoint::default(); POINTS];
        for (place, point) in points.iter_mut().enumerate() {
            point.utilization_bps = fields.u32(FIELD, offset + 8 * place)?;
            point.rate_bps = fields.u32(FIELD, offset + 8 * place + 4)?;
        }
        let rises = segments(&points).all(|(left, right)| {
            let further = left.utilization_bps < right.utilization_bps
                || (left.utilization_bps, right.utilization_bps) == (WHOLE_BPS, WHOLE_BPS);
            further && left.rate_bps <= right.rate_bps
        });
        let [first, .., last] = points;
        if !rises || first.utilization_bps != 0 || last.utilization_bps != WHOLE_BPS {
            let fault = "must begin at 0, end at 10000 and rise in between".to_owned();
            return Err(fields.malformed(FIELD, fault));
        }
        Ok(Self(points))
    }

    /// What borrowing costs a year at this utilization; above the whole it counts as the whole.
    pub(super) fn rate(&self, utilization: Fraction) -> Option<Fraction> {
        let utilization = utilization.min(Fraction::ONE);
        // Which segment, and whether its end is met, the program decides in whole ten thousandths.
        let bps = u32::try_from(utilization.rounded(10_000)?).ok()?;
        let segment = segments(&self.0)
            .find(|(left, right)| (left.utilization_bps..=right.utilization_bps).contains(&bps));
        let (left, right) = segment?;
        if let Some(met) = [left, right]
            .into_iter()
            .find(|it| it.utilization_bps == bps)
        {
            return Some(Fraction::bps(met.rate_bps.into()));
        }
        let beyond = utilization.minus(Fraction::bps(left.utilization_bps.into()))?;
        let rise = u128::from(right.rate_bps - left.rate_bps);
        let run = u128::from(right.utilization_bps - left.utilization_bps);
        let risen = beyond.times_whole(rise)?.over_whole(run)?;
        risen.plus(Fraction::bps(left.rate_bps.into()))
    }
}

fn segments(points: &[CurvePoint; POINTS]) -> impl Iterator<Item = (&CurvePoint, &CurvePoint)> {
    points.iter().zip(points.iter().skip(1))
}
