//! Shares in integers that sum to the amount, improved by exact quotes: large chunks first, units last.

use alloy_primitives::U256;

use super::execution::Execution;
use crate::pools::Exact;

/// Chunks shrink by this many bits from round to round.
const BITS_PER_ROUND: usize = 5;
/// The first chunk is the amount without this many bits.
const FIRST_BITS: usize = 7;
/// Moves of one size of chunk.
const MOVES_PER_ROUND: usize = 4;
/// Below this amount chunks begin with the whole of it.
const FEW: u64 = 1 << 12;

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
    let first = if amount < U256::from(FEW) {
        1
    } else {
        FIRST_BITS
    };
    let mut bits = amount.bit_len().saturating_sub(first);
    loop {
        let chunk = U256::ONE << bits;
        for _ in 0..MOVES_PER_ROUND {
            let Some((better, better_far)) = best_move(execution, exact, &near, chunk, far) else {
                break;
            };
            (near, far) = (better, better_far);
        }
        if bits == 0 {
            return Some((near, far));
        }
        let fewer = if amount < U256::from(FEW) {
            1
        } else {
            BITS_PER_ROUND
        };
        bits = bits.saturating_sub(fewer);
    }
}

/// The best move of one chunk, or of all of a smaller share, from one leg to another.
fn best_move(
    execution: &mut Execution,
    exact: Exact,
    near: &[U256],
    chunk: U256,
    far: U256,
) -> Option<(Vec<U256>, U256)> {
    let mut best: Option<(Vec<U256>, U256)> = None;
    let legs = 0..near.len();
    for (from, to) in legs
        .clone()
        .flat_map(|from| legs.clone().map(move |to| (from, to)))
    {
        let part = chunk.min(near[from]);
        if from == to || part.is_zero() {
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
