//! One auction of `CoW` Protocol: the pools that its solvers were given, and the orders to fill.
//!
//! The instance file is JSON with `tokens`, `amms` and `orders`, each an object by id (cowprotocol/solver-template-py,
//! `data/real_auctions`). Numbers are read exactly: what is no whole number of the unit it is kept in is refused.
//!
//! - `amms`: one pool of each kind;
//! - `fields`: a JSON object whose faults are named;
//! - here: the whole file, and its orders.

mod amms;
mod fields;

use alloy_primitives::U256;
use serde_json::Value;
use thiserror::Error;

use self::amms::Read;
use self::fields::Fields;
use crate::ChainAddress;
use crate::pools::{Exact, PoolState};

/// Pools and orders of one auction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CowAuction {
    /// The pools of supported families, in the order of their ids.
    pub pools: Vec<AuctionPool>,
    /// The pools that cannot be quoted exactly, in the order of their ids.
    pub refused: Vec<RefusedPool>,
    /// In the order of their numbers.
    pub orders: Vec<AuctionOrder>,
}

/// A pool, as the auction lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuctionPool {
    /// Its name in the file.
    pub id: String,
    /// Its state, which its family takes.
    pub state: PoolState,
    /// What a swap through it costs to execute, in raw units of `cost_token`.
    pub cost_raw: U256,
    /// The native token, wrapped.
    pub cost_token: ChainAddress,
}

/// A pool that is listed and not quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPool {
    /// Its name in the file.
    pub id: String,
    /// The stable code of the fault.
    pub code: &'static str,
    /// Why, with the field.
    pub reason: String,
}

/// What a trader asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuctionOrder {
    /// Its number in the file.
    pub number: String,
    /// What the trader pays.
    pub sell_token: ChainAddress,
    /// What the trader gets.
    pub buy_token: ChainAddress,
    /// A sell order pays exactly this; a buy order at most this.
    pub sell_amount_raw: U256,
    /// A sell order gets at least this; a buy order exactly this.
    pub buy_amount_raw: U256,
    /// `Exact::In` for a sell order, `Exact::Out` for a buy order.
    pub kind: Exact,
    /// Whether a part of it may be filled.
    pub partially_fillable: bool,
}

/// A file that is no auction. Branch on [`CowAuctionError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CowAuctionError {
    /// It is no JSON.
    #[error("the auction is no JSON: {0}")]
    NotJson(String),
    /// A field is missing or wrong.
    #[error("{item}: {field}: {fault}")]
    Malformed {
        /// The auction, `amm` and its id, or `order` and its number.
        item: String,
        /// The field's path.
        field: String,
        /// What is wrong with it.
        fault: String,
    },
}

impl CowAuctionError {
    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "auction_not_json",
            Self::Malformed { .. } => "auction_malformed",
        }
    }
}

impl CowAuction {
    /// Reads an instance file.
    ///
    /// A pool that its family refuses, whose kind or a field of which is not known, or whose fee is no whole number
    /// of parts per million, is listed in `refused`; all else that is wrong refuses the file.
    ///
    /// # Errors
    /// `auction_not_json` or `auction_malformed`, with the pool or the order and the field.
    pub fn parse(json: &str) -> Result<Self, CowAuctionError> {
        let file: Value = serde_json::from_str(json)
            .map_err(|error| CowAuctionError::NotJson(error.to_string()))?;
        let file = Fields::new("auction".to_owned(), &file)?;
        let mut auction = Self::default();
        let tokens = file.object("tokens")?;
        for (id, amm) in file.object("amms")?.entries() {
            let amm = Fields::new(format!("amm {id}"), amm)?;
            auction.add(id, &amm, &tokens)?;
        }
        let mut orders: Vec<_> = file.object("orders")?.entries().collect();
        orders.sort_by_key(|(number, _)| (number.len(), *number));
        for (number, order) in orders {
            let order = Fields::new(format!("order {number}"), order)?;
            auction.orders.push(read_order(number, &order)?);
        }
        Ok(auction)
    }

    fn add(
        &mut self,
        id: &str,
        amm: &Fields<'_>,
        tokens: &Fields<'_>,
    ) -> Result<(), CowAuctionError> {
        let id = id.to_owned();
        match amms::read(amm, tokens)? {
            Read::Refused { code, reason } => self.refused.push(RefusedPool { id, code, reason }),
            Read::Pool(state) => {
                let cost = amm.object("cost")?;
                self.pools.push(AuctionPool {
                    id,
                    state,
                    cost_raw: cost.number("amount")?,
                    cost_token: cost.address("token")?,
                });
            }
        }
        Ok(())
    }
}

fn read_order(number: &str, order: &Fields<'_>) -> Result<AuctionOrder, CowAuctionError> {
    let sells = order.flag("is_sell_order")?;
    Ok(AuctionOrder {
        number: number.to_owned(),
        sell_token: order.address("sell_token")?,
        buy_token: order.address("buy_token")?,
        sell_amount_raw: order.number("sell_amount")?,
        buy_amount_raw: order.number("buy_amount")?,
        kind: if sells { Exact::In } else { Exact::Out },
        partially_fillable: order.flag("allow_partial_fill")?,
    })
}
