//! Recorded accounts with changed bytes: a decoder takes them or refuses them, and what it takes is a pool.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use tradewind_core::ChainAddress;
use tradewind_core::pools::meteora_dlmm::MeteoraDlmmPool;
use tradewind_core::pools::orca_whirlpool::OrcaWhirlpoolPool;
use tradewind_core::pools::pump_curve::PumpCurvePool;
use tradewind_core::pools::pumpswap::PumpswapPool;
use tradewind_core::pools::raydium_amm_v4::RaydiumAmmV4Pool;
use tradewind_core::pools::raydium_clmm::RaydiumClmmPool;
use tradewind_core::pools::raydium_cpmm::RaydiumCpmmPool;
use tradewind_core::pools::{
    Account, AccountSet, ChainClock, Pool, PoolChange, PoolError, PoolMath, PoolState,
};
use tradewind_core::solana::{Mint, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, TokenAccount};

use super::input::{Input, fixture};
use super::pools::explore;

const MOST_CHANGES: usize = 5;

/// The accounts of one pool, read together.
#[derive(Debug, Clone, Deserialize)]
struct Recorded {
    pool: ChainAddress,
    clock: ChainClock,
    accounts: Vec<Written>,
}

#[derive(Debug, Clone, Deserialize)]
struct Written {
    address: ChainAddress,
    owner: ChainAddress,
    #[serde(deserialize_with = "base64")]
    data: Vec<u8>,
}

fn base64<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    use ::base64::Engine as _;
    let text = String::deserialize(from)?;
    let decoded = ::base64::engine::general_purpose::STANDARD.decode(text);
    decoded.map_err(serde::de::Error::custom)
}

static RECORDED: LazyLock<BTreeMap<String, Vec<Recorded>>> =
    LazyLock::new(|| serde_json::from_str(&fixture("fuzz/accounts.json")).unwrap());

fn account(written: &Written) -> Account<'_> {
    Account {
        address: written.address,
        owner: written.owner,
        data: &written.data,
    }
}

fn decode(venue: &str, recorded: &Recorded) -> Result<Pool, PoolError> {
    let set: AccountSet<'_> = recorded.accounts.iter().map(account).collect();
    let (pool, clock) = (recorded.pool, recorded.clock);
    match venue {
        "raydium_amm_v4" => RaydiumAmmV4Pool::from_accounts(pool, &set, clock).map(Pool::from),
        "raydium_cpmm" => RaydiumCpmmPool::from_accounts(pool, &set, clock).map(Pool::from),
        "raydium_clmm" => RaydiumClmmPool::from_accounts(pool, &set, clock).map(Pool::from),
        "orca_whirlpool" => OrcaWhirlpoolPool::from_accounts(pool, &set, clock).map(Pool::from),
        "meteora_dlmm" => MeteoraDlmmPool::from_accounts(pool, &set, clock).map(Pool::from),
        "pumpswap" => PumpswapPool::from_accounts(pool, &set, clock).map(Pool::from),
        "pump_curve" => PumpCurvePool::from_accounts(pool, &set, clock).map(Pool::from),
        other => panic!("no accounts of {other}"),
    }
}

/// The states that the recorded accounts are.
pub(crate) fn states() -> Vec<PoolState> {
    let families = RECORDED.iter();
    families
        .flat_map(|(venue, recorded)| recorded.iter().map(|it| decode(venue, it).unwrap().state()))
        .collect()
}

pub(crate) fn seeds(venue: &str) -> Vec<Vec<u8>> {
    let count = u16::try_from(RECORDED[venue].len()).unwrap();
    let unchanged = (0..count).map(|place| [place.to_le_bytes(), [0, 0]].concat());
    let changed = (0..count).flat_map(|place| {
        (0..8u8).map(move |account| {
            let mut seed = place.to_le_bytes().to_vec();
            seed.extend([1, 0, account, 0, 200, account * 16, 0, 0x01]);
            seed.extend([1, 0, 0, 30, 1, 2, 3, 4, 5, 6, 7, 8]);
            seed
        })
    });
    unchanged.chain(changed).collect()
}

pub(crate) fn run(venue: &str, data: &[u8]) {
    let mut input = Input::new(data);
    let original = input.pick(&RECORDED[venue]);
    let mut recorded = original.clone();
    for _ in 0..input.below(MOST_CHANGES) {
        change(&mut recorded, &mut input);
    }
    match decode(venue, &recorded) {
        Ok(pool) => {
            if input.now_and_then() {
                follow(pool.clone(), original);
            }
            explore(pool, &mut input);
        }
        Err(error) => {
            assert!(!error.code().is_empty() && !error.to_string().is_empty());
            // The changed bytes as news to the pool that they are not of.
            if input.now_and_then()
                && let Ok(pool) = decode(venue, original)
            {
                follow(pool, &recorded);
            }
        }
    }
}

