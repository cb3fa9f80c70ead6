//! Mints that nobody could list: bought within caps of what is paid, sold again, and nothing else.

use crate::bench::{Bench, DAY_S, START_S};
use crate::solana_orders::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tradewind_signer::config::Config;
use tradewind_signer::fault::Rule;

/// The keys of 32 times 201, 202 and 203, and the wallet's associated accounts for them, as solders 0.29 derives them.
const COIN: &str = "EahQmXc3rwhY3CH1g3ZgUx8L4vHTNmzpK1xtiQ1RAxq6";
const COINS: [(&str, &str); 3] = [
    ("2sDNFP6aynmkDxHN1FVs1Tz1csnW94qTpHfpxy3xPEsc", COIN),
    (
        "8KyEzhPHxxQecguPfGnGTbwngFjK1CgKuGXBfG8ysaeR",
        "Eechuq54TEzmBHXX7Ltbmpu6K5Vf3qgdsRdYmn41vJ9o",
    ),
    (
        "5G2fpozFAwMVab744NZ64gpf6FMwi8xDL6wCN3G95R2u",
        "EiY148Y53YHzKNn2YeDX4hfrZEhriuNTRqJCqA6cfdUW",
    ),
];
const COIN_ACCOUNT: &str = COINS[0].0;
const COIN_ACCOUNT_2022: &str = "G1r6mheAKWULgTJJcy67yR7EhaofNKMNC145WyExjvwV";
const RECIPIENTS_COIN_ACCOUNT: &str = "3k7bNmtdQdsn57EPTb6N6GQMBPRdMRfCwansS2V5AtC2";
const OTHER_WALLETS_COIN_ACCOUNT: &str = "DwgRLWiENyW6wZNqNqovKSEVPxUu2DUGu1CcxqJ3VRLJ";
const CURVE: &str = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P";
/// A fifth of a SOL at a time, two fifths for one coin, one a day.
const PER_TRANSACTION: u64 = SOL / 5;
const PER_MINT: u64 = 2 * SOL / 5;
const PER_DAY: u64 = SOL;
const MOST_OPEN: usize = 2;
const BROUGHT: u64 = 1_000_000;

fn with_section() -> String {
    let config = config()
        .replace(&format!("\"{CPMM}\""), &format!("\"{CPMM}\", \"{CURVE}\""))
        .replacen(
            "max_per_transaction = \"0.02\"\nmax_per_day = \"0.1\"",
            "max_per_transaction = \"1\"\nmax_per_day = \"9\"",
            1,
        );
    let tokens = config.find("[[chains.101.tokens]]").unwrap();
    let (before, after) = config.split_at(tokens);
    format!(
        r#"{before}[chains.101.unlisted_mints]
wallets = ["{WALLET}"]
venues = ["raydium_cpmm", "pump_curve"]
token_programs = ["token"]
max_open_mints = {MOST_OPEN}
[[chains.101.unlisted_mints.paid]]
mint = "{WSOL}"
max_paid_per_transaction = "0.2"
max_paid_per_mint = "0.4"
max_paid_per_day = "1"
{after}"#
    )
}

fn under(config: &str) -> Bench {
    let folder = folder();
    folder.write("signer.toml", config);
    let bench = Bench::over(folder);
    for wallet in [WALLET, OTHER_WALLET] {
        bench.ok(&adoption(wallet));
    }
    bench
}

fn allowing() -> Bench {
    under(&with_section())
}

fn purchase_of(coin: (&str, &str), name: &str, paid: u64) -> SolanaOrder {
    SolanaOrder::of(
        name,
        &[
            units(200_000),
            create_account(coin.0, WALLET, coin.1, TOKEN),
            cpmm(IN, coin, paid, BROUGHT),
        ],
        (WSOL, coin.1, paid, 2 * BROUGHT),
    )
}

fn purchase(name: &str, paid: u64) -> SolanaOrder {
    purchase_of(COINS[0], name, paid)
}

