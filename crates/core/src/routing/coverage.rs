//! Which of the labels at one token are worth extending.
//!
//! A label is a simple path to a token, its *middle* what its continuation must keep clear of: the tokens between the
//! two ends, and the pools of more than two tokens, for such a pool could be passed again without meeting a token
//! twice. A better label can stand in for a worse one unless its own middle contains something that the worse one's
//! continuation needs. A continuation passes at most `spare` further tokens before the end, so:
//! - a better label whose middle is a subset stands in for the worse one, whatever follows;
//! - no spare token: one pool follows. The best label stands in for all others, unless that pool could be one of its
//!   own; several do together, unless one pool is in the middle of each of them;
//! - one spare token, and no pool of several tokens: several better labels stand in together, unless one token outside
//!   the worse one's middle lies in the middle of each of them, for that token could be the one that follows.

use super::numbers::{PoolId, TokenId};

/// What a path has used up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Middle {
    pub(super) tokens: Vec<TokenId>,
    /// Those of more than two tokens.
    pub(super) pools: Vec<PoolId>,
}

impl Middle {
    fn holds(&self, other: &Self) -> bool {
        all_in(&other.tokens, &self.tokens) && all_in(&other.pools, &self.pools)
    }
}

/// The better labels' middles that, together, stand in for a label with this middle; `None` when it is needed.
///
/// The answer holds positions in `better`. With two or more spare tokens, or one and pools of several tokens, only
/// the subset rule is used, which keeps more labels than necessary, never fewer.
pub(super) fn stand_ins(middle: &Middle, better: &[&Middle], spare: u8) -> Option<Vec<usize>> {
    let pools_matter = |other: &Middle| !all_in(&other.pools, &middle.pools);
    let alone = |other: &&Middle| middle.holds(other) || spare == 0 && !pools_matter(other);
    if let Some(position) = better.iter().position(alone) {
        return Some(vec![position]);
    }
    let together = match spare {
        0 => !common(better, |other| &other.pools, &middle.pools),
        1 if !better.iter().any(|other| pools_matter(other)) => {
            !common(better, |other| &other.tokens, &middle.tokens)
        }
        _ => false,
    };
    (together && !better.is_empty()).then(|| (0..better.len()).collect())
}

/// Whether all of the better labels have something in common that is not among these.
fn common<T: PartialEq>(better: &[&Middle], part: fn(&Middle) -> &Vec<T>, these: &[T]) -> bool {
    let Some((first, rest)) = better.split_first() else {
        return false;
    };
    let in_all = |it: &T| !these.contains(it) && rest.iter().all(|other| part(other).contains(it));
    part(first).iter().any(in_all)
}

fn all_in<T: PartialEq>(these: &[T], those: &[T]) -> bool {
    these.iter().all(|it| those.contains(it))
}
