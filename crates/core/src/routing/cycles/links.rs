//! The directed pairs of tokens that pools connect, and how much each pool gives at most per unit.
#![allow(
    clippy::float_arithmetic,
    reason = "a rate rules out what cannot gain; what can is decided by quotes"
)]

use crate::pools::{Curve, Pool, PoolMath, TokenPair};
use crate::routing::{PoolGraph, PoolId, TokenId};

/// Rates are real numbers: one that is short of gaining by less than this is quoted all the same.
pub(super) const MARGIN: f64 = 1e-9;

/// One pool's way between the tokens of a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Way {
    pub(super) pool: PoolId,
    pub(super) pair: TokenPair,
    /// Natural logarithm of the most that the pool gives per unit, the fee taken.
    pub(super) rate: f64,
    /// The pool as one constant product, where it is one.
    pub(super) product: Option<Product>,
}

/// `x -> reserve_out * per_input * x / (1 + per_input * x)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Product {
    /// One less the fee, over the reserve of the input.
    pub(super) per_input: f64,
    pub(super) reserve_out: f64,
}

impl Way {
    fn new(pool: PoolId, state: &Pool, pair: TokenPair) -> Self {
        let product = product(state, pair);
        let rate = match product {
            Some(product) => (product.per_input * product.reserve_out).ln(),
            None => rate(state, pair),
        };
        Self {
            pool,
            pair,
            rate,
            product,
        }
    }

    /// One constant product stays one: the graph then has its curve ready.
    fn refresh(&mut self, graph: &PoolGraph, state: &Pool) {
        let side = graph.hyperbolic(self.pool).side(self.pair);
        if self.product.is_some() && side.exists() {
            let product = Product {
                per_input: side.take().recip(),
                reserve_out: side.give(),
            };
            self.rate = (product.per_input * product.reserve_out).ln();
            self.product = Some(product);
        } else {
            *self = Self::new(self.pool, state, self.pair);
        }
    }
}

/// The pools from one token to another.
#[derive(Debug, Clone)]
struct Link {
    to: TokenId,
    /// The best rate first.
    ways: Vec<Way>,
    /// When one of the pools last changed.
    changed: u64,
}

/// Every link of a graph, by number.
#[derive(Debug, Clone)]
pub(super) struct Links {
    numbered: Vec<Link>,
    /// The best rate of each link: all that a scan reads.
    best: Vec<f64>,
    /// The links that leave each token, in the order of the token they lead to.
    leaving: Vec<Vec<u32>>,
    /// The links of each pool, by its number.
    of_pool: Vec<Vec<u32>>,
}

impl Links {
    pub(super) fn new(graph: &PoolGraph) -> Self {
        let mut links = Self {
            numbered: Vec::new(),
            best: Vec::new(),
            leaving: vec![Vec::new(); graph.token_count()],
            of_pool: vec![Vec::new(); graph.pool_places()],
        };
        for from in graph.token_ids() {
            links.add_leaving(graph, from);
        }
        links
    }

    fn add_leaving(&mut self, graph: &PoolGraph, from: TokenId) {
        let mut edges = graph.edges(from).to_vec();
        edges.sort_by_key(|edge| (edge.token, graph.address_of(edge.pool)));
        for same in edges.chunk_by(|a, b| a.token == b.token) {
            let Ok(number) = u32::try_from(self.numbered.len()) else {
                return;
            };
            let ways = same
                .iter()
                .filter_map(|edge| Some(Way::new(edge.pool, graph.at(edge.pool)?, edge.pair)));
            let mut ways: Vec<Way> = ways.collect();
            ways.sort_by(|a, b| b.rate.total_cmp(&a.rate));
            for way in &ways {
                self.of_pool[way.pool.index()].push(number);
            }
            self.best
                .push(ways.first().map_or(f64::NEG_INFINITY, |way| way.rate));
            self.leaving[from.index()].push(number);
            self.numbered.push(Link {
                to: same[0].token,
                ways,
                changed: 0,
            });
        }
    }

    /// The best rate of each link, by number.
    pub(super) fn best(&self) -> &[f64] {
        &self.best
    }

    /// How many links there are.
    pub(super) fn len(&self) -> usize {
        self.numbered.len()
    }

