//! What a transaction bids for its place: from what the accounts that it writes have cost lately. Integers throughout.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use tradewind_core::decode::solana::Key;

use crate::fault::Fault;
use crate::rpc_pool::{PoolFault, RpcPool};

const MILLION: u128 = 1_000_000;
/// What one question may name.
const MOST_ACCOUNTS: usize = 128;

/// How crowded the accounts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Congestion {
    /// The median is paid.
    Low,
    /// The 75th percentile is paid.
    Medium,
    /// The 90th percentile is paid.
    High,
}

impl Congestion {
    /// In snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    const fn percentile(self) -> usize {
        match self {
            Self::Low => 50,
            Self::Medium => 75,
            Self::High => 90,
        }
    }
}

/// Between what the bid lies. All per compute unit, in millionths of a lamport, but for the share.
#[derive(Debug, Clone, Copy)]
pub struct FeePolicy {
    /// Less is never bid.
    pub floor_micro_lamports: u64,
    /// More is never bid.
    pub cap_micro_lamports: u64,
    /// Most of the profit that the fee may be, in millionths.
    pub profit_share_ppm: u32,
    /// The median from which congestion is medium.
    pub medium_micro_lamports: u64,
    /// The median from which congestion is high.
    pub high_micro_lamports: u64,
}

/// What to bid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriorityFee {
    /// For `SetComputeUnitPrice`.
    pub micro_lamports_per_compute_unit: u64,
    /// What the limit of compute units costs at that price, rounded up as the chain does.
    pub fee_lamports: u64,
    /// How crowded the accounts are.
    pub congestion: Congestion,
    /// Whether a bound made it lower than congestion asks for.
    pub capped: bool,
}

impl FeePolicy {
    /// Checks that it can ever bid.
    ///
    /// # Errors
    /// `priority_fees_malformed`.
    pub fn new(policy: Self) -> Result<Self, Fault> {
        let fault = if policy.cap_micro_lamports < policy.floor_micro_lamports {
            "cap_micro_lamports: is below floor_micro_lamports"
        } else if u128::from(policy.profit_share_ppm) > MILLION {
            "profit_share_ppm: is above 1000000, more than the whole profit"
        } else if policy.high_micro_lamports < policy.medium_micro_lamports {
            "high_micro_lamports: is below medium_micro_lamports"
        } else {
            return Ok(policy);
        };
        Err(Fault::new("priority_fees_malformed", fault))
    }

    /// The bid after these recent fees, in any order. The profit's share is a bound even below the floor: a fee that eats
    /// the profit is never bid.
    #[must_use]
    pub fn bid(
        &self,
        mut recent: Vec<u64>,
        compute_units: u32,
        profit_lamports: Option<u64>,
    ) -> PriorityFee {
        recent.sort_unstable();
        let median = percentile(&recent, 50);
        let congestion = if median >= self.high_micro_lamports {
            Congestion::High
        } else if median >= self.medium_micro_lamports {
            Congestion::Medium
        } else {
            Congestion::Low
        };
        let asked = percentile(&recent, congestion.percentile()).max(self.floor_micro_lamports);
        let affordable =
            profit_lamports.map_or(u64::MAX, |profit| self.affordable(profit, compute_units));
        let price = asked.min(self.cap_micro_lamports).min(affordable);
        PriorityFee {
            micro_lamports_per_compute_unit: price,
            fee_lamports: fee_lamports(price, compute_units),
            congestion,
            capped: price < asked,
        }
    }

    /// The highest price whose fee is within the profit's share.
    fn affordable(&self, profit_lamports: u64, compute_units: u32) -> u64 {
        let share = u128::from(profit_lamports) * u128::from(self.profit_share_ppm) / MILLION;
        let price = share.saturating_mul(MILLION) / u128::from(compute_units.max(1));
        u64::try_from(price).unwrap_or(u64::MAX)
    }
}

/// The chain rounds up: `ceil(price * units / 10**6)`.
fn fee_lamports(price: u64, compute_units: u32) -> u64 {
    let fee = (u128::from(price) * u128::from(compute_units)).div_ceil(MILLION);
    u64::try_from(fee).unwrap_or(u64::MAX)
}

