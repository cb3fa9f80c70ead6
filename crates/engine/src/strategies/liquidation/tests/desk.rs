//! Dumps of mainnet: Kamino's market, three reserves and a loan, and Raydium's pool of SOL and USDC with other amounts.

use std::path::PathBuf;

use base64::Engine as _;
use serde_json::{Value, json};
use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::KAMINO_PROGRAM;
use tradewind_core::pools::{AccountSet, ChainClock, Pool};
use tradewind_solana::Key;
use tradewind_solana::swaps::SwapAccounts;
use tradewind_solana::token_accounts::TokenProgram;
use tradewind_solana::transaction::LookupTable;

use crate::config::{Changeable, EngineConfig};
use crate::feed::{AccountUpdate, Moment};
use crate::inventory::{Inventory, KnownTable, LoadedPool, Loans};
use crate::pipeline::{Candidate, Liquidating, NotPlanned, Purpose, Trade};
use crate::strategies::liquidation::LiquidationScanner;
use crate::strategies::liquidation::plan::LiquidationPlanner;
use crate::strategies::{Planner as _, Scanner as _, Sight};

pub(super) const MARKET: &str = "7u3HeHxYDLhnCoErrtycNokbQYbWGzLs6JSDqGAv5PfF";
pub(super) const LOAN: &str = "4w1qUuYbXpwYkqWzuovJFvP3TRt9EgEzYQv7kYY1nM3J";
pub(super) const USDC_RESERVE: &str = "D6q6wuQSrifJKZYpR1M8R4YawnLDtDsMmWM1NbBmgJ59";
pub(super) const SOL_RESERVE: &str = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q";
pub(super) const SOL: &str = "So11111111111111111111111111111111111111112";
pub(super) const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
pub(super) const CLOCK: ChainClock = ChainClock {
    slot: 298_271_900,
    epoch: 0,
    unix_timestamp: 1_730_163_600,
};

pub(super) fn key(text: &str) -> ChainAddress {
    text.parse().expect("an address")
}

pub(super) fn fixture(path: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/solana");
    std::fs::read(folder.join(path)).expect("a fixture")
}

pub(super) fn dump(address: &str) -> Vec<u8> {
    fixture(&format!("kamino/{address}.bin"))
}

pub(super) fn told(address: ChainAddress, data: Vec<u8>, slot: u64) -> AccountUpdate {
    AccountUpdate {
        key: address,
        moment: Moment {
            slot,
            write_version: 1,
        },
        lamports: 1,
        owner: ChainAddress::Solana(KAMINO_PROGRAM.0),
        data: data.into(),
    }
}

/// The dumped loan without the debt whose reserve was not dumped: so much USDC collateral, so much SOL owed.
pub(super) fn loan(collateral_raw: u64, owed_raw: u64) -> Vec<u8> {
    let mut data = dump(LOAN);
    data[1_208..1_240].fill(0);
    data[264..272].copy_from_slice(&collateral_raw.to_le_bytes());
    data[1_440..1_472].copy_from_slice(&dump(SOL_RESERVE)[296..328]);
    data[1_496..1_512].copy_from_slice(&(u128::from(owed_raw) << 60).to_le_bytes());
    data
}

/// The pool of SOL and USDC at about 178.58 dollars, with so many SOL.
pub(super) fn pool(sol: u64) -> LoadedPool {
    let recorded: Value =
        serde_json::from_slice(&fixture("raydium_amm_v4/accounts.json")).expect("JSON");
    let mut accounts = Vec::new();
    for written in recorded["pool_with_vaults"].as_array().expect("a list") {
        let text = |name: &str| written[name].as_str().expect("text");
        let engine = base64::engine::general_purpose::STANDARD;
        let mut data = engine.decode(text("data")).expect("base 64");
        let amount_raw = match data.get(..32) {
            Some(mint) if mint == key(SOL).solana().expect("Solana") => sol * 1_000_000_000,
            _ => sol * 178_581_161,
        };
        if data.len() == 165 {
            data[64..72].copy_from_slice(&amount_raw.to_le_bytes());
        }
        accounts.push((key(text("address")), key(text("owner")), data));
    }
    let account = |(address, owner, data): &(ChainAddress, ChainAddress, Vec<u8>)| {
        told_by(*address, *owner, data.clone())
    };
    let updates: Vec<_> = accounts.iter().map(account).collect();
    let set: AccountSet<'_> = updates.iter().map(AccountUpdate::account).collect();
    let pool = Pool::from_accounts(accounts[0].0, &set, CLOCK).expect("a pool");
    LoadedPool {
        swap_accounts: Some(SwapAccounts::decode(&pool, &set).expect("its accounts")),
        pool,
        moment: Moment::default(),
    }
}

