//! Balancer V2: weighted and stable pools, to the unit what their contracts answer.
//!
//! - `fixed_point` and `log_exp`: the contracts' arithmetic;
//! - `token`, `swap`: what the pools share, and the vault's rules;
//! - `weighted`, `stable`: the two curves.

mod fixed_point;
mod log_exp;
mod stable;
mod swap;
mod token;
mod weighted;

pub use stable::{BalancerStablePool, BalancerStableState};
pub use token::BalancerToken;
pub use weighted::{BalancerWeightedPool, BalancerWeightedState, Weight};

use crate::ChainAddress;

/// What logs of the vault say has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BalancerChange {
    /// What the vault now holds of one token for the pool.
    Balance {
        /// The token.
        token: ChainAddress,
        /// In raw units.
        balance_raw: u128,
    },
}
