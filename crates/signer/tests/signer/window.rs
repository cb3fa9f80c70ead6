//! The rolling day, with a clock that the test sets.

use crate::bench::{Bench, DAY_S, START_S};
use crate::orders::{Order, USDC_UNIT};
use tradewind_signer::fault::Rule;

fn order(name: &str, units: u64, deadline_s: u64) -> Order {
    Order::new(name)
        .spending(units)
        .with(|o| o.deadline_s = deadline_s)
}

fn fill(bench: &Bench) {
    for index in 0..4 {
        let order = order(&format!("fill-{index}"), 50_000 * USDC_UNIT, START_S + 600);
        assert_eq!(bench.rule(&order.permit_request()), None);
    }
}

#[test]
fn a_reservation_counts_until_a_day_after_its_last_valid_second() {
    let bench = Bench::new();
    fill(&bench);
    for (second, expected) in [
        (START_S + 600, Some(Rule::AmountPerDay)),
        (START_S + DAY_S, Some(Rule::AmountPerDay)),
        (START_S + 600 + DAY_S - 1, Some(Rule::AmountPerDay)),
        (START_S + 600 + DAY_S, None),
    ] {
        let request = order("later", 1, second + 60).permit_request();
        assert_eq!(bench.at(second).rule(&request), expected, "at {second}");
    }
}

#[test]
fn a_settled_step_keeps_its_whole_reservation_until_a_day_after_its_last_valid_second() {
    for (outcome, spent) in [("succeeded", 50_000 * USDC_UNIT), ("reverted", 0)] {
        let bench = Bench::new();
        fill(&bench);
        let swap = order("fill-0", 50_000 * USDC_UNIT, START_S + 600);
        let signed = bench
            .ask(&swap.request())
            .unwrap_or_else(|fault| panic!("{fault}"));
        let settle = swap.settle_request(&signed["tx_hash"], outcome, spent);
        assert_eq!(bench.at(START_S + 10).rule(&settle), None);
        for (second, expected) in [
            (START_S + 10 + DAY_S, Some(Rule::AmountPerDay)),
            (START_S + 600 + DAY_S - 1, Some(Rule::AmountPerDay)),
            (START_S + 600 + DAY_S, None),
        ] {
            let request = order("later", 1, second + 60).permit_request();
            assert_eq!(
                bench.at(second).rule(&request),
                expected,
                "{outcome} at {second}"
            );
        }
    }
}

#[test]
fn a_second_attempt_a_day_later_needs_room_in_that_day() {
    let bench = Bench::new();
    let first = order("slow", 50_000 * USDC_UNIT, START_S + 600);
    assert_eq!(bench.rule(&first.request()), None);
    let later = START_S + 2 * DAY_S;
    bench.at(later);
    for index in 0..4 {
        let other = order(&format!("other-{index}"), 50_000 * USDC_UNIT, later + 600);
        assert_eq!(bench.rule(&other.permit_request()), None);
    }
    let again = first.with(|o| (o.attempt, o.deadline_s) = (2, later + 600));
    assert_eq!(bench.rule(&again.request()), Some(Rule::AmountPerDay));
}

#[test]
fn the_deadline_may_be_now_and_at_most_the_longest_validity_away() {
    let bench = Bench::new();
    for (name, deadline_s, expected) in [
        ("past", START_S - 1, Some(Rule::Validity)),
        ("now", START_S, None),
        ("longest", START_S + 3_600, None),
        ("too long", START_S + 3_601, Some(Rule::Validity)),
    ] {
        assert_eq!(
            bench.rule(&order(name, 1, deadline_s).permit_request()),
            expected,
            "{name}"
        );
    }
}

#[test]
fn a_later_deadline_of_a_second_attempt_keeps_the_reservation_longer() {
    let bench = Bench::new();
    let first = order("slow", 50_000 * USDC_UNIT, START_S + 600);
    assert_eq!(bench.rule(&first.request()), None);
    let second = first.with(|o| (o.attempt, o.deadline_s) = (2, START_S + 3_000));
    assert_eq!(bench.rule(&second.request()), None);

    let day_later = START_S + 3_000 + DAY_S;
    bench.at(day_later - 1);
    for index in 0..3 {
        let other = order(
            &format!("other-{index}"),
            50_000 * USDC_UNIT,
            day_later + 600,
        );
        assert_eq!(bench.rule(&other.permit_request()), None);
    }
    let more = order("more", 1, day_later + 600).permit_request();
    assert_eq!(bench.rule(&more), Some(Rule::AmountPerDay));
    assert_eq!(bench.at(day_later).rule(&more), None);
}

/// A no-op spends nothing: the trade that it ends could take effect until its own deadline, and no later.
#[test]
fn a_no_op_keeps_the_reservation_of_its_step_no_longer() {
    let bench = Bench::new();
    let first = order("late", 50_000 * USDC_UNIT, START_S + 60);
    assert_eq!(bench.rule(&first.request()), None);
    let day_later = START_S + 60 + DAY_S;
    bench.at(day_later);
    for index in 0..4 {
        let other = order(
            &format!("other-{index}"),
            50_000 * USDC_UNIT,
            day_later + 60,
        );
        assert_eq!(bench.rule(&other.permit_request()), None);
    }
    assert_eq!(bench.rule(&first.noop(2).request()), None);
    let budgets = bench.ok(&serde_json::json!({ "op": "budgets" }));
    for budget in budgets["budgets"].as_array().unwrap() {
        let number = |key: &str| budget[key].as_str().unwrap().parse::<u128>().unwrap();
        assert!(number("used_raw") <= number("limit_raw"), "{budget}");
    }
}
