//! Why there is no route: each reason with a stable code.

use alloy_primitives::U256;
use thiserror::Error;

use crate::ChainAddress;
use crate::pools::{PoolError, VENUES};

/// A refusal by the route search. Branch on [`RouteError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RouteError {
    /// No pool in the graph trades the token.
    #[error("{field}: no pool in the graph trades {token}")]
    UnknownToken {
        /// Name of the argument.
        field: &'static str,
        /// As given.
        token: ChainAddress,
    },
    /// An end of the route may not be used.
    #[error("{field}: {token} is among excluded_tokens")]
    TokenExcluded {
        /// Name of the argument.
        field: &'static str,
        /// As given.
        token: ChainAddress,
    },
    /// Nothing to swap into.
    #[error("token_in, token_out: both are {0}; name two different tokens")]
    SameToken(ChainAddress),
    /// Nothing to swap.
    #[error("amount_raw: must be greater than zero")]
    AmountZero,
    /// More than any contract takes.
    #[error("amount_raw: must be below 2**255, not {0}")]
    AmountTooLarge(U256),
    /// A number of hops that the search does not serve.
    #[error("max_hops: must be from 1 to 4, not {0}")]
    MaxHopsOutOfRange(u8),
    /// A length of cycles that the search does not serve.
    #[error("max_hops: a cycle has from 2 to 4, not {0}")]
    CycleHopsOutOfRange(u8),
    /// No such family of pools.
    #[error("{field}: {venue:?} is no venue; one of {}", VENUES.join(", "))]
    UnknownVenue {
        /// Name of the argument.
        field: &'static str,
        /// As given, cut to 64 characters.
        venue: String,
    },
    /// A number of paths that the split does not serve.
    #[error("max_paths: must be from 1 to 16, not {0}")]
    MaxPathsOutOfRange(u8),
    /// The tokens are not connected.
    #[error("no path of at most {max_hops} allowed pools leads from {token_in} to {token_out}")]
    NoRoute {
        /// As given.
        token_in: ChainAddress,
        /// As given.
        token_out: ChainAddress,
        /// As given.
        max_hops: u8,
    },
    /// The tokens are connected, but no path fills the amount.
    #[error("amount_raw: no path can fill {0}; the liquidity of each one ends before")]
    InsufficientLiquidity(U256),
    /// The tokens are connected, but the output rounds to nothing on every path.
    #[error("amount_raw: {0} is so little that every path gives nothing for it")]
    AmountTooSmall(U256),
    /// A pool could not be quoted.
    #[error(transparent)]
    Pool(#[from] PoolError),
}

impl RouteError {
    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownToken { .. } => "unknown_token",
            Self::TokenExcluded { .. } => "token_excluded",
            Self::SameToken(_) => "same_token",
            Self::AmountZero => "amount_zero",
            Self::AmountTooLarge(_) => "amount_too_large",
            Self::MaxHopsOutOfRange(_) => "max_hops_out_of_range",
            Self::CycleHopsOutOfRange(_) => "cycle_hops_out_of_range",
            Self::UnknownVenue { .. } => "unknown_venue",
            Self::MaxPathsOutOfRange(_) => "max_paths_out_of_range",
            Self::NoRoute { .. } => "no_route",
            Self::InsufficientLiquidity(_) => "insufficient_liquidity",
            Self::AmountTooSmall(_) => "amount_too_small",
            Self::Pool(error) => error.code(),
        }
    }
}
