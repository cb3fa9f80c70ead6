//! Parameters that are refused.

use serde_json::{Value, json};

use super::desk::{LOAN, MARKET, SOL, key, parameters};
use crate::strategies::Strategy;
use crate::strategies::liquidation::LoanSource;
use crate::strategies::liquidation::parameters::LiquidationParameters;

#[test]
fn wrong_parameters_are_named() {
    let bases = json!([{"mint": SOL}]);
    let loans = json!([LOAN, MARKET]);
    for (wrong, field) in [
        (json!({"bases": bases}), "parameters.market"),
        (json!({"market": "x", "bases": bases}), "parameters.market"),
        (json!({"market": MARKET}), "parameters.bases"),
        (json!({"market": MARKET, "bases": []}), "parameters.bases"),
        (
            json!({"market": MARKET, "bases": [{"mint": SOL}, {"mint": SOL}]}),
            "parameters.bases[1]",
        ),
        (
            json!({"market": MARKET, "bases": [{"mint": SOL, "cost_raw": "-1"}]}),
            "parameters.bases[0].cost_raw",
        ),
        (
            json!({"market": MARKET, "bases": bases, "obligations": ["x"]}),
            "parameters.obligations[0]",
        ),
        (
            json!({"market": MARKET, "bases": bases, "obligations": loans, "most_obligations": "1"}),
            "parameters.obligations",
        ),
        (
            json!({"market": MARKET, "bases": bases, "max_hops": "5"}),
            "parameters.max_hops",
        ),
        (
            json!({"market": MARKET, "bases": bases, "received_margin_bps": "1001"}),
            "parameters.received_margin_bps",
        ),
        (
            json!({"market": MARKET, "bases": bases, "min_debt_usd": "1.5"}),
            "parameters.min_debt_usd",
        ),
        (
            json!({"market": MARKET, "bases": bases, "health": "1"}),
            "parameters.health",
        ),
    ] {
        let refused = LiquidationParameters::read(&wrong).expect_err("refused");
        assert_eq!(refused.field, field, "{wrong}");
    }
    let read = LiquidationParameters::read(&parameters()).expect("taken");
    assert_eq!((read.source.market, read.max_hops), (key(MARKET), 2));
    assert!(loans_of(&parameters()).is_some());
}

fn loans_of(parameters: &Value) -> Option<LoanSource> {
    Strategy::named("liquidation").and_then(|it| it.loans(parameters))
}
