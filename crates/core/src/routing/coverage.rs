//! Which of the labels at one token are worth extending.
//!
//! A label is a simple path to a token, its *middle* the tokens between the two ends. A better label can stand in
//! for a worse one unless its own middle contains a token that the worse one's continuation needs. A continuation
//! passes at most `spare` further tokens before the end, so:
//! - no spare token: the best label stands in for all others;
//! - a better label whose middle is a subset stands in for the worse one, whatever follows;
//! - one spare token: several better labels stand in together, unless one token outside the worse one's middle
//!   lies in the middle of each of them, for that token could be the one that follows.

use super::graph::TokenId;

/// The better labels' middles that, together, stand in for a label with this middle; `None` when it is needed.
///
/// The answer holds positions in `better`. With two or more spare tokens only the subset rule is used, which
/// keeps more labels than necessary, never fewer.
pub(super) fn stand_ins(
    middle: &[TokenId],
    better: &[Vec<TokenId>],
    spare: u8,
) -> Option<Vec<usize>> {
    let alone = better
        .iter()
        .position(|other| spare == 0 || other.iter().all(|token| middle.contains(token)));
    if let Some(position) = alone {
        return Some(vec![position]);
    }
    let (first, rest) = better.split_first()?;
    let blocks_all =
        |token: &TokenId| !middle.contains(token) && rest.iter().all(|other| other.contains(token));
    (spare == 1 && !first.iter().any(blocks_all)).then(|| (0..better.len()).collect())
}
