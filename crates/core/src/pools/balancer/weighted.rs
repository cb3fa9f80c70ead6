//! Balancer's weighted pools: the product of the balances, each to the power of its weight.
//!
//! Source of the formulas and roundings: `WeightedMath` of `@balancer-labs/v2-pool-weighted` 2.0.1.

use alloy_primitives::{U256, Uint, uint};
use serde::{Deserialize, Serialize};

use super::fixed_point::{complement, div_down, div_up, mul_down, mul_up, power_up};
use super::swap::{CurveMath, UNIT, Vault, balancer_pool};
use super::token::BalancerToken;
use crate::ChainAddress;
use crate::pools::{
    Curve, Exact, PoolChange, PoolError, PoolMath, PoolQuote, PriceRatio, SwapAmounts, TokenPair,
    decimal,
};

/// At most this part of a balance goes in or out at once, 18 decimals.
const MOST_AT_ONCE: U256 = uint!(300_000_000_000_000_000_U256);
const LEAST_WEIGHT: u64 = 10_000_000_000_000_000;
const WEIGHTS: u128 = 1_000_000_000_000_000_000;
/// Pools that keep their weights in 16 bits (liquidity bootstrapping) miss one by up to this.
const WEIGHTS_MISS: u128 = 100_000_000_000_000;

/// The whole state of a weighted pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalancerWeightedState {
    /// The pool's contract.
    pub pool: ChainAddress,
    /// Its tokens, by address.
    pub tokens: Vec<BalancerToken>,
    /// `getNormalizedWeights()`, 18 decimals, in the order of `tokens`; they add up to one, within `10**-4`.
    pub weights: Vec<Weight>,
    /// `getSwapFeePercentage()`, 18 decimals.
    #[serde(with = "decimal")]
    pub swap_fee: u64,
    /// Whether the pool takes the powers 1, 2 and 4 by multiplication, as those made since 2022 do.
    pub exact_powers: bool,
}

/// A normalised weight, 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weight(#[serde(with = "decimal")] pub u64);

/// A weighted pool whose state is known to be one that the contract can be in.
#[derive(Debug, Clone)]
pub struct BalancerWeightedPool {
    vault: Vault,
    curve: Weighted,
}

#[derive(Debug, Clone)]
struct Weighted {
    weights: Vec<Weight>,
    exact_powers: bool,
}

balancer_pool!(BalancerWeightedPool);

impl BalancerWeightedPool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `tokens_unordered` or `state_invalid`.
    pub fn new(state: &BalancerWeightedState) -> Result<Self, PoolError> {
        let vault = Vault::new(
            state.pool,
            &state.tokens,
            state.swap_fee,
            "balancer_weighted",
            100,
        )?;
        let sum: u128 = state
            .weights
            .iter()
            .map(|weight| u128::from(weight.0))
            .sum();
        let least = state.weights.iter().all(|weight| weight.0 >= LEAST_WEIGHT);
        if state.weights.len() != state.tokens.len()
            || sum.abs_diff(WEIGHTS) > WEIGHTS_MISS
            || !least
        {
            return Err(PoolError::StateInvalid {
                field: "weights",
                fault: format!(
                    "must be one for each token, each at least {LEAST_WEIGHT} and together about {WEIGHTS} (18 decimals); together they are {sum}"
                ),
            });
        }
        Ok(Self {
            vault,
            curve: Weighted {
                weights: state.weights.clone(),
                exact_powers: state.exact_powers,
            },
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> BalancerWeightedState {
        BalancerWeightedState {
            pool: self.vault.address,
            tokens: self.vault.tokens.clone(),
            weights: self.curve.weights.clone(),
            swap_fee: self.vault.swap_fee,
            exact_powers: self.curve.exact_powers,
        }
    }

    #[allow(
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        reason = "a curve steers a search and bounds it; it decides no amount"
    )]
    fn real_curve(&self, pair: TokenPair) -> Option<Curve> {
        let (input, output) = self.vault.two(pair)?;
        let (weight_in, weight_out) = self.curve.weights(pair)?;
        let gamma = self.vault.gamma();
        let balance_in = input.balance_raw as f64;
        Some(Curve::Weighted {
            balance_in,
            balance_out: output.balance_raw as f64,
            exponent: f64::from(weight_in) / f64::from(weight_out),
            gamma,
            capacity_in: 0.3 * balance_in / gamma,
        })
    }
}

impl Weighted {
    fn weights(&self, pair: TokenPair) -> Option<(U256, U256)> {
        let input = self.weights.get(usize::from(pair.input))?;
        let output = self.weights.get(usize::from(pair.output))?;
        Some((U256::from(input.0), U256::from(output.0)))
    }
}

impl CurveMath for Weighted {
    /// `balance_out * (1 - (balance_in / (balance_in + in)) ** (weight_in / weight_out))`.
    fn out_given_in(&self, vault: &Vault, pair: TokenPair, amount_in: U256) -> Option<U256> {
        let (input, output) = vault.two(pair)?;
        let (weight_in, weight_out) = self.weights(pair)?;
        let (balance_in, balance_out) = (input.scaled()?, output.scaled()?);
        if amount_in > mul_down(balance_in, MOST_AT_ONCE)? {
            return None;
        }
        let base = div_up(balance_in, balance_in.checked_add(amount_in)?)?;
        let exponent = div_down(weight_in, weight_out)?;
        let power = power_up(base, exponent, self.exact_powers)?;
        mul_down(balance_out, complement(power))
    }

    /// `balance_in * ((balance_out / (balance_out - out)) ** (weight_out / weight_in) - 1)`.
    fn in_given_out(&self, vault: &Vault, pair: TokenPair, amount_out: U256) -> Option<U256> {
        let (input, output) = vault.two(pair)?;
        let (weight_in, weight_out) = self.weights(pair)?;
        let (balance_in, balance_out) = (input.scaled()?, output.scaled()?);
        // An empty side would sell for nothing; only a pool that nobody has joined yet has one.
        if balance_in.is_zero() || amount_out > mul_down(balance_out, MOST_AT_ONCE)? {
            return None;
        }
        let base = div_up(balance_out, balance_out.checked_sub(amount_out)?)?;
        let exponent = div_up(weight_out, weight_in)?;
        let power = power_up(base, exponent, self.exact_powers)?;
        mul_up(balance_in, power.checked_sub(UNIT)?)
    }

    fn most(&self, vault: &Vault, pair: TokenPair, exact: Exact) -> Option<U256> {
        let (input, output) = vault.two(pair)?;
        let balance = match exact {
            Exact::In => input.scaled()?,
            Exact::Out => output.scaled()?,
        };
        mul_down(balance, MOST_AT_ONCE)
    }

    /// `(balance_out / weight_out) / (balance_in / weight_in)`; the scaling cancels.
    fn spot_price(&self, vault: &Vault, pair: TokenPair) -> PriceRatio {
        let nothing = PriceRatio {
            numerator: Uint::ZERO,
            denominator: Uint::ONE,
        };
        let (Some((input, output)), Some((weight_in, weight_out))) =
            (vault.two(pair), self.weights(pair))
        else {
            return nothing;
        };
        let denominator = U256::from(input.balance_raw) * weight_out;
        if denominator.is_zero() {
            return nothing;
        }
        PriceRatio {
            numerator: (U256::from(output.balance_raw) * weight_in).to(),
            denominator: denominator.to(),
        }
    }
}
