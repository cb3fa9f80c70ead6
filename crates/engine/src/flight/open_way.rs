//! `OpenWay`: a purchase or a sale, as far as what it moves cannot be read without knowing it.

use serde_json::{Value, json};
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::Key;
use tradewind_solana::token_accounts::WRAPPED_SOL;

use super::Moved;
use crate::pipeline::{Purpose, Trade};

/// A purchase or a sale, as far as what it moves cannot be read without knowing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWay {
    /// What is kept, or was: a mint.
    pub coin: String,
    /// Whether it is given up.
    pub sells: bool,
    /// Of a sale: what that had cost, in raw units of the base.
    pub cost_raw: u64,
    /// Whether the base is wrapped SOL.
    pub base_is_sol: bool,
    /// Whether SOL moves as lamports of the wallet.
    pub moves_native_sol: bool,
    /// Accounts that the transaction may make: what comes to stand in them was not paid to anybody.
    pub own_accounts: Vec<String>,
}

impl OpenWay {
    /// Of a trade that is no circle; of a circle it means nothing.
    #[must_use]
    pub fn of(trade: &Trade, own_accounts: &[Key]) -> Self {
        let cost_raw = match trade.purpose {
            Purpose::Sell { cost_raw } => cost_raw,
            Purpose::Circle | Purpose::Buy(_) | Purpose::Swap { .. } | Purpose::Liquidate(_) => 0,
        };
        Self {
            coin: trade
                .coin()
                .map_or_else(String::new, |coin| coin.to_string()),
            sells: matches!(trade.purpose, Purpose::Sell { .. }),
            cost_raw,
            base_is_sol: trade.base == ChainAddress::from(WRAPPED_SOL),
            moves_native_sol: trade.moves_native_sol,
            own_accounts: own_accounts.iter().map(Key::to_string).collect(),
        }
    }

    /// Of a plan that was told and is no position's: one mint was given for another.
    #[must_use]
    pub fn of_plan(plan: &Value) -> Option<Self> {
        let (paid, got) = (plan["inputToken"].as_str()?, plan["outputToken"].as_str()?);
        (paid != got).then(|| Self {
            coin: got.to_owned(),
            sells: false,
            cost_raw: 0,
            base_is_sol: paid == WRAPPED_SOL.to_string(),
            moves_native_sol: false,
            own_accounts: Vec::new(),
        })
    }

    /// As it is written down.
    #[must_use]
    pub fn told(&self) -> Value {
        json!({
            "coin": self.coin, "sells": self.sells, "cost_raw": self.cost_raw.to_string(),
            "base_is_sol": self.base_is_sol, "moves_native_sol": self.moves_native_sol,
            "own_accounts": self.own_accounts,
        })
    }

    /// As it was written down.
    #[must_use]
    pub fn of_told(told: &Value) -> Option<Self> {
        let accounts = told["own_accounts"].as_array()?.iter();
        Some(Self {
            coin: told["coin"].as_str()?.to_owned(),
            sells: told["sells"].as_bool()?,
            cost_raw: told["cost_raw"].as_str()?.parse().ok()?,
            base_is_sol: told["base_is_sol"].as_bool()?,
            moves_native_sol: told["moves_native_sol"].as_bool()?,
            own_accounts: accounts
                .map(|account| account.as_str().map(str::to_owned))
                .collect::<Option<_>>()?,
        })
    }

    /// What the wallet has less of the base by what was moved; below zero it has more. Fees, tip and rents count where
    /// the base is wrapped SOL.
    #[must_use]
    pub fn cost_of(&self, moved: &Moved) -> i64 {
        let paid_raw = moved.gained_raw.saturating_neg();
        if !self.base_is_sol {
            return paid_raw;
        }
        let fees = i64::try_from(moved.cost_lamports).unwrap_or(i64::MAX);
        paid_raw
            .saturating_add(fees)
            .saturating_add(moved.locked_lamports)
    }
}
