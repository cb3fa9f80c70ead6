//! What every way through pools is planned from: whether its hops may be traded, what they give, what they cost, and
//! their instructions.

use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Exact, Pool, PoolMath as _};
use tradewind_solana::Key;
use tradewind_solana::instruction::Instruction;
use tradewind_solana::receipt::RECEIPT_LAMPORTS;
use tradewind_solana::swaps::{
    SwapInstructions, SwapRequest, SwapSide, VenueOptions, swap_instruction,
};
use tradewind_solana::token_accounts::{TokenProgram, token_account_address};

use super::trade::{Candidate, Hop, NotPlanned, SIGNATURE_FEE_LAMPORTS, TradeHop};
use crate::inventory::Inventory;
use crate::strategies::{SendingTerms, Sight};

/// Compute units of the budget's own instructions, the receipt and a tip: measured, and rounded up.
const UNITS_AROUND: u32 = 5_000;
/// Compute units of making one token account, or finding that it is there.
const UNITS_PER_TOKEN_ACCOUNT: u32 = 30_000;

/// A transaction gets no more.
const MOST_UNITS: u32 = 1_400_000;

/// What the gate counts for each account that a transaction makes, or may make, in lamports.
const RENT_LAMPORTS: u64 = 2_282_880;

/// The instructions of a way's hops, and what they do besides.
#[derive(Debug, Default)]
pub struct Way {
    /// In order.
    pub instructions: Vec<Instruction>,
    /// Accounts of the wallet that the programs may make.
    pub may_make: Vec<Key>,
    /// Whether SOL moves as lamports of the wallet.
    pub moves_native_sol: bool,
}

impl Way {
    /// Of these hops.
    ///
    /// # Errors
    /// `not_built`, `wallet_unknown`, `pool_stale`.
    pub fn build(
        inventory: &Inventory,
        wallet: ChainAddress,
        hops: &[TradeHop],
    ) -> Result<Self, NotPlanned> {
        let mut way = Self::default();
        for hop in hops {
            let swap = instructions(inventory, wallet, hop)?;
            way.instructions.extend(swap.instructions);
            way.may_make
                .extend(swap.may_create.iter().map(|account| account.key));
            way.moves_native_sol |= swap.moves_native_sol;
        }
        Ok(way)
    }

    /// The same, for a trade that is paid from and into one token account of the wallet.
    ///
    /// # Errors
    /// `moves_native_sol`.
    pub fn closed(self) -> Result<Self, NotPlanned> {
        if self.moves_native_sol {
            return Err(NotPlanned::Refused {
                code: "moves_native_sol",
                why: "a pool of it moves SOL that is not wrapped, and the trade is paid from wrapped SOL and into it"
                    .to_owned(),
            });
        }
        Ok(self)
    }
}

/// What the transaction of a way offers.
#[derive(Debug, Clone, Copy)]
pub struct Fees {
    /// Most compute units.
    pub unit_limit: u32,
    /// Of the signature and the priority.
    pub fee_lamports: u64,
    /// To one of Jito's accounts.
    pub tip_lamports: u64,
}

impl Fees {
    /// Of these hops, within the limits in force.
    ///
    /// # Errors
    /// `above_limit`, and those of building the hops.
    pub fn of(
        sight: Sight<'_>,
        hops: &[TradeHop],
        wallet: ChainAddress,
        sending: &SendingTerms,
    ) -> Result<Self, NotPlanned> {
        Self::with_units(sight, hops, wallet, sending, 0)
    }

    /// The same, with instructions around the hops that cost so many compute units more.
    ///
    /// # Errors
    /// As above.
    pub fn with_units(
        sight: Sight<'_>,
        hops: &[TradeHop],
        wallet: ChainAddress,
        sending: &SendingTerms,
        more_units: u32,
    ) -> Result<Self, NotPlanned> {
        let mut unit_limit = UNITS_AROUND.saturating_add(more_units);
        for hop in hops {
            let swap = instructions(sight.inventory, wallet, hop)?;
            unit_limit += UNITS_PER_TOKEN_ACCOUNT + swap.compute_units;
        }
        let unit_limit = unit_limit.min(MOST_UNITS);
        let fees = Self {
            unit_limit,
            fee_lamports: fee_lamports(unit_limit, sending.unit_price_micro_lamports),
            tip_lamports: sending.tip_lamports,
        };
        check_limits(sight, fees.fee_lamports, fees.tip_lamports)?;
        Ok(fees)
    }

