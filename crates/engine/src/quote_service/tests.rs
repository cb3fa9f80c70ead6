use tradewind_core::ChainAddress;
use tradewind_core::pools::{Pool, PoolMath as _, PoolState, read_pools};

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::messages::{Outcome, QuoteRequest, Side, StreamedQuote};
use super::pricing::Question;
use super::quoted;
use super::streaming::QuoteStream;
use crate::clock::Clock;
use crate::config::{Changeable, EngineConfig, InForce};
use crate::events::Journal;
use crate::feed::Moment;
use crate::inventory::{Inventory, LoadedPool};
use crate::log::Log;
use crate::pipeline::Shared;

/// A pool of Raydium AMM v4 for two mints from numbers, so much deeper than another one.
fn pool(number: u8, mints: (u8, u8), depth: u64) -> Pool {
    let text = include_str!("../inventory/tests/amm_v4.json");
    let mut states = read_pools(text).expect("pools");
    let PoolState::RaydiumAmmV4(state) = states.first_mut().expect("one") else {
        panic!("another family");
    };
    let key = |kind: u8, number: u8| {
        let mut bytes = [kind; 32];
        bytes[0] = number;
        ChainAddress::Solana(bytes)
    };
    state.pool = key(1, number);
    state.coin_vault = key(2, number);
    state.pc_vault = key(3, number);
    state.coin_mint = key(4, mints.0);
    state.pc_mint = key(4, mints.1);
    state.coin_vault_raw = depth;
    state.pc_vault_raw = depth;
    Pool::new(&states[0]).expect("a pool")
}

fn loaded(pool: Pool, slot: u64) -> LoadedPool {
    let moment = Moment {
        slot,
        write_version: 1,
    };
    LoadedPool {
        pool,
        swap_accounts: None,
        moment,
    }
}

/// What is in force without any limit or mint named.
fn in_force() -> Changeable {
    let config = serde_json::json!({
        "version": 1, "strategy": "arb", "instance": "arb-1", "folder": "/tmp/arb-1",
        "chain": {
            "chain_id": 101, "rpc": ["http://127.0.0.1:8899"], "websocket": null, "yellowstone": null,
            "shredstream": null, "genesis_hash": "So11111111111111111111111111111111111111112",
        },
        "signer": null, "feeds": {"kind": "websocket"}, "inventory": {"snapshot": "pools.json", "programs": []},
        "mode": "replay", "executes": "engine", "limits": {}, "blacklist": [], "parameters": {},
    });
    let config = EngineConfig::parse(&config.to_string()).expect("a configuration");
    config.changeable
}

/// From mint 1 to mint 2.
fn question(of: &Pool) -> Question {
    let request = QuoteRequest {
        mint_in: of.tokens()[0].to_string(),
        mint_out: of.tokens()[1].to_string(),
        amount_raw: 1_000_000,
        side: Side::ExactIn as i32,
        max_hops: 0,
    };
    Question::read(&request).expect("a question")
}

#[test]
fn a_stale_pool_on_the_best_path_is_left_out_and_named() {
    let mut inventory = Inventory::default();
    let (deep, shallow) = (
        pool(1, (1, 2), 1_000_000_000_000),
        pool(2, (1, 2), 10_000_000_000),
    );
    let id = inventory.add_loaded(loaded(deep.clone(), 7));
    inventory.add_loaded(loaded(shallow.clone(), 9));
    let asked = question(&deep);
    let best = asked.answer(&inventory, &in_force(), 0).expect("a quote");
    assert_eq!(best.hops[0].pool, deep.address().to_string());
    assert_eq!((best.slot, best.stale_pools.len()), (7, 0));
    inventory.set_stale(id);
    let other = asked.answer(&inventory, &in_force(), 12).expect("a quote");
    assert_eq!(other.hops[0].pool, shallow.address().to_string());
    assert_eq!(other.stale_pools, [deep.address().to_string()]);
    assert_eq!(other.slot, 12);
    assert!(other.amount_out_raw < best.amount_out_raw);
}

