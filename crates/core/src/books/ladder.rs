//! One side of a book: sizes by key, the best key lowest; constant time near the best, logarithmic anywhere else.
//!
//! A window of consecutive keys around the best one is an array with a bitmap of what is occupied; a change there
//! is one store. Keys outside live in a tree, on either side of the window, so that no price is beyond it and where
//! the window stands never decides what the book holds. The window follows the best key, but not before as many
//! changes have missed it as moving costs, so that no sequence of prices makes a change expensive on average.

use std::collections::BTreeMap;

const WINDOW: usize = 1 << 14;
const WORDS: usize = WINDOW / 64;
const GROUPS: usize = WORDS / 64;
/// Keys that are kept free in front of the best one when the window is placed.
const ROOM: u64 = WINDOW as u64 / 4;
const WINDOW_KEYS: u64 = WINDOW as u64;
/// Changes outside the window before moving it is thought of.
const MISSES: usize = 256;

/// Sizes by key in ascending order of keys; a size is never zero.
#[derive(Debug, Clone)]
pub(super) struct Ladder {
    /// The window's first key; at most `u64::MAX - WINDOW_KEYS`.
    base: u64,
    /// One for each key of the window.
    sizes: Box<[u64]>,
    /// One bit for each key of the window that has a size.
    bits: Box<[u64; WORDS]>,
    /// One bit for each word of `bits` that is not zero.
    groups: [u64; GROUPS],
    near: usize,
    far: BTreeMap<u64, u64>,
    misses: usize,
}

impl Ladder {
    pub(super) fn new() -> Self {
        Self {
            base: 0,
            sizes: vec![0; WINDOW].into_boxed_slice(),
            bits: Box::new([0; WORDS]),
            groups: [0; GROUPS],
            near: 0,
            far: BTreeMap::new(),
            misses: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.near + self.far.len()
    }

    /// Gives `key` this size; zero takes it out.
    #[inline]
    pub(super) fn set(&mut self, key: u64, size: u64) {
        let place = key.wrapping_sub(self.base);
        if place < WINDOW_KEYS {
            self.set_near(as_index(place), size);
        } else {
            self.set_far(key, size);
        }
    }

    /// Without a branch on what is there: whether a change adds, replaces or removes cannot be foreseen.
    #[inline]
    fn set_near(&mut self, place: usize, size: u64) {
        let (word, bit) = ((place / 64) % WORDS, place % 64);
        let Some(slot) = self.sizes.get_mut(place) else {
            return;
        };
        let before = usize::from(*slot != 0);
        *slot = size;
        self.near = self.near + usize::from(size != 0) - before;
        let bits = self.bits[word] & !(1 << bit) | u64::from(size != 0) << bit;
        self.bits[word] = bits;
        let group = &mut self.groups[word / 64];
        *group = *group & !(1 << (word % 64)) | u64::from(bits != 0) << (word % 64);
    }

    #[cold]
    fn set_far(&mut self, key: u64, size: u64) {
        if self.len() == 0 && size != 0 {
            self.base = base_for(key);
            return self.set_near(as_index(key - self.base), size);
        }
        if size == 0 {
            self.far.remove(&key);
        } else {
            self.far.insert(key, size);
        }
        self.misses += 1;
        if self.misses >= MISSES + self.len() / 4 {
            self.misses = 0;
            self.follow();
        }
    }

    /// Moves the window to the best key when that has left the first half of it.
    fn follow(&mut self) {
        let Some((best, _)) = self.iter().next() else {
            return;
        };
        let place = best.wrapping_sub(self.base);
        if place >= WINDOW_KEYS / 2 {
            self.place_for(best);
        }
    }

    fn place_for(&mut self, best: u64) {
        let near: Vec<(u64, u64)> = self.near_levels().collect();
        self.clear_near();
        self.base = base_for(best);
        let range = self.base..self.base + WINDOW_KEYS;
        let inside: Vec<(u64, u64)> = self.far.range(range).map(|(k, s)| (*k, *s)).collect();
        for (key, size) in inside {
            self.far.remove(&key);
            self.set_near(as_index(key - self.base), size);
        }
        for (key, size) in near {
            let place = key.wrapping_sub(self.base);
            if place < WINDOW_KEYS {
                self.set_near(as_index(place), size);
            } else {
                self.far.insert(key, size);
            }
        }
    }

    /// Empties the ladder, and places its window for `best` to come.
    pub(super) fn restart(&mut self, best: Option<u64>) {
        self.clear_near();
        self.far.clear();
        self.misses = 0;
        self.base = best.map_or(self.base, base_for);
    }

    fn clear_near(&mut self) {
        for (word, bits) in self.bits.iter_mut().enumerate() {
            if *bits != 0 {
                self.sizes[word * 64..word * 64 + 64].fill(0);
                *bits = 0;
            }
        }
        self.groups = [0; GROUPS];
        self.near = 0;
    }

    /// Keys and sizes, the best first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let end = self.base + WINDOW_KEYS;
        let pair = |(key, size): (&u64, &u64)| (*key, *size);
        let before = self.far.range(..self.base).map(pair);
        before
            .chain(self.near_levels())
            .chain(self.far.range(end..).map(pair))
    }

