//! Token accounts of a wallet: their addresses, making and closing them, and SOL as a token.
//!
//! Source: the interfaces of the associated token account program (data `01`: make it unless it is there) and of
//! the two token programs (`09` close, `11` hex sync native).

use crate::Key;
use crate::instruction::{AccountMeta, Instruction};
use crate::system::{SYSTEM_PROGRAM, transfer};
use tradewind_core::ChainAddress;
pub use tradewind_core::decode::solana::{
    ASSOCIATED_TOKEN_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, WRAPPED_SOL, WRAPPED_SOL_2022,
};
use tradewind_core::solana::program_address;

/// The two programs that keep tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenProgram {
    /// SPL Token.
    Token,
    /// Token-2022.
    Token2022,
}

impl TokenProgram {
    /// Its address.
    #[must_use]
    pub const fn key(self) -> Key {
        match self {
            Self::Token => TOKEN_PROGRAM,
            Self::Token2022 => TOKEN_2022_PROGRAM,
        }
    }

    /// The program at an address, if it is one of the two.
    #[must_use]
    pub fn of(key: Key) -> Option<Self> {
        [Self::Token, Self::Token2022]
            .into_iter()
            .find(|program| program.key() == key)
    }

    /// The mint of its wrapped SOL.
    #[must_use]
    pub const fn wrapped_sol(self) -> Key {
        match self {
            Self::Token => WRAPPED_SOL,
            Self::Token2022 => WRAPPED_SOL_2022,
        }
    }
}

/// The account of a wallet for a mint; None with a chance of one in `2**255`.
#[must_use]
pub fn token_account_address(owner: Key, mint: Key, program: TokenProgram) -> Option<Key> {
    let seeds: [&[u8]; 3] = [&owner.0, &program.key().0, &mint.0];
    let associated = ChainAddress::Solana(ASSOCIATED_TOKEN_PROGRAM.0);
    program_address(associated, &seeds)?.solana().map(Key)
}

/// Makes the account of a wallet for a mint unless it is there; the payer signs and pays its rent.
#[must_use]
pub fn create_token_account(
    payer: Key,
    owner: Key,
    mint: Key,
    program: TokenProgram,
) -> Option<Instruction> {
    let account = token_account_address(owner, mint, program)?;
    Some(Instruction {
        program: ASSOCIATED_TOKEN_PROGRAM,
        accounts: vec![
            AccountMeta::writable(payer).signer(),
            AccountMeta::writable(account),
            AccountMeta::readonly(owner),
            AccountMeta::readonly(mint),
            AccountMeta::readonly(SYSTEM_PROGRAM),
            AccountMeta::readonly(program.key()),
        ],
        data: vec![1],
    })
}

/// Counts the lamports above its rent as the balance of a wrapped SOL account.
#[must_use]
pub fn sync_native(account: Key, program: TokenProgram) -> Instruction {
    Instruction {
        program: program.key(),
        accounts: vec![AccountMeta::writable(account)],
        data: vec![17],
    }
}

/// Puts lamports of a wallet into its wrapped SOL account, which must be there.
#[must_use]
pub fn wrap_sol(owner: Key, lamports: u64, program: TokenProgram) -> Option<[Instruction; 2]> {
    let account = token_account_address(owner, program.wrapped_sol(), program)?;
    Some([
        transfer(owner, account, lamports),
        sync_native(account, program),
    ])
}

/// Closes an account that holds no tokens, or only wrapped SOL; its lamports go to the destination. Its owner signs.
#[must_use]
pub fn close_token_account(
    account: Key,
    destination: Key,
    owner: Key,
    program: TokenProgram,
) -> Instruction {
    Instruction {
        program: program.key(),
        accounts: vec![
            AccountMeta::writable(account),
            AccountMeta::writable(destination),
            AccountMeta::readonly(owner).signer(),
        ],
        data: vec![9],
    }
}
