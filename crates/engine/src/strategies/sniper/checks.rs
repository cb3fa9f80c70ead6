//! Whether a coin that was just found may be bought, and paid for: each rule with a stable code.

use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Exact, Pool, PoolMath as _};

use super::parameters::{CheckLimits, SniperParameters};
use crate::inventory::{Inventory, Launch};
use crate::pipeline::{Candidate, Fees, NotPlanned, Way, quoted, rents_of};
use crate::strategies::Sight;

const BPS: u128 = 10_000;
/// Whoever pays for a transaction keeps the rent of an account without data.
const KEPT_LAMPORTS: u64 = 890_880;

/// What a coin is refused for that time does not change: its pool is not watched any more.
const FOR_GOOD: [&str; 9] = [
    "mint_authority",
    "freeze_authority",
    "extension_refused",
    "transfer_fee",
    "creator_share",
    "simulation_failed",
    "too_old",
    "curve_complete",
    "mayhem",
];

/// Whether a coin that was refused for this is left alone for good.
pub(super) fn is_for_good(refused: &NotPlanned) -> bool {
    FOR_GOOD.contains(&refused.code())
}

/// Whether the wallet has the lamports of a purchase: amount, rents, fee and tip; of those under way, too, whose effect on
/// the wallet may not have been told yet.
///
/// # Errors
/// `lamports_short`, and those of pricing and building it.
pub(super) fn check_lamports(
    sight: Sight<'_>,
    candidate: &Candidate,
    parameters: &SniperParameters,
) -> Result<(), NotPlanned> {
    let inventory = sight.inventory;
    let wallet = inventory.wallet().ok_or(NotPlanned::WalletUnknown)?;
    let hops = quoted(inventory, candidate, candidate.amount_in_raw)?;
    let fees = Fees::of(sight, &hops, wallet, &parameters.terms)?;
    let way = Way::build(inventory, wallet, &hops)?;
    let each_lamports = fees
        .lamports()
        .saturating_add(rents_of(inventory, wallet, &hops, &[]));
    let (under_way, being_paid_raw) = inventory.positions().being_paid();
    // Wrapped ones are in an account of their own.
    let paid_lamports = if way.moves_native_sol {
        being_paid_raw.saturating_add(candidate.amount_in_raw)
    } else {
        0
    };
    let needed_lamports = each_lamports
        .saturating_mul(under_way.saturating_add(1))
        .saturating_add(paid_lamports)
        .saturating_add(KEPT_LAMPORTS);
    let has_lamports = inventory.lamports();
    if has_lamports < needed_lamports {
        return refused(
            "lamports_short",
            format!(
                "buying may need {needed_lamports} lamports, and the wallet has {has_lamports}; send it some, or give a \
                 lower parameters.amount_in_raw"
            ),
        );
    }
    Ok(())
}

/// Looks at everything that is known of the coin and of its pool as it is now.
///
/// # Errors
/// The first rule that it breaks.
pub(super) fn check_launch(
    inventory: &Inventory,
    launch: &Launch,
    parameters: &SniperParameters,
) -> Result<(), NotPlanned> {
    let limits = &parameters.checks;
    check_mint(launch, limits)?;
    check_age(inventory.slot(), launch, limits)?;
    let pool = inventory
        .graph()
        .pool(launch.pool)
        .map_err(|_| NotPlanned::Stale(launch.pool))?;
    if let Pool::PumpCurve(curve) = pool {
        let state = curve.state();
        check_curve(
            (state.complete, state.mayhem),
            (state.real_base_raw, state.total_supply_raw),
            limits,
        )?;
    }
    check_return(pool, launch.coin, parameters)
}

fn refused(code: &'static str, why: String) -> Result<(), NotPlanned> {
    Err(NotPlanned::Refused { code, why })
}

fn check_mint(launch: &Launch, limits: &CheckLimits) -> Result<(), NotPlanned> {
    let (coin, mint) = (launch.coin, &launch.mint);
    if let Some(authority) = mint.mint_authority {
        return refused(
            "mint_authority",
            format!("{authority} can make more of {coin}"),
        );
    }
    if let Some(authority) = mint.freeze_authority {
        return refused("freeze_authority", format!("{authority} can freeze {coin}"));
    }
    if let Some(bite) = mint.bites.first() {
        return refused("extension_refused", format!("{coin}: {bite}"));
    }
    let fee_bps = u64::from(mint.transfer_fee_bps);
    if fee_bps > limits.max_transfer_fee_bps {
        return refused(
            "transfer_fee",
            format!("{fee_bps} bps of each transfer of {coin} are kept"),
        );
    }
    let creator_bps = share_bps(launch.creator_held_raw, mint.supply_raw);
    if creator_bps > limits.max_creator_bps {
        return refused(
            "creator_share",
            format!("its creator holds {creator_bps} bps of {coin}"),
        );
    }
    if let Some(fault) = &launch.simulated_fault {
        return refused(
            "simulation_failed",
            format!("{coin} bought and sold at once: {fault}"),
        );
    }
    Ok(())
}

fn check_age(slot: u64, launch: &Launch, limits: &CheckLimits) -> Result<(), NotPlanned> {
    let born_slot = launch.born_slot.map(|slot| slot.min(launch.found_slot));
    let age_slots = born_slot.map(|born| slot.saturating_sub(born));
    match age_slots {
        Some(age_slots) if age_slots <= limits.max_age_slots => Ok(()),
        _ => refused(
            "too_old",
            format!(
                "{} is older than {} slots",
                launch.coin, limits.max_age_slots
            ),
        ),
    }
}

