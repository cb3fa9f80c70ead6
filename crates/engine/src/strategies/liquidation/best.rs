//! What of an unhealthy loan leaves most: which debt, which collateral, how much, and by which way it is sold.

use std::cell::RefCell;

use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::{
    Health, Liquidation, LiquidationQuestion, Obligation, Reserve,
};
use tradewind_core::pools::{Exact, PoolMath as _};
use tradewind_core::routing::{PoolGraph, RouteRequest, RouteScratch, best_path};

use super::parameters::LiquidationParameters;
use crate::inventory::Refreshed;
use crate::pipeline::{Candidate, Hop, Liquidating, Purpose, check_hop};
use crate::strategies::Sight;

/// Halves of the most that may be repaid, for each of which a way is looked for.
const HALVES: u32 = 6;
/// Steps by which the amount is narrowed on one way.
const NARROWINGS: u32 = 24;

thread_local! {
    /// The search's own memory, of the scanner's thread.
    static SCRATCH: RefCell<RouteScratch> = RefCell::default();
}

/// One liquidation that leaves something before the transaction's own costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) base: ChainAddress,
    pub(super) part: Liquidating,
    pub(super) sold_raw: u64,
    pub(super) profit_raw: i64,
    pub(super) hops: Vec<Hop>,
}

impl Found {
    pub(super) fn candidate(&self) -> Candidate {
        Candidate {
            base: self.base,
            amount_in_raw: self.sold_raw,
            profit_raw: self.profit_raw,
            hops: self.hops.clone(),
            purpose: Purpose::Liquidate(self.part),
        }
    }
}

/// One unhealthy loan, and what it is looked at with.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) sight: Sight<'a>,
    pub(super) parameters: &'a LiquidationParameters,
    pub(super) refreshed: &'a Refreshed<'a>,
    pub(super) obligation: &'a Obligation,
    pub(super) health: &'a Health,
}

/// A debt and a collateral.
#[derive(Clone, Copy)]
struct Pair<'a> {
    repay: &'a Reserve,
    withdraw: &'a Reserve,
}

