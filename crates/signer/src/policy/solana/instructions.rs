//! Instruction by instruction: each one is known and allowed, or the transaction is refused.

use super::flows::Flows;
use super::{
    NATIVE, RECEIPT_LAMPORTS, Receipt, ReceiptNeed, SOLANA_CHAIN_ID, SolanaAsk, SolanaPolicy,
};
use crate::fault::{Refusal, Rule};
use serde_json::{Value, json};
use tradewind_core::decode::solana::{
    AccountKey, COMPUTE_BUDGET_PROGRAM, Call, Flash, Instruction, Key, Meaning, SYSTEM_PROGRAM,
    Swap, TOKEN_PROGRAM, Venue, WRAPPED_SOL,
};
use tradewind_core::evm::Exact;

const BPS: u128 = 10_000;
/// The rent of a token account, with all that Token-2022 may add to an associated one: 328 bytes at 6,960 lamports.
const ACCOUNT_RENT_LAMPORTS: u64 = 2_282_880;

/// One leg of a trade.
pub(super) struct Leg {
    pub(super) exact: Exact,
    pub(super) mint_in: Key,
    pub(super) max_in_raw: u64,
}

/// What was read of a transaction so far.
pub(super) struct Reading<'a, 'b> {
    pub(super) policy: &'a SolanaPolicy,
    pub(super) ask: &'b SolanaAsk<'a>,
    own_keys: Vec<Key>,
    pub(super) units: Option<u32>,
    pub(super) unit_price_micro_lamports: Option<u64>,
    pub(super) tip_lamports: Option<u64>,
    pub(super) rents_lamports: u64,
    receipt: Option<Key>,
    borrowed: Option<(usize, Flash)>,
    repaid: bool,
    pub(super) loan: Option<(Key, u64)>,
    pub(super) legs: Vec<Leg>,
    pub(super) transfers: usize,
    pub(super) flows: Flows,
    pub(super) trade: Vec<Value>,
}

/// Where a message points.
#[derive(Clone, Copy)]
struct Place {
    number: usize,
    program: Key,
}

impl Place {
    fn says(self, what: &str) -> String {
        format!("instruction {} ({}): {what}", self.number, self.program)
    }
}

impl<'a, 'b> Reading<'a, 'b> {
    pub(super) fn new(
        policy: &'a SolanaPolicy,
        ask: &'b SolanaAsk<'a>,
        own_keys: Vec<Key>,
    ) -> Self {
        Self {
            policy,
            ask,
            own_keys,
            units: None,
            unit_price_micro_lamports: None,
            tip_lamports: None,
            rents_lamports: 0,
            receipt: None,
            borrowed: None,
            repaid: false,
            loan: None,
            legs: Vec::new(),
            transfers: 0,
            flows: Flows::default(),
            trade: Vec::new(),
        }
    }

    pub(super) fn take(
        &mut self,
        number: usize,
        instruction: &Instruction<'_>,
    ) -> Result<(), Refusal> {
        let place = Place {
            number,
            program: instruction.program,
        };
        Rule::ProgramNotAllowed.require(self.policy.programs.contains(&place.program), || {
            place.says(&format!(
                "the program is not listed; leave the instruction out, or list it in [chains.{SOLANA_CHAIN_ID}].programs"
            ))
        })?;
        if place.program == COMPUTE_BUDGET_PROGRAM {
            return self.compute_budget(place, instruction);
        }
        if let Some(venue) = Venue::of(place.program) {
            return self.swap(place, venue, instruction);
        }
        let call = instruction
            .call()
            .map_err(|error| Rule::InstructionNotAllowed.refuse(place.says(&error.to_string())))?;
        match call {
            Some(call) => self.call(place, &call),
            None => Err(not_allowed(
                place,
                "this instruction of the program is never signed; leave it out",
            )),
        }
    }

    fn compute_budget(&mut self, place: Place, it: &Instruction<'_>) -> Result<(), Refusal> {
        let meaning = it
            .meaning()
            .map_err(|error| Rule::InstructionNotAllowed.refuse(place.says(&error.to_string())))?;
        let again = match (meaning, it.data.len()) {
            (Meaning::ComputeUnitLimit(units), 5) => self.units.replace(units).is_some(),
            (Meaning::ComputeUnitPrice(price), 9) => {
                self.unit_price_micro_lamports.replace(price).is_some()
            }
            _ => {
                return Err(not_allowed(
                    place,
                    "only the compute unit limit and price are signed; leave it out",
                ));
            }
        };
        if again {
            return Err(not_allowed(place, "is there twice; leave one out"));
        }
        Ok(())
    }

