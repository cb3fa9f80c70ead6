//! What the accounts and the JSON form may say, and what is refused.

use super::{NOW, config_bytes, fees_of, key, plain, pool_bytes};
use crate::recorded;
use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::pools::raydium_cpmm::{
    CreatorFeeOn, RAYDIUM_CPMM_PROGRAM, RaydiumCpmmPool, RaydiumCpmmState,
};
use tradewind_core::pools::{
    Account, ChainClock, Exact, Pool, PoolChange, PoolMath, TokenPair, read_pools,
};
use tradewind_core::solana::{TOKEN_2022_PROGRAM, TOKEN_PROGRAM};

#[test]
fn a_pool_opens_by_its_status_and_its_time() {
    let amount = U256::from(10_000);
    let code = |state: &RaydiumCpmmState| {
        let pool = RaydiumCpmmPool::new(state).unwrap();
        let answer = pool.amounts(TokenPair::ZERO_FOR_ONE, Exact::In, amount);
        assert_eq!(
            pool.output(TokenPair::ZERO_FOR_ONE, amount).is_some(),
            answer.is_ok()
        );
        answer.err().map(|error| error.to_string())
    };
    let state = plain(5_000_000, 7_000_000);
    let open = u64::try_from(NOW.unix_timestamp).unwrap();
    assert_eq!(
        code(&RaydiumCpmmState {
            status: 3,
            open_time: open,
            ..state.clone()
        }),
        None
    );
    for (closed, words) in [
        (
            RaydiumCpmmState {
                status: 4,
                ..state.clone()
            },
            "bit 2",
        ),
        (
            RaydiumCpmmState {
                status: 7,
                ..state.clone()
            },
            "bit 2",
        ),
        (
            RaydiumCpmmState {
                open_time: open + 1,
                ..state.clone()
            },
            "opens at",
        ),
        (
            RaydiumCpmmState {
                vault1_raw: 0,
                ..state.clone()
            },
            "empty",
        ),
        (
            RaydiumCpmmState {
                creator_fees0_raw: 5_000_001,
                ..state.clone()
            },
            "owed",
        ),
    ] {
        let refusal = code(&closed).unwrap();
        assert!(refusal.contains(words), "{refusal}");
    }
    let mut pool = RaydiumCpmmPool::new(&RaydiumCpmmState {
        open_time: open + 1,
        ..state
    })
    .unwrap();
    let clock = ChainClock {
        unix_timestamp: NOW.unix_timestamp + 1,
        ..NOW
    };
    pool.apply(PoolChange::Clock(clock)).unwrap();
    assert!(
        pool.amounts(TokenPair::ZERO_FOR_ONE, Exact::In, amount)
            .is_ok()
    );
}

#[test]
fn states_that_no_pool_can_be_in_are_refused() {
    let state = plain(5_000_000, 7_000_000);
    for (broken, code) in [
        (
            RaydiumCpmmState {
                token1: state.token0,
                ..state.clone()
            },
            "tokens_unordered",
        ),
        (
            RaydiumCpmmState {
                trade_fee_ppm: 999_999,
                creator_fee_ppm: 1,
                ..state.clone()
            },
            "state_invalid",
        ),
        (
            RaydiumCpmmState {
                fund_fee_ppm: 880_001,
                ..state.clone()
            },
            "state_invalid",
        ),
        (
            RaydiumCpmmState {
                status: 8,
                ..state.clone()
            },
            "unsupported_feature",
        ),
        (
            RaydiumCpmmState {
                token0_program: key(9),
                ..state.clone()
            },
            "state_invalid",
        ),
        (
            RaydiumCpmmState {
                transfer_fees0: fees_of(1, 1),
                ..state.clone()
            },
            "state_invalid",
        ),
        (
            RaydiumCpmmState {
                token1_program: TOKEN_2022_PROGRAM,
                transfer_fees1: fees_of(10_001, 1),
                ..state.clone()
            },
            "state_invalid",
        ),
    ] {
        assert_eq!(RaydiumCpmmPool::new(&broken).unwrap_err().code(), code);
    }
}

#[test]
fn accounts_replace_what_they_say_and_strange_ones_change_nothing() {
    let state = plain(5_000_000, 7_000_000);
    let mut pool = RaydiumCpmmPool::new(&state).unwrap();
    let next = RaydiumCpmmState {
        creator_fees1_raw: 17,
        enable_creator_fee: true,
        creator_fee_on: CreatorFeeOn::OnlyToken1,
        creator_fee_ppm: 500,
        vault0_raw: 6_000_000,
        ..state.clone()
    };
    let (pool_data, config) = (pool_bytes(&next), config_bytes(&next));
    let vault = recorded::token_account(state.token0, key(9), 6_000_000);
    pool.apply(of(state.pool, RAYDIUM_CPMM_PROGRAM, &pool_data))
        .unwrap();
    pool.apply(of(state.config, RAYDIUM_CPMM_PROGRAM, &config))
        .unwrap();
    pool.apply(of(state.vault0, TOKEN_PROGRAM, &vault)).unwrap();
    assert_eq!(pool.state(), next);

    let broken = |offset: usize, byte: u8| {
        let mut data = pool_data.clone();
        data[offset] = byte;
        data
    };
    for (data, code) in [
        (broken(0, 0), "account_malformed"),
        (broken(72, 77), "account_malformed"),
        (broken(389, 3), "account_malformed"),
        (broken(390, 2), "account_malformed"),
        (broken(391, 1), "account_malformed"),
        (broken(636, 1), "account_malformed"),
        (broken(329, 0x10), "unsupported_feature"),
        (pool_data[..636].to_vec(), "account_malformed"),
    ] {
        let error = pool
            .apply(of(state.pool, RAYDIUM_CPMM_PROGRAM, &data))
            .unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    for change in [
        of(state.pool, TOKEN_PROGRAM, &pool_data),
        of(state.config, RAYDIUM_CPMM_PROGRAM, &pool_data),
        of(state.vault1, TOKEN_PROGRAM, &vault),
        of(state.vault0, TOKEN_2022_PROGRAM, &vault),
    ] {
        assert_eq!(pool.apply(change).unwrap_err().code(), "account_malformed");
    }
    let stranger = of(key(99), TOKEN_PROGRAM, &vault);
    assert_eq!(pool.apply(stranger).unwrap_err().code(), "change_mismatch");
    assert_eq!(pool.state(), next);
}

#[test]
fn its_json_is_read_as_it_was_written() {
    let state = RaydiumCpmmState {
        token1_program: TOKEN_2022_PROGRAM,
        transfer_fees1: fees_of(50, 1 << 60),
        creator_fee_on: CreatorFeeOn::OnlyToken1,
        ..plain(1, u64::MAX)
    };
    let pool = Pool::from(RaydiumCpmmPool::new(&state).unwrap());
    let text = serde_json::to_string(&pool.state()).unwrap();
    assert_eq!(read_pools(&text).unwrap(), [pool.state()]);
}

fn of(address: ChainAddress, owner: ChainAddress, data: &[u8]) -> PoolChange<'_> {
    PoolChange::Account(Account {
        address,
        owner,
        data,
    })
}
