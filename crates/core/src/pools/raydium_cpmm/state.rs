//! What a Raydium CPMM pool is made from, what is refused, and what an account may change.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::RaydiumCpmmPool;
use super::layout::{self, PoolAccount, PoolKeys, Rates};
use super::swap::Door;
use crate::ChainAddress;
use crate::pools::{Account, AccountSet, ChainClock, PoolChange, PoolError, PoolMath, decimal};
use crate::solana::{AccountFields, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, TransferFees};

const MILLION: u32 = 1_000_000;
/// Bit 2 of `status`: no swaps. Bits 0 and 1 concern deposits and withdrawals.
const STATUS_KNOWN: u8 = 0b111;

/// In which token the creator's fee is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreatorFeeOn {
    /// Always in the token paid in (0).
    #[default]
    BothTokens,
    /// Always in token 0 (1).
    OnlyToken0,
    /// Always in token 1 (2).
    OnlyToken1,
}

/// How an exact input pays the trade fee and the creator's fee on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeRounding {
    /// One fee at the sum of both rates, rounded up, then split: the program since November 2025.
    #[default]
    Together,
    /// Each rounded up by itself: the program from August 2025, and its TypeScript client.
    Apart,
}

/// The whole state of a pool: its account, its config, its vaults' balances, the transfer fees of its mints,
/// and the chain's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaydiumCpmmState {
    /// The pool's account.
    pub pool: ChainAddress,
    /// `amm_config`: the account of the rates.
    pub config: ChainAddress,
    /// `token_0_mint`.
    pub token0: ChainAddress,
    /// `token_1_mint`.
    pub token1: ChainAddress,
    /// `token_0_program`.
    pub token0_program: ChainAddress,
    /// `token_1_program`.
    pub token1_program: ChainAddress,
    /// `token_0_vault`.
    pub vault0: ChainAddress,
    /// `token_1_vault`.
    pub vault1: ChainAddress,
    /// Balance of vault 0, in raw units.
    #[serde(with = "decimal")]
    pub vault0_raw: u64,
    /// Balance of vault 1, in raw units.
    #[serde(with = "decimal")]
    pub vault1_raw: u64,
    /// `protocol_fees_token_0`: owed to the protocol, still in the vault.
    #[serde(with = "decimal")]
    pub protocol_fees0_raw: u64,
    /// `protocol_fees_token_1`.
    #[serde(with = "decimal")]
    pub protocol_fees1_raw: u64,
    /// `fund_fees_token_0`: owed to the fund, still in the vault.
    #[serde(with = "decimal")]
    pub fund_fees0_raw: u64,
    /// `fund_fees_token_1`.
    #[serde(with = "decimal")]
    pub fund_fees1_raw: u64,
    /// `creator_fees_token_0`: owed to the creator, still in the vault.
    #[serde(with = "decimal")]
    pub creator_fees0_raw: u64,
    /// `creator_fees_token_1`.
    #[serde(with = "decimal")]
    pub creator_fees1_raw: u64,
    /// `trade_fee_rate` of the config, in parts per million of the input.
    pub trade_fee_ppm: u32,
    /// `protocol_fee_rate` of the config, in parts per million of the trade fee.
    pub protocol_fee_ppm: u32,
    /// `fund_fee_rate` of the config, in parts per million of the trade fee.
    pub fund_fee_ppm: u32,
    /// `creator_fee_rate` of the config, in parts per million.
    pub creator_fee_ppm: u32,
    /// `enable_creator_fee`: whether the pool charges it.
    pub enable_creator_fee: bool,
    /// `creator_fee_on`.
    pub creator_fee_on: CreatorFeeOn,
    /// `status`, of which bit 2 forbids swaps.
    pub status: u8,
    /// `open_time`, seconds since 1970: the pool swaps from then on.
    #[serde(with = "decimal")]
    pub open_time: u64,
    /// Which build of the program answers.
    #[serde(default)]
    pub fee_rounding: FeeRounding,
    /// Of token 0, when it is of Token-2022.
    #[serde(default)]
    pub transfer_fees0: TransferFees,
    /// Of token 1, when it is of Token-2022.
    #[serde(default)]
    pub transfer_fees1: TransferFees,
    /// The chain's clock.
    #[serde(default)]
    pub clock: ChainClock,
}

impl RaydiumCpmmState {
    fn check(&self) -> Result<(), PoolError> {
        let fault = |field, fault: String| Err(PoolError::StateInvalid { field, fault });
        if self.token0 >= self.token1 {
            let (token0, token1) = (self.token0, self.token1);
            return Err(PoolError::TokensUnordered { token0, token1 });
        }
        if self.trade_fee_ppm.saturating_add(self.creator_fee_ppm) >= MILLION {
            let text = "with creator_fee_ppm must stay below 1000000 (100 %)";
            return fault("trade_fee_ppm", text.to_owned());
        }
        if self.protocol_fee_ppm.saturating_add(self.fund_fee_ppm) > MILLION {
            let text = "with fund_fee_ppm must be at most 1000000, the whole trade fee";
            return fault("protocol_fee_ppm", text.to_owned());
        }
        if self.status > STATUS_KNOWN {
            let feature = format!(
                "status {:#b}, of which only bits 0 to 2 are known",
                self.status
            );
            return Err(PoolError::Unsupported {
                pool: self.pool,
                feature,
            });
        }
        check_token("token0_program", self.token0_program, &self.transfer_fees0)?;
        check_token("token1_program", self.token1_program, &self.transfer_fees1)
    }