    /// Fee and tip.
    #[must_use]
    pub const fn lamports(&self) -> u64 {
        self.fee_lamports.saturating_add(self.tip_lamports)
    }
}

/// Of one signature and of the priority, which is paid for the limit, whatever is used of it.
pub(super) fn fee_lamports(unit_limit: u32, unit_price_micro_lamports: u64) -> u64 {
    let priority = u128::from(unit_limit) * u128::from(unit_price_micro_lamports);
    let priority = u64::try_from(priority.div_ceil(1_000_000)).unwrap_or(u64::MAX);
    SIGNATURE_FEE_LAMPORTS.saturating_add(priority)
}

/// The least that the slippage allows for a quote.
#[must_use]
pub fn slipped(sight: Sight<'_>, quoted_raw: u64) -> u64 {
    let kept = u128::from(10_000 - sight.in_force.limits.max_slippage_bps.min(10_000));
    // Rounded up, so that the gate's own arithmetic can not find it a unit too low.
    let slipped = (u128::from(quoted_raw) * kept).div_ceil(10_000);
    u64::try_from(slipped).unwrap_or(u64::MAX)
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
pub(super) fn rents_lamports(
    inventory: &Inventory,
    wallet: ChainAddress,
    hops: &[TradeHop],
) -> u64 {
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

/// The same of a transaction that makes these token accounts where they are not there.
#[must_use]
pub fn rents_of(
    inventory: &Inventory,
    wallet: ChainAddress,
    hops: &[TradeHop],
    token_accounts: &[ChainAddress],
) -> u64 {
    let between = hops.iter().map(|hop| hop.hop.mint_out);
    let between: Vec<_> = between.collect();
    let others = token_accounts
        .iter()
        .filter(|mint| !between.contains(mint) && !inventory.has_token_account(wallet, **mint));
    let others = u64::try_from(others.count()).unwrap_or(u64::MAX);
    rents_lamports(inventory, wallet, hops).saturating_add(RENT_LAMPORTS.saturating_mul(others))
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
///
/// # Errors
/// `pool_stale`, `not_built`.
pub fn quoted(
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

/// The instructions of one swap that takes whatever it gets.
///
/// # Errors
/// `not_built`, `wallet_unknown`, `pool_stale`.
pub fn hop_instructions(
    inventory: &Inventory,
    wallet: ChainAddress,
    hop: Hop,
    amount_in_raw: u64,
) -> Result<SwapInstructions, NotPlanned> {
    let hop = TradeHop {
        hop,
        venue: "",
        amount_in_raw,
        amount_out_raw: 0,
        limit_out_raw: 1,
        accounts: Vec::new(),
    };
    instructions(inventory, wallet, &hop)
}

fn pool_of<'a>(inventory: &'a Inventory, hop: &Hop) -> Result<&'a Pool, NotPlanned> {
    inventory
        .graph()
        .pool(hop.pool)
        .map_err(|_| NotPlanned::Stale(hop.pool))
}

pub(super) fn side(
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
) -> Result<SwapInstructions, NotPlanned> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_paid_from_and_into_one_account_moves_no_sol_that_is_not_wrapped() {
        assert!(Way::default().closed().is_ok());
        let on_a_curve = Way {
            moves_native_sol: true,
            ..Way::default()
        };
        let refused = on_a_curve.closed().map(|_| ());
        let is_named = matches!(
            refused,
            Err(NotPlanned::Refused {
                code: "moves_native_sol",
                ..
            })
        );
        assert!(is_named, "{refused:?}");
    }
}
