//! `KaminoReserve`: the account of Kamino's lending program that lends one token.
//!
//! Source: `state/reserve.rs` of Kamino-Finance/klend at edd5ff5: `Reserve`, 8,624 bytes.

use tradewind_core::ChainAddress;
use tradewind_core::pools::Account;
use tradewind_core::solana::{AccountFields, program_address};

use super::FlashLoanError;
use super::kamino::KAMINO_PROGRAM;
use crate::Key;

const RESERVE: [u8; 8] = [0x2b, 0xf2, 0xcc, 0xca, 0x1a, 0xf7, 0x3b, 0x7f];
const RESERVE_BYTES: usize = 8_624;
const VERSION: u64 = 1;
/// `flash_loan_fee_sf` of a reserve that gives no flash loans.
const DISABLED: u64 = u64::MAX;
/// `flash_loan_fee_sf` counts in parts of `2**60`.
const FEE_SHIFT: u32 = 60;

/// What a flash loan needs of a reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KaminoReserve {
    /// Its own account.
    pub address: Key,
    /// `lending_market`.
    pub market: Key,
    /// The market's authority, derived.
    pub market_authority: Key,
    /// The token that it lends.
    pub liquidity_mint: Key,
    /// The program that keeps it.
    pub token_program: Key,
    /// `liquidity.supply_vault`.
    pub supply_vault: Key,
    /// `liquidity.fee_vault`.
    pub fee_vault: Key,
    /// `liquidity.available_amount`.
    pub available_raw: u64,
    /// `config.fees.flash_loan_fee_sf`: of the loan, in parts of `2**60`; `u64::MAX` for no flash loans.
    pub flash_loan_fee_sf: u64,
    /// `config.status` 1: it is being closed.
    pub obsolete: bool,
}

impl KaminoReserve {
    /// Reads a reserve strictly.
    ///
    /// # Errors
    /// `account_malformed`, `address_underivable`.
    pub fn decode(account: &Account<'_>) -> Result<Self, FlashLoanError> {
        let fields = AccountFields::new(account);
        if key(account.owner) != KAMINO_PROGRAM {
            let fault = format!("must be {KAMINO_PROGRAM}, not {}", account.owner);
            return Err(fields.malformed("owner program", fault).into());
        }
        fields.expect_discriminator(RESERVE)?;
        fields.expect_len(RESERVE_BYTES)?;
        let version = fields.u64("version", 8)?;
        if version != VERSION {
            let fault = format!("must be {VERSION}, not {version}");
            return Err(fields.malformed("version", fault).into());
        }
        let obsolete = match fields.u8("config.status", 4_856)? {
            0 | 2 => false,
            1 => true,
            other => {
                let fault = format!("must be 0, 1 or 2, not {other}");
                return Err(fields.malformed("config.status", fault).into());
            }
        };
        let market = key(fields.key("lending_market", 32)?);
        Ok(Self {
            address: key(account.address),
            market,
            market_authority: market_authority(market)?,
            liquidity_mint: key(fields.key("liquidity.mint", 128)?),
            token_program: key(fields.key("liquidity.token_program", 408)?),
            supply_vault: key(fields.key("liquidity.supply_vault", 160)?),
            fee_vault: key(fields.key("liquidity.fee_vault", 192)?),
            available_raw: fields.u64("liquidity.available_amount", 224)?,
            flash_loan_fee_sf: fields.u64("config.fees.flash_loan_fee_sf", 4_904)?,
            obsolete,
        })
    }

    /// What a loan costs on top, in raw units of its token: rounded to the nearest, halves up, and at least 1
    /// where the reserve charges anything.
    ///
    /// # Errors
    /// `amount_zero`, `flash_loan_disabled`, `reserve_obsolete`, `flash_loan_too_small`, `reserve_insufficient`.
    pub fn fee_raw(&self, amount_raw: u64) -> Result<u64, FlashLoanError> {
        if amount_raw == 0 {
            return Err(FlashLoanError::AmountZero);
        }
        if self.obsolete {
            return Err(FlashLoanError::Obsolete(self.address));
        }
        if amount_raw > self.available_raw {
            return Err(FlashLoanError::Insufficient {
                reserve: self.address,
                amount_raw,
                available_raw: self.available_raw,
            });
        }
        match self.flash_loan_fee_sf {
            DISABLED => return Err(FlashLoanError::Disabled(self.address)),
            0 => return Ok(0),
            _ => {}
        }
        // Two factors below 2**64, so neither the product nor the half added to it outgrows 128 bits.
        let scaled = u128::from(amount_raw) * u128::from(self.flash_loan_fee_sf);
        let rounded = (scaled + (1 << (FEE_SHIFT - 1))) >> FEE_SHIFT;
        let fee_raw = u64::try_from(rounded.max(1)).unwrap_or(u64::MAX);
        if fee_raw >= amount_raw {
            return Err(FlashLoanError::TooSmall {
                amount_raw,
                fee_raw,
            });
        }
        Ok(fee_raw)
    }
}

/// The address by which a market signs.
pub(crate) fn market_authority(market: Key) -> Result<Key, FlashLoanError> {
    let program = ChainAddress::Solana(KAMINO_PROGRAM.0);
    program_address(program, &[b"lma", &market.0])
        .map(key)
        .ok_or(FlashLoanError::Underivable("lending_market_authority"))
}

fn key(address: ChainAddress) -> Key {
    Key(address.solana().unwrap_or_default())
}
