//! Dumps of mainnet: Kamino's market, three reserves and a loan, and Raydium's pool of SOL and USDC with other amounts.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use serde_json::{Value, json};
use tradewind_core::lending::kamino::KAMINO_PROGRAM;
use tradewind_core::pools::{AccountSet, ChainClock, Pool, PoolMath as _};
use tradewind_solana::Key;
use tradewind_solana::swaps::SwapAccounts;
use tradewind_solana::token_accounts::TokenProgram;
use tradewind_solana::transaction::LookupTable;

use super::*;
use crate::config::{Changeable, EngineConfig};
use crate::feed::{AccountUpdate, Moment};
use crate::inventory::{Inventory, KnownTable, LoadedPool, Loans};
use crate::pipeline::{NotPlanned, Purpose, Trade, assemble};
use crate::strategies::Planner as _;

const MARKET: &str = "7u3HeHxYDLhnCoErrtycNokbQYbWGzLs6JSDqGAv5PfF";
const LOAN: &str = "4w1qUuYbXpwYkqWzuovJFvP3TRt9EgEzYQv7kYY1nM3J";
const USDC_RESERVE: &str = "D6q6wuQSrifJKZYpR1M8R4YawnLDtDsMmWM1NbBmgJ59";
const SOL_RESERVE: &str = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q";
const SOL: &str = "So11111111111111111111111111111111111111112";
const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const CLOCK: ChainClock = ChainClock {
    slot: 298_271_900,
    epoch: 0,
    unix_timestamp: 1_730_163_600,
};
const ANY_SEED: &str = "00000000000000000000000000000000";
const ANY_BLOCKHASH: &str = "11111111111111111111111111111111";

fn key(text: &str) -> ChainAddress {
    text.parse().expect("an address")
}

fn fixture(path: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/solana");
    std::fs::read(folder.join(path)).expect("a fixture")
}

fn dump(address: &str) -> Vec<u8> {
    fixture(&format!("kamino/{address}.bin"))
}

