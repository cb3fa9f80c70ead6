//! `Mint` and `TokenAccount`: what the two token programs store, strictly decoded.
//!
//! Source: `Mint` (82 bytes), `Account` (165) and `Multisig` (355) of the SPL Token program; Token-2022 keeps them
//! and appends its extensions.

use super::extensions::{self, KIND_OFFSET};
use super::{AccountFields, TransferFee, TransferFees};
use crate::ChainAddress;
use crate::decode::solana;
use crate::pools::{Account, PoolError};

/// The SPL Token program.
pub const TOKEN_PROGRAM: ChainAddress = solana::TOKEN_PROGRAM.address();

/// The Token-2022 program.
pub const TOKEN_2022_PROGRAM: ChainAddress = solana::TOKEN_2022_PROGRAM.address();

const MINT_BYTES: usize = 82;
const ACCOUNT_BYTES: usize = 165;
const MULTISIG_BYTES: usize = 355;

/// A mint, as far as a swap depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mint {
    /// Its address.
    pub address: ChainAddress,
    /// [`TOKEN_PROGRAM`] or [`TOKEN_2022_PROGRAM`].
    pub program: ChainAddress,
    /// Places behind the point of a whole token.
    pub decimals: u8,
    /// All there is, in raw units.
    pub supply_raw: u64,
    /// What transfers cost, by epoch.
    pub transfer_fees: TransferFees,
}

impl Mint {
    /// Decodes a mint of either program; `pool` is named by a refusal.
    ///
    /// # Errors
    /// `account_malformed`; `unsupported_feature` for an extension that changes a transfer in a way that is not
    /// modelled (a hook with a program, non-transferable tokens, confidential minting, unknown ones);
    /// `swaps_disabled` while the mint is paused.
    pub fn decode(pool: ChainAddress, account: &Account<'_>) -> Result<Self, PoolError> {
        let fields = AccountFields::new(account);
        let extended = check_length(account, &fields, MINT_BYTES)?;
        check_option(&fields, "mint_authority", 0)?;
        check_option(&fields, "freeze_authority", 46)?;
        if !fields.flag("is_initialized", 45)? {
            return Err(
                fields.malformed("is_initialized", "the mint is not initialized".to_owned())
            );
        }
        let padding = fields.data().get(MINT_BYTES..KIND_OFFSET);
        if extended && padding.is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0)) {
            let fault = "bytes 82 to 165 of a mint must be zero".to_owned();
            return Err(fields.malformed("padding", fault));
        }
        Ok(Self {
            address: account.address,
            program: account.owner,
            decimals: fields.u8("decimals", 44)?,
            supply_raw: fields.u64("supply", 36)?,
            transfer_fees: if extended {
                extensions::of_mint(pool, &fields)?
            } else {
                TransferFees::NONE
            },
        })
    }

    /// The fee on a transfer in an epoch.
    #[must_use]
    pub fn transfer_fee(&self, epoch: u64) -> TransferFee {
        self.transfer_fees.at(epoch)
    }
}

/// A token account, as far as a swap depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenAccount {
    /// Its address.
    pub address: ChainAddress,
    /// [`TOKEN_PROGRAM`] or [`TOKEN_2022_PROGRAM`].
    pub program: ChainAddress,
    /// Of which token.
    pub mint: ChainAddress,
    /// Who may send from it.
    pub authority: ChainAddress,
    /// The balance, in raw units; withheld fees are not in it.
    pub amount_raw: u64,
}

impl TokenAccount {
    /// Decodes a token account of either program; `pool` is named by a refusal.
    ///
    /// # Errors
    /// `account_malformed`; `unsupported_feature` for an extension that would stop or change a transfer to or
    /// from it (confidential balances, a required memo, a lock against programs, unknown ones);
    /// `swaps_disabled` while it is frozen.
    pub fn decode(pool: ChainAddress, account: &Account<'_>) -> Result<Self, PoolError> {
        let fields = AccountFields::new(account);
        let extended = check_length(account, &fields, ACCOUNT_BYTES)?;
        check_option(&fields, "delegate", 72)?;
        check_option(&fields, "is_native", 109)?;
        check_option(&fields, "close_authority", 129)?;
        match fields.u8("state", 108)? {
            1 => {}
            2 => {
                let reason = format!("token account {} is frozen", account.address);
                return Err(PoolError::SwapsDisabled { pool, reason });
            }
            0 => return Err(fields.malformed("state", "it is not initialized".to_owned())),
            other => {
                return Err(fields.malformed("state", format!("must be 0, 1 or 2, not {other}")));
            }
        }
        if extended {
            extensions::of_account(pool, &fields)?;
        }
        Ok(Self {
            address: account.address,
            program: account.owner,
            mint: fields.key("mint", 0)?,
            authority: fields.key("owner", 32)?,
            amount_raw: fields.u64("amount", 64)?,
        })
    }
}

/// Whether extensions follow.
fn check_length(
    account: &Account<'_>,
    fields: &AccountFields<'_>,
    base: usize,
) -> Result<bool, PoolError> {
    if account.owner != TOKEN_PROGRAM && account.owner != TOKEN_2022_PROGRAM {
        let fault = format!("must be a token program, not {}", account.owner);
        return Err(fields.malformed("owner program", fault));
    }
    let len = account.data.len();
    if len == base {
        return Ok(false);
    }
    if account.owner == TOKEN_2022_PROGRAM && len > KIND_OFFSET && len != MULTISIG_BYTES {
        return Ok(true);
    }
    let fault = format!("must be {base} bytes, or extensions behind byte 165, not {len}");
    Err(fields.malformed("data", fault))
}

/// The tag of an optional field: four bytes, 0 or 1.
fn check_option(
    fields: &AccountFields<'_>,
    field: &'static str,
    offset: usize,
) -> Result<(), PoolError> {
    match fields.u32(field, offset)? {
        0 | 1 => Ok(()),
        other => Err(fields.malformed(field, format!("its tag must be 0 or 1, not {other}"))),
    }
}
