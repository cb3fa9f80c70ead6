//! The recorded entries of the fixtures: what a localnet with the real programs told and did.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tradewind_core::decode::solana::LookupTables;
use tradewind_core::pools::{ChainClock, Pool, PoolMath as _, PoolState, read_pools};
use tradewind_solana::Key;
use tradewind_solana::token_accounts::TokenProgram;

use crate::feed::Moment;
use crate::inventory::{Inventory, LoadedPool};

/// One transaction in an entry, behind a tick.
pub(super) struct Recorded {
    pub(super) name: String,
    pub(super) entries: Vec<u8>,
    /// The transactions of each entry.
    pub(super) wires: Vec<Vec<Vec<u8>>>,
    pub(super) failed: bool,
    pub(super) before: Vec<Pool>,
    pub(super) after: Vec<Pool>,
}

impl Recorded {
    /// An inventory with the pools as they were before.
    pub(super) fn inventory(&self, slot: u64) -> Inventory {
        let mut inventory = Inventory::default();
        for pool in &self.before {
            for mint in pool.tokens() {
                inventory.add_token(*mint, TokenProgram::Token);
            }
            inventory.add_loaded(LoadedPool {
                pool: pool.clone(),
                swap_accounts: None,
                moment: Moment {
                    slot,
                    write_version: 0,
                },
            });
        }
        inventory
    }
}

fn document() -> Value {
    let text = include_str!("../../../../tests/fixtures/solana/shredstream/entries.json");
    serde_json::from_str(text).expect("JSON")
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD
        .decode(value.as_str().expect("text"))
        .expect("base64")
}

fn pools(value: &Value) -> Vec<Pool> {
    let text = serde_json::json!({ "pools": value }).to_string();
    let states = read_pools(&text).expect("pools");
    states
        .iter()
        .map(|state| Pool::new(state).expect("a pool"))
        .collect()
}

/// All of them, in the order of their execution.
pub(super) fn recorded() -> Vec<Recorded> {
    let document = document();
    let cases = document["cases"].as_array().expect("cases");
    let read = cases.iter().map(|case| Recorded {
        name: case["name"].as_str().expect("a name").to_owned(),
        entries: bytes(&case["entries"]),
        wires: case["wires"]
            .as_array()
            .expect("entries")
            .iter()
            .map(|entry| {
                let wires = entry.as_array().expect("wires");
                wires.iter().map(bytes).collect()
            })
            .collect(),
        failed: case["failed"].as_bool().expect("a flag"),
        before: pools(&case["before"]),
        after: pools(&case["after"]),
    });
    read.collect()
}

/// The one of this name.
pub(super) fn named(name: &str) -> Recorded {
    let found = recorded().into_iter().find(|case| case.name == name);
    found.expect("recorded")
}

/// The lookup table of the localnet.
pub(super) fn table() -> (Key, Vec<Key>) {
    let document = document();
    let key = |value: &Value| Key::parse(value.as_str().expect("text")).expect("a key");
    let table = &document["table"];
    let keys = table["keys"].as_array().expect("keys");
    (key(&table["address"]), keys.iter().map(key).collect())
}

/// It, as transactions are read with it.
pub(super) fn tables() -> LookupTables {
    LookupTables::from([table()])
}

/// A pool's state but for the time.
pub(super) fn state(pool: &Pool) -> PoolState {
    let mut pool = pool.clone();
    let clock = tradewind_core::pools::PoolChange::Clock(ChainClock::default());
    let _unread = pool.apply(clock);
    pool.state()
}
