//! `Flight`: a signed transaction under way, followed until the chain has decided, and what it moved.

use serde_json::{Value, json};
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::{CompiledInstruction, Key, decode_transaction};
use tradewind_solana::system::SYSTEM_PROGRAM;
use tradewind_solana::tip::TIP_ACCOUNTS;
use tradewind_solana::token_accounts::WRAPPED_SOL;

use crate::gate::Signed;
use crate::lanes::Choice;
use crate::pipeline::{Purpose, Trade};

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

/// A purchase or a sale, as far as what it moves cannot be read without knowing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWay {
    /// What is kept, or was: a mint.
    pub coin: String,
    /// Whether it is given up.
    pub sells: bool,
    /// Of a sale: what that had cost, in raw units of the base.
    pub cost_raw: u64,
    /// Whether the base is wrapped SOL.
    pub base_is_sol: bool,
    /// Whether SOL moves as lamports of the wallet.
    pub moves_native_sol: bool,
    /// Accounts that the transaction may make: what comes to stand in them was not paid to anybody.
    pub own_accounts: Vec<String>,
}

impl OpenWay {
    /// Of a trade that is no circle; of a circle it means nothing.
    #[must_use]
    pub fn of(trade: &Trade, own_accounts: &[Key]) -> Self {
        let cost_raw = match trade.purpose {
            Purpose::Sell { cost_raw } => cost_raw,
            Purpose::Circle | Purpose::Buy(_) | Purpose::Swap { .. } | Purpose::Liquidate(_) => 0,
        };
        Self {
            coin: trade
                .coin()
                .map_or_else(String::new, |coin| coin.to_string()),
            sells: matches!(trade.purpose, Purpose::Sell { .. }),
            cost_raw,
            base_is_sol: trade.base == ChainAddress::from(WRAPPED_SOL),
            moves_native_sol: trade.moves_native_sol,
            own_accounts: own_accounts.iter().map(Key::to_string).collect(),
        }
    }

    /// Of a plan that was told and is no position's: one mint was given for another.
    #[must_use]
    pub fn of_plan(plan: &Value) -> Option<Self> {
        let (paid, got) = (plan["inputToken"].as_str()?, plan["outputToken"].as_str()?);
        (paid != got).then(|| Self {
            coin: got.to_owned(),
            sells: false,
            cost_raw: 0,
            base_is_sol: paid == WRAPPED_SOL.to_string(),
            moves_native_sol: false,
            own_accounts: Vec::new(),
        })
    }

    /// As it is written down.
    #[must_use]
    pub fn told(&self) -> Value {
        json!({
            "coin": self.coin, "sells": self.sells, "cost_raw": self.cost_raw.to_string(),
            "base_is_sol": self.base_is_sol, "moves_native_sol": self.moves_native_sol,
            "own_accounts": self.own_accounts,
        })
    }

    /// As it was written down.
    #[must_use]
    pub fn of_told(told: &Value) -> Option<Self> {
        let accounts = told["own_accounts"].as_array()?.iter();
        Some(Self {
            coin: told["coin"].as_str()?.to_owned(),
            sells: told["sells"].as_bool()?,
            cost_raw: told["cost_raw"].as_str()?.parse().ok()?,
            base_is_sol: told["base_is_sol"].as_bool()?,
            moves_native_sol: told["moves_native_sol"].as_bool()?,
            own_accounts: accounts
                .map(|account| account.as_str().map(str::to_owned))
                .collect::<Option<_>>()?,
        })
    }