/// A curve that is not complete, no mayhem, and not too far from its start.
fn check_curve(
    (complete, mayhem): (bool, bool),
    (left_raw, supply_raw): (u64, u64),
    limits: &CheckLimits,
) -> Result<(), NotPlanned> {
    if complete {
        return refused(
            "curve_complete",
            "everything of its curve is sold".to_owned(),
        );
    }
    if mayhem && !limits.allow_mayhem {
        return refused("mayhem", "it is a mayhem coin".to_owned());
    }
    // A curve begins with 793.1 of each 1,000 coins.
    let start_raw = u128::from(supply_raw) * 7_931 / BPS;
    let sold_raw = start_raw.saturating_sub(u128::from(left_raw));
    let sold_bps = sold_raw * BPS / start_raw.max(1);
    if sold_bps > u128::from(limits.max_sold_bps) {
        return refused(
            "curve_started",
            format!("{sold_bps} bps of its curve are sold"),
        );
    }
    Ok(())
}

/// Buying and selling at once, to the unit as the venue computes it.
fn check_return(
    pool: &Pool,
    coin: ChainAddress,
    parameters: &SniperParameters,
) -> Result<(), NotPlanned> {
    let paid_raw = parameters.amount_in_raw;
    let there_and_back = || {
        let mut pool = pool.clone();
        let there = pool.pair(parameters.base, coin).ok()?;
        let bought = pool.swap(there, Exact::In, U256::from(paid_raw)).ok()?;
        let back = pool.pair(coin, parameters.base).ok()?;
        let sold = pool.amounts(back, Exact::In, bought.amount_out_raw).ok()?;
        u64::try_from(sold.amount_out_raw).ok()
    };
    let Some(back_raw) = there_and_back() else {
        return refused("honeypot", format!("{coin} cannot be sold as it is bought"));
    };
    let lost_bps = share_bps(paid_raw.saturating_sub(back_raw), paid_raw);
    if lost_bps > parameters.checks.max_round_trip_bps {
        return refused(
            "honeypot",
            format!("{coin} loses {lost_bps} bps when it is bought and sold"),
        );
    }
    Ok(())
}

fn share_bps(part_raw: u64, whole_raw: u64) -> u64 {
    let share = u128::from(part_raw) * BPS / u128::from(whole_raw.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::MintFacts;

    const LIMITS: CheckLimits = CheckLimits {
        max_age_slots: 10,
        max_sold_bps: 2_000,
        max_creator_bps: 1_000,
        max_transfer_fee_bps: 100,
        max_round_trip_bps: 1_000,
        allow_mayhem: false,
    };

    /// What makes a launch one that is refused, with somebody who has a power over it.
    type Change = fn(&mut Launch, Option<ChainAddress>);

    fn launch() -> Launch {
        Launch {
            pool: ChainAddress::Solana([1; 32]),
            coin: ChainAddress::Solana([2; 32]),
            found_slot: 100,
            born_slot: Some(98),
            mint: MintFacts {
                decimals: 6,
                supply_raw: 1_000_000,
                mint_authority: None,
                freeze_authority: None,
                transfer_fee_bps: 0,
                bites: Vec::new(),
            },
            creator: None,
            creator_held_raw: 0,
            simulated_fault: None,
        }
    }

    fn code(checked: Result<(), NotPlanned>) -> &'static str {
        checked.map_or_else(|fault| fault.code(), |()| "passes")
    }

    #[test]
    fn each_power_over_a_coin_is_refused_by_its_own_code() {
        let somebody = Some(ChainAddress::Solana([9; 32]));
        assert_eq!(code(check_mint(&launch(), &LIMITS)), "passes");
        let cases: [(&str, Change); 6] = [
            ("mint_authority", |it, by| it.mint.mint_authority = by),
            ("freeze_authority", |it, by| it.mint.freeze_authority = by),
            ("extension_refused", |it, _| {
                it.mint.bites.push("hook".to_owned());
            }),
            ("transfer_fee", |it, _| it.mint.transfer_fee_bps = 101),
            ("creator_share", |it, _| it.creator_held_raw = 100_100),
            ("simulation_failed", |it, _| {
                it.simulated_fault = Some("6005".to_owned());
            }),
        ];
        for (expected, change) in cases {
            let mut launch = launch();
            change(&mut launch, somebody);
            assert_eq!(code(check_mint(&launch, &LIMITS)), expected);
        }
        let mut at_the_limits = launch();
        (
            at_the_limits.mint.transfer_fee_bps,
            at_the_limits.creator_held_raw,
        ) = (100, 100_000);
        assert_eq!(code(check_mint(&at_the_limits, &LIMITS)), "passes");
    }

    #[test]
    fn age_counts_from_the_first_transaction_and_what_has_too_many_is_old() {
        assert_eq!(code(check_age(108, &launch(), &LIMITS)), "passes");
        assert_eq!(code(check_age(109, &launch(), &LIMITS)), "too_old");
        let mut unknown = launch();
        unknown.born_slot = None;
        assert_eq!(code(check_age(100, &unknown, &LIMITS)), "too_old");
        unknown.born_slot = Some(u64::MAX);
        assert_eq!(
            code(check_age(110, &unknown, &LIMITS)),
            "passes",
            "not confirmed yet: found at 100"
        );
    }

    #[test]
    fn a_curve_is_bought_near_its_start_only() {
        let supply = 1_000_000_000_000_000;
        let check = |flags, left| code(check_curve(flags, (left, supply), &LIMITS));
        assert_eq!(check((false, false), 793_100_000_000_000), "passes");
        assert_eq!(
            check((false, false), 634_480_000_000_000),
            "passes",
            "2,000 bps sold"
        );
        assert_eq!(check((false, false), 634_000_000_000_000), "curve_started");
        assert_eq!(check((true, false), 793_100_000_000_000), "curve_complete");
        assert_eq!(check((false, true), 793_100_000_000_000), "mayhem");
    }
}
