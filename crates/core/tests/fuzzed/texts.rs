//! Files that others write: pools as JSON, and auctions of `CoW` Protocol.

use serde_json::{Map, Value, json};
use tradewind_core::pools::{Pool, PoolMath, PoolState, read_pools, write_pools};
use tradewind_core::sources::cow_auction::CowAuction;

use super::input::fixture;
use super::pools::documented;

/// The recorded auction.
const AUCTION: &str = "evm/cow_auction_7400693.json";
/// So many pools of each family, so that each is tried often.
const MOST_OF_A_FAMILY: usize = 12;

/// What is read is written and read alike; what is refused says why.
pub(crate) fn pools(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match read_pools(text) {
        Ok(states) => {
            let written = write_pools(&states).unwrap();
            assert_eq!(read_pools(&written).unwrap(), states);
            for state in &states {
                if let Ok(pool) = Pool::new(state) {
                    assert_eq!(Pool::new(&pool.state()).unwrap().state(), pool.state());
                }
            }
        }
        Err(error) => assert!(!error.code().is_empty() && !error.to_string().is_empty()),
    }
}

pub(crate) fn pool_seeds() -> Vec<Vec<u8>> {
    let states = documented();
    let mut seeds: Vec<Vec<u8>> = states
        .iter()
        .map(|state| serde_json::to_vec(state).unwrap())
        .collect();
    seeds.push(write_pools(&states[..2]).unwrap().into_bytes());
    seeds.push(b"[]".to_vec());
    seeds.retain(|seed| seed.len() < 8_000);
    seeds
}

/// Pools of the recorded auction that are taken, the shorter ones of each family.
pub(crate) fn states() -> Vec<PoolState> {
    let auction = CowAuction::parse(&fixture(AUCTION)).unwrap();
    let pools = auction.pools.iter();
    let mut pools: Vec<(usize, Pool)> = pools
        .filter_map(|pool| {
            let length = serde_json::to_string(&pool.state).unwrap().len();
            Some((length, Pool::new(&pool.state).ok()?))
        })
        .collect();
    pools.sort_by_key(|(length, pool)| (*length, pool.address()));
    let mut chosen: Vec<Pool> = Vec::new();
    for (_, pool) in pools {
        let family = chosen.iter().filter(|it| it.venue() == pool.venue());
        if family.count() < MOST_OF_A_FAMILY {
            chosen.push(pool);
        }
    }
    chosen.iter().map(Pool::state).collect()
}

pub(crate) fn auction(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match CowAuction::parse(text) {
        Ok(auction) => {
            assert_eq!(CowAuction::parse(text).unwrap(), auction);
            for pool in &auction.pools {
                let _ = Pool::new(&pool.state);
            }
            for refused in &auction.refused {
                assert!(!refused.code.is_empty() && !refused.reason.is_empty());
            }
        }
        Err(error) => assert!(!error.code().is_empty() && !error.to_string().is_empty()),
    }
}

/// The recorded auction with one pool of each kind, two orders and their tokens.
pub(crate) fn auction_seeds() -> Vec<Vec<u8>> {
    let whole: Value = serde_json::from_str(&fixture(AUCTION)).unwrap();
    let mut amms: Map<String, Value> = Map::new();
    for (id, amm) in whole["amms"].as_object().unwrap() {
        let kinds = amms.values().filter(|other| other["kind"] == amm["kind"]);
        let short = amm.to_string().len() < 4_000;
        if short && kinds.count() < 1 {
            amms.insert(id.clone(), amm.clone());
        }
    }
    let orders: Map<String, Value> = first(&whole["orders"], 2);
    let mut small = whole.as_object().unwrap().clone();
    let named = json!([amms.clone(), orders.clone()]).to_string();
    let tokens = whole["tokens"].as_object().unwrap().iter();
    let tokens: Map<String, Value> = tokens
        .filter(|(token, _)| named.contains(token.as_str()))
        .map(|(token, facts)| (token.clone(), facts.clone()))
        .collect();
    small.insert("amms".to_owned(), amms.clone().into());
    small.insert("orders".to_owned(), orders.into());
    small.insert("tokens".to_owned(), tokens.into());
    let mut seeds = vec![Value::from(small.clone()).to_string().into_bytes()];
    for (id, amm) in amms {
        small.insert("amms".to_owned(), json!({ id: amm }));
        seeds.push(Value::from(small.clone()).to_string().into_bytes());
    }
    seeds
}

fn first(objects: &Value, count: usize) -> Map<String, Value> {
    let objects = objects.as_object().unwrap().iter().take(count);
    objects
        .map(|(id, object)| (id.clone(), object.clone()))
        .collect()
}