fn sale_of(coin: (&str, &str), name: &str, sold: u64) -> SolanaOrder {
    SolanaOrder::of(
        name,
        &[units(200_000), cpmm(coin, IN, sold, 1)],
        (coin.1, WSOL, sold, SOL),
    )
}

fn sale(name: &str, sold: u64) -> SolanaOrder {
    sale_of(COINS[0], name, sold)
}

/// As it was settled for good.
fn settle(bench: &Bench, order: &SolanaOrder, outcome: &str, signature: &Value) {
    let landed = outcome != "expired";
    let mut request = order.settle_request(
        outcome,
        if landed { signature } else { &Value::Null },
        &json!({}),
    );
    if !landed {
        request["signatures"] = absent(signature);
    }
    request["endpoints"] = json!(["one", "two"]);
    request["finalized"] = json!({ "slot": 5_000, "block_height": 5_000 });
    assert_eq!(bench.ok(&request), json!({ "final": true }));
}

#[test]
fn without_the_section_such_a_mint_is_refused_and_the_remedy_names_the_section() {
    let bench = bench();
    for order in [purchase("first", 1), sale("second", 1)] {
        refused(&bench, &order, Rule::TokenNotAllowed);
        let message = bench.message(&order.request());
        assert!(
            message.contains(COIN) && message.contains("[chains.101.unlisted_mints]"),
            "{message}"
        );
    }
}

#[test]
fn with_the_section_a_coin_is_bought_and_sold_whatever_was_quoted_for_it() {
    let bench = allowing();
    bench.ok(&purchase("first", PER_TRANSACTION).request());
    // A sale has no cap, and may bring a thousandth of its quote.
    bench.ok(&sale("second", u64::MAX).request());
    let for_lamports = |name: &str, instruction, quoted: (&str, &str, u64, u64)| {
        SolanaOrder::of(name, &[units(200_000), instruction], quoted)
    };
    let bought = curve(
        [0xe1, 0xf7, 0x50, 0x1e, 0xd5, 0xb3, 0x84, 0x88],
        (PER_TRANSACTION, 1),
    );
    let quoted = (NATIVE, COIN, PER_TRANSACTION, BROUGHT);
    bench.ok(&for_lamports("third", bought, quoted).request());
    let sold = curve(
        [0x1c, 0x92, 0xde, 0x77, 0x26, 0xc4, 0x69, 0xd5],
        (BROUGHT, 1),
    );
    let quoted = (COIN, NATIVE, BROUGHT, SOL);
    bench.ok(&for_lamports("fourth", sold, quoted).request());
    // What was paid in lamports and in wrapped SOL counts together.
    refused(&bench, &purchase("fifth", 1), Rule::UnlistedMint);
}

fn curve(tag: [u8; 8], amounts: (u64, u64)) -> Ix {
    let mut accounts: Vec<_> = (0..17).map(|n| (stranger(150 + n), true)).collect();
    for (place, text) in [
        (1, COIN),
        (2, WSOL),
        (8, WALLET),
        (9, COIN_ACCOUNT),
        (10, WSOL_ACCOUNT),
    ] {
        accounts[place].0 = key(text);
    }
    ix(
        CURVE,
        accounts,
        &[&tag, &amounts.0.to_le_bytes(), &amounts.1.to_le_bytes()],
    )
}

#[test]
fn a_coin_of_token_2022_is_bought_where_that_program_is_allowed() {
    let order = || {
        purchase_of((COIN_ACCOUNT_2022, COIN), "first", PER_TRANSACTION).with(|o| {
            o.instructions[1] = create_account(COIN_ACCOUNT_2022, WALLET, COIN, TOKEN_2022);
        })
    };
    refused(&allowing(), &order(), Rule::InstructionNotAllowed);
    let without_creation = order().with(|o| drop(o.instructions.remove(1)));
    refused(&allowing(), &without_creation, Rule::SwapAccounts);
    let both = with_section().replace("[\"token\"]", "[\"token\", \"token_2022\"]");
    under(&both).ok(&order().request());
}

