//! `Reserve`: the account that holds one token of a market, with what it is lent for and what it counts for.

use alloy_primitives::U256;

use super::{BorrowRateCurve, Fraction, LendingError, at_most, expect_version, named, opened};
use crate::ChainAddress;
use crate::pools::Account;
use crate::solana::AccountFields;

const RESERVE: [u8; 8] = [0x2b, 0xf2, 0xcc, 0xca, 0x1a, 0xf7, 0x3b, 0x7f];
const RESERVE_BYTES: usize = 8_624;
/// Places in the list of elevation groups.
const GROUPS: usize = 20;
/// Groups that a market has.
const MOST_GROUP: u8 = 32;
/// Ten to the power of more does not fit in 64 bits.
const MOST_DECIMALS: u64 = 19;

/// How the price of the last refresh was checked: bits as the program sets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceStatus(pub u8);

impl PriceStatus {
    /// Nothing was checked: the price is too old.
    pub const NONE: Self = Self(0);
    /// Loaded, young enough, and usage not blocked: what a liquidation demands.
    const LIQUIDATION: u8 = 0b10_0011;

    /// Whether a liquidation may use the price.
    #[must_use]
    pub const fn allows_liquidation(self) -> bool {
        self.0 & Self::LIQUIDATION == Self::LIQUIDATION
    }
}

/// Where a refresh reads the price; each may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Oracles {
    /// Pyth.
    pub pyth: Option<ChainAddress>,
    /// Switchboard, price.
    pub switchboard_price: Option<ChainAddress>,
    /// Switchboard, mean over time.
    pub switchboard_twap: Option<ChainAddress>,
    /// Scope.
    pub scope: Option<ChainAddress>,
}

/// What its market decided for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReserveConfig {
    /// Of new loans against it.
    pub loan_to_value_pct: u8,
    /// From which on such loans are unhealthy.
    pub liquidation_threshold_pct: u8,
    /// Least and most bonus of a liquidator, in ten thousandths.
    pub min_liquidation_bonus_bps: u16,
    /// See above.
    pub max_liquidation_bonus_bps: u16,
    /// The bonus where the debt is worth as much as the collateral.
    pub bad_debt_liquidation_bonus_bps: u16,
    /// The program's part of the bonus.
    pub protocol_liquidation_fee_pct: u8,
    /// The program's part of the interest.
    pub protocol_take_rate_pct: u8,
    /// Interest a year on top, for the host.
    pub host_fixed_interest_rate_bps: u16,
    /// How much more a debt in it counts than it is worth.
    pub borrow_factor_pct: u64,
    /// What borrowing it costs.
    pub borrow_rate_curve: BorrowRateCurve,
    /// Groups that it belongs to; 0 is none.
    pub elevation_groups: [u8; GROUPS],
    /// How old its price may be.
    pub max_age_price_seconds: u64,
    /// Whether liquidations and all else are stopped.
    pub emergency: bool,
    /// Where its price comes from.
    pub oracles: Oracles,
}

/// The account, as far as health and liquidations need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserve {
    /// Its own address.
    pub address: ChainAddress,
    /// Its market.
    pub market: ChainAddress,
    /// The slot of the last refresh.
    pub updated_slot: u64,
    /// Whether something moved since.
    pub stale: bool,
    /// How the price was checked.
    pub price_status: PriceStatus,
    /// The farm that counts its collateral, if any.
    pub collateral_farm: Option<ChainAddress>,
    /// The farm that counts its debt, if any.
    pub debt_farm: Option<ChainAddress>,
    /// The token.
    pub liquidity_mint: ChainAddress,
    /// The program that keeps it.
    pub liquidity_token_program: ChainAddress,
    /// Holds what is not lent.
    pub liquidity_vault: ChainAddress,
    /// Takes fees.
    pub fee_vault: ChainAddress,
    /// Of the token.
    pub decimals: u8,
    /// Not lent, in raw units.
    pub available_raw: u64,
    /// Lent, in raw units.
    pub borrowed: Fraction,
    /// Dollars for a whole token.
    pub price: Fraction,
    /// When the price was made: seconds since 1970.
    pub price_at_s: u64,
    /// What one unit borrowed at the beginning has grown to, in parts of `2**60`.
    pub cumulative_borrow_rate: U256,
    /// Interest that belongs to the program.
    pub protocol_fees: Fraction,
    /// Interest that belongs to referrers.
    pub referrer_fees: Fraction,
    /// Interest that may come to belong to referrers.
    pub pending_referrer_fees: Fraction,
    /// The token of collateral.
    pub collateral_mint: ChainAddress,
    /// How many of them there are, in raw units.
    pub collateral_supply_raw: u64,
    /// Holds those that obligations have deposited.
    pub collateral_vault: ChainAddress,
    /// Collateral that waits to be redeemed before anybody else's.
    pub queued_collateral_raw: u64,
    /// Rewards that it pays within itself, a slot.
    pub rewards_raw_per_slot: u64,
    /// See above.
    pub config: ReserveConfig,
}

