//! `Flight`: a signed transaction under way, followed until the chain has decided, and what it moved.

use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::{CompiledInstruction, Key, decode_transaction};
use tradewind_solana::system::SYSTEM_PROGRAM;
use tradewind_solana::tip::TIP_ACCOUNTS;

use crate::gate::Signed;
use crate::lanes::Choice;

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
    /// Paid in, in raw units of the base.
    pub amount_in_raw: u64,
    /// What was expected to be gained before costs, in raw units of the base.
    pub expected_raw: u64,
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

/// What a transaction that landed moved of the wallet's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Of the base, in raw units; below zero is a loss.
    pub gained_raw: i64,
    /// Fee and tip.
    pub cost_lamports: u64,
    /// Left in accounts that it made, such as its receipt.
    pub locked_lamports: i64,
}

impl Moved {
    /// Reads it from `getTransaction` in JSON form: the balances before and after.
    #[must_use]
    pub fn read(told: &Value, flight: &Flight) -> Option<Self> {
        let meta = told.get("meta")?;
        let fee_lamports = meta["fee"].as_u64()?;
        let failed = !meta["err"].is_null();
        let tip_lamports = if failed { 0 } else { flight.tip_lamports };
        let cost_lamports = fee_lamports.checked_add(tip_lamports)?;
        // The wallet pays the fee, so it stands first.
        let lamports = |name: &str| meta[name].get(0).and_then(Value::as_u64).map(i128::from);
        let left = lamports("preBalances")? - lamports("postBalances")?;
        let gained =
            held(&meta["postTokenBalances"], flight)? - held(&meta["preTokenBalances"], flight)?;
        Some(Self {
            gained_raw: i64::try_from(gained).ok()?,
            cost_lamports,
            locked_lamports: i64::try_from(left - i128::from(cost_lamports)).ok()?,
        })
    }

    /// What is known without being told: the chain landed it, and would not have for less.
    #[must_use]
    pub fn assumed_failed(fee_lamports: Option<u64>) -> Self {
        Self {
            gained_raw: 0,
            cost_lamports: fee_lamports.unwrap_or_default(),
            locked_lamports: 0,
        }
    }

    /// Lamports that left the wallet for good or for now, as the gate counts them.
    #[must_use]
    pub fn spent_lamports(&self) -> u64 {
        let locked = u64::try_from(self.locked_lamports).unwrap_or_default();
        self.cost_lamports.saturating_add(locked)
    }
}

/// What the wallet's accounts of the base hold together.
fn held(balances: &Value, flight: &Flight) -> Option<i128> {
    let own = balances.as_array()?.iter().filter(|balance| {
        balance["mint"] == flight.base.as_str() && balance["owner"] == flight.wallet.as_str()
    });
    own.map(|balance| {
        balance["uiTokenAmount"]["amount"]
            .as_str()?
            .parse::<i128>()
            .ok()
    })
    .sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    pub(crate) fn flight() -> Flight {
        Flight {
            plan_id: "p".to_owned(),
            opportunity_id: "o".to_owned(),
            wallet: "W".to_owned(),
            base: "B".to_owned(),
            base_is_sol: true,
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

    fn balance(owner: &str, amount: &str) -> Value {
        json!({"mint": "B", "owner": owner, "uiTokenAmount": {"amount": amount}})
    }

    #[test]
    fn gain_cost_and_what_is_locked_are_read_from_the_balances() {
        let told = json!({"meta": {
            "err": null, "fee": 5_000,
            "preBalances": [10_000_000, 1], "postBalances": [9_103_120, 1],
            "preTokenBalances": [balance("W", "100"), balance("X", "50")],
            "postTokenBalances": [balance("W", "109"), balance("X", "41")],
        }});
        let moved = Moved::read(&told, &flight()).expect("read");
        // 10,000,000 - 9,103,120 = 896,880 = 5,000 fee + 1,000 tip + 890,880 in the receipt.
        assert_eq!(
            moved,
            Moved {
                gained_raw: 9,
                cost_lamports: 6_000,
                locked_lamports: 890_880
            }
        );
        assert_eq!(moved.spent_lamports(), 896_880);
    }

    #[test]
    fn one_that_failed_paid_its_fee_and_no_tip() {
        let told = json!({"meta": {
            "err": {"InstructionError": [2, "Custom"]}, "fee": 5_000,
            "preBalances": [10_000], "postBalances": [5_000],
            "preTokenBalances": [], "postTokenBalances": [],
        }});
        let moved = Moved::read(&told, &flight()).expect("read");
        assert_eq!(
            (moved.gained_raw, moved.cost_lamports, moved.locked_lamports),
            (0, 5_000, 0)
        );
        assert_eq!(Moved::read(&json!(null), &flight()), None);
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
