//! One call of a program: which, on which accounts, with which data.

use crate::Key;

/// An account as an instruction names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountMeta {
    /// Its address.
    pub key: Key,
    /// Whether it must have signed the transaction.
    pub is_signer: bool,
    /// Whether the program may change it.
    pub is_writable: bool,
}

impl AccountMeta {
    /// May be changed, and has not signed.
    #[must_use]
    pub const fn writable(key: Key) -> Self {
        Self {
            key,
            is_signer: false,
            is_writable: true,
        }
    }

    /// Is only read, and has not signed.
    #[must_use]
    pub const fn readonly(key: Key) -> Self {
        Self {
            key,
            is_signer: false,
            is_writable: false,
        }
    }

    /// The same, which has signed.
    #[must_use]
    pub const fn signer(self) -> Self {
        Self {
            is_signer: true,
            ..self
        }
    }
}

/// A program call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The program.
    pub program: Key,
    /// In the order in which the program reads them.
    pub accounts: Vec<AccountMeta>,
    /// As the program decodes it.
    pub data: Vec<u8>,
}