#[test]
fn a_purchase_on_another_venue_by_another_wallet_or_for_another_mint_is_refused() {
    let changed = |from: &str, to: &str| under(&with_section().replacen(from, to, 1));
    let order = purchase("first", PER_TRANSACTION);
    let cases = [
        changed("[\"raydium_cpmm\", \"pump_curve\"]", "[\"pump_curve\"]"),
        changed(
            &format!("wallets = [\"{WALLET}\"]"),
            &format!("wallets = [\"{OTHER_WALLET}\"]"),
        ),
        changed(&format!("mint = \"{WSOL}\""), &format!("mint = \"{USDC}\"")),
        changed("max_open_mints = 2", "max_open_mints = 0"),
    ];
    for bench in cases {
        refused(&bench, &order, Rule::UnlistedMint);
    }
    // A hop of listed mints in front of the coin's own may use any listed venue.
    let through = SolanaOrder::of(
        "through",
        &[
            units(200_000),
            whirlpool(PER_TRANSACTION, 20_000_000, 0, true),
            cpmm(OUT, COINS[0], 20_000_000, BROUGHT),
        ],
        (WSOL, COIN, PER_TRANSACTION, BROUGHT),
    );
    allowing().ok(&through.request());
}

#[test]
fn a_trade_of_a_coin_that_may_bring_nothing_or_pays_too_much_is_refused() {
    let bench = allowing();
    let change = |it: Ix| purchase("first", PER_TRANSACTION).with(|o| o.instructions[2] = it);
    refused(
        &bench,
        &change(cpmm(IN, COINS[0], PER_TRANSACTION, 0)),
        Rule::UnlistedMint,
    );
    refused(
        &bench,
        &sale("second", 5).with(|o| o.instructions[1] = cpmm(COINS[0], IN, 5, 0)),
        Rule::UnlistedMint,
    );
    refused(
        &bench,
        &purchase("first", PER_TRANSACTION + 1),
        Rule::UnlistedMint,
    );
    refused(
        &bench,
        &purchase("first", PER_TRANSACTION).with(|o| o.quoted.2 -= 1),
        Rule::QuoteMismatch,
    );
    // Half of it comes back, and still all of it is paid first.
    let circling = purchase("first", PER_TRANSACTION)
        .and(cpmm(OUT, IN, 1, PER_TRANSACTION / 2))
        .and(cpmm(IN, OUT, PER_TRANSACTION / 2, 1));
    refused(&bench, &circling, Rule::UnlistedMint);
}

#[test]
fn nothing_else_is_signed_for_such_a_coin() {
    let bench = allowing();
    let bought = || purchase("first", PER_TRANSACTION);
    let own = vec![
        (key(COIN_ACCOUNT), true),
        (stranger(9), false),
        (key(WALLET), false),
    ];
    for it in [
        ix(TOKEN, own.clone(), &[&[4], &5_u64.to_le_bytes()]),
        ix(TOKEN, own, &[&[6, 2, 1], &[9; 32]]),
        create_account(RECIPIENTS_COIN_ACCOUNT, RECIPIENT, COIN, TOKEN),
        create_account(RECIPIENTS_COIN_ACCOUNT, WALLET, COIN, TOKEN),
        create_account(COIN_ACCOUNT, WALLET, COIN, TOKEN_2022),
        create_account(COINS[1].0, WALLET, COINS[1].1, TOKEN),
        close(COIN_ACCOUNT, WALLET),
        close(COIN_ACCOUNT, RECIPIENT),
        send_tokens(COIN_ACCOUNT, COIN, RECIPIENTS_COIN_ACCOUNT, 5),
        send_tokens(COIN_ACCOUNT, COIN, OTHER_WALLETS_COIN_ACCOUNT, 5),
    ] {
        let answer = bench.ok(&bought().and(it.clone()).check_request());
        assert_eq!(answer["passed"], json!(false), "{:?}", it.data);
    }
    assert_eq!(bench.rule(&bought().request()), None);
}

