//! Instructions of the compute budget program: what a transaction may use and what it pays for it.
//!
//! Source: `solana-compute-budget-interface` 3.0: one byte, then the value, little-endian; no accounts.

use crate::instruction::Instruction;

pub use tradewind_core::decode::solana::COMPUTE_BUDGET_PROGRAM;

const UNIT_LIMIT: u8 = 2;
const UNIT_PRICE: u8 = 3;

/// Bytes of heap for each program, a multiple of 1,024.
#[must_use]
pub fn request_heap_frame(bytes: u32) -> Instruction {
    instruction(1, &bytes.to_le_bytes())
}

/// Most compute units that the transaction may use.
#[must_use]
pub fn set_unit_limit(units: u32) -> Instruction {
    instruction(UNIT_LIMIT, &units.to_le_bytes())
}

/// The priority fee, in micro-lamports per compute unit of the limit.
#[must_use]
pub fn set_unit_price(micro_lamports_per_unit: u64) -> Instruction {
    instruction(UNIT_PRICE, &micro_lamports_per_unit.to_le_bytes())
}

/// Most bytes of account data that may be loaded.
#[must_use]
pub fn set_loaded_accounts_data_size_limit(bytes: u32) -> Instruction {
    instruction(4, &bytes.to_le_bytes())
}

/// Whether it is one of the two that a builder sets itself.
pub(crate) fn is_limit_or_price(instruction: &Instruction) -> bool {
    let tag = instruction.data.first();
    instruction.program == COMPUTE_BUDGET_PROGRAM && matches!(tag, Some(&(UNIT_LIMIT | UNIT_PRICE)))
}

fn instruction(tag: u8, value: &[u8]) -> Instruction {
    let mut data = Vec::with_capacity(1 + value.len());
    data.push(tag);
    data.extend_from_slice(value);
    Instruction {
        program: COMPUTE_BUDGET_PROGRAM,
        accounts: Vec::new(),
        data,
    }
}
