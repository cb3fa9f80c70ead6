//! Balancer's stable pools: Curve's invariant, solved in integers by Newton's method.
//!
//! Source of the formulas and roundings: `StableMath` of `@balancer-labs/v2-pool-stable` 2.0.0. The amplification
//! parameter is `A * n**(n - 1)` with three decimals.

use alloy_primitives::{U256, U512, Uint};
use serde::{Deserialize, Serialize};

use super::swap::{CurveMath, Vault, balancer_pool};
use super::token::BalancerToken;
use crate::ChainAddress;
use crate::pools::{
    Curve, Exact, PoolChange, PoolError, PoolMath, PoolQuote, PriceRatio, SwapAmounts, TokenPair,
    decimal,
};

/// Three decimals of the amplification.
const PRECISION: u64 = 1_000;
const GREATEST_AMPLIFICATION: u64 = 5_000 * PRECISION;
const MOST_TOKENS: usize = 5;
/// Newton's steps before the contract gives up.
const STEPS: usize = 255;

/// The whole state of a stable pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalancerStableState {
    /// The pool's contract.
    pub pool: ChainAddress,
    /// Its tokens, by address, without the pool's own share token.
    pub tokens: Vec<BalancerToken>,
    /// `getAmplificationParameter()`, three decimals; a pool that is changing it has to be read again each block.
    #[serde(with = "decimal")]
    pub amplification: u64,
    /// `getSwapFeePercentage()`, 18 decimals.
    #[serde(with = "decimal")]
    pub swap_fee: u64,
}

/// A stable pool whose state is known to be one that the contract can be in.
#[derive(Debug, Clone)]
pub struct BalancerStablePool {
    vault: Vault,
    curve: Stable,
}

#[derive(Debug, Clone)]
struct Stable {
    amplification: u64,
}

balancer_pool!(BalancerStablePool);

impl BalancerStablePool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `tokens_unordered` or `state_invalid`.
    pub fn new(state: &BalancerStableState) -> Result<Self, PoolError> {
        let vault = Vault::new(
            state.pool,
            &state.tokens,
            state.swap_fee,
            "balancer_stable",
            MOST_TOKENS,
        )?;
        if !(PRECISION..=GREATEST_AMPLIFICATION).contains(&state.amplification) {
            return Err(PoolError::StateInvalid {
                field: "amplification",
                fault: format!(
                    "must be from {PRECISION} to {GREATEST_AMPLIFICATION} (three decimals), not {}",
                    state.amplification
                ),
            });
        }
        Ok(Self {
            vault,
            curve: Stable {
                amplification: state.amplification,
            },
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> BalancerStableState {
        BalancerStableState {
            pool: self.vault.address,
            tokens: self.vault.tokens.clone(),
            amplification: self.curve.amplification,
            swap_fee: self.vault.swap_fee,
        }
    }

    #[allow(
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        reason = "a curve steers a search and bounds it; it decides no amount"
    )]
    fn real_curve(&self, pair: TokenPair) -> Option<Curve> {
        let (input, output) = self.vault.two(pair)?;
        let balances = balances(&self.vault)?;
        let invariant = self.curve.invariant(&balances)?;
        let amplification = self.curve.amplification as f64 / PRECISION as f64;
        Some(Curve::Stable {
            balances: balances.iter().map(|balance| f64::from(*balance)).collect(),
            input: usize::from(pair.input),
            output: usize::from(pair.output),
            amplification: amplification * balances.len() as f64,
            invariant: f64::from(invariant),
            scale_in: input.scaling_factor as f64 / 1e18,
            scale_out: output.scaling_factor as f64 / 1e18,
            gamma: self.vault.gamma(),
        })
    }
}

impl Stable {
    /// The amplification times the number of tokens, three decimals.
    fn times_tokens(&self, tokens: usize) -> U256 {
        U256::from(self.amplification) * U256::from(tokens)
    }

    /// `D`, rounded up.
    fn invariant(&self, balances: &[U256]) -> Option<U256> {
        let (n, precision) = (U256::from(balances.len()), U256::from(PRECISION));
        let sum = sum(balances)?;
        if sum.is_zero() {
            return Some(U256::ZERO);
        }
        let amplified = self.times_tokens(balances.len());
        let mut invariant = sum;
        for _ in 0..STEPS {
            let product = product(balances, invariant, div_up)?;
            let before = invariant;
            let over = amplified.checked_mul(sum)?.checked_mul(product)?;
            let over = n
                .checked_mul(invariant)?
                .checked_mul(invariant)?
                .checked_add(div_up(over, precision)?)?;
            let under = amplified.checked_sub(precision)?.checked_mul(product)? / precision;
            let under = (n + U256::ONE).checked_mul(invariant)?.checked_add(under)?;
            invariant = div_up(over, under)?;
            if invariant.abs_diff(before) <= U256::ONE {
                return Some(invariant);
            }
        }
        None
    }

