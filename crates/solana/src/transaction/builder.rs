//! `TransactionBuilder`: collects what a transaction is made from, and makes it.

use super::accounts::Accounts;
use super::lookup_table::choose;
use super::message::{Plan, check_lengths};
use super::{BuildError, LookupTable, Remedy, UnsignedTransaction};
use crate::Key;
use crate::compute_budget::{is_limit_or_price, set_unit_limit, set_unit_price};
use crate::instruction::Instruction;
use tradewind_core::decode::solana::{SIZE_LIMIT_BYTES, Version};

/// Accounts that a transaction may lock on mainnet (`MAX_TX_ACCOUNT_LOCKS` of Agave before its feature
/// `increase_tx_account_lock_limit`).
const ACCOUNT_LIMIT: usize = 64;

/// Which format of message is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageFormat {
    /// Version 0 when a lookup table pays, legacy otherwise: two bytes fewer.
    #[default]
    Smallest,
    /// Always version 0.
    V0,
    /// Always legacy: no table is read.
    Legacy,
}

/// What a transaction will weigh, known before its blockhash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedSize {
    /// Bytes on the wire with all signatures.
    pub size_bytes: usize,
    /// The limit that was set.
    pub size_limit_bytes: usize,
    /// How many sign.
    pub required_signatures: usize,
    /// How many accounts it locks.
    pub account_count: usize,
    /// The lookup tables that pay.
    pub lookup_tables: Vec<Key>,
}

impl PlannedSize {
    /// Whether it is within its limit.
    #[must_use]
    pub const fn fits(&self) -> bool {
        self.size_bytes <= self.size_limit_bytes
    }
}

/// Makes transactions; each call returns the builder again.
#[derive(Debug, Clone)]
pub struct TransactionBuilder {
    instructions: Vec<Instruction>,
    budget: Vec<Instruction>,
    fee_payer: Option<Key>,
    recent_blockhash: Option<Key>,
    lookup_tables: Vec<LookupTable>,
    kept_static: Vec<Key>,
    format: MessageFormat,
    size_limit_bytes: usize,
    account_limit: usize,
}

impl Default for TransactionBuilder {
    fn default() -> Self {
        Self {
            instructions: Vec::new(),
            budget: Vec::new(),
            fee_payer: None,
            recent_blockhash: None,
            lookup_tables: Vec::new(),
            kept_static: Vec::new(),
            format: MessageFormat::default(),
            size_limit_bytes: SIZE_LIMIT_BYTES,
            account_limit: ACCOUNT_LIMIT,
        }
    }
}

impl TransactionBuilder {
    /// Empty, with the limits of the network.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one instruction behind those that are there.
    pub fn add_instruction(&mut self, instruction: Instruction) -> &mut Self {
        self.instructions.push(instruction);
        self
    }

    /// Adds instructions in their order.
    pub fn add_instructions(
        &mut self,
        instructions: impl IntoIterator<Item = Instruction>,
    ) -> &mut Self {
        self.instructions.extend(instructions);
        self
    }

    /// The compute units that it may use and what each of them pays. Always the first two instructions, in
    /// whatever order things are added; a second call replaces the first.
    pub fn set_compute_budget(
        &mut self,
        unit_limit: u32,
        micro_lamports_per_unit: u64,
    ) -> &mut Self {
        self.budget = vec![
            set_unit_limit(unit_limit),
            set_unit_price(micro_lamports_per_unit),
        ];
        self
    }

    /// Who pays the fee; signs first, and may be changed.
    pub fn set_fee_payer(&mut self, fee_payer: Key) -> &mut Self {
        self.fee_payer = Some(fee_payer);
        self
    }

    /// The blockhash that limits its life.
    pub fn set_recent_blockhash(&mut self, recent_blockhash: Key) -> &mut Self {
        self.recent_blockhash = Some(recent_blockhash);
        self
    }

    /// Offers a lookup table; it is read only if that pays. The same table again is its newer state.
    pub fn add_lookup_table(&mut self, table: LookupTable) -> &mut Self {
        self.lookup_tables
            .retain(|known| known.address() != table.address());
        self.lookup_tables.push(table);
        self
    }

    /// Never reads this account through a lookup table. Jito's tip accounts, signers and programs never are.
    pub fn keep_static(&mut self, account: Key) -> &mut Self {
        self.kept_static.push(account);
        self
    }

    /// Which format of message is made.
    pub fn message_format(&mut self, format: MessageFormat) -> &mut Self {
        self.format = format;
        self
    }

    /// Most bytes on the wire; 1,232 unless set.
    pub fn size_limit(&mut self, bytes: usize) -> &mut Self {
        self.size_limit_bytes = bytes;
        self
    }

    /// Most accounts that it may lock; 64 unless set, never more than 256.
    pub fn account_limit(&mut self, accounts: usize) -> &mut Self {
        self.account_limit = accounts;
        self
    }

