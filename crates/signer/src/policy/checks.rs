//! The limits of a chain and of a token, each with the rule that it enforces.

use super::{Action, ChainPolicy, Quoted, TokenPolicy, is_noop};
use crate::fault::{Refusal, Rule};
use alloy_primitives::{Address, U256, U512};
use tradewind_core::evm::{Approve, Eip1559Transaction, EvmError, Exact, RouterSwap};

const BPS: u32 = 10_000;

impl ChainPolicy {
    pub(super) fn token(&self, address: Address) -> Result<&TokenPolicy, Refusal> {
        self.tokens.get(&address).ok_or_else(|| {
            Rule::TokenNotAllowed
                .refuse(format!("the token {address} is not listed for this chain"))
        })
    }

    pub(super) fn check_fees(&self, tx: &Eip1559Transaction) -> Result<(), Refusal> {
        Rule::GasLimit.require(tx.gas_limit <= self.max_gas_limit, || {
            format!(
                "the gas limit {} is above the cap {}",
                tx.gas_limit, self.max_gas_limit
            )
        })?;
        let fee = U256::from(tx.max_fee_per_gas_wei);
        Rule::FeeCap.require(fee <= self.max_fee_per_gas_wei, || {
            format!(
                "{fee} wei per gas is above the cap of {}",
                self.max_fee_per_gas_wei
            )
        })?;
        let (tip, most) = (tx.max_priority_fee_per_gas_wei, tx.max_fee_per_gas_wei);
        Rule::FeeCap.require(tip <= most, || {
            format!("the tip of {tip} wei per gas is above the whole fee of {most}")
        })?;
        // 128 bits times 64 bits cannot overflow 256.
        let total = fee * U256::from(tx.gas_limit);
        Rule::FeeCap.require(total <= self.max_transaction_fee_wei, || {
            format!(
                "{total} wei for gas is above the cap of {}",
                self.max_transaction_fee_wei
            )
        })
    }

    pub(super) fn read_action(
        &self,
        wallet: Address,
        tx: &Eip1559Transaction,
    ) -> Result<Action, Refusal> {
        if is_noop(wallet, tx) {
            return Ok(Action::Noop);
        }
        let shape = |error: EvmError| Rule::CalldataShape.refuse(error.to_string());
        let action = if self.routers.contains(&tx.to) {
            Action::Swap(Box::new(RouterSwap::decode(&tx.data).map_err(shape)?))
        } else if self.tokens.contains_key(&tx.to) {
            Action::Approve(Approve::decode(&tx.data).map_err(shape)?)
        } else {
            let message = format!("{} is neither a listed router nor a listed token", tx.to);
            return Err(Rule::ContractNotAllowed.refuse(message));
        };
        Rule::CalldataShape.require(tx.value_wei.is_zero(), || {
            format!(
                "{} wei are sent along; no call here needs any",
                tx.value_wei
            )
        })?;
        Ok(action)
    }

    pub(super) fn check_swap(
        &self,
        wallet: Address,
        swap: &RouterSwap,
        quoted: &Quoted,
        now_s: u64,
    ) -> Result<(), Refusal> {
        let to = swap.recipient();
        Rule::Recipient.require(to == wallet || self.recipients.contains(&to), || {
            format!("the bought tokens would go to {to}, which is neither the wallet nor a listed recipient")
        })?;
        for token in swap.legs().iter().flat_map(|leg| leg.path.tokens()) {
            self.token(*token)?;
        }
        self.check_quote(swap, quoted)?;
        self.check_deadline(swap.deadline_s(), now_s)
    }

    fn check_quote(&self, swap: &RouterSwap, quoted: &Quoted) -> Result<(), Refusal> {
        let (given, wanted) = match swap.exact() {
            Exact::In => (swap.amount_in_raw(), quoted.amount_in_raw),
            Exact::Out => (swap.amount_out_raw(), quoted.amount_out_raw),
        };
        Rule::QuoteMismatch.require(given == wanted, || {
            format!("the exact amount {given} is not the quoted {wanted}")
        })?;
        let cap = self.max_slippage_bps;
        let scaled = |amount: U256, bps: u32| U512::from(amount) * U512::from(bps);
        let within = match swap.exact() {
            Exact::In => {
                !quoted.amount_out_raw.is_zero()
                    && scaled(swap.amount_out_raw(), BPS)
                        >= scaled(quoted.amount_out_raw, BPS.saturating_sub(cap))
            }
            Exact::Out => {
                scaled(swap.amount_in_raw(), BPS) <= scaled(quoted.amount_in_raw, BPS + cap)
            }
        };
        Rule::Slippage.require(within, || {
            format!(
                "in {} and out {} are more than {cap} bps from the quote, in {} and out {}",
                swap.amount_in_raw(),
                swap.amount_out_raw(),
                quoted.amount_in_raw,
                quoted.amount_out_raw
            )
        })
    }

    pub(super) fn check_deadline(&self, deadline_s: u64, now_s: u64) -> Result<(), Refusal> {
        Rule::Validity.require(deadline_s >= now_s, || {
            format!(
                "the deadline {deadline_s} is past; it is {now_s}. Ask again with a later deadline, and compare the \
                 clocks if this one was meant to be in the future."
            )
        })?;
        let latest = now_s.saturating_add(self.max_validity_s);
        Rule::Validity.require(deadline_s <= latest, || {
            format!(
                "the deadline {deadline_s} is more than {} s away; it is {now_s}. Choose an earlier deadline, or raise \
                 max_validity_s and start the signer again.",
                self.max_validity_s
            )
        })
    }

    pub(super) fn check_approve(
        &self,
        token: Address,
        approve: &Approve,
        quoted: &Quoted,
    ) -> Result<(), Refusal> {
        let (given, wanted) = (approve.amount_raw, quoted.amount_in_raw);
        Rule::ApprovalAmount.require(self.routers.contains(&approve.spender), || {
            format!(
                "only a listed router may be approved, not {}",
                approve.spender
            )
        })?;
        Rule::UnlimitedApproval.require(given <= wanted && given != U256::MAX, || {
            format!(
                "the approval of {given} is more than the {wanted} that the step spends; approve exactly that"
            )
        })?;
        Rule::ApprovalAmount.require(given == wanted, || {
            format!("the approval of {given} is not the exact amount {wanted}")
        })?;
        self.token(token).map(drop)
    }
}

pub(super) fn check_noop(quoted: &Quoted) -> Result<(), Refusal> {
    let zeros = quoted.amount_in_raw.is_zero() && quoted.amount_out_raw.is_zero();
    Rule::QuoteMismatch.require(zeros, || {
        "a no-op trades nothing, so both quoted amounts must be 0".to_owned()
    })
}