#[test]
fn a_purchase_goes_to_the_wallets_own_account_and_a_sale_comes_from_there() {
    let bench = allowing();
    for elsewhere in [
        RECIPIENTS_COIN_ACCOUNT,
        OTHER_WALLETS_COIN_ACCOUNT,
        RECIPIENT,
    ] {
        let other = (elsewhere, COIN);
        let order = purchase("first", 5).with(|o| o.instructions[2] = cpmm(IN, other, 5, BROUGHT));
        refused(&bench, &order, Rule::SwapAccounts);
        let order = sale("second", 5).with(|o| o.instructions[1] = cpmm(other, IN, 5, 1));
        refused(&bench, &order, Rule::SwapAccounts);
    }
    let proceeds = sale("second", 5)
        .with(|o| o.instructions[1] = cpmm(COINS[0], (RECIPIENT_USDC, USDC), 5, 1));
    refused(&bench, &proceeds, Rule::SwapAccounts);
    // Where the pool's accounts belong there is none of the wallet's for the coin, under either token program.
    for own in [COIN_ACCOUNT, COIN_ACCOUNT_2022] {
        let order = purchase("first", 5).with(|o| o.instructions[2].accounts[6].0 = key(own));
        refused(&bench, &order, Rule::SwapAccounts);
    }
    let table = stranger(220);
    let hidden = purchase("first", 5).with(|o| {
        o.table = Some((table, vec![stranger(104), key(COIN_ACCOUNT)]));
        o.tables =
            json!({ table.to_string(): { "0": stranger(104).to_string(), "1": COIN_ACCOUNT } });
    });
    refused(&bench, &hidden, Rule::LookupTable);
}

#[test]
fn a_mint_that_the_file_lists_is_never_one_of_these() {
    let bench = allowing();
    for mint in [NATIVE, WSOL, PYUSD] {
        let key = format!("chain.101.token.{mint}");
        bench.ok(&json!({ "op": "set_limit", "key": key, "value": "0", "by": "x" }));
    }
    let order = SolanaOrder::of(
        "first",
        &[units(200_000), cpmm(OUT, THIRD, 5, 1)],
        (USDC, PYUSD, 5, 5),
    );
    refused(&bench, &order, Rule::TokenNotAllowed);
    let sold = curve(
        [0x1c, 0x92, 0xde, 0x77, 0x26, 0xc4, 0x69, 0xd5],
        (BROUGHT, 1),
    );
    let order = SolanaOrder::of(
        "second",
        &[units(200_000), sold],
        (NATIVE, USDC, BROUGHT, 1),
    );
    refused(&bench, &order, Rule::TokenNotAllowed);
    refused(&bench, &purchase("third", 5), Rule::TokenNotAllowed);
}

#[test]
fn one_coin_takes_its_cap_for_ever_and_all_of_them_the_days() {
    let bench = under(&with_section().replace("max_open_mints = 2", "max_open_mints = 9"));
    let mut blockhash = 0;
    let mut buy = |coin: usize, paid: u64| {
        blockhash += 1;
        let order = purchase_of(COINS[coin], &format!("{blockhash}"), paid);
        bench.rule(&order.with(|o| o.blockhash = blockhash).request())
    };
    for coin in 0..2 {
        assert_eq!(
            (buy(coin, PER_MINT / 2), buy(coin, PER_MINT / 2)),
            (None, None)
        );
        assert_eq!(
            buy(coin, 1),
            Some(Rule::UnlistedMint),
            "the coin's cap is used"
        );
    }
    assert_eq!(buy(2, PER_DAY - 2 * PER_MINT), None);
    assert_eq!(buy(2, 1), Some(Rule::UnlistedMint), "the day's cap is used");
    // A blockhash is taken to live 120 s.
    bench.at(START_S + DAY_S + 119);
    assert_eq!(buy(2, 1), Some(Rule::UnlistedMint));
    bench.at(START_S + DAY_S + 120);
    assert_eq!(buy(2, 1), None);
    assert_eq!(
        buy(0, 1),
        Some(Rule::UnlistedMint),
        "a coin's cap never ends"
    );
}

