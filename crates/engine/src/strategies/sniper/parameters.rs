//! The parameters of `sniper`, checked.

use serde_json::Value;
use tradewind_core::ChainAddress;

use crate::config::{ConfigFault, Fields};
use crate::discovery::{DiscoveryTerms, LaunchVenue};
use crate::pipeline::PositionBounds;
use crate::strategies::SendingTerms;

const MOST_BPS: u64 = 10_000;
/// A gain of a thousand times.
const MOST_GAIN_BPS: u64 = 10_000_000;

/// What becomes of positions when the time is over or the target reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtEnd {
    /// They are sold at once; after the budget they are sold by the exit rules.
    Sell,
    /// They are told as left, and kept.
    Leave,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SniperParameters {
    pub(super) terms: SendingTerms,
    pub(super) base: ChainAddress,
    pub(super) venues: Vec<LaunchVenue>,
    pub(super) amount_in_raw: u64,
    pub(super) bounds: PositionBounds,
    pub(super) target_profit_raw: Option<u64>,
    pub(super) time_limit_s: u64,
    pub(super) at_end: AtEnd,
    pub(super) exits: ExitRules,
    pub(super) checks: CheckLimits,
    pub(super) simulates: bool,
    pub(super) most_pools: u64,
    pub(super) forget_after_slots: u64,
}

/// When a position is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExitRules {
    /// It would bring so much more than it had cost.
    pub take_profit_bps: Option<u64>,
    /// It would bring so much less.
    pub stop_loss_bps: Option<u64>,
    /// So many slots after the purchase.
    pub hold_at_most_slots: Option<u64>,
    /// As soon as its curve is complete and another pool trades it.
    pub sell_at_complete: bool,
}

/// What a coin may be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CheckLimits {
    /// Slots since the coin's first transaction.
    pub max_age_slots: u64,
    /// What of a curve's coins may be sold already.
    pub max_sold_bps: u64,
    /// What of the supply the creator's own account may hold.
    pub max_creator_bps: u64,
    /// Fee on a transfer of the coin.
    pub max_transfer_fee_bps: u64,
    /// What buying and selling at once may lose.
    pub max_round_trip_bps: u64,
    /// Whether a coin of pump's mayhem mode may be bought.
    pub allow_mayhem: bool,
}

impl SniperParameters {
    /// Reads them.
    ///
    /// # Errors
    /// The first that cannot be taken.
    pub(super) fn read(parameters: &Value) -> Result<Self, ConfigFault> {
        let mut fields = Fields::of("parameters", parameters.clone())?;
        let terms = SendingTerms::read(&mut fields)?;
        let amount_in_raw = required(&mut fields, "amount_in_raw")?;
        let budget_raw = required(&mut fields, "budget_raw")?;
        if budget_raw < amount_in_raw {
            let fault = format!("{budget_raw} is less than amount_in_raw, {amount_in_raw}");
            return Err(ConfigFault::new(
                fields.path("budget_raw"),
                fault,
                "give enough for one purchase",
            ));
        }
        let read = Self {
            terms,
            base: fields.key("base")?,
            venues: venues(&mut fields)?,
            amount_in_raw,
            bounds: PositionBounds {
                budget_raw,
                most_positions: fields.decimal("most_positions", 1, (1, 64))?,
            },
            target_profit_raw: optional(&mut fields, "target_profit_raw", u64::MAX)?,
            time_limit_s: fields.decimal("time_limit_s", 3_600, (1, 31_536_000))?,
            at_end: at_end(&mut fields)?,
            exits: exits(&mut fields)?,
            checks: checks(&mut fields)?,
            simulates: fields.boolean("simulate_sale", false)?,
            most_pools: fields.decimal("most_pools", 1_000, (1, 100_000))?,
            forget_after_slots: fields.decimal("forget_after_slots", 9_000, (1, 10_000_000))?,
        };
        fields.finish()?;
        Ok(read)
    }

