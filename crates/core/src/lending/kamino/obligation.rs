//! `Obligation`: the account of one borrower in a market: what is deposited, and what is owed.

use std::collections::BTreeSet;

use alloy_primitives::U256;

use super::reserve::rate;
use super::{Fraction, LendingError, PriceStatus, at_most, named, opened};
use crate::ChainAddress;
use crate::pools::{Account, PoolError};
use crate::solana::AccountFields;

const OBLIGATION: [u8; 8] = [0xa8, 0xce, 0x8d, 0x6a, 0x58, 0x4c, 0xac, 0xa7];
const OBLIGATION_BYTES: usize = 3_344;
const DEPOSITS: usize = 8;
const DEPOSITS_OFFSET: usize = 96;
const DEPOSIT_BYTES: usize = 136;
const BORROWS: usize = 5;
const BORROWS_OFFSET: usize = 1_208;
const BORROW_BYTES: usize = 200;
const MOST_GROUP: u8 = 32;

/// Collateral of one reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deposit {
    /// The reserve.
    pub reserve: ChainAddress,
    /// In raw units of the reserve's collateral token.
    pub collateral_raw: u64,
    /// In dollars, at the last refresh.
    pub stored_value: Fraction,
}

/// Debt to one reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Borrow {
    /// The reserve.
    pub reserve: ChainAddress,
    /// In raw units, as of `cumulative_borrow_rate`.
    pub borrowed: Fraction,
    /// The reserve's rate when interest was added last, in parts of `2**60`.
    pub cumulative_borrow_rate: U256,
    /// In dollars, at the last refresh.
    pub stored_value: Fraction,
}

/// The account, as far as health and liquidations need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// Its own address.
    pub address: ChainAddress,
    /// Its market.
    pub market: ChainAddress,
    /// Who owes.
    pub owner: ChainAddress,
    /// Who brought the owner, if anybody.
    pub referrer: Option<ChainAddress>,
    /// The slot of the last refresh.
    pub updated_slot: u64,
    /// Whether something moved since.
    pub stale: bool,
    /// How the prices of the last refresh were checked.
    pub price_status: PriceStatus,
    /// 0 for none.
    pub elevation_group: u8,
    /// In the account's order.
    pub deposits: Vec<Deposit>,
    /// In the account's order.
    pub borrows: Vec<Borrow>,
    /// Of all deposits, in dollars, at the last refresh.
    pub stored_deposited_value: Fraction,
    /// Of all debts, each times its borrow factor, at the last refresh.
    pub stored_debt_value: Fraction,
    /// From which debt on it is unhealthy, at the last refresh.
    pub stored_unhealthy_value: Fraction,
}

impl Obligation {
    /// Reads an obligation strictly.
    ///
    /// # Errors
    /// `account_malformed`.
    pub fn decode(account: &Account<'_>) -> Result<Self, LendingError> {
        let fields = opened(account, OBLIGATION, OBLIGATION_BYTES)?;
        let deposits = (0..DEPOSITS).filter_map(|place| deposit(&fields, place).transpose());
        let borrows = (0..BORROWS).filter_map(|place| borrow(&fields, place).transpose());
        let (deposits, borrows): (Vec<_>, Vec<_>) = (
            deposits.collect::<Result<_, PoolError>>()?,
            borrows.collect::<Result<_, LendingError>>()?,
        );
        once(&fields, "deposits", deposits.iter().map(|it| it.reserve))?;
        once(&fields, "borrows", borrows.iter().map(|it| it.reserve))?;
        let value = |field, offset| fields.u128(field, offset).map(Fraction::from_bits);
        Ok(Self {
            address: account.address,
            market: fields.key("lending_market", 32)?,
            owner: fields.key("owner", 64)?,
            referrer: named(fields.key("referrer", 2_288)?),
            updated_slot: fields.u64("last_update.slot", 16)?,
            stale: fields.flag("last_update.stale", 24)?,
            price_status: PriceStatus(fields.u8("last_update.price_status", 25)?),
            elevation_group: at_most(&fields, "elevation_group", 2_285, MOST_GROUP)?,
            deposits,
            borrows,
            stored_deposited_value: value("deposited_value_sf", 1_192)?,
            stored_debt_value: value("borrow_factor_adjusted_debt_value_sf", 2_208)?,
            stored_unhealthy_value: value("unhealthy_borrow_value_sf", 2_256)?,
        })
    }

    /// Every reserve that it names, each once, in order.
    #[must_use]
    pub fn reserves(&self) -> BTreeSet<ChainAddress> {
        let deposits = self.deposits.iter().map(|it| it.reserve);
        deposits
            .chain(self.borrows.iter().map(|it| it.reserve))
            .collect()
    }
}

/// A place without a reserve is empty.
fn deposit(fields: &AccountFields<'_>, place: usize) -> Result<Option<Deposit>, PoolError> {
    let offset = DEPOSITS_OFFSET + DEPOSIT_BYTES * place;
    let reserve = fields.key("deposits.deposit_reserve", offset)?;
    if reserve == ChainAddress::Solana([0; 32]) {
        return Ok(None);
    }
    Ok(Some(Deposit {
        reserve,
        collateral_raw: fields.u64("deposits.deposited_amount", offset + 32)?,
        stored_value: Fraction::from_bits(fields.u128("deposits.market_value_sf", offset + 40)?),
    }))
}

fn borrow(fields: &AccountFields<'_>, place: usize) -> Result<Option<Borrow>, LendingError> {
    let offset = BORROWS_OFFSET + BORROW_BYTES * place;
    let reserve = fields.key("borrows.borrow_reserve", offset)?;
    if reserve == ChainAddress::Solana([0; 32]) {
        return Ok(None);
    }
    Ok(Some(Borrow {
        reserve,
        borrowed: Fraction::from_bits(fields.u128("borrows.borrowed_amount_sf", offset + 88)?),
        cumulative_borrow_rate: rate(fields, "borrows.cumulative_borrow_rate_bsf", offset + 32)?,
        stored_value: Fraction::from_bits(fields.u128("borrows.market_value_sf", offset + 104)?),
    }))
}

fn once(
    fields: &AccountFields<'_>,
    field: &'static str,
    reserves: impl Iterator<Item = ChainAddress>,
) -> Result<(), PoolError> {
    let mut seen = BTreeSet::new();
    for reserve in reserves {
        if !seen.insert(reserve) {
            return Err(fields.malformed(field, format!("name {reserve} twice")));
        }
    }
    Ok(())
}
