//! Kamino's lending program: loans against collateral, from account bytes to the amounts of a liquidation.
//!
//! - [`Fraction`]: the program's numbers and their rounding;
//! - [`Reserve`], [`LendingMarket`], [`Obligation`]: the accounts, strictly decoded;
//! - `interest`: a reserve brought forward to a slot;
//! - [`Health`]: what an obligation is worth and owes;
//! - [`Liquidation`]: what one liquidation repays, takes and leaves.
//!
//! Source of layouts: `@kamino-finance/klend-sdk` 8.0.2 (npm), `@codegen/klend`. Source of the arithmetic and of its
//! rounding: Kamino-Finance/klend at edd5ff5 (1.16.0), read and written anew. Everything that the program would end
//! with an overflow is refused here.

mod borrow_rate;
mod error;
mod fraction;
mod health;
mod interest;
mod liquidation;
mod market;
mod obligation;
mod reserve;

pub use borrow_rate::{BorrowRateCurve, CurvePoint};
pub use error::LendingError;
pub use fraction::Fraction;
pub use health::{BorrowValue, DepositValue, Health};
pub use liquidation::{Liquidation, LiquidationQuestion};
pub use market::{ElevationGroup, LendingMarket};
pub use obligation::{Borrow, Deposit, Obligation};
pub use reserve::{Oracles, PriceStatus, Reserve, ReserveConfig};

use crate::ChainAddress;
pub use crate::decode::solana::KAMINO_PROGRAM;
use crate::pools::{Account, PoolError};
use crate::solana::AccountFields;

/// The version of accounts that this module reads.
const VERSION: u64 = 1;

/// Opens an account of the program: its owner, its type, its length.
fn opened<'a>(
    account: &Account<'a>,
    discriminator: [u8; 8],
    bytes: usize,
) -> Result<AccountFields<'a>, PoolError> {
    let fields = AccountFields::new(account);
    if account.owner != ChainAddress::Solana(KAMINO_PROGRAM.0) {
        let fault = format!("must be {KAMINO_PROGRAM}, not {}", account.owner);
        return Err(fields.malformed("owner program", fault));
    }
    fields.expect_discriminator(discriminator)?;
    fields.expect_len(bytes)?;
    Ok(fields)
}

/// That an account has the version that this module reads.
fn expect_version(fields: &AccountFields<'_>) -> Result<(), PoolError> {
    match fields.u64("version", 8)? {
        VERSION => Ok(()),
        other => Err(fields.malformed("version", format!("must be {VERSION}, not {other}"))),
    }
}

/// A number of one byte that is at most this.
fn at_most(
    fields: &AccountFields<'_>,
    field: &'static str,
    offset: usize,
    most: u8,
) -> Result<u8, PoolError> {
    match fields.u8(field, offset)? {
        taken if taken <= most => Ok(taken),
        other => Err(fields.malformed(field, format!("must be at most {most}, not {other}"))),
    }
}

/// A key that may be left out: all zeros, or the address by which this program says that there is none.
fn named(address: ChainAddress) -> Option<ChainAddress> {
    const NULL: ChainAddress = ChainAddress::Solana(
        crate::decode::solana::Key::constant("nu11111111111111111111111111111111111111111").0,
    );
    (address != ChainAddress::Solana([0; 32]) && address != NULL).then_some(address)
}