#[test]
fn what_is_held_counts_until_it_is_discarded_and_what_expired_gives_all_back() {
    let bench = allowing();
    let held = purchase("first", PER_TRANSACTION);
    bench.ok(&held.presign_request(1_000));
    let second = |n: u8| purchase(&format!("{n}"), PER_TRANSACTION).with(|o| o.blockhash = n);
    let signed = bench.ok(&second(1).request());
    let bench = bench.restarted(None);
    assert_eq!(bench.rule(&second(2).request()), Some(Rule::UnlistedMint));
    bench.ok(&held.discard_request());
    bench.ok(&second(2).request());
    assert_eq!(bench.rule(&second(3).request()), Some(Rule::UnlistedMint));
    settle(&bench, &second(1), "expired", &signed["signature"]);
    bench.ok(&second(3).request());
}

#[test]
fn a_discarded_hold_is_of_no_coin_that_is_held() {
    let bench = allowing();
    let held = |coin: usize| purchase_of(COINS[coin], &coin.to_string(), 5);
    for coin in 0..2 {
        bench.ok(&held(coin).presign_request(1_000));
    }
    refused(&bench, &held(2), Rule::UnlistedMint);
    bench.ok(&held(0).discard_request());
    bench.ok(&held(2).request());
}

#[test]
fn a_purchase_in_the_place_of_a_discarded_one_counts_for_its_own_coin() {
    let bench = allowing();
    let held = purchase("first", PER_TRANSACTION);
    bench.ok(&held.presign_request(1_000));
    bench.ok(&held.discard_request());
    let other = purchase_of(COINS[1], "first", PER_TRANSACTION).with(|o| o.attempt = 2);
    bench.ok(&other.request());
    for (n, coin, expected) in [
        (1, 0, None),
        (2, 0, None),
        (3, 1, None),
        (4, 1, Some(Rule::UnlistedMint)),
    ] {
        let order = purchase_of(COINS[coin], &format!("{n}"), PER_TRANSACTION);
        assert_eq!(
            bench.rule(&order.with(|o| o.blockhash = n).request()),
            expected
        );
    }
}

#[test]
fn a_coin_is_held_until_it_is_sold_for_good_and_only_so_many_are() {
    let bench = allowing();
    let first = purchase_of(COINS[0], "a", 5);
    let bought = bench.ok(&first.request());
    bench.ok(&purchase_of(COINS[1], "b", 5).request());
    let third = || purchase_of(COINS[2], "c", 5);
    refused(&bench, &third(), Rule::UnlistedMint);
    bench.ok(&purchase_of(COINS[0], "again", 5)
        .with(|o| o.blockhash = 9)
        .request());
    settle(&bench, &first, "succeeded", &bought["signature"]);
    let part = sale("part", 2 * BROUGHT - 1);
    let sold = bench.ok(&part.request());
    settle(&bench, &part, "succeeded", &sold["signature"]);
    refused(&bench, &third(), Rule::UnlistedMint);
    let rest = sale("rest", 1);
    let sold = bench.ok(&rest.request());
    refused(&bench, &third(), Rule::UnlistedMint);
    settle(&bench, &rest, "succeeded", &sold["signature"]);
    bench.ok(&third().request());
}

#[test]
fn a_signer_that_dies_of_a_purchase_has_counted_it() {
    let mut bench = allowing();
    for n in 1..=2 {
        let order = purchase(&format!("{n}"), PER_TRANSACTION).with(|o| o.blockhash = n);
        assert!(bench.dies(&order.request()));
        bench.restart(None);
    }
    let third = purchase("3", 1).with(|o| o.blockhash = 3);
    assert_eq!(bench.rule(&third.request()), Some(Rule::UnlistedMint));
    // What was counted is signed when it is asked for.
    bench.ok(&purchase("1", PER_TRANSACTION)
        .with(|o| o.blockhash = 1)
        .request());
}

