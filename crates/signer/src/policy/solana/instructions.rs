//! Instruction by instruction: each one is known and allowed, or the transaction is refused.

use super::flows::Flows;
use super::unlisted_mints::Unlisted;
use super::{
    NATIVE, RECEIPT_LAMPORTS, Receipt, ReceiptNeed, SOLANA_CHAIN_ID, SolanaAsk, SolanaPolicy, TopUp,
};
use crate::fault::{Refusal, Rule};
use serde_json::{Value, json};
use tradewind_core::decode::solana::{
    AccountKey, COMPUTE_BUDGET_PROGRAM, Call, Flash, Instruction, Key, Meaning, SYSTEM_PROGRAM,
    TOKEN_PROGRAM, Venue, WRAPPED_SOL,
};
use tradewind_core::evm::Exact;

/// The rent of a token account, with all that Token-2022 may add to an associated one: 328 bytes at 6,960 lamports.
pub(super) const ACCOUNT_RENT_LAMPORTS: u64 = 2_282_880;

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
    pub(super) unlisted: Option<Unlisted<'a>>,
    pub(super) units: Option<u32>,
    pub(super) unit_price_micro_lamports: Option<u64>,
    pub(super) tip_lamports: Option<u64>,
    pub(super) rents_lamports: u64,
    receipt: Option<Key>,
    pub(super) borrowed: Option<(usize, Flash)>,
    pub(super) repaid: bool,
    pub(super) liquidated: bool,
    pub(super) loan: Option<(Key, u64)>,
    pub(super) legs: Vec<Leg>,
    pub(super) transfers: usize,
    pub(super) flows: Flows,
    pub(super) trade: Vec<Value>,
    pub(super) taken_back: Vec<String>,
    pub(super) topped_up: Option<TopUp>,
}

/// Where a message points.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) number: usize,
    pub(super) program: Key,
}

impl Place {
    pub(super) fn says(self, what: &str) -> String {
        format!("instruction {} ({}): {what}", self.number, self.program)
    }
}

impl<'a, 'b> Reading<'a, 'b> {
    pub(super) fn new(
        policy: &'a SolanaPolicy,
        ask: &'b SolanaAsk<'a>,
        own_keys: Vec<Key>,
        unlisted: Option<Unlisted<'a>>,
    ) -> Self {
        Self {
            policy,
            ask,
            own_keys,
            unlisted,
            units: None,
            unit_price_micro_lamports: None,
            tip_lamports: None,
            rents_lamports: 0,
            receipt: None,
            borrowed: None,
            repaid: false,
            liquidated: false,
            loan: None,
            legs: Vec::new(),
            transfers: 0,
            flows: Flows::default(),
            trade: Vec::new(),
            taken_back: Vec::new(),
            topped_up: None,
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
        match self.ask.receipt {
            ReceiptNeed::TakeBack => return self.take_back(place, instruction),
            ReceiptNeed::TopUp => return self.top_up(place, instruction),
            _ => {}
        }
        if let Some(venue) = Venue::of(place.program) {
            return self.swap(place, venue, instruction);
        }
        let call = instruction
            .call()
            .map_err(|error| Rule::InstructionNotAllowed.refuse(place.says(&error.to_string())))?;
        match call {
            Some(Call::Refresh) => self.refresh(place, instruction),
            Some(Call::Liquidate(call)) => self.liquidate(place, instruction, &call),
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
            Call::TransferWithSeed { .. } => Err(not_allowed(
                place,
                "receipts are taken back by a transaction of their own; ask for `sign_reclaim`",
            )),
            Call::CreateTokenAccount {
                payer,
                account,
                wallet,
                mint,
                token_program,
            } => {
                self.require_wallet(place, "who pays", payer)?;
                self.require_wallet(place, "the owner", wallet)?;
                self.create_token_account(place, account, (mint, token_program))
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
            // Read with all of their accounts.
            Call::Refresh | Call::Liquidate(_) => Ok(()),
        }
    }

    fn create_token_account(
        &mut self,
        place: Place,
        account: AccountKey,
        (mint, token_program): (AccountKey, AccountKey),
    ) -> Result<(), Refusal> {
        let mint = known(place, "the mint", mint)?;
        let account = known(place, "the new account", account)?;
        let program = known(place, "the token program", token_program)?;
        let unlisted = self.unlisted.as_ref().filter(|it| it.mint == mint);
        let is_collateral = program == TOKEN_PROGRAM
            && self
                .policy
                .is_collateral_account(self.ask.wallet, mint, account);
        if let Some(unlisted) = unlisted {
            Rule::InstructionNotAllowed.require(unlisted.holds(account, Some(program)), || {
                place.says(&format!(
                    "the account must be the wallet's own for {mint}, under a token program of \
                     [chains.{SOLANA_CHAIN_ID}.unlisted_mints].token_programs"
                ))
            })?;
        } else if !is_collateral {
            let token = self.policy.token(mint)?;
            let own = self.own_account(place, "the new account", AccountKey::Known(account))?;
            Rule::InstructionNotAllowed.require(own == mint && program == token.program, || {
                place.says(&format!(
                    "the account must be the wallet's own for {mint} under {}",
                    token.program
                ))
            })?;
        }
        self.rents_lamports = self.rents_lamports.saturating_add(ACCOUNT_RENT_LAMPORTS);
        Ok(())
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
            (ReceiptNeed::Any | ReceiptNeed::TakeBack | ReceiptNeed::TopUp, _) => Ok(()),
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

    fn require_wrapped(&self, place: Place, account: AccountKey) -> Result<(), Refusal> {
        let own = self.own_account(place, "the account", account)?;
        Rule::InstructionNotAllowed
            .require(own == WRAPPED_SOL && place.program == TOKEN_PROGRAM, || {
                place.says("only the wallet's wrapped SOL account is synced or closed")
            })
    }

    pub(super) fn require_wallet(
        &self,
        place: Place,
        what: &str,
        key: AccountKey,
    ) -> Result<(), Refusal> {
        let key = known(place, what, key)?;
        Rule::SwapAccounts.require(key == self.ask.wallet, || {
            place.says(&format!(
                "{what} is {key}, not the wallet {}",
                self.ask.wallet
            ))
        })
    }

    /// The mint of a token account that must be the wallet's own.
    pub(super) fn own_account(
        &self,
        place: Place,
        what: &str,
        key: AccountKey,
    ) -> Result<Key, Refusal> {
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

pub(super) fn known(place: Place, what: &str, key: AccountKey) -> Result<Key, Refusal> {
    key.known().ok_or_else(|| {
        Rule::LookupTable.refuse(place.says(&format!(
            "{what} comes from a lookup table that is not pinned; put it among the transaction's own keys, or pin the \
             table in signer.toml"
        )))
    })
}

pub(super) fn not_allowed(place: Place, what: &str) -> Refusal {
    Rule::InstructionNotAllowed.refuse(place.says(what))
}
