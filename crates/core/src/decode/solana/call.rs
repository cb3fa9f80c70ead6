//! The instructions around a swap: accounts made and closed, tokens moved, flash loans and liquidations of Kamino.
//!
//! Read strictly: trailing bytes, which the programs would ignore, are refused, because whoever signs must know every
//! byte. Layouts: `solana-system-interface` 2.0 (bincode), `spl-associated-token-account` 7.0, `spl-token` 8.0 (the same
//! tags in Token-2022), `klend` @edd5ff5.

use super::instruction::{Arguments, Instruction, refused};
use super::lending::Liquidated;
use super::{AccountKey, Key};
use crate::decode::DecodeError;

/// The system program, and so the owner of accounts that hold lamports only.
pub const SYSTEM_PROGRAM: Key = Key([0; 32]);
/// The compute budget program.
pub const COMPUTE_BUDGET_PROGRAM: Key =
    Key::constant("ComputeBudget111111111111111111111111111111");
/// SPL Token.
pub const TOKEN_PROGRAM: Key = Key::constant("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// Token-2022.
pub const TOKEN_2022_PROGRAM: Key = Key::constant("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
/// The program of associated token accounts.
pub const ASSOCIATED_TOKEN_PROGRAM: Key =
    Key::constant("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
/// Kamino's lending program.
pub const KAMINO_PROGRAM: Key = Key::constant("KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD");
/// SOL as a token of the SPL Token program.
pub const WRAPPED_SOL: Key = Key::constant("So11111111111111111111111111111111111111112");
/// SOL as a token of Token-2022.
pub const WRAPPED_SOL_2022: Key = Key::constant("9pan9bMn5HatX4EJdBwg9VgCa7Uz5HL8N1m5D3NdXejP");

const TRANSFER: [u8; 4] = [2, 0, 0, 0];
const CREATE_ACCOUNT_WITH_SEED: [u8; 4] = [3, 0, 0, 0];
const TRANSFER_WITH_SEED: [u8; 4] = [11, 0, 0, 0];
const FLASH_BORROW: [u8; 8] = [0x87, 0xe7, 0x34, 0xa7, 0x07, 0x34, 0xd4, 0xc1];
const FLASH_REPAY: [u8; 8] = [0xb9, 0x75, 0x00, 0xcb, 0x60, 0xf5, 0xb4, 0xba];
const FLASH_ACCOUNTS: usize = 12;

/// What such an instruction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call<'a> {
    /// Lamports from one account to another.
    Transfer {
        /// Who pays.
        from: AccountKey,
        /// Who gets them.
        to: AccountKey,
        /// How much.
        lamports: u64,
    },
    /// A new account at an address that follows from `base`, `seed` and `owner`.
    CreateAccountWithSeed {
        /// Who pays.
        payer: AccountKey,
        /// The new account.
        account: AccountKey,
        /// Whose signature the address needs.
        base: Key,
        /// Text that tells the accounts of one base apart.
        seed: &'a [u8],
        /// What it gets.
        lamports: u64,
        /// How many bytes it holds.
        space: u64,
        /// The program that owns it.
        owner: Key,
    },
    /// Lamports of an account at an address that follows from `base`, `seed` and `owner`.
    TransferWithSeed {
        /// Who pays.
        from: AccountKey,
        /// Whose signature the address needs.
        base: AccountKey,
        /// Who gets them.
        to: AccountKey,
        /// Text that tells the accounts of one base apart.
        seed: &'a [u8],
        /// How much.
        lamports: u64,
        /// The program that owns the account.
        owner: Key,
    },
    /// An associated token account, made unless it is there.
    CreateTokenAccount {
        /// Who pays.
        payer: AccountKey,
        /// The token account.
        account: AccountKey,
        /// Whose it is.
        wallet: AccountKey,
        /// Of which mint.
        mint: AccountKey,
        /// The token program.
        token_program: AccountKey,
    },
    /// Counts the lamports of a wrapped SOL account.
    SyncNative {
        /// The token account.
        account: AccountKey,
    },
    /// Closes a token account.
    CloseAccount {
        /// The token account.
        account: AccountKey,
        /// Who gets its lamports.
        to: AccountKey,
        /// Who may close it.
        authority: AccountKey,
    },
    /// Tokens from one account to another.
    TransferChecked {
        /// From where.
        from: AccountKey,
        /// Of which mint.
        mint: AccountKey,
        /// Where to.
        to: AccountKey,
        /// Who may spend them.
        authority: AccountKey,
        /// How much, in raw units.
        amount_raw: u64,
    },
    /// A loan that has to be repaid in the same transaction.
    FlashBorrow(Flash),
    /// Its repayment.
    FlashRepay {
        /// The same facts as the loan's.
        flash: Flash,
        /// The place of the loan among the transaction's instructions.
        borrow_index: u8,
    },
    /// Interest and prices of a reserve, or of a loan, brought up to date.
    Refresh,
    /// A debt repaid, and its collateral received.
    Liquidate(Liquidated),
}

/// The facts that a flash loan and its repayment share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flash {
    /// Who signs for the user's account.
    pub authority: AccountKey,
    /// From which reserve.
    pub reserve: AccountKey,
    /// Of which mint.
    pub mint: AccountKey,
    /// The user's token account.
    pub account: AccountKey,
    /// How much, in raw units.
    pub amount_raw: u64,
}

impl<'a> Instruction<'a> {
    /// What it does, if it is one of those above; None for any other instruction.
    ///
    /// # Errors
    /// `instruction_malformed` when bytes or accounts are missing, or bytes are left over.
    pub fn call(&self) -> Result<Option<Call<'a>>, DecodeError> {
        match self.program {
            SYSTEM_PROGRAM => self.system_call(),
            ASSOCIATED_TOKEN_PROGRAM => self.token_account_call(),
            TOKEN_PROGRAM | TOKEN_2022_PROGRAM => self.token_call(),
            KAMINO_PROGRAM => self.kamino_call(),
            _ => Ok(None),
        }
    }

    fn system_call(&self) -> Result<Option<Call<'a>>, DecodeError> {
        if let Some(rest) = self.data.strip_prefix(&TRANSFER) {
            let mut arguments = Arguments(rest);
            let lamports = arguments.u64("lamports")?;
            finished(&arguments)?;
            return Ok(Some(Call::Transfer {
                from: self.account(0, "from")?,
                to: self.account(1, "to")?,
                lamports,
            }));
        }
        if let Some(rest) = self.data.strip_prefix(&TRANSFER_WITH_SEED) {
            return self.transfer_with_seed(rest).map(Some);
        }
        let Some(rest) = self.data.strip_prefix(&CREATE_ACCOUNT_WITH_SEED) else {
            return Ok(None);
        };
        let (base, rest) = key(rest, "base")?;
        let (seed, rest) = text(rest, "seed")?;
        let mut arguments = Arguments(rest);
        let (lamports, space) = (arguments.u64("lamports")?, arguments.u64("space")?);
        let (owner, rest) = key(arguments.0, "owner")?;
        finished(&Arguments(rest))?;
        Ok(Some(Call::CreateAccountWithSeed {
            payer: self.account(0, "payer")?,
            account: self.account(1, "account")?,
            base,
            seed,
            lamports,
            space,
            owner,
        }))
    }

    fn transfer_with_seed(&self, rest: &'a [u8]) -> Result<Call<'a>, DecodeError> {
        let mut arguments = Arguments(rest);
        let lamports = arguments.u64("lamports")?;
        let (seed, rest) = text(arguments.0, "seed")?;
        let (owner, rest) = key(rest, "owner")?;
        finished(&Arguments(rest))?;
        Ok(Call::TransferWithSeed {
            from: self.account(0, "from")?,
            base: self.account(1, "base")?,
            to: self.account(2, "to")?,
            seed,
            lamports,
            owner,
        })
    }

    /// Only the idempotent form: the other one fails where an account is there already.
    fn token_account_call(&self) -> Result<Option<Call<'a>>, DecodeError> {
        if self.data != [1] {
            return Ok(None);
        }
        Ok(Some(Call::CreateTokenAccount {
            payer: self.account(0, "payer")?,
            account: self.account(1, "account")?,
            wallet: self.account(2, "wallet")?,
            mint: self.account(3, "mint")?,
            token_program: self.account(5, "token_program")?,
        }))
    }

    fn token_call(&self) -> Result<Option<Call<'a>>, DecodeError> {
        match self.data {
            [17] => Ok(Some(Call::SyncNative {
                account: self.account(0, "account")?,
            })),
            [9] => Ok(Some(Call::CloseAccount {
                account: self.account(0, "account")?,
                to: self.account(1, "to")?,
                authority: self.account(2, "authority")?,
            })),
            [12, rest @ ..] if rest.len() == 9 => Ok(Some(Call::TransferChecked {
                from: self.account(0, "from")?,
                mint: self.account(1, "mint")?,
                to: self.account(2, "to")?,
                authority: self.account(3, "authority")?,
                amount_raw: Arguments(rest).u64("amount")?,
            })),
            _ => Ok(None),
        }
    }

    fn kamino_call(&self) -> Result<Option<Call<'a>>, DecodeError> {
        let (tag, rest) = match self.data.split_first_chunk() {
            Some((&FLASH_BORROW, rest)) => (FLASH_BORROW, rest),
            Some((&FLASH_REPAY, rest)) => (FLASH_REPAY, rest),
            _ => return self.lending_call(),
        };
        if self.accounts.len() != FLASH_ACCOUNTS {
            return Err(refused("accounts", "not 12"));
        }
        let mut arguments = Arguments(rest);
        let flash = Flash {
            authority: self.account(0, "authority")?,
            reserve: self.account(3, "reserve")?,
            mint: self.account(4, "mint")?,
            account: self.account(6, "account")?,
            amount_raw: arguments.u64("amount")?,
        };
        if tag == FLASH_BORROW {
            finished(&arguments)?;
            return Ok(Some(Call::FlashBorrow(flash)));
        }
        let [borrow_index] = arguments.0 else {
            return Err(refused("borrow_index", "not the last byte"));
        };
        Ok(Some(Call::FlashRepay {
            flash,
            borrow_index: *borrow_index,
        }))
    }
}

fn key<'a>(bytes: &'a [u8], field: &'static str) -> Result<(Key, &'a [u8]), DecodeError> {
    let (key, rest) = bytes
        .split_first_chunk()
        .ok_or(refused(field, "cut short"))?;
    Ok((Key(*key), rest))
}

/// Bytes behind their own length, as bincode writes them.
fn text<'a>(bytes: &'a [u8], field: &'static str) -> Result<(&'a [u8], &'a [u8]), DecodeError> {
    let mut arguments = Arguments(bytes);
    let length = usize::try_from(arguments.u64(field)?).unwrap_or(usize::MAX);
    arguments
        .0
        .split_at_checked(length)
        .ok_or(refused(field, "cut short"))
}

pub(super) fn finished(arguments: &Arguments<'_>) -> Result<(), DecodeError> {
    if arguments.0.is_empty() {
        Ok(())
    } else {
        Err(refused("data", "bytes behind its end"))
    }
}
