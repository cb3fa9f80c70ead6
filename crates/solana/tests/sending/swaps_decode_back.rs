//! Every swap instruction that is built is read back as the same swap: what the signer's policy relies on.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tradewind_core::decode::solana::{Account, AccountKey, Instruction, Meaning, Swap, Venue};
use tradewind_core::pools::{Pool, PoolMath, read_pools};
use tradewind_solana::Key;
use tradewind_solana::instruction;
use tradewind_solana::swaps::{
    AmmV4Accounts, AmmV4Form, ClmmAccounts, CpmmAccounts, CurveAccounts, DlmmAccounts, Exact,
    PumpCurveForm, PumpswapAccounts, PumpswapForm, Recipients, SwapAccounts, SwapRequest, SwapSide,
    VenueOptions, WhirlpoolAccounts, swap_instruction,
};

const FAMILIES: [&str; 7] = [
    "raydium_amm_v4",
    "raydium_cpmm",
    "raydium_clmm",
    "orca_whirlpool",
    "meteora_dlmm",
    "pumpswap",
    "pump_curve",
];
const TOKEN: Key = Key::constant("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const WRAPPED_SOL: Key = Key::constant("So11111111111111111111111111111111111111112");

/// The pool that the family's page shows.
fn documented(family: &str) -> Pool {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/pool-formats");
    let page = fs::read_to_string(folder.join(format!("{family}.md"))).unwrap();
    let (_, example) = page.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    Pool::new(&read_pools(example).unwrap()[0]).unwrap()
}

fn named(seed: u8) -> Key {
    Key([seed; 32])
}

fn recipients() -> Recipients {
    Recipients::new(vec![named(61), named(62)]).unwrap()
}

fn accounts(pool: &Pool, cashback: bool) -> SwapAccounts {
    let token_programs = programs(pool);
    let vaults = [named(63), named(64)];
    let extension = cashback.then_some(named(67));
    match pool {
        Pool::RaydiumAmmV4(_) => SwapAccounts::RaydiumAmmV4(AmmV4Accounts {
            open_orders: named(65),
        }),
        Pool::RaydiumCpmm(_) => SwapAccounts::RaydiumCpmm(CpmmAccounts {
            observation: named(66),
        }),
        Pool::RaydiumClmm(_) => SwapAccounts::RaydiumClmm(ClmmAccounts {
            vaults,
            observation: named(66),
            token_programs,
            bitmap_extension: extension,
        }),
        Pool::OrcaWhirlpool(_) => SwapAccounts::OrcaWhirlpool(WhirlpoolAccounts {
            vaults,
            token_programs,
        }),
        Pool::MeteoraDlmm(_) => SwapAccounts::MeteoraDlmm(DlmmAccounts {
            oracle: named(68),
            token_programs,
            bitmap_extension: extension,
        }),
        Pool::Pumpswap(_) => SwapAccounts::Pumpswap(PumpswapAccounts {
            coin_creator: named(69),
            cashback,
            token_programs,
            protocol_fee_recipients: recipients(),
            buyback_fee_recipients: recipients(),
        }),
        _ => SwapAccounts::PumpCurve(CurveAccounts {
            creator: named(69),
            cashback,
            token_programs,
            fee_recipients: recipients(),
            buyback_fee_recipients: recipients(),
        }),
    }
}

/// The programs that keep the pool's tokens; the state of CPMM alone has them.
fn programs(pool: &Pool) -> [Key; 2] {
    match pool {
        Pool::RaydiumCpmm(pool) => {
            let state = pool.state();
            [state.token0_program, state.token1_program].map(|key| Key(key.solana().unwrap()))
        }
        _ => [TOKEN; 2],
    }
}

#[derive(Debug, Clone, Copy)]
struct Wish {
    family: &'static str,
    trader: u8,
    falling: bool,
    exact: Exact,
    amount_raw: u64,
    limit_raw: u64,
    options: VenueOptions,
    cashback: bool,
}

prop_compose! {
    fn options()(
        form in 0..2_usize,
        curve in 0..3_usize,
        spare_arrays in 0..4_u8,
        fee_recipient in any::<u8>(),
        track_volume in any::<bool>(),
    ) -> VenueOptions {
        VenueOptions {
            raydium_amm_v4: [AmmV4Form::V1, AmmV4Form::V2][form],
            pumpswap: [PumpswapForm::V1, PumpswapForm::V2][form],
            pump_curve: [PumpCurveForm::V1, PumpCurveForm::V2, PumpCurveForm::V3][curve],
            spare_arrays,
            fee_recipient,
            track_volume,
            ..VenueOptions::default()
        }
    }
}

prop_compose! {
    fn wish()(
        family in 0..FAMILIES.len(),
        trader in 1..50_u8,
        falling in any::<bool>(),
        exact_in in any::<bool>(),
        digits in 0..14_u32,
        mantissa in 1..10_u64,
        limit_raw in any::<u64>(),
        options in options(),
        cashback in any::<bool>(),
    ) -> Wish {
        Wish {
            family: FAMILIES[family],
            trader,
            falling,
            exact: if exact_in { Exact::In } else { Exact::Out },
            amount_raw: mantissa * 10_u64.pow(digits),
            limit_raw,
            options,
            cashback,
        }
    }
}

fn request(pool: &Pool, wish: &Wish) -> SwapRequest {
    let tokens = pool.tokens();
    let side = |place: usize| SwapSide {
        mint: Key(tokens[place].solana().unwrap()),
        token_account: named(100 + u8::try_from(place).unwrap()),
        token_program: programs(pool)[place],
    };
    let (from, to) = if wish.falling { (0, 1) } else { (1, 0) };
    SwapRequest {
        trader: named(wish.trader),
        source: side(from),
        destination: side(to),
        exact: wish.exact,
        amount_raw: wish.amount_raw,
        limit_raw: wish.limit_raw,
    }
}

fn read(built: &instruction::Instruction) -> Swap {
    let accounts = built.accounts.iter().map(|account| Account {
        key: AccountKey::Known(account.key),
        signer: account.is_signer,
        writable: account.is_writable,
    });
    let given = Instruction {
        program: built.program,
        accounts: accounts.collect(),
        data: &built.data,
    };
    match given.meaning().unwrap() {
        Meaning::Swap(swap) => *swap,
        other => panic!("read as {other:?}"),
    }
}

fn check(pool: &Pool, asked: &SwapRequest, swap: &Swap, native: bool) -> Result<(), TestCaseError> {
    let known = AccountKey::Known;
    let told =
        |mint: Option<AccountKey>, side: &SwapSide| mint.is_none_or(|key| key == known(side.mint));
    prop_assert_eq!(swap.exact, asked.exact);
    prop_assert_eq!(
        (swap.amount_raw, swap.limit_raw),
        (asked.amount_raw, asked.limit_raw)
    );
    prop_assert_eq!(
        &swap.pools,
        &vec![known(Key(pool.address().solana().unwrap()))]
    );
    prop_assert_eq!(swap.user, known(asked.trader));
    prop_assert!(swap.sqrt_price_limits_x64.iter().all(|limit| *limit == 0));
    prop_assert!(told(swap.mint_in, &asked.source) && told(swap.mint_out, &asked.destination));
    let sides = [
        (swap.account_in, &asked.source),
        (swap.account_out, &asked.destination),
    ];
    for (account, side) in sides {
        match account {
            Some(account) => prop_assert_eq!(account, known(side.token_account)),
            None => prop_assert!(native && side.mint == WRAPPED_SOL),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_built_swap_is_read_back_as_itself(wish in wish()) {
        let pool = documented(wish.family);
        let asked = request(&pool, &wish);
        let accounts = accounts(&pool, wish.cashback);
        let Ok(built) = swap_instruction(&pool, &accounts, &asked, &wish.options) else {
            return Ok(());
        };
        prop_assert_eq!(built.instructions.len(), 1);
        let instruction = &built.instructions[0];
        let swap = read(instruction);
        check(&pool, &asked, &swap, built.moves_native_sol)?;
        prop_assert_eq!(Venue::of(instruction.program), Some(swap.venue));
        let signers = instruction.accounts.iter().filter(|account| account.is_signer);
        prop_assert_eq!(signers.map(|account| account.key).collect::<Vec<_>>(), vec![asked.trader]);
    }
}

/// What is built of a family with an option, over many sizes: function and direction.
fn functions(family: &'static str, options: VenueOptions) -> Vec<(&'static str, bool)> {
    let pool = documented(family);
    let accounts = accounts(&pool, false);
    let mut built = Vec::new();
    for (falling, exact) in [
        (true, Exact::In),
        (true, Exact::Out),
        (false, Exact::In),
        (false, Exact::Out),
    ] {
        built.extend((0..14).filter_map(|digits| {
            let wish = Wish {
                family,
                trader: 1,
                falling,
                exact,
                amount_raw: 10_u64.pow(digits),
                limit_raw: 1,
                options,
                cashback: false,
            };
            let made = swap_instruction(&pool, &accounts, &request(&pool, &wish), &options).ok()?;
            Some((read(&made.instructions[0]).function, falling))
        }));
    }
    built
}

/// So that the property above is not kept by refusing everything.
#[test]
fn each_form_of_each_family_is_built_both_ways_where_it_can_be() {
    let forms = [
        (AmmV4Form::V1, PumpswapForm::V1, PumpCurveForm::V1),
        (AmmV4Form::V2, PumpswapForm::V2, PumpCurveForm::V2),
        (AmmV4Form::V2, PumpswapForm::V2, PumpCurveForm::V3),
    ];
    let mut counted = Vec::new();
    for family in FAMILIES {
        let mut built = Vec::new();
        for (raydium_amm_v4, pumpswap, pump_curve) in forms {
            built.extend(functions(
                family,
                VenueOptions {
                    raydium_amm_v4,
                    pumpswap,
                    pump_curve,
                    ..VenueOptions::default()
                },
            ));
        }
        built.sort_unstable();
        built.dedup();
        counted.push((family, built.len()));
    }
    // Both directions of each function but pump's, which has one for each direction and kind.
    let expected = [8, 4, 2, 2, 4, 6, 9];
    assert_eq!(
        counted,
        FAMILIES.into_iter().zip(expected).collect::<Vec<_>>()
    );
}