    /// Which pools are looked for. Pump's coins go on trading on `PumpSwap`.
    #[must_use]
    pub(super) fn discovery(&self) -> DiscoveryTerms {
        let mut venues = self.venues.clone();
        if venues.contains(&LaunchVenue::PumpCurve) && !venues.contains(&LaunchVenue::Pumpswap) {
            venues.push(LaunchVenue::Pumpswap);
        }
        DiscoveryTerms {
            venues,
            base: self.base,
            amount_in_raw: self.amount_in_raw,
            most_pools: usize::try_from(self.most_pools).unwrap_or(usize::MAX),
            forget_after_slots: self.forget_after_slots,
            simulates: self.simulates,
        }
    }
}

/// A whole number of at least 1 that has to be given.
fn required(fields: &mut Fields, name: &str) -> Result<u64, ConfigFault> {
    // Nothing that is given is 0.
    match fields.decimal(name, 0, (1, u64::MAX))? {
        0 => Err(ConfigFault::new(
            fields.path(name),
            "is missing",
            "give a whole number as a decimal string, such as \"100000000\"",
        )),
        given => Ok(given),
    }
}

/// None where it is not given.
fn optional(fields: &mut Fields, name: &str, most: u64) -> Result<Option<u64>, ConfigFault> {
    let given = fields.decimal(name, 0, (1, most))?;
    Ok((given > 0).then_some(given))
}

fn venues(fields: &mut Fields) -> Result<Vec<LaunchVenue>, ConfigFault> {
    let path = fields.path("venues");
    let names = fields.texts("venues")?;
    if names.is_empty() {
        return Err(ConfigFault::new(
            path,
            "is empty or missing",
            "give pump_curve, pumpswap, raydium_amm_v4, or several of them",
        ));
    }
    let named = names.iter().enumerate().map(|(place, name)| {
        LaunchVenue::named(name).ok_or_else(|| {
            ConfigFault::new(
                format!("{path}[{place}]"),
                format!("{name:?} is no venue whose new pools can be found"),
                "give one of pump_curve, pumpswap, raydium_amm_v4",
            )
        })
    });
    named.collect()
}

fn at_end(fields: &mut Fields) -> Result<AtEnd, ConfigFault> {
    let words = [("sell", AtEnd::Sell), ("leave", AtEnd::Leave)];
    fields.choice("at_end", &words)
}

fn exits(fields: &mut Fields) -> Result<ExitRules, ConfigFault> {
    let rules = ExitRules {
        take_profit_bps: optional(fields, "take_profit_bps", MOST_GAIN_BPS)?,
        stop_loss_bps: optional(fields, "stop_loss_bps", MOST_BPS)?,
        hold_at_most_slots: optional(fields, "hold_at_most_slots", 100_000_000)?,
        sell_at_complete: fields.boolean("sell_at_complete", true)?,
    };
    if rules.take_profit_bps.is_none() && rules.hold_at_most_slots.is_none() {
        return Err(ConfigFault::new(
            fields.path("take_profit_bps"),
            "is missing, and so is hold_at_most_slots",
            "give one of them, so that what is bought is sold one day",
        ));
    }
    Ok(rules)
}

fn checks(fields: &mut Fields) -> Result<CheckLimits, ConfigFault> {
    Ok(CheckLimits {
        max_age_slots: fields.decimal("max_age_slots", 150, (1, 100_000_000))?,
        max_sold_bps: fields.decimal("max_sold_bps", 2_000, (0, MOST_BPS))?,
        max_creator_bps: fields.decimal("max_creator_bps", 1_000, (0, MOST_BPS))?,
        max_transfer_fee_bps: fields.decimal("max_transfer_fee_bps", 0, (0, MOST_BPS))?,
        max_round_trip_bps: fields.decimal("max_round_trip_bps", 1_000, (0, MOST_BPS))?,
        allow_mayhem: fields.boolean("allow_mayhem", false)?,
    })
}
