//! Flash loans of Kamino: borrow first, give back last, in one transaction.
//!
//! Source: `handlers/handler_flash_*` and `lending_market/{flash_ixs,ix_utils}.rs` of Kamino-Finance/klend at
//! edd5ff5. Both instructions stand in the transaction itself, name the same accounts, and exist once. The second
//! one says at which place the first one stands, counted over all instructions, the compute budget's included.

use super::{FlashLoanError, KaminoReserve};
use crate::Key;
use crate::compute_budget::COMPUTE_BUDGET_PROGRAM;
use crate::instruction::{AccountMeta, Instruction};
use crate::transaction::{BuildError, LookupTable, TransactionBuilder};

pub use tradewind_core::decode::solana::KAMINO_PROGRAM;

pub(crate) const INSTRUCTIONS_SYSVAR: Key =
    Key::constant("Sysvar1nstructions1111111111111111111111111");
const FLASH_BORROW: [u8; 8] = [0x87, 0xe7, 0x34, 0xa7, 0x07, 0x34, 0xd4, 0xc1];
const FLASH_REPAY: [u8; 8] = [0xb9, 0x75, 0x00, 0xcb, 0x60, 0xf5, 0xb4, 0xba];

/// One loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlashLoan {
    /// Who lends.
    pub reserve: KaminoReserve,
    /// Who borrows, gives back with the fee, and signs.
    pub borrower: Key,
    /// The borrower's token account, which receives the loan and pays it back.
    pub token_account: Key,
    /// The loan, in raw units, without the fee.
    pub amount_raw: u64,
}

/// The room that a transaction has.
#[derive(Debug, Clone, Copy)]
pub struct Room<'a> {
    /// Who pays the transaction's fee.
    pub fee_payer: Key,
    /// The lookup tables that it may read.
    pub lookup_tables: &'a [LookupTable],
    /// Most bytes on the wire.
    pub size_limit_bytes: usize,
}

/// A transaction's instructions around which the loan stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// All of them, in order: compute budget, loan, the rest, and the repayment.
    pub instructions: Vec<Instruction>,
    /// At which place the loan stands, counted from 0.
    pub borrow_index: u8,
    /// What is paid on top of the loan, in raw units of its token.
    pub fee_raw: u64,
    /// Bytes on the wire, signatures included.
    pub size_bytes: usize,
}

/// `flash_borrow_reserve_liquidity`.
#[must_use]
pub fn flash_borrow_reserve_liquidity(loan: &FlashLoan) -> Instruction {
    let mut data = FLASH_BORROW.to_vec();
    data.extend(loan.amount_raw.to_le_bytes());
    Instruction {
        program: KAMINO_PROGRAM,
        accounts: accounts(loan),
        data,
    }
}

/// `flash_repay_reserve_liquidity` of the loan at a place in the transaction, counted from 0.
#[must_use]
pub fn flash_repay_reserve_liquidity(loan: &FlashLoan, borrow_index: u8) -> Instruction {
    let mut data = FLASH_REPAY.to_vec();
    data.extend(loan.amount_raw.to_le_bytes());
    data.push(borrow_index);
    Instruction {
        program: KAMINO_PROGRAM,
        accounts: accounts(loan),
        data,
    }
}

/// The same in both instructions; the referrer, who is nobody, is named by the program's own address.
fn accounts(loan: &FlashLoan) -> Vec<AccountMeta> {
    let reserve = &loan.reserve;
    vec![
        AccountMeta::readonly(loan.borrower).signer(),
        AccountMeta::readonly(reserve.market_authority),
        AccountMeta::readonly(reserve.market),
        AccountMeta::writable(reserve.address),
        AccountMeta::readonly(reserve.liquidity_mint),
        AccountMeta::writable(reserve.supply_vault),
        AccountMeta::writable(loan.token_account),
        AccountMeta::writable(reserve.fee_vault),
        AccountMeta::readonly(KAMINO_PROGRAM),
        AccountMeta::readonly(KAMINO_PROGRAM),
        AccountMeta::readonly(INSTRUCTIONS_SYSVAR),
        AccountMeta::readonly(reserve.token_program),
    ]
}

