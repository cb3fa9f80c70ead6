//! What Token-2022 appends to a mint or token account, and which of it is refused.
//!
//! Source: `ExtensionType` and the TLV reader of the Token-2022 program. Behind the 165 bytes of a token account
//! (a mint is padded to them) stands one byte, 1 for a mint and 2 for a token account; then type, length
//! (u16 each) and value, again and again, until type 0 or until no type fits any more.
//!
//! Read or harmless, because no amount of a transfer depends on it: authorities, pointers, metadata, groups,
//! interest and scale (both are display only), the confidential extensions of a mint (they touch confidential
//! balances alone), a default state (of new accounts), a transfer hook without a program.

use super::AccountFields;
use super::transfer_fee::{EpochTransferFee, TransferFees};
use crate::ChainAddress;
use crate::pools::PoolError;

/// Where the byte that tells mints from token accounts stands.
pub(super) const KIND_OFFSET: usize = 165;

/// Which of the two is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Mint = 1,
    Account = 2,
}

/// Reads the extensions of a mint.
///
/// # Errors
/// `account_malformed`; `unsupported_feature` for what would change or stop a transfer.
pub(super) fn of_mint(
    pool: ChainAddress,
    fields: &AccountFields<'_>,
) -> Result<TransferFees, PoolError> {
    let mut fees = TransferFees::NONE;
    each(fields, Kind::Mint, |extension| {
        let len = match extension.number {
            1 => {
                fees = transfer_fees(fields, &extension)?;
                108
            }
            14 => {
                refuse_hook(pool, fields, &extension)?;
                64
            }
            26 => {
                if fields.flag("pausable.paused", extension.offset + 32)? {
                    return Err(disabled(
                        pool,
                        format!("mint {} is paused", fields.address()),
                    ));
                }
                33
            }
            3 | 12 => 32,
            4 => 65,
            6 => 1,
            10 => 52,
            16 => 129,
            18 | 20 | 22 => 64,
            19 => extension.len,
            21 => 80,
            23 => 72,
            25 => 56,
            9 => return Err(refused(pool, fields, "non-transferable tokens")),
            24 => return Err(refused(pool, fields, "confidential mint and burn")),
            other => return Err(unknown(pool, fields, other)),
        };
        extension.expect_len(fields, len)
    })?;
    Ok(fees)
}

/// Reads the extensions of a token account.
///
/// # Errors
/// `account_malformed`; `unsupported_feature` for what would change or stop a transfer.
pub(super) fn of_account(pool: ChainAddress, fields: &AccountFields<'_>) -> Result<(), PoolError> {
    each(fields, Kind::Account, |extension| {
        let len = match extension.number {
            2 => 8,
            7 | 27 => 0,
            8 | 11 => {
                if fields.flag("extension", extension.offset)? {
                    let feature = match extension.number {
                        8 => "a required memo on each transfer",
                        _ => "a lock against transfers by programs",
                    };
                    return Err(refused(pool, fields, feature));
                }
                1
            }
            15 => 1,
            5 => return Err(refused(pool, fields, "confidential balances")),
            13 => return Err(refused(pool, fields, "non-transferable tokens")),
            17 => return Err(refused(pool, fields, "confidential fees")),
            other => return Err(unknown(pool, fields, other)),
        };
        extension.expect_len(fields, len)
    })
}

/// One entry: what it is, and where its value stands.
struct Extension {
    number: u16,
    offset: usize,
    len: usize,
}

impl Extension {
    fn expect_len(&self, fields: &AccountFields<'_>, len: usize) -> Result<(), PoolError> {
        if self.len == len {
            return Ok(());
        }
        let Self {
            number, len: found, ..
        } = self;
        Err(fields.malformed(
            "extensions",
            format!("extension {number} must be {len} bytes, not {found}"),
        ))
    }
}

fn each(
    fields: &AccountFields<'_>,
    kind: Kind,
    mut visit: impl FnMut(Extension) -> Result<(), PoolError>,
) -> Result<(), PoolError> {
    let found = fields.u8("account_type", KIND_OFFSET)?;
    if found != kind as u8 {
        let fault = format!("must be {}, not {found}", kind as u8);
        return Err(fields.malformed("account_type", fault));
    }
    let end = fields.data().len();
    let mut offset = KIND_OFFSET + 1;
    let mut seen = 0_u64;
    while offset + 2 <= end {
        let number = fields.u16("extensions", offset)?;
        if number == 0 {
            break;
        }
        let len = usize::from(fields.u16("extensions", offset + 2)?);
        let value = offset + 4;
        if value + len > end {
            let fault = format!(
                "extension {number} ends at {}, the account at {end}",
                value + len
            );
            return Err(fields.malformed("extensions", fault));
        }
        let bit = 1_u64.checked_shl(u32::from(number)).unwrap_or(0);
        if seen & bit != 0 {
            let fault = format!("extension {number} stands there twice");
            return Err(fields.malformed("extensions", fault));
        }
        seen |= bit;
        visit(Extension {
            number,
            offset: value,
            len,
        })?;
        offset = value + len;
    }
    Ok(())
}

/// Two authorities and the withheld amount (72 bytes), then the older and the newer fee.
fn transfer_fees(
    fields: &AccountFields<'_>,
    extension: &Extension,
) -> Result<TransferFees, PoolError> {
    extension.expect_len(fields, 108)?;
    let fee = |offset: usize| -> Result<EpochTransferFee, PoolError> {
        Ok(EpochTransferFee {
            epoch: fields.u64("transfer_fee.epoch", offset)?,
            maximum_fee_raw: fields.u64("transfer_fee.maximum_fee", offset + 8)?,
            basis_points: fields.u16("transfer_fee.basis_points", offset + 16)?,
        })
    };
    let fees = TransferFees {
        older: fee(extension.offset + 72)?,
        newer: fee(extension.offset + 90)?,
    };
    if fees.out_of_range() {
        return Err(fields.malformed(
            "transfer_fee.basis_points",
            "must be at most 10000".to_owned(),
        ));
    }
    Ok(fees)
}

/// The authority (32 bytes), then the program, all zero when there is none.
fn refuse_hook(
    pool: ChainAddress,
    fields: &AccountFields<'_>,
    extension: &Extension,
) -> Result<(), PoolError> {
    extension.expect_len(fields, 64)?;
    let program: [u8; 32] = fields.bytes("transfer_hook.program_id", extension.offset + 32)?;
    if program == [0; 32] {
        return Ok(());
    }
    let program = ChainAddress::Solana(program);
    Err(refused(
        pool,
        fields,
        &format!("a transfer hook ({program})"),
    ))
}

fn refused(pool: ChainAddress, fields: &AccountFields<'_>, feature: &str) -> PoolError {
    PoolError::Unsupported {
        pool,
        feature: format!("{feature} on {}", fields.address()),
    }
}

fn unknown(pool: ChainAddress, fields: &AccountFields<'_>, number: u16) -> PoolError {
    refused(pool, fields, &format!("Token-2022 extension {number}"))
}

fn disabled(pool: ChainAddress, reason: String) -> PoolError {
    PoolError::SwapsDisabled { pool, reason }
}
