//! Every kind of curve against its own definition.

use super::edge_curve::EdgeCurve;
use crate::pools::{Curve, Hyperbola, Line};

fn hyperbolas() -> Curve {
    let piece = |reserve_in: f64, reserve_out: f64, capacity_in: f64| Hyperbola {
        reserve_in,
        reserve_out,
        gamma: 0.997,
        capacity_in,
    };
    // The second range begins at the price at which the first one ends, the third after a gap.
    Curve::Hyperbolas(vec![
        piece(1e6, 4e6, 1e5),
        piece(2.2e6, 7.265_35e6, 5e5),
        piece(1e6, 1e6, f64::INFINITY),
    ])
}

fn weighted() -> Curve {
    Curve::Weighted {
        balance_in: 5e6,
        balance_out: 1e6,
        exponent: 4.0,
        gamma: 0.99,
        capacity_in: 1.5e6,
    }
}

fn stable() -> Curve {
    // Balances of one each, at which the invariant is their sum.
    Curve::Stable {
        balances: vec![1e9, 1e9, 1e9],
        input: 2,
        output: 0,
        amplification: 600.0,
        invariant: 3e9,
        scale_in: 1e3,
        scale_out: 1.0,
        gamma: 0.9996,
    }
}

fn bins() -> Curve {
    let line = |price, capacity_in| Line { price, capacity_in };
    Curve::Lines(vec![line(2.0, 1e4), line(1.9, 3e4), line(1.8, 1e4)])
}

fn made(curve: &Curve) -> EdgeCurve {
    EdgeCurve::new(curve).unwrap()
}

#[test]
fn the_trade_at_a_ratio_is_the_best_one_at_those_prices() {
    for curve in [hyperbolas(), weighted(), stable(), bins()] {
        let made = made(&curve);
        for part in 1..20 {
            let ratio = made.best_price() * f64::from(part) / 20.0;
            let trade = made.trade_at(ratio);
            let worth = |input: f64| made.output(input) - ratio * input;
            let best = trade.output - ratio * trade.input;
            // Around the answer, and everywhere else the curve goes.
            let end = made.room().min(1e8);
            for input in (0..1_000).map(|at| end * f64::from(at) / 1_000.0) {
                assert!(
                    worth(input) <= best + 1e-6 * best.abs() + 1e-6,
                    "{curve:?} at {ratio}: {input} is better than {trade:?}"
                );
            }
        }
        assert_eq!(made.trade_at(made.best_price() * 1.000_01).input, 0.0);
    }
}

#[test]
fn the_input_for_an_output_is_what_gives_it() {
    for curve in [hyperbolas(), weighted(), stable(), bins()] {
        let made = made(&curve);
        for input in [1.0, 1e3, 9.9e4, 4.9e4, 4e5, 1.4e6] {
            if input > made.room() {
                continue;
            }
            let back = made.input(made.output(input));
            assert!(
                (back / input - 1.0).abs() < 1e-6,
                "{curve:?}: {input} came back as {back}"
            );
        }
        assert!(made.input(made.most() * 1.01).is_infinite());
    }
}

#[test]
fn slack_says_how_fast_the_trade_grows() {
    for curve in [hyperbolas(), weighted(), stable()] {
        let made = made(&curve);
        for part in [3, 8, 15, 19] {
            let ratio = made.best_price() * f64::from(part) / 20.0;
            let [less, more] = [0.999_9, 1.000_1].map(|factor| made.trade_at(ratio * factor).input);
            let expected = (less - more) / 0.000_2;
            let slack = made.trade_at(ratio).slack;
            assert!(
                (slack - expected).abs() <= 1e-2 * expected.max(1.0),
                "{curve:?} at {ratio}: {slack}, by difference {expected}"
            );
        }
    }
}

#[test]
fn bins_are_bounded_as_they_are_and_not_as_they_are_descended() {
    let made = made(&bins());
    let whole = made.exact_trade_at(1.85);
    assert_eq!((whole.input, whole.output), (4e4, 2.0 * 1e4 + 1.9 * 3e4));
}

#[test]
fn a_closed_pool_has_no_curve() {
    assert!(EdgeCurve::new(&Curve::Nothing).is_none());
    assert!(EdgeCurve::new(&Curve::Hyperbolas(Vec::new())).is_none());
    assert!(EdgeCurve::new(&Curve::Lines(Vec::new())).is_none());
}
