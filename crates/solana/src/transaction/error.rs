//! What a builder refuses, each with a stable code.

use crate::Key;
use std::fmt;
use thiserror::Error;

/// What would make a transaction fit that is too large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// The given tables are enough, in a version 0 message.
    UseV0 {
        /// The tables that it would read.
        tables: Vec<Key>,
    },
    /// A table that is already read, with more of these accounts in it.
    ExtendTable {
        /// The table.
        table: Key,
        /// How many accounts to add, at least.
        needed: usize,
        /// The accounts that may be added.
        accounts: Vec<Key>,
    },
    /// A further table with these accounts in it.
    AddTable {
        /// How many accounts it must hold, at least.
        needed: usize,
        /// The accounts that it may hold.
        accounts: Vec<Key>,
    },
    /// No table can: what is left must stand in the transaction itself.
    FewerInstructions,
}

impl fmt::Display for Remedy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UseV0 { tables } => {
                write!(
                    formatter,
                    "a version 0 message with {} fits",
                    listed(tables)
                )
            }
            Self::ExtendTable {
                table,
                needed,
                accounts,
            } => write!(
                formatter,
                "lookup table {table} would help with {needed} more of {}",
                listed(accounts)
            ),
            Self::AddTable { needed, accounts } => write!(
                formatter,
                "a lookup table would help that holds {needed} of {}",
                listed(accounts)
            ),
            Self::FewerInstructions => {
                formatter.write_str("no lookup table can help, send fewer instructions")
            }
        }
    }
}

fn listed(keys: &[Key]) -> String {
    let names: Vec<String> = keys.iter().map(Key::to_string).collect();
    names.join(", ")
}

/// A refusal by a builder. Branch on [`BuildError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BuildError {
    /// Nobody pays the fee.
    #[error("fee_payer: none is set; call set_fee_payer")]
    FeePayerMissing,
    /// Nothing limits the life of the transaction.
    #[error("recent_blockhash: none is set; call set_recent_blockhash")]
    BlockhashMissing,
    /// There is nothing to do.
    #[error("instructions: none was added; add at least one")]
    InstructionsMissing,
    /// The runtime refuses a second instruction of the same kind.
    #[error(
        "set_compute_budget: instruction {0} sets the compute budget already; set it in one place only"
    )]
    ComputeBudgetTwice(usize),
    /// The runtime refuses this.
    #[error("instructions[{0}].program: is the fee payer; name a program")]
    ProgramIsFeePayer(usize),
    /// More accounts than a transaction may lock.
    #[error(
        "accounts: {count} different ones, at most {limit} are allowed; split the transaction or raise account_limit"
    )]
    TooManyAccounts {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// More signers than the header of a message can tell.
    #[error("signers: {0} different ones, at most 127 can be told; split the transaction")]
    TooManySigners(usize),
    /// Data or accounts that no length field can tell.
    #[error("instructions[{instruction}].{field}: {length} of them, at most 65535; split it")]
    InstructionTooLong {
        /// Which instruction.
        instruction: usize,
        /// `data` or `accounts`.
        field: &'static str,
        /// How many bytes or accounts.
        length: usize,
    },
    /// More bytes than the network carries.
    #[error("size: {size_bytes} bytes, {over_bytes} above the limit of {limit_bytes}; {remedy}")]
    TooLarge {
        /// The size with all signatures.
        size_bytes: usize,
        /// The limit.
        limit_bytes: usize,
        /// The difference.
        over_bytes: usize,
        /// What would help.
        remedy: Remedy,
    },
    /// A table that cannot exist.
    #[error("lookup table {table}: {length} addresses, a table holds at most 256; give its state")]
    LookupTableTooLong {
        /// The table.
        table: Key,
        /// How many addresses were given.
        length: usize,
    },
    /// Not one signature for each signer.
    #[error("signatures: {given} given, {needed} needed; give one for each of signers, in order")]
    SignatureCount {
        /// How many were given.
        given: usize,
        /// How many the message asks for.
        needed: usize,
    },
}

impl BuildError {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FeePayerMissing => "fee_payer_missing",
            Self::BlockhashMissing => "blockhash_missing",
            Self::InstructionsMissing => "instructions_missing",
            Self::ComputeBudgetTwice(_) => "compute_budget_twice",
            Self::ProgramIsFeePayer(_) => "program_is_fee_payer",
            Self::TooManyAccounts { .. } => "too_many_accounts",
            Self::TooManySigners(_) => "too_many_signers",
            Self::InstructionTooLong { .. } => "instruction_too_long",
            Self::TooLarge { .. } => "transaction_too_large",
            Self::LookupTableTooLong { .. } => "lookup_table_too_long",
            Self::SignatureCount { .. } => "signature_count",
        }
    }
}
