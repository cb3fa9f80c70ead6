//! The pools of an auction, kind by kind.

use super::CowAuctionError;
use super::fields::Fields;
use crate::ChainAddress;
use crate::pools::uniswap_v2::UniswapV2State;
use crate::pools::uniswap_v3::{Tick, UniswapV3State};
use crate::pools::{Pool, PoolState};

/// Fees and tick spacings that Uniswap's factory has enabled on Ethereum.
const TICK_SPACINGS: [(u32, i32); 4] = [(100, 1), (500, 10), (3_000, 60), (10_000, 200)];

/// What every pool has.
const COMMON: [&str; 5] = ["kind", "address", "fee", "cost", "mandatory"];

/// A pool of several tokens with fixed weights (Balancer).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightedPool {
    /// The pool's contract.
    pub pool: ChainAddress,
    /// In the order of their addresses.
    pub tokens: Vec<WeightedToken>,
    /// The swap fee in units of `1e-18`.
    pub fee_e18: u128,
}

/// One token of a weighted pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightedToken {
    /// The token.
    pub token: ChainAddress,
    /// What the pool holds of it.
    pub balance_raw: u128,
    /// Its share of the value in units of `1e-18`; those of all tokens add up to one.
    pub weight_e18: u128,
}

/// A pool of several tokens that are worth about the same (Balancer).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StablePool {
    /// The pool's contract.
    pub pool: ChainAddress,
    /// In the order of their addresses.
    pub tokens: Vec<ScaledToken>,
    /// The amplification parameter in units of `1e-3`, as its contract keeps it.
    pub amplification_e3: u128,
    /// The swap fee in units of `1e-18`.
    pub fee_e18: u128,
}

/// One token of a stable pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaledToken {
    /// The token.
    pub token: ChainAddress,
    /// What the pool holds of it.
    pub balance_raw: u128,
    /// Raw units that are worth one unit of the curve: ten to the power of the token's decimals.
    pub scaling_rate: u128,
}

