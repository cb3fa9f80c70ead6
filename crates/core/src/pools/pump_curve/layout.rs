//! The bytes of a bonding curve and of what it is priced with.
//!
//! Source: IDL `pump` in crate `pump-rust-client` 0.5.0: `BondingCurve` (166 bytes, older ones shorter) and
//! `Global` (1,088).

use super::{PumpCurvePool, PumpCurveState};
use crate::ChainAddress;
use crate::decode::solana::Key;
use crate::pools::pump_fees::layout::{
    PUMP_PROGRAM, expect_owner, extended, fee_schedule, needed, of_coin, refuse_transfer_fee,
};
use crate::pools::pump_fees::{FeeSettlement, WRAPPED_SOL};
use crate::pools::{Account, AccountSet, ChainClock, PoolError};
use crate::solana::{AccountFields, Mint, TOKEN_2022_PROGRAM, TOKEN_PROGRAM};

const GLOBAL: ChainAddress =
    Key::constant("4wTV1YmiEkRvAtNtsSGPtUrqRYQMe5SKy2uB4Jjaxnjf").address();
const FEE_CONFIG: ChainAddress =
    Key::constant("8Wf5TiAheLUqBrKXeYg2JtAFFMWtKdG2BSFgqUcPVwTt").address();

const CURVE_TYPE: [u8; 8] = [0x17, 0xb7, 0xf8, 0x37, 0x60, 0xd8, 0xac, 0x60];
const CURVE_BYTES: usize = 166;
/// Up to the creator; what came later reads as zero.
const OLDEST_CURVE_BYTES: usize = 81;
const GLOBAL_TYPE: [u8; 8] = [0xa7, 0xe8, 0xe8, 0xb1, 0xc8, 0x6c, 0x72, 0x7f];
const GLOBAL_BYTES: usize = 1_088;

