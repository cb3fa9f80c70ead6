//! Sorted runs merged into one, two at a time, without a branch on which of two prices is better.
//!
//! Which venue has the next price cannot be foreseen, and a wrong guess costs more than the step itself. So each step
//! selects instead of branching, and each merge works from both ends at once, because the two ends do not wait for
//! each other. Where the prices lie close enough together, what is merged is one word a part: how far its price is
//! from the best, and its place. Equal prices keep the order of the runs.

use std::hint::select_unpredictable;

use super::aggregate::Part;

/// Bits of a word that hold a place; the others hold a distance.
const PLACE_BITS: u32 = 24;

/// Merges runs of parts that are sorted by `price ^ mask` and end at `ends`.
pub(super) fn merge_runs(parts: Vec<Part>, ends: Vec<usize>, mask: u64) -> Vec<Part> {
    if ends.len() < 2 {
        return parts;
    }
    let Some(words) = words(&parts, mask) else {
        return merge_all(parts, ends, |part| part.price ^ mask);
    };
    let merged = merge_all(words, ends, |word| *word);
    let place = |word: &u64| usize::try_from(word & ((1 << PLACE_BITS) - 1)).unwrap_or_default();
    merged.iter().map(|word| parts[place(word)]).collect()
}

/// One word a part, in the same order as the parts; `None` when they do not fit.
fn words(parts: &[Part], mask: u64) -> Option<Vec<u64>> {
    let keys = || parts.iter().map(|part| part.price ^ mask);
    let (least, most) = keys().fold((u64::MAX, 0), |(least, most), key| {
        (least.min(key), most.max(key))
    });
    if parts.len() >> PLACE_BITS != 0 || most.saturating_sub(least) >> (64 - PLACE_BITS) != 0 {
        return None;
    }
    let word = |(key, place)| (key - least) << PLACE_BITS | place;
    Some(keys().zip(0..).map(word).collect())
}

fn merge_all<T: Copy>(mut items: Vec<T>, mut ends: Vec<usize>, key: impl Fn(&T) -> u64) -> Vec<T> {
    let mut scratch = items.clone();
    while ends.len() > 1 {
        let mut start = 0;
        for pair in ends.chunks(2) {
            let middle = pair[0];
            let end = *pair.last().unwrap_or(&middle);
            let (first, second) = items[start..end].split_at(middle - start);
            merge(first, second, &mut scratch[start..end], &key);
            start = end;
        }
        ends = ends
            .chunks(2)
            .filter_map(<[usize]>::last)
            .copied()
            .collect();
        std::mem::swap(&mut items, &mut scratch);
    }
    items
}

fn merge<T: Copy>(first: &[T], second: &[T], into: &mut [T], key: impl Fn(&T) -> u64) {
    // So many steps from either end cannot exhaust the shorter run.
    let steps = first.len().min(second.len());
    let (mut a, mut b) = (0, 0);
    let (mut a_end, mut b_end) = (first.len(), second.len());
    let (front, rest) = into.split_at_mut(steps);
    let (middle, back) = rest.split_at_mut(rest.len() - steps);
    for (low, high) in front.iter_mut().zip(back.iter_mut().rev()) {
        let (one, other) = (first[a], second[b]);
        let takes_other = key(&other) < key(&one);
        *low = select_unpredictable(takes_other, other, one);
        b += usize::from(takes_other);
        a += usize::from(!takes_other);

        let (one, other) = (first[a_end - 1], second[b_end - 1]);
        let takes_one = key(&one) > key(&other);
        *high = select_unpredictable(takes_one, one, other);
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
        if let Some(item) = if takes_other { other } else { one } {
            *slot = *item;
        }
        b += usize::from(takes_other);
        a += usize::from(!takes_other);
    }
}
