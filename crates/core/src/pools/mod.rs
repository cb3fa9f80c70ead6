//! What a venue's contract or program would answer, to the last unit.
//!
//! Each family of pools is one folder that knows its contract's arithmetic and keeps [`PoolMath`].
//! To add a family: write the folder, and add its line to `families!` below; an EVM family also adds its
//! change to [`PoolChange`].

mod account;
pub mod balancer;
mod concentrated;
mod constant_product;
mod curve;
pub mod decimal;
mod error;
mod from_accounts;
pub mod meteora_dlmm;
pub mod orca_whirlpool;
mod pool_json;
mod pool_math;
pub mod pump_curve;
pub mod pump_fees;
pub mod pumpswap;
mod quote;
mod ratio;
pub mod raydium_amm_v4;
pub mod raydium_clmm;
pub mod raydium_cpmm;
mod token_pair;
mod transfer_share;
pub mod uniswap_v2;
pub mod uniswap_v3;

pub use crate::evm::Exact;
pub use account::{Account, AccountSet, ChainClock};
pub use curve::{Curve, Hyperbola, Line};
pub use error::PoolError;
pub use pool_json::{PoolJsonError, read_pools, write_pools};
pub use pool_math::PoolMath;
pub use quote::{Fee, FeeKind, Movement, PoolQuote, SwapAmounts};
pub use ratio::{PriceRatio, SpotAmount};
pub use token_pair::{Direction, TokenPair};

use alloy_primitives::U256;
use serde::Serialize;

use crate::ChainAddress;
use balancer::{
    BalancerChange, BalancerStablePool, BalancerStableState, BalancerWeightedPool,
    BalancerWeightedState,
};
use meteora_dlmm::{MeteoraDlmmPool, MeteoraDlmmState};
use orca_whirlpool::{OrcaWhirlpoolPool, OrcaWhirlpoolState};
use pool_json::{FieldError, Fields};
use pump_curve::{PumpCurvePool, PumpCurveState};
use pumpswap::{PumpswapPool, PumpswapState};
use raydium_amm_v4::{RaydiumAmmV4Pool, RaydiumAmmV4State};
use raydium_clmm::{RaydiumClmmPool, RaydiumClmmState};
use raydium_cpmm::{RaydiumCpmmPool, RaydiumCpmmState};
use uniswap_v2::{UniswapV2Change, UniswapV2Pool, UniswapV2State};
use uniswap_v3::{UniswapV3Change, UniswapV3Pool, UniswapV3State};

/// What the chain says has changed in a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolChange<'a> {
    /// A log of a Uniswap V2 pool.
    UniswapV2(UniswapV2Change),
    /// A log of a Uniswap V3 pool.
    UniswapV3(UniswapV3Change),
    /// Logs of Balancer's vault.
    Balancer(BalancerChange),
    /// New bytes of one of a Solana pool's accounts.
    Account(Account<'a>),
    /// The chain's clock has moved on, for the pools that read it.
    Clock(ChainClock),
}

impl PoolChange<'_> {
    /// The refusal of a pool that takes no such change.
    fn refused_by(&self, pool: ChainAddress, venue: &'static str) -> PoolError {
        PoolError::ChangeMismatch {
            pool,
            venue,
            change: self.kind(),
        }
    }

    /// What it is, in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UniswapV2(_) => "log of a Uniswap V2 pool",
            Self::UniswapV3(_) => "log of a Uniswap V3 pool",
            Self::Balancer(_) => "log of Balancer's vault",
            Self::Account(_) => "account of a Solana program",
            Self::Clock(_) => "clock",
        }
    }
}

