//! `SwapInstructions`: what is sent, and what it takes and costs beside the tokens.

use tradewind_core::pools::SwapAmounts;

use crate::Key;
use crate::instruction::Instruction;

/// An account that the program makes when it is not there yet, at the trader's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountToCreate {
    /// Its address.
    pub key: Key,
    /// The lamports that the trader then leaves in it.
    pub rent_lamports: u64,
}

/// One swap, ready to stand in a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapInstructions {
    /// In the order in which they must stand.
    pub instructions: Vec<Instruction>,
    /// The trader's own accounts that must exist before, or the program refuses.
    pub must_exist: Vec<Key>,
    /// What the program makes where it is missing.
    pub may_create: Vec<AccountToCreate>,
    /// Whether SOL moves as lamports of the trader, so that nothing is to be wrapped.
    pub moves_native_sol: bool,
    /// Compute units to set aside for the instructions: measured, and rounded up; no bound of the program.
    pub compute_units: u32,
    /// What the pool's state says will be paid and received.
    pub quoted: SwapAmounts,
}

impl SwapInstructions {
    /// What the trader pays at most for accounts that do not exist yet.
    #[must_use]
    pub fn rent_lamports(&self) -> u64 {
        let rents = self.may_create.iter().map(|account| account.rent_lamports);
        rents.fold(0, u64::saturating_add)
    }
}
