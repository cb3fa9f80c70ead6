//! Raising a limit waits, lowering is instant, and a restart or an edited file is no way around it.

use crate::bench::{Bench, START_S};
use crate::limits::usdc_limits;
use crate::orders::{ARB, Order, USDC, USDC_UNIT, address};
use crate::process::{Folder, SIGNER, WALLETS, config};
use crate::strategies::{ONE, one_strategy, order as strategy_order};
use serde_json::{Value, json};
use tradewind_signer::fault::Rule;

const DELAY_S: u64 = 600;

type Change = Box<dyn Fn(&mut Order)>;

fn single() -> String {
    format!("chain.42161.token.{USDC}.max_per_transaction")
}

fn set(value: u64) -> Value {
    json!({ "op": "set_limit", "key": single(), "value": value.to_string(), "by": "test" })
}

/// Whether a permit of this many base units passes now.
fn fits(bench: &Bench, units: u64) -> bool {
    let order = Order::new("asked").spending(units);
    let order = order
        .with(|o| o.deadline_s = bench.now_s() + 60)
        .at_nonce(7);
    bench.ok(&order.check_request())["passed"] == true
}

fn with_single(units: &str) -> String {
    config().replacen("\"50000\"", &format!("\"{units}\""), 1)
}

#[test]
fn lowering_counts_at_once_and_raising_again_after_the_delay_also_over_a_restart() {
    let bench = Bench::new();
    assert!(fits(&bench, 50_000 * USDC_UNIT));
    let lowered = bench.ok(&set(1_000));
    assert_eq!(
        (&lowered["pending"], lowered["effective_at_ms"].as_u64()),
        (&json!(false), Some(START_S * 1000))
    );
    assert!(fits(&bench, 1_000) && !fits(&bench, 1_001));

    let bench = bench.restarted(None);
    assert!(
        fits(&bench, 1_000) && !fits(&bench, 1_001),
        "a restart is no raise"
    );
    let raised = bench.ok(&set(2_000));
    assert_eq!(
        (&raised["pending"], raised["effective_at_ms"].as_u64()),
        (&json!(true), Some((START_S + DELAY_S) * 1000))
    );
    bench.at(START_S + DELAY_S - 1);
    assert!(!fits(&bench, 1_001));
    assert_eq!(
        bench.ok(&set(2_000)),
        raised,
        "presented again it keeps its place in time"
    );
    let bench = bench.restarted(None);
    assert!(!fits(&bench, 1_001));
    bench.at(START_S + DELAY_S);
    assert!(fits(&bench, 2_000) && !fits(&bench, 2_001));
}

#[test]
fn a_raise_that_waits_can_be_taken_back_and_a_tighter_wish_takes_it_back_too() {
    for cancel in [
        json!({ "op": "cancel_raise", "key": single(), "by": "test" }),
        set(999),
    ] {
        let bench = Bench::new();
        bench.ok(&set(1_000));
        bench.ok(&set(2_000));
        bench.ok(&cancel);
        bench.at(START_S + 2 * DELAY_S);
        assert!(fits(&bench, 999) && !fits(&bench, 1_001), "{cancel}");
    }
}

#[test]
fn of_two_raises_each_counts_from_its_own_time() {
    let bench = Bench::new();
    bench.ok(&set(1_000));
    bench.ok(&set(2_000));
    bench.at(START_S + 100).ok(&set(3_000));
    bench.at(START_S + DELAY_S);
    assert!(fits(&bench, 2_000) && !fits(&bench, 2_001));
    bench.at(START_S + DELAY_S + 100);
    assert!(fits(&bench, 3_000) && !fits(&bench, 3_001));
}

#[test]
fn an_edited_file_lowers_at_the_next_start_and_raises_only_after_the_delay() {
    let bench = Bench::new().restarted(Some(&with_single("10")));
    assert!(fits(&bench, 10 * USDC_UNIT) && !fits(&bench, 10 * USDC_UNIT + 1));
    assert_eq!(
        bench.rule(&set(10 * USDC_UNIT + 1)),
        Some(Rule::LimitCeiling)
    );

    let bench = bench.restarted(Some(&with_single("20")));
    bench.at(START_S + DELAY_S - 1);
    assert!(!fits(&bench, 10 * USDC_UNIT + 1));
    // Restarting again neither shortens nor prolongs it.
    let bench = bench.restarted(Some(&with_single("20")));
    assert!(!fits(&bench, 10 * USDC_UNIT + 1));
    bench.at(START_S + DELAY_S);
    assert!(fits(&bench, 20 * USDC_UNIT) && !fits(&bench, 20 * USDC_UNIT + 1));
}