/// One pool of the file.
pub(super) enum Read {
    Pool(PoolState),
    Weighted(WeightedPool),
    Stable(StablePool),
    Refused { code: &'static str, reason: String },
}

pub(super) fn read(amm: &Fields<'_>) -> Result<Read, CowAuctionError> {
    let read = match amm.text("kind")? {
        "ConstantProduct" => constant_product(amm)?,
        "Concentrated" => concentrated(amm)?,
        // A family of pools for these two makes them a `Read::Pool`.
        "WeightedProduct" => weighted_product(amm)?,
        "Stable" => stable(amm)?,
        other => unsupported(format!("kind: {other:?} is not supported")),
    };
    if let Read::Pool(state) = &read
        && let Err(error) = Pool::new(state)
    {
        return Ok(Read::Refused {
            code: error.code(),
            reason: error.to_string(),
        });
    }
    Ok(read)
}

fn constant_product(amm: &Fields<'_>) -> Result<Read, CowAuctionError> {
    if let Some(refused) = unknown(amm, &["reserves"]) {
        return Ok(refused);
    }
    let reserves = amm.object("reserves")?;
    let mut tokens = Vec::new();
    for (token, _) in reserves.entries() {
        let reserve: u128 = reserves.number(token)?;
        tokens.push((reserves.as_address(token, token)?, reserve));
    }
    tokens.sort_unstable();
    let [(token0, reserve0_raw), (token1, reserve1_raw)] = tokens[..] else {
        return Err(amm.fault("reserves", "must be of two tokens"));
    };
    let Some(fee_ppm) = fee_ppm(amm)? else {
        return Ok(fee_refused(amm)?);
    };
    Ok(Read::Pool(PoolState::UniswapV2(UniswapV2State {
        pool: amm.address("address")?,
        token0,
        token1,
        reserve0_raw,
        reserve1_raw,
        fee_ppm,
    })))
}

fn concentrated(amm: &Fields<'_>) -> Result<Read, CowAuctionError> {
    let pool = amm.object("pool")?;
    let state = pool.object("state")?;
    let known = ["sqrt_price", "liquidity", "tick", "liquidity_net"];
    let refused = unknown(amm, &["pool"])
        .or_else(|| unknown(&pool, &["tokens", "state", "gas_stats"]))
        .or_else(|| unknown(&state, &known));
    if let Some(refused) = refused {
        return Ok(refused);
    }
    let tokens = pool.list("tokens")?;
    let [token0, token1] = &tokens[..] else {
        return Err(amm.fault("pool.tokens", "must be two"));
    };
    let Some(fee_pips) = fee_ppm(amm)? else {
        return Ok(fee_refused(amm)?);
    };
    let tier = TICK_SPACINGS.iter().find(|(fee, _)| *fee == fee_pips);
    let Some((_, tick_spacing)) = tier else {
        return Ok(unsupported(format!(
            "fee: {fee_pips} parts per million has no tick spacing in Uniswap's factory"
        )));
    };
    Ok(Read::Pool(PoolState::UniswapV3(UniswapV3State {
        pool: amm.address("address")?,
        token0: token0.address("id")?,
        token1: token1.address("id")?,
        fee_pips,
        tick_spacing: *tick_spacing,
        sqrt_price_x96: state.number("sqrt_price")?,
        tick: state.number("tick")?,
        liquidity: state.number("liquidity")?,
        ticks: ticks(&state.object("liquidity_net")?)?,
    })))
}

/// The file gives the net liquidity alone. The gross is at least as much, and no quote depends on it.
fn ticks(nets: &Fields<'_>) -> Result<Vec<Tick>, CowAuctionError> {
    let mut ticks = Vec::new();
    for (tick, _) in nets.entries() {
        let liquidity_net: i128 = nets.number(tick)?;
        ticks.push(Tick {
            index: nets.as_number(tick, tick)?,
            liquidity_gross: liquidity_net.unsigned_abs(),
            liquidity_net,
        });
    }
    ticks.sort_unstable_by_key(|tick| tick.index);
    Ok(ticks)
}

fn weighted_product(amm: &Fields<'_>) -> Result<Read, CowAuctionError> {
    if let Some(refused) = unknown(amm, &["reserves"]) {
        return Ok(refused);
    }
    let reserves = amm.object("reserves")?;
    let mut tokens = Vec::new();
    for (token, _) in reserves.entries() {
        let reserve = reserves.object(token)?;
        let Some(weight_e18) = reserve.decimal("weight", 18)? else {
            let weight = reserve.text("weight")?;
            return Ok(unsupported(format!(
                "reserves.{token}.weight: {weight} has more than 18 decimals"
            )));
        };
        tokens.push(WeightedToken {
            token: reserves.as_address(token, token)?,
            balance_raw: reserve.number("balance")?,
            weight_e18,
        });
    }
    tokens.sort_unstable_by_key(|token| token.token);
    let Some(fee_e18) = amm.decimal("fee", 18)? else {
        return Ok(fee_refused(amm)?);
    };
    Ok(Read::Weighted(WeightedPool {
        pool: amm.address("address")?,
        tokens,
        fee_e18,
    }))
}

fn stable(amm: &Fields<'_>) -> Result<Read, CowAuctionError> {
    let known = ["reserves", "scaling_rates", "amplification_parameter"];
    if let Some(refused) = unknown(amm, &known) {
        return Ok(refused);
    }
    let (reserves, rates) = (amm.object("reserves")?, amm.object("scaling_rates")?);
    let mut tokens = Vec::new();
    for (token, _) in reserves.entries() {
        tokens.push(ScaledToken {
            token: reserves.as_address(token, token)?,
            balance_raw: reserves.number(token)?,
            scaling_rate: rates.number(token)?,
        });
    }
    tokens.sort_unstable_by_key(|token| token.token);
    let Some(amplification_e3) = amm.decimal("amplification_parameter", 3)? else {
        let given = amm.text("amplification_parameter")?;
        return Ok(unsupported(format!(
            "amplification_parameter: {given} has more than 3 decimals"
        )));
    };
    let Some(fee_e18) = amm.decimal("fee", 18)? else {
        return Ok(fee_refused(amm)?);
    };
    Ok(Read::Stable(StablePool {
        pool: amm.address("address")?,
        tokens,
        amplification_e3,
        fee_e18,
    }))
}

/// `None` when the fee is no whole number of parts per million.
fn fee_ppm(amm: &Fields<'_>) -> Result<Option<u32>, CowAuctionError> {
    let fee = amm.decimal("fee", 6)?;
    fee.map(|fee| u32::try_from(fee).map_err(|_| amm.fault("fee", "must be less than 1")))
        .transpose()
}

fn fee_refused(amm: &Fields<'_>) -> Result<Read, CowAuctionError> {
    Ok(unsupported(format!(
        "fee: {} is finer than the pool's contract can keep it",
        amm.text("fee")?
    )))
}

/// A field that is not known may change what the pool answers.
fn unknown(fields: &Fields<'_>, known: &[&str]) -> Option<Read> {
    let known: Vec<&str> = known.iter().chain(&COMMON).copied().collect();
    let name = fields.unknown(&known)?;
    Some(unsupported(format!("{name}: the field is not known")))
}

fn unsupported(reason: String) -> Read {
    Read::Refused {
        code: "unsupported_feature",
        reason,
    }
}
