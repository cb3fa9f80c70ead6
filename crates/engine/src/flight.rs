//! `Flight`: a signed transaction under way, followed until the chain has decided, and what it moved.

use serde_json::Value;
use tradewind_core::ChainAddress;

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
    /// In base 58.
    pub signature: String,
    /// As it travels.
    pub wire: Vec<u8>,
    /// The height after which it can never land.
    pub last_valid_block_height: u64,
    /// When it was first sent, in milliseconds since 1970.
    pub sent_at_ms: u64,
    /// The pools that it trades through: nothing else is sent through them meanwhile.
    pub pools: Vec<ChainAddress>,
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
}
