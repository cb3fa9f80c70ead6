//! The parameters of `liquidation`: those of [`SendingTerms`]; `market`; `obligations`, a list, or nothing for every loan
//! of the market; `most_obligations`; `max_hops` (1 to 4, default 2); `most_candidates` of one change (default 2);
//! `min_debt_usd`, below which a loan is left alone; `received_margin_bps`, which stays behind of what is received; and
//! `bases`, a list of `{mint, min_profit_raw, max_repay_raw, cost_raw}`, one for each token whose debts are repaid. In
//! wrapped SOL the costs of a transaction are known; `cost_raw` says what they come to in any other base.

use serde_json::Value;
use tradewind_core::ChainAddress;

use crate::config::{ConfigFault, Fields};
use crate::strategies::SendingTerms;

/// Which loans are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoanSource {
    /// The lending market.
    pub market: ChainAddress,
    /// These loans; all of the market where there are none.
    pub obligations: Vec<ChainAddress>,
    /// Most that are followed.
    pub most_obligations: usize,
}

/// A token whose debts are repaid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) mint: ChainAddress,
    pub(super) min_profit_raw: u64,
    pub(super) max_repay_raw: u64,
    pub(super) cost_raw: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LiquidationParameters {
    pub(super) terms: SendingTerms,
    pub(super) source: LoanSource,
    pub(super) bases: Vec<Base>,
    pub(super) max_hops: u8,
    pub(super) most_candidates: usize,
    pub(super) min_debt_usd: u64,
    pub(super) received_margin_bps: u64,
}

impl LiquidationParameters {
    pub(super) fn read(parameters: &Value) -> Result<Self, ConfigFault> {
        let mut fields = Fields::of("parameters", parameters.clone())?;
        let terms = SendingTerms::read(&mut fields)?;
        let source = LoanSource {
            market: fields.key("market")?,
            obligations: fields.keys("obligations")?,
            most_obligations: count(&mut fields, "most_obligations", 10_000, (1, 1_000_000))?,
        };
        let max_hops = fields.decimal("max_hops", 2, (1, 4))?;
        let most_candidates = count(&mut fields, "most_candidates", 2, (1, 64))?;
        let min_debt_usd = fields.decimal("min_debt_usd", 0, (0, u64::MAX))?;
        let received_margin_bps = fields.decimal("received_margin_bps", 1, (0, 1_000))?;
        let bases = bases(&mut fields)?;
        fields.finish()?;
        if source.obligations.len() > source.most_obligations {
            return Err(ConfigFault::new(
                "parameters.obligations",
                format!(
                    "has more than the {} of most_obligations",
                    source.most_obligations
                ),
                "name fewer, or allow more",
            ));
        }
        Ok(Self {
            terms,
            source,
            bases,
            max_hops: u8::try_from(max_hops).unwrap_or(u8::MAX),
            most_candidates,
            min_debt_usd,
            received_margin_bps,
        })
    }

    /// The base with this mint.
    pub(super) fn base(&self, mint: ChainAddress) -> Option<&Base> {
        self.bases.iter().find(|base| base.mint == mint)
    }

    /// What is sold of what is received: prices and rates may have moved a little by then.
    pub(super) fn sold_raw(&self, received_raw: u64) -> u64 {
        let kept = u128::from(received_raw) * u128::from(10_000 - self.received_margin_bps);
        u64::try_from(kept / 10_000).unwrap_or(received_raw)
    }
}

fn count(
    fields: &mut Fields,
    name: &str,
    default: u64,
    bounds: (u64, u64),
) -> Result<usize, ConfigFault> {
    let number = fields.decimal(name, default, bounds)?;
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}

fn bases(fields: &mut Fields) -> Result<Vec<Base>, ConfigFault> {
    let mut bases: Vec<Base> = Vec::new();
    for (path, value) in fields.list("bases")? {
        let mut fields = Fields::of(&path, value)?;
        let base = Base {
            mint: fields.key("mint")?,
            min_profit_raw: fields.decimal("min_profit_raw", 1, (1, u64::MAX))?,
            max_repay_raw: fields.decimal("max_repay_raw", u64::MAX, (1, u64::MAX))?,
            cost_raw: fields.decimal("cost_raw", 0, (0, u64::MAX))?,
        };
        fields.finish()?;
        if bases.iter().any(|known| known.mint == base.mint) {
            return Err(ConfigFault::new(
                path,
                "is there twice",
                "name each mint once",
            ));
        }
        bases.push(base);
    }
    if bases.is_empty() {
        return Err(ConfigFault::new(
            "parameters.bases",
            "is empty",
            "give one base at least",
        ));
    }
    Ok(bases)
}
