//! A loan around a circle: when it can be had, what it costs, and its instructions around the swaps.

use tradewind_core::ChainAddress;
use tradewind_solana::Key;
use tradewind_solana::flash_loan::kamino::{
    FlashLoan, flash_borrow_reserve_liquidity, flash_repay_reserve_liquidity,
};
use tradewind_solana::instruction::Instruction;

use super::trade::{Borrowed, NotPlanned, TradeHop};
use super::way::Fees;
use crate::inventory::Inventory;
use crate::strategies::{SendingTerms, Sight};

/// What borrowing and giving back cost together: measured, and rounded up.
const LOAN_UNITS: u32 = 160_000;
/// As the executors do: a transaction that borrows has room to spare.
const LEAST_UNITS: u32 = 600_000;

/// A loan of so much from this reserve, as it stands.
///
/// # Errors
/// `loan_stale`, `flash_loan_other_token`, `flash_loan_account_missing`, and those of the reserve's fee.
pub(super) fn borrowed(
    inventory: &Inventory,
    wallet: ChainAddress,
    (reserve, base): (ChainAddress, ChainAddress),
    amount_raw: u64,
) -> Result<Borrowed, NotPlanned> {
    let refused = |code: &'static str, why: String| NotPlanned::Refused { code, why };
    let lender = inventory.loans().lender(reserve).ok_or_else(|| {
        let why = format!("the reserve {reserve} may differ from the chain");
        refused("loan_stale", why)
    })?;
    if ChainAddress::from(lender.liquidity_mint) != base {
        let why = format!("the reserve {reserve} lends {}", lender.liquidity_mint);
        return Err(refused("flash_loan_other_token", why));
    }
    if !inventory.has_token_account(wallet, base) {
        // It cannot be made in front of the loan.
        let why = format!("the wallet has no account of {base} to borrow into");
        return Err(refused("flash_loan_account_missing", why));
    }
    let fee_raw = lender
        .fee_raw(amount_raw)
        .map_err(|fault| refused(fault.code(), fault.to_string()))?;
    Ok(Borrowed {
        reserve,
        amount_raw,
        fee_raw,
    })
}

/// What a transaction that borrows offers.
///
/// # Errors
/// As [`Fees::with_units`].
pub(super) fn fees_of(
    sight: Sight<'_>,
    hops: &[TradeHop],
    wallet: ChainAddress,
    sending: &SendingTerms,
) -> Result<Fees, NotPlanned> {
    let fees = Fees::with_units(sight, hops, wallet, sending, LOAN_UNITS)?;
    let missing = LEAST_UNITS.saturating_sub(fees.unit_limit);
    if missing == 0 {
        return Ok(fees);
    }
    Fees::with_units(sight, hops, wallet, sending, LOAN_UNITS + missing)
}

/// The swaps between loan and repayment, which learns its place when everything in front of it is known.
pub(super) fn around(
    inventory: &Inventory,
    (wallet, base): (ChainAddress, ChainAddress),
    loan: &Borrowed,
    swaps: Vec<Instruction>,
) -> Result<Vec<Instruction>, NotPlanned> {
    let lender = inventory.loans().lender(loan.reserve);
    let account = inventory.token_account(wallet, base);
    let key = |address: ChainAddress| address.solana().map(Key);
    let (Some(lender), Some(borrower), Some(token_account)) =
        (lender, key(wallet), account.and_then(key))
    else {
        return Err(NotPlanned::WalletUnknown);
    };
    let loan = FlashLoan {
        reserve: *lender,
        borrower,
        token_account,
        amount_raw: loan.amount_raw,
    };
    let mut all = vec![flash_borrow_reserve_liquidity(&loan)];
    all.extend(swaps);
    all.push(flash_repay_reserve_liquidity(&loan, 0));
    Ok(all)
}
