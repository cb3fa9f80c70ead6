//! A dumped loan of Kamino with changed bytes: whatever is decoded is valued and liquidated within its bounds, or refused.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::{
    Fraction, Health, KAMINO_PROGRAM, LendingError, LendingMarket, Liquidation,
    LiquidationQuestion, Obligation, Reserve,
};
use tradewind_core::pools::{Account, ChainClock};

use super::input::{Input, fixtures};

const MARKET: &str = "7u3HeHxYDLhnCoErrtycNokbQYbWGzLs6JSDqGAv5PfF";
const OBLIGATION: &str = "4w1qUuYbXpwYkqWzuovJFvP3TRt9EgEzYQv7kYY1nM3J";
const SOL: &str = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q";
/// Market, obligation, reserves; the fourth stands for one that was not dumped.
const ADDRESSES: [&str; 5] = [
    MARKET,
    OBLIGATION,
    "D6q6wuQSrifJKZYpR1M8R4YawnLDtDsMmWM1NbBmgJ59",
    SOL,
    "H9vmCVd77N1HZa36eBn3UnftYmg4vQzPfm1RxabHAMER",
];
/// Where the numbers stand that decide: amounts, rates, prices, percentages, thresholds.
const TELLING: [usize; 24] = [
    16, 120, 126, 127, 128, 136, 224, 232, 248, 264, 272, 296, 344, 2_592, 4_856, 4_872, 4_874,
    4_920, 5_008, 128, 1_240, 1_296, 1_496, 2_285,
];
const DUMPED_SLOT: u64 = 298_271_854;
const DUMPED_AT_S: i64 = 1_730_163_440;

static DUMPED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let file = |address| fixtures().join(format!("solana/kamino/{address}.bin"));
    let stood_in = |address| {
        if address == ADDRESSES[4] {
            SOL
        } else {
            address
        }
    };
    let read = |address| std::fs::read(file(stood_in(address))).unwrap();
    ADDRESSES.into_iter().map(read).collect()
});

fn account(place: usize, data: &[u8]) -> Account<'_> {
    Account {
        address: ADDRESSES[place].parse().unwrap(),
        owner: ChainAddress::Solana(KAMINO_PROGRAM.0),
        data,
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut accounts = DUMPED.clone();
    // The rate of the stand-in is another one's: without this the loan would owe more than it ever could.
    let [_, obligation, _, sol, _] = &mut accounts[..] else {
        panic!("five accounts");
    };
    obligation[1_240..1_272].copy_from_slice(&sol[296..328]);
    for _ in 0..input.below(6) {
        change(&mut accounts, &mut input);
    }
    let clock = ChainClock {
        slot: DUMPED_SLOT + input.any::<u64>() % (1 << input.below(48)),
        epoch: 0,
        unix_timestamp: DUMPED_AT_S
            .saturating_add(i64::from(input.any::<i32>()) >> input.below(32)),
    };
    let most_repaid_raw = u64::try_from(input.amount() & U64).unwrap();
    if let Err(error) = value(&accounts, clock, most_repaid_raw) {
        assert!(!error.code().is_empty() && !error.to_string().is_empty());
    }
}

const U64: alloy_primitives::U256 = alloy_primitives::U256::from_limbs([u64::MAX, 0, 0, 0]);

fn value(
    accounts: &[Vec<u8>],
    clock: ChainClock,
    most_repaid_raw: u64,
) -> Result<(), LendingError> {
    let market = LendingMarket::decode(&account(0, &accounts[0]))?;
    let obligation = Obligation::decode(&account(1, &accounts[1]))?;
    let reserves = (2..5).map(|place| {
        let reserve = Reserve::decode(&account(place, &accounts[place]))?;
        Ok((reserve.address, reserve.refreshed(&market, clock)?))
    });
    let reserves: BTreeMap<_, _> = reserves.collect::<Result<_, LendingError>>()?;
    let health = Health::of(&obligation, &market, &reserves, clock.slot)?;
    for borrow in &health.borrows {
        for deposit in &health.deposits {
            let question = LiquidationQuestion {
                market: &market,
                obligation: &obligation,
                health: &health,
                repay_reserve: &reserves[&borrow.reserve],
                withdraw_reserve: &reserves[&deposit.reserve],
                most_repaid_raw,
            };
            let Ok(done) = Liquidation::of(&question) else {
                continue;
            };
            assert!(health.is_unhealthy());
            assert!(done.repaid_raw <= most_repaid_raw && done.settled <= borrow.borrowed);
            assert!(done.settled <= Fraction::whole(done.repaid_raw));
            assert!(done.collateral_raw <= deposit.collateral_raw);
            assert_eq!(done.received_raw + done.protocol_fee_raw, done.redeemed_raw);
        }
    }
    Ok(())
}

fn change(accounts: &mut [Vec<u8>], input: &mut Input<'_>) {
    let place = input.below(accounts.len());
    let data = &mut accounts[place];
    match input.any::<u8>() {
        0..=3 => data.truncate(input.below(data.len())),
        4..=7 => data.push(input.any()),
        kind => {
            let anywhere = input.below(data.len());
            let telling = *input.pick(&TELLING);
            let offset = if kind < 64 { anywhere } else { telling };
            let width = 1 << input.below(5);
            let bytes: u128 = input.any();
            let places = data.iter_mut().skip(offset).take(width);
            for (byte, new) in places.zip(bytes.to_le_bytes()) {
                *byte = new;
            }
        }
    }
}

/// The dump, and the dump with each telling number made large.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let telling = u8::try_from(TELLING.len()).unwrap();
    let changed = (0..5u8).flat_map(|place| {
        (0..telling).map(move |number| {
            let mut seed = vec![1, 0, place, 0, 255, 0, 0, number, 0, 2, 0];
            seed.extend([0xff, 0xee, 0xdd, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            seed
        })
    });
    std::iter::once(Vec::new()).chain(changed).collect()
}