impl PumpCurvePool {
    /// Decodes a curve from the accounts that price it: itself, the coin's mint, the global account and the fee
    /// config; and the quote token's mint unless that is SOL. The mint's address does not stand in the curve: it
    /// is found among the accounts, as the one that this curve is derived from.
    ///
    /// The curve trades by the forms that pay fees out ([`FeeSettlement::PaidOut`]) until
    /// [`PumpCurvePool::settle_fees`] says otherwise.
    ///
    /// # Errors
    /// `account_missing`, `account_malformed`, `state_invalid`; `unsupported_feature` for cashback coins, quote
    /// tokens that are coins of pump themselves, and tokens with a transfer fee or an unknown extension.
    pub fn from_accounts(
        pool: ChainAddress,
        accounts: &AccountSet<'_>,
        _: ChainClock,
    ) -> Result<Self, PoolError> {
        let fields = CurveFields::decode(needed(pool, accounts, pool, "bonding curve")?)?;
        let mint = decode_mint(pool, find_mint(pool, accounts)?)?;
        if fields.quote_mint != WRAPPED_SOL {
            decode_mint(
                pool,
                needed(pool, accounts, fields.quote_mint, "quote mint")?,
            )?;
        }
        let global = GlobalFields::decode(needed(pool, accounts, GLOBAL, "global account")?)?;
        let fees = fee_schedule(needed(pool, accounts, FEE_CONFIG, "fee config")?)?;
        Self::new(&PumpCurveState {
            pool,
            base_mint: mint.address,
            quote_mint: fields.quote_mint,
            virtual_base_raw: fields.virtual_base_raw,
            virtual_quote_raw: fields.virtual_quote_raw,
            real_base_raw: fields.real_base_raw,
            real_quote_raw: fields.real_quote_raw,
            protocol_fees_raw: fields.protocol_fees_raw,
            creator_fees_raw: fields.creator_fees_raw,
            base_supply_raw: mint.supply_raw,
            total_supply_raw: fields.total_supply_raw,
            complete: fields.complete,
            has_creator: fields.has_creator,
            mayhem: fields.mayhem,
            creator_fee_bps: fields.creator_fee_bps,
            creator_fee_configurable: global.creator_fee_configurable,
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
        vec![self.state.pool, self.state.base_mint, GLOBAL, FEE_CONFIG]
    }

    /// Takes the new bytes of one account.
    pub(super) fn update(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let mut state = self.state.clone();
        match account.address {
            address if address == state.pool => {
                CurveFields::decode(account)?.replace(account, &mut state)?;
            }
            address if address == state.base_mint => {
                state.base_supply_raw = decode_mint(state.pool, account)?.supply_raw;
            }
            GLOBAL => {
                let global = GlobalFields::decode(account)?;
                state.buyback_bps = global.buyback_bps;
                state.creator_fee_configurable = global.creator_fee_configurable;
            }
            FEE_CONFIG => state.fees = fee_schedule(account)?,
            _ => {
                return Err(PoolError::ChangeMismatch {
                    pool: state.pool,
                    venue: "pump_curve",
                    change: "account of another pool",
                });
            }
        }
        *self = match account.address {
            GLOBAL | FEE_CONFIG => Self::new(&state)?,
            _ => Self::priced(state)?,
        };
        Ok(())
    }
}

/// What of `BondingCurve` a price depends on.
struct CurveFields {
    quote_mint: ChainAddress,
    virtual_base_raw: u64,
    virtual_quote_raw: u64,
    real_base_raw: u64,
    real_quote_raw: u64,
    total_supply_raw: u64,
    complete: bool,
    has_creator: bool,
    mayhem: bool,
    creator_fee_bps: u64,
    protocol_fees_raw: u64,
    creator_fees_raw: u64,
}

impl CurveFields {
    fn decode(account: &Account<'_>) -> Result<Self, PoolError> {
        expect_owner(account, PUMP_PROGRAM)?;
        let bytes: [u8; CURVE_BYTES] = extended(account, OLDEST_CURVE_BYTES)?;
        let fields = AccountFields::new(&Account {
            data: &bytes,
            ..*account
        });
        fields.expect_discriminator(CURVE_TYPE)?;
        refuse_features(&fields)?;
        Ok(Self {
            quote_mint: quote_mint(&fields)?,
            virtual_base_raw: fields.u64("virtual_token_reserves", 8)?,
            virtual_quote_raw: fields.u64("virtual_quote_reserves", 16)?,
            real_base_raw: fields.u64("real_token_reserves", 24)?,
            real_quote_raw: fields.u64("real_quote_reserves", 32)?,
            total_supply_raw: fields.u64("token_total_supply", 40)?,
            complete: fields.flag("complete", 48)?,
            has_creator: fields.bytes::<32>("creator", 49)? != [0; 32],
            mayhem: fields.flag("is_mayhem_mode", 81)?,
            creator_fee_bps: fields.u64("creator_fee_bps", 115)?,
            creator_fees_raw: fields.u64("creator_fee", 125)?,
            protocol_fees_raw: fields.u64("protocol_fees", 133)?,
        })
    }

    /// Takes what can change; the tokens of a curve cannot.
    fn replace(self, account: &Account<'_>, state: &mut PumpCurveState) -> Result<(), PoolError> {
        if self.quote_mint != state.quote_mint {
            let fault = format!(
                "must stay {}, not become {}",
                state.quote_mint, self.quote_mint
            );
            return Err(AccountFields::new(account).malformed("quote_mint", fault));
        }
        state.virtual_base_raw = self.virtual_base_raw;
        state.virtual_quote_raw = self.virtual_quote_raw;
        state.real_base_raw = self.real_base_raw;
        state.real_quote_raw = self.real_quote_raw;
        state.total_supply_raw = self.total_supply_raw;
        state.complete = self.complete;
        state.has_creator = self.has_creator;
        state.mayhem = self.mayhem;
        state.creator_fee_bps = self.creator_fee_bps;
        state.protocol_fees_raw = self.protocol_fees_raw;
        state.creator_fees_raw = self.creator_fees_raw;
        Ok(())
    }
}

fn refuse_features(fields: &AccountFields<'_>) -> Result<(), PoolError> {
    for (name, offset) in [("can_edit_creator_fee", 123), ("is_holder_reward", 124)] {
        fields.flag(name, offset)?;
    }
    let feature = if fields.flag("is_cashback_coin", 82)? {
        "cashback to its traders".to_owned()
    } else {
        match fields.u8("depth", 141)? {
            0 => return Ok(()),
            depth => format!("a coin of pump as its quote token (depth {depth})"),
        }
    };
    Err(PoolError::Unsupported {
        pool: fields.address(),
        feature,
    })
}

/// Native SOL stands there as the zero key, and only so.
fn quote_mint(fields: &AccountFields<'_>) -> Result<ChainAddress, PoolError> {
    match fields.key("quote_mint", 83)? {
        ChainAddress::Solana([0, ..]) if fields.bytes::<32>("quote_mint", 83)? == [0; 32] => {
            Ok(WRAPPED_SOL)
        }
        WRAPPED_SOL => Err(fields.malformed(
            "quote_mint",
            "must be the zero key for SOL; the program refuses wrapped SOL (6063)".to_owned(),
        )),
        other => Ok(other),
    }
}

/// What of `Global` a trade depends on; its own rates are not used by any.
struct GlobalFields {
    buyback_bps: u64,
    creator_fee_configurable: bool,
}

impl GlobalFields {
    fn decode(account: &Account<'_>) -> Result<Self, PoolError> {
        expect_owner(account, PUMP_PROGRAM)?;
        let bytes: [u8; GLOBAL_BYTES] = extended(account, GLOBAL_BYTES)?;
        let fields = AccountFields::new(&Account {
            data: &bytes,
            ..*account
        });
        fields.expect_discriminator(GLOBAL_TYPE)?;
        Ok(Self {
            buyback_bps: fields.u64("buyback_basis_points", 997)?,
            creator_fee_configurable: fields.flag("creator_fee_configurable", 1_045)?,
        })
    }
}

fn find_mint<'s, 'a>(
    pool: ChainAddress,
    accounts: &'s AccountSet<'a>,
) -> Result<&'s Account<'a>, PoolError> {
    accounts
        .iter()
        .filter(|account| matches!(account.owner, TOKEN_PROGRAM | TOKEN_2022_PROGRAM))
        .find(|account| of_coin(b"bonding-curve", account.address) == Some(pool))
        .ok_or_else(|| PoolError::StateInvalid {
            field: "base_mint",
            fault: format!("the mint that curve {pool} is derived from was not given"),
        })
}

fn decode_mint(pool: ChainAddress, account: &Account<'_>) -> Result<Mint, PoolError> {
    let mint = Mint::decode(pool, account)?;
    refuse_transfer_fee(pool, &mint)?;
    Ok(mint)
}
