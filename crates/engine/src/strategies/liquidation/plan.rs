//! The planner: the liquidation once more with what is known now, its exact amounts and costs, and its transaction.

use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::{Health, Liquidation, LiquidationQuestion, Reserve};
use tradewind_solana::Key;
use tradewind_solana::flash_loan::kamino::{
    FlashLoan, flash_borrow_reserve_liquidity, flash_repay_reserve_liquidity,
};
use tradewind_solana::instruction::Instruction;
use tradewind_solana::lending::kamino::{
    LIQUIDATE_UNITS, LiquidationCall, LiquidationForm, REFRESH_OBLIGATION_UNITS_PER_RESERVE,
    REFRESH_RESERVE_UNITS, liquidate, refresh_obligation, refresh_reserve,
};
use tradewind_solana::token_accounts::WRAPPED_SOL;

use super::parameters::{Base, LiquidationParameters};
use crate::inventory::{Inventory, Refreshed};
use crate::pipeline::{
    Candidate, Fees, Liquidating, NotPlanned, Purpose, Trade, TradeHop, Way, assemble, check_hop,
    quoted, rents_of, slipped, sold_for,
};
use crate::strategies::{Planner, Sight};

/// What borrowing and giving back may cost together: an estimate with room, as a whole loan around two swaps took 163,586.
const LOAN_UNITS: u32 = 160_000;
/// In the place of a receipt's seed and of a blockhash: they weigh the same.
const ANY_SEED: &str = "00000000000000000000000000000000";
const ANY_BLOCKHASH: &str = "11111111111111111111111111111111";

#[derive(Default)]
pub(super) struct LiquidationPlanner {
    read: Option<(u64, LiquidationParameters)>,
}

/// A liquidation with its amounts.
struct Decided<'a> {
    part: Liquidating,
    repay: &'a Reserve,
    withdraw: &'a Reserve,
    /// What is sold, and has to be received at least.
    sold_raw: u64,
}

impl Planner for LiquidationPlanner {
    fn plan(&mut self, sight: Sight<'_>, candidate: &Candidate) -> Result<Trade, NotPlanned> {
        let version = sight.in_force.version;
        if self.read.as_ref().is_none_or(|(read, _)| *read != version) {
            let read = LiquidationParameters::read(&sight.in_force.parameters);
            self.read = read.ok().map(|read| (version, read));
        }
        let (_, parameters) = self.read.as_ref().ok_or(NotPlanned::BaseUnknown)?;
        let base = parameters
            .base(candidate.base)
            .ok_or(NotPlanned::BaseUnknown)?;
        let Purpose::Liquidate(part) = candidate.purpose else {
            return Err(NotPlanned::BaseUnknown);
        };
        for hop in &candidate.hops {
            check_hop(sight, hop)?;
        }
        let loans = sight.inventory.loans();
        let refreshed = loans
            .refreshed(sight.inventory.clock())
            .ok_or_else(unknown)?;
        let decided = decide(sight, parameters, &refreshed, part)?;
        let trade = trade(sight, candidate, (parameters, base), (&decided, &refreshed))?;
        let assembled = assemble(&trade, sight.inventory, ANY_SEED, ANY_BLOCKHASH);
        assembled.map_err(|fault| refused("transaction_refused", fault.to_string()))?;
        Ok(trade)
    }
}