impl Search<'_> {
    /// What leaves most of every debt and collateral; None where nothing does.
    pub(super) fn best(&self) -> Option<Found> {
        let worth = self.health.borrowed_value.floor().unwrap_or(u64::MAX);
        if worth < self.parameters.min_debt_usd {
            return None;
        }
        let reserves = &self.refreshed.reserves;
        let mut best: Option<Found> = None;
        for borrow in &self.health.borrows {
            for deposit in &self.health.deposits {
                let pair = Pair {
                    repay: reserves.get(&borrow.reserve)?,
                    withdraw: reserves.get(&deposit.reserve)?,
                };
                let found = self.best_of(pair);
                best = best.into_iter().chain(found).max_by_key(|it| it.profit_raw);
            }
        }
        best
    }

    /// The same of one debt and one collateral: ways for halves of the most, and then the best amount on the best way.
    fn best_of(&self, pair: Pair<'_>) -> Option<Found> {
        let (base, sold) = (pair.repay.liquidity_mint, pair.withdraw.liquidity_mint);
        let in_force = self.sight.in_force;
        // Collateral of the debt's own token needs no way, and leaves no route to tell of.
        if base == sold || !in_force.allows(&base) || !in_force.allows(&sold) {
            return None;
        }
        let allowed_raw = self.parameters.base(base)?.max_repay_raw;
        let lent_raw = self
            .sight
            .inventory
            .loans()
            .lender(pair.repay.address)?
            .available_raw;
        let offered_raw = allowed_raw.min(lent_raw);
        let all = self.liquidated(pair, offered_raw)?;
        if all.whole {
            // What grows until it lands is offered on top; what is not needed stays with the wallet.
            let offered_raw =
                offered_raw.min(all.repaid_raw.saturating_add(all.repaid_raw / 1_000 + 1));
            return self.on_best_way(pair, offered_raw);
        }
        let amounts = (0..HALVES).map(|halves| all.repaid_raw >> halves);
        let found = amounts.filter_map(|repay_raw| self.on_best_way(pair, repay_raw));
        let coarse = found.max_by_key(|it| it.profit_raw)?;
        Some(self.narrowed(pair, coarse, all.repaid_raw))
    }

    /// The best amount between half and twice of what was best so far, on its way.
    fn narrowed(&self, pair: Pair<'_>, coarse: Found, most_raw: u64) -> Found {
        let (mut low, mut high) = (
            coarse.part.borrowed_raw / 2,
            coarse.part.borrowed_raw.saturating_mul(2).min(most_raw),
        );
        let mut best = coarse;
        for _ in 0..NARROWINGS {
            let third = (high - low) / 3;
            if third == 0 {
                break;
            }
            let [left, right] = [low + third, high - third]
                .map(|repay_raw| self.on_way(pair, repay_raw, &best.hops));
            let gain = |found: &Option<Found>| found.as_ref().map(|it| it.profit_raw);
            if gain(&left) < gain(&right) {
                low += third;
            } else {
                high -= third;
            }
            for found in [left, right].into_iter().flatten() {
                if found.profit_raw > best.profit_raw {
                    best = found;
                }
            }
        }
        best
    }

    /// By the way that gives most for this amount.
    fn on_best_way(&self, pair: Pair<'_>, repay_raw: u64) -> Option<Found> {
        let done = self.liquidated(pair, repay_raw)?;
        let sold_raw = self.parameters.sold_raw(done.received_raw);
        let (mint_in, mint_out) = (pair.withdraw.liquidity_mint, pair.repay.liquidity_mint);
        let amount = U256::from(sold_raw);
        let request = RouteRequest {
            max_hops: self.parameters.max_hops,
            excluded_tokens: self.sight.in_force.blacklist.iter().copied().collect(),
            ..RouteRequest::new(mint_in, mint_out, Exact::In, amount)
        };
        let graph = self.sight.inventory.graph();
        let path = SCRATCH
            .with_borrow_mut(|scratch| best_path(graph, &request, scratch))
            .ok()?;
        let hops = hops(graph, &path.pools(graph), mint_in)?;
        self.on_way(pair, repay_raw, &hops)
    }

    fn on_way(&self, pair: Pair<'_>, repay_raw: u64, hops: &[Hop]) -> Option<Found> {
        let done = self.liquidated(pair, repay_raw)?;
        if hops.iter().any(|hop| check_hop(self.sight, hop).is_err()) {
            return None;
        }
        let lender = self.sight.inventory.loans().lender(pair.repay.address)?;
        let sold_raw = self.parameters.sold_raw(done.received_raw);
        let mut amount = U256::from(sold_raw);
        for hop in hops {
            let pool = self.sight.inventory.graph().pool(hop.pool).ok()?;
            amount = pool.output(pool.pair(hop.mint_in, hop.mint_out).ok()?, amount)?;
        }
        // What is borrowed and not needed is given back as it is.
        let borrowed_raw = repay_raw.max(done.repaid_raw);
        let fee_raw = lender.fee_raw(borrowed_raw).ok()?;
        let given_raw = done.repaid_raw.checked_add(fee_raw)?;
        let gained = i128::from(u64::try_from(amount).ok()?) - i128::from(given_raw);
        let part = Liquidating {
            obligation: self.obligation.address,
            repay_reserve: pair.repay.address,
            withdraw_reserve: pair.withdraw.address,
            borrowed_raw,
            repaid_raw: done.repaid_raw,
            fee_raw,
        };
        Some(Found {
            base: pair.repay.liquidity_mint,
            part,
            sold_raw,
            profit_raw: i64::try_from(gained).ok()?,
            hops: hops.to_vec(),
        })
        .filter(|found| found.profit_raw > 0)
    }

    fn liquidated(&self, pair: Pair<'_>, most_repaid_raw: u64) -> Option<Liquidation> {
        let done = Liquidation::of(&LiquidationQuestion {
            market: self.refreshed.market,
            obligation: self.obligation,
            health: self.health,
            repay_reserve: pair.repay,
            withdraw_reserve: pair.withdraw,
            most_repaid_raw,
        });
        done.ok()
    }
}

/// The hops through these pools, in trade order.
fn hops(graph: &PoolGraph, pools: &[ChainAddress], mint_in: ChainAddress) -> Option<Vec<Hop>> {
    let mut at = mint_in;
    let mut hops = Vec::with_capacity(pools.len());
    for pool in pools {
        let tokens = graph.pool(*pool).ok()?.tokens();
        let next = *tokens.iter().find(|token| **token != at)?;
        hops.push(Hop {
            pool: *pool,
            mint_in: at,
            mint_out: next,
        });
        at = next;
    }
    Some(hops)
}