#[test]
fn an_edited_file_leaves_what_was_lowered_by_request_where_it_is() {
    let bench = Bench::new();
    bench.ok(&set(1_000));
    let bench = bench.restarted(Some(&with_single("60000")));
    bench.at(START_S + 2 * DELAY_S);
    assert!(fits(&bench, 1_000) && !fits(&bench, 1_001));
    // The ceiling is higher all the same.
    assert_eq!(bench.ok(&set(60_000 * USDC_UNIT))["pending"], true);
}

#[test]
fn a_raise_that_the_file_takes_back_before_its_time_never_counts() {
    let bench = Bench::new().restarted(Some(&with_single("60000")));
    let bench = bench.restarted(Some(&config()));
    bench.at(START_S + 2 * DELAY_S);
    assert!(fits(&bench, 50_000 * USDC_UNIT) && !fits(&bench, 50_000 * USDC_UNIT + 1));
}

/// What was not allowed when the gate began waits; what the file no longer lists is refused at once.
#[test]
fn a_newly_listed_token_router_recipient_or_wallet_waits() {
    let stranger = "0x7777777777777777777777777777777777777777";
    let arb = format!(
        "[[chains.42161.tokens]]\nsymbol = \"ARB\"\naddress = \"{ARB}\"\ndecimals = 18\nmax_per_transaction = \"5\"\nmax_per_day = \"5\"\n"
    );
    let second = format!(
        "[[wallets]]\naddress = \"{}\"\nchains = [42161]\n",
        WALLETS[1]
    );
    let cases: [(String, String, Rule, Change); 4] = [
        (
            config(),
            config() + &arb,
            Rule::TokenNotAllowed,
            Box::new(|o| o.tokens[1] = address(ARB)),
        ),
        (
            config(),
            config().replacen("Fc45\"]", &format!("Fc45\", \"{stranger}\"]"), 1),
            Rule::ContractNotAllowed,
            Box::new(move |o| o.to = address(stranger)),
        ),
        (
            config(),
            config().replacen(
                "max_gas",
                &format!("recipients = [\"{stranger}\"]\nmax_gas"),
                1,
            ),
            Rule::Recipient,
            Box::new(move |o| o.recipient = Some(address(stranger))),
        ),
        (
            config().replacen(&second, "", 1),
            config(),
            Rule::ChainNotAllowed,
            Box::new(|o| o.wallet = address(WALLETS[1])),
        ),
    ];
    for (before, after, rule, change) in cases {
        let bench = Bench::under(&before).restarted(Some(&after));
        let asked = |bench: &Bench| {
            let order = Order::new("asked")
                .with(|o| o.deadline_s = bench.now_s() + 60)
                .with(&change);
            bench.ok(&order.check_request())["rule"].clone()
        };
        bench.at(START_S + DELAY_S - 1);
        assert_eq!(asked(&bench), rule.name());
        bench.at(START_S + DELAY_S);
        assert_eq!(asked(&bench), Value::Null, "{}", rule.name());
        let bench = bench.restarted(Some(&before));
        assert_ne!(asked(&bench), Value::Null, "{}", rule.name());
    }
}

#[test]
fn removing_a_limit_of_a_strategy_or_all_strategies_is_a_raise() {
    let limit =
        format!("limits = [{{ chain = 42161, token = \"{USDC}\", max_per_transaction = \"1\" }}]");
    let two = strategy_order("two", Some(ONE)).spending(2 * USDC_UNIT);
    let nobody = strategy_order("nobody", None);
    let bench = Bench::under(&one_strategy(&limit)).restarted(Some(&one_strategy("")));
    let asked = |bench: &Bench, order: &Order| {
        let order = order.clone().with(|o| o.deadline_s = bench.now_s() + 60);
        bench.ok(&order.check_request())["rule"].clone()
    };
    bench.at(START_S + DELAY_S - 1);
    assert_eq!(asked(&bench, &two), "amount_per_transaction");
    bench.at(START_S + DELAY_S);
    assert_eq!(asked(&bench, &two), Value::Null);

    let bench = bench.restarted(Some(&config()));
    bench.at(START_S + 2 * DELAY_S - 1);
    assert_eq!(asked(&bench, &nobody), "strategy_unknown");
    bench.at(START_S + 2 * DELAY_S);
    assert_eq!(asked(&bench, &nobody), Value::Null);
    // Where anybody could sign, to list some is no raise.
    let bench = bench.restarted(Some(&one_strategy("")));
    assert_eq!(asked(&bench, &two), Value::Null);
    assert_eq!(asked(&bench, &nobody), "strategy_unknown");
}

