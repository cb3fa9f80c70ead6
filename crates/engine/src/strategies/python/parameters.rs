//! `PythonParameters`: what the engine itself takes of the parameters; the others are the user's.

use serde_json::{Map, Value};
use tradewind_core::ChainAddress;
use tradewind_solana::token_accounts::WRAPPED_SOL;

use crate::config::{ConfigFault, Fields};
use crate::strategies::SendingTerms;

/// Names that are the engine's.
const OWN: [&str; 6] = [
    "wallet",
    "strategy_id",
    "lookup_tables",
    "tip_lamports",
    "unit_price_micro_lamports",
    "mints",
];

/// Those of every strategy, and `mints`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PythonParameters {
    pub terms: SendingTerms,
    /// The mints that it pays with, whose balances are followed; wrapped SOL unless it is given.
    pub mints: Vec<ChainAddress>,
}

impl PythonParameters {
    pub(super) fn read(parameters: &Value) -> Result<Self, ConfigFault> {
        let mut fields = Fields::of("parameters", parameters.clone())?;
        let terms = SendingTerms::read(&mut fields)?;
        let mut mints = fields.keys("mints")?;
        if mints.is_empty() {
            mints.push(ChainAddress::from(WRAPPED_SOL));
        }
        Ok(Self { terms, mints })
    }

    /// What is the user's.
    pub(super) fn of_the_user(parameters: &Value) -> Value {
        let fields = parameters.as_object().into_iter().flatten();
        let rest = fields.filter(|(name, _)| !OWN.contains(&name.as_str()));
        let rest = rest.map(|(name, value)| (name.clone(), value.clone()));
        Value::Object(rest.collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_engines_own_are_checked_and_the_others_are_the_users() {
        let given = json!({"tip_lamports": "2000", "edge_bps": "15", "bases": [1]});
        let read = PythonParameters::read(&given).expect("taken");
        assert_eq!(read.terms.tip_lamports, 2_000);
        assert_eq!(read.mints, [ChainAddress::from(WRAPPED_SOL)]);
        let rest = PythonParameters::of_the_user(&given);
        assert_eq!(rest, json!({"edge_bps": "15", "bases": [1]}));
        for (wrong, field) in [
            (json!({"tip_lamports": 2_000}), "parameters.tip_lamports"),
            (json!({"mints": ["x"]}), "parameters.mints[0]"),
            (json!({"wallet": "mine"}), "parameters.wallet"),
        ] {
            let fault = PythonParameters::read(&wrong).expect_err("refused");
            assert_eq!(fault.field, field);
        }
    }
}
