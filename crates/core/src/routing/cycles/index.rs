//! Which cycles of tokens there are, stored so that a scan reads nothing but numbers in a row.
#![allow(
    clippy::float_arithmetic,
    reason = "a rate rules out what cannot gain; what can is decided by quotes"
)]

use super::links::{Links, MARGIN};
use crate::routing::TokenId;

/// Cycles of tokens, each a row of links; shorter ones are filled up with a link that costs nothing.
#[derive(Debug, Clone)]
pub(super) struct TokenCycles {
    width: usize,
    /// The number of the link that fills up; its rate is one.
    filler: u32,
    rows: Vec<u32>,
    /// The place of each row's base token.
    bases: Vec<u8>,
    /// The rows of each link: those of link `i` are `row_of[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    row_of: Vec<u32>,
}

impl TokenCycles {
    pub(super) fn new(links: &Links, bases: &[TokenId], max_hops: u8) -> Self {
        let mut cycles = Self {
            width: usize::from(max_hops),
            filler: u32::try_from(links.len()).unwrap_or(u32::MAX),
            rows: Vec::new(),
            bases: Vec::new(),
            starts: Vec::new(),
            row_of: Vec::new(),
        };
        for (place, base) in (0u8..).zip(bases) {
            let earlier = &bases[..usize::from(place)];
            cycles.walk(links, place, *base, earlier, &mut Vec::new());
        }
        cycles.turn_round(links.len());
        cycles
    }

    /// Every path from the base over `path` that comes back to it.
    fn walk(
        &mut self,
        links: &Links,
        place: u8,
        base: TokenId,
        earlier: &[TokenId],
        path: &mut Vec<u32>,
    ) {
        let here = path.last().map_or(base, |link| links.to(*link));
        if !path.is_empty()
            && let Some(back) = links.between(here, base)
        {
            let filler = std::iter::repeat_n(self.filler, self.width - path.len() - 1);
            self.rows
                .extend(path.iter().copied().chain([back]).chain(filler));
            self.bases.push(place);
        }
        if path.len() + 2 > self.width {
            return;
        }
        for link in links.leaving(here) {
            let there = links.to(*link);
            let again = there == base || path.iter().any(|link| links.to(*link) == there);
            if again || earlier.contains(&there) {
                continue;
            }
            path.push(*link);
            self.walk(links, place, base, earlier, path);
            path.pop();
        }
    }

    /// From links to the rows that they are part of.
    fn turn_round(&mut self, links: usize) {
        let mut counts = vec![0u32; links + 1];
        for link in self.rows.iter().filter(|link| **link != self.filler) {
            counts[*link as usize + 1] += 1;
        }
        for at in 1..counts.len() {
            counts[at] += counts[at - 1];
        }
        self.starts.clone_from(&counts);
        self.row_of = vec![0; counts.last().copied().unwrap_or(0) as usize];
        for (row, cycle) in (0u32..).zip(self.rows.chunks_exact(self.width)) {
            for link in cycle.iter().filter(|link| **link != self.filler) {
                let next = &mut counts[*link as usize];
                self.row_of[*next as usize] = row;
                *next += 1;
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bases.len()
    }

    /// The place of the cycle's base token.
    pub(super) fn base(&self, cycle: usize) -> usize {
        usize::from(self.bases[cycle])
    }

    /// The links of a cycle, in trade order.
    pub(super) fn links(&self, cycle: usize) -> &[u32] {
        let row = &self.rows[cycle * self.width..(cycle + 1) * self.width];
        let length = row.iter().position(|link| *link == self.filler);
        &row[..length.unwrap_or(self.width)]
    }

    /// The cycles whose best rates multiply to more than one.
    pub(super) fn promising<'a>(&'a self, best: &'a [f64]) -> impl Iterator<Item = usize> + 'a {
        self.rows
            .chunks_exact(self.width)
            .enumerate()
            .filter(move |(_, row)| sum(row, best) > -MARGIN)
            .map(|(cycle, _)| cycle)
    }

    /// The cycles through a link whose rates multiply to more than one when that link's is less by `slack`.
    pub(super) fn through<'a>(
        &'a self,
        link: u32,
        best: &'a [f64],
        slack: f64,
    ) -> impl Iterator<Item = usize> + 'a {
        let (start, end) = (self.starts[link as usize], self.starts[link as usize + 1]);
        self.row_of[start as usize..end as usize]
            .iter()
            .map(|row| *row as usize)
            .filter(move |row| {
                let row = &self.rows[row * self.width..(row + 1) * self.width];
                sum(row, best) - slack > -MARGIN
            })
    }
}

/// The sum of the links' rates; what fills up counts nothing.
fn sum(row: &[u32], best: &[f64]) -> f64 {
    row.iter()
        .map(|link| best.get(*link as usize).copied().unwrap_or(0.0))
        .sum()
}
