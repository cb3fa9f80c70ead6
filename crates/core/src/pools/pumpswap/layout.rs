//! The bytes of a `PumpSwap` pool and of what it is priced with.
//!
//! Source: IDL `pump_amm` in crate `pump-rust-client` 0.5.0: `Pool` (287 bytes, older ones shorter) and
//! `GlobalConfig` (949).

use super::{PumpswapPool, PumpswapState};
use crate::ChainAddress;
use crate::decode::solana::Key;
use crate::pools::pump_fees::FeeSettlement;
use crate::pools::pump_fees::layout::{
    expect_owner, extended, fee_schedule, needed, of_coin, refuse_transfer_fee,
};
use crate::pools::{Account, AccountSet, ChainClock, PoolError};
use crate::solana::{AccountFields, Mint, TOKEN_2022_PROGRAM, TokenAccount};

/// The program.
pub(in crate::pools) const PUMPSWAP_PROGRAM: ChainAddress =
    Key::constant("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA").address();
const GLOBAL_CONFIG: ChainAddress =
    Key::constant("ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw").address();
const FEE_CONFIG: ChainAddress =
    Key::constant("5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx").address();

const POOL: [u8; 8] = [0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc];
const POOL_BYTES: usize = 287;
/// Up to the coin's creator; what came later reads as zero.
const OLDEST_POOL_BYTES: usize = 243;
const GLOBAL: [u8; 8] = [0x95, 0x08, 0x9c, 0xca, 0xa0, 0xfc, 0xb0, 0xd9];
const GLOBAL_BYTES: usize = 949;
/// Up to the buyback rate.
const OLDEST_GLOBAL_BYTES: usize = 907;

impl PumpswapPool {
    /// Decodes a pool from the accounts that price it: itself, its two vaults, the coin's mint, the global
    /// config and the fee config; and the quote token's mint where Token-2022 keeps it.
    ///
    /// The pool trades by the first form of the instructions ([`FeeSettlement::PaidOut`]) until
    /// [`PumpswapPool::settle_fees`] says otherwise.
    ///
    /// # Errors
    /// `account_missing`, `account_malformed`, `state_invalid`; `unsupported_feature` for cashback coins and
    /// tokens with a transfer fee or an unknown extension; `swaps_disabled` for frozen accounts.
    pub fn from_accounts(
        pool: ChainAddress,
        accounts: &AccountSet<'_>,
        _: ChainClock,
    ) -> Result<Self, PoolError> {
        let fields = PoolFields::decode(needed(pool, accounts, pool, "pool")?)?;
        let vault =
            |address, mint, role| balance(pool, needed(pool, accounts, address, role)?, mint);
        let base_vault = vault(fields.base_vault, fields.base_mint, "base vault")?;
        let quote_vault = vault(fields.quote_vault, fields.quote_mint, "quote vault")?;
        let mint = needed(pool, accounts, fields.base_mint, "base mint")?;
        let mint = decode_mint(pool, mint)?;
        if quote_vault.program == TOKEN_2022_PROGRAM {
            decode_mint(
                pool,
                needed(pool, accounts, fields.quote_mint, "quote mint")?,
            )?;
        }
        let global = GlobalFields::decode(needed(pool, accounts, GLOBAL_CONFIG, "global config")?)?;
        let fees = fee_schedule(needed(pool, accounts, FEE_CONFIG, "fee config")?)?;
        Self::new(&PumpswapState {
            pool,
            base_mint: fields.base_mint,
            quote_mint: fields.quote_mint,
            base_vault: fields.base_vault,
            quote_vault: fields.quote_vault,
            base_vault_raw: base_vault.amount_raw,
            quote_vault_raw: quote_vault.amount_raw,
            virtual_quote_raw: fields.virtual_quote_raw,
            protocol_fees_raw: fields.protocol_fees_raw,
            creator_fees_raw: fields.creator_fees_raw,
            base_supply_raw: mint.supply_raw,
            canonical: fields.canonical,
            has_coin_creator: fields.has_coin_creator,
            mayhem: fields.mayhem,
            creator_fee_bps: fields.creator_fee_bps,
            creator_fee_configurable: global.creator_fee_configurable,
            disable_flags: global.disable_flags,
            buyback_bps: global.buyback_bps,
            fees,
            fee_settlement: FeeSettlement::PaidOut,
        })
    }

    /// Which form of the instructions trades from now on; it changes what a swap leaves, not what it gives.
    #[must_use]
    pub fn settle_fees(mut self, settlement: FeeSettlement) -> Self {
        self.state.fee_settlement = settlement;
        self
    }

    pub(super) fn watched(&self) -> Vec<ChainAddress> {
        let state = &self.state;
        vec![
            state.pool,
            state.base_vault,
            state.quote_vault,
            state.base_mint,
            GLOBAL_CONFIG,
            FEE_CONFIG,
        ]
    }

    /// Takes the new bytes of one account.
    pub(super) fn update(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let mut state = self.state.clone();
        let pool = state.pool;
        match account.address {
            address if address == pool => {
                PoolFields::decode(account)?.replace(account, &mut state)?;
            }
            address if address == state.base_vault => {
                state.base_vault_raw = balance(pool, account, state.base_mint)?.amount_raw;
            }
            address if address == state.quote_vault => {
                state.quote_vault_raw = balance(pool, account, state.quote_mint)?.amount_raw;
            }
            address if address == state.base_mint => {
                state.base_supply_raw = decode_mint(pool, account)?.supply_raw;
            }
            GLOBAL_CONFIG => {
                let global = GlobalFields::decode(account)?;
                state.disable_flags = global.disable_flags;
                state.buyback_bps = global.buyback_bps;
                state.creator_fee_configurable = global.creator_fee_configurable;
            }
            FEE_CONFIG => state.fees = fee_schedule(account)?,
            _ => {
                return Err(PoolError::ChangeMismatch {
                    pool,
                    venue: "pumpswap",
                    change: "account of another pool",
                });
            }
        }
        *self = match account.address {
            GLOBAL_CONFIG | FEE_CONFIG => Self::new(&state)?,
            _ => Self::priced(state)?,
        };
        Ok(())
    }
}

