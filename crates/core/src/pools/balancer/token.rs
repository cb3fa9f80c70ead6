//! A token in a Balancer pool: its balance, and the factor that gives all of them 18 decimals.

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

use super::fixed_point::{div_down, div_up, mul_down};
use crate::ChainAddress;
use crate::pools::{PoolError, decimal};

/// The vault keeps balances in 112 bits.
const BALANCE_BITS: u32 = 112;
/// Factors above this would let an upscaled balance overflow the contract's products.
const FACTOR_BITS: u32 = 128;

/// One token's part of a pool's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalancerToken {
    /// The token's contract.
    pub token: ChainAddress,
    /// What the vault holds of it for the pool, in raw units.
    #[serde(with = "decimal")]
    pub balance_raw: u128,
    /// `getScalingFactors()` with 18 decimals: `10**(36 - decimals)`, times the token's rate where it has one.
    #[serde(with = "decimal")]
    pub scaling_factor: u128,
}

impl BalancerToken {
    pub(super) fn check(&self) -> Result<(), PoolError> {
        if self.balance_raw >> BALANCE_BITS != 0 {
            return Err(PoolError::StateInvalid {
                field: "tokens.balance_raw",
                fault: format!(
                    "must be below 2**112, as the vault keeps it, not {}",
                    self.balance_raw
                ),
            });
        }
        if self.scaling_factor == 0
            || (FACTOR_BITS < 128 && self.scaling_factor >> FACTOR_BITS != 0)
        {
            return Err(PoolError::StateInvalid {
                field: "tokens.scaling_factor",
                fault: "must not be zero; a token of 18 decimals has 1000000000000000000"
                    .to_owned(),
            });
        }
        Ok(())
    }

    /// The balance with 18 decimals.
    pub(super) fn scaled(&self) -> Option<U256> {
        self.upscale(U256::from(self.balance_raw))
    }

    pub(super) fn upscale(&self, amount_raw: U256) -> Option<U256> {
        mul_down(amount_raw, U256::from(self.scaling_factor))
    }

    pub(super) fn downscale_down(&self, amount: U256) -> Option<U256> {
        div_down(amount, U256::from(self.scaling_factor))
    }

    pub(super) fn downscale_up(&self, amount: U256) -> Option<U256> {
        div_up(amount, U256::from(self.scaling_factor))
    }
}