    pub(super) fn take_pool(&mut self, pool: &PoolAccount) {
        [self.protocol_fees0_raw, self.protocol_fees1_raw] = pool.protocol_fees_raw;
        [self.fund_fees0_raw, self.fund_fees1_raw] = pool.fund_fees_raw;
        [self.creator_fees0_raw, self.creator_fees1_raw] = pool.creator_fees_raw;
        self.enable_creator_fee = pool.enable_creator_fee;
        self.creator_fee_on = pool.creator_fee_on;
        self.status = pool.status;
        self.open_time = pool.open_time;
    }

    pub(super) fn take_rates(&mut self, rates: Rates) {
        self.trade_fee_ppm = rates.trade;
        self.protocol_fee_ppm = rates.protocol;
        self.fund_fee_ppm = rates.fund;
        self.creator_fee_ppm = rates.creator;
    }

    fn keys(&self) -> PoolKeys {
        PoolKeys {
            config: self.config,
            vaults: [self.vault0, self.vault1],
            mints: [self.token0, self.token1],
            programs: [self.token0_program, self.token1_program],
        }
    }
}

impl RaydiumCpmmPool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `tokens_unordered`, `state_invalid`, `unsupported_feature`. A pool that does not swap now can be made,
    /// and refuses each quote.
    pub fn new(state: &RaydiumCpmmState) -> Result<Self, PoolError> {
        state.check()?;
        Ok(Self {
            tokens: [state.token0, state.token1],
            door: Door::of(state),
            state: Arc::new(state.clone()),
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> RaydiumCpmmState {
        (*self.state).clone()
    }

    /// Decodes a pool from its account, its config, both vaults, and the mints that are of Token-2022.
    ///
    /// # Errors
    /// `account_missing`, `account_malformed`, `unsupported_feature` (also of a mint or vault), `state_invalid`,
    /// `swaps_disabled` (a frozen vault or paused mint).
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
        self.door = Door::of(&self.state);
        Ok(())
    }

    fn account(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let pool = self.state.pool;
        let PoolKeys {
            config,
            vaults,
            mints,
            programs,
        } = self.state.keys();
        let vault = |side: usize| layout::vault_raw(pool, account, mints[side], programs[side]);
        let fees = |side: usize| layout::transfer_fees(pool, account, programs[side]);
        match account.address {
            address if address == vaults[0] => {
                let raw = vault(0)?;
                Arc::make_mut(&mut self.state).vault0_raw = raw;
            }
            address if address == vaults[1] => {
                let raw = vault(1)?;
                Arc::make_mut(&mut self.state).vault1_raw = raw;
            }
            address if address == mints[0] => {
                let fees = fees(0)?;
                self.replace(|state| state.transfer_fees0 = fees)?;
            }
            address if address == mints[1] => {
                let fees = fees(1)?;
                self.replace(|state| state.transfer_fees1 = fees)?;
            }
            address if address == pool => {
                let decoded = PoolAccount::decode(account)?;
                if decoded.keys != self.state.keys() {
                    let fault = "its keys are not those of the pool; read it anew".to_owned();
                    return Err(AccountFields::new(account).malformed("keys", fault));
                }
                self.replace(|state| state.take_pool(&decoded))?;
            }
            address if address == config => {
                let rates = Rates::decode(account)?;
                self.replace(|state| state.take_rates(rates))?;
            }
            _ => return Err(self.mismatch("account of another pool")),
        }
        Ok(())
    }

    /// Changes the state if what comes out is one that a pool can be in.
    fn replace(&mut self, change: impl FnOnce(&mut RaydiumCpmmState)) -> Result<(), PoolError> {
        let mut state = (*self.state).clone();
        change(&mut state);
        state.check()?;
        self.state = Arc::new(state);
        Ok(())
    }

    fn mismatch(&self, change: &'static str) -> PoolError {
        PoolError::ChangeMismatch {
            pool: self.address(),
            venue: "raydium_cpmm",
            change,
        }
    }
}

fn check_token(
    field: &'static str,
    program: ChainAddress,
    fees: &TransferFees,
) -> Result<(), PoolError> {
    let fault = |fault: String| Err(PoolError::StateInvalid { field, fault });
    match program {
        TOKEN_2022_PROGRAM if fees.out_of_range() => {
            fault("its transfer fee must be at most 10000 basis points".to_owned())
        }
        TOKEN_PROGRAM if *fees != TransferFees::NONE => {
            fault("the SPL Token program takes no transfer fees".to_owned())
        }
        TOKEN_PROGRAM | TOKEN_2022_PROGRAM => Ok(()),
        other => fault(format!("must be a token program, not {other}")),
    }
}
