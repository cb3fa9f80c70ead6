//! Which paths get a share: few enough, and each worth what it costs.

use super::balance::Balancer;
use super::candidates::Scope;
use super::path::{Path, Shares, Traded};
use crate::pools::Exact;
use crate::routing::convex::Use;

/// Pieces that the amount is cut into when paths are looked for one piece at a time.
const PIECES: u8 = 12;
/// Paths that are looked for in the flows, for each one that is allowed.
const PER_PATH: usize = 2;
/// Times that a better path is looked for at the prices of the chosen ones.
const MOST_EXCHANGES: usize = 3;

/// What paths cost, in real numbers.
pub(super) struct Costs<'a> {
    pub(super) of_path: &'a dyn Fn(&Path) -> f64,
    pub(super) extra_leg: f64,
}

impl Costs<'_> {
    fn of(&self, shares: &Shares) -> f64 {
        let hops: f64 = shares.paths.iter().map(self.of_path).sum();
        hops + self.extra_leg * (shares.paths.len() as f64 - 1.0).max(0.0)
    }
}

/// Chooses at most `max_paths` paths and their shares.
pub(super) struct Chooser<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) balancer: Balancer<'a>,
    pub(super) costs: Costs<'a>,
    pub(super) max_paths: usize,
}

impl Chooser<'_> {
    /// The best found: shares of all paths tried, thinned out, then improved path by path.
    pub(super) fn choose(&mut self, uses: &[Use], prices: &[f64], single: Option<Path>) -> Shares {
        let mut shares = self.first(uses, prices, single);
        let mut net = self.thin(&mut shares);
        for _ in 0..MOST_EXCHANGES {
            let mut tried = shares.clone();
            if !self.widen(&mut tried) {
                break;
            }
            let tried_net = self.thin(&mut tried);
            if tried_net <= net {
                break;
            }
            (shares, net) = (tried, tried_net);
        }
        shares
    }

    fn first(&self, uses: &[Use], prices: &[f64], single: Option<Path>) -> Shares {
        let mut shares = Shares {
            paths: Vec::new(),
            near: Vec::new(),
        };
        let flows = self
            .scope
            .along_flows(uses, prices, PER_PATH * self.max_paths);
        let whole: f64 = flows.iter().map(|(_, width)| width).sum();
        for (path, width) in flows {
            shares.add(path, self.balancer.amount * 0.5 * width / whole);
        }
        self.piecewise(&mut shares);
        if let Some(path) = single {
            shares.add(path, 0.0);
        }
        shares.fill(self.balancer.amount);
        shares
    }

    /// Gives the amount away piece by piece, each to the path that is then best.
    fn piecewise(&self, shares: &mut Shares) {
        let piece = self.balancer.amount / f64::from(PIECES);
        let mut traded = Traded::new(self.scope.market);
        for _ in 0..PIECES {
            let Some(path) = self.scope.for_piece(&traded, piece) else {
                break;
            };
            traded.execute(self.scope.market, &path, self.scope.exact, piece);
            shares.add(path, piece * 0.5);
        }
    }

    /// Adds the path that is best for one more piece; `false` when it is there already.
    fn widen(&mut self, shares: &mut Shares) -> bool {
        self.balancer.worth(shares);
        let piece = self.balancer.amount / f64::from(PIECES * 4);
        let found = self.scope.for_piece(&self.balancer.traded, piece);
        let Some(path) = found.filter(|path| !shares.paths.contains(path)) else {
            return false;
        };
        shares.add(path, piece);
        shares.fill(self.balancer.amount);
        true
    }

    /// Takes paths out, the least missed first, while there are too many or one is not worth its cost.
    fn thin(&mut self, shares: &mut Shares) -> f64 {
        let mut net = self.balancer.balance(shares) - self.costs.of(shares);
        while shares.paths.len() > self.max_paths * 2 {
            shares.keep_largest((shares.paths.len() * 2 / 3).max(self.max_paths * 2));
            shares.fill(self.balancer.amount);
            net = self.balancer.balance(shares) - self.costs.of(shares);
        }
        while shares.paths.len() > 1 {
            let Some(mut fewer) = self.least_missed(shares) else {
                break;
            };
            let fewer_net = self.balancer.balance(&mut fewer) - self.costs.of(&fewer);
            if shares.paths.len() <= self.max_paths && fewer_net < net {
                break;
            }
            (*shares, net) = (fewer, fewer_net);
        }
        net
    }

    fn least_missed(&mut self, shares: &Shares) -> Option<Shares> {
        let mut best: Option<(f64, Shares)> = None;
        for out in 0..shares.paths.len() {
            let fewer = self.balancer.without(shares, out);
            let net = self.balancer.worth(&fewer) - self.costs.of(&fewer);
            if best.as_ref().is_none_or(|(best, _)| net > *best) {
                best = Some((net, fewer));
            }
        }
        best.map(|(_, fewer)| fewer)
    }
}

impl Shares {
    fn add(&mut self, path: Path, near: f64) {
        if let Some(at) = self.paths.iter().position(|other| *other == path) {
            self.near[at] += near;
        } else {
            self.paths.push(path);
            self.near.push(near);
        }
    }

    /// Takes the smallest shares out; of equal ones, the later.
    fn keep_largest(&mut self, count: usize) {
        let mut order: Vec<usize> = (0..self.near.len()).collect();
        order.sort_by(|a, b| self.near[*b].total_cmp(&self.near[*a]).then(a.cmp(b)));
        order.truncate(count);
        order.sort_unstable();
        self.paths = order.iter().map(|at| self.paths[*at].clone()).collect();
        self.near = order.iter().map(|at| self.near[*at]).collect();
    }

    /// Scales the shares to the whole amount.
    fn fill(&mut self, amount: f64) {
        let sum: f64 = self.near.iter().sum();
        if sum > 0.0 {
            for near in &mut self.near {
                *near *= amount / sum;
            }
        } else if let Some(near) = self.near.first_mut() {
            *near = amount;
        }
    }
}

/// Whether a search counts what comes out or what goes in.
pub(super) fn near_and_far([token_in, token_out]: [usize; 2], exact: Exact) -> [usize; 2] {
    match exact {
        Exact::In => [token_in, token_out],
        Exact::Out => [token_out, token_in],
    }
}