impl Reserve {
    /// Reads a reserve strictly.
    ///
    /// # Errors
    /// `account_malformed`.
    pub fn decode(account: &Account<'_>) -> Result<Self, LendingError> {
        let fields = opened(account, RESERVE, RESERVE_BYTES)?;
        expect_version(&fields)?;
        let decimals = fields.u64("liquidity.mint_decimals", 272)?;
        if decimals > MOST_DECIMALS {
            let fault = format!("must be at most {MOST_DECIMALS}, not {decimals}");
            return Err(fields.malformed("liquidity.mint_decimals", fault).into());
        }
        let fraction = |field, offset| fields.u128(field, offset).map(Fraction::from_bits);
        Ok(Self {
            address: account.address,
            market: fields.key("lending_market", 32)?,
            updated_slot: fields.u64("last_update.slot", 16)?,
            stale: fields.flag("last_update.stale", 24)?,
            price_status: PriceStatus(fields.u8("last_update.price_status", 25)?),
            collateral_farm: named(fields.key("farm_collateral", 64)?),
            debt_farm: named(fields.key("farm_debt", 96)?),
            liquidity_mint: fields.key("liquidity.mint_pubkey", 128)?,
            liquidity_token_program: fields.key("liquidity.token_program", 408)?,
            liquidity_vault: fields.key("liquidity.supply_vault", 160)?,
            fee_vault: fields.key("liquidity.fee_vault", 192)?,
            decimals: u8::try_from(decimals).unwrap_or(u8::MAX),
            available_raw: fields.u64("liquidity.total_available_amount", 224)?,
            borrowed: fraction("liquidity.borrowed_amount_sf", 232)?,
            price: fraction("liquidity.market_price_sf", 248)?,
            price_at_s: fields.u64("liquidity.market_price_last_updated_ts", 264)?,
            cumulative_borrow_rate: rate(&fields, "liquidity.cumulative_borrow_rate_bsf", 296)?,
            protocol_fees: fraction("liquidity.accumulated_protocol_fees_sf", 344)?,
            referrer_fees: fraction("liquidity.accumulated_referrer_fees_sf", 360)?,
            pending_referrer_fees: fraction("liquidity.pending_referrer_fees_sf", 376)?,
            collateral_mint: fields.key("collateral.mint_pubkey", 2_560)?,
            collateral_supply_raw: fields.u64("collateral.mint_total_supply", 2_592)?,
            collateral_vault: fields.key("collateral.supply_vault", 2_600)?,
            queued_collateral_raw: fields.u64("withdraw_queue.queued_collateral_amount", 6_968)?,
            rewards_raw_per_slot: fields.u64("config.rewards_amount_per_slot", 5_792)?,
            config: ReserveConfig::decode(&fields)?,
        })
    }

    /// Everything that belongs to its depositors: at hand and lent, without what belongs to others.
    #[must_use]
    pub fn total_supply(&self) -> Option<Fraction> {
        Fraction::whole(self.available_raw)
            .plus(self.borrowed)?
            .minus(self.protocol_fees)?
            .minus(self.referrer_fees)?
            .minus(self.pending_referrer_fees)
    }

    /// What collateral is worth in raw units of the token.
    #[must_use]
    pub fn liquidity_of(&self, collateral_raw: u64) -> Option<Fraction> {
        let (supply, total) = self.exchange_rate()?;
        // The program rounds twice here: once by the point, once by the supply.
        let product: U256 = (U256::from(Fraction::whole(collateral_raw).to_bits())
            * U256::from(total.to_bits()))
            >> 60;
        let bits = product.checked_div(supply)?;
        u128::try_from(bits).ok().map(Fraction::from_bits)
    }

