//! What a Uniswap V2 pair is made from, what is refused, and what a log may change.

use serde::{Deserialize, Serialize};

use super::{Share, UniswapV2Pool};
use crate::ChainAddress;
use crate::pools::{PoolError, decimal};

/// The contract keeps its reserves in 112 bits.
const RESERVE_BITS: u32 = 112;

/// The whole state of a pair, as its contract gives it at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniswapV2State {
    /// The pair's contract.
    pub pool: ChainAddress,
    /// `token0()`, the lower address.
    pub token0: ChainAddress,
    /// `token1()`.
    pub token1: ChainAddress,
    /// Of `getReserves()`, in raw units.
    #[serde(with = "decimal")]
    pub reserve0_raw: u128,
    /// Of `getReserves()`, in raw units.
    #[serde(with = "decimal")]
    pub reserve1_raw: u128,
    /// The fee that the contract's check keeps, in parts per million of the input: 3000 for Uniswap.
    pub fee_ppm: u32,
}

/// A change that a log of the pair tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UniswapV2Change {
    /// `Sync`: both reserves, after whatever happened.
    Sync {
        /// The new reserve of token 0.
        reserve0_raw: u128,
        /// The new reserve of token 1.
        reserve1_raw: u128,
    },
}

impl UniswapV2Pool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `tokens_unordered`, `fee_out_of_range` or `state_invalid`.
    pub fn new(state: &UniswapV2State) -> Result<Self, PoolError> {
        let UniswapV2State {
            pool,
            token0,
            token1,
            fee_ppm,
            ..
        } = *state;
        if token0 >= token1 {
            return Err(PoolError::TokensUnordered { token0, token1 });
        }
        if fee_ppm >= 1_000_000 {
            return Err(PoolError::FeeOutOfRange(fee_ppm));
        }
        Ok(Self {
            address: pool,
            tokens: [token0, token1],
            reserves: [
                reserve("reserve0_raw", state.reserve0_raw)?,
                reserve("reserve1_raw", state.reserve1_raw)?,
            ],
            fee_ppm,
            share: Share::less_fee(fee_ppm),
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> UniswapV2State {
        UniswapV2State {
            pool: self.address,
            token0: self.tokens[0],
            token1: self.tokens[1],
            reserve0_raw: self.reserves[0],
            reserve1_raw: self.reserves[1],
            fee_ppm: self.fee_ppm,
        }
    }

    pub(super) fn change(&mut self, change: UniswapV2Change) -> Result<(), PoolError> {
        let UniswapV2Change::Sync {
            reserve0_raw,
            reserve1_raw,
        } = change;
        self.reserves = [
            reserve("reserve0_raw", reserve0_raw)?,
            reserve("reserve1_raw", reserve1_raw)?,
        ];
        Ok(())
    }
}

fn reserve(field: &'static str, reserve_raw: u128) -> Result<u128, PoolError> {
    if reserve_raw >> RESERVE_BITS == 0 {
        return Ok(reserve_raw);
    }
    Err(PoolError::StateInvalid {
        field,
        fault: format!("must be below 2**112, as the contract keeps it, not {reserve_raw}"),
    })
}
