//! Paths worth a share: those of the optimal flows, and those that are best for one more piece of the amount.

use super::path::{Hop, Path, Traded};
use crate::pools::Exact;
use crate::routing::convex::{Market, Use};

/// Part of the whole amount below which a flow is not worth a path.
const LEAST_FLOW: f64 = 1e-4;

/// What a search for paths may use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) market: &'a Market<'a>,
    /// The venues of each token that may be used.
    pub(super) at: &'a [Vec<usize>],
    /// Token in and token out.
    pub(super) ends: [usize; 2],
    pub(super) max_hops: u8,
    pub(super) exact: Exact,
    /// Hops from each token to the end of the search; `u8::MAX` where that is too many.
    pub(super) left: &'a [u8],
}

/// A simple path to a token: the better the greater.
#[derive(Debug, Clone, Copy)]
struct Label {
    token: usize,
    worth: f64,
    last: Option<(usize, Hop)>,
}

impl Scope<'_> {
    /// The path whose narrowest flow is widest, one after the other, until the flows are used up.
    pub(super) fn along_flows(
        &self,
        uses: &[Use],
        prices: &[f64],
        most: usize,
    ) -> Vec<(Path, f64)> {
        let mut flows: Vec<(Hop, f64)> = uses
            .iter()
            .map(|used| {
                let hop = Hop {
                    venue: used.venue,
                    side: used.side,
                };
                let paid = self.market.venues[used.venue].ends[used.side];
                (hop, used.trade.input * prices[paid])
            })
            .collect();
        flows.sort_by_key(|(hop, _)| *hop);
        let mut found = Vec::new();
        let mut whole = 0.0;
        while found.len() < most {
            let flow = |hop: Hop| {
                let at = flows.binary_search_by_key(&hop, |(hop, _)| *hop);
                at.map_or(0.0, |at| flows[at].1)
            };
            let widest = self.best(f64::INFINITY, |hop, width| width.min(flow(hop)));
            let Some((path, width)) = widest else { break };
            whole += width;
            if width <= LEAST_FLOW * whole {
                break;
            }
            for (hop, flow) in &mut flows {
                if path.contains(hop) {
                    *flow -= width;
                }
            }
            found.push((path, width));
        }
        found
    }

    /// The best path for an amount at the near end, after what was traded.
    pub(super) fn for_piece(&self, traded: &Traded, near: f64) -> Option<Path> {
        let best = match self.exact {
            Exact::In => self.best(near, |hop, amount| {
                traded.next(self.market, hop, Exact::In, amount)
            }),
            // The less is needed, the better.
            Exact::Out => self.best(-near, |hop, amount| {
                -traded.next(self.market, hop, Exact::Out, -amount)
            }),
        };
        best.map(|(path, _)| path)
    }

    /// Layer after layer of hops, the best label of each token; a label is not extended to a token or pool of its
    /// own. Worth nothing (or infinitely bad) is no label.
    fn best(&self, start: f64, worth: impl Fn(Hop, f64) -> f64) -> Option<(Path, f64)> {
        let [near, far] = match self.exact {
            Exact::In => self.ends,
            Exact::Out => [self.ends[1], self.ends[0]],
        };
        let mut labels = vec![Label {
            token: near,
            worth: start,
            last: None,
        }];
        let mut layer = 0..1;
        let mut best: Option<usize> = None;
        for hops_left in (0..self.max_hops).rev() {
            let mut reached: Vec<Option<Label>> = vec![None; self.market.tokens.len()];
            for from in layer {
                self.extend(&labels, from, hops_left, &worth, &mut reached);
            }
            let begin = labels.len();
            labels.extend(reached.into_iter().flatten());
            layer = begin..labels.len();
            let better = |at: &usize| {
                labels[*at].token == far
                    && best.is_none_or(|best| labels[*at].worth > labels[best].worth)
            };
            best = layer.clone().find(better).or(best);
        }
        let best = best?;
        Some((self.path(&labels, best), labels[best].worth))
    }

    fn extend(
        &self,
        labels: &[Label],
        from: usize,
        hops_left: u8,
        worth: &impl Fn(Hop, f64) -> f64,
        reached: &mut [Option<Label>],
    ) {
        let label = labels[from];
        if label.last.is_some() && self.left[label.token] == 0 {
            return;
        }
        for &venue in &self.at[label.token] {
            let ends = self.market.venues[venue].ends;
            let near_side = usize::from(ends[1] == label.token);
            let token = ends[1 - near_side];
            if self.left[token] > hops_left {
                continue;
            }
            let side = match self.exact {
                Exact::In => near_side,
                Exact::Out => 1 - near_side,
            };
            let hop = Hop { venue, side };
            let value = worth(hop, label.worth);
            let usable = value.is_finite() && value != 0.0;
            if !usable || reached[token].is_some_and(|other| other.worth >= value) {
                continue;
            }
            if self.passes(labels, from, token, venue) {
                continue;
            }
            reached[token] = Some(Label {
                token,
                worth: value,
                last: Some((from, hop)),
            });
        }
    }

    /// Whether the path to a label has the token, or the venue's pool, already.
    fn passes(&self, labels: &[Label], from: usize, token: usize, venue: usize) -> bool {
        let mut at = Some(from);
        while let Some(label) = at.map(|at| labels[at]) {
            let same_pool = label.last.is_some_and(|(_, hop)| {
                self.market.venues[hop.venue].id == self.market.venues[venue].id
            });
            if label.token == token || same_pool {
                return true;
            }
            at = label.last.map(|(parent, _)| parent);
        }
        false
    }

    fn path(&self, labels: &[Label], last: usize) -> Path {
        let mut path = Vec::new();
        let mut at = labels[last];
        while let Some((parent, hop)) = at.last {
            path.push(hop);
            at = labels[parent];
        }
        if self.exact == Exact::In {
            path.reverse();
        }
        path
    }
}