/// The loan as it stands now.
fn decide<'a>(
    sight: Sight<'_>,
    parameters: &LiquidationParameters,
    refreshed: &'a Refreshed<'_>,
    part: Liquidating,
) -> Result<Decided<'a>, NotPlanned> {
    let loans = sight.inventory.loans();
    let obligation = loans.obligation(part.obligation).ok_or_else(unknown)?;
    let known = |reserve| refreshed.reserves.get(&reserve).ok_or_else(unknown);
    let (repay, withdraw) = (known(part.repay_reserve)?, known(part.withdraw_reserve)?);
    let not = |error: tradewind_core::lending::kamino::LendingError| {
        refused("not_liquidatable", error.to_string())
    };
    let slot = refreshed.clock.slot;
    let health =
        Health::of(obligation, refreshed.market, &refreshed.reserves, slot).map_err(not)?;
    let done = Liquidation::of(&LiquidationQuestion {
        market: refreshed.market,
        obligation,
        health: &health,
        repay_reserve: repay,
        withdraw_reserve: withdraw,
        most_repaid_raw: part.borrowed_raw,
    });
    let done = done.map_err(not)?;
    let lender = loans.lender(part.repay_reserve).ok_or_else(unknown)?;
    let fee_raw = lender.fee_raw(part.borrowed_raw);
    Ok(Decided {
        part: Liquidating {
            repaid_raw: done.repaid_raw,
            fee_raw: fee_raw.map_err(|error| refused("loan_refused", error.to_string()))?,
            ..part
        },
        repay,
        withdraw,
        sold_raw: parameters.sold_raw(done.received_raw),
    })
}

fn trade(
    sight: Sight<'_>,
    candidate: &Candidate,
    (parameters, base): (&LiquidationParameters, &Base),
    (decided, refreshed): (&Decided<'_>, &Refreshed<'_>),
) -> Result<Trade, NotPlanned> {
    let inventory = sight.inventory;
    let wallet = inventory.wallet().ok_or(NotPlanned::WalletUnknown)?;
    let mut hops = quoted(inventory, candidate, decided.sold_raw)?;
    let amount_out_raw = hops.last().map_or(0, |hop| hop.amount_out_raw);
    let part = decided.part;
    // The gate knows of what is borrowed, not of what of it is needed.
    let given_raw = part.borrowed_raw.saturating_add(part.fee_raw);
    let reserves = u32::try_from(refreshed_reserves(inventory, part)?.len()).unwrap_or(u32::MAX);
    let each = REFRESH_RESERVE_UNITS + REFRESH_OBLIGATION_UNITS_PER_RESERVE;
    let around = LOAN_UNITS + LIQUIDATE_UNITS + each.saturating_mul(reserves);
    let fees = Fees::with_units(sight, &hops, wallet, &parameters.terms, around)?;
    let token_accounts = token_accounts(decided, &hops);
    let rents_lamports = rents_of(inventory, wallet, &hops, &token_accounts);
    let cost_raw = cost_raw(
        inventory,
        base,
        fees.lamports().saturating_add(rents_lamports),
    );
    let least_gain_raw = cost_raw.saturating_add(base.min_profit_raw);
    let gain_raw = amount_out_raw.saturating_sub(given_raw);
    if gain_raw < least_gain_raw {
        return Err(NotPlanned::NotPaying {
            gain_raw,
            cost_raw,
            min_profit_raw: base.min_profit_raw,
        });
    }
    let paying_raw = given_raw.saturating_add(least_gain_raw);
    let least_out_raw = slipped(sight, amount_out_raw).max(paying_raw);
    if let Some(last) = hops.last_mut() {
        last.limit_out_raw = least_out_raw;
    }
    let way = Way::build(inventory, wallet, &hops)?.closed()?;
    Ok(Trade {
        purpose: Purpose::Liquidate(part),
        base: candidate.base,
        mint_in: decided.withdraw.liquidity_mint,
        mint_out: candidate.base,
        wallet,
        hops,
        token_accounts,
        instructions: instructions(inventory, wallet, decided, refreshed, way.instructions)?,
        loan: None,
        may_make: way.may_make,
        moves_native_sol: way.moves_native_sol,
        amount_in_raw: decided.sold_raw,
        amount_out_raw,
        least_out_raw,
        unit_limit: fees.unit_limit,
        unit_price_micro_lamports: parameters.terms.unit_price_micro_lamports,
        fee_lamports: fees.fee_lamports,
        tip_lamports: fees.tip_lamports,
        strategy_id: parameters.terms.strategy_id.clone(),
    })
}

