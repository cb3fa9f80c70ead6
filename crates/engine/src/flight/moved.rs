//! `Moved`: what a transaction that landed moved of the wallet's, read from the balances before and after.

use serde_json::{Value, json};

use super::Flight;

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
mod tests {
    use super::super::OpenWay;
    use super::super::tests::flight;
    use super::*;

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
}
