//! Pricing: a request, read strictly, and its answer from the pools as they are now.

use alloy_primitives::U256;
use tonic::Code;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Exact, PoolMath, PoolQuote};
use tradewind_core::routing::{PoolId, Route, RouteRequest, optimize_route};
use tradewind_solana::Key;

use super::messages::{Hop, QuoteReply, QuoteRequest, Side};
use super::refusal::Refusal;
use crate::config::Changeable;
use crate::inventory::Inventory;

/// What stands for no number of hops.
const DEFAULT_HOPS: u8 = 3;

/// A request that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    route: RouteRequest,
}

impl Question {
    /// Reads a request.
    ///
    /// # Errors
    /// `mint_malformed`, `side_missing`, `same_token`, `amount_zero`, `max_hops_out_of_range`.
    pub(super) fn read(request: &QuoteRequest) -> Result<Self, Refusal> {
        let mint_in = mint("mint_in", &request.mint_in)?;
        let mint_out = mint("mint_out", &request.mint_out)?;
        let exact = match Side::try_from(request.side) {
            Ok(Side::ExactIn) => Exact::In,
            Ok(Side::ExactOut) => Exact::Out,
            Ok(Side::Unspecified) | Err(_) => {
                let message = "side: is none; give SIDE_EXACT_IN or SIDE_EXACT_OUT";
                return Err(Refusal::wrong("side_missing", message));
            }
        };
        if mint_in == mint_out {
            let message = format!("mint_out: is mint_in, {mint_in}; name two different mints");
            return Err(Refusal::wrong("same_token", message));
        }
        if request.amount_raw == 0 {
            let message = "amount_raw: is zero; give more";
            return Err(Refusal::wrong("amount_zero", message));
        }
        let max_hops = match request.max_hops {
            0 => DEFAULT_HOPS,
            hops => u8::try_from(hops).unwrap_or(u8::MAX),
        };
        if max_hops > tradewind_core::routing::MAX_HOPS {
            let message = format!("max_hops: is {}; give 1 to 4", request.max_hops);
            return Err(Refusal::wrong("max_hops_out_of_range", message));
        }
        let amount_raw = U256::from(request.amount_raw);
        Ok(Self {
            route: RouteRequest {
                max_hops,
                ..RouteRequest::new(mint_in, mint_out, exact, amount_raw)
            },
        })
    }

    /// Whether a pool trades one of its mints.
    #[must_use]
    pub(super) fn concerns(&self, inventory: &Inventory, pool: ChainAddress) -> bool {
        let pool = inventory.graph().pool(pool);
        pool.is_ok_and(|pool| {
            let mut tokens = pool.tokens().iter();
            tokens.any(|token| [self.route.token_in, self.route.token_out].contains(token))
        })
    }

    /// The best single path through pools that are known to be as the chain has them, and through no blacklisted mint.
    ///
    /// # Errors
    /// `blacklisted`, `pools_stale`, and those of the search.
    pub(super) fn answer(
        &self,
        inventory: &Inventory,
        in_force: &Changeable,
        told_slot: u64,
    ) -> Result<QuoteReply, Refusal> {
        for (field, mint) in [
            ("mint_in", self.route.token_in),
            ("mint_out", self.route.token_out),
        ] {
            if !in_force.allows(&mint) {
                let message = format!("{field}: {mint} is blacklisted");
                return Err(Refusal::new(
                    Code::FailedPrecondition,
                    "blacklisted",
                    message,
                ));
            }
        }
        let pools = Pools {
            inventory,
            in_force,
        };
        let (route, stale) = pools.best(&self.route)?;
        let told_of = route.hops.iter().filter_map(|hop| {
            let id = inventory.graph().pool_id(hop.pool)?;
            Some(inventory.standing(id)?.moment.slot)
        });
        Ok(QuoteReply {
            slot: told_of.max().unwrap_or_default().max(told_slot),
            amount_in_raw: raw(route.amount_in_raw)?,
            amount_out_raw: raw(route.amount_out_raw)?,
            hops: route
                .hops
                .iter()
                .map(|hop| pools.hop(hop))
                .collect::<Result<_, _>>()?,
            stale_pools: stale.iter().map(ToString::to_string).collect(),
        })
    }
}

/// The pools, and which of them count.
struct Pools<'a> {
    inventory: &'a Inventory,
    in_force: &'a Changeable,
}

impl Pools<'_> {
    /// The best path of all is the best one through pools that count, if it has no other. Only where it has, the
    /// pools that count are listed. With it: the stale pools that it had.
    fn best(&self, request: &RouteRequest) -> Result<(Route, Vec<ChainAddress>), Refusal> {
        let graph = self.inventory.graph();
        let best = optimize_route(graph, request).map_err(|error| Refusal::of_route(&error))?;
        let ids = best.hops.iter().filter_map(|hop| graph.pool_id(hop.pool));
        let left_out: Vec<_> = ids.filter(|id| !self.counts(*id)).collect();
        if left_out.is_empty() {
            return Ok((best, Vec::new()));
        }
        let counting = graph.pool_ids().filter(|id| self.counts(*id));
        let request = RouteRequest {
            allowed_pools: Some(counting.filter_map(|id| graph.address_of(id)).collect()),
            ..request.clone()
        };
        let stale = left_out.into_iter().filter(|id| !self.is_fresh(*id));
        let stale: Vec<_> = stale.filter_map(|id| graph.address_of(id)).collect();
        match optimize_route(graph, &request) {
            Ok(route) => Ok((route, stale)),
            Err(_) if !stale.is_empty() => {
                let pools: Vec<_> = stale.iter().map(ToString::to_string).collect();
                let message = format!(
                    "the best path leads through pools that may differ from the chain ({}), and no other fills the \
                     amount; ask again when the feed has told of them",
                    pools.join(", ")
                );
                Err(Refusal::new(Code::Unavailable, "pools_stale", message))
            }
            Err(error) => Err(Refusal::of_route(&error)),
        }
    }

    fn counts(&self, id: PoolId) -> bool {
        let tokens = self.inventory.graph().at(id).map(PoolMath::tokens);
        let allowed = tokens.is_some_and(|all| all.iter().all(|mint| self.in_force.allows(mint)));
        allowed && self.is_fresh(id)
    }

    fn is_fresh(&self, id: PoolId) -> bool {
        let standing = self.inventory.standing(id);
        standing.is_some_and(|standing| !standing.stale) && !self.inventory.is_torn(id)
    }

    fn hop(&self, quote: &PoolQuote) -> Result<Hop, Refusal> {
        let venue = self.inventory.graph().pool(quote.pool);
        Ok(Hop {
            pool: quote.pool.to_string(),
            venue: venue.map_or("", |pool| pool.venue()).to_owned(),
            mint_in: quote.token_in.to_string(),
            mint_out: quote.token_out.to_string(),
            amount_in_raw: raw(quote.amount_in_raw)?,
            amount_out_raw: raw(quote.amount_out_raw)?,
        })
    }
}

fn mint(field: &'static str, text: &str) -> Result<ChainAddress, Refusal> {
    let key = Key::parse(text);
    key.map(ChainAddress::from).ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        let message = format!("{field}: {shown:?} is no mint; give its address in base58");
        Refusal::wrong("mint_malformed", message)
    })
}

/// Token amounts of Solana have 64 bits.
fn raw(amount: U256) -> Result<u64, Refusal> {
    u64::try_from(amount).map_err(|_| {
        let message = format!("amount_raw: takes or gives {amount}, and 64 bits hold less");
        Refusal::new(Code::FailedPrecondition, "amount_too_large", message)
    })
}
