//! Limits of amounts: whose they are, of which token, and over which time.

use crate::fields;
use std::fmt;
use std::str::FromStr;
use tradewind_core::ChainAddress;

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 86_400;

/// Whose limit, or whose halt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Everything together.
    All,
    /// One wallet.
    Wallet(ChainAddress),
    /// One strategy.
    Strategy(String),
}

/// The time over which amounts are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// One transaction.
    Transaction,
    /// Any 3,600 seconds; what was provably not spent is given back.
    Hour,
    /// Any 24 hours; what was provably not spent is given back.
    Day,
    /// Any 24 hours; nothing is given back.
    SignedPerDay,
}

/// What a limit of amounts is about. Its text is the limit's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AmountLimit {
    /// Whose.
    pub scope: Scope,
    /// On which chain.
    pub chain_id: u64,
    /// Of which token.
    pub token: ChainAddress,
    /// Over which time.
    pub window: Window,
}

impl Scope {
    /// Whether what `wallet` does for `strategy_id` falls under it.
    #[must_use]
    pub fn covers(&self, wallet: impl Into<ChainAddress>, strategy_id: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Wallet(own) => *own == wallet.into(),
            Self::Strategy(own) => strategy_id == Some(own),
        }
    }

    /// The wallet, if it is one's.
    #[must_use]
    pub fn wallet(&self) -> Option<String> {
        match self {
            Self::Wallet(wallet) => Some(wallet.to_string()),
            _ => None,
        }
    }

    /// The strategy, if it is one's.
    #[must_use]
    pub fn strategy_id(&self) -> Option<&str> {
        match self {
            Self::Strategy(id) => Some(id),
            _ => None,
        }
    }

    /// For messages: "the wallet 0x…".
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::All => "all wallets together".to_owned(),
            Self::Wallet(wallet) => format!("the wallet {wallet}"),
            Self::Strategy(id) => format!("the strategy {id}"),
        }
    }
}

impl Window {
    /// Every window.
    pub const ALL: [Self; 4] = [Self::Transaction, Self::Hour, Self::Day, Self::SignedPerDay];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::SignedPerDay => "signed_per_day",
        }
    }

    /// What `signer.toml` calls a limit over it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Transaction => "max_per_transaction",
            Self::Hour => "max_per_hour",
            Self::Day => "max_per_day",
            Self::SignedPerDay => "max_signed_per_day",
        }
    }

    /// How long it looks back, in seconds; nothing for a single transaction.
    #[must_use]
    pub const fn length_s(self) -> u64 {
        match self {
            Self::Transaction => 0,
            Self::Hour => HOUR_S,
            Self::Day | Self::SignedPerDay => DAY_S,
        }
    }
}

impl fmt::Display for AmountLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::All => {}
            Scope::Wallet(wallet) => write!(f, "wallet.{wallet}.")?,
            Scope::Strategy(id) => write!(f, "strategy.{id}.")?,
        }
        let (chain_id, token, window) = (self.chain_id, self.token, self.window.key());
        write!(f, "chain.{chain_id}.token.{token}.{window}")
    }
}

impl FromStr for AmountLimit {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<_> = text.split('.').collect();
        let (scope, rest) = match parts.as_slice() {
            ["wallet", wallet, rest @ ..] => (Scope::Wallet(wallet.parse().map_err(drop)?), rest),
            ["strategy", id, rest @ ..] => (Scope::Strategy((*id).to_owned()), rest),
            rest => (Scope::All, rest),
        };
        let ["chain", chain_id, "token", token, window] = rest else {
            return Err(());
        };
        let window = Window::ALL.into_iter().find(|known| known.key() == *window);
        Ok(Self {
            scope,
            chain_id: fields::parse_decimal(chain_id)
                .and_then(|id| u64::try_from(id).ok())
                .ok_or(())?,
            token: token.parse().map_err(drop)?,
            window: window.ok_or(())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Address;
    use tradewind_core::decode::solana::Key;

    #[test]
    fn the_key_of_a_limit_reads_back_as_the_limit() {
        for scope in [
            Scope::All,
            Scope::Wallet(Address::repeat_byte(7).into()),
            Scope::Wallet(Key([9; 32]).into()),
            Scope::Strategy("a1b2c3d4-e5f6-7890-1234-567890abcdef".to_owned()),
        ] {
            for window in Window::ALL {
                let limit = AmountLimit {
                    scope: scope.clone(),
                    chain_id: 42161,
                    token: Address::repeat_byte(0xaf).into(),
                    window,
                };
                assert_eq!(limit.to_string().parse(), Ok(limit));
            }
        }
        for text in [
            "",
            "raise_delay_s",
            "chain.1.token.0x12.max_per_day",
            "wallet.x.chain.1",
        ] {
            assert_eq!(text.parse::<AmountLimit>(), Err(()), "{text}");
        }
    }
}