    /// The most collateral that can be redeemed now for what is at hand and not queued for.
    #[must_use]
    pub fn redeemable_collateral_raw(&self) -> Option<u64> {
        let (supply, total) = self.exchange_rate()?;
        let (at_hand, total) = (U256::from(self.available_raw), U256::from(total.to_bits()));
        let wanted: U256 = (at_hand << 60) * supply;
        let below = wanted.checked_div(total)?;
        let scaled: U256 = (wanted << 60) + total - U256::from(1);
        let above: U256 = scaled.checked_div(total)?;
        let above = u64::try_from((above + U256::from((1u128 << 60) - 1)) >> 60).ok()?;
        let most = if self.liquidity_of(above)?.floor()? <= self.available_raw {
            above
        } else {
            u64::try_from(below).ok()?
        };
        Some(most.saturating_sub(self.queued_collateral_raw))
    }

    /// What raw units of the token are worth in dollars.
    #[must_use]
    pub fn value_of(&self, amount: Fraction) -> Option<Fraction> {
        let whole = U256::from(10u64).pow(U256::from(self.decimals)) << 60;
        amount.times_ratio(U256::from(self.price.to_bits()), whole)
    }

    /// Collateral, and what all of it is worth; one for one while there is nothing.
    fn exchange_rate(&self) -> Option<(U256, Fraction)> {
        let total = self.total_supply()?;
        if self.collateral_supply_raw == 0 || total == Fraction::ZERO {
            return Some((U256::from(1), Fraction::ONE));
        }
        Some((U256::from(self.collateral_supply_raw), total))
    }

    /// How much more a debt counts than it is worth; within an elevation group, no more.
    #[must_use]
    pub fn borrow_factor(&self, in_group: bool) -> Fraction {
        if in_group {
            return Fraction::ONE;
        }
        Fraction::percent(self.config.borrow_factor_pct).max(Fraction::ONE)
    }
}

impl ReserveConfig {
    fn decode(fields: &AccountFields<'_>) -> Result<Self, LendingError> {
        at_most(fields, "config.status", 4_856, 2)?;
        let elevation_groups: [u8; GROUPS] = fields.bytes("config.elevation_groups", 5_480)?;
        if let Some(group) = elevation_groups.iter().find(|group| **group > MOST_GROUP) {
            let fault = format!("must be at most {MOST_GROUP}, not {group}");
            return Err(fields.malformed("config.elevation_groups", fault).into());
        }
        let key = |field, offset| fields.key(field, offset).map(named);
        Ok(Self {
            loan_to_value_pct: at_most(fields, "config.loan_to_value_pct", 4_872, 100)?,
            liquidation_threshold_pct: at_most(
                fields,
                "config.liquidation_threshold_pct",
                4_873,
                100,
            )?,
            min_liquidation_bonus_bps: fields.u16("config.min_liquidation_bonus_bps", 4_874)?,
            max_liquidation_bonus_bps: fields.u16("config.max_liquidation_bonus_bps", 4_876)?,
            bad_debt_liquidation_bonus_bps: fields
                .u16("config.bad_debt_liquidation_bonus_bps", 4_878)?,
            protocol_liquidation_fee_pct: at_most(
                fields,
                "config.protocol_liquidation_fee_pct",
                4_871,
                100,
            )?,
            protocol_take_rate_pct: at_most(fields, "config.protocol_take_rate_pct", 4_870, 100)?,
            host_fixed_interest_rate_bps: fields
                .u16("config.host_fixed_interest_rate_bps", 4_858)?,
            borrow_factor_pct: fields.u64("config.borrow_factor_pct", 5_008)?,
            borrow_rate_curve: BorrowRateCurve::decode(fields, 4_920)?,
            elevation_groups,
            max_age_price_seconds: fields.u64("config.token_info.max_age_price_seconds", 5_096)?,
            emergency: fields.u8("config.emergency_mode", 4_864)? != 0,
            oracles: Oracles {
                pyth: key("config.token_info.pyth_configuration", 5_224)?,
                switchboard_price: key("config.token_info.switchboard_configuration.price", 5_160)?,
                switchboard_twap: key("config.token_info.switchboard_configuration.twap", 5_192)?,
                scope: key("config.token_info.scope_configuration", 5_112)?,
            },
        })
    }
}

/// A cumulative rate: 256 bits in parts of `2**60`, at least 1.
pub(super) fn rate(
    fields: &AccountFields<'_>,
    field: &'static str,
    offset: usize,
) -> Result<U256, LendingError> {
    let rate = U256::from_le_bytes(fields.bytes::<32>(field, offset)?);
    if rate < U256::from(Fraction::ONE.to_bits()) {
        return Err(fields
            .malformed(field, "must be at least 1".to_owned())
            .into());
    }
    Ok(rate)
}