/// The nearest rank of ascending values; 0 of none.
fn percentile(ascending: &[u64], percent: usize) -> u64 {
    let rank = (ascending.len() * percent).div_ceil(100);
    ascending.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

/// Asks a pool, and bids.
#[derive(Debug, Clone)]
pub struct PriorityFees {
    pool: Arc<RpcPool>,
    policy: FeePolicy,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecentFee {
    prioritization_fee: u64,
}

impl PriorityFees {
    /// Over this pool, by this policy.
    #[must_use]
    pub const fn new(pool: Arc<RpcPool>, policy: FeePolicy) -> Self {
        Self { pool, policy }
    }

    /// The bid for a transaction that writes these accounts.
    ///
    /// # Errors
    /// `account_malformed`, `too_many_accounts`, `answer_unreadable`; see [`PoolFault`].
    pub async fn quote(
        &self,
        writable: &[String],
        compute_units: u32,
        profit_lamports: Option<u64>,
    ) -> Result<PriorityFee, PoolFault> {
        if writable.len() > MOST_ACCOUNTS {
            return Err(Fault::new(
                "too_many_accounts",
                format!(
                    "writable_accounts: has {}, and {MOST_ACCOUNTS} can be asked for",
                    writable.len()
                ),
            )
            .into());
        }
        if let Some(at) = writable
            .iter()
            .position(|account| Key::parse(account).is_none())
        {
            return Err(Fault::new(
                "account_malformed",
                format!("writable_accounts[{at}]: must be 32 bytes in base 58"),
            )
            .into());
        }
        let told = self
            .pool
            .call(
                "getRecentPrioritizationFees",
                &json!([writable]).to_string(),
            )
            .await?;
        let recent: Vec<RecentFee> = serde_json::from_str(told.get()).map_err(|fault| {
            Fault::new(
                "answer_unreadable",
                format!("getRecentPrioritizationFees: {fault}"),
            )
        })?;
        let recent = recent
            .into_iter()
            .map(|fee| fee.prioritization_fee)
            .collect();
        Ok(self.policy.bid(recent, compute_units, profit_lamports))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: FeePolicy = FeePolicy {
        floor_micro_lamports: 1_000,
        cap_micro_lamports: 5_000_000,
        profit_share_ppm: 100_000,
        medium_micro_lamports: 10_000,
        high_micro_lamports: 100_000,
    };

    #[test]
    fn the_percentile_that_is_paid_rises_with_congestion() {
        let bid = |scale: u64| {
            POLICY.bid(
                (1..=100).map(|rank| rank * scale).rev().collect(),
                200_000,
                None,
            )
        };
        assert_eq!(
            (
                bid(100).congestion,
                bid(100).micro_lamports_per_compute_unit
            ),
            (Congestion::Low, 5_000)
        );
        assert_eq!(
            (
                bid(200).congestion,
                bid(200).micro_lamports_per_compute_unit
            ),
            (Congestion::Medium, 15_000)
        );
        assert_eq!(
            (
                bid(2_000).congestion,
                bid(2_000).micro_lamports_per_compute_unit
            ),
            (Congestion::High, 180_000)
        );
    }

    #[test]
    fn quiet_accounts_cost_the_floor_and_the_fee_rounds_up_as_the_chain_does() {
        let bid = POLICY.bid(vec![0; 150], 200_001, None);
        assert_eq!(
            (
                bid.micro_lamports_per_compute_unit,
                bid.fee_lamports,
                bid.capped
            ),
            (1_000, 201, false)
        );
        assert_eq!(POLICY.bid(vec![], 1, None).fee_lamports, 1);
    }

    #[test]
    fn the_profits_share_bounds_the_fee_even_below_the_floor() {
        let bid = POLICY.bid(vec![1_000_000; 10], 200_000, Some(100_000));
        assert_eq!(
            (
                bid.micro_lamports_per_compute_unit,
                bid.fee_lamports,
                bid.capped
            ),
            (50_000, 10_000, true)
        );
        assert_eq!(POLICY.bid(vec![0], 200_000, Some(1_000)).fee_lamports, 100);
    }

    proptest! {
        #[test]
        fn a_fee_never_passes_the_cap_or_the_share(
            recent in prop::collection::vec(any::<u64>(), 0..160), units in 1_u32..1_400_000, profit in any::<u64>(),
        ) {
            let bid = POLICY.bid(recent, units, Some(profit));
            prop_assert!(bid.micro_lamports_per_compute_unit <= 5_000_000);
            prop_assert!(u128::from(bid.fee_lamports) * 10 <= u128::from(profit));
        }
    }
}
