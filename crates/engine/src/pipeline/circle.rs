//! Plans a closed way: exact amounts from the pools as they are now, limits that cannot lose, and all that it costs.

use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Exact, Pool, PoolMath as _};
use tradewind_solana::Key;
use tradewind_solana::receipt::RECEIPT_LAMPORTS;
use tradewind_solana::swaps::{SwapRequest, SwapSide, VenueOptions, swap_instruction};
use tradewind_solana::token_accounts::{TokenProgram, WRAPPED_SOL, token_account_address};

use super::trade::{Candidate, Hop, NotPlanned, SIGNATURE_FEE_LAMPORTS, Trade, TradeHop};
use crate::inventory::Inventory;
use crate::strategies::{SendingTerms, Sight};

/// Compute units of the budget's own instructions, the receipt and a tip: measured, and rounded up.
const UNITS_AROUND: u32 = 5_000;
/// Compute units of making one token account, or finding that it is there.
const UNITS_PER_TOKEN_ACCOUNT: u32 = 30_000;

/// What the gate counts for each account that a transaction makes, or may make, in lamports.
const RENT_LAMPORTS: u64 = 2_282_880;

/// What a closed way has to bring, and may take.
#[derive(Debug, Clone, Copy)]
pub struct CircleTerms<'a> {
    /// After all costs, in raw units of the base.
    pub min_profit_raw: u64,
    /// Most that is paid in.
    pub max_amount_in_raw: u64,
    /// What the transaction costs in the base, where that is not wrapped SOL.
    pub cost_raw: u64,
    /// Who trades, and what is offered.
    pub sending: &'a SendingTerms,
}

/// Quotes the candidate with what the wallet has, and decides.
///
/// # Errors
/// Why it is not traded.
pub fn plan_circle(
    sight: Sight<'_>,
    candidate: &Candidate,
    terms: &CircleTerms<'_>,
) -> Result<Trade, NotPlanned> {
    for hop in &candidate.hops {
        check_hop(sight, hop)?;
    }
    let inventory = sight.inventory;
    let wallet = inventory.wallet().ok_or(NotPlanned::WalletUnknown)?;
    let source = side(inventory, wallet, candidate.base)?;
    let held = inventory.holding(ChainAddress::from(source.token_account));
    let amount_in_raw = candidate
        .amount_in_raw
        .min(terms.max_amount_in_raw)
        .min(held.map_or(0, |held| held.amount_raw));
    if amount_in_raw == 0 {
        return Err(NotPlanned::NothingHeld);
    }
    let mut hops = quoted(inventory, candidate, amount_in_raw)?;
    let amount_out_raw = hops.last().map_or(0, |hop| hop.amount_out_raw);
    let unit_limit = unit_limit(&hops, inventory, wallet)?;
    let priority_lamports =
        u128::from(unit_limit) * u128::from(terms.sending.unit_price_micro_lamports);
    let priority_lamports =
        u64::try_from(priority_lamports.div_ceil(1_000_000)).unwrap_or(u64::MAX);
    let fee_lamports = SIGNATURE_FEE_LAMPORTS.saturating_add(priority_lamports);
    let tip_lamports = terms.sending.tip_lamports;
    check_limits(sight, fee_lamports, tip_lamports)?;
    let cost_raw = if candidate.base == ChainAddress::from(WRAPPED_SOL) {
        let rents_lamports = rents_lamports(inventory, wallet, &hops);
        fee_lamports
            .saturating_add(tip_lamports)
            .saturating_add(rents_lamports)
    } else {
        terms.cost_raw
    };
    let least_gain_raw = cost_raw.saturating_add(terms.min_profit_raw);
    let gain_raw = amount_out_raw.saturating_sub(amount_in_raw);
    if gain_raw < least_gain_raw {
        return Err(NotPlanned::NotPaying {
            gain_raw,
            cost_raw,
            min_profit_raw: terms.min_profit_raw,
        });
    }
    let least_out_raw = least_out(
        sight,
        amount_out_raw,
        amount_in_raw.saturating_add(least_gain_raw),
    );
    if let Some(last) = hops.last_mut() {
        last.limit_out_raw = least_out_raw;
    }
    let swaps = hops.iter().map(|hop| instructions(inventory, wallet, hop));
    Ok(Trade {
        base: candidate.base,
        wallet,
        swaps: swaps.collect::<Result<_, _>>()?,
        hops,
        amount_in_raw,
        amount_out_raw,
        least_out_raw,
        unit_limit,
        unit_price_micro_lamports: terms.sending.unit_price_micro_lamports,
        fee_lamports,
        tip_lamports,
        strategy_id: terms.sending.strategy_id.clone(),
    })
}

/// Whether a hop may be traded now: neither blacklisted nor stale.
///
/// # Errors
/// `blacklisted`, `pool_stale`.
pub fn check_hop(sight: Sight<'_>, hop: &Hop) -> Result<(), NotPlanned> {
    for mint in [hop.mint_in, hop.mint_out] {
        if !sight.in_force.allows(&mint) {
            return Err(NotPlanned::Blacklisted(mint));
        }
    }
    let id = sight.inventory.graph().pool_id(hop.pool);
    let standing = id.and_then(|id| sight.inventory.standing(id));
    match standing {
        Some(standing) if !standing.stale && !id.is_some_and(|id| sight.inventory.is_torn(id)) => {
            Ok(())
        }
        _ => Err(NotPlanned::Stale(hop.pool)),
    }
}

