//! The recorded WBTC/WETH pool and the Quoter's answers.

use std::collections::HashMap;
use std::str::FromStr;

use serde_json::value::RawValue;
use tradewind_core::ChainAddress;
use tradewind_core::pools::uniswap_v3::{Tick, UniswapV3Pool, UniswapV3State};
use tradewind_core::pools::{Exact, Pool};

use alloy_primitives::{U256, address};

const POOL: &str =
    include_str!("../../../../../tests/fixtures/evm/uniswap_v3_wbtc_weth_block_24407242.json");
const ANSWERS: &str =
    include_str!("../../../../../tests/fixtures/evm/uniswap_v3_wbtc_weth_quoter_answers.json");
pub(crate) const WBTC: ChainAddress =
    ChainAddress::Evm(address!("2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"));
pub(crate) const WETH: ChainAddress =
    ChainAddress::Evm(address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"));

/// Numbers of the file exceed 64 bits, so they are read as text.
type Fields<'a> = HashMap<&'a str, &'a RawValue>;

pub(crate) struct Answer {
    pub(crate) name: String,
    pub(crate) exact: Exact,
    /// The input of an exact input, the output of an exact output.
    pub(crate) token: ChainAddress,
    pub(crate) amount_raw: U256,
    pub(crate) value_raw: U256,
}

pub(crate) fn pool() -> Pool {
    let file: Fields = serde_json::from_str(POOL).unwrap();
    let scalars: Fields = serde_json::from_str(file["scalars"].get()).unwrap();
    let recorded: HashMap<&str, (u128, i128, u64)> =
        serde_json::from_str(file["tick_data"].get()).unwrap();
    let mut ticks: Vec<Tick> = recorded
        .into_iter()
        .map(|(index, (liquidity_gross, liquidity_net, _))| Tick {
            index: index.parse().unwrap(),
            liquidity_gross,
            liquidity_net,
        })
        .collect();
    ticks.sort_by_key(|tick| tick.index);
    let state = UniswapV3State {
        pool: serde_json::from_str::<&str>(file["pool"].get())
            .unwrap()
            .parse()
            .unwrap(),
        token0: WBTC,
        token1: WETH,
        fee_pips: number(&scalars, "fee"),
        tick_spacing: number(&scalars, "tick_spacing"),
        sqrt_price_x96: number(&scalars, "sqrt_price_x96"),
        tick: number(&scalars, "tick"),
        liquidity: number(&scalars, "liquidity"),
        ticks,
    };
    Pool::UniswapV3(UniswapV3Pool::new(&state).unwrap())
}

pub(crate) fn quoter_answers() -> Vec<Answer> {
    let file: Fields = serde_json::from_str(ANSWERS).unwrap();
    let entries: HashMap<&str, Fields> = serde_json::from_str(file["entries"].get()).unwrap();
    entries
        .into_iter()
        .map(|(name, entry)| answer(name, number(&entry, "value")))
        .collect()
}

/// The pool's token that this one is not.
pub(crate) fn other(token: ChainAddress) -> ChainAddress {
    if token == WBTC { WETH } else { WBTC }
}

fn answer(name: &str, value_raw: U256) -> Answer {
    let [_, function, tokens, amount] = name.split('|').collect::<Vec<_>>()[..] else {
        panic!("an entry is named pool|function|tokens|amount, not {name}");
    };
    let (token_in, token_out) = match tokens {
        "WBTC->WETH" => (WBTC, WETH),
        "WETH->WBTC" => (WETH, WBTC),
        _ => panic!("unknown tokens {tokens}"),
    };
    let (exact, token) = match function {
        "quoteExactInputSingle" => (Exact::In, token_in),
        "quoteExactOutputSingle" => (Exact::Out, token_out),
        _ => panic!("unknown function {function}"),
    };
    Answer {
        name: name.to_owned(),
        exact,
        token,
        amount_raw: amount.parse().unwrap(),
        value_raw,
    }
}

fn number<T: FromStr<Err: std::fmt::Debug>>(fields: &Fields, name: &str) -> T {
    fields[name].get().parse().unwrap()
}