/// What the transaction's lamports come to in the base: what they would be sold for, and never less than was configured.
pub(super) fn cost_raw(inventory: &Inventory, base: &Base, lamports: u64) -> u64 {
    let wrapped = ChainAddress::from(WRAPPED_SOL);
    if base.mint == wrapped {
        return lamports;
    }
    let sold = sold_for(inventory, wrapped, base.mint, U256::from(lamports));
    let sold_raw = sold.and_then(|raw| u64::try_from(raw).ok());
    base.cost_raw.max(sold_raw.unwrap_or_default())
}

/// The wallet's accounts for the debt's token, the collateral's, the token itself, and what is between.
fn token_accounts(decided: &Decided<'_>, hops: &[TradeHop]) -> Vec<ChainAddress> {
    let (repay, withdraw) = (decided.repay, decided.withdraw);
    let mut mints = vec![
        repay.liquidity_mint,
        withdraw.collateral_mint,
        withdraw.liquidity_mint,
    ];
    for hop in hops {
        if !mints.contains(&hop.hop.mint_out) {
            mints.push(hop.hop.mint_out);
        }
    }
    mints
}

/// Every reserve of the loan: none may be left as it was.
fn refreshed_reserves(
    inventory: &Inventory,
    part: Liquidating,
) -> Result<Vec<ChainAddress>, NotPlanned> {
    let loan = inventory.loans().obligation(part.obligation);
    Ok(loan.ok_or_else(unknown)?.reserves().into_iter().collect())
}

/// The loan first, for it marks its reserve as changed; then the refreshes, the liquidation, the sale, the repayment.
fn instructions(
    inventory: &Inventory,
    wallet: ChainAddress,
    decided: &Decided<'_>,
    refreshed: &Refreshed<'_>,
    swaps: Vec<Instruction>,
) -> Result<Vec<Instruction>, NotPlanned> {
    let part = decided.part;
    let obligation = inventory
        .loans()
        .obligation(part.obligation)
        .ok_or_else(unknown)?;
    let lender = inventory
        .loans()
        .lender(part.repay_reserve)
        .ok_or_else(unknown)?;
    let liquidator = Key(wallet.solana().ok_or(NotPlanned::WalletUnknown)?);
    let own = inventory.token_account(wallet, decided.repay.liquidity_mint);
    let loan = FlashLoan {
        reserve: *lender,
        borrower: liquidator,
        token_account: Key(own
            .and_then(|own| own.solana())
            .ok_or(NotPlanned::WalletUnknown)?),
        amount_raw: part.borrowed_raw,
    };
    let call = LiquidationCall {
        obligation,
        repay_reserve: decided.repay,
        withdraw_reserve: decided.withdraw,
        liquidator,
        repay_raw: part.borrowed_raw,
        least_received_raw: decided.sold_raw,
    };
    let mut all = vec![flash_borrow_reserve_liquidity(&loan)];
    for address in refreshed_reserves(inventory, part)? {
        let reserve = refreshed.reserves.get(&address).ok_or_else(unknown)?;
        all.push(refresh_reserve(reserve));
    }
    let underivable = || {
        refused(
            "address_underivable",
            "an address cannot be derived".to_owned(),
        )
    };
    all.push(refresh_obligation(obligation).ok_or_else(underivable)?);
    all.push(liquidate(&call, LiquidationForm::Second).ok_or_else(underivable)?);
    all.extend(swaps);
    // Its place is told when everything in front of it is known.
    all.push(flash_repay_reserve_liquidity(&loan, 0));
    Ok(all)
}

fn unknown() -> NotPlanned {
    refused(
        "loan_stale",
        "the loan, its market or a reserve may differ from the chain".to_owned(),
    )
}

fn refused(code: &'static str, why: String) -> NotPlanned {
    NotPlanned::Refused { code, why }
}