#[test]
fn a_shorter_delay_is_itself_a_raise_and_a_longer_one_counts_at_once() {
    let with_delay = |seconds: u64| format!("raise_delay_s = {seconds}\n{}", config());
    let bench = Bench::new().restarted(Some(&with_delay(10)));
    bench.ok(&set(1_000));
    assert_eq!(
        bench.ok(&set(2_000))["effective_at_ms"],
        (START_S + DELAY_S) * 1000
    );
    bench.at(START_S + DELAY_S);
    assert_eq!(
        bench.ok(&set(3_000))["effective_at_ms"],
        (START_S + DELAY_S + 10) * 1000
    );
    let bench = bench.restarted(Some(&with_delay(1_000)));
    assert_eq!(
        bench.ok(&set(4_000))["effective_at_ms"],
        (START_S + DELAY_S + 1_000) * 1000
    );
}

/// To shorten the delay waits as long as the delay says: whoever could set it without bound would end all raises for ever.
#[test]
fn the_delay_is_lengthened_by_request_to_30_days_and_not_further() {
    let bench = Bench::new();
    let lengthen = |value: &str| json!({ "op": "set_limit", "key": "raise_delay_s", "value": value, "by": "test" });
    let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    for value in ["2592001", most] {
        assert_eq!(
            bench.rule(&lengthen(value)),
            Some(Rule::LimitCeiling),
            "{value}"
        );
    }
    bench.ok(&lengthen("2592000"));
    bench.ok(&set(1));
    bench.ok(&set(2));
    assert!(!fits(bench.at(START_S + 2_592_000 - 1), 2));
    assert!(fits(bench.at(START_S + 2_592_000), 2));
}

#[test]
fn a_lower_quorum_waits_like_a_raise() {
    let quorum =
        |n: u32| config().replacen("max_gas", &format!("settlement_quorum = {n}\nmax_gas"), 1);
    let bench = Bench::under(&quorum(2)).restarted(Some(&quorum(1)));
    let settled = |bench: &Bench, nonce: u64| {
        let order = Order::new(&format!("{nonce}")).at_nonce(nonce);
        let order = order.with(|o| o.deadline_s = bench.now_s() + 60);
        let signed = bench.ok(&order.request());
        bench.ok(&order.final_settle_request(&signed["tx_hash"], "reverted", 0))["final"].clone()
    };
    assert_eq!(settled(&bench, 7), false);
    bench.at(START_S + DELAY_S);
    assert_eq!(settled(&bench, 8), true);
}

#[test]
fn the_command_line_shows_what_is_in_force_and_what_waits() {
    let folder = Folder::new();
    folder.write("signer.toml", &usdc_limits("max_per_hour = \"7\""));
    let _signer = folder.start();
    let run = |words: &[&str]| {
        let output = folder
            .command(SIGNER, words)
            .args(["--config", "signer.toml"])
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let key = format!("chain.42161.token.{USDC}.max_per_hour");
    let set = |value: &str| {
        run(&[
            "set-limit",
            "--key",
            &key,
            "--value",
            value,
            "--by",
            "alice",
        ])
    };
    assert!(set("5").0 && set("6").0);
    assert!(!set("7000001").0, "above the ceiling");
    let (done, text) = run(&["limits"]);
    assert!(
        done && text.contains(&format!("{key} 5 (ceiling 7000000)\n    6 in ")),
        "{text}"
    );
    assert!(text.contains(", by alice\n"), "{text}");
    assert!(run(&["cancel-raise", "--key", &key]).0);
    assert!(!run(&["limits"]).1.contains("by alice"));
}