macro_rules! families {
    ($($(#[doc = $doc:literal])* $family:ident($pool:ty, $state:ty) = $venue:literal,)*) => {
        /// One pool of any supported family.
        #[derive(Debug, Clone)]
        pub enum Pool {
            $($(#[doc = $doc])* $family($pool),)*
        }

        /// The whole state of a pool, from which an equal one can be made: its JSON form, told by `venue`.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(tag = "venue")]
        #[allow(
            clippy::large_enum_variant,
            reason = "a state is read or written and dropped; a graph keeps pools"
        )]
        pub enum PoolState {
            $($(#[doc = $doc])* #[serde(rename = $venue)] $family($state),)*
        }

        /// The names of the supported families, as in the JSON form.
        pub const VENUES: &[&str] = &[$($venue),*];

        /// Reads the state of one family from its JSON form without `venue`.
        fn read_state(venue: &str, fields: Fields) -> Option<Result<PoolState, FieldError>> {
            match venue {
                $($venue => Some(pool_json::read::<$state>(fields).map(PoolState::$family)),)*
                _ => None,
            }
        }

        $(impl From<$pool> for Pool {
            fn from(pool: $pool) -> Self {
                Self::$family(pool)
            }
        })*

        impl Pool {
            /// Checks a state and makes it a pool.
            ///
            /// # Errors
            /// Those of the family's `new`.
            pub fn new(state: &PoolState) -> Result<Self, PoolError> {
                match state {
                    $(PoolState::$family(state) => <$pool>::new(state).map(Self::$family),)*
                }
            }

            /// The whole state.
            #[must_use]
            pub fn state(&self) -> PoolState {
                match self {
                    $(Self::$family(pool) => PoolState::$family(pool.state()),)*
                }
            }

            /// The family's name, as in the JSON form.
            #[must_use]
            pub fn venue(&self) -> &'static str {
                match self {
                    $(Self::$family(_) => $venue,)*
                }
            }
        }

        impl PoolMath for Pool {
            fn address(&self) -> ChainAddress {
                match self { $(Self::$family(pool) => pool.address(),)* }
            }

            fn tokens(&self) -> &[ChainAddress] {
                match self { $(Self::$family(pool) => pool.tokens(),)* }
            }

            fn fee_ppm(&self, pair: TokenPair) -> u32 {
                match self { $(Self::$family(pool) => pool.fee_ppm(pair),)* }
            }

            fn spot_price(&self, pair: TokenPair) -> PriceRatio {
                match self { $(Self::$family(pool) => pool.spot_price(pair),)* }
            }

            fn amounts(
                &self,
                pair: TokenPair,
                exact: Exact,
                amount_raw: U256,
            ) -> Result<SwapAmounts, PoolError> {
                match self { $(Self::$family(pool) => pool.amounts(pair, exact, amount_raw),)* }
            }

            fn output(&self, pair: TokenPair, amount_in_raw: U256) -> Option<U256> {
                match self { $(Self::$family(pool) => pool.output(pair, amount_in_raw),)* }
            }

            fn quote(
                &self,
                pair: TokenPair,
                exact: Exact,
                amount_raw: U256,
            ) -> Result<PoolQuote, PoolError> {
                match self { $(Self::$family(pool) => pool.quote(pair, exact, amount_raw),)* }
            }

            fn swap(
                &mut self,
                pair: TokenPair,
                exact: Exact,
                amount_raw: U256,
            ) -> Result<SwapAmounts, PoolError> {
                match self { $(Self::$family(pool) => pool.swap(pair, exact, amount_raw),)* }
            }

            fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
                match self { $(Self::$family(pool) => pool.apply(change),)* }
            }

            fn accounts(&self) -> Vec<ChainAddress> {
                match self { $(Self::$family(pool) => pool.accounts(),)* }
            }

            fn curve(&self, pair: TokenPair) -> Curve {
                match self { $(Self::$family(pool) => pool.curve(pair),)* }
            }
        }
    };
}

families! {
    /// A Uniswap V2 pair, or a fork of it with another fee.
    UniswapV2(UniswapV2Pool, UniswapV2State) = "uniswap_v2",
    /// A pair of bins of Meteora.
    MeteoraDlmm(MeteoraDlmmPool, MeteoraDlmmState) = "meteora_dlmm",
    /// A Raydium AMM v4 pool.
    RaydiumAmmV4(RaydiumAmmV4Pool, RaydiumAmmV4State) = "raydium_amm_v4",
    /// A Raydium CPMM pool.
    RaydiumCpmm(RaydiumCpmmPool, RaydiumCpmmState) = "raydium_cpmm",
    /// A `PumpSwap` pool.
    Pumpswap(PumpswapPool, PumpswapState) = "pumpswap",
    /// A bonding curve of pump.
    PumpCurve(PumpCurvePool, PumpCurveState) = "pump_curve",
    /// A Uniswap V3 pool, or an unchanged fork of it.
    UniswapV3(UniswapV3Pool, UniswapV3State) = "uniswap_v3",
    /// A Raydium CLMM pool.
    RaydiumClmm(RaydiumClmmPool, RaydiumClmmState) = "raydium_clmm",
    /// A weighted pool of Balancer V2.
    BalancerWeighted(BalancerWeightedPool, BalancerWeightedState) = "balancer_weighted",
    /// A stable pool of Balancer V2.
    BalancerStable(BalancerStablePool, BalancerStableState) = "balancer_stable",
    /// An Orca Whirlpool, of either deployment of its program.
    OrcaWhirlpool(OrcaWhirlpoolPool, OrcaWhirlpoolState) = "orca_whirlpool",
}

impl Pool {
    /// What the pool gives for exactly `amount_in_raw` of `token_in` in `token_out`.
    ///
    /// # Errors
    /// Those of [`PoolMath::amounts`], and `token_not_in_pool`.
    pub fn quote_exact_in(
        &self,
        token_in: ChainAddress,
        token_out: ChainAddress,
        amount_in_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        self.quote(self.pair(token_in, token_out)?, Exact::In, amount_in_raw)
    }

    /// What the pool takes of `token_in` for exactly `amount_out_raw` of `token_out`.
    ///
    /// # Errors
    /// Those of [`PoolMath::amounts`], and `token_not_in_pool`.
    pub fn quote_exact_out(
        &self,
        token_in: ChainAddress,
        token_out: ChainAddress,
        amount_out_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        self.quote(self.pair(token_in, token_out)?, Exact::Out, amount_out_raw)
    }

    /// The places of two of its tokens.
    ///
    /// # Errors
    /// `token_not_in_pool`; also when both are the same.
    pub fn pair(
        &self,
        token_in: ChainAddress,
        token_out: ChainAddress,
    ) -> Result<TokenPair, PoolError> {
        let input = self.place("token_in", token_in)?;
        let output = self.place("token_out", token_out)?;
        if input == output {
            return Err(self.not_in_pool("token_out", token_out));
        }
        Ok(TokenPair { input, output })
    }

    /// As [`Pool::pair`]; in a pool of two tokens, one of them says which the other is.
    ///
    /// # Errors
    /// `token_not_in_pool`, or `token_needed` when a pool of more tokens leaves it open.
    pub fn pair_of(
        &self,
        token_in: Option<ChainAddress>,
        token_out: Option<ChainAddress>,
    ) -> Result<TokenPair, PoolError> {
        let (field, known) = match (token_in, token_out) {
            (Some(token_in), Some(token_out)) => return self.pair(token_in, token_out),
            (Some(token_in), None) => ("token_out", self.place("token_in", token_in)?),
            (None, Some(token_out)) => ("token_in", self.place("token_out", token_out)?),
            (None, None) => return Err(self.token_needed("token_in")),
        };
        let other = match known {
            place @ 0..=1 if self.tokens().len() == 2 => 1 - place,
            _ => return Err(self.token_needed(field)),
        };
        let (input, output) = if field == "token_out" {
            (known, other)
        } else {
            (other, known)
        };
        Ok(TokenPair { input, output })
    }

    fn token_needed(&self, field: &'static str) -> PoolError {
        PoolError::TokenNeeded {
            field,
            pool: self.address(),
            tokens: self.tokens().len(),
        }
    }

    fn place(&self, field: &'static str, token: ChainAddress) -> Result<u8, PoolError> {
        let place = self.tokens().iter().position(|other| *other == token);
        place
            .and_then(|place| u8::try_from(place).ok())
            .ok_or_else(|| self.not_in_pool(field, token))
    }

    fn not_in_pool(&self, field: &'static str, token: ChainAddress) -> PoolError {
        PoolError::TokenNotInPool {
            field,
            token,
            pool: self.address(),
        }
    }
}
