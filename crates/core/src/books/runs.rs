//! Sorted runs merged into one, two at a time, without a branch on which of two prices is better.
//!
//! Which venue has the next price cannot be foreseen, and a wrong guess costs more than the step itself. So each step
//! selects instead of branching, and each merge works from both ends at once, because the two ends do not wait for
//! each other. Equal prices keep the order of the runs.

use std::hint::select_unpredictable;

use super::aggregate::Part;

/// Merges runs that are sorted by `price ^ mask` and end at `ends`.
pub(super) fn merge_runs(mut parts: Vec<Part>, mut ends: Vec<usize>, mask: u64) -> Vec<Part> {
    let mut scratch = parts.clone();
    while ends.len() > 1 {
        let mut start = 0;
        for pair in ends.chunks(2) {
            let middle = pair[0];
            let end = *pair.last().unwrap_or(&middle);
            let runs = parts[start..end].split_at(middle - start);
            merge(runs.0, runs.1, &mut scratch[start..end], mask);
            start = end;
        }
        ends = ends
            .chunks(2)
            .filter_map(<[usize]>::last)
            .copied()
            .collect();
        std::mem::swap(&mut parts, &mut scratch);
    }
    parts
}

fn merge(first: &[Part], second: &[Part], into: &mut [Part], mask: u64) {
    let key = |part: &Part| part.price ^ mask;
    // So many steps from either end cannot exhaust the shorter run.
    let steps = first.len().min(second.len());
    let (mut a, mut b) = (0, 0);
    let (mut a_end, mut b_end) = (first.len(), second.len());
    let (front, rest) = into.split_at_mut(steps);
    let (middle, back) = rest.split_at_mut(rest.len() - steps);
    for (low, high) in front.iter_mut().zip(back.iter_mut().rev()) {
        let (one, other) = (&first[a], &second[b]);
        let takes_other = key(other) < key(one);
        *low = *select_unpredictable(takes_other, other, one);
        b += usize::from(takes_other);
        a += usize::from(!takes_other);

        let (one, other) = (&first[a_end - 1], &second[b_end - 1]);
        let takes_one = key(one) > key(other);
        *high = *select_unpredictable(takes_one, one, other);
        a_end -= usize::from(takes_one);
        b_end -= usize::from(!takes_one);
    }
    for slot in middle {
        let one = first[a..a_end].first();
        let other = second[b..b_end].first();
        let takes_other = match (one, other) {
            (Some(one), Some(other)) => key(other) < key(one),
            (one, _) => one.is_none(),
        };
        if let Some(part) = if takes_other { other } else { one } {
            *slot = *part;
        }
        b += usize::from(takes_other);
        a += usize::from(!takes_other);
    }
}