/// Puts a loan around the instructions of a whole transaction.
///
/// The loan goes behind the compute budget's instructions, the repayment behind everything. `instructions` must be
/// all that the transaction will have: whatever is put in front of them later makes the repayment name another place.
///
/// # Errors
/// Those of [`KaminoReserve::fee_raw`]; `flash_loan_twice`, `compute_budget_behind`, `flash_loan_place_too_far`;
/// `transaction_too_large` and the others of [`TransactionBuilder::planned_size`].
pub fn wrap(
    instructions: &[Instruction],
    loan: &FlashLoan,
    room: &Room<'_>,
) -> Result<Wrapped, FlashLoanError> {
    let fee_raw = loan.reserve.fee_raw(loan.amount_raw)?;
    if let Some(place) = instructions.iter().position(is_flash) {
        return Err(FlashLoanError::Twice(place));
    }
    let is_budget = |one: &Instruction| one.program == COMPUTE_BUDGET_PROGRAM;
    let place = instructions.iter().take_while(|one| is_budget(one)).count();
    if let Some(behind) = instructions.iter().skip(place).position(is_budget) {
        return Err(FlashLoanError::ComputeBudgetBehind(place + behind));
    }
    let borrow_index = u8::try_from(place).map_err(|_| FlashLoanError::PlaceTooFar(place))?;
    let (budget, rest) = instructions.split_at(place);
    let mut all = budget.to_vec();
    all.push(flash_borrow_reserve_liquidity(loan));
    all.extend_from_slice(rest);
    all.push(flash_repay_reserve_liquidity(loan, borrow_index));
    let size_bytes = size_bytes(&all, room)?;
    Ok(Wrapped {
        instructions: all,
        borrow_index,
        fee_raw,
        size_bytes,
    })
}

/// Instructions that hold a loan, as they stand behind so many others: the repayment is told where the loan stands.
/// Without a loan they are as given.
///
/// # Errors
/// `flash_loan_twice`, `flash_loan_unpaid` where loan and repayment are not one each, the loan first;
/// `flash_loan_place_too_far`.
pub fn placed(
    mut instructions: Vec<Instruction>,
    behind: usize,
) -> Result<Vec<Instruction>, FlashLoanError> {
    let loans = instructions
        .iter()
        .enumerate()
        .filter(|(_, one)| is_flash(one));
    let places: Vec<_> = loans.map(|(place, _)| place).collect();
    let [loan, repayment] = match places[..] {
        [] => return Ok(instructions),
        [loan, repayment] => [loan, repayment],
        [_] => return Err(FlashLoanError::Unpaid),
        [_, _, third, ..] => return Err(FlashLoanError::Twice(third)),
    };
    let begins = |place: usize, tag: &[u8; 8]| {
        instructions
            .get(place)
            .is_some_and(|one| one.data.starts_with(tag))
    };
    if !begins(loan, &FLASH_BORROW) || !begins(repayment, &FLASH_REPAY) {
        return Err(FlashLoanError::Unpaid);
    }
    let place = behind + loan;
    let told = u8::try_from(place).map_err(|_| FlashLoanError::PlaceTooFar(place))?;
    let data = instructions.get_mut(repayment).map(|one| &mut one.data);
    if let Some(last) = data.and_then(|data| data.last_mut()) {
        *last = told;
    }
    Ok(instructions)
}

fn is_flash(instruction: &Instruction) -> bool {
    let tag = instruction.data.first_chunk();
    instruction.program == KAMINO_PROGRAM
        && (tag == Some(&FLASH_BORROW) || tag == Some(&FLASH_REPAY))
}

/// What the transaction weighs with its lookup tables, if that fits.
fn size_bytes(instructions: &[Instruction], room: &Room<'_>) -> Result<usize, BuildError> {
    let mut builder = TransactionBuilder::new();
    builder
        .set_fee_payer(room.fee_payer)
        .size_limit(room.size_limit_bytes)
        .add_instructions(instructions.iter().cloned());
    for table in room.lookup_tables {
        builder.add_lookup_table(table.clone());
    }
    // Any blockhash weighs the same.
    Ok(builder
        .set_recent_blockhash(Key([0; 32]))
        .build()?
        .size_bytes())
}
