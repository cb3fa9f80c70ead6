//! `Fraction`: the program's numbers, 68 bits before the point and 60 behind it; each operation rounds down.

use alloy_primitives::U256;

/// Bits behind the point.
const SHIFT: usize = 60;

/// A number of 68 bits before the point and 60 behind it, never below zero. `None` is an overflow, or a division by
/// zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fraction(u128);

impl Fraction {
    /// 0.
    pub const ZERO: Self = Self(0);
    /// 1.
    pub const ONE: Self = Self(1 << SHIFT);
    /// The largest.
    pub const MAX: Self = Self(u128::MAX);

    /// From parts of `2**60`, as accounts hold them (`_sf`).
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// In parts of `2**60`.
    #[must_use]
    pub const fn to_bits(self) -> u128 {
        self.0
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: u64) -> Self {
        Self(u128::from(number) << SHIFT)
    }

    /// Hundredths.
    #[must_use]
    pub fn percent(hundredths: u64) -> Self {
        Self(Self::whole(hundredths).0 / 100)
    }

    /// Ten thousandths.
    #[must_use]
    pub fn bps(parts: u64) -> Self {
        Self(Self::whole(parts).0 / 10_000)
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference; None below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The difference, or 0.
    #[must_use]
    pub const fn minus_or_zero(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The product.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        narrowed((U256::from(self.0) * U256::from(other.0)) >> SHIFT)
    }

    /// The product with a whole number, exactly.
    #[must_use]
    pub fn times_whole(self, number: u128) -> Option<Self> {
        self.0.checked_mul(number).map(Self)
    }

    /// The quotient.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        narrowed((U256::from(self.0) << SHIFT).checked_div(U256::from(other.0))?)
    }

    /// The quotient by a whole number.
    #[must_use]
    pub fn over_whole(self, number: u128) -> Option<Self> {
        self.0.checked_div(number).map(Self)
    }

    /// Times one number over another, rounded once.
    #[must_use]
    pub fn times_ratio(self, numerator: U256, denominator: U256) -> Option<Self> {
        let product = U256::from(self.0).checked_mul(numerator)?;
        narrowed(product.checked_div(denominator)?)
    }

    /// The whole part.
    #[must_use]
    pub fn floor(self) -> Option<u64> {
        u64::try_from(self.0 >> SHIFT).ok()
    }

    /// The whole part, one more where anything is behind the point.
    #[must_use]
    pub fn ceil(self) -> Option<u64> {
        u64::try_from(self.0.div_ceil(Self::ONE.0)).ok()
    }

    /// In whole units of `1 / parts`, rounded to the nearest, halves up.
    #[must_use]
    pub fn rounded(self, parts: u128) -> Option<u64> {
        let scaled = self.0.checked_mul(parts)?;
        u64::try_from(scaled.checked_add(Self::ONE.0 / 2)? >> SHIFT).ok()
    }
}

/// What fits in 128 bits.
fn narrowed(bits: U256) -> Option<Fraction> {
    u128::try_from(bits).ok().map(Fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_operation_rounds_down() {
        let third = Fraction::ONE.over(Fraction::whole(3));
        assert_eq!(third, Some(Fraction((1 << 60) / 3)));
        let tiny = Fraction(1);
        assert_eq!(tiny.times(Fraction::percent(99)), Some(Fraction::ZERO));
        assert_eq!(Fraction::bps(1), Fraction((1 << 60) / 10_000));
        assert_eq!((tiny.floor(), tiny.ceil()), (Some(0), Some(1)));
        assert_eq!(Fraction::bps(15_000).rounded(1), Some(2), "a half goes up");
    }

    #[test]
    fn what_does_not_fit_is_none() {
        assert_eq!(Fraction::MAX.plus(Fraction(1)), None);
        assert_eq!(Fraction::MAX.times(Fraction::whole(2)), None);
        assert_eq!(Fraction::ONE.over(Fraction::ZERO), None);
        assert_eq!(Fraction::ONE.over_whole(0), None);
        assert_eq!(Fraction::MAX.floor(), None);
        assert_eq!(Fraction::ONE.times_ratio(U256::MAX, U256::from(1)), None);
    }

    proptest! {
        #[test]
        fn a_quotient_times_its_divisor_is_never_more(
            number in any::<u64>(), divisor in 1u64..=u64::MAX,
        ) {
            let quotient = Fraction::whole(number).over(Fraction::whole(divisor)).unwrap();
            let back = quotient.times_whole(u128::from(divisor)).unwrap();
            prop_assert!(back <= Fraction::whole(number));
        }
    }
}