pub(super) fn told_by(address: ChainAddress, owner: ChainAddress, data: Vec<u8>) -> AccountUpdate {
    AccountUpdate {
        owner,
        ..told(address, data, 1)
    }
}

/// Loans by number: healthy, unhealthy, without debt, and the dump as it is, of which one reserve is not known.
pub(super) fn loans() -> [(ChainAddress, Vec<u8>); 4] {
    let at = |number: u8| ChainAddress::Solana([number; 32]);
    [
        (at(1), loan(9_000_000_000, 38_000_000_000)),
        (at(2), loan(9_000_000_000, 40_200_000_000)),
        (at(3), loan(9_000_000_000, 0)),
        (key(LOAN), dump(LOAN)),
    ]
}

pub(super) struct Desk {
    pub(super) inventory: Inventory,
    pub(super) in_force: Changeable,
}

impl Desk {
    pub(super) fn new(sol: u64, parameters: &Value) -> Self {
        let mut inventory = Inventory::default();
        inventory.add_loaded(pool(sol));
        for mint in [SOL, USDC] {
            inventory.add_token(key(mint), TokenProgram::Token);
        }
        inventory.set_clock(CLOCK);
        inventory.trade_for(ChainAddress::Solana([9; 32]), &[]);
        let reserves = [USDC_RESERVE, SOL_RESERVE].map(key);
        let loans = loans();
        let addresses = loans.iter().map(|(address, _)| *address);
        inventory.follow_loans(Loans::of(key(MARKET), reserves, addresses));
        for address in [MARKET, USDC_RESERVE, SOL_RESERVE] {
            inventory.apply(&told(key(address), dump(address), 1));
        }
        for (address, data) in loans {
            inventory.apply(&told(address, data, 1));
        }
        let collateral = key("B8V6WVjPxW1UGwVDfxH2d2r8SyT4cqn7dQRK6XneVa7D");
        inventory.add_token(collateral, TokenProgram::Token);
        Self {
            inventory,
            in_force: in_force(parameters),
        }
    }

    /// With a lookup table of everything that the transaction reads and that is nobody's own.
    pub(super) fn with_table(mut self) -> Self {
        let loans = self.inventory.loans();
        let mut keys: Vec<_> = loans.accounts();
        for reserve in loans.reserves() {
            keys.extend([
                reserve.liquidity_vault,
                reserve.fee_vault,
                reserve.collateral_mint,
                reserve.collateral_vault,
            ]);
            keys.extend(reserve.collateral_farm);
            keys.extend(reserve.config.oracles.scope);
        }
        keys.extend(self.inventory.accounts());
        keys.sort_unstable();
        keys.dedup();
        let keys: Vec<_> = keys
            .iter()
            .map(|it| Key(it.solana().expect("Solana")))
            .collect();
        self.inventory.add_table(KnownTable {
            table: LookupTable::new(Key([8; 32]), &keys).expect("a table"),
            told: json!({}),
            keys,
        });
        self
    }

    pub(super) fn sight(&self) -> Sight<'_> {
        Sight {
            inventory: &self.inventory,
            in_force: &self.in_force,
        }
    }

    pub(super) fn scan(&self, changed: &str) -> Vec<Candidate> {
        LiquidationScanner::default().scan(self.sight(), key(changed))
    }

    pub(super) fn plan(&self, candidate: &Candidate) -> Result<Trade, NotPlanned> {
        LiquidationPlanner::default().plan(self.sight(), candidate)
    }
}

pub(super) fn in_force(parameters: &Value) -> Changeable {
    let mut whole = json!({
        "version": 1, "strategy": "liquidation", "instance": "a", "folder": "f",
        "chain": {"chain_id": 101, "rpc": ["http://x"], "websocket": "ws://x", "genesis_hash": SOL},
        "feeds": {"kind": "websocket"}, "inventory": {"snapshot": "s"}, "mode": "paper", "executes": "engine",
        "limits": {}, "parameters": null,
    });
    whole["parameters"] = parameters.clone();
    let config = EngineConfig::parse(&whole.to_string()).expect("a configuration");
    config.changeable
}

pub(super) fn parameters() -> Value {
    json!({"market": MARKET, "bases": [{"mint": SOL, "min_profit_raw": "1000"}]})
}

pub(super) fn part(candidate: &Candidate) -> Liquidating {
    let Purpose::Liquidate(part) = candidate.purpose else {
        panic!("another purpose");
    };
    part
}
