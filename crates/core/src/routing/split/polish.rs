//! Shares in integers that sum to the amount, improved by exact quotes: large chunks first, units last.

use alloy_primitives::U256;

use super::execution::Execution;
use crate::pools::Exact;

/// Below this amount every pair of legs is tried with every size of chunk.
const FEW: u64 = 1 << 12;
/// Above it, the first chunk is the amount without this many bits, and later ones are smaller by so many.
const FIRST_BITS: usize = 15;
const BITS_PER_ROUND: usize = 8;
/// Moves of one size of chunk.
const MOVES_PER_ROUND: usize = 4;
/// Rounds without a move after which smaller chunks are not tried.
const IDLE_ROUNDS: usize = 2;

/// Integer shares near the real ones; what rounding leaves goes to the first, largest one.
pub(super) fn whole_shares(near: &[f64], amount: U256) -> Vec<U256> {
    let sum: f64 = near.iter().sum();
    let scale = f64::from(amount) / sum;
    let mut left = amount;
    let mut shares: Vec<U256> = near
        .iter()
        .map(|near| {
            let share = U256::try_from((near * scale).floor()).unwrap_or(U256::ZERO);
            let share = share.min(left);
            left -= share;
            share
        })
        .collect();
    if let Some(first) = shares.first_mut() {
        *first += left;
    }
    shares
}

/// Moves chunks between legs as long as the exact far end gets better; `None` when it cannot be executed at all.
pub(super) fn polish(
    execution: &mut Execution,
    exact: Exact,
    amount: U256,
    mut near: Vec<U256>,
) -> Option<(Vec<U256>, U256)> {
    let mut far = execution.far(&near)?;
    let few = amount < U256::from(FEW);
    let (first, bits_per_round) = if few {
        (1, 1)
    } else {
        (FIRST_BITS, BITS_PER_ROUND)
    };
    let mut bits = amount.bit_len().saturating_sub(first);
    let mut idle = 0;
    while near.len() > 1 && (few || idle < IDLE_ROUNDS) {
        let chunk = U256::ONE << bits;
        idle += 1;
        for _ in 0..MOVES_PER_ROUND {
            let pairs = if few {
                all_pairs(near.len())
            } else {
                steepest(execution, exact, &near, chunk)
            };
            let Some(better) = best_move(execution, exact, (&near, far), chunk, &pairs) else {
                break;
            };
            (near, far) = better;
            idle = 0;
        }
        if bits == 0 {
            break;
        }
        bits = bits.saturating_sub(bits_per_round);
    }
    Some((near, far))
}

/// Where a chunk comes from and where it goes.
type Pair = (usize, usize);

fn all_pairs(legs: usize) -> Vec<Pair> {
    let pairs = (0..legs).flat_map(|from| (0..legs).map(move |to| (from, to)));
    pairs.filter(|(from, to)| from != to).collect()
}

/// From the leg that misses a chunk least to the one that makes most of it.
fn steepest(execution: &mut Execution, exact: Exact, near: &[U256], chunk: U256) -> Vec<Pair> {
    let mut change = |at: usize, share: Option<U256>| {
        let mut changed = near.to_vec();
        changed[at] = share?;
        execution.far(&changed)
    };
    let least: Vec<_> = (0..near.len())
        .filter_map(|at| Some((change(at, near[at].checked_sub(chunk))?, at)))
        .collect();
    let most: Vec<_> = (0..near.len())
        .filter_map(|at| Some((change(at, near[at].checked_add(chunk))?, at)))
        .collect();
    // The sums compare as the changes do. Of equal ones, the first leg.
    let best = |sums: Vec<(U256, usize)>| {
        sums.into_iter().min_by(|(a, at), (b, other)| {
            let order = match exact {
                Exact::In => b.cmp(a),
                Exact::Out => a.cmp(b),
            };
            order.then(at.cmp(other))
        })
    };
    match (best(least), best(most)) {
        (Some((_, from)), Some((_, to))) if from != to => vec![(from, to)],
        _ => Vec::new(),
    }
}

/// The best move of one chunk, or of all of a smaller share, among these pairs.
fn best_move(
    execution: &mut Execution,
    exact: Exact,
    (near, far): (&[U256], U256),
    chunk: U256,
    pairs: &[Pair],
) -> Option<(Vec<U256>, U256)> {
    let mut best: Option<(Vec<U256>, U256)> = None;
    for &(from, to) in pairs {
        let part = chunk.min(near[from]);
        if part.is_zero() {
            continue;
        }
        let mut moved = near.to_vec();
        moved[from] -= part;
        moved[to] += part;
        let Some(moved_far) = execution.far(&moved) else {
            continue;
        };
        let standard = best.as_ref().map_or(far, |(_, far)| *far);
        let better = match exact {
            Exact::In => moved_far > standard,
            Exact::Out => moved_far < standard,
        };
        if better {
            best = Some((moved, moved_far));
        }
    }
    best
}