#[test]
fn what_was_turned_down_ends_purchases_at_once_and_leaves_sales() {
    let bench = allowing();
    let paid = format!("chain.101.unlisted_mints.paid.{WSOL}");
    for key in [
        "chain.101.unlisted_mints.max_open_mints".to_owned(),
        format!("{paid}.max_paid_per_transaction"),
        format!("{paid}.max_paid_per_mint"),
        format!("{paid}.max_paid_per_day"),
        paid,
    ] {
        bench.ok(&json!({ "op": "set_limit", "key": key, "value": "0", "by": "x" }));
        refused(&bench, &purchase("first", 1), Rule::UnlistedMint);
    }
    bench.ok(&sale("second", 5).request());
    let venue = "chain.101.unlisted_mints.venue.raydium_cpmm";
    bench.ok(&json!({ "op": "set_limit", "key": venue, "value": "0", "by": "x" }));
    refused(
        &bench,
        &sale("third", 5).with(|o| o.blockhash = 9),
        Rule::UnlistedMint,
    );
}

#[test]
fn the_section_waits_as_every_other_raise() {
    let without = {
        let text = with_section();
        let (from, to) = (
            text.find("[chains.101.unlisted_mints]").unwrap(),
            text.find("[[chains.101.tokens]]").unwrap(),
        );
        format!("{}{}", &text[..from], &text[to..])
    };
    let mut bench = under(&without);
    refused(&bench, &purchase("first", 1), Rule::TokenNotAllowed);
    bench.restart(Some(&with_section()));
    refused(&bench, &purchase("first", 1), Rule::UnlistedMint);
    bench.at(START_S + 600);
    bench.ok(&purchase("first", 1).request());
}

#[test]
fn refuses_a_section_that_could_not_mean_what_it_says() {
    for (from, to, expected) in [
        ("\"raydium_cpmm\"", "\"raydium\"", "is no venue of which"),
        ("\"raydium_cpmm\"", "\"pumpswap\"", "is no venue of which"),
        ("[\"token\"]", "[\"token_3\"]", "must be \"token\""),
        ("[\"token\"]", "[]", "must not be empty"),
        (
            "max_paid_per_day = \"1\"",
            "max_paid_per_day = 1",
            "must be one line of text",
        ),
        (
            "max_paid_per_day = \"1\"",
            "max_paid_per_day = \"99999999999\"",
            "more than any mint has",
        ),
        ("max_open_mints = 2\n", "", "is missing"),
        (
            "max_open_mints = 2",
            "max_open_mints = 2\nspeed = 1",
            "not a field",
        ),
    ] {
        let text = with_section().replacen(from, to, 1);
        assert_ne!(text, with_section(), "{from}");
        let wrong = Config::parse(&text, std::path::Path::new("/")).unwrap_err();
        assert!(wrong.to_string().contains(expected), "{to}: {wrong}");
    }
    let section = "[chains.101.unlisted_mints]\nwallets = ";
    let foreign = with_section().replace(
        &format!("{section}[\"{WALLET}\"]"),
        &format!("{section}[\"{RECIPIENT}\"]"),
    );
    let unpaid =
        with_section().replace(&format!("mint = \"{WSOL}\""), &format!("mint = \"{COIN}\""));
    let entry = format!(
        "[[chains.101.unlisted_mints.paid]]\nmint = \"{NATIVE}\"\nmax_paid_per_transaction = \"1\"\n\
         max_paid_per_mint = \"1\"\nmax_paid_per_day = \"1\"\n"
    );
    let twice = with_section().replacen(
        "[[chains.101.tokens]]",
        &format!("{entry}[[chains.101.tokens]]"),
        1,
    );
    for (text, expected) in [
        (foreign, "which [[wallets]] does not list"),
        (unpaid, "is not a token of [chains.101]"),
        (twice, "lamports and wrapped SOL have one entry"),
    ] {
        let wrong = Config::parse(&text, std::path::Path::new("/")).unwrap_err();
        assert!(wrong.to_string().contains(expected), "{wrong}");
    }
}

