//! Positions: what was bought and is not sold yet, from a file that is on disk before anything is signed.
//!
//! A line says what is about to be signed, another what became of it, from what the transaction moved. After a crash
//! the lines are read again, and what is open in them is asked for at the sign-gate and on the chain.
//!
//! - here: what the lines come to; - `ending`: what an end changed, and its taking back;
//! - `book`: the file, written before what is known changes.

mod book;
mod ending;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;

use serde_json::{Value, json};
use thiserror::Error;
use tradewind_core::ChainAddress;
use tradewind_solana::Key;

pub use book::PositionBook;
use ending::Ended;

use crate::flight::{Moved, OpenWay};
use crate::pipeline::{Purpose, Trade};

/// Ended plans that are remembered: more than can be open at the gate.
const MOST_ENDED: usize = 1_024;

/// Something that was bought, or is being bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// What is kept.
    pub coin: ChainAddress,
    /// Where it was bought.
    pub pool: ChainAddress,
    /// What it is held against.
    pub base: ChainAddress,
    /// In raw units of the coin; 0 until the purchase has landed.
    pub held_raw: u64,
    /// What it had cost, fees and rents included where the base is wrapped SOL, in raw units of the base.
    pub cost_raw: u64,
    /// The slot in which the purchase landed.
    pub bought_slot: u64,
    /// The plan under way for it: a purchase while nothing is held, else a sale.
    pub pending: Option<String>,
}

/// Why a purchase or a sale may not begin.
#[derive(Debug, Error)]
pub enum PositionFault {
    /// Something is under way for this coin, or it was bought before.
    #[error("{0} is bought, or was, or is being traded")]
    Taken(ChainAddress),
    /// There is less of it.
    #[error("{0} is not held, or less of it")]
    NotHeld(ChainAddress),
    /// The purchases together would be above what they may come to.
    #[error("parameters.budget_raw or parameters.most_positions leaves no room")]
    NoRoom,
    /// Nothing may be signed that is not on disk.
    #[error("positions: cannot be written: {0}; make room on its disk")]
    Unwritable(#[from] io::Error),
}

/// What is under way, so that a restart can follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Its coin.
    pub coin: ChainAddress,
    /// What a gain is counted in.
    pub base: ChainAddress,
    /// Where.
    pub pool: ChainAddress,
    /// Paid.
    pub amount_in_raw: u64,
    /// What it is.
    pub way: OpenWay,
}

/// The positions, and what they came to.
#[derive(Debug, Default)]
pub struct Positions {
    by_coin: BTreeMap<ChainAddress, Position>,
    begun: BTreeMap<String, Begun>,
    /// What has ended, the newest of it: the gate may still have to be told, and the result told again.
    ended: VecDeque<Ended>,
    /// Coins that were traded in this run.
    traded: BTreeSet<ChainAddress>,
    began_at_ms: Option<u64>,
    spent_raw: u64,
    realized_raw: i64,
}

impl Positions {
    /// What is held or being bought.
    pub fn all(&self) -> impl Iterator<Item = &Position> {
        self.by_coin.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_coin.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_coin.is_empty()
    }

    /// Of one coin.
    #[must_use]
    pub fn of(&self, coin: &ChainAddress) -> Option<&Position> {
        self.by_coin.get(coin)
    }

    /// Whether a coin was bought in this run, or is being bought.
    #[must_use]
    pub fn has_traded(&self, coin: &ChainAddress) -> bool {
        self.traded.contains(coin) || self.by_coin.contains_key(coin)
    }

    /// What this run paid for purchases, those under way included, in raw units of the base.
    #[must_use]
    pub const fn spent_raw(&self) -> u64 {
        self.spent_raw
    }

    /// What this run gained by sales, less what attempts cost that came to nothing.
    #[must_use]
    pub const fn realized_raw(&self) -> i64 {
        self.realized_raw
    }

    /// When this run began, in milliseconds since 1970.
    #[must_use]
    pub const fn began_at_ms(&self) -> Option<u64> {
        self.began_at_ms
    }

    /// How many purchases are under way, and what they pay in raw units of the base: it may have left the wallet, or not
    /// yet.
    #[must_use]
    pub fn being_paid(&self) -> (u64, u64) {
        let bought = self.begun.values().filter(|begun| !begun.way.sells);
        bought.fold((0, 0), |(count, paid_raw), begun| {
            (count + 1, begun.amount_in_raw.saturating_add(paid_raw))
        })
    }

    /// Whether a coin was bought in this run and is not held any more, nor on its way: nobody needs its pools.
    #[must_use]
    pub fn is_done_with(&self, coin: &ChainAddress) -> bool {
        self.traded.contains(coin) && !self.by_coin.contains_key(coin)
    }

    /// The plans under way.
    #[must_use]
    pub fn pending(&self) -> Vec<String> {
        self.begun.keys().cloned().collect()
    }

    /// Whether a plan has begun and has not ended.
    #[must_use]
    pub fn is_under_way(&self, plan_id: &str) -> bool {
        self.begun.contains_key(plan_id)
    }

    /// What a plan is, under way or ended not long ago.
    #[must_use]
    pub fn begun(&self, plan_id: &str) -> Option<&Begun> {
        let ended = || self.ended.iter().find(|ended| ended.plan_id == plan_id);
        self.begun
            .get(plan_id)
            .or_else(|| ended().map(|ended| &ended.begun))
    }