    /// What the wallet has less of the base by what was moved; below zero it has more. Fees, tip and rents count where
    /// the base is wrapped SOL.
    #[must_use]
    pub fn cost_of(&self, moved: &Moved) -> i64 {
        let paid_raw = moved.gained_raw.saturating_neg();
        if !self.base_is_sol {
            return paid_raw;
        }
        let fees = i64::try_from(moved.cost_lamports).unwrap_or(i64::MAX);
        paid_raw
            .saturating_add(fees)
            .saturating_add(moved.locked_lamports)
    }
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
    /// Of the base, before fees and tip, in raw units; below zero was paid, or is a loss.
    pub gained_raw: i64,
    /// Of the coin of a purchase or a sale, in raw units; below zero was given up.
    pub kept_raw: i64,
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
        let left = lamports_left(meta, 0)?;
        let gained = gained(meta, &flight.base, &flight.wallet)?;
        let (mut kept, mut swapped, mut locked) = (0, 0, left - i128::from(cost_lamports));
        if let Some(way) = &flight.open_way {
            kept = self::gained(meta, &way.coin, &flight.wallet)?;
            if way.moves_native_sol {
                let made = stands_in(told, &way.own_accounts)?;
                (swapped, locked) = (locked - made, made);
            }
        }
        Some(Self {
            gained_raw: i64::try_from(gained - swapped).ok()?,
            kept_raw: i64::try_from(kept).ok()?,
            cost_lamports,
            locked_lamports: i64::try_from(locked).ok()?,
        })
    }

    /// What is known without being told: the chain landed it, and would not have for less.
    #[must_use]
    pub fn assumed_failed(fee_lamports: Option<u64>) -> Self {
        Self {
            gained_raw: 0,
            kept_raw: 0,
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

    /// As it is written down.
    #[must_use]
    pub fn told(&self) -> Value {
        json!({
            "gained_raw": self.gained_raw.to_string(), "kept_raw": self.kept_raw.to_string(),
            "cost_lamports": self.cost_lamports.to_string(), "locked_lamports": self.locked_lamports.to_string(),
        })
    }

    /// As it was written down.
    #[must_use]
    pub fn of_told(told: &Value) -> Option<Self> {
        Some(Self {
            gained_raw: told["gained_raw"].as_str()?.parse().ok()?,
            kept_raw: told["kept_raw"].as_str()?.parse().ok()?,
            cost_lamports: told["cost_lamports"].as_str()?.parse().ok()?,
            locked_lamports: told["locked_lamports"].as_str()?.parse().ok()?,
        })
    }
}

/// The lamports that left an account, by its place in the transaction.
fn lamports_left(meta: &Value, place: usize) -> Option<i128> {
    let lamports = |name: &str| {
        meta[name]
            .get(place)
            .and_then(Value::as_u64)
            .map(i128::from)
    };
    Some(lamports("preBalances")? - lamports("postBalances")?)
}

/// What came to stand in these accounts.
fn stands_in(told: &Value, accounts: &[String]) -> Option<i128> {
    let (meta, message) = (told.get("meta")?, &told["transaction"]["message"]);
    let loaded = |name: &str| {
        meta["loadedAddresses"][name]
            .as_array()
            .into_iter()
            .flatten()
    };
    let keys = message["accountKeys"].as_array()?.iter();
    let keys = keys.chain(loaded("writable")).chain(loaded("readonly"));
    let own = keys.enumerate().filter(|(_, key)| {
        key.as_str()
            .is_some_and(|key| accounts.iter().any(|account| account == key))
    });
    own.map(|(place, _)| lamports_left(meta, place).map(|left| -left))
        .sum()
}

/// What the wallet's accounts of a mint hold more than before.
fn gained(meta: &Value, mint: &str, wallet: &str) -> Option<i128> {
    let held = |name: &str| held(&meta[name], mint, wallet);
    Some(held("postTokenBalances")? - held("preTokenBalances")?)
}

/// What the wallet's accounts of a mint hold together.
fn held(balances: &Value, mint: &str, wallet: &str) -> Option<i128> {
    let own = balances
        .as_array()?
        .iter()
        .filter(|balance| balance["mint"] == mint && balance["owner"] == wallet);
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
                kept_raw: 0,
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
    fn a_purchase_with_lamports_tells_what_was_paid_apart_from_what_stands_in_accounts() {
        let mut flight = flight();
        flight.open_way = Some(OpenWay {
            coin: "C".to_owned(),
            sells: false,
            cost_raw: 0,
            base_is_sol: true,
            moves_native_sol: true,
            own_accounts: vec!["receipt".to_owned(), "account".to_owned()],
        });
        let coins = json!({"mint": "C", "owner": "W", "uiTokenAmount": {"amount": "777"}});
        let told = json!({
            "transaction": {"message": {"accountKeys": ["W", "receipt", "stranger"]}},
            "meta": {
                "err": null, "fee": 5_000, "loadedAddresses": {"writable": ["account"], "readonly": []},
                "preBalances": [10_000_000, 0, 7, 0], "postBalances": [5_000_000, 890_880, 1_993_007, 2_074_080],
                "preTokenBalances": [], "postTokenBalances": [coins],
            },
        });
        let moved = Moved::read(&told, &flight).expect("read");
        // 5,000,000 left: 6,000 fee and tip, 2,964,960 in own accounts, and the rest to others.
        assert_eq!((moved.gained_raw, moved.kept_raw), (-2_029_040, 777));
        assert_eq!(
            (moved.cost_lamports, moved.locked_lamports),
            (6_000, 2_964_960)
        );
        let way = flight.open_way.as_ref().expect("open");
        assert_eq!(
            way.cost_of(&moved),
            5_000_000,
            "all that the wallet has less"
        );
        assert_eq!(Moved::of_told(&moved.told()), Some(moved));
        assert_eq!(OpenWay::of_told(&way.told()).as_ref(), Some(way));
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