fn told(address: ChainAddress, data: Vec<u8>, slot: u64) -> AccountUpdate {
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
fn loan(collateral_raw: u64, owed_raw: u64) -> Vec<u8> {
    let mut data = dump(LOAN);
    data[1_208..1_240].fill(0);
    data[264..272].copy_from_slice(&collateral_raw.to_le_bytes());
    data[1_440..1_472].copy_from_slice(&dump(SOL_RESERVE)[296..328]);
    data[1_496..1_512].copy_from_slice(&(u128::from(owed_raw) << 60).to_le_bytes());
    data
}

/// The pool of SOL and USDC at about 178.58 dollars, with so many SOL.
fn pool(sol: u64) -> LoadedPool {
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

fn told_by(address: ChainAddress, owner: ChainAddress, data: Vec<u8>) -> AccountUpdate {
    AccountUpdate {
        owner,
        ..told(address, data, 1)
    }
}

/// Loans by number: healthy, unhealthy, without debt, and the dump as it is, of which one reserve is not known.
fn loans() -> [(ChainAddress, Vec<u8>); 4] {
    let at = |number: u8| ChainAddress::Solana([number; 32]);
    [
        (at(1), loan(9_000_000_000, 38_000_000_000)),
        (at(2), loan(9_000_000_000, 40_200_000_000)),
        (at(3), loan(9_000_000_000, 0)),
        (key(LOAN), dump(LOAN)),
    ]
}

struct Desk {
    inventory: Inventory,
    in_force: Changeable,
}

impl Desk {
    fn new(sol: u64, parameters: &Value) -> Self {
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
    fn with_table(mut self) -> Self {
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

    fn sight(&self) -> Sight<'_> {
        Sight {
            inventory: &self.inventory,
            in_force: &self.in_force,
        }
    }

    fn scan(&self, changed: &str) -> Vec<Candidate> {
        LiquidationScanner::default().scan(self.sight(), key(changed))
    }

    fn plan(&self, candidate: &Candidate) -> Result<Trade, NotPlanned> {
        LiquidationPlanner::default().plan(self.sight(), candidate)
    }
}

fn in_force(parameters: &Value) -> Changeable {
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

fn parameters() -> Value {
    json!({"market": MARKET, "bases": [{"mint": SOL, "min_profit_raw": "1000"}]})
}

fn part(candidate: &Candidate) -> crate::pipeline::Liquidating {
    let Purpose::Liquidate(part) = candidate.purpose else {
        panic!("another purpose");
    };
    part
}

#[test]
fn among_the_loans_of_a_market_only_the_unhealthy_one_is_found() {
    let desk = Desk::new(50_000, &parameters());
    let found = desk.scan(MARKET);
    let [candidate] = &found[..] else {
        panic!("{found:?}");
    };
    let part = part(candidate);
    assert_eq!(part.obligation, ChainAddress::Solana([2; 32]));
    assert_eq!(
        (part.repay_reserve, part.withdraw_reserve),
        (key(SOL_RESERVE), key(USDC_RESERVE))
    );
    assert_eq!(candidate.base, key(SOL));
    // A fifth of 40.2 SOL; the bonus of 5 % less the program's half of it is 2.5 % of that, less the pool's fee.
    assert!(part.repaid_raw.abs_diff(8_040_000_000) < 10_000, "{part:?}");
    assert!(
        (150_000_000..200_000_000).contains(&candidate.profit_raw),
        "{candidate:?}"
    );
    for other in [1u8, 3] {
        let mut scanner = LiquidationScanner::default();
        let found = scanner.scan(desk.sight(), ChainAddress::Solana([other; 32]));
        assert!(found.is_empty(), "{other}");
    }
}

#[test]
fn a_change_of_a_price_decides_about_every_loan_of_its_reserve() {
    let mut desk = Desk::new(50_000, &parameters());
    let mut data = dump(SOL_RESERVE);
    let price = u128::from_le_bytes(data[248..264].try_into().expect("16 bytes"));
    data[248..264].copy_from_slice(&(price * 110 / 100).to_le_bytes());
    let applied = desk.inventory.apply(&told(key(SOL_RESERVE), data, 2));
    assert_eq!(applied.loans, [key(SOL_RESERVE)]);
    let read = LiquidationParameters::read(&desk.in_force.parameters).expect("right");
    assert_eq!(read.most_candidates, 2);
    let found = desk.scan(SOL_RESERVE);
    assert_eq!(found.len(), 1, "one way, so the better of two: {found:?}");
    let loans = desk.inventory.loans();
    let refreshed = loans.refreshed(CLOCK).expect("known");
    for (number, unhealthy) in [(1u8, true), (2, true), (3, false)] {
        let loan = loans
            .obligation(ChainAddress::Solana([number; 32]))
            .expect("known");
        let slot = refreshed.clock.slot;
        let health = Health::of(loan, refreshed.market, &refreshed.reserves, slot).expect("known");
        assert_eq!(health.is_unhealthy(), unhealthy, "{number}");
    }
}

#[test]
fn an_unhealthy_loan_is_looked_at_again_when_a_pool_moves_until_it_is_healthy() {
    let mut desk = Desk::new(50_000, &parameters());
    let pool_address = pool(50_000).pool.address();
    let mut scanner = LiquidationScanner::default();
    assert!(
        scanner.scan(desk.sight(), pool_address).is_empty(),
        "none is known yet"
    );
    assert_eq!(scanner.scan(desk.sight(), key(MARKET)).len(), 1);
    assert_eq!(scanner.scan(desk.sight(), pool_address).len(), 1);
    let repaid = ChainAddress::Solana([2; 32]);
    desk.inventory
        .apply(&told(repaid, loan(9_000_000_000, 30_000_000_000), 2));
    assert!(scanner.scan(desk.sight(), repaid).is_empty());
    assert!(scanner.scan(desk.sight(), pool_address).is_empty());
}

#[test]
fn what_may_differ_from_the_chain_is_broken_or_forbidden_is_not_traded_on() {
    let mut desk = Desk::new(50_000, &parameters());
    desk.in_force.blacklist = [key(USDC)].into();
    assert!(desk.scan(MARKET).is_empty(), "blacklisted");
    let mut desk = Desk::new(50_000, &parameters());
    desk.inventory.set_all_stale();
    assert!(desk.scan(MARKET).is_empty(), "stale");
    assert!(desk.inventory.loans().refreshed(CLOCK).is_none());
    let told_before = desk
        .inventory
        .loans()
        .obligation(ChainAddress::Solana([2; 32]));
    assert_eq!(told_before, None, "the feed was interrupted");
    let mut desk = Desk::new(50_000, &parameters());
    let applied = desk.inventory.apply(&told(key(SOL_RESERVE), vec![0; 8], 2));
    assert_eq!(applied.loans_refused.len(), 1);
    assert!(desk.scan(MARKET).is_empty(), "a reserve that is none");
    let mut desk = Desk::new(50_000, &parameters());
    let late = ChainClock {
        unix_timestamp: CLOCK.unix_timestamp + 200,
        ..CLOCK
    };
    desk.inventory.set_clock(late);
    assert!(desk.scan(MARKET).is_empty(), "its price is too old");
    let rich = json!({"market": MARKET, "min_debt_usd": "8000", "bases": [{"mint": SOL}]});
    assert!(
        Desk::new(50_000, &rich).scan(MARKET).is_empty(),
        "too small a loan"
    );
}

#[test]
fn in_a_shallow_pool_less_is_repaid_than_could_be_and_no_other_amount_leaves_more() {
    let desk = Desk::new(400, &parameters());
    let found = desk.scan(MARKET);
    let [candidate] = &found[..] else {
        panic!("{found:?}");
    };
    let part = part(candidate);
    // A fifth would be 8.04 SOL. What is received for a unit sells at a * r / (r + a * x), a = 1.025 * 0.9975 / 0.99991582
    // of r = 400 SOL; that gives most at x = r * (sqrt(a) - 1) / a = 4.36 SOL.
    assert!(
        (4_200_000_000..4_500_000_000).contains(&part.borrowed_raw),
        "{part:?}"
    );
    let most = |max_repay_raw: u64| {
        let base =
            json!({"mint": SOL, "min_profit_raw": "1", "max_repay_raw": max_repay_raw.to_string()});
        let limited = Desk::new(400, &json!({"market": MARKET, "bases": [base]}));
        limited.scan(MARKET).first().map(|it| it.profit_raw)
    };
    assert_eq!(most(u64::MAX), Some(candidate.profit_raw));
    let less = most(part.borrowed_raw / 2).expect("some");
    assert!(less < candidate.profit_raw);
    let fixed = |hundredths: u64| {
        // On an amount below the best the bound is what is taken.
        most(part.borrowed_raw * hundredths / 100).expect("some")
    };
    assert!(fixed(95) < candidate.profit_raw && fixed(98) <= candidate.profit_raw);
}

#[test]
fn a_plan_borrows_refreshes_liquidates_sells_and_gives_back_in_this_order() {
    let desk = Desk::new(50_000, &parameters()).with_table();
    let candidate = desk.scan(MARKET).remove(0);
    let trade = desk.plan(&candidate).expect("planned");
    let part = part(&candidate);
    assert_eq!((trade.mint_in, trade.mint_out), (key(USDC), key(SOL)));
    assert_eq!(trade.amount_in_raw, trade.hops[0].amount_in_raw);
    let gained = trade.amount_out_raw - part.repaid_raw - part.fee_raw;
    assert_eq!(trade.expected_raw(), i64::try_from(gained).expect("small"));
    assert!(trade.least_out_raw > part.repaid_raw + part.fee_raw + trade.fee_lamports);
    let tags: Vec<_> = trade.instructions.iter().map(|it| it.data[0]).collect();
    // By the first byte of each: borrow, two refreshes of reserves, the obligation's, liquidation, swap, repayment.
    assert_eq!(tags[..5], [0x87, 2, 2, 33, 162]);
    assert_eq!(tags.last(), Some(&0xb9));
    assert_eq!(trade.instructions.len(), 7);
    let liquidation = &trade.instructions[4];
    assert_eq!(liquidation.data[8..16], part.borrowed_raw.to_le_bytes());
    assert_eq!(
        liquidation.data[16..24],
        trade.amount_in_raw.to_le_bytes(),
        "received at least"
    );
}

#[test]
fn the_repayment_names_the_place_of_the_loan_behind_budget_receipt_and_token_accounts() {
    let mut desk = Desk::new(50_000, &parameters()).with_table();
    let candidate = desk.scan(MARKET).remove(0);
    let trade = desk.plan(&candidate).expect("planned");
    let borrowed_at = |desk: &Desk| {
        let made = assemble(&trade, &desk.inventory, ANY_SEED, ANY_BLOCKHASH).expect("built");
        assert!(made.wire.len() <= 1_232, "{} bytes", made.wire.len());
        let amount = part(&candidate).borrowed_raw.to_le_bytes();
        let told = [
            &[0xb9, 0x75, 0x00, 0xcb, 0x60, 0xf5, 0xb4, 0xba][..],
            &amount,
        ]
        .concat();
        let at = made
            .wire
            .windows(told.len())
            .position(|it| it == told)
            .expect("a repayment");
        made.wire[at + told.len()]
    };
    // Limit, price, receipt, and three accounts that are made: SOL, the collateral, USDC.
    assert_eq!(borrowed_at(&desk), 6);
    let wallet = desk.inventory.wallet().expect("a wallet");
    let own = desk
        .inventory
        .token_account(wallet, key(SOL))
        .expect("derivable");
    desk.inventory.add_token_account(own);
    assert_eq!(borrowed_at(&desk), 5);
}

#[test]
fn what_does_not_fit_or_does_not_pay_is_not_planned_and_says_why() {
    let desk = Desk::new(50_000, &parameters());
    let candidate = desk.scan(MARKET).remove(0);
    let refused = desk.plan(&candidate).expect_err("no lookup table");
    assert_eq!(refused.code(), "transaction_refused");
    assert!(refused.to_string().contains("bytes"), "{refused}");
    let dear = json!({"market": MARKET, "bases": [{"mint": SOL, "min_profit_raw": "1000000000"}]});
    let desk = Desk::new(50_000, &dear).with_table();
    assert_eq!(
        desk.plan(&candidate).expect_err("too little").code(),
        "not_paying"
    );
    let mut desk = Desk::new(50_000, &parameters()).with_table();
    let repaid = ChainAddress::Solana([2; 32]);
    desk.inventory
        .apply(&told(repaid, loan(9_000_000_000, 30_000_000_000), 2));
    assert_eq!(
        desk.plan(&candidate).expect_err("healthy").code(),
        "not_liquidatable"
    );
    desk.inventory.set_all_stale();
    assert_eq!(
        desk.plan(&candidate).expect_err("stale").code(),
        "pool_stale"
    );
}

#[test]
fn wrong_parameters_are_named() {
    let bases = json!([{"mint": SOL}]);
    let loans = json!([LOAN, MARKET]);
    for (wrong, field) in [
        (json!({"bases": bases}), "parameters.market"),
        (json!({"market": "x", "bases": bases}), "parameters.market"),
        (json!({"market": MARKET}), "parameters.bases"),
        (json!({"market": MARKET, "bases": []}), "parameters.bases"),
        (
            json!({"market": MARKET, "bases": [{"mint": SOL}, {"mint": SOL}]}),
            "parameters.bases[1]",
        ),
        (
            json!({"market": MARKET, "bases": [{"mint": SOL, "cost_raw": "-1"}]}),
            "parameters.bases[0].cost_raw",
        ),
        (
            json!({"market": MARKET, "bases": bases, "obligations": ["x"]}),
            "parameters.obligations[0]",
        ),
        (
            json!({"market": MARKET, "bases": bases, "obligations": loans, "most_obligations": "1"}),
            "parameters.obligations",
        ),
        (
            json!({"market": MARKET, "bases": bases, "max_hops": "5"}),
            "parameters.max_hops",
        ),
        (
            json!({"market": MARKET, "bases": bases, "received_margin_bps": "1001"}),
            "parameters.received_margin_bps",
        ),
        (
            json!({"market": MARKET, "bases": bases, "min_debt_usd": "1.5"}),
            "parameters.min_debt_usd",
        ),
        (
            json!({"market": MARKET, "bases": bases, "health": "1"}),
            "parameters.health",
        ),
    ] {
        let refused = LiquidationParameters::read(&wrong).expect_err("refused");
        assert_eq!(refused.field, field, "{wrong}");
    }
    let read = LiquidationParameters::read(&parameters()).expect("taken");
    assert_eq!((read.source.market, read.max_hops), (key(MARKET), 2));
    assert!(loans_of(&parameters()).is_some());
}

fn loans_of(parameters: &Value) -> Option<LoanSource> {
    Strategy::named("liquidation").and_then(|it| it.loans(parameters))
}

#[test]
fn a_closed_loan_is_no_loan_any_more() {
    let mut desk = Desk::new(50_000, &parameters());
    let closed = ChainAddress::Solana([2; 32]);
    let nobody = AccountUpdate {
        owner: ChainAddress::Solana([0; 32]),
        data: Arc::from([]),
        ..told(closed, Vec::new(), 2)
    };
    assert!(desk.inventory.apply(&nobody).loans_refused.is_empty());
    assert!(desk.scan(MARKET).is_empty());
}