    fn call(&mut self, place: Place, call: &Call<'_>) -> Result<(), Refusal> {
        match *call {
            Call::Transfer { from, to, lamports } => {
                self.require_wallet(place, "who pays", from)?;
                self.transfer(place, known(place, "who gets lamports", to)?, lamports)
            }
            Call::CreateAccountWithSeed { .. } => self.create_receipt(place, call),
            Call::CreateTokenAccount {
                payer,
                account,
                wallet,
                mint,
                token_program,
            } => {
                self.require_wallet(place, "who pays", payer)?;
                self.require_wallet(place, "the owner", wallet)?;
                let mint = known(place, "the mint", mint)?;
                let token = self.policy.token(mint)?;
                let own = self.own_account(place, "the new account", account)?;
                let fits = own == mint && token_program == AccountKey::Known(token.program);
                Rule::InstructionNotAllowed.require(fits, || {
                    place.says(&format!(
                        "the account must be the wallet's own for {mint} under {}",
                        token.program
                    ))
                })?;
                self.rents_lamports = self.rents_lamports.saturating_add(ACCOUNT_RENT_LAMPORTS);
                Ok(())
            }
            Call::SyncNative { account } => self.require_wrapped(place, account),
            Call::CloseAccount {
                account,
                to,
                authority,
            } => {
                self.require_wallet(place, "who gets the lamports", to)?;
                self.require_wallet(place, "the authority", authority)?;
                self.require_wrapped(place, account)
            }
            Call::TransferChecked {
                from,
                mint,
                to,
                authority,
                amount_raw,
            } => self.transfer_tokens(place, (from, mint, to, authority), amount_raw),
            Call::FlashBorrow(flash) => self.borrow(place, flash),
            Call::FlashRepay {
                flash,
                borrow_index,
            } => self.repay(place, flash, borrow_index),
        }
    }

    /// Lamports go to a tip account, to the wallet's own wrapped SOL, or to a listed recipient.
    fn transfer(&mut self, place: Place, to: Key, lamports: u64) -> Result<(), Refusal> {
        if self.policy.tip_accounts.contains(&to) {
            return self.tip(place, to, lamports);
        }
        if self
            .policy
            .accounts
            .get(to)
            .is_some_and(|held| held.owner == self.ask.wallet && held.mint == WRAPPED_SOL)
        {
            return Ok(());
        }
        Rule::Recipient.require(self.policy.recipients.contains(&to), || {
            place.says(&format!(
                "{lamports} lamports would go to {to}, which is neither a tip account, nor the wallet's wrapped SOL, \
                 nor a listed recipient"
            ))
        })?;
        self.transfers += 1;
        self.flows.leave(NATIVE, lamports);
        self.trade
            .push(json!(["transfer", to.to_string(), lamports]));
        Ok(())
    }

    fn tip(&mut self, place: Place, to: Key, lamports: u64) -> Result<(), Refusal> {
        Rule::TipCap.require(self.own_keys.contains(&to), || {
            place.says("the tip account comes from a lookup table; put it among the transaction's own keys")
        })?;
        Rule::TipCap.require(self.tip_lamports.is_none(), || {
            place.says("is a second tip; give one")
        })?;
        let cap = self.policy.max_tip_lamports;
        Rule::TipCap.require(lamports <= cap, || {
            place.says(&format!(
                "the tip of {lamports} lamports is above the cap of {cap}"
            ))
        })?;
        self.tip_lamports = Some(lamports);
        Ok(())
    }