    /// The line of a purchase or a sale that is about to be signed; None of a circle, which has no position.
    fn line_of(
        &self,
        plan_id: &str,
        trade: &Trade,
        own_accounts: &[Key],
    ) -> Result<Option<Value>, PositionFault> {
        let (Some(coin), Some(hop)) = (trade.coin(), trade.hops.first()) else {
            return Ok(None);
        };
        match (trade.purpose, self.by_coin.get(&coin)) {
            (Purpose::Circle | Purpose::Swap { .. } | Purpose::Liquidate(_), _) => return Ok(None),
            (Purpose::Buy(bounds), None) if !self.has_traded(&coin) => {
                let spent_raw = self.spent_raw.saturating_add(trade.amount_in_raw);
                let most = usize::try_from(bounds.most_positions).unwrap_or(usize::MAX);
                if spent_raw > bounds.budget_raw || self.by_coin.len() >= most {
                    return Err(PositionFault::NoRoom);
                }
            }
            (Purpose::Buy(_), _) => return Err(PositionFault::Taken(coin)),
            (Purpose::Sell { .. }, Some(held)) if held.pending.is_some() => {
                return Err(PositionFault::Taken(coin));
            }
            (Purpose::Sell { .. }, Some(held)) if held.held_raw == trade.amount_in_raw => {}
            (Purpose::Sell { .. }, _) => return Err(PositionFault::NotHeld(coin)),
        }
        let way = OpenWay::of(trade, own_accounts);
        Ok(Some(json!({
            "begin": plan_id, "coin": coin.to_string(), "base": trade.base.to_string(),
            "pool": hop.hop.pool.to_string(), "amount_in_raw": trade.amount_in_raw.to_string(), "way": way.told(),
        })))
    }

    /// One line. None when it is none.
    fn take(&mut self, line: &Value) -> Option<()> {
        if let Some(began_at_ms) = line.get("run") {
            self.began_at_ms = Some(began_at_ms.as_u64()?);
        } else if let Some(plan_id) = line.get("begin") {
            self.took_begin(plan_id.as_str()?, line)?;
        } else if let Some(plan_id) = line.get("end") {
            let landed = match &line["landed"] {
                Value::Null => None,
                landed => Some((landed["slot"].as_u64()?, Moved::of_told(&landed["moved"])?)),
            };
            self.took_any_end(plan_id.as_str()?, landed)?;
        } else if let Some(coin) = line.get("held") {
            let coin = address(coin)?;
            let held_raw = number(&line["amount_raw"])?;
            if held_raw == 0 {
                self.by_coin.remove(&coin);
            } else if let Some(position) = self.by_coin.get_mut(&coin) {
                position.held_raw = held_raw;
            }
        } else {
            line.get("over")?;
            self.began_at_ms = None;
            self.traded.clear();
            (self.spent_raw, self.realized_raw) = (0, 0);
        }
        Some(())
    }

    fn took_begin(&mut self, plan_id: &str, line: &Value) -> Option<()> {
        let begun = Begun {
            coin: address(&line["coin"])?,
            base: address(&line["base"])?,
            pool: address(&line["pool"])?,
            amount_in_raw: number(&line["amount_in_raw"])?,
            way: OpenWay::of_told(&line["way"])?,
        };
        if begun.way.sells {
            self.by_coin.get_mut(&begun.coin)?.pending = Some(plan_id.to_owned());
        } else {
            self.spent_raw = self.spent_raw.saturating_add(begun.amount_in_raw);
            self.traded.insert(begun.coin);
            let position = Position {
                coin: begun.coin,
                pool: begun.pool,
                base: begun.base,
                held_raw: 0,
                cost_raw: 0,
                bought_slot: 0,
                pending: Some(plan_id.to_owned()),
            };
            self.by_coin.insert(begun.coin, position);
        }
        self.begun.insert(plan_id.to_owned(), begun);
        Some(())
    }

    fn took_end(&mut self, begun: &Begun, landed: Option<(u64, Moved)>) {
        let cost_raw = |moved: &Moved| begun.way.cost_of(moved);
        match (begun.way.sells, landed) {
            (false, Some((slot, moved))) if moved.kept_raw > 0 => {
                if let Some(position) = self.by_coin.get_mut(&begun.coin) {
                    position.pending = None;
                    position.held_raw = moved.kept_raw.unsigned_abs();
                    position.cost_raw = u64::try_from(cost_raw(&moved)).unwrap_or_default();
                    position.bought_slot = slot;
                }
            }
            (true, Some((_, moved))) if moved.kept_raw < 0 => {
                let gained_raw = cost_raw(&moved).saturating_neg();
                let paid_raw = i64::try_from(begun.way.cost_raw).unwrap_or(i64::MAX);
                self.realize(gained_raw.saturating_sub(paid_raw));
                self.by_coin.remove(&begun.coin);
            }
            // Nothing came of it, and what the attempt cost is lost.
            (sells, landed) => {
                self.realize(landed.map_or(0, |(_, moved)| cost_raw(&moved).saturating_neg()));
                if sells {
                    if let Some(position) = self.by_coin.get_mut(&begun.coin) {
                        position.pending = None;
                    }
                } else {
                    self.spent_raw = self.spent_raw.saturating_sub(begun.amount_in_raw);
                    self.by_coin.remove(&begun.coin);
                }
            }
        }
    }

    fn realize(&mut self, gained_raw: i64) {
        self.realized_raw = self.realized_raw.saturating_add(gained_raw);
    }
}

fn address(told: &Value) -> Option<ChainAddress> {
    Key::parse(told.as_str()?).map(ChainAddress::from)
}

fn number(told: &Value) -> Option<u64> {
    told.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests;