#[derive(Debug, Clone)]
enum Act {
    Buy(usize, u64, bool),
    Discard(usize),
    End(usize, bool),
    Sell(usize),
    Restart,
}

/// What is known of a purchase: its order, its coin, what it pays, its signature once there is one.
struct Bought {
    order: SolanaOrder,
    coin: usize,
    paid: u64,
    signature: Option<Value>,
    ended: bool,
    open: bool,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..3_usize, 1..=4_u64, any::<bool>())
            .prop_map(|(coin, tenths, holds)| Act::Buy(coin, tenths * PER_TRANSACTION / 3, holds)),
        2 => (0..8_usize).prop_map(Act::Discard),
        2 => (0..8_usize, any::<bool>()).prop_map(|(n, succeeds)| Act::End(n, succeeds)),
        2 => (0..3_usize).prop_map(Act::Sell),
        1 => Just(Act::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Held against sums of what was answered: nothing beyond a cap is signed, and nothing within all of them refused.
    #[test]
    fn no_order_of_events_pays_more_than_the_caps(acts in prop::collection::vec(act(), 20..60)) {
        let day = with_section().replace("max_paid_per_day = \"1\"", "max_paid_per_day = \"0.5\"");
        let mut bench = under(&day);
        let mut all: Vec<Bought> = Vec::new();
        for (number, act) in acts.into_iter().enumerate() {
            let blockhash = u8::try_from(number + 1).unwrap();
            match act {
                Act::Buy(coin, paid, holds) => {
                    let order = purchase_of(COINS[coin], &number.to_string(), paid).with(|o| o.blockhash = blockhash);
                    let sum = |of: &dyn Fn(&Bought) -> bool| {
                        all.iter().filter(|it| of(it)).map(|it| it.paid).sum::<u64>()
                    };
                    let open: BTreeSet<_> = all.iter().filter(|it| it.open && it.coin != coin).map(|it| it.coin).collect();
                    let fits = paid <= PER_TRANSACTION
                        && sum(&|it| it.coin == coin) + paid <= PER_MINT
                        && sum(&|_| true) + paid <= PER_DAY / 2
                        && open.len() < MOST_OPEN;
                    let asked = if holds { order.presign_request(1_000) } else { order.request() };
                    let answer = bench.ask(&asked);
                    prop_assert_eq!(answer.is_ok(), fits, "{:?}", answer);
                    if let Ok(answer) = answer {
                        let signature = answer.get("signature").cloned();
                        all.push(Bought { order, coin, paid, signature, ended: false, open: true });
                    }
                }
                Act::Discard(n) => {
                    if let Some(it) = all.get_mut(n).filter(|it| it.signature.is_none() && !it.ended) {
                        bench.ok(&it.order.discard_request());
                        (it.paid, it.open, it.ended) = (0, false, true);
                    }
                }
                Act::End(n, succeeds) => {
                    if let Some(it) = all.get_mut(n).filter(|it| it.signature.is_some() && !it.ended) {
                        let signature = it.signature.clone().unwrap();
                        settle(&bench, &it.order, if succeeds { "succeeded" } else { "expired" }, &signature);
                        it.ended = true;
                        if !succeeds {
                            (it.paid, it.open) = (0, false);
                        }
                    }
                }
                Act::Sell(coin) => {
                    let order = sale_of(COINS[coin], &number.to_string(), 40 * BROUGHT).with(|o| o.blockhash = blockhash);
                    let signed = bench.ok(&order.request());
                    settle(&bench, &order, "succeeded", &signed["signature"]);
                    for it in all.iter_mut().filter(|it| it.coin == coin) {
                        it.open = false;
                    }
                }
                Act::Restart => bench.restart(None),
            }
        }
        let mut by_coin: BTreeMap<usize, u64> = BTreeMap::new();
        for it in &all {
            *by_coin.entry(it.coin).or_default() += it.paid;
        }
        prop_assert!(by_coin.values().all(|paid| *paid <= PER_MINT) && by_coin.values().sum::<u64>() <= PER_DAY / 2);
    }
}