    fn create_receipt(&mut self, place: Place, call: &Call<'_>) -> Result<(), Refusal> {
        let Call::CreateAccountWithSeed {
            payer,
            account,
            base,
            seed,
            lamports,
            space,
            owner,
        } = *call
        else {
            return Ok(());
        };
        let wallet = self.ask.wallet;
        self.require_wallet(place, "who pays", payer)?;
        let account = known(place, "the new account", account)?;
        let plain = base == wallet
            && owner == SYSTEM_PROGRAM
            && space == 0
            && lamports == RECEIPT_LAMPORTS
            && std::str::from_utf8(seed)
                .is_ok_and(|seed| Receipt::of(wallet, seed).address == account);
        Rule::Receipt.require(plain && self.receipt.is_none(), || {
            place.says(&format!(
                "only one account is created, the step's receipt: base the wallet, space 0, {RECEIPT_LAMPORTS} \
                 lamports, owner the system program"
            ))
        })?;
        self.receipt = Some(account);
        self.rents_lamports = self.rents_lamports.saturating_add(lamports);
        Ok(())
    }

    pub(super) fn require_receipt(&self) -> Result<(), Refusal> {
        match (self.ask.receipt, self.receipt) {
            (ReceiptNeed::Just(receipt), created) => {
                Rule::Receipt.require(created == Some(receipt.address), || {
                    format!(
                        "every attempt of the step must create its receipt {} (seed {}); ask for `receipt` and build \
                         it in",
                        receipt.address, receipt.seed
                    )
                })
            }
            (ReceiptNeed::Nothing, created) => Rule::Receipt.require(created.is_none(), || {
                "the transaction creates a receipt, and the step has none; ask for `receipt` before the first attempt"
                    .to_owned()
            }),
            (ReceiptNeed::Any, _) => Ok(()),
        }
    }

    fn transfer_tokens(
        &mut self,
        place: Place,
        (from, mint, to, authority): (AccountKey, AccountKey, AccountKey, AccountKey),
        amount_raw: u64,
    ) -> Result<(), Refusal> {
        self.require_wallet(place, "the authority", authority)?;
        let own = self.own_account(place, "the source", from)?;
        let token = self.policy.token(own)?;
        let to = known(place, "who gets tokens", to)?;
        let listed =
            self.policy.accounts.get(to).is_some_and(|held| {
                held.mint == own && self.policy.recipients.contains(&held.owner)
            });
        Rule::Recipient.require(listed, || {
            place.says(&format!(
                "{amount_raw} of {own} would go to {to}, which is no listed recipient's account for it"
            ))
        })?;
        let fits = mint == AccountKey::Known(own) && place.program == token.program;
        Rule::InstructionNotAllowed.require(fits, || {
            place.says("mint and token program must be those of the source")
        })?;
        self.transfers += 1;
        self.flows.leave(own, amount_raw);
        self.trade
            .push(json!(["transfer", to.to_string(), amount_raw]));
        Ok(())
    }

