//! Plans a closed way: exact amounts from the pools as they are now, limits that cannot lose, and all that it costs.

use tradewind_core::ChainAddress;
use tradewind_solana::token_accounts::WRAPPED_SOL;

use super::borrowing::{around, borrowed, fees_of};
use super::trade::{Borrowed, Candidate, NotPlanned, Purpose, Trade};
use super::way::{Fees, Way, check_hop, quoted, rents_lamports, side, slipped};
use crate::strategies::{SendingTerms, Sight};

/// What a closed way has to bring, and may take.
#[derive(Debug, Clone, Copy)]
pub struct CircleTerms<'a> {
    /// After all costs, in raw units of the base.
    pub min_profit_raw: u64,
    /// Most that is paid in.
    pub max_amount_in_raw: u64,
    /// What the transaction costs in the base, where that is not wrapped SOL.
    pub cost_raw: u64,
    /// Who lends the base where the wallet has too little of it; None for nobody.
    pub flash_loan: Option<ChainAddress>,
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
    let held_raw = held.map_or(0, |held| held.amount_raw);
    let wanted_raw = candidate.amount_in_raw.min(terms.max_amount_in_raw);
    let own = circle(sight, candidate, terms, (wanted_raw.min(held_raw), None));
    let Some(reserve) = terms.flash_loan.filter(|_| held_raw < wanted_raw) else {
        return own;
    };
    let lent = borrowed(inventory, wallet, (reserve, candidate.base), wanted_raw)
        .and_then(|loan| circle(sight, candidate, terms, (wanted_raw, Some(loan))));
    match (own, lent) {
        (Ok(own), Ok(lent)) if lent.left_raw() > own.left_raw() => Ok(lent),
        (Ok(own), _) => Ok(own),
        (Err(_), lent) => lent,
    }
}

/// The circle with this much, the wallet's own or borrowed.
fn circle(
    sight: Sight<'_>,
    candidate: &Candidate,
    terms: &CircleTerms<'_>,
    (amount_in_raw, loan): (u64, Option<Borrowed>),
) -> Result<Trade, NotPlanned> {
    let inventory = sight.inventory;
    let wallet = inventory.wallet().ok_or(NotPlanned::WalletUnknown)?;
    if amount_in_raw == 0 {
        return Err(NotPlanned::NothingHeld);
    }
    let mut hops = quoted(inventory, candidate, amount_in_raw)?;
    let amount_out_raw = hops.last().map_or(0, |hop| hop.amount_out_raw);
    let fees = match loan {
        None => Fees::of(sight, &hops, wallet, terms.sending)?,
        Some(_) => fees_of(sight, &hops, wallet, terms.sending)?,
    };
    let cost_raw = if candidate.base == ChainAddress::from(WRAPPED_SOL) {
        let rents_lamports = rents_lamports(inventory, wallet, &hops);
        fees.lamports().saturating_add(rents_lamports)
    } else {
        terms.cost_raw
    };
    let cost_raw = cost_raw.saturating_add(loan.map_or(0, |loan| loan.fee_raw));
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
    let way = Way::build(inventory, wallet, &hops)?.closed()?;
    let instructions = match &loan {
        None => way.instructions,
        Some(loan) => around(inventory, (wallet, candidate.base), loan, way.instructions)?,
    };
    // What comes out of the last hop goes where the first was paid from, and that is there.
    let between = hops.iter().rev().skip(1).rev();
    Ok(Trade {
        purpose: Purpose::Circle,
        base: candidate.base,
        mint_in: candidate.base,
        mint_out: candidate.base,
        wallet,
        token_accounts: between.map(|hop| hop.hop.mint_out).collect(),
        hops,
        instructions,
        loan,
        may_make: way.may_make,
        moves_native_sol: way.moves_native_sol,
        amount_in_raw,
        amount_out_raw,
        least_out_raw,
        unit_limit: fees.unit_limit,
        unit_price_micro_lamports: terms.sending.unit_price_micro_lamports,
        fee_lamports: fees.fee_lamports,
        tip_lamports: fees.tip_lamports,
        strategy_id: terms.sending.strategy_id.clone(),
    })
}

/// The slippage allows less, what has to be left demands more.
fn least_out(sight: Sight<'_>, quoted_raw: u64, paying_raw: u64) -> u64 {
    slipped(sight, quoted_raw).max(paying_raw)
}
