//! The pools of an auction, kind by kind.

use super::CowAuctionError;
use super::fields::Fields;
use crate::pools::balancer::{BalancerStableState, BalancerToken, BalancerWeightedState, Weight};
use crate::pools::uniswap_v2::UniswapV2State;
use crate::pools::uniswap_v3::{Tick, UniswapV3State};
use crate::pools::{Pool, PoolState};

/// Fees and tick spacings that Uniswap's factory has enabled on Ethereum.
const TICK_SPACINGS: [(u32, i32); 4] = [(100, 1), (500, 10), (3_000, 60), (10_000, 200)];

/// A balance of `rate` raw units is one, with 18 decimals, times this over the rate.
const UNIT_SQUARED: u128 = 1_000_000_000_000_000_000_000_000_000_000_000_000;

/// What every pool has.
const COMMON: [&str; 5] = ["kind", "address", "fee", "cost", "mandatory"];

/// One pool of the file.
#[allow(clippy::large_enum_variant, reason = "it is taken apart at once")]
pub(super) enum Read {
    Pool(PoolState),
    Refused { code: &'static str, reason: String },
}

/// `tokens` are those of the file, with their decimals.
pub(super) fn read(amm: &Fields<'_>, tokens: &Fields<'_>) -> Result<Read, CowAuctionError> {
    let read = match amm.text("kind")? {
        "ConstantProduct" => constant_product(amm)?,
        "Concentrated" => concentrated(amm)?,
        "WeightedProduct" => weighted_product(amm, tokens)?,
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
        return fee_refused(amm);
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
        return fee_refused(amm);
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

/// The file does not say by which of its two ways a pool takes the powers 1, 2 and 4. The one that it has if it is
/// old is taken: it promises no more than the other pays.
fn weighted_product(amm: &Fields<'_>, known: &Fields<'_>) -> Result<Read, CowAuctionError> {
    if let Some(refused) = unknown(amm, &["reserves"]) {
        return Ok(refused);
    }
    let reserves = amm.object("reserves")?;
    let mut parts = Vec::new();
    for (token, _) in reserves.entries() {
        let reserve = reserves.object(token)?;
        let Some(weight) = reserve.decimal("weight", 18)? else {
            let weight = reserve.text("weight")?;
            return Ok(unsupported(format!(
                "reserves.{token}.weight: {weight} has more than 18 decimals"
            )));
        };
        let Some(scaling_factor) = scaling_factor(known, token)? else {
            return Ok(unsupported(format!(
                "reserves.{token}: the auction does not give the token's decimals"
            )));
        };
        let weight =
            u64::try_from(weight).map_err(|_| reserves.fault(token, "weight must be at most 1"))?;
        let token = BalancerToken {
            token: reserves.as_address(token, token)?,
            balance_raw: reserve.number("balance")?,
            scaling_factor,
        };
        parts.push((token, Weight(weight)));
    }
    parts.sort_unstable_by_key(|(token, _)| token.token);
    let Some(swap_fee) = fee_e18(amm)? else {
        return fee_refused(amm);
    };
    let (tokens, weights) = parts.into_iter().unzip();
    Ok(Read::Pool(PoolState::BalancerWeighted(
        BalancerWeightedState {
            pool: amm.address("address")?,
            tokens,
            weights,
            swap_fee,
            exact_powers: false,
        },
    )))
}

fn stable(amm: &Fields<'_>) -> Result<Read, CowAuctionError> {
    let known = ["reserves", "scaling_rates", "amplification_parameter"];
    if let Some(refused) = unknown(amm, &known) {
        return Ok(refused);
    }
    let (reserves, rates) = (amm.object("reserves")?, amm.object("scaling_rates")?);
    let mut tokens = Vec::new();
    for (token, _) in reserves.entries() {
        let rate: u128 = rates.number(token)?;
        if rate == 0 || !UNIT_SQUARED.is_multiple_of(rate) {
            return Ok(unsupported(format!(
                "scaling_rates.{token}: {rate} is no power of ten up to 36"
            )));
        }
        tokens.push(BalancerToken {
            token: reserves.as_address(token, token)?,
            balance_raw: reserves.number(token)?,
            scaling_factor: UNIT_SQUARED / rate,
        });
    }
    tokens.sort_unstable_by_key(|token| token.token);
    let Some(amplification) = amm.decimal("amplification_parameter", 3)? else {
        let given = amm.text("amplification_parameter")?;
        return Ok(unsupported(format!(
            "amplification_parameter: {given} has more than 3 decimals"
        )));
    };
    let amplification = u64::try_from(amplification)
        .map_err(|_| amm.fault("amplification_parameter", "must fit 64 bits"))?;
    let Some(swap_fee) = fee_e18(amm)? else {
        return fee_refused(amm);
    };
    Ok(Read::Pool(PoolState::BalancerStable(BalancerStableState {
        pool: amm.address("address")?,
        tokens,
        amplification,
        swap_fee,
    })))
}

/// `10**(36 - decimals)`, as Balancer scales a token; `None` when its decimals are not given.
fn scaling_factor(tokens: &Fields<'_>, token: &str) -> Result<Option<u128>, CowAuctionError> {
    let Some(decimals) = tokens.optional(token)? else {
        return Ok(None);
    };
    let decimals = decimals.small("decimals")?;
    let factor = decimals.and_then(|decimals| 36_u32.checked_sub(decimals));
    Ok(factor.and_then(|power| 10_u128.checked_pow(power)))
}

/// `None` when the fee has more than 18 decimals.
fn fee_e18(amm: &Fields<'_>) -> Result<Option<u64>, CowAuctionError> {
    let fee = amm.decimal("fee", 18)?;
    fee.map(|fee| u64::try_from(fee).map_err(|_| amm.fault("fee", "must be less than 1")))
        .transpose()
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
