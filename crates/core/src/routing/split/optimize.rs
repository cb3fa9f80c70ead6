//! `optimize_split`: from the request to legs that can be executed, and the proof beside them.

use alloy_primitives::U256;

use super::balance::Balancer;
use super::candidates::Scope;
use super::choice::{Chooser, Costs, near_and_far};
use super::execution::Execution;
use super::path::{Hop, Path, Traded};
use super::polish::{polish, whole_shares};
use super::reach::within_hops;
use super::request::{Bound, Leg, MAX_PATHS, Single, SplitRequest, SplitRoute};
use crate::ChainAddress;
use crate::pools::{Exact, Pool, PoolMath};
use crate::routing::convex::{Market, Problem, share_ppm, uses};
use crate::routing::request::Question;
use crate::routing::{Net, PoolGraph, Route, RouteError, optimize_route};

/// The amount spread over up to `max_paths` simple paths of at most `max_hops` pools each, never worse than the best
/// single path after all costs.
///
/// The optimum of the convex problem ([`convex`](crate::routing::convex)) over the same pools gives the bound and,
/// path by path, the first shares; more paths are found one piece of the amount at a time. Shares are balanced until no
/// path pays more than another, paths that are too many or not worth their cost are taken out, and what is left is made
/// integers and improved by exact quotes. Which paths are chosen is a search and may miss the best choice; by how
/// much at most, the bound says.
///
/// # Errors
/// Those of [`optimize_route`], and `max_paths_out_of_range`.
pub fn optimize_split(graph: &PoolGraph, request: &SplitRequest) -> Result<SplitRoute, RouteError> {
    if !(1..=MAX_PATHS).contains(&request.max_paths) {
        return Err(RouteError::MaxPathsOutOfRange(request.max_paths));
    }
    let question = Question::new(graph, &request.route)?;
    let single = match optimize_route(graph, &request.route) {
        Ok(route) => Ok(route),
        // Several paths may fill what none can alone.
        Err(RouteError::InsufficientLiquidity(amount)) if request.max_paths > 1 => {
            Err(RouteError::InsufficientLiquidity(amount))
        }
        Err(error) => return Err(error),
    };
    let pools = within_hops(graph, &question);
    let proven = by_pairs(graph, &pools);
    let market = Market::of(graph, pools);
    let split = Split {
        market: &market,
        question: &question,
        request,
        ends: market.ends(&request.route)?,
    };
    let (found, bound_raw) = split.search(single.as_ref().ok())?;
    let chosen = match (found, single.as_ref()) {
        (Some(found), Ok(single)) if !split.beats(&found, single) => Plan::from(single),
        (None, Ok(single)) => Plan::from(single),
        (Some(found), _) => found,
        (None, Err(error)) => return Err(error.clone()),
    };
    let uncapped = if request.uncapped_bound {
        let bound_raw = uncapped(graph, &question, request)?;
        Some((bound_raw, by_pairs(graph, &graph.addresses())))
    } else {
        None
    };
    let single = single.ok();
    Ok(split.route(chosen, single.as_ref(), (bound_raw, proven), uncapped))
}

/// Legs and what they cost.
struct Plan {
    legs: Vec<Leg>,
    cost: Net,
}

impl From<&Route> for Plan {
    fn from(route: &Route) -> Self {
        Self {
            legs: vec![Leg {
                amount_in_raw: route.amount_in_raw,
                amount_out_raw: route.amount_out_raw,
                hops: route.hops.clone(),
            }],
            cost: route.cost_raw,
        }
    }
}

impl Plan {
    fn amount_in(&self) -> U256 {
        sum(self.legs.iter().map(|leg| leg.amount_in_raw))
    }

    fn amount_out(&self) -> U256 {
        sum(self.legs.iter().map(|leg| leg.amount_out_raw))
    }
}

/// The sums of a plan were checked when it was made.
fn sum(amounts: impl Iterator<Item = U256>) -> U256 {
    amounts.fold(U256::ZERO, U256::saturating_add)
}

struct Split<'a> {
    market: &'a Market<'a>,
    question: &'a Question,
    request: &'a SplitRequest,
    ends: [usize; 2],
}

