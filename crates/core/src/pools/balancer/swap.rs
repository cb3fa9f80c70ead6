//! What weighted and stable pools share: tokens, the fee, the vault's rules, and how a quote is put together.

use alloy_primitives::U256;

use super::BalancerChange;
use super::fixed_point::{ONE, complement, div_up, mul_up};
use super::token::BalancerToken;
use crate::ChainAddress;
use crate::pools::{
    Exact, Fee, FeeKind, PoolChange, PoolError, PoolQuote, PriceRatio, SwapAmounts, TokenPair,
};

/// The contract takes fees up to a tenth.
const GREATEST_FEE: u64 = 100_000_000_000_000_000;
const LEAST_FEE: u64 = 1_000_000_000_000;

/// The part of a pool that is the same for every curve.
#[derive(Debug, Clone)]
pub(super) struct Vault {
    pub(super) address: ChainAddress,
    pub(super) addresses: Vec<ChainAddress>,
    pub(super) tokens: Vec<BalancerToken>,
    pub(super) swap_fee: u64,
    pub(super) venue: &'static str,
}

/// A curve: what comes out, or has to go in, in numbers of 18 decimals, without the fee.
pub(super) trait CurveMath {
    /// `None` where the contract reverts.
    fn out_given_in(&self, vault: &Vault, pair: TokenPair, amount_in: U256) -> Option<U256>;
    /// `None` where the contract reverts.
    fn in_given_out(&self, vault: &Vault, pair: TokenPair, amount_out: U256) -> Option<U256>;
    /// The most that may go in, or come out, in numbers of 18 decimals.
    fn most(&self, vault: &Vault, pair: TokenPair, exact: Exact) -> Option<U256>;
    /// In raw units, without the fee.
    fn spot_price(&self, vault: &Vault, pair: TokenPair) -> PriceRatio;
}

impl Vault {
    pub(super) fn new(
        address: ChainAddress,
        tokens: &[BalancerToken],
        swap_fee: u64,
        venue: &'static str,
        most_tokens: usize,
    ) -> Result<Self, PoolError> {
        if !(2..=most_tokens).contains(&tokens.len()) {
            return Err(PoolError::StateInvalid {
                field: "tokens",
                fault: format!("must be from 2 to {most_tokens}, not {}", tokens.len()),
            });
        }
        if let Some(out_of_order) = tokens.windows(2).find(|two| two[0].token >= two[1].token) {
            return Err(PoolError::TokensUnordered {
                token0: out_of_order[0].token,
                token1: out_of_order[1].token,
            });
        }
        if !(LEAST_FEE..=GREATEST_FEE).contains(&swap_fee) {
            return Err(PoolError::StateInvalid {
                field: "swap_fee",
                fault: format!(
                    "must be from {LEAST_FEE} to {GREATEST_FEE} (18 decimals), as the contract has it, not {swap_fee}"
                ),
            });
        }
        for token in tokens {
            token.check()?;
        }
        Ok(Self {
            address,
            addresses: tokens.iter().map(|token| token.token).collect(),
            tokens: tokens.to_vec(),
            swap_fee,
            venue,
        })
    }

    /// Parts per million, rounded up.
    pub(super) fn fee_ppm(&self) -> u32 {
        u32::try_from(self.swap_fee.div_ceil(1_000_000_000_000)).unwrap_or(u32::MAX)
    }

    pub(super) fn two(&self, pair: TokenPair) -> Option<(&BalancerToken, &BalancerToken)> {
        let input = self.tokens.get(usize::from(pair.input))?;
        let output = self.tokens.get(usize::from(pair.output))?;
        (pair.input != pair.output).then_some((input, output))
    }

    pub(super) fn amounts(
        &self,
        curve: &impl CurveMath,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let field = match exact {
            Exact::In => "amount_in_raw",
            Exact::Out => "amount_out_raw",
        };
        self.two(pair).ok_or(PoolError::PairUnknown {
            pool: self.address,
            tokens: self.tokens.len(),
            input: pair.input,
            output: pair.output,
        })?;
        if amount_raw.is_zero() {
            return Err(PoolError::AmountZero { field });
        }
        let amounts = match exact {
            Exact::In => self.exact_in(curve, pair, amount_raw),
            Exact::Out => self.exact_out(curve, pair, amount_raw),
        };
        amounts
            .filter(|amounts| self.holds(pair, amounts))
            .ok_or_else(|| self.refusal(curve, pair, exact, field, amount_raw))
    }

    fn exact_in(
        &self,
        curve: &impl CurveMath,
        pair: TokenPair,
        amount_in_raw: U256,
    ) -> Option<SwapAmounts> {
        let (input, output) = self.two(pair)?;
        let fee_raw = mul_up(amount_in_raw, U256::from(self.swap_fee))?;
        let net = input.upscale(amount_in_raw.checked_sub(fee_raw)?)?;
        let out = curve.out_given_in(self, pair, net)?;
        Some(SwapAmounts {
            amount_in_raw,
            amount_out_raw: output.downscale_down(out)?,
        })
    }

    fn exact_out(
        &self,
        curve: &impl CurveMath,
        pair: TokenPair,
        amount_out_raw: U256,
    ) -> Option<SwapAmounts> {
        let (input, output) = self.two(pair)?;
        let net = curve.in_given_out(self, pair, output.upscale(amount_out_raw)?)?;
        let net_raw = input.downscale_up(net)?;
        Some(SwapAmounts {
            amount_in_raw: div_up(net_raw, complement(U256::from(self.swap_fee)))?,
            amount_out_raw,
        })
    }

