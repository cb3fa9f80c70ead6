//! Accounts as the Whirlpool program writes them, made from a state.

use tradewind_core::ChainAddress;
use tradewind_core::pools::orca_whirlpool::{Oracle, OrcaWhirlpoolState, TickArray};
use tradewind_core::solana::TOKEN_PROGRAM;

use super::bono_usdc::OwnedAccount;

fn bytes_of(key: ChainAddress) -> [u8; 32] {
    key.solana().unwrap()
}

fn put(data: &mut [u8], offset: usize, bytes: &[u8]) {
    data[offset..offset + bytes.len()].copy_from_slice(bytes);
}

pub(crate) fn whirlpool(state: &OrcaWhirlpoolState) -> OwnedAccount {
    let mut data = vec![0; 653];
    put(
        &mut data,
        0,
        &[0x3f, 0x95, 0xd1, 0x0c, 0xe1, 0x80, 0x63, 0x09],
    );
    put(&mut data, 41, &state.tick_spacing.to_le_bytes());
    let tier = if state.oracle.is_some() {
        state.tick_spacing ^ 0x400
    } else {
        state.tick_spacing
    };
    put(&mut data, 43, &tier.to_le_bytes());
    put(&mut data, 45, &state.fee_ppm.to_le_bytes());
    put(&mut data, 47, &state.protocol_fee_bps.to_le_bytes());
    put(&mut data, 49, &state.liquidity.to_le_bytes());
    put(&mut data, 65, &state.sqrt_price_x64.to_le_bytes());
    put(&mut data, 81, &state.tick.to_le_bytes());
    put(&mut data, 101, &bytes_of(state.token_a));
    put(&mut data, 181, &bytes_of(state.token_b));
    OwnedAccount {
        address: state.pool,
        owner: state.program,
        data,
    }
}

/// The array of 9,988 bytes.
pub(crate) fn fixed_array(state: &OrcaWhirlpoolState, array: &TickArray) -> OwnedAccount {
    let mut data = vec![0; 9_988];
    put(
        &mut data,
        0,
        &[0x45, 0x61, 0xbd, 0xbe, 0x6e, 0x07, 0x42, 0xbb],
    );
    put(&mut data, 8, &array.start_tick_index.to_le_bytes());
    put(&mut data, 9_956, &bytes_of(state.pool));
    for tick in &array.ticks {
        let slot = (tick.index - array.start_tick_index) / i32::from(state.tick_spacing);
        let offset = 12 + 113 * usize::try_from(slot).unwrap();
        data[offset] = 1;
        put(&mut data, offset + 1, &tick.liquidity_net.to_le_bytes());
        put(&mut data, offset + 17, &tick.liquidity_gross.to_le_bytes());
    }
    OwnedAccount {
        address: array.account,
        owner: state.program,
        data,
    }
}

/// The array whose length follows its ticks.
pub(crate) fn dynamic_array(state: &OrcaWhirlpoolState, array: &TickArray) -> OwnedAccount {
    let mut data = vec![0; 60];
    put(
        &mut data,
        0,
        &[0x11, 0xd8, 0xf6, 0x8e, 0xe1, 0xc7, 0xda, 0x38],
    );
    put(&mut data, 8, &array.start_tick_index.to_le_bytes());
    put(&mut data, 12, &bytes_of(state.pool));
    let mut bitmap = 0_u128;
    for slot in 0..88 {
        let index = array.start_tick_index + slot * i32::from(state.tick_spacing);
        match array.ticks.iter().find(|tick| tick.index == index) {
            None => data.push(0),
            Some(tick) => {
                bitmap |= 1 << slot;
                data.push(1);
                data.extend(tick.liquidity_net.to_le_bytes());
                data.extend(tick.liquidity_gross.to_le_bytes());
                data.extend([7; 80]);
            }
        }
    }
    put(&mut data, 44, &bitmap.to_le_bytes());
    OwnedAccount {
        address: array.account,
        owner: state.program,
        data,
    }
}

pub(crate) fn oracle(state: &OrcaWhirlpoolState, oracle: &Oracle) -> OwnedAccount {
    let mut data = vec![0; 254];
    let (constants, variables) = (&oracle.constants, &oracle.variables);
    put(
        &mut data,
        0,
        &[0x8b, 0xc2, 0x83, 0xb3, 0x8c, 0xb3, 0xe5, 0xf4],
    );
    put(&mut data, 8, &bytes_of(state.pool));
    put(&mut data, 40, &oracle.trade_enable_timestamp.to_le_bytes());
    put(&mut data, 48, &constants.filter_period_s.to_le_bytes());
    put(&mut data, 50, &constants.decay_period_s.to_le_bytes());
    put(&mut data, 52, &constants.reduction_factor.to_le_bytes());
    put(
        &mut data,
        54,
        &constants.adaptive_fee_control_factor.to_le_bytes(),
    );
    put(
        &mut data,
        58,
        &constants.max_volatility_accumulator.to_le_bytes(),
    );
    put(&mut data, 62, &constants.tick_group_size.to_le_bytes());
    put(
        &mut data,
        64,
        &constants.major_swap_threshold_ticks.to_le_bytes(),
    );
    put(
        &mut data,
        82,
        &variables.last_reference_update_timestamp.to_le_bytes(),
    );
    put(
        &mut data,
        90,
        &variables.last_major_swap_timestamp.to_le_bytes(),
    );
    put(&mut data, 98, &variables.volatility_reference.to_le_bytes());
    put(
        &mut data,
        102,
        &variables.tick_group_index_reference.to_le_bytes(),
    );
    put(
        &mut data,
        106,
        &variables.volatility_accumulator.to_le_bytes(),
    );
    OwnedAccount {
        address: oracle.account,
        owner: state.program,
        data,
    }
}

/// A mint of the classic token program.
pub(crate) fn mint(address: ChainAddress) -> OwnedAccount {
    let mut data = vec![0; 82];
    data[44] = 6;
    data[45] = 1;
    OwnedAccount {
        address,
        owner: TOKEN_PROGRAM,
        data,
    }
}