/// What of `Pool` a price depends on.
struct PoolFields {
    base_mint: ChainAddress,
    quote_mint: ChainAddress,
    base_vault: ChainAddress,
    quote_vault: ChainAddress,
    canonical: bool,
    has_coin_creator: bool,
    mayhem: bool,
    virtual_quote_raw: i128,
    creator_fee_bps: u64,
    protocol_fees_raw: u64,
    creator_fees_raw: u64,
}

impl PoolFields {
    fn decode(account: &Account<'_>) -> Result<Self, PoolError> {
        expect_owner(account, PUMPSWAP_PROGRAM)?;
        let bytes: [u8; POOL_BYTES] = extended(account, OLDEST_POOL_BYTES)?;
        let fields = AccountFields::new(&Account {
            data: &bytes,
            ..*account
        });
        fields.expect_discriminator(POOL)?;
        let base_mint = fields.key("base_mint", 43)?;
        let creator = fields.key("creator", 11)?;
        let index = fields.u16("index", 9)?;
        if fields.flag("is_cashback_coin", 244)? {
            return Err(PoolError::Unsupported {
                pool: account.address,
                feature: "cashback to its traders".to_owned(),
            });
        }
        for (name, offset) in [("can_edit_creator_fee", 269), ("is_holder_reward", 270)] {
            fields.flag(name, offset)?;
        }
        Ok(Self {
            base_mint,
            quote_mint: fields.key("quote_mint", 75)?,
            base_vault: fields.key("pool_base_token_account", 139)?,
            quote_vault: fields.key("pool_quote_token_account", 171)?,
            canonical: index == 0 && of_coin(b"pool-authority", base_mint) == Some(creator),
            has_coin_creator: fields.bytes::<32>("coin_creator", 211)? != [0; 32],
            mayhem: fields.flag("is_mayhem_mode", 243)?,
            virtual_quote_raw: fields.i128("virtual_quote_reserves", 245)?,
            creator_fee_bps: fields.u64("creator_fee_bps", 261)?,
            protocol_fees_raw: fields.u64("protocol_fees", 271)?,
            creator_fees_raw: fields.u64("creator_fees", 279)?,
        })
    }

    /// Takes what can change; the tokens and vaults of a pool cannot.
    fn replace(self, account: &Account<'_>, state: &mut PumpswapState) -> Result<(), PoolError> {
        let fixed = [
            (state.base_mint, self.base_mint, "base_mint"),
            (state.quote_mint, self.quote_mint, "quote_mint"),
            (state.base_vault, self.base_vault, "pool_base_token_account"),
            (
                state.quote_vault,
                self.quote_vault,
                "pool_quote_token_account",
            ),
        ];
        for (known, given, field) in fixed {
            if known != given {
                let fault = format!("must stay {known}, not become {given}");
                return Err(AccountFields::new(account).malformed(field, fault));
            }
        }
        state.canonical = self.canonical;
        state.has_coin_creator = self.has_coin_creator;
        state.mayhem = self.mayhem;
        state.virtual_quote_raw = self.virtual_quote_raw;
        state.creator_fee_bps = self.creator_fee_bps;
        state.protocol_fees_raw = self.protocol_fees_raw;
        state.creator_fees_raw = self.creator_fees_raw;
        Ok(())
    }
}

/// What of `GlobalConfig` a trade depends on; its own rates are not used by any.
struct GlobalFields {
    disable_flags: u8,
    buyback_bps: u64,
    creator_fee_configurable: bool,
}

impl GlobalFields {
    fn decode(account: &Account<'_>) -> Result<Self, PoolError> {
        expect_owner(account, PUMPSWAP_PROGRAM)?;
        let bytes: [u8; GLOBAL_BYTES] = extended(account, OLDEST_GLOBAL_BYTES)?;
        let fields = AccountFields::new(&Account {
            data: &bytes,
            ..*account
        });
        fields.expect_discriminator(GLOBAL)?;
        Ok(Self {
            disable_flags: fields.u8("disable_flags", 56)?,
            buyback_bps: fields.u64("buyback_basis_points", 899)?,
            creator_fee_configurable: fields.flag("creator_fee_configurable", 940)?,
        })
    }
}

fn decode_mint(pool: ChainAddress, account: &Account<'_>) -> Result<Mint, PoolError> {
    let mint = Mint::decode(pool, account)?;
    refuse_transfer_fee(pool, &mint)?;
    Ok(mint)
}

/// A vault of the pool.
fn balance(
    pool: ChainAddress,
    account: &Account<'_>,
    mint: ChainAddress,
) -> Result<TokenAccount, PoolError> {
    let vault = TokenAccount::decode(pool, account)?;
    let checks = [(vault.mint, mint, "mint"), (vault.authority, pool, "owner")];
    for (found, expected, field) in checks {
        if found != expected {
            let fault = format!("must be {expected}, not {found}");
            return Err(AccountFields::new(account).malformed(field, fault));
        }
    }
    Ok(vault)
}
