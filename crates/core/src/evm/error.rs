//! What can be wrong with an address, calldata or a transaction, each with a stable code.

use thiserror::Error;

/// A refusal by an encoder or a decoder. Branch on [`EvmError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvmError {
    /// Not "0x" and 40 hex digits.
    #[error("{field}: an address is 0x and 40 hex digits, not {value:?}")]
    AddressMalformed {
        /// Name of the argument.
        field: &'static str,
        /// What was given, cut to 64 characters.
        value: String,
    },
    /// Mixed case that is not the EIP-55 case.
    #[error(
        "{field}: the capital letters of {value} do not match its EIP-55 checksum; check it for a typing mistake, or give it in lower case"
    )]
    AddressChecksum {
        /// Name of the argument.
        field: &'static str,
        /// What was given.
        value: String,
    },
    /// Tokens and fees that do not make a path.
    #[error("path: {0}")]
    PathMalformed(String),
    /// Legs that do not make one swap.
    #[error("legs: {0}")]
    LegsMalformed(String),
    /// A swap whose amounts cannot be what the trader meant.
    #[error("{field}: must be greater than zero{why}")]
    AmountZero {
        /// Name of the argument.
        field: &'static str,
        /// Why zero is dangerous, with its own leading punctuation, or nothing.
        why: &'static str,
    },
    /// A recipient that the router replaces by another address.
    #[error(
        "recipient: {0} has a meaning of its own to the router; name the address that shall receive the tokens"
    )]
    RecipientReserved(alloy_primitives::Address),
    /// A signature whose recovery value is neither 27 nor 28.
    #[error("v: must be 27 or 28, not {0}")]
    RecoveryValue(u8),
    /// Calldata that the encoder here would not have written.
    #[error("data: not a call this program makes ({0})")]
    CalldataNotRecognised(&'static str),
    /// A transaction of another type than 2.
    #[error(
        "raw: {0} transactions are not supported; send an EIP-1559 (type 2) transaction instead"
    )]
    TransactionTypeUnsupported(String),
    /// Bytes that are no canonical type 2 transaction.
    #[error("raw: not a canonical EIP-1559 transaction ({0})")]
    TransactionMalformed(String),
}

impl EvmError {
    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AddressMalformed { .. } => "address_malformed",
            Self::AddressChecksum { .. } => "address_checksum",
            Self::PathMalformed(_) => "path_malformed",
            Self::LegsMalformed(_) => "legs_malformed",
            Self::AmountZero { .. } => "amount_zero",
            Self::RecipientReserved(_) => "recipient_reserved",
            Self::RecoveryValue(_) => "recovery_value",
            Self::CalldataNotRecognised(_) => "calldata_not_recognised",
            Self::TransactionTypeUnsupported(_) => "transaction_type_unsupported",
            Self::TransactionMalformed(_) => "transaction_malformed",
        }
    }
}