    /// Calls `each` with the best `most` levels; a loop for each part, which costs half of one over their chain.
    pub(super) fn for_best(&self, most: usize, mut each: impl FnMut(u64, u64)) {
        let end = self.base + WINDOW_KEYS;
        let mut left = most;
        for (key, size) in self.far.range(..self.base).take(left) {
            each(*key, *size);
            left -= 1;
        }
        for (key, size) in self.near_levels().take(left) {
            each(key, size);
        }
        left -= left.min(self.near);
        for (key, size) in self.far.range(end..).take(left) {
            each(*key, *size);
        }
    }

    fn near_levels(&self) -> Near<'_> {
        Near {
            ladder: self,
            group: 0,
            words: self.groups[0],
            word: 0,
            bits: 0,
        }
    }

    /// Keeps the best `depth` levels.
    pub(super) fn truncate(&mut self, depth: usize) {
        while self.len() > depth {
            let end = self.base + WINDOW_KEYS;
            let worst_far = self.far.last_key_value().map(|(key, _)| *key);
            match (worst_far, self.last_near()) {
                (Some(key), near) if key >= end || near.is_none() => {
                    self.far.remove(&key);
                }
                (_, Some(place)) => self.set_near(place, 0),
                (_, None) => return,
            }
        }
    }

    fn last_near(&self) -> Option<usize> {
        let group = self.groups.iter().rposition(|words| *words != 0)?;
        let word = group * 64 + 63 - leading(self.groups[group]);
        Some(word * 64 + 63 - leading(self.bits[word]))
    }
}

/// The levels of the window, in ascending order.
struct Near<'a> {
    ladder: &'a Ladder,
    group: usize,
    /// Words of the group that are still to be read.
    words: u64,
    word: usize,
    /// Keys of the word that are still to be read.
    bits: u64,
}

impl Iterator for Near<'_> {
    type Item = (u64, u64);

    #[inline]
    fn next(&mut self) -> Option<(u64, u64)> {
        while self.bits == 0 {
            while self.words == 0 {
                self.group += 1;
                self.words = *self.ladder.groups.get(self.group)?;
            }
            self.word = self.group * 64 + trailing(self.words);
            self.words &= self.words - 1;
            self.bits = self.ladder.bits[self.word % WORDS];
        }
        let place = (self.word * 64 + trailing(self.bits)) % WINDOW;
        self.bits &= self.bits - 1;
        Some((self.ladder.base + place as u64, self.ladder.sizes[place]))
    }
}

/// Where a window for this best key begins.
fn base_for(best: u64) -> u64 {
    best.saturating_sub(ROOM).min(u64::MAX - WINDOW_KEYS)
}

#[allow(clippy::cast_possible_truncation, reason = "below WINDOW")]
fn as_index(place: u64) -> usize {
    place as usize
}

fn trailing(bits: u64) -> usize {
    bits.trailing_zeros() as usize
}

fn leading(bits: u64) -> usize {
    bits.leading_zeros() as usize
}
