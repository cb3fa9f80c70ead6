//! Swaps: between the wallet's own accounts of listed mints, with strangers everywhere else.

use super::NATIVE;
use super::instructions::{ACCOUNT_RENT_LAMPORTS, Leg, Place, Reading, not_allowed};
use crate::fault::{Refusal, Rule};
use serde_json::json;
use tradewind_core::decode::solana::{
    AccountKey, Instruction, Key, Meaning, Swap, Venue, WRAPPED_SOL,
};
use tradewind_core::evm::Exact;

impl Reading<'_, '_> {
    pub(super) fn swap(
        &mut self,
        place: Place,
        venue: Venue,
        it: &Instruction<'_>,
    ) -> Result<(), Refusal> {
        let meaning = it
            .meaning()
            .map_err(|error| Rule::InstructionNotAllowed.refuse(place.says(&error.to_string())))?;
        let Meaning::Swap(swap) = meaning else {
            let what = format!(
                "is no swap of {} that is read here; leave it out",
                venue.name()
            );
            return Err(not_allowed(place, &what));
        };
        // The program takes any account between the two hops, and the second hop spends from it.
        Rule::InstructionNotAllowed.require(swap.function != "two_hop_swap", || {
            place.says("its accounts between the two hops can be anybody's; use two_hop_swap_v2")
        })?;
        self.require_wallet(place, "who trades", swap.user)?;
        let mint_in = self.side(place, venue, "the source", swap.account_in, swap.mint_in)?;
        let mint_out = self.side(
            place,
            venue,
            "the destination",
            swap.account_out,
            swap.mint_out,
        )?;
        Rule::SwapAccounts.require(mint_in != mint_out, || {
            place.says("source and destination are the same")
        })?;
        self.require_strangers(place, it, &swap)?;
        let (max_in_raw, min_out_raw) = match swap.exact {
            Exact::In => (swap.amount_raw, swap.limit_raw),
            Exact::Out => (swap.limit_raw, swap.amount_raw),
        };
        let whole =
            swap.exact == Exact::In || swap.sqrt_price_limits_x64.iter().all(|limit| *limit == 0);
        Rule::InstructionNotAllowed.require(whole, || {
            place.says("an exact output with a price limit can bring less; give no price limit")
        })?;
        let rents = ACCOUNT_RENT_LAMPORTS.saturating_mul(accounts_made(venue));
        self.rents_lamports = self.rents_lamports.saturating_add(rents);
        self.flows.leave(mint_in, max_in_raw);
        self.flows.come(mint_out, min_out_raw);
        self.legs.push(Leg {
            exact: swap.exact,
            mint_in,
            max_in_raw,
        });
        self.trade.push(json!([
            place.program.to_string(),
            swap.function,
            swap.pools.iter().copied().map(named).collect::<Vec<_>>(),
            mint_in.to_string(),
            mint_out.to_string(),
        ]));
        Ok(())
    }

    /// The mint of the wallet's own account on one side of a swap: a listed one, or the transaction's unlisted one.
    fn side(
        &self,
        place: Place,
        venue: Venue,
        what: &str,
        account: Option<AccountKey>,
        mint: Option<AccountKey>,
    ) -> Result<Key, Refusal> {
        let own = match account {
            Some(account) => match self.own_side(place, what, account)? {
                // Its newer forms name the account of wrapped SOL, and move lamports all the same.
                WRAPPED_SOL if venue == Venue::PumpCurve => NATIVE,
                mint => mint,
            },
            None if venue == Venue::PumpCurve => NATIVE,
            None => {
                return Err(not_allowed(
                    place,
                    "the swap does not tell its token accounts",
                ));
            }
        };
        if self.is_unlisted(own) {
            self.require_unlisted_venue(place, venue)?;
        } else {
            self.policy.token(own)?;
        }
        let said = mint.and_then(AccountKey::known);
        let fits = own == NATIVE || said.is_none_or(|said| said == own);
        Rule::SwapAccounts.require(fits, || {
            place.says(&format!(
                "{what} is an account for {own}, and the instruction names another mint"
            ))
        })?;
        Ok(own)
    }

    fn own_side(&self, place: Place, what: &str, account: AccountKey) -> Result<Key, Refusal> {
        self.unlisted_side(account)
            .map_or_else(|| self.own_account(place, what, account), Ok)
    }

    /// No other place of a swap holds anything of the wallet's.
    fn require_strangers(
        &self,
        place: Place,
        it: &Instruction<'_>,
        swap: &Swap,
    ) -> Result<(), Refusal> {
        let expected = [Some(swap.user), swap.account_in, swap.account_out];
        self.require_own(place, it, expected.into_iter().flatten().count())
    }

    /// So many of the instruction's accounts are the wallet, or hold something of it.
    pub(super) fn require_own(
        &self,
        place: Place,
        it: &Instruction<'_>,
        expected: usize,
    ) -> Result<(), Refusal> {
        let own = it.accounts.iter().filter(|account| {
            let key = account.key.known();
            let unlisted = self.unlisted.as_ref();
            key.is_some_and(|key| self.policy.is_own(key, self.ask.wallet, unlisted))
        });
        Rule::SwapAccounts.require(own.count() == expected, || {
            place.says(
                "an account of the wallet stands where the program expects somebody else's; only who trades, the source \
                 and the destination are the wallet's",
            )
        })
    }
}

/// How many accounts a swap may make at the trader's cost: the trader's record of volume, and token accounts for those
/// who share the fee, three on the AMM and four on the curve. None is larger than a token account of Token-2022.
fn accounts_made(venue: Venue) -> u64 {
    match venue {
        Venue::PumpSwap => 4,
        Venue::PumpCurve => 5,
        _ => 0,
    }
}

fn named(key: AccountKey) -> String {
    match key {
        AccountKey::Known(key) => key.to_string(),
        AccountKey::Unresolved { table, index } => format!("{table}[{index}]"),
    }
}
