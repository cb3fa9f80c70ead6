//! `Stock`: what an engine knew before its feed ran, written at the head of a recording, because its decisions go by it.
//!
//! `{"at_ns", "stocked": {"wallet", "market", "reserves": [], "obligations": [], "token_programs": {mint: program},
//! "token_accounts": [], "lookup_tables": [[table, [its addresses]]]}}`; `wallet` and `market` may be null.

use serde_json::{Map, Value, json};
use tradewind_core::ChainAddress;
use tradewind_solana::Key;

/// See above.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stock {
    /// Who trades.
    pub wallet: Option<ChainAddress>,
    /// The lending market that is followed.
    pub market: Option<ChainAddress>,
    /// Its reserves, or those that lend to the strategy's own transactions.
    pub reserves: Vec<ChainAddress>,
    /// The loans in it.
    pub obligations: Vec<ChainAddress>,
    /// Which program keeps each mint.
    pub token_programs: Vec<(ChainAddress, ChainAddress)>,
    /// The wallet's token accounts that are there.
    pub token_accounts: Vec<ChainAddress>,
    /// What each lookup table holds, in the order in which they are offered.
    pub lookup_tables: Vec<(ChainAddress, Vec<ChainAddress>)>,
}

impl Stock {
    /// As it is written.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let named = |address: Option<ChainAddress>| address.map(|it| it.to_string());
        let programs = self.token_programs.iter();
        let programs = programs.map(|(mint, program)| (mint.to_string(), json!(text(*program))));
        let tables = self.lookup_tables.iter();
        let tables = tables.map(|(table, held)| json!([text(*table), texts(held)]));
        json!({
            "wallet": named(self.wallet),
            "market": named(self.market),
            "reserves": texts(&self.reserves),
            "obligations": texts(&self.obligations),
            "token_programs": programs.collect::<Map<_, _>>(),
            "token_accounts": texts(&self.token_accounts),
            "lookup_tables": tables.collect::<Vec<_>>(),
        })
    }

    /// None where it is not what was written.
    #[must_use]
    pub fn read(json: &Value) -> Option<Self> {
        let list = |name: &str| addresses(json.get(name)?);
        let programs = json.get("token_programs")?.as_object()?.iter();
        let programs = programs.map(|(mint, program)| Some((parsed(mint)?, address(program)?)));
        let tables = json.get("lookup_tables")?.as_array()?.iter();
        let tables = tables.map(|held| Some((address(held.get(0)?)?, addresses(held.get(1)?)?)));
        Some(Self {
            wallet: optional(json.get("wallet")?)?,
            market: optional(json.get("market")?)?,
            reserves: list("reserves")?,
            obligations: list("obligations")?,
            token_programs: programs.collect::<Option<_>>()?,
            token_accounts: list("token_accounts")?,
            lookup_tables: tables.collect::<Option<_>>()?,
        })
    }
}

/// A list of addresses.
pub(super) fn addresses(json: &Value) -> Option<Vec<ChainAddress>> {
    json.as_array()?.iter().map(address).collect()
}

/// One address.
pub(super) fn address(json: &Value) -> Option<ChainAddress> {
    parsed(json.as_str()?)
}

fn parsed(text: &str) -> Option<ChainAddress> {
    Key::parse(text).map(ChainAddress::from)
}

#[expect(
    clippy::option_option,
    reason = "null is an answer, another form is none"
)]
fn optional(json: &Value) -> Option<Option<ChainAddress>> {
    if json.is_null() {
        return Some(None);
    }
    address(json).map(Some)
}

fn text(address: ChainAddress) -> String {
    address.to_string()
}

fn texts(addresses: &[ChainAddress]) -> Vec<String> {
    addresses.iter().copied().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> ChainAddress {
        ChainAddress::Solana([byte; 32])
    }

    fn stock() -> Stock {
        Stock {
            wallet: Some(key(1)),
            market: Some(key(2)),
            reserves: vec![key(3), key(4)],
            obligations: vec![key(5)],
            token_programs: vec![(key(6), key(7))],
            token_accounts: vec![key(8)],
            lookup_tables: vec![(key(9), vec![key(10), key(11), key(10)])],
        }
    }

    #[test]
    fn what_was_written_is_read_again() {
        for written in [stock(), Stock::default()] {
            assert_eq!(Stock::read(&written.to_json()), Some(written));
        }
    }

    #[test]
    fn what_is_cut_or_no_address_is_not_read() {
        for name in [
            "wallet",
            "market",
            "reserves",
            "obligations",
            "token_programs",
            "token_accounts",
            "lookup_tables",
        ] {
            let mut cut = stock().to_json();
            cut.as_object_mut().expect("an object").remove(name);
            assert_eq!(Stock::read(&cut), None, "{name} is missing");
            let mut wrong = stock().to_json();
            wrong[name] = json!(["0"]);
            assert_eq!(Stock::read(&wrong), None, "{name} is wrong");
        }
    }
}
