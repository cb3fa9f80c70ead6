//! The transaction as a whole trade: its fees, what it may cost and what it must bring.

use super::super::Policy;
use super::instructions::Reading;
use super::{NATIVE, PassedSolana, Purchase, SolanaKind};
use crate::fault::{Refusal, Rule};
use serde_json::Value;
use tradewind_core::decode::solana::{Key, WRAPPED_SOL};
use tradewind_core::evm::Exact;

const BPS: u128 = 10_000;
/// What the network takes for each signature.
const SIGNATURE_LAMPORTS: u64 = 5_000;
const MICRO: u128 = 1_000_000;

/// What is spent of the quoted mint: net, and before anything comes back.
struct Spent {
    net_raw: u128,
    gross_raw: u128,
    purchase: Option<Purchase>,
}

/// What a trade of one mint for another moves, in raw units.
struct Traded {
    exact: Exact,
    gross_raw: u128,
    net_raw: u128,
    out_raw: u128,
}

impl<'a> Reading<'a, '_> {
    pub(super) fn finish(
        mut self,
        policy: &'a Policy,
        message: &'a [u8],
        blockhash: Key,
    ) -> Result<PassedSolana<'a>, Refusal> {
        self.require_receipt()?;
        self.require_taken_back()?;
        self.require_topped_up()?;
        self.require_repaid()?;
        let lamports = self.lamports()?;
        let kind = self.kind()?;
        self.require_circular_liquidation(self.circular())?;
        let spent = match kind {
            SolanaKind::Swap if self.circular() => self.check_circle(lamports)?,
            SolanaKind::Swap if self.unlisted.is_some() => self.check_unlisted()?,
            SolanaKind::Swap => self.check_swap()?,
            SolanaKind::Transfer => self.check_transfer()?,
            SolanaKind::Prepare => self.check_nothing()?,
        };
        let fit = |amount_raw: u128| {
            u64::try_from(amount_raw).map_err(|_| {
                Rule::AmountPerTransaction
                    .refuse(format!("{amount_raw} raw units are more than any mint has"))
            })
        };
        let ask = self.ask;
        Ok(PassedSolana {
            policy,
            wallet: ask.wallet,
            chain_id: ask.chain_id,
            strategy_id: ask.strategy_id,
            unsigned_tx: ask.unsigned_tx,
            message,
            blockhash,
            kind,
            token: ask.quoted.mint_in,
            reserve_raw: fit(spent.net_raw)?,
            gross_raw: fit(spent.gross_raw)?,
            lamports,
            trade: Value::from(std::mem::take(&mut self.trade)),
            taken_back: self.taken_back,
            topped_up: self.topped_up,
            purchase: spent.purchase,
        })
    }

    /// Fee, tip and rents, at most.
    fn lamports(&self) -> Result<u64, Refusal> {
        let policy = self.policy;
        let units = self.units.ok_or_else(|| {
            Rule::ComputeUnits
                .refuse("no compute unit limit is set; set one, so that the fee is known")
        })?;
        Rule::ComputeUnits.require(units <= policy.max_compute_units, || {
            format!(
                "the compute unit limit {units} is above the cap {}",
                policy.max_compute_units
            )
        })?;
        let price = self.unit_price_micro_lamports.unwrap_or_default();
        let cap = policy.max_compute_unit_price_micro_lamports;
        Rule::FeeCap.require(price <= cap, || {
            format!("{price} micro-lamports for a compute unit are above the cap of {cap}")
        })?;
        let priority = (u128::from(units) * u128::from(price)).div_ceil(MICRO);
        let fee = u64::try_from(priority)
            .unwrap_or(u64::MAX)
            .saturating_add(SIGNATURE_LAMPORTS);
        Rule::FeeCap.require(fee <= policy.max_fee_lamports, || {
            format!(
                "the fee of {fee} lamports is above the cap of {}",
                policy.max_fee_lamports
            )
        })?;
        Ok(fee
            .saturating_add(self.tip_lamports.unwrap_or_default())
            .saturating_add(self.rents_lamports))
    }

    fn kind(&self) -> Result<SolanaKind, Refusal> {
        Rule::Recipient.require(self.legs.is_empty() || self.transfers == 0, || {
            "a transaction with a swap pays nobody; pay the recipient with a transaction of its own".to_owned()
        })?;
        if self.legs.is_empty() {
            Rule::FlashLoan.require(self.loan.is_none(), || {
                "a flash loan without a swap is for nothing; leave it out".to_owned()
            })?;
        }
        Ok(if !self.legs.is_empty() {
            SolanaKind::Swap
        } else if self.transfers > 0 {
            SolanaKind::Transfer
        } else {
            SolanaKind::Prepare
        })
    }

    fn circular(&self) -> bool {
        self.ask.quoted.mint_in == self.ask.quoted.mint_out
    }

    /// Nothing but the quoted mint can be spent.
    fn require_only(&self, mint: Option<Key>) -> Result<(), Refusal> {
        match self.flows.spent_mints().find(|spent| Some(*spent) != mint) {
            None => Ok(()),
            Some(other) => Err(Rule::Slippage.refuse(format!(
                "{} of {other} could leave the wallet, which nobody quoted; let a swap spend at most what the others \
                 bring at least",
                self.flows.spent_raw(other)
            ))),
        }
    }

    /// What the legs that spend the quoted mint give for it, and which amount of theirs is exact.
    fn input(&self) -> Result<(u128, Exact), Refusal> {
        let mint_in = self.ask.quoted.mint_in;
        let mut legs = self.legs.iter().filter(|leg| leg.mint_in == mint_in);
        let exact = legs.clone().next().map(|leg| leg.exact).ok_or_else(|| {
            Rule::QuoteMismatch.refuse(format!("no swap spends the quoted mint {mint_in}"))
        })?;
        Rule::QuoteMismatch.require(legs.clone().all(|leg| leg.exact == exact), || {
            format!("of the swaps that spend {mint_in}, some are exact in their input and some in their output")
        })?;
        let sum = legs.try_fold(0_u128, |sum, leg| {
            sum.checked_add(u128::from(leg.max_in_raw))
        });
        Ok((sum.unwrap_or(u128::MAX), exact))
    }

    /// What a trade of one mint for another moves; its exact amount is the quoted one.
    fn traded(&self) -> Result<Traded, Refusal> {
        Rule::FlashLoan.require(self.loan.is_none(), || {
            "a flash loan is for circular trades only".to_owned()
        })?;
        let quoted = self.ask.quoted;
        self.require_only(Some(quoted.mint_in))?;
        let (gross_raw, exact) = self.input()?;
        let net_raw = self.flows.spent_raw(quoted.mint_in);
        let out_raw = self.flows.gained_raw(quoted.mint_out);
        let (given, wanted) = match exact {
            Exact::In => (net_raw, quoted.amount_in_raw),
            Exact::Out => (out_raw, quoted.amount_out_raw),
        };
        Rule::QuoteMismatch.require(given == u128::from(wanted), || {
            format!("the exact amount {given} is not the quoted {wanted}")
        })?;
        Ok(Traded {
            exact,
            gross_raw,
            net_raw,
            out_raw,
        })
    }

    /// Of a coin without a price only that the trade brings something, and what is paid for it.
    fn check_unlisted(&self) -> Result<Spent, Refusal> {
        let Traded {
            gross_raw,
            net_raw,
            out_raw,
            ..
        } = self.traded()?;
        let unlisted = self.unlisted.as_ref();
        let purchase = unlisted.map(|it| self.purchase(it, (gross_raw, out_raw)));
        Ok(Spent {
            net_raw,
            gross_raw,
            purchase: purchase.transpose()?.flatten(),
        })
    }

    fn check_swap(&self) -> Result<Spent, Refusal> {
        let quoted = self.ask.quoted;
        self.policy.token(quoted.mint_out)?;
        let Traded {
            exact,
            gross_raw,
            net_raw,
            out_raw,
        } = self.traded()?;
        let (quoted_in, quoted_out) = (
            u128::from(quoted.amount_in_raw),
            u128::from(quoted.amount_out_raw),
        );
        let cap = u128::from(self.policy.max_slippage_bps);
        let within = match exact {
            Exact::In => {
                quoted_out > 0
                    && out_raw.saturating_mul(BPS) >= quoted_out * BPS.saturating_sub(cap)
            }
            Exact::Out => net_raw.saturating_mul(BPS) <= quoted_in * (BPS + cap),
        };
        Rule::Slippage.require(within, || {
            format!(
                "in {net_raw} and out {out_raw} are more than {cap} bps from the quote, in {quoted_in} and out \
                 {quoted_out}"
            )
        })?;
        Ok(Spent {
            net_raw,
            gross_raw,
            purchase: None,
        })
    }

    fn check_circle(&self, lamports: u64) -> Result<Spent, Refusal> {
        let quoted = self.ask.quoted;
        let mint = quoted.mint_in;
        let token = self.policy.token(mint)?;
        self.require_only(Some(mint))?;
        let (gross_raw, _) = self.input()?;
        Rule::QuoteMismatch.require(gross_raw == u128::from(quoted.amount_in_raw), || {
            format!(
                "the input {gross_raw} is not the quoted {}",
                quoted.amount_in_raw
            )
        })?;
        // What the trade costs is paid in lamports, and so can be held against a gain in SOL.
        let costs = if mint == WRAPPED_SOL || mint == NATIVE {
            lamports
        } else {
            0
        };
        let gained = self.flows.gained_raw(mint);
        let least = u128::from(token.min_profit_raw) + u128::from(costs);
        let whole = self.flows.spent_raw(mint) == 0;
        Rule::MinProfit.require(whole && gained >= least, || {
            format!(
                "the circular trade brings {gained} of {mint} at least, less {} spent; it must bring {least}, fees, tip \
                 and rents included. Raise the last swap's minimum, or lower min_profit.",
                self.flows.spent_raw(mint)
            )
        })?;
        let (loan_mint, loan_raw) = self.loan.unwrap_or((mint, 0));
        Rule::FlashLoan.require(loan_mint == mint, || {
            format!("the loan is of {loan_mint}, and the trade begins with {mint}; borrow what the trade spends")
        })?;
        Ok(Spent {
            net_raw: 0,
            gross_raw: gross_raw.saturating_sub(u128::from(loan_raw)),
            purchase: None,
        })
    }

    fn check_transfer(&self) -> Result<Spent, Refusal> {
        let quoted = self.ask.quoted;
        self.require_only(Some(quoted.mint_in))?;
        let net_raw = self.flows.spent_raw(quoted.mint_in);
        let fits = self.circular()
            && net_raw == u128::from(quoted.amount_in_raw)
            && quoted.amount_out_raw == 0;
        Rule::QuoteMismatch.require(fits, || {
            format!(
                "a transfer of {net_raw} is quoted with its mint in both places, its amount in and 0 out"
            )
        })?;
        Ok(Spent {
            net_raw,
            gross_raw: net_raw,
            purchase: None,
        })
    }

    fn check_nothing(&self) -> Result<Spent, Refusal> {
        let quoted = self.ask.quoted;
        let fits = quoted.mint_in == NATIVE
            && self.circular()
            && quoted.amount_in_raw == 0
            && quoted.amount_out_raw == 0;
        Rule::QuoteMismatch.require(fits, || {
            format!("the transaction trades nothing, so it is quoted with {NATIVE} in both places and 0 twice")
        })?;
        self.require_only(None)?;
        Ok(Spent {
            net_raw: 0,
            gross_raw: 0,
            purchase: None,
        })
    }
}