#[test]
fn where_nothing_else_fills_the_amount_the_stale_pools_are_the_refusal() {
    let mut inventory = Inventory::default();
    let only = pool(1, (1, 2), 1_000_000_000_000);
    inventory.add_priced(only.clone());
    let refusal = question(&only)
        .answer(&inventory, &in_force(), 0)
        .expect_err("stale");
    assert_eq!(refusal.code, "pools_stale");
    assert!(refusal.message.contains(&only.address().to_string()));
    inventory.add_loaded(loaded(only.clone(), 1));
    assert!(question(&only).answer(&inventory, &in_force(), 0).is_ok());
}

#[test]
fn a_change_concerns_whoever_asks_for_a_mint_of_the_pool() {
    let mut inventory = Inventory::default();
    let pools = [
        pool(1, (1, 2), 1_000_000),
        pool(2, (2, 3), 1_000_000),
        pool(3, (3, 4), 1_000_000),
    ];
    for pool in &pools {
        inventory.add_loaded(loaded(pool.clone(), 1));
    }
    let asked = question(&pools[0]);
    let concerned = pools
        .each_ref()
        .map(|pool| asked.concerns(&inventory, pool.address()));
    assert_eq!(concerned, [true, true, false]);
}

fn shared(folder: &tempfile::TempDir, inventory: Inventory) -> Arc<Shared> {
    let log = Log::new(Clock::System, std::io::sink());
    let path = folder.path().join("events.jsonl");
    let (_journal, events) = Journal::open(&path, log.clone()).expect("a journal");
    let in_force = InForce::new(in_force());
    Arc::new(Shared::new(
        "arb-1".to_owned(),
        inventory,
        in_force,
        Clock::System,
        log,
        events,
    ))
}

fn amount_out_raw(told: Option<Result<StreamedQuote, tonic::Status>>) -> u64 {
    let told = told.expect("a stream that goes on").expect("a quote");
    let Some(Outcome::Quote(quote)) = told.outcome else {
        panic!("no quote");
    };
    quote.amount_out_raw
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_gets_the_newest_quote_and_nothing_between() {
    // Fewer changes than a stream may be behind, and more.
    for changes in [50, 3_000] {
        let folder = tempfile::tempdir().expect("a folder");
        let first = pool(1, (1, 2), 1_000_000_000);
        let mut inventory = Inventory::default();
        inventory.add_loaded(loaded(first.clone(), 1));
        let shared = shared(&folder, inventory);
        let asked = question(&first);
        let before = quoted(&shared, &asked).expect("a quote").amount_out_raw;
        let (sender, mut receiver) = mpsc::channel(1);
        let room = sender.clone();
        let stream = QuoteStream::new(Arc::clone(&shared), vec![asked.clone()]);
        let running = tokio::spawn(stream.run(sender));
        while room.capacity() > 0 {
            tokio::task::yield_now().await;
        }
        drop(room);
        for slot in 1..=changes {
            let changed = pool(1, (1, 2), 1_000_000_000 + 1_000_000 * slot);
            shared.inventory_mut().add_loaded(loaded(changed, slot));
            shared.pool_changes.tell(first.address());
            tokio::task::yield_now().await;
        }
        let newest = quoted(&shared, &asked).expect("a quote").amount_out_raw;
        assert!(newest > before);
        assert_eq!(amount_out_raw(receiver.recv().await), before);
        assert_eq!(amount_out_raw(receiver.recv().await), newest, "{changes}");
        // The same state again is no other quote.
        shared.pool_changes.tell(first.address());
        let more = tokio::time::timeout(Duration::from_secs(2), receiver.recv()).await;
        assert!(more.is_err(), "told twice");
        shared.stop();
        let last = receiver.recv().await.expect("an end");
        assert_eq!(last.expect_err("an end").code(), tonic::Code::Unavailable);
        running.await.expect("no panic");
    }
}
