//! The recorded auction of `CoW` Protocol: its pools as a graph, and its orders.

use std::path::Path;
use std::str::FromStr;

use alloy_primitives::U256;
use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::pools::Pool;
use tradewind_core::pools::uniswap_v2::{UniswapV2Pool, UniswapV2State};
use tradewind_core::pools::uniswap_v3::{Tick, UniswapV3Pool, UniswapV3State};
use tradewind_core::routing::PoolGraph;

pub(crate) const WETH: &str = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2";
pub(crate) const USDC: &str = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48";
pub(crate) const USDT: &str = "0xdac17f958d2ee523a2206206994597c13d831ec7";
pub(crate) const DAI: &str = "0x6b175474e89094c44da98b954eedeac495271d0f";
pub(crate) const WBTC: &str = "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599";

/// What one order sells, and for what.
pub(crate) struct Order {
    pub(crate) sell_token: ChainAddress,
    pub(crate) buy_token: ChainAddress,
    pub(crate) sell_amount_raw: U256,
}

pub(crate) fn token(text: &str) -> ChainAddress {
    ChainAddress::from_str(text).unwrap()
}

pub(crate) fn raw(text: &str) -> U256 {
    U256::from_str(text).unwrap()
}

fn auction() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/evm/cow_auction_7400693.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The constant-product and the concentrated pools, in the order of the file.
///
/// A concentrated pool whose recorded liquidity does not follow from its recorded ticks is left out: the state is
/// one that its contract cannot be in.
pub(crate) fn pools() -> Vec<Pool> {
    let auction = auction();
    let entries = auction["amms"].as_object().unwrap();
    entries
        .values()
        .filter_map(|entry| match entry["kind"].as_str().unwrap() {
            "ConstantProduct" => Some(constant_product(entry)),
            "Concentrated" => concentrated(entry),
            _ => None,
        })
        .collect()
}

pub(crate) fn graph() -> PoolGraph {
    let mut graph = PoolGraph::new();
    for pool in pools() {
        graph.upsert(pool);
    }
    graph
}

pub(crate) fn orders() -> Vec<Order> {
    let auction = auction();
    let orders = auction["orders"].as_object().unwrap();
    orders
        .values()
        .map(|order| Order {
            sell_token: token(order["sell_token"].as_str().unwrap()),
            buy_token: token(order["buy_token"].as_str().unwrap()),
            sell_amount_raw: raw(order["sell_amount"].as_str().unwrap()),
        })
        .collect()
}

fn constant_product(entry: &Value) -> Pool {
    let mut reserves: Vec<(ChainAddress, u128)> = entry["reserves"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(address, amount)| (token(address), amount.as_str().unwrap().parse().unwrap()))
        .collect();
    reserves.sort_unstable();
    UniswapV2Pool::new(&UniswapV2State {
        pool: token(entry["address"].as_str().unwrap()),
        token0: reserves[0].0,
        token1: reserves[1].0,
        reserve0_raw: reserves[0].1,
        reserve1_raw: reserves[1].1,
        fee_ppm: fee_ppm(entry),
    })
    .unwrap()
    .into()
}

fn concentrated(entry: &Value) -> Option<Pool> {
    let state = &entry["pool"]["state"];
    let tokens: Vec<ChainAddress> = entry["pool"]["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| token(entry["id"].as_str().unwrap()))
        .collect();
    let fee_pips = fee_ppm(entry);
    let mut ticks: Vec<Tick> = state["liquidity_net"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(index, net)| {
            let liquidity_net: i128 = net.as_str().unwrap().parse().unwrap();
            Tick {
                index: index.parse().unwrap(),
                liquidity_gross: liquidity_net.unsigned_abs(),
                liquidity_net,
            }
        })
        .collect();
    ticks.sort_by_key(|tick| tick.index);
    UniswapV3Pool::new(&UniswapV3State {
        pool: token(entry["address"].as_str().unwrap()),
        token0: tokens[0],
        token1: tokens[1],
        fee_pips,
        tick_spacing: match fee_pips {
            100 => 1,
            500 => 10,
            3_000 => 60,
            _ => 200,
        },
        sqrt_price_x96: state["sqrt_price"].as_str().unwrap().parse().unwrap(),
        tick: state["tick"].as_str().unwrap().parse().unwrap(),
        liquidity: state["liquidity"].as_str().unwrap().parse().unwrap(),
        ticks,
    })
    .ok()
    .map(Pool::from)
}

/// The file writes a fee as a fraction with up to six places.
fn fee_ppm(entry: &Value) -> u32 {
    let text = entry["fee"].as_str().unwrap();
    let places = text.strip_prefix("0.").unwrap_or("0");
    format!("{places:0<6}").parse().unwrap()
}