/// Account after account as a change; one that is refused leaves the pool as it was.
fn follow(mut pool: Pool, news: &Recorded) {
    for written in &news.accounts {
        let before = pool.clone();
        if pool.apply(PoolChange::Account(account(written))).is_err() {
            assert_eq!(pool.state(), before.state(), "a refusal changes nothing");
        }
    }
    let _ = pool.apply(PoolChange::Clock(news.clock));
    let state = pool.state();
    match Pool::new(&state) {
        Ok(again) => assert_eq!(again.state(), state),
        // Between two accounts that belong together PumpSwap has no price, and a Raydium CLMM refuses swaps from the
        // tick on where its arrays do not fit.
        Err(PoolError::StateInvalid {
            field: "virtual_quote_raw" | "tick_arrays",
            ..
        }) => {}
        Err(error) => panic!("after its accounts: {error}"),
    }
}

fn change(recorded: &mut Recorded, input: &mut Input<'_>) {
    let place = input.below(recorded.accounts.len());
    let kind: u8 = input.any();
    let owners = [TOKEN_PROGRAM, TOKEN_2022_PROGRAM, recorded.pool];
    match kind {
        0..=3 => drop(recorded.accounts.remove(place)),
        4..=7 => recorded.accounts[place].owner = *input.pick(&owners),
        8..=11 => {
            let data = &mut recorded.accounts[place].data;
            data.truncate(input.below(data.len()));
        }
        12..=15 => recorded.accounts[place].data.extend([0; 8]),
        16..=23 => recorded.clock.unix_timestamp = input.any(),
        24..=31 => (recorded.clock.slot, recorded.clock.epoch) = (input.any(), input.any()),
        _ => overwrite(&mut recorded.accounts[place].data, input),
    }
    if recorded.accounts.is_empty() {
        recorded.accounts.push(Written {
            address: recorded.pool,
            owner: recorded.pool,
            data: Vec::new(),
        });
    }
}

/// Up to eight bytes at one place.
fn overwrite(data: &mut [u8], input: &mut Input<'_>) {
    let offset = input.below(data.len());
    let width = 1 << input.below(4);
    let bytes: [u8; 8] = input.any::<u64>().to_le_bytes();
    for (byte, new) in data.iter_mut().skip(offset).take(width).zip(bytes) {
        *byte = new;
    }
}

/// Mints and token accounts of both programs from bare bytes.
pub(crate) fn tokens(data: &[u8]) {
    let [kind, data @ ..] = data else {
        return;
    };
    let owner = match kind % 3 {
        0 => TOKEN_PROGRAM,
        1 => TOKEN_2022_PROGRAM,
        _ => ChainAddress::Solana([7; 32]),
    };
    let address = ChainAddress::Solana([9; 32]);
    let account = Account {
        address,
        owner,
        data,
    };
    if let Ok(mint) = Mint::decode(address, &account) {
        let fees = mint.transfer_fees;
        for epoch in [0, 1, u64::MAX] {
            let fee = fees.at(epoch);
            for amount in [0, 1, u64::from(*kind), u64::MAX / 3, u64::MAX] {
                assert!(fee.fee_raw(amount) <= amount || !fees.out_of_range());
                if let Some(gross) = fee.gross_raw(amount)
                    && !fees.out_of_range()
                    && fee.basis_points < 10_000
                {
                    assert!(fee.net_raw(gross) >= amount, "{fee:?} {amount} {gross}");
                }
                let _ = fee.inverse_fee_raw(amount);
            }
        }
    }
    let _ = TokenAccount::decode(address, &account);
}

/// Every recorded account of a token program, and the ones of Token-2022 with extensions.
pub(crate) fn token_seeds() -> Vec<Vec<u8>> {
    let pools = RECORDED.values().flatten();
    let accounts = pools.flat_map(|pool| &pool.accounts);
    let mut seeds: Vec<Vec<u8>> = accounts
        .filter(|written| written.data.len() < 1000)
        .map(|written| {
            [
                &[u8::from(written.owner == TOKEN_2022_PROGRAM)],
                &written.data[..],
            ]
            .concat()
        })
        .collect();
    let mut mint = vec![0; 166 + 4 + 108];
    (mint[44], mint[45], mint[165]) = (6, 1, 1);
    mint[166..170].copy_from_slice(&[1, 0, 108, 0]);
    seeds.push([&[1], &mint[..]].concat());
    seeds.sort();
    seeds.dedup();
    seeds
}
