//! What can be wrong with a transaction or a call of somebody else, each with a stable code.

use super::solana::Key;
use thiserror::Error;

/// A refusal by a decoder. Branch on [`DecodeError::code`], never on the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A type of transaction that is not decoded here.
    #[error(
        "raw: {name} (type 0x{kind:02x}) is not decoded; give an Ethereum transaction of type 0 to 4"
    )]
    TypeUnsupported {
        /// The type byte.
        kind: u8,
        /// What the type is called.
        name: &'static str,
    },
    /// Bytes that are no canonical transaction.
    #[error("{field}: {fault}; give the bytes as they were broadcast")]
    Malformed {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A signature that no chain accepts, or that recovers to no key.
    #[error("{field}: {fault}; the transaction cannot have been sent like this")]
    SignatureInvalid {
        /// The part of the signature.
        field: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A sender or a hash was asked of a transaction without a signature.
    #[error("signature: the transaction is not signed, so it has no sender; give the signed bytes")]
    Unsigned,
    /// Calldata of a known router function that the router could not read.
    #[error("data.{field}: {fault}; the router would revert")]
    CalldataMalformed {
        /// The argument.
        field: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Multicalls within multicalls, deeper than is followed, or the same bytes used over and over.
    #[error("data: {0}; no honest encoder writes this, so it is not followed further")]
    CalldataUnbounded(&'static str),
    /// A function that the router at this address does not have.
    #[error(
        "data: no single router has all functions that are called (selector 0x{0:08x}); check the table of routers"
    )]
    SelectorNotOfRouter(u32),
    /// A version of Solana's message format that is not decoded here.
    #[error("raw: version {0} transactions are not decoded; give a legacy or a version 0 one")]
    VersionUnsupported(u8),
    /// A lookup table that the caller did not give.
    #[error("lookup_tables: {0} is needed and was not given; add it with its addresses")]
    LookupTableMissing(Key),
    /// An index behind the end of a lookup table.
    #[error(
        "lookup_tables: {table} has {length} addresses and no index {index}; give its newer state"
    )]
    LookupIndexOutside {
        /// The table.
        table: Key,
        /// The index asked for.
        index: u8,
        /// How many addresses were given.
        length: usize,
    },
    /// An instruction of a known program that the program could not read.
    #[error("instruction.{field}: {fault}; the program would refuse it")]
    InstructionMalformed {
        /// The argument or account.
        field: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
}

impl DecodeError {
    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TypeUnsupported { .. } => "transaction_type_unsupported",
            Self::Malformed { .. } => "transaction_malformed",
            Self::SignatureInvalid { .. } => "signature_invalid",
            Self::Unsigned => "transaction_unsigned",
            Self::CalldataMalformed { .. } => "calldata_malformed",
            Self::CalldataUnbounded(_) => "calldata_unbounded",
            Self::SelectorNotOfRouter(_) => "selector_not_of_router",
            Self::VersionUnsupported(_) => "transaction_version_unsupported",
            Self::LookupTableMissing(_) => "lookup_table_missing",
            Self::LookupIndexOutside { .. } => "lookup_index_outside",
            Self::InstructionMalformed { .. } => "instruction_malformed",
        }
    }
}
