//! What a gain is worth in US dollars, by the pools that trade its token for a stable one. For choices and books alone.

use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::pools::PoolMath as _;

use crate::inventory::Inventory;

/// A mint that counts as a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsdMint {
    /// Its address.
    pub mint: ChainAddress,
    /// Digits behind the point.
    pub decimals: u8,
}

/// What this much of a token would be sold for, as a plain decimal; None where no pool that is up to date tells.
#[must_use]
pub fn worth_usd(
    inventory: &Inventory,
    dollars: &[UsdMint],
    token: ChainAddress,
    amount_raw: u64,
) -> Option<String> {
    let amount_raw = U256::from(amount_raw);
    if let Some(same) = dollars.iter().find(|usd| usd.mint == token) {
        return Some(plain(amount_raw, same.decimals));
    }
    let offers = dollars.iter().filter_map(|usd| {
        let raw = sold_for(inventory, token, usd.mint, amount_raw)?;
        Some((raw, usd.decimals))
    });
    // Whole dollars of any decimals are compared at the same scale.
    let scaled =
        |(raw, decimals): &(U256, u8)| raw * U256::from(10).pow(U256::from(24 - decimals.min(&24)));
    let best = offers.max_by_key(scaled)?;
    Some(plain(best.0, best.1))
}

/// What this much of a token would be sold for in the best pool that is up to date; None where there is none.
pub(crate) fn sold_for(
    inventory: &Inventory,
    token: ChainAddress,
    other: ChainAddress,
    amount_raw: U256,
) -> Option<U256> {
    let graph = inventory.graph();
    let pools = graph.pools_between(graph.token(token)?, graph.token(other)?);
    let current = pools.iter().filter(|id| {
        let standing = inventory.standing(**id);
        standing.is_some_and(|standing| !standing.stale) && !inventory.is_torn(**id)
    });
    let offers = current.filter_map(|id| {
        let pool = graph.at(*id)?;
        pool.output(pool.pair(token, other).ok()?, amount_raw)
    });
    offers.max().filter(|raw| !raw.is_zero())
}

/// Without zeros at the end.
fn plain(raw: U256, decimals: u8) -> String {
    let places = usize::from(decimals);
    let digits = format!("{raw:0>width$}", raw = raw.to_string(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_is_written_in_full_and_without_zeros_at_the_end() {
        let text = |raw: u64, decimals| plain(U256::from(raw), decimals);
        assert_eq!(text(1_234_560, 6), "1.23456");
        assert_eq!(text(5, 6), "0.000005");
        assert_eq!(text(2_000_000, 6), "2");
        assert_eq!(text(7, 0), "7");
    }

    #[test]
    fn a_dollar_is_worth_itself_and_what_no_pool_trades_is_worth_nothing_that_anybody_knows() {
        let inventory = Inventory::default();
        let (usd, coin) = (ChainAddress::Solana([1; 32]), ChainAddress::Solana([2; 32]));
        let dollars = [UsdMint {
            mint: usd,
            decimals: 6,
        }];
        assert_eq!(
            worth_usd(&inventory, &dollars, usd, 250_000).as_deref(),
            Some("0.25")
        );
        assert_eq!(worth_usd(&inventory, &dollars, coin, 250_000), None);
        assert_eq!(worth_usd(&inventory, &[], usd, 250_000), None);
    }
}
