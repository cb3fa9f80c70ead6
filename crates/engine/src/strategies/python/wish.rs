//! `Wish`: what the user's strategy wants to be traded, read strictly.

use serde_json::{Value, json};
use thiserror::Error;
use tradewind_core::ChainAddress;

use crate::config::{ConfigFault, Fields};
use crate::inventory::Inventory;
use crate::pipeline::{Candidate, Hop};

/// Most pools on a way.
const MOST_HOPS: usize = 4;
/// Most bytes of a tag.
const MOST_TAG_BYTES: usize = 64;

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
}

impl WishFault {
    /// A stable name.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "wish_malformed",
            Self::PoolUnknown(..) => "pool_unknown",
            Self::Disconnected(_) => "wish_disconnected",
        }
    }
}

impl Wish {
    /// Reads `{"kind": "circle", "hops": [{"pool", "mint_in", "mint_out"}], "amount_in_raw", "min_profit_raw", "tag"}`.
    pub(super) fn read(value: Value, inventory: &Inventory) -> Result<Self, WishFault> {
        let mut fields = Fields::of("wish", value)?;
        fields.choice("kind", &[("circle", ())])?;
        let hops = hops(&mut fields)?;
        let amount_in_raw = fields.decimal("amount_in_raw", 0, (1, u64::MAX))?;
        let profit_raw = fields.decimal("min_profit_raw", 0, (1, u64::MAX))?;
        let tag = fields.optional_text("tag")?;
        fields.finish()?;
        if tag.as_ref().is_some_and(|tag| tag.len() > MOST_TAG_BYTES) {
            let fault = format!("has more than {MOST_TAG_BYTES} bytes");
            return Err(ConfigFault::new("wish.tag", fault, "shorten it").into());
        }
        let base = check_way(&hops, inventory)?;
        Ok(Self {
            candidate: Candidate {
                base,
                amount_in_raw,
                profit_raw,
                hops,
            },
            tag,
        })
    }
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

/// Gives where a closed way begins and ends.
fn check_way(hops: &[Hop], inventory: &Inventory) -> Result<ChainAddress, WishFault> {
    let (Some(first), Some(last)) = (hops.first(), hops.last()) else {
        return Err(WishFault::Disconnected("are none"));
    };
    if hops.len() > MOST_HOPS {
        return Err(WishFault::Disconnected("are more than 4"));
    }
    if first.mint_in != last.mint_out {
        return Err(WishFault::Disconnected("do not end where they begin"));
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
        if !pool.is_some_and(|pool| pool.pair(hop.mint_in, hop.mint_out).is_ok()) {
            return Err(WishFault::PoolUnknown(hop.pool, hop.mint_in, hop.mint_out));
        }
    }
    Ok(first.mint_in)
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
