//! Instructions with their accounts, and what those of known programs mean.

use super::call::{COMPUTE_BUDGET_PROGRAM, SYSTEM_PROGRAM};
use super::swap::{self, Swap, Venue};
use super::{Account, AccountKey, Key, Transaction};
use crate::decode::DecodeError;

const SYSTEM_TRANSFER: [u8; 4] = [2, 0, 0, 0];

/// Jito's tip accounts: the PDAs `TIP_ACCOUNT_0` to `_7` of `T1pyyaTNZsKv2WcRAB8oVnk93mLJw2XzjtVYqCsaHqt`.
pub const TIP_ACCOUNTS: [Key; 8] = [
    Key::constant("96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5"),
    Key::constant("HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe"),
    Key::constant("Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY"),
    Key::constant("ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49"),
    Key::constant("DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh"),
    Key::constant("ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt"),
    Key::constant("DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL"),
    Key::constant("3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT"),
];

/// One instruction of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction<'a> {
    /// Whom it is for.
    pub program: Key,
    /// The accounts in the order that the program reads them.
    pub accounts: Vec<Account>,
    /// What the program is told.
    pub data: &'a [u8],
}

/// What an instruction asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// A swap on a known venue.
    Swap(Box<Swap>),
    /// Most compute units that the transaction may use.
    ComputeUnitLimit(u32),
    /// The priority fee in micro-lamports per compute unit.
    ComputeUnitPrice(u64),
    /// Bytes of heap for each program.
    HeapFrame(u32),
    /// Most bytes of account data that may be loaded.
    LoadedAccountsDataSizeLimit(u32),
    /// Lamports to one of Jito's tip accounts.
    JitoTip {
        /// Who pays.
        from: AccountKey,
        /// Which tip account.
        to: Key,
        /// How much.
        lamports: u64,
    },
    /// Lamports to any other account.
    Transfer {
        /// Who pays.
        from: AccountKey,
        /// Who gets them.
        to: AccountKey,
        /// How much.
        lamports: u64,
    },
    /// An instruction of a known venue that is not read here.
    OtherOf(Venue),
    /// A program, or an instruction of a basic program, that is not read here.
    NotRead,
}

impl<'a> Transaction<'a> {
    /// The instructions in order, with accounts from [`Transaction::accounts`] or
    /// [`Transaction::accounts_as_named`].
    pub fn instructions<'b>(
        &'b self,
        accounts: &'b [Account],
    ) -> impl Iterator<Item = Instruction<'a>> + 'b {
        self.instructions.iter().filter_map(|compiled| {
            let program = accounts.get(usize::from(compiled.program_index))?;
            let picked = compiled.accounts.iter();
            Some(Instruction {
                program: program.key.known()?,
                accounts: picked
                    .filter_map(|index| accounts.get(usize::from(*index)).copied())
                    .collect(),
                data: compiled.data,
            })
        })
    }
}

impl Instruction<'_> {
    /// What it asks for, read as its program reads it: bytes behind the arguments are ignored.
    ///
    /// # Errors
    /// `instruction_malformed` when the program would refuse it.
    pub fn meaning(&self) -> Result<Meaning, DecodeError> {
        match self.program {
            COMPUTE_BUDGET_PROGRAM => compute_budget(self.data),
            SYSTEM_PROGRAM => self.system(),
            _ => swap::read(self),
        }
    }

    fn system(&self) -> Result<Meaning, DecodeError> {
        let Some(mut arguments) = self.data.strip_prefix(&SYSTEM_TRANSFER).map(Arguments) else {
            return Ok(Meaning::NotRead);
        };
        let lamports = arguments.u64("lamports")?;
        let (from, to) = (self.account(0, "from")?, self.account(1, "to")?);
        Ok(match to {
            AccountKey::Known(to) if TIP_ACCOUNTS.contains(&to) => {
                Meaning::JitoTip { from, to, lamports }
            }
            _ => Meaning::Transfer { from, to, lamports },
        })
    }

    pub(super) fn account(
        &self,
        index: usize,
        field: &'static str,
    ) -> Result<AccountKey, DecodeError> {
        let account = self.accounts.get(index);
        account
            .map(|account| account.key)
            .ok_or(refused(field, "missing among the accounts"))
    }
}

/// `solana-compute-budget-interface` 3.0: one byte, then the value.
fn compute_budget(data: &[u8]) -> Result<Meaning, DecodeError> {
    let Some((tag, rest)) = data.split_first() else {
        return Err(refused("data", "empty"));
    };
    let mut arguments = Arguments(rest);
    Ok(match tag {
        1 => Meaning::HeapFrame(arguments.u32("bytes")?),
        2 => Meaning::ComputeUnitLimit(arguments.u32("units")?),
        3 => Meaning::ComputeUnitPrice(arguments.u64("micro_lamports")?),
        4 => Meaning::LoadedAccountsDataSizeLimit(arguments.u32("bytes")?),
        _ => Meaning::NotRead,
    })
}

pub(super) const fn refused(field: &'static str, fault: &'static str) -> DecodeError {
    DecodeError::InstructionMalformed { field, fault }
}

/// Little-endian arguments behind a tag or a discriminator.
pub(super) struct Arguments<'a>(pub(super) &'a [u8]);

impl Arguments<'_> {
    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let (value, rest) = self
            .0
            .split_first_chunk()
            .ok_or(refused(field, "cut short"))?;
        self.0 = rest;
        Ok(*value)
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        self.array(field).map(u64::from_le_bytes)
    }

    pub(super) fn u128(&mut self, field: &'static str) -> Result<u128, DecodeError> {
        self.array(field).map(u128::from_le_bytes)
    }

    pub(super) fn bool(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        match self.array(field)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(refused(field, "neither true nor false")),
        }
    }
}