    /// Whether the vault can book it: balances stay within their 112 bits.
    fn holds(&self, pair: TokenPair, amounts: &SwapAmounts) -> bool {
        self.after(pair, *amounts).is_some()
    }

    fn after(&self, pair: TokenPair, amounts: SwapAmounts) -> Option<(u128, u128)> {
        let (input, output) = self.two(pair)?;
        let paid = u128::try_from(amounts.amount_in_raw).ok()?;
        let got = u128::try_from(amounts.amount_out_raw).ok()?;
        let input = input.balance_raw.checked_add(paid)?;
        let output = output.balance_raw.checked_sub(got)?;
        (input >> 112 == 0).then_some((input, output))
    }

    pub(super) fn settle(&mut self, pair: TokenPair, amounts: SwapAmounts) {
        if let Some((input, output)) = self.after(pair, amounts) {
            self.tokens[usize::from(pair.input)].balance_raw = input;
            self.tokens[usize::from(pair.output)].balance_raw = output;
        }
    }

    fn refusal(
        &self,
        curve: &impl CurveMath,
        pair: TokenPair,
        exact: Exact,
        field: &'static str,
        given: U256,
    ) -> PoolError {
        let most = self.most(curve, pair, exact);
        match most {
            Some(most) if given > most => PoolError::SwapRefused {
                field,
                pool: self.address,
                given,
                reason: match exact {
                    Exact::In => {
                        "it is more than the part of the balance that may be paid in at once (MAX_IN_RATIO)"
                    }
                    Exact::Out => {
                        "it is more than the part of the balance that may be taken at once (MAX_OUT_RATIO)"
                    }
                },
            },
            _ => PoolError::SwapRefused {
                field,
                pool: self.address,
                given,
                reason: "the contract's arithmetic reverts",
            },
        }
    }

    fn most(&self, curve: &impl CurveMath, pair: TokenPair, exact: Exact) -> Option<U256> {
        let (input, output) = self.two(pair)?;
        let most = curve.most(self, pair, exact)?;
        match exact {
            Exact::In => {
                let net_raw = input.downscale_down(most)?;
                div_up(net_raw, complement(U256::from(self.swap_fee)))
            }
            Exact::Out => output.downscale_down(most),
        }
    }

    pub(super) fn quote(
        &self,
        curve: &impl CurveMath,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let amounts = self.amounts(curve, pair, exact, amount_raw)?;
        let mut after = self.clone();
        after.settle(pair, amounts);
        let token_in = self.addresses[usize::from(pair.input)];
        let fee_raw = mul_up(amounts.amount_in_raw, U256::from(self.swap_fee)).unwrap_or_default();
        let fee = Fee {
            kind: FeeKind::Liquidity,
            token: token_in,
            amount_raw: fee_raw,
        };
        Ok(PoolQuote {
            pool: self.address,
            token_in,
            token_out: self.addresses[usize::from(pair.output)],
            fee_ppm: self.fee_ppm(),
            amount_in_raw: amounts.amount_in_raw,
            amount_out_raw: amounts.amount_out_raw,
            fees: vec![fee],
            spot_before: curve.spot_price(self, pair),
            spot_after: curve.spot_price(&after, pair),
            movement: None,
        })
    }

    pub(super) fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        let PoolChange::Balancer(BalancerChange::Balance { token, balance_raw }) = change else {
            return Err(change.refused_by(self.address, self.venue));
        };
        let place = self.addresses.iter().position(|other| *other == token);
        let place = place.ok_or(PoolError::TokenNotInPool {
            field: "token",
            token,
            pool: self.address,
        })?;
        let changed = BalancerToken {
            balance_raw,
            ..self.tokens[place].clone()
        };
        changed.check()?;
        self.tokens[place] = changed;
        Ok(())
    }

    /// One less the fee, as a real number.
    #[allow(
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        reason = "for a curve, which decides no amount"
    )]
    pub(super) fn gamma(&self) -> f64 {
        1.0 - self.swap_fee as f64 / 1e18
    }
}

/// `1.0` with 18 decimals.
pub(super) const UNIT: U256 = ONE;

/// A pool is its vault and a curve; both families answer alike.
macro_rules! balancer_pool {
    ($pool:ty) => {
        impl PoolMath for $pool {
            fn address(&self) -> ChainAddress {
                self.vault.address
            }

            fn tokens(&self) -> &[ChainAddress] {
                &self.vault.addresses
            }

            fn fee_ppm(&self, _: TokenPair) -> u32 {
                self.vault.fee_ppm()
            }

            fn spot_price(&self, pair: TokenPair) -> PriceRatio {
                self.curve.spot_price(&self.vault, pair)
            }

            fn amounts(
                &self,
                pair: TokenPair,
                exact: Exact,
                amount_raw: U256,
            ) -> Result<SwapAmounts, PoolError> {
                self.vault.amounts(&self.curve, pair, exact, amount_raw)
            }

            fn quote(
                &self,
                pair: TokenPair,
                exact: Exact,
                amount_raw: U256,
            ) -> Result<PoolQuote, PoolError> {
                self.vault.quote(&self.curve, pair, exact, amount_raw)
            }

            fn swap(
                &mut self,
                pair: TokenPair,
                exact: Exact,
                amount_raw: U256,
            ) -> Result<SwapAmounts, PoolError> {
                let amounts = self.amounts(pair, exact, amount_raw)?;
                self.vault.settle(pair, amounts);
                Ok(amounts)
            }

            fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
                self.vault.apply(change)
            }

            fn curve(&self, pair: TokenPair) -> Curve {
                self.real_curve(pair).unwrap_or(Curve::Nothing)
            }
        }
    };
}
pub(super) use balancer_pool;