impl Split<'_> {
    /// The best plan over several paths, if any can be executed, and the bound over the same pools.
    fn search(&self, single: Option<&Route>) -> Result<(Option<Plan>, U256), RouteError> {
        let limits = &self.question.limits;
        let allowed = self.market.allowed(limits);
        let venues = self.market.within(&allowed, self.ends, limits.max_hops);
        let problem = Problem::new(self.ends, self.question.exact, self.question.amount);
        let solution = problem.solve(self.market, &venues);
        if self.request.max_paths == 1 {
            return Ok((None, solution.bound_raw));
        }
        let paths_and_shares = self.choose(&venues, &solution.prices, single);
        Ok((self.execute(paths_and_shares)?, solution.bound_raw))
    }

    fn choose(&self, venues: &[usize], prices: &[f64], single: Option<&Route>) -> Vec<(f64, Path)> {
        let exact = self.question.exact;
        let mut at = vec![Vec::new(); self.market.tokens.len()];
        for &venue in venues {
            for end in self.market.venues[venue].ends {
                at[end].push(venue);
            }
        }
        let [_, far] = near_and_far(self.ends, exact);
        let left = self
            .market
            .distances(venues, far, self.question.limits.max_hops);
        let left: Vec<u8> = left.iter().map(|hops| hops.unwrap_or(u8::MAX)).collect();
        let of_path = |path: &Path| f64::from(self.cost_of(path));
        let mut chooser = Chooser {
            scope: Scope {
                market: self.market,
                at: &at,
                ends: self.ends,
                max_hops: self.question.limits.max_hops,
                exact,
                left: &left,
            },
            balancer: Balancer {
                market: self.market,
                exact,
                amount: f64::from(self.question.amount),
                traded: Traded::new(self.market),
            },
            costs: Costs {
                of_path: &of_path,
                extra_leg: f64::from(self.request.path_cost_raw),
            },
            max_paths: usize::from(self.request.max_paths),
        };
        let single = single.and_then(|route| self.path_of(route));
        let shares = chooser.choose(&uses(self.market, venues, prices), prices, single);
        let mut legs: Vec<(f64, Path)> = shares.near.into_iter().zip(shares.paths).collect();
        legs.retain(|(near, _)| *near > 0.0);
        // The largest first; the numbers of venues follow the pools' addresses.
        legs.sort_by(|(a, path), (b, other)| b.total_cmp(a).then_with(|| path.cmp(other)));
        legs
    }

    /// The paths in integers; `None` when there are none, or the pools refuse them.
    fn execute(&self, legs: Vec<(f64, Path)>) -> Result<Option<Plan>, RouteError> {
        let (exact, amount) = (self.question.exact, self.question.amount);
        if legs.is_empty() {
            return Ok(None);
        }
        let (near, paths): (Vec<f64>, Vec<Path>) = legs.into_iter().unzip();
        let mut execution = Execution::new(self.market, exact, paths.clone());
        let shares = whole_shares(&near, amount);
        let Some((shares, _)) = polish(&mut execution, exact, amount, shares) else {
            return Ok(None);
        };
        let used: Vec<&Path> = paths
            .iter()
            .zip(&shares)
            .filter(|(_, share)| !share.is_zero())
            .map(|(path, _)| path)
            .collect();
        let hops: Net = used
            .iter()
            .fold(Net::ZERO, |sum, path| sum + self.cost_of(path));
        let extra_legs = Net::from(used.len().saturating_sub(1));
        Ok(Some(Plan {
            legs: execution.legs(&shares)?,
            cost: hops + extra_legs * Net::from(self.request.path_cost_raw),
        }))
    }

    fn cost_of(&self, path: &Path) -> Net {
        let pools = path.iter().map(|hop| self.market.venues[hop.venue].id);
        self.question.costs.along(self.market.graph, pools)
    }

    fn path_of(&self, route: &Route) -> Option<Path> {
        let hop = |hop: &crate::pools::PoolQuote| {
            let ends = [hop.token_in, hop.token_out].map(|token| self.market.number(token));
            let input = ends[0]?;
            let venue = self.market.at[input].iter().copied().find(|venue| {
                let venue = &self.market.venues[*venue];
                venue.pool == hop.pool && venue.ends.contains(&ends[1].unwrap_or(usize::MAX))
            })?;
            let side = usize::from(self.market.venues[venue].ends[1] == input);
            Some(Hop { venue, side })
        };
        route.hops.iter().map(hop).collect()
    }

    /// Whether a plan is better than the single path after all costs.
    fn beats(&self, plan: &Plan, single: &Route) -> bool {
        match self.question.exact {
            Exact::In => {
                Net::from(plan.amount_out()) + single.cost_raw
                    > Net::from(single.amount_out_raw) + plan.cost
            }
            Exact::Out => {
                Net::from(plan.amount_in()) + plan.cost
                    < Net::from(single.amount_in_raw) + single.cost_raw
            }
        }
    }

    fn route(
        &self,
        plan: Plan,
        single: Option<&Route>,
        within_hops: (U256, bool),
        uncapped: Option<(U256, bool)>,
    ) -> SplitRoute {
        let exact = self.question.exact;
        let far = |amount_in, amount_out| match exact {
            Exact::In => amount_out,
            Exact::Out => amount_in,
        };
        let (amount_in_raw, amount_out_raw) = (plan.amount_in(), plan.amount_out());
        let bound = |(bound_raw, proven)| Bound {
            bound_raw,
            share_ppm: share_ppm(exact, far(amount_in_raw, amount_out_raw), bound_raw),
            proven,
        };
        SplitRoute {
            token_in: self.request.route.token_in,
            token_out: self.request.route.token_out,
            exact,
            amount_in_raw,
            amount_out_raw,
            cost_raw: plan.cost,
            legs: plan.legs,
            single: single.map(|route| Single {
                amount_raw: far(route.amount_in_raw, route.amount_out_raw),
                cost_raw: route.cost_raw,
            }),
            within_hops: bound(within_hops),
            uncapped: uncapped.map(bound),
        }
    }
}

/// Whether the trades of a pool can be taken pair by pair without losing any that is better together: not in a stable
/// pool of three or more tokens.
fn by_pairs(graph: &PoolGraph, pools: &[ChainAddress]) -> bool {
    let pools = pools.iter().filter_map(|pool| graph.pool(*pool).ok());
    !pools
        .into_iter()
        .any(|pool| matches!(pool, Pool::BalancerStable(_)) && pool.tokens().len() > 2)
}

/// The bound over all allowed pools of the graph.
fn uncapped(
    graph: &PoolGraph,
    question: &Question,
    request: &SplitRequest,
) -> Result<U256, RouteError> {
    let market = Market::new(graph);
    let ends = market.ends(&request.route)?;
    let venues = market.allowed(&question.limits);
    let problem = Problem::new(ends, question.exact, question.amount);
    Ok(problem.solve(&market, &venues).bound_raw)
}
