//! What a Raydium AMM v4 pool is made from, what is refused, and what an account may change.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::layout::{self, AmmInfo};
use super::{Door, RaydiumAmmV4Pool};
use crate::ChainAddress;
use crate::pools::{Account, AccountSet, ChainClock, PoolChange, PoolError, PoolMath, decimal};
use crate::solana::AccountFields;

/// How the program divides where it rounds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Always up: the program since August 2025.
    #[default]
    Up,
    /// Up, but quotients below one to the nearest: the program before.
    NearestBelowOne,
}

/// The whole state of a pool: its `AmmInfo`, the balances of its vaults, and the chain's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaydiumAmmV4State {
    /// The pool's account.
    pub pool: ChainAddress,
    /// `coin_vault_mint`.
    pub coin_mint: ChainAddress,
    /// `pc_vault_mint`.
    pub pc_mint: ChainAddress,
    /// The token account that holds the coins.
    pub coin_vault: ChainAddress,
    /// The token account that holds the pc.
    pub pc_vault: ChainAddress,
    /// Balance of the coin vault, in raw units.
    #[serde(with = "decimal")]
    pub coin_vault_raw: u64,
    /// Balance of the pc vault, in raw units.
    #[serde(with = "decimal")]
    pub pc_vault_raw: u64,
    /// `need_take_pnl_coin`: what the protocol is owed of the coin vault.
    #[serde(with = "decimal")]
    pub coin_need_take_pnl_raw: u64,
    /// `need_take_pnl_pc`: what the protocol is owed of the pc vault.
    #[serde(with = "decimal")]
    pub pc_need_take_pnl_raw: u64,
    /// `swap_fee_numerator`.
    #[serde(with = "decimal")]
    pub swap_fee_numerator: u64,
    /// `swap_fee_denominator`.
    #[serde(with = "decimal")]
    pub swap_fee_denominator: u64,
    /// `status`: 6 and 7 swap; 1 has an order book, which is not modelled; the others do not swap.
    pub status: u64,
    /// `pool_open_time`, seconds since 1970: a pool of status 7 swaps from then on.
    #[serde(with = "decimal")]
    pub pool_open_time: u64,
    /// Which build of the program answers.
    #[serde(default)]
    pub rounding: Rounding,
    /// The chain's clock.
    #[serde(default)]
    pub clock: ChainClock,
}

impl RaydiumAmmV4State {
    /// Why the pool does not swap, or its reserves.
    pub(super) fn door(&self) -> Door {
        match self.status {
            6 => {}
            7 if self.clock.unix_timestamp.cast_unsigned() >= self.pool_open_time => {}
            7 => return Door::NotYetOpen,
            1 => return Door::OrderBook,
            _ => return Door::Closed,
        }
        let coin = self.coin_vault_raw.checked_sub(self.coin_need_take_pnl_raw);
        let pc = self.pc_vault_raw.checked_sub(self.pc_need_take_pnl_raw);
        match (coin, pc) {
            (Some(coin), Some(pc)) => Door::Open([coin, pc]),
            _ => Door::OwedMoreThanHeld,
        }
    }

    fn check(&self) -> Result<(), PoolError> {
        let fault = |field, fault: String| Err(PoolError::StateInvalid { field, fault });
        if self.coin_mint == self.pc_mint {
            let text = "must differ from coin_mint; the program refuses such a pool";
            return fault("pc_mint", text.to_owned());
        }
        if self.swap_fee_numerator >= self.swap_fee_denominator {
            let (over, under) = (self.swap_fee_numerator, self.swap_fee_denominator);
            let text =
                format!("must be below swap_fee_denominator, but {over} is not below {under}");
            return fault("swap_fee_numerator", text);
        }
        if !(1..=7).contains(&self.status) {
            return fault(
                "status",
                format!("must be from 1 to 7, not {}", self.status),
            );
        }
        Ok(())
    }
}

impl RaydiumAmmV4Pool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `state_invalid`. A pool that does not swap now can be made, and refuses each quote.
    pub fn new(state: &RaydiumAmmV4State) -> Result<Self, PoolError> {
        state.check()?;
        Ok(Self {
            tokens: [state.coin_mint, state.pc_mint],
            door: state.door(),
            state: Arc::new(state.clone()),
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> RaydiumAmmV4State {
        (*self.state).clone()
    }

    /// Decodes a pool from its `AmmInfo` and both vaults.
    ///
    /// # Errors
    /// `account_missing`, `account_malformed`, `state_invalid`, `swaps_disabled` (a frozen vault).
    pub fn from_accounts(
        pool: ChainAddress,
        accounts: &AccountSet<'_>,
        clock: ChainClock,
    ) -> Result<Self, PoolError> {
        Self::new(&layout::state(pool, accounts, clock)?)
    }

    pub(super) fn change(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        match change {
            PoolChange::Account(account) => self.account(&account)?,
            PoolChange::Clock(clock) => Arc::make_mut(&mut self.state).clock = clock,
            other => return Err(self.mismatch(other.kind())),
        }
        self.door = self.state.door();
        Ok(())
    }

    fn account(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let RaydiumAmmV4State {
            pool,
            coin_mint,
            pc_mint,
            coin_vault,
            pc_vault,
            ..
        } = *self.state;
        match account.address {
            address if address == coin_vault => {
                let raw = layout::vault_raw(pool, account, coin_mint)?;
                Arc::make_mut(&mut self.state).coin_vault_raw = raw;
            }
            address if address == pc_vault => {
                let raw = layout::vault_raw(pool, account, pc_mint)?;
                Arc::make_mut(&mut self.state).pc_vault_raw = raw;
            }
            address if address == pool => self.amm_info(account)?,
            _ => return Err(self.mismatch("account of another pool")),
        }
        Ok(())
    }

    fn amm_info(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let info = AmmInfo::decode(account)?;
        let keys = [info.coin_mint, info.pc_mint, info.coin_vault, info.pc_vault];
        let RaydiumAmmV4State {
            coin_mint,
            pc_mint,
            coin_vault,
            pc_vault,
            ..
        } = *self.state;
        if keys != [coin_mint, pc_mint, coin_vault, pc_vault] {
            let fault = "the mints or vaults are not those of the pool; read it anew".to_owned();
            return Err(AccountFields::new(account).malformed("vaults", fault));
        }
        let state = RaydiumAmmV4State {
            coin_need_take_pnl_raw: info.coin_need_take_pnl_raw,
            pc_need_take_pnl_raw: info.pc_need_take_pnl_raw,
            swap_fee_numerator: info.swap_fee_numerator,
            swap_fee_denominator: info.swap_fee_denominator,
            status: info.status,
            pool_open_time: info.pool_open_time,
            ..(*self.state).clone()
        };
        state.check()?;
        self.state = Arc::new(state);
        Ok(())
    }

    fn mismatch(&self, change: &'static str) -> PoolError {
        PoolError::ChangeMismatch {
            pool: self.address(),
            venue: "raydium_amm_v4",
            change,
        }
    }
}