/// What stands in accounts afterwards: the receipt, token accounts that are not there yet, and what a venue's program
/// may make at the trader's cost. The gate holds it against the gain, so less would not be signed.
fn rents_lamports(inventory: &Inventory, wallet: ChainAddress, hops: &[TradeHop]) -> u64 {
    let made = hops.iter().map(|hop| {
        let by_venue = match hop.venue {
            "pumpswap" => 4,
            "pump_curve" => 5,
            _ => 0,
        };
        let exists = inventory.has_token_account(wallet, hop.hop.mint_out);
        by_venue + u64::from(!exists)
    });
    RECEIPT_LAMPORTS + RENT_LAMPORTS * made.sum::<u64>()
}

/// The slippage allows less, what has to be left demands more.
fn least_out(sight: Sight<'_>, quoted_raw: u64, paying_raw: u64) -> u64 {
    let kept = u128::from(10_000 - sight.in_force.limits.max_slippage_bps.min(10_000));
    // Rounded up, so that the gate's own arithmetic can not find it a unit too low.
    let slipped = (u128::from(quoted_raw) * kept).div_ceil(10_000);
    u64::try_from(slipped).unwrap_or(u64::MAX).max(paying_raw)
}

fn check_limits(sight: Sight<'_>, fee_lamports: u64, tip_lamports: u64) -> Result<(), NotPlanned> {
    let limits = &sight.in_force.limits;
    let above = |what, lamports, limit| {
        Err(NotPlanned::AboveLimit {
            what,
            lamports,
            limit,
        })
    };
    if fee_lamports > limits.max_fee_lamports {
        return above("fees", fee_lamports, "max_fee_lamports");
    }
    if tip_lamports > limits.max_tip_lamports {
        return above("tips", tip_lamports, "max_tip_lamports");
    }
    Ok(())
}

/// What each pool gives for what the one before gave. A hop's limit is what the next one pays in: nothing may be left
/// over, and nothing may be missing.
fn quoted(
    inventory: &Inventory,
    candidate: &Candidate,
    amount_in_raw: u64,
) -> Result<Vec<TradeHop>, NotPlanned> {
    let mut amount_raw = amount_in_raw;
    let mut hops = Vec::with_capacity(candidate.hops.len());
    for hop in &candidate.hops {
        let not_built = |why: String| NotPlanned::NotBuilt(hop.pool, why);
        let pool = pool_of(inventory, hop)?;
        let pair = pool
            .pair(hop.mint_in, hop.mint_out)
            .map_err(|error| not_built(error.to_string()))?;
        let amounts = pool
            .amounts(pair, Exact::In, U256::from(amount_raw))
            .map_err(|error| not_built(error.to_string()))?;
        let amount_out_raw = u64::try_from(amounts.amount_out_raw)
            .map_err(|_| not_built("gives more than 64 bits hold".to_owned()))?;
        hops.push(TradeHop {
            hop: *hop,
            venue: pool.venue(),
            amount_in_raw: amount_raw,
            amount_out_raw,
            limit_out_raw: amount_out_raw,
            accounts: pool.accounts(),
        });
        amount_raw = amount_out_raw;
    }
    Ok(hops)
}

fn pool_of<'a>(inventory: &'a Inventory, hop: &Hop) -> Result<&'a Pool, NotPlanned> {
    inventory
        .graph()
        .pool(hop.pool)
        .map_err(|_| NotPlanned::Stale(hop.pool))
}

fn side(
    inventory: &Inventory,
    wallet: ChainAddress,
    mint: ChainAddress,
) -> Result<SwapSide, NotPlanned> {
    let found = || {
        let program: TokenProgram = inventory.token_program(mint)?;
        let (owner, mint) = (Key(wallet.solana()?), Key(mint.solana()?));
        Some(SwapSide {
            mint,
            token_account: token_account_address(owner, mint, program)?,
            token_program: program.key(),
        })
    };
    found().ok_or(NotPlanned::WalletUnknown)
}

fn instructions(
    inventory: &Inventory,
    wallet: ChainAddress,
    hop: &TradeHop,
) -> Result<tradewind_solana::swaps::SwapInstructions, NotPlanned> {
    let pool = pool_of(inventory, &hop.hop)?;
    let not_built = |why: String| NotPlanned::NotBuilt(hop.hop.pool, why);
    let accounts = inventory
        .swap_accounts(hop.hop.pool)
        .ok_or_else(|| not_built("its accounts were not read".to_owned()))?;
    let request = SwapRequest {
        trader: Key(wallet.solana().ok_or(NotPlanned::WalletUnknown)?),
        source: side(inventory, wallet, hop.hop.mint_in)?,
        destination: side(inventory, wallet, hop.hop.mint_out)?,
        exact: Exact::In,
        amount_raw: hop.amount_in_raw,
        limit_raw: hop.limit_out_raw,
    };
    let built = swap_instruction(pool, accounts, &request, &VenueOptions::default());
    built.map_err(|error| not_built(error.to_string()))
}

fn unit_limit(
    hops: &[TradeHop],
    inventory: &Inventory,
    wallet: ChainAddress,
) -> Result<u32, NotPlanned> {
    let mut units = UNITS_AROUND;
    for hop in hops {
        units += UNITS_PER_TOKEN_ACCOUNT + instructions(inventory, wallet, hop)?.compute_units;
    }
    Ok(units)
}
