//! `SwapCall`: one request with what the pool answers to it, from which a venue builds.

use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{
    Account, AccountSet, Direction, Exact, Pool, PoolError, PoolMath, PoolQuote, SwapAmounts,
};
use tradewind_core::solana::{AccountFields, Mint};

use super::{SwapError, SwapInstructions, SwapRequest, SwapSide, VenueOptions, key};
use crate::Key;
use crate::instruction::{AccountMeta, Instruction};

/// A request that the pool would fill now.
pub(super) struct SwapCall<'a> {
    /// The pool's account.
    pub(super) address: Key,
    pub(super) request: &'a SwapRequest,
    pub(super) options: &'a VenueOptions,
    /// Which of the pool's two tokens is paid in.
    pub(super) direction: Direction,
    pub(super) quote: PoolQuote,
}

impl<'a> SwapCall<'a> {
    /// # Errors
    /// Those of the pool's quote.
    pub(super) fn new(
        pool: &Pool,
        request: &'a SwapRequest,
        options: &'a VenueOptions,
    ) -> Result<Self, SwapError> {
        let address = |key: Key| ChainAddress::Solana(key.0);
        let pair = pool.pair(
            address(request.source.mint),
            address(request.destination.mint),
        )?;
        Ok(Self {
            address: key(pool.address()),
            request,
            options,
            direction: match pair.input {
                0 => Direction::ZeroForOne,
                _ => Direction::OneForZero,
            },
            quote: pool.quote(pair, request.exact, U256::from(request.amount_raw))?,
        })
    }

    /// Both sides in the pool's order of tokens.
    pub(super) fn sides(&self) -> [&'a SwapSide; 2] {
        match self.direction {
            Direction::ZeroForOne => [&self.request.source, &self.request.destination],
            Direction::OneForZero => [&self.request.destination, &self.request.source],
        }
    }

    /// A pair in the pool's order, as input and output.
    pub(super) fn in_and_out<T>(&self, pair: [T; 2]) -> (T, T) {
        self.direction.in_and_out(pair)
    }

    /// That both token accounts are kept by the programs that keep the pool's, in its order of tokens.
    ///
    /// # Errors
    /// `token_program_mismatch`.
    pub(super) fn check_token_programs(&self, programs: [Key; 2]) -> Result<(), SwapError> {
        let (expected_in, expected_out) = self.in_and_out(programs);
        let sides = [
            ("source", expected_in, &self.request.source),
            ("destination", expected_out, &self.request.destination),
        ];
        for (field, expected, side) in sides {
            if side.token_program != expected {
                return Err(SwapError::TokenProgramMismatch {
                    field,
                    pool: self.address,
                    expected,
                    given: side.token_program,
                });
            }
        }
        Ok(())
    }

    /// The exact amount and the limit in the order of programs that put the amount of the input first.
    pub(super) fn input_first(&self) -> [u64; 2] {
        let (amount, limit) = (self.request.amount_raw, self.request.limit_raw);
        match self.request.exact {
            Exact::In => [amount, limit],
            Exact::Out => [limit, amount],
        }
    }

    /// How many arrays are named where the quote passes `needed` of them.
    ///
    /// # Errors
    /// `too_many_arrays`.
    pub(super) fn named_arrays(&self, needed: usize) -> Result<usize, SwapError> {
        let most = usize::from(self.options.most_arrays);
        if needed > most {
            return Err(SwapError::TooManyArrays { needed, most });
        }
        Ok(needed.saturating_add(self.spare_arrays(needed)))
    }

    /// How many spare arrays still fit beside those that are named.
    pub(super) fn spare_arrays(&self, named: usize) -> usize {
        let room = usize::from(self.options.most_arrays).saturating_sub(named);
        room.min(usize::from(self.options.spare_arrays))
    }

    /// One instruction, which needs both of the trader's token accounts and makes no account.
    pub(super) fn instructions(
        &self,
        program: Key,
        accounts: Vec<AccountMeta>,
        data: Vec<u8>,
        compute_units: u32,
    ) -> SwapInstructions {
        let SwapRequest {
            source,
            destination,
            ..
        } = self.request;
        SwapInstructions {
            instructions: vec![Instruction {
                program,
                accounts,
                data,
            }],
            must_exist: vec![source.token_account, destination.token_account],
            may_create: Vec::new(),
            moves_native_sol: false,
            compute_units,
            quoted: SwapAmounts {
                amount_in_raw: self.quote.amount_in_raw,
                amount_out_raw: self.quote.amount_out_raw,
            },
        }
    }
}

/// A tag or a discriminator, and two amounts behind it.
pub(super) fn two_amounts(tag: &[u8], amounts: [u64; 2]) -> Vec<u8> {
    let mut data = tag.to_vec();
    for amount in amounts {
        data.extend(amount.to_le_bytes());
    }
    data
}

/// An account that was read with the pool.
///
/// # Errors
/// `account_missing`.
pub(super) fn given<'s, 'a>(
    pool: ChainAddress,
    accounts: &'s AccountSet<'a>,
    account: ChainAddress,
    role: &'static str,
) -> Result<&'s Account<'a>, SwapError> {
    let missing = PoolError::AccountMissing {
        pool,
        account,
        role,
    };
    Ok(accounts.get(&account).ok_or(missing)?)
}

/// The bytes of an account that a program must own.
///
/// # Errors
/// `account_missing`, `account_malformed`.
pub(super) fn owned<'a>(
    pool: ChainAddress,
    accounts: &AccountSet<'a>,
    account: ChainAddress,
    role: &'static str,
    program: Key,
) -> Result<AccountFields<'a>, SwapError> {
    let account = given(pool, accounts, account, role)?;
    let fields = AccountFields::new(account);
    if key(account.owner) != program {
        let fault = format!("must be {program}, not {}", account.owner);
        return Err(fields.malformed("owner program", fault).into());
    }
    Ok(fields)
}

/// The program that keeps a mint.
///
/// # Errors
/// `account_missing`, and those of [`Mint::decode`].
pub(super) fn mint_program(
    pool: ChainAddress,
    accounts: &AccountSet<'_>,
    mint: ChainAddress,
) -> Result<Key, SwapError> {
    let mint = Mint::decode(pool, given(pool, accounts, mint, "a mint")?)?;
    Ok(key(mint.program))
}