    /// The balance of one token that keeps the invariant with all others, rounded up.
    fn balance(&self, balances: &[U256], invariant: U256, token: usize) -> Option<U256> {
        let precision = U256::from(PRECISION);
        let amplified = self.times_tokens(balances.len());
        let product = product(balances, invariant, U256::checked_div)?;
        let of_token = *balances.get(token)?;
        let others = sum(balances)?.checked_sub(of_token)?;
        let square = invariant.checked_mul(invariant)?;
        let c = div_up(square, amplified.checked_mul(product)?)?
            .checked_mul(precision)?
            .checked_mul(of_token)?;
        let b = others.checked_add((invariant / amplified).checked_mul(precision)?)?;
        let mut balance = div_up(square.checked_add(c)?, invariant.checked_add(b)?)?;
        for _ in 0..STEPS {
            let before = balance;
            let over = balance.checked_mul(balance)?.checked_add(c)?;
            let under = balance
                .checked_mul(U256::from(2))?
                .checked_add(b)?
                .checked_sub(invariant)?;
            balance = div_up(over, under)?;
            if balance.abs_diff(before) <= U256::ONE {
                return Some(balance);
            }
        }
        None
    }
}

/// Every balance, 18 decimals.
fn balances(vault: &Vault) -> Option<Vec<U256>> {
    vault.tokens.iter().map(BalancerToken::scaled).collect()
}

/// `n**n * product of the balances / D**(n - 1)`, divided after each factor.
fn product(
    balances: &[U256],
    invariant: U256,
    divide: impl Fn(U256, U256) -> Option<U256>,
) -> Option<U256> {
    let n = U256::from(balances.len());
    let (first, rest) = balances.split_first()?;
    rest.iter()
        .try_fold(first.checked_mul(n)?, |product, balance| {
            divide(product.checked_mul(*balance)?.checked_mul(n)?, invariant)
        })
}

fn sum(balances: &[U256]) -> Option<U256> {
    balances
        .iter()
        .try_fold(U256::ZERO, |sum, balance| sum.checked_add(*balance))
}

fn div_up(a: U256, b: U256) -> Option<U256> {
    (!b.is_zero()).then(|| a.div_ceil(b))
}

impl CurveMath for Stable {
    fn out_given_in(&self, vault: &Vault, pair: TokenPair, amount_in: U256) -> Option<U256> {
        let mut balances = balances(vault)?;
        let invariant = self.invariant(&balances)?;
        let (input, output) = (usize::from(pair.input), usize::from(pair.output));
        balances[input] = balances.get(input)?.checked_add(amount_in)?;
        let left = self.balance(&balances, invariant, output)?;
        balances
            .get(output)?
            .checked_sub(left)?
            .checked_sub(U256::ONE)
    }

    fn in_given_out(&self, vault: &Vault, pair: TokenPair, amount_out: U256) -> Option<U256> {
        let mut balances = balances(vault)?;
        let invariant = self.invariant(&balances)?;
        let (input, output) = (usize::from(pair.input), usize::from(pair.output));
        balances[output] = balances.get(output)?.checked_sub(amount_out)?;
        let needed = self.balance(&balances, invariant, input)?;
        needed
            .checked_sub(*balances.get(input)?)?
            .checked_add(U256::ONE)
    }

    fn most(&self, _: &Vault, _: TokenPair, _: Exact) -> Option<U256> {
        None
    }

    /// `(Ann + P / x_in) / (Ann + P / x_out)` with `P = D**2 / product`: the quotient of the invariant's derivatives.
    fn spot_price(&self, vault: &Vault, pair: TokenPair) -> PriceRatio {
        self.derivatives(vault, pair).map_or(
            PriceRatio {
                numerator: Uint::ZERO,
                denominator: Uint::ONE,
            },
            fitted,
        )
    }
}

impl Stable {
    fn derivatives(&self, vault: &Vault, pair: TokenPair) -> Option<(U512, U512)> {
        let (input, output) = vault.two(pair)?;
        let balances = balances(vault)?;
        let invariant = self.invariant(&balances)?;
        let product = product(&balances, invariant, U256::checked_div)?;
        let p = U512::from(invariant.checked_mul(invariant)?.checked_div(product)?);
        let p = p * U512::from(PRECISION);
        let amplified = U512::from(self.times_tokens(balances.len()));
        let (x, y) = (input.scaled()?, output.scaled()?);
        let over = (amplified * U512::from(x) + p).checked_mul(U512::from(y))?;
        let under = (amplified * U512::from(y) + p).checked_mul(U512::from(x))?;
        let over = over.checked_mul(U512::from(input.scaling_factor))?;
        let under = under.checked_mul(U512::from(output.scaling_factor))?;
        (!under.is_zero()).then_some((over, under))
    }
}

/// A price of wider numbers, cut to 320 bits on both sides.
fn fitted((over, under): (U512, U512)) -> PriceRatio {
    let excess = over.bit_len().max(under.bit_len()).saturating_sub(320);
    PriceRatio {
        numerator: (over >> excess).wrapping_to(),
        denominator: (under >> excess)
            .wrapping_to::<Uint<320, 5>>()
            .max(Uint::ONE),
    }
}