    pub(super) fn leaving(&self, token: TokenId) -> &[u32] {
        self.leaving.get(token.index()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn to(&self, link: u32) -> TokenId {
        self.numbered[link as usize].to
    }

    /// The link between two tokens, if pools connect them.
    pub(super) fn between(&self, from: TokenId, to: TokenId) -> Option<u32> {
        let leaving = self.leaving(from);
        let at = leaving.binary_search_by_key(&to, |link| self.to(*link));
        at.ok().map(|at| leaving[at])
    }

    pub(super) fn of_pool(&self, pool: PoolId) -> &[u32] {
        self.of_pool.get(pool.index()).map_or(&[], Vec::as_slice)
    }

    /// How far the pool's own rate in a link that it is part of is below the best one.
    pub(super) fn slack(&self, link: u32, pool: PoolId) -> f64 {
        let ways = &self.numbered[link as usize].ways;
        let way = ways.iter().find(|way| way.pool == pool);
        way.map_or(f64::INFINITY, |way| self.best[link as usize] - way.rate)
    }

    /// Takes the pool's new state as it is at this time of the index; `None` for one that left.
    pub(super) fn refresh(
        &mut self,
        graph: &PoolGraph,
        pool: PoolId,
        state: Option<&Pool>,
        now: u64,
    ) {
        for number in self.of_pool.get(pool.index()).into_iter().flatten() {
            let link = &mut self.numbered[*number as usize];
            link.changed = now;
            for way in link.ways.iter_mut().filter(|way| way.pool == pool) {
                match state {
                    Some(state) => way.refresh(graph, state),
                    None => way.rate = f64::NEG_INFINITY,
                }
            }
            if link.ways.len() > 1 {
                link.ways.sort_by(|a, b| b.rate.total_cmp(&a.rate));
            }
            self.best[*number as usize] = link.ways[0].rate;
        }
    }

    /// When one of the pools of these links last changed.
    pub(super) fn changed(&self, links: &[u32]) -> u64 {
        let times = links
            .iter()
            .map(|link| self.numbered[*link as usize].changed);
        times.max().unwrap_or(0)
    }

    /// Calls `choose` with every choice of one way a link that may gain and passes no pool twice; `fixed` leaves
    /// one link only one pool.
    pub(super) fn choices(
        &self,
        links: &[u32],
        fixed: Option<(u32, PoolId)>,
        ways: &mut Vec<Way>,
        choose: &mut impl FnMut(&[Way]),
    ) {
        let Some(link) = links.get(ways.len()) else {
            return choose(ways);
        };
        let so_far: f64 = ways.iter().map(|way| way.rate).sum();
        let rest = &links[ways.len() + 1..];
        let at_best: f64 = rest.iter().map(|link| self.best[*link as usize]).sum();
        for way in &self.numbered[*link as usize].ways {
            if so_far + way.rate + at_best <= -MARGIN {
                break;
            }
            let elsewhere = fixed.is_some_and(|(only, pool)| only == *link && way.pool != pool);
            if elsewhere || ways.iter().any(|other| other.pool == way.pool) {
                continue;
            }
            ways.push(*way);
            self.choices(links, fixed, ways, choose);
            ways.pop();
        }
    }
}

/// The logarithm of the spot price less the fee. The fee was rounded up to a whole ppm; one less is never more than
/// it is.
fn rate(pool: &Pool, pair: TokenPair) -> f64 {
    const MILLION: f64 = 1e6;
    let price = pool.spot_price(pair);
    let fee_ppm = f64::from(pool.fee_ppm(pair).saturating_sub(1));
    let rate =
        f64::from(price.numerator) / f64::from(price.denominator) * (1.0 - fee_ppm / MILLION);
    if rate.is_finite() && rate > 0.0 {
        rate.ln()
    } else {
        f64::NEG_INFINITY
    }
}

fn product(pool: &Pool, pair: TokenPair) -> Option<Product> {
    let Curve::Hyperbolas(pieces) = pool.curve(pair) else {
        return None;
    };
    match pieces[..] {
        [piece] if piece.capacity_in.is_infinite() => {
            let product = Product {
                per_input: piece.gamma / piece.reserve_in,
                reserve_out: piece.reserve_out,
            };
            let first = product.per_input * product.reserve_out;
            (first.is_finite() && first > 0.0).then_some(product)
        }
        _ => None,
    }
}
