//! Random pools with fixed and adaptive fees against recorded quotes of Orca's own package.

use crate::whirlpools::{array_span, key, plain};
use alloy_primitives::U256;
use serde::Deserialize;
use tradewind_core::pools::orca_whirlpool::{
    AdaptiveFeeConstants, AdaptiveFeeVariables, Oracle, OrcaWhirlpoolPool, OrcaWhirlpoolState,
    Tick, TickArray,
};
use tradewind_core::pools::{ChainClock, Exact, FeeKind, PoolMath, TokenPair};
use tradewind_core::solana::{EpochTransferFee, TransferFees};

const QUOTES: &str = include_str!("../../../../tests/fixtures/solana/orca_whirlpool/quotes.json");

#[derive(Deserialize)]
struct File {
    pools: Vec<RecordedPool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordedPool {
    spacing: u16,
    tick: i32,
    liquidity: String,
    sqrt_price: String,
    fee_rate: u16,
    protocol_fee_rate: u16,
    oracle: Option<RecordedOracle>,
    transfer_fees: Option<[RecordedTransferFee; 2]>,
    /// Index, gross, net.
    ticks: Vec<(i32, String, String)>,
    swaps: Vec<RecordedSwap>,
}

/// Falling, exact input, amount, seconds, the other amount and the pool's fee.
type RecordedSwap = (bool, bool, String, String, Option<[String; 2]>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordedTransferFee {
    fee_bps: u16,
    max_fee: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordedOracle {
    trade_enable_timestamp: String,
    adaptive_fee_constants: RecordedConstants,
    adaptive_fee_variables: RecordedVariables,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordedConstants {
    filter_period: u16,
    decay_period: u16,
    reduction_factor: u16,
    adaptive_fee_control_factor: u32,
    max_volatility_accumulator: u32,
    tick_group_size: u16,
    major_swap_threshold_ticks: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordedVariables {
    last_reference_update_timestamp: String,
    last_major_swap_timestamp: String,
    volatility_reference: u32,
    tick_group_index_reference: i32,
    volatility_accumulator: u32,
}

impl RecordedPool {
    fn state(&self, unix_timestamp: i64) -> OrcaWhirlpoolState {
        let [transfer_fees_a, transfer_fees_b] = self
            .transfer_fees
            .as_ref()
            .map_or([TransferFees::NONE; 2], |fees| {
                [fees[0].fees(), fees[1].fees()]
            });
        OrcaWhirlpoolState {
            tick: self.tick,
            liquidity: self.liquidity.parse().unwrap(),
            sqrt_price_x64: self.sqrt_price.parse().unwrap(),
            fee_ppm: self.fee_rate,
            protocol_fee_bps: self.protocol_fee_rate,
            tick_arrays: self.tick_arrays(),
            oracle: self.oracle.as_ref().map(|oracle| Box::new(oracle.oracle())),
            transfer_fees_a,
            transfer_fees_b,
            clock: ChainClock {
                unix_timestamp,
                ..ChainClock::default()
            },
            ..plain(self.spacing)
        }
    }

    fn tick_arrays(&self) -> Vec<TickArray> {
        let span = array_span(self.spacing);
        let own = self.tick.div_euclid(span) * span;
        let starts = (-2..=3).map(|place| own + place * span);
        starts
            .map(|start| {
                let inside = self
                    .ticks
                    .iter()
                    .filter(|(index, ..)| (start..start + span).contains(index));
                let ticks: Vec<Tick> = inside
                    .map(|(index, gross, net)| Tick {
                        index: *index,
                        liquidity_gross: gross.parse().unwrap(),
                        liquidity_net: net.parse().unwrap(),
                    })
                    .collect();
                TickArray {
                    account: key(u8::try_from((start - own) / span + 100).unwrap()),
                    start_tick_index: start,
                    initialized: !ticks.is_empty(),
                    ticks,
                }
            })
            .collect()
    }
}

impl RecordedTransferFee {
    fn fees(&self) -> TransferFees {
        let fee = EpochTransferFee {
            epoch: 0,
            maximum_fee_raw: self.max_fee.parse().unwrap(),
            basis_points: self.fee_bps,
        };
        TransferFees {
            older: fee,
            newer: fee,
        }
    }
}

impl RecordedOracle {
    fn oracle(&self) -> Oracle {
        let (constants, variables) = (&self.adaptive_fee_constants, &self.adaptive_fee_variables);
        Oracle {
            account: key(50),
            trade_enable_timestamp: self.trade_enable_timestamp.parse().unwrap(),
            constants: AdaptiveFeeConstants {
                filter_period_s: constants.filter_period,
                decay_period_s: constants.decay_period,
                reduction_factor: constants.reduction_factor,
                adaptive_fee_control_factor: constants.adaptive_fee_control_factor,
                max_volatility_accumulator: constants.max_volatility_accumulator,
                tick_group_size: constants.tick_group_size,
                major_swap_threshold_ticks: constants.major_swap_threshold_ticks,
            },
            variables: AdaptiveFeeVariables {
                last_reference_update_timestamp: variables
                    .last_reference_update_timestamp
                    .parse()
                    .unwrap(),
                last_major_swap_timestamp: variables.last_major_swap_timestamp.parse().unwrap(),
                volatility_reference: variables.volatility_reference,
                tick_group_index_reference: variables.tick_group_index_reference,
                volatility_accumulator: variables.volatility_accumulator,
            },
        }
    }
}

#[test]
fn equals_every_recorded_quote_of_random_pools() {
    let file: File = serde_json::from_str(QUOTES).unwrap();
    let (mut fixed, mut adaptive, mut refused) = (0, 0, 0);
    for (number, recorded) in file.pools.iter().enumerate() {
        for (falling, exact_in, amount, seconds, answer) in &recorded.swaps {
            let name = format!("pool {number}, {amount}, falling {falling}, exact in {exact_in}");
            let state = recorded.state(seconds.parse().unwrap());
            let pool = OrcaWhirlpoolPool::new(&state).unwrap();
            let (pair, exact) = (
                if *falling {
                    TokenPair::ZERO_FOR_ONE
                } else {
                    TokenPair::ONE_FOR_ZERO
                },
                if *exact_in { Exact::In } else { Exact::Out },
            );
            let quote = pool.quote(pair, exact, amount.parse().unwrap());
            let Some([other, fee]) = answer else {
                assert!(quote.is_err(), "{name}: {quote:?}");
                refused += 1;
                continue;
            };
            let quote = quote.unwrap_or_else(|error| panic!("{name}: {error}"));
            let found = match exact {
                Exact::In => quote.amount_out_raw,
                Exact::Out => quote.amount_in_raw,
            };
            let pool_fees = quote
                .fees
                .iter()
                .filter(|fee| fee.kind != FeeKind::Transfer);
            let found_fee: U256 = pool_fees.map(|fee| fee.amount_raw).sum();
            assert_eq!(
                [found.to_string(), found_fee.to_string()],
                [other.clone(), fee.clone()],
                "{name}"
            );
            if recorded.oracle.is_some() {
                adaptive += 1;
            } else {
                fixed += 1;
            }
        }
    }
    assert_eq!((fixed, adaptive, refused), (758, 1_527, 93));
}