    fn swap(&mut self, place: Place, venue: Venue, it: &Instruction<'_>) -> Result<(), Refusal> {
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

    /// The listed mint of the wallet's own account on one side of a swap.
    fn side(
        &self,
        place: Place,
        venue: Venue,
        what: &str,
        account: Option<AccountKey>,
        mint: Option<AccountKey>,
    ) -> Result<Key, Refusal> {
        let own = match account {
            Some(account) => self.own_account(place, what, account)?,
            None if venue == Venue::PumpCurve => NATIVE,
            None => {
                return Err(not_allowed(
                    place,
                    "the swap does not tell its token accounts",
                ));
            }
        };
        self.policy.token(own)?;
        let said = mint.and_then(AccountKey::known);
        let fits = own == NATIVE || said.is_none_or(|said| said == own);
        Rule::SwapAccounts.require(fits, || {
            place.says(&format!(
                "{what} is an account for {own}, and the instruction names another mint"
            ))
        })?;
        Ok(own)
    }

    /// No other place of a swap holds anything of the wallet's.
    fn require_strangers(
        &self,
        place: Place,
        it: &Instruction<'_>,
        swap: &Swap,
    ) -> Result<(), Refusal> {
        let expected = [Some(swap.user), swap.account_in, swap.account_out];
        let expected = expected.into_iter().flatten().count();
        let own = it.accounts.iter().filter(|account| {
            let key = account.key.known();
            key.is_some_and(|key| self.policy.is_own(key, self.ask.wallet))
        });
        Rule::SwapAccounts.require(own.count() == expected, || {
            place.says(
                "an account of the wallet stands where the swap expects somebody else's; only the trader, the source \
                 and the destination are the wallet's",
            )
        })
    }

    fn borrow(&mut self, place: Place, flash: Flash) -> Result<(), Refusal> {
        self.require_wallet(place, "the borrower", flash.authority)?;
        let reserve = known(place, "the reserve", flash.reserve)?;
        let own = self.own_account(place, "the borrower's account", flash.account)?;
        self.policy.token(own)?;
        let fee_bps = self.policy.flash_reserves.get(&reserve).copied();
        let fee_bps = fee_bps.ok_or_else(|| {
            Rule::FlashLoan.refuse(place.says(&format!(
                "the reserve {reserve} is not listed in [chains.{SOLANA_CHAIN_ID}].flash_reserves"
            )))
        })?;
        let fits = self.borrowed.is_none() && flash.mint == AccountKey::Known(own);
        Rule::FlashLoan.require(fits, || {
            place.says("one loan a transaction, of the mint of the borrower's account")
        })?;
        let scaled = u128::from(flash.amount_raw) * u128::from(fee_bps);
        let fee_raw = scaled.div_ceil(BPS).max(u128::from(fee_bps.min(1)));
        self.flows
            .leave(own, u64::try_from(fee_raw).unwrap_or(u64::MAX));
        self.loan = Some((own, flash.amount_raw));
        self.borrowed = Some((place.number, flash));
        self.trade
            .push(json!(["flash_loan", reserve.to_string(), flash.amount_raw]));
        Ok(())
    }

    fn repay(&mut self, place: Place, flash: Flash, borrow_index: u8) -> Result<(), Refusal> {
        let fits = !self.repaid && self.borrowed == Some((usize::from(borrow_index), flash));
        Rule::FlashLoan.require(fits, || {
            place.says("must repay the loan before it: the same amount, reserve and account, and its number")
        })?;
        self.repaid = true;
        Ok(())
    }

    pub(super) fn require_repaid(&self) -> Result<(), Refusal> {
        Rule::FlashLoan.require(self.borrowed.is_some() == self.repaid, || {
            "the flash loan is not repaid; add the repayment with the same amount".to_owned()
        })
    }

    fn require_wrapped(&self, place: Place, account: AccountKey) -> Result<(), Refusal> {
        let own = self.own_account(place, "the account", account)?;
        Rule::InstructionNotAllowed
            .require(own == WRAPPED_SOL && place.program == TOKEN_PROGRAM, || {
                place.says("only the wallet's wrapped SOL account is synced or closed")
            })
    }

    fn require_wallet(&self, place: Place, what: &str, key: AccountKey) -> Result<(), Refusal> {
        let key = known(place, what, key)?;
        Rule::SwapAccounts.require(key == self.ask.wallet, || {
            place.says(&format!(
                "{what} is {key}, not the wallet {}",
                self.ask.wallet
            ))
        })
    }

    /// The mint of a token account that must be the wallet's own.
    fn own_account(&self, place: Place, what: &str, key: AccountKey) -> Result<Key, Refusal> {
        let key = known(place, what, key)?;
        let held = self.policy.accounts.get(key);
        let own = held.filter(|held| held.owner == self.ask.wallet);
        own.map(|held| held.mint).ok_or_else(|| {
            Rule::SwapAccounts.refuse(place.says(&format!(
                "{what} is {key}, which is not the wallet's associated account of a listed mint"
            )))
        })
    }
}

fn known(place: Place, what: &str, key: AccountKey) -> Result<Key, Refusal> {
    key.known().ok_or_else(|| {
        Rule::LookupTable.refuse(place.says(&format!(
            "{what} comes from a lookup table that is not pinned; put it among the transaction's own keys, or pin the \
             table in signer.toml"
        )))
    })
}

/// How many accounts a swap may make at the trader's cost: the trader's record of volume, and on the AMM three token
/// accounts for those who share the fee. None is larger than a token account of Token-2022.
fn accounts_made(venue: Venue) -> u64 {
    match venue {
        Venue::PumpSwap => 4,
        Venue::PumpCurve => 1,
        _ => 0,
    }
}

fn not_allowed(place: Place, what: &str) -> Refusal {
    Rule::InstructionNotAllowed.refuse(place.says(what))
}

fn named(key: AccountKey) -> String {
    match key {
        AccountKey::Known(key) => key.to_string(),
        AccountKey::Unresolved { table, index } => format!("{table}[{index}]"),
    }
}
