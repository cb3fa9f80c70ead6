//! Plans an open way: the base for a coin, or the coin for the base. What comes out is bounded by the slippage alone.

use tradewind_core::ChainAddress;

use super::trade::{Candidate, NotPlanned, Purpose, Trade};
use super::way::{Fees, Way, check_hop, quoted, side, slipped};
use crate::strategies::{SendingTerms, Sight};

/// Quotes a purchase or a sale, and decides.
///
/// # Errors
/// Why it is not traded.
pub fn plan_open_way(
    sight: Sight<'_>,
    candidate: &Candidate,
    sending: &SendingTerms,
) -> Result<Trade, NotPlanned> {
    for hop in &candidate.hops {
        check_hop(sight, hop)?;
    }
    let inventory = sight.inventory;
    let wallet = inventory.wallet().ok_or(NotPlanned::WalletUnknown)?;
    let (Some(first), Some(last)) = (candidate.hops.first(), candidate.hops.last()) else {
        return Err(NotPlanned::BaseUnknown);
    };
    let (mint_in, mint_out) = (first.mint_in, last.mint_out);
    let mut hops = quoted(inventory, candidate, candidate.amount_in_raw)?;
    let amount_out_raw = hops.last().map_or(0, |hop| hop.amount_out_raw);
    let mut least_out_raw = slipped(sight, amount_out_raw);
    if let Purpose::Swap {
        least_out_raw: wanted_raw,
    } = candidate.purpose
    {
        if amount_out_raw < wanted_raw {
            return Err(NotPlanned::Refused {
                code: "below_least_out",
                why: format!("gives {amount_out_raw}, and {wanted_raw} are wanted at least"),
            });
        }
        least_out_raw = least_out_raw.max(wanted_raw);
    }
    if least_out_raw == 0 {
        return Err(NotPlanned::NothingHeld);
    }
    if let Some(last) = hops.last_mut() {
        last.limit_out_raw = least_out_raw;
    }
    let fees = Fees::of(sight, &hops, wallet, sending)?;
    let way = Way::build(inventory, wallet, &hops)?;
    let is_swap = matches!(candidate.purpose, Purpose::Swap { .. });
    if is_swap && way.moves_native_sol {
        return Err(NotPlanned::Refused {
            code: "moves_native_sol",
            why: "a pool of it moves SOL that is not wrapped: after a restart nobody could tell what the swap paid from \
                  the rents that it left in accounts; name another pool of the coin, or let the sniper trade it"
                .to_owned(),
        });
    }
    let pays = is_swap || matches!(candidate.purpose, Purpose::Buy(_));
    if pays && !way.moves_native_sol {
        let source = ChainAddress::from(side(inventory, wallet, mint_in)?.token_account);
        let held_raw = inventory.holding(source).map_or(0, |held| held.amount_raw);
        if held_raw < candidate.amount_in_raw {
            return Err(NotPlanned::NothingHeld);
        }
    }
    let outs = hops.iter().map(|hop| hop.hop.mint_out);
    let base = candidate.base;
    Ok(Trade {
        purpose: candidate.purpose,
        base,
        mint_in,
        mint_out,
        wallet,
        // Lamports need no account.
        token_accounts: outs
            .filter(|mint| !way.moves_native_sol || *mint != base)
            .collect(),
        hops,
        instructions: way.instructions,
        loan: None,
        may_make: way.may_make,
        moves_native_sol: way.moves_native_sol,
        amount_in_raw: candidate.amount_in_raw,
        amount_out_raw,
        least_out_raw,
        unit_limit: fees.unit_limit,
        unit_price_micro_lamports: sending.unit_price_micro_lamports,
        fee_lamports: fees.fee_lamports,
        tip_lamports: fees.tip_lamports,
        strategy_id: sending.strategy_id.clone(),
    })
}
