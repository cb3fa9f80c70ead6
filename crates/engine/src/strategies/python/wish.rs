//! `Wish`: what the user's strategy wants to be traded, read strictly.

use alloy_primitives::U256;
use serde_json::{Value, json};
use thiserror::Error;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Exact, PoolMath as _, VENUES};
use tradewind_core::routing::{RouteRequest, RouteScratch, best_path};

use crate::config::{ConfigFault, Fields};
use crate::inventory::Inventory;
use crate::pipeline::{Candidate, Hop, Purpose};
use crate::strategies::Sight;

/// Most pools on a way.
const MOST_HOPS: usize = 4;
/// Most pools on a way that the engine looks for.
const MOST_SOUGHT: u64 = 3;
/// Most bytes of a tag.
const MOST_TAG_BYTES: usize = 64;
/// Moves SOL that is not wrapped.
const NATIVE: &str = "pump_curve";

/// What is wanted, and the user's own word for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    /// What the planner is given.
    pub candidate: Candidate,
    /// Comes back with what becomes of it.
    pub tag: Option<String>,
}

/// Why a wish is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum WishFault {
    /// A field is wrong.
    #[error("{0}")]
    Malformed(#[from] ConfigFault),
    /// A pool is not in the inventory, or does not trade these.
    #[error("pool {0} is not known, or does not trade {1} for {2}")]
    PoolUnknown(ChainAddress, ChainAddress, ChainAddress),
    /// The hops do not hang together.
    #[error("hops: {0}")]
    Disconnected(&'static str),
    /// The engine finds no way.
    #[error("there is no way: {0}")]
    NoRoute(String),
}

impl WishFault {
    /// A stable name.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "wish_malformed",
            Self::PoolUnknown(..) => "pool_unknown",
            Self::Disconnected(_) => "wish_disconnected",
            Self::NoRoute(_) => "no_route",
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Circle,
    Swap,
}

impl Wish {
    /// Reads `{"kind": "circle", "hops", "amount_in_raw", "min_profit_raw", "tag"}`, or
    /// `{"kind": "swap", "hops", "mint_in", "mint_out", "amount_in_raw", "least_out_raw", "max_hops", "tag"}`, where a
    /// hop is `{"pool", "mint_in", "mint_out"}` and the hops of a swap may be null: the engine looks for the best.
    pub(super) fn read(value: Value, sight: Sight<'_>) -> Result<Self, WishFault> {
        let mut fields = Fields::of("wish", value)?;
        let kind = fields.choice("kind", &[("circle", Kind::Circle), ("swap", Kind::Swap)])?;
        let amount_in_raw = least_one(&mut fields, "amount_in_raw")?;
        let tag = fields.optional_text("tag")?;
        if tag.as_ref().is_some_and(|tag| tag.len() > MOST_TAG_BYTES) {
            let fault = format!("has more than {MOST_TAG_BYTES} bytes");
            return Err(ConfigFault::new("wish.tag", fault, "shorten it").into());
        }
        let candidate = match kind {
            Kind::Circle => circle(fields, sight.inventory, amount_in_raw)?,
            Kind::Swap => swap(fields, sight, amount_in_raw)?,
        };
        Ok(Self { candidate, tag })
    }
}

fn circle(
    mut fields: Fields,
    inventory: &Inventory,
    amount_in_raw: u64,
) -> Result<Candidate, WishFault> {
    let hops = hops(&mut fields)?;
    let least_profit_raw = least_one(&mut fields, "min_profit_raw")?;
    fields.finish()?;
    let [base, end] = check_way(&hops, inventory)?;
    if base != end {
        return Err(WishFault::Disconnected("do not end where they begin"));
    }
    Ok(Candidate {
        base,
        amount_in_raw,
        // What a wish promises is what it demands.
        profit_raw: i64::try_from(least_profit_raw).unwrap_or(i64::MAX),
        hops,
        purpose: Purpose::Circle,
    })
}

fn swap(mut fields: Fields, sight: Sight<'_>, amount_in_raw: u64) -> Result<Candidate, WishFault> {
    let (mint_in, mint_out) = (fields.key("mint_in")?, fields.key("mint_out")?);
    let least_out_raw = least_one(&mut fields, "least_out_raw")?;
    let max_hops = fields.integer_within("max_hops", 2, (1, MOST_SOUGHT))?;
    let mut hops = hops(&mut fields)?;
    fields.finish()?;
    if mint_in == mint_out {
        return Err(WishFault::Disconnected("a swap gives one mint for another"));
    }
    if hops.is_empty() {
        hops = best_way(sight, [mint_in, mint_out], amount_in_raw, max_hops)?;
    }
    if check_way(&hops, sight.inventory)? != [mint_in, mint_out] {
        return Err(WishFault::Disconnected(
            "do not lead from mint_in to mint_out",
        ));
    }
    Ok(Candidate {
        base: mint_in,
        amount_in_raw,
        profit_raw: 0,
        hops,
        purpose: Purpose::Swap { least_out_raw },
    })
}

/// An amount that is given and not zero.
fn least_one(fields: &mut Fields, name: &str) -> Result<u64, WishFault> {
    let amount_raw = fields.decimal(name, 0, (1, u64::MAX))?;
    if amount_raw == 0 {
        let path = fields.path(name);
        return Err(ConfigFault::new(path, "is missing", "give it").into());
    }
    Ok(amount_raw)
}

/// The way that gives most.
fn best_way(
    sight: Sight<'_>,
    [mint_in, mint_out]: [ChainAddress; 2],
    amount_in_raw: u64,
    max_hops: u64,
) -> Result<Vec<Hop>, WishFault> {
    let graph = sight.inventory.graph();
    let venues = VENUES.iter().filter(|venue| **venue != NATIVE);
    let request = RouteRequest {
        max_hops: u8::try_from(max_hops).unwrap_or(1),
        allowed_venues: Some(venues.map(|venue| (*venue).to_owned()).collect()),
        excluded_tokens: sight.in_force.blacklist.iter().copied().collect(),
        ..RouteRequest::new(mint_in, mint_out, Exact::In, U256::from(amount_in_raw))
    };
    let best = best_path(graph, &request, &mut RouteScratch::new())
        .map_err(|error| WishFault::NoRoute(error.to_string()))?;
    let hops = best.steps().iter().map(|step| {
        let tokens = graph.at(step.pool)?.tokens();
        Some(Hop {
            pool: graph.address_of(step.pool)?,
            mint_in: *tokens.get(usize::from(step.pair.input))?,
            mint_out: *tokens.get(usize::from(step.pair.output))?,
        })
    });
    let hops: Option<Vec<_>> = hops.collect();
    hops.ok_or_else(|| WishFault::NoRoute("a pool of it is gone".to_owned()))
}

fn hops(fields: &mut Fields) -> Result<Vec<Hop>, WishFault> {
    let mut hops = Vec::new();
    for (path, value) in fields.list("hops")? {
        let mut fields = Fields::of(&path, value)?;
        hops.push(Hop {
            pool: fields.key("pool")?,
            mint_in: fields.key("mint_in")?,
            mint_out: fields.key("mint_out")?,
        });
        fields.finish()?;
    }
    Ok(hops)
}

/// Gives where a way begins and ends.
fn check_way(hops: &[Hop], inventory: &Inventory) -> Result<[ChainAddress; 2], WishFault> {
    let (Some(first), Some(last)) = (hops.first(), hops.last()) else {
        return Err(WishFault::Disconnected("are none"));
    };
    if hops.len() > MOST_HOPS {
        return Err(WishFault::Disconnected("are more than 4"));
    }
    if hops
        .windows(2)
        .any(|pair| pair[0].mint_out != pair[1].mint_in)
    {
        return Err(WishFault::Disconnected("do not follow one another"));
    }
    let twice = |(place, hop): (usize, &Hop)| hops[..place].iter().any(|it| it.pool == hop.pool);
    if hops.iter().enumerate().any(twice) {
        return Err(WishFault::Disconnected("pass one pool twice"));
    }
    for hop in hops {
        let pool = inventory.graph().pool(hop.pool).ok();
        if pool.is_none_or(|pool| pool.pair(hop.mint_in, hop.mint_out).is_err()) {
            return Err(WishFault::PoolUnknown(hop.pool, hop.mint_in, hop.mint_out));
        }
    }
    Ok([first.mint_in, last.mint_out])
}

/// A way as the child reads it.
pub(super) fn told(hops: &[Hop]) -> Value {
    let hops = hops.iter().map(|hop| {
        json!({
            "pool": hop.pool.to_string(),
            "mint_in": hop.mint_in.to_string(),
            "mint_out": hop.mint_out.to_string(),
        })
    });
    hops.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Changeable, EngineConfig};
    use tradewind_core::pools::{Pool, read_pools};
    use tradewind_solana::token_accounts::WRAPPED_SOL;

    struct Market {
        inventory: Inventory,
        in_force: Changeable,
        pool: ChainAddress,
        coin: ChainAddress,
    }

    /// One pool of a coin and wrapped SOL.
    fn market() -> Market {
        let states = read_pools(include_str!("../../inventory/tests/pumpswap.json"));
        let pool = Pool::new(&states.expect("pools")[0]).expect("a pool");
        let (address, coin) = (pool.address(), pool.tokens()[0]);
        let mut inventory = Inventory::default();
        inventory.add_priced(pool);
        let text = json!({
            "version": 1, "strategy": "mine", "instance": "a", "folder": "f",
            "chain": {"chain_id": 101, "rpc": ["http://x"], "websocket": "ws://x", "genesis_hash": WRAPPED_SOL.to_string()},
            "feeds": {"kind": "websocket"}, "inventory": {"snapshot": "s"}, "mode": "paper", "executes": "engine",
            "limits": {}, "parameters": {},
        });
        let config = EngineConfig::parse(&text.to_string()).expect("a configuration");
        Market {
            inventory,
            in_force: config.changeable,
            pool: address,
            coin,
        }
    }

    fn read(market: &Market, wish: Value) -> Result<Wish, WishFault> {
        let sight = Sight {
            inventory: &market.inventory,
            in_force: &market.in_force,
        };
        Wish::read(wish, sight)
    }

    fn hop(market: &Market, back: bool) -> Value {
        let (mut mint_in, mut mint_out) = (WRAPPED_SOL.to_string(), market.coin.to_string());
        if back {
            std::mem::swap(&mut mint_in, &mut mint_out);
        }
        json!({"pool": market.pool.to_string(), "mint_in": mint_in, "mint_out": mint_out})
    }

    #[test]
    fn a_swap_without_hops_takes_the_best_way_there_is() {
        let mut market = market();
        let wish = json!({
            "kind": "swap", "mint_in": WRAPPED_SOL.to_string(), "mint_out": market.coin.to_string(),
            "amount_in_raw": "1000", "least_out_raw": "7", "tag": "t",
        });
        let read_wish = read(&market, wish.clone()).expect("taken");
        let candidate = read_wish.candidate;
        assert_eq!(read_wish.tag.as_deref(), Some("t"));
        assert_eq!(candidate.purpose, Purpose::Swap { least_out_raw: 7 });
        assert_eq!(
            (candidate.hops.len(), candidate.hops[0].pool),
            (1, market.pool)
        );
        assert_eq!(candidate.base, ChainAddress::from(WRAPPED_SOL));
        market.in_force.blacklist.insert(market.coin);
        let refused = read(&market, wish).expect_err("blacklisted");
        assert_eq!(refused.code(), "no_route");
    }

    #[test]
    fn what_cannot_be_a_wish_is_refused_by_name() {
        let market = market();
        let (there, back) = (hop(&market, false), hop(&market, true));
        let wrong_pool = json!({"pool": market.coin.to_string(), "mint_in": there["mint_in"], "mint_out": there["mint_out"]});
        let circle = |hops: Value| json!({"kind": "circle", "hops": hops, "amount_in_raw": "1", "min_profit_raw": "1"});
        for (wish, code) in [
            (json!(7), "wish_malformed"),
            (json!({"kind": "gift"}), "wish_malformed"),
            (circle(json!("all")), "wish_malformed"),
            (
                json!({"kind": "circle", "hops": [there], "amount_in_raw": "1"}),
                "wish_malformed",
            ),
            (
                json!({"kind": "circle", "hops": [], "amount_in_raw": "0", "min_profit_raw": "1"}),
                "wish_malformed",
            ),
            (
                json!({"kind": "circle", "hops": [], "amount_in_raw": "1.5", "min_profit_raw": "1"}),
                "wish_malformed",
            ),
            (circle(json!([])), "wish_disconnected"),
            (circle(json!([there])), "wish_disconnected"),
            (circle(json!([there, there])), "wish_disconnected"),
            (circle(json!([there, back])), "wish_disconnected"),
            (
                circle(json!([there, back, there, back, there])),
                "wish_disconnected",
            ),
            (circle(json!([wrong_pool, back])), "pool_unknown"),
        ] {
            let refused = read(&market, wish.clone()).expect_err("refused");
            assert_eq!(refused.code(), code, "{wish}: {refused}");
        }
    }
}
