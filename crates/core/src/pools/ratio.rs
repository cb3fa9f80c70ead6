//! Prices as exact ratios, and their product along a route.

use alloy_primitives::{U256, Uint};

/// Wide enough for an amount times the ratios of four pools (256 + 4 * 320 bits).
type Product = Uint<1536, 24>;

/// An amount at spot prices; it has no bound of 256 bits, because prices of odd pools multiply.
pub type SpotAmount = Uint<768, 12>;

/// Units of output per unit of input, as an exact fraction of two integers of at most 320 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRatio {
    /// Units of output.
    pub numerator: Uint<320, 5>,
    /// Units of input; never zero.
    pub denominator: Uint<320, 5>,
}

impl PriceRatio {
    /// `floor(amount * product of the prices)`: what at most four pools would give at spot.
    #[must_use]
    pub fn output_along(amount_in_raw: U256, prices: &[Self]) -> SpotAmount {
        let (numerator, denominator) = fraction(amount_in_raw, prices, |price| {
            (price.numerator, price.denominator)
        });
        narrow(numerator / denominator)
    }

    /// `ceil(amount / product of the prices)`: what at most four pools would take at spot.
    #[must_use]
    pub fn input_along(amount_out_raw: U256, prices: &[Self]) -> SpotAmount {
        let (numerator, denominator) = fraction(amount_out_raw, prices, |price| {
            (price.denominator, price.numerator)
        });
        narrow(numerator.div_ceil(denominator))
    }
}

type Parts = fn(&PriceRatio) -> (Uint<320, 5>, Uint<320, 5>);

fn fraction(amount: U256, prices: &[PriceRatio], parts: Parts) -> (Product, Product) {
    debug_assert!(prices.len() <= 4);
    let start = (Product::from(amount), Product::ONE);
    prices
        .iter()
        .map(parts)
        .fold(start, |(over, under), (numerator, denominator)| {
            (
                over * Product::from(numerator),
                under * Product::from(denominator),
            )
        })
}

fn narrow(amount: Product) -> SpotAmount {
    amount.saturating_to()
}
