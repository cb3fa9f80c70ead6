//! The dumped loan: USDC lent by its owner, SOL owed; variants of it have changed bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::{
    Health, KAMINO_PROGRAM, LendingError, LendingMarket, Liquidation, LiquidationQuestion,
    Obligation, Reserve,
};
use tradewind_core::pools::{Account, ChainClock};

pub(crate) const MARKET: &str = "7u3HeHxYDLhnCoErrtycNokbQYbWGzLs6JSDqGAv5PfF";
pub(crate) const OBLIGATION: &str = "4w1qUuYbXpwYkqWzuovJFvP3TRt9EgEzYQv7kYY1nM3J";
pub(crate) const USDC: &str = "D6q6wuQSrifJKZYpR1M8R4YawnLDtDsMmWM1NbBmgJ59";
pub(crate) const SOL: &str = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q";
pub(crate) const JITOSOL: &str = "EVbyPKrHG6WBfm4dLxLMJpUDY43cCAcHSpV3KYjKsktW";
/// The newest of the reserves' last updates.
pub(crate) const SLOT: u64 = 298_271_854;
/// A time at which every price is young.
pub(crate) const NOW_S: i64 = 1_730_163_440;

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/solana/kamino")
}

pub(crate) fn bytes(address: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{address}.bin"))).unwrap()
}

pub(crate) fn key(text: &str) -> ChainAddress {
    text.parse().unwrap()
}

pub(crate) fn account<'a>(address: &str, data: &'a [u8]) -> Account<'a> {
    Account {
        address: key(address),
        owner: ChainAddress::Solana(KAMINO_PROGRAM.0),
        data,
    }
}

pub(crate) const fn clock(slot: u64) -> ChainClock {
    ChainClock {
        slot,
        epoch: 0,
        unix_timestamp: NOW_S,
    }
}

/// Accounts by address, of which some bytes may be changed.
pub(crate) struct Dump(pub(crate) BTreeMap<&'static str, Vec<u8>>);

impl Dump {
    /// Without the debt whose reserve was not dumped.
    pub(crate) fn new() -> Self {
        let addresses = [MARKET, OBLIGATION, USDC, SOL, JITOSOL];
        let mut dump = Self(addresses.map(|it| (it, bytes(it))).into());
        dump.write(OBLIGATION, 1_208, &[0; 32]);
        dump
    }

    pub(crate) fn write(&mut self, address: &'static str, offset: usize, bytes: &[u8]) {
        let data = self.0.get_mut(address).unwrap();
        data[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// How much collateral there is, all in USDC.
    pub(crate) fn deposit(&mut self, collateral_raw: u64) {
        self.write(OBLIGATION, 264, &collateral_raw.to_le_bytes());
    }

    /// How much SOL is owed, in raw units.
    pub(crate) fn owe(&mut self, raw: u64) {
        let rate = self.0[SOL][296..328].to_vec();
        self.write(OBLIGATION, 1_440, &rate);
        self.write(OBLIGATION, 1_496, &(u128::from(raw) << 60).to_le_bytes());
    }

    pub(crate) fn market(&self) -> Result<LendingMarket, LendingError> {
        LendingMarket::decode(&account(MARKET, &self.0[MARKET]))
    }

    pub(crate) fn obligation(&self) -> Result<Obligation, LendingError> {
        Obligation::decode(&account(OBLIGATION, &self.0[OBLIGATION]))
    }

    pub(crate) fn reserves(
        &self,
        clock: ChainClock,
    ) -> Result<BTreeMap<ChainAddress, Reserve>, LendingError> {
        let market = self.market()?;
        let reserves = [USDC, SOL, JITOSOL].map(|address| {
            let reserve = Reserve::decode(&account(address, &self.0[address]))?;
            Ok((reserve.address, reserve.refreshed(&market, clock)?))
        });
        reserves.into_iter().collect()
    }

    pub(crate) fn health(&self, clock: ChainClock) -> Result<Health, LendingError> {
        let reserves = self.reserves(clock)?;
        Health::of(&self.obligation()?, &self.market()?, &reserves, clock.slot)
    }

    /// The debt in SOL repaid for USDC.
    pub(crate) fn liquidated(
        &self,
        clock: ChainClock,
        most_repaid_raw: u64,
    ) -> Result<Liquidation, LendingError> {
        self.repaid_for(SOL, USDC, clock, most_repaid_raw)
    }

    pub(crate) fn repaid_for(
        &self,
        debt: &str,
        collateral: &str,
        clock: ChainClock,
        most_repaid_raw: u64,
    ) -> Result<Liquidation, LendingError> {
        let reserves = self.reserves(clock)?;
        let (market, obligation) = (self.market()?, self.obligation()?);
        let health = Health::of(&obligation, &market, &reserves, clock.slot)?;
        Liquidation::of(&LiquidationQuestion {
            market: &market,
            obligation: &obligation,
            health: &health,
            repay_reserve: &reserves[&key(debt)],
            withdraw_reserve: &reserves[&key(collateral)],
            most_repaid_raw,
        })
    }
}
