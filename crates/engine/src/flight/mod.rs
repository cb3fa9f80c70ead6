//! `Flight`: a signed transaction under way, followed until the chain has decided.
//!
//! - here: the flight, and the tip in its bytes; - `moved`: what it moved; - `open_way`: what has to be known to read that.

mod moved;
mod open_way;

use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::{CompiledInstruction, Key, decode_transaction};
use tradewind_solana::system::SYSTEM_PROGRAM;
use tradewind_solana::tip::TIP_ACCOUNTS;

use crate::gate::Signed;
use crate::lanes::Choice;
pub use moved::Moved;
pub use open_way::OpenWay;

/// The system program's transfer, as bincode writes its number.
const TRANSFER: [u8; 4] = [2, 0, 0, 0];

/// A signed transaction and what was expected of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// The plan, and the gate's step.
    pub plan_id: String,
    /// What it is for.
    pub opportunity_id: String,
    /// Who trades.
    pub wallet: String,
    /// What is gained, a mint.
    pub base: String,
    /// Whether that is wrapped SOL.
    pub base_is_sol: bool,
    /// What it is, unless it is a circle.
    pub open_way: Option<OpenWay>,
    /// Paid in, in raw units of what the first hop takes.
    pub amount_in_raw: u64,
    /// What was expected to be gained before costs, in raw units of the base.
    pub expected_raw: i64,
    /// Tip inside, in lamports.
    pub tip_lamports: u64,
    /// In base 58; empty while nothing is known to be signed.
    pub signature: String,
    /// As it travels.
    pub wire: Vec<u8>,
    /// The height after which it can never land.
    pub last_valid_block_height: u64,
    /// By which lanes it is sent.
    pub choice: Choice,
    /// When it was first sent, in milliseconds since 1970.
    pub sent_at_ms: u64,
    /// The pools that it trades through: nothing else is sent through them meanwhile.
    pub pools: Vec<ChainAddress>,
}

impl Flight {
    /// The same with the signature that the gate gave.
    #[must_use]
    pub fn signed(self, signed: Signed) -> Self {
        Self {
            signature: signed.signature,
            wire: signed.wire,
            last_valid_block_height: signed.last_valid_block_height,
            ..self
        }
    }
}

/// What a transaction gives to Jito's accounts, by its bytes: these stand in it, never behind a lookup table.
#[must_use]
pub fn tip_in(wire: &[u8]) -> u64 {
    let Ok(transaction) = decode_transaction(wire) else {
        return 0;
    };
    let keys: Vec<_> = transaction.static_keys().collect();
    let tips = transaction.compiled_instructions().iter();
    tips.filter_map(|instruction| tip_of(instruction, &keys))
        .sum()
}

fn tip_of(instruction: &CompiledInstruction<'_>, keys: &[Key]) -> Option<u64> {
    let program = keys.get(usize::from(instruction.program_index))?;
    let receiver = keys.get(usize::from(*instruction.accounts.get(1)?))?;
    let lamports = instruction.data.strip_prefix(&TRANSFER)?;
    let is_tip = *program == SYSTEM_PROGRAM && TIP_ACCOUNTS.contains(receiver);
    let lamports: [u8; 8] = lamports.try_into().ok()?;
    is_tip.then(|| u64::from_le_bytes(lamports))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::flight) fn flight() -> Flight {
        Flight {
            plan_id: "p".to_owned(),
            opportunity_id: "o".to_owned(),
            wallet: "W".to_owned(),
            base: "B".to_owned(),
            base_is_sol: true,
            open_way: None,
            amount_in_raw: 100,
            expected_raw: 9,
            tip_lamports: 1_000,
            signature: "S".to_owned(),
            wire: Vec::new(),
            last_valid_block_height: 7,
            choice: Choice::default(),
            sent_at_ms: 5,
            pools: Vec::new(),
        }
    }

    #[test]
    fn a_tip_is_read_from_the_bytes_and_nothing_else_is_taken_for_one() {
        use tradewind_solana::signature::{SIGNATURE_BYTES, Signature};
        use tradewind_solana::system::transfer;
        use tradewind_solana::tip::tip;
        use tradewind_solana::transaction::TransactionBuilder;
        let payer = Key([7; 32]);
        let mut builder = TransactionBuilder::new();
        builder
            .set_fee_payer(payer)
            .set_recent_blockhash(Key([1; 32]))
            .add_instruction(transfer(payer, Key([9; 32]), 55))
            .add_instruction(tip(payer, TIP_ACCOUNTS[3], 1_234).expect("a tip"));
        let unsigned = builder.build().expect("built");
        let wire = unsigned
            .to_wire(&[Signature([0; SIGNATURE_BYTES])])
            .expect("as it travels");
        assert_eq!(tip_in(&wire), 1_234);
        assert_eq!(tip_in(&wire[1..]), 0);
    }
}
