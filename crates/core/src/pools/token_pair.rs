//! Which of a pool's tokens are paid in and out.

use super::PoolError;
use crate::ChainAddress;

/// Two different tokens of a pool, by their places in [`tokens`](super::PoolMath::tokens).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenPair {
    /// Place of the token that is paid in.
    pub input: u8,
    /// Place of the token that comes out.
    pub output: u8,
}

impl TokenPair {
    /// The first token in, the second out.
    pub const ZERO_FOR_ONE: Self = Self {
        input: 0,
        output: 1,
    };
    /// The second token in, the first out.
    pub const ONE_FOR_ZERO: Self = Self {
        input: 1,
        output: 0,
    };

    /// The other way round.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self {
            input: self.output,
            output: self.input,
        }
    }

    /// The direction in a pool of two tokens; `None` for a pair that such a pool does not have.
    #[must_use]
    pub fn direction(self) -> Option<Direction> {
        match (self.input, self.output) {
            (0, 1) => Some(Direction::ZeroForOne),
            (1, 0) => Some(Direction::OneForZero),
            _ => None,
        }
    }

    /// As [`TokenPair::direction`], with a refusal that names the pool.
    ///
    /// # Errors
    /// `pair_unknown`.
    pub(super) fn direction_in(self, pool: ChainAddress) -> Result<Direction, PoolError> {
        self.direction().ok_or(PoolError::PairUnknown {
            pool,
            tokens: 2,
            input: self.input,
            output: self.output,
        })
    }
}

/// Which token of a pool of two is paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Token 0 in, token 1 out; the price of token 0 falls.
    ZeroForOne,
    /// Token 1 in, token 0 out; the price of token 0 rises.
    OneForZero,
}

impl Direction {
    /// The other one.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::ZeroForOne => Self::OneForZero,
            Self::OneForZero => Self::ZeroForOne,
        }
    }

    /// The input and the output of a pool with these tokens.
    #[must_use]
    pub fn in_and_out<T>(self, [token0, token1]: [T; 2]) -> (T, T) {
        match self {
            Self::ZeroForOne => (token0, token1),
            Self::OneForZero => (token1, token0),
        }
    }
}

impl From<Direction> for TokenPair {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::ZeroForOne => Self::ZERO_FOR_ONE,
            Direction::OneForZero => Self::ONE_FOR_ZERO,
        }
    }
}
