//! `LendingMarket`: how loans of a market are liquidated, and its elevation groups.

use super::{LendingError, at_most, expect_version, opened};
use crate::ChainAddress;
use crate::pools::{Account, PoolError};
use crate::solana::AccountFields;

const LENDING_MARKET: [u8; 8] = [0xf6, 0x72, 0x32, 0x62, 0x48, 0x9d, 0x1c, 0x78];
const LENDING_MARKET_BYTES: usize = 4_664;
const GROUPS_OFFSET: usize = 200;
const GROUP_BYTES: usize = 72;
const GROUPS: u8 = 32;

/// Tokens that move together, so that loans among them may be larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElevationGroup {
    /// From 1; its place in the market.
    pub id: u8,
    /// Of new loans.
    pub loan_to_value_pct: u8,
    /// From which on loans are unhealthy.
    pub liquidation_threshold_pct: u8,
    /// Most bonus of a liquidator; 0 for that of the reserves.
    pub max_liquidation_bonus_bps: u16,
    /// The only reserve that may be borrowed in it.
    pub debt_reserve: ChainAddress,
}

/// The account, as far as health and liquidations need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LendingMarket {
    /// Its own address.
    pub address: ChainAddress,
    /// The referrer's part of the program's part of the interest.
    pub referral_fee_bps: u16,
    /// Whether everything is stopped.
    pub emergency: bool,
    /// How much of a debt one liquidation repays.
    pub close_factor_pct: u8,
    /// Above this loan to value all of it may be repaid.
    pub insolvency_risk_ltv_pct: u8,
    /// A debt worth less, in dollars, is repaid whole.
    pub min_full_liquidation_value: u64,
    /// Most debt that one liquidation repays, in dollars.
    pub max_liquidation_value: u64,
    /// Of all loans of one obligation, in dollars.
    pub global_allowed_borrow_value: u64,
    /// Collateral worth less, in dollars, has no say in which collateral is taken first.
    pub min_value_for_threshold_order: u64,
    /// Debt worth less, in dollars, has no say in which debt is repaid first.
    pub min_value_for_factor_order: u64,
    /// At which part of its greatest age a price is read anew by a refresh.
    pub price_refresh_pct: u8,
    /// Whether prices liquidate nobody.
    pub liquidations_by_price_disabled: bool,
    /// By place.
    groups: Vec<ElevationGroup>,
}

impl LendingMarket {
    /// Reads a market strictly.
    ///
    /// # Errors
    /// `account_malformed`.
    pub fn decode(account: &Account<'_>) -> Result<Self, LendingError> {
        let fields = opened(account, LENDING_MARKET, LENDING_MARKET_BYTES)?;
        expect_version(&fields)?;
        let groups = (0..GROUPS).map(|place| group(&fields, place));
        Ok(Self {
            address: account.address,
            referral_fee_bps: referral_fee(&fields)?,
            emergency: fields.u8("emergency_mode", 122)? != 0,
            close_factor_pct: at_most(&fields, "liquidation_max_debt_close_factor_pct", 126, 100)?,
            insolvency_risk_ltv_pct: fields.u8("insolvency_risk_unhealthy_ltv_pct", 127)?,
            min_full_liquidation_value: fields.u64("min_full_liquidation_value_threshold", 128)?,
            max_liquidation_value: fields.u64("max_liquidatable_debt_market_value_at_once", 136)?,
            global_allowed_borrow_value: fields.u64("global_allowed_borrow_value", 152)?,
            min_value_for_threshold_order: fields
                .u64("min_value_skip_liquidation_ltv_checks", 3_240)?,
            min_value_for_factor_order: fields
                .u64("min_value_skip_liquidation_bf_checks", 3_280)?,
            price_refresh_pct: fields.u8("price_refresh_trigger_to_max_age_pct", 125)?,
            liquidations_by_price_disabled: fields
                .u8("price_triggered_liquidation_disabled", 3_307)?
                != 0,
            groups: groups.collect::<Result<_, _>>()?,
        })
    }

    /// The group of an obligation; None for 0, which is no group.
    ///
    /// # Errors
    /// `another_group` where the market has no such group.
    pub fn group(&self, id: u8) -> Result<Option<&ElevationGroup>, LendingError> {
        let Some(place) = id.checked_sub(1) else {
            return Ok(None);
        };
        let group = self
            .groups
            .get(usize::from(place))
            .filter(|group| group.id == id);
        group.map(Some).ok_or(LendingError::AnotherGroup(id))
    }
}

fn referral_fee(fields: &AccountFields<'_>) -> Result<u16, PoolError> {
    match fields.u16("referral_fee_bps", 120)? {
        taken if taken <= 10_000 => Ok(taken),
        other => Err(fields.malformed(
            "referral_fee_bps",
            format!("must be at most 10000, not {other}"),
        )),
    }
}

fn group(fields: &AccountFields<'_>, place: u8) -> Result<ElevationGroup, PoolError> {
    let offset = GROUPS_OFFSET + GROUP_BYTES * usize::from(place);
    let id = fields.u8("elevation_groups.id", offset + 2)?;
    if id != 0 && id != place + 1 {
        let fault = format!("must be 0 or {}, its place, not {id}", place + 1);
        return Err(fields.malformed("elevation_groups.id", fault));
    }
    Ok(ElevationGroup {
        id,
        loan_to_value_pct: at_most(fields, "elevation_groups.ltv_pct", offset + 3, 100)?,
        liquidation_threshold_pct: at_most(
            fields,
            "elevation_groups.liquidation_threshold_pct",
            offset + 4,
            100,
        )?,
        max_liquidation_bonus_bps: fields
            .u16("elevation_groups.max_liquidation_bonus_bps", offset)?,
        debt_reserve: fields.key("elevation_groups.debt_reserve", offset + 8)?,
    })
}
