//! The pools that the quick search tries from each token, gathered before they are compared.

use super::bound::{Hyperbolic, Side};
use super::numbers::{PoolId, TokenId};
use crate::pools::{Exact, TokenPair};

/// A pool whose curve is known, on the way to a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chance {
    pub(super) to: TokenId,
    pub(super) pool: PoolId,
    pub(super) side: Side,
}

/// Chances beside each other, so that they are compared without a look elsewhere; those of one token after those of
/// another, so that a search between the same ends finds them there.
#[derive(Debug, Clone, Default)]
pub(super) struct Chances {
    /// The first `count` are meant.
    list: Vec<Chance>,
    count: usize,
    /// Each token, and where its chances end.
    pub(super) segments: Vec<(TokenId, usize)>,
    /// What they are the chances of, when they may be used again.
    pub(super) of: Option<Between>,
}

/// All that the choice of pools depends on, but for the state of the graph, where nothing but the hops is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Between {
    pub(super) start: TokenId,
    pub(super) goal: TokenId,
    pub(super) max_hops: u8,
    pub(super) exact: Exact,
}

impl Chances {
    /// None yet.
    pub(super) fn begin(&mut self) {
        self.count = 0;
        self.segments.clear();
        self.of = None;
    }

    /// Makes room for so many.
    pub(super) fn reserve(&mut self, most: usize) {
        let needed = self.count + most + 1;
        if self.list.len() < needed {
            let side = Hyperbolic::NONE.side(TokenPair::ZERO_FOR_ONE);
            let (to, pool) = (TokenId(u32::MAX), PoolId(u32::MAX));
            self.list.resize(needed, Chance { to, pool, side });
        }
    }

    /// Adds one if `open`, which cannot be foreseen, so that there is no branch.
    #[inline]
    pub(super) fn add(&mut self, open: bool, chance: Chance) {
        self.list[self.count] = chance;
        self.count += usize::from(open);
    }

    /// Closes the token's segment, and gives its number.
    pub(super) fn close(&mut self, token: TokenId) -> usize {
        self.segments.push((token, self.count));
        self.segments.len() - 1
    }

    pub(super) fn segment(&self, number: usize) -> &[Chance] {
        let start = if number == 0 {
            0
        } else {
            self.segments[number - 1].1
        };
        &self.list[start..self.segments[number].1]
    }
}