    /// What the transaction will weigh. Needs no blockhash, and does not judge the size.
    ///
    /// # Errors
    /// `fee_payer_missing`, `instructions_missing`, `compute_budget_twice`, `program_is_fee_payer`,
    /// `too_many_accounts`, `too_many_signers`, `instruction_too_long`.
    pub fn planned_size(&self) -> Result<PlannedSize, BuildError> {
        let plan = self.plan(self.format)?;
        Ok(PlannedSize {
            size_bytes: plan.size_bytes(self.all()),
            size_limit_bytes: self.size_limit_bytes,
            required_signatures: plan.signers().len(),
            account_count: plan.account_count(),
            lookup_tables: plan.tables(),
        })
    }

    /// The transaction, ready to be signed.
    ///
    /// # Errors
    /// Those of [`Self::planned_size`], `blockhash_missing`, and `transaction_too_large`, which says by how much
    /// and what would help.
    pub fn build(&self) -> Result<UnsignedTransaction, BuildError> {
        let plan = self.plan(self.format)?;
        let recent_blockhash = self.recent_blockhash.ok_or(BuildError::BlockhashMissing)?;
        self.write(&plan, recent_blockhash)
    }

    /// The transaction with a blockhash that a template replaces.
    pub(crate) fn build_with(
        &self,
        recent_blockhash: Key,
    ) -> Result<UnsignedTransaction, BuildError> {
        self.write(&self.plan(self.format)?, recent_blockhash)
    }

    /// How many instructions stand in front of those that were added.
    pub(crate) fn budget_instructions(&self) -> usize {
        self.budget.len()
    }

    fn all(&self) -> Instructions<'_> {
        Instructions {
            budget: self.budget.iter(),
            added: self.instructions.iter(),
        }
    }

    fn plan(&self, format: MessageFormat) -> Result<Plan<'_>, BuildError> {
        let payer = self.fee_payer.ok_or(BuildError::FeePayerMissing)?;
        self.check_instructions(payer)?;
        let accounts = Accounts::collect(payer, self.all(), &self.kept_static);
        accounts.check(self.account_limit)?;
        let tables = match format {
            MessageFormat::Legacy => Vec::new(),
            MessageFormat::Smallest | MessageFormat::V0 => choose(&accounts, &self.lookup_tables),
        };
        let version = if tables.is_empty() && format != MessageFormat::V0 {
            Version::Legacy
        } else {
            Version::V0
        };
        Ok(Plan::new(accounts, &tables, version))
    }

    fn check_instructions(&self, payer: Key) -> Result<(), BuildError> {
        if self.instructions.is_empty() {
            return Err(BuildError::InstructionsMissing);
        }
        for (at, instruction) in self.instructions.iter().enumerate() {
            if instruction.program == payer {
                return Err(BuildError::ProgramIsFeePayer(at));
            }
            if !self.budget.is_empty() && is_limit_or_price(instruction) {
                return Err(BuildError::ComputeBudgetTwice(at));
            }
        }
        check_lengths(self.instructions.iter())
    }

    fn write(
        &self,
        plan: &Plan<'_>,
        recent_blockhash: Key,
    ) -> Result<UnsignedTransaction, BuildError> {
        let size_bytes = plan.size_bytes(self.all());
        let over_bytes = size_bytes.saturating_sub(self.size_limit_bytes);
        if over_bytes > 0 {
            return Err(BuildError::TooLarge {
                size_bytes,
                limit_bytes: self.size_limit_bytes,
                over_bytes,
                remedy: self.remedy(plan, over_bytes),
            });
        }
        let (message, layout) = plan.write(recent_blockhash, self.all());
        Ok(UnsignedTransaction {
            message,
            layout,
            version: plan.version(),
            signers: plan.signers().to_vec(),
            lookup_tables: plan.tables(),
            recent_blockhash,
        })
    }

    fn remedy(&self, plan: &Plan<'_>, over_bytes: usize) -> Remedy {
        if self.format == MessageFormat::Legacy
            && let Ok(smaller) = self.plan(MessageFormat::V0)
            && smaller.size_bytes(self.all()) <= self.size_limit_bytes
        {
            return Remedy::UseV0 {
                tables: smaller.tables(),
            };
        }
        let accounts = plan.could_be_looked_up();
        // Each account that a table holds saves 32 bytes and costs one.
        let extended = over_bytes.div_ceil(31);
        if let Some(table) = plan.first_table()
            && extended <= accounts.len().min(table.free())
        {
            return Remedy::ExtendTable {
                table: table.address(),
                needed: extended,
                accounts,
            };
        }
        // A further table costs its address and two lengths; the first one, the version and a count besides.
        let version = if plan.version() == Version::V0 { 0 } else { 2 };
        let needed = (over_bytes + 34 + version).div_ceil(31);
        if needed <= accounts.len() {
            return Remedy::AddTable { needed, accounts };
        }
        Remedy::FewerInstructions
    }
}

/// The budget's instructions and then those that were added.
#[derive(Clone)]
struct Instructions<'a> {
    budget: std::slice::Iter<'a, Instruction>,
    added: std::slice::Iter<'a, Instruction>,
}

impl<'a> Iterator for Instructions<'a> {
    type Item = &'a Instruction;

    fn next(&mut self) -> Option<Self::Item> {
        self.budget.next().or_else(|| self.added.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let length = self.budget.len() + self.added.len();
        (length, Some(length))
    }
}

impl ExactSizeIterator for Instructions<'_> {}
