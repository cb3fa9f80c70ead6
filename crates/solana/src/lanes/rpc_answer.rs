//! What a node's answer to a transaction means: Agave's numbers and words, as outcomes.

use super::SendOutcome;
use crate::http_endpoint::ExchangeFault;
use crate::json_rpc::{AskFault, RpcError};
use crate::transaction_fault::TransactionFault;

/// `sendTransaction` that simulated first and failed; `data` holds the error and the logs.
const PREFLIGHT_FAILURE: i64 = -32_002;

/// The outcome of a fault. `signature` names what was sent.
pub(super) fn outcome_of_fault(fault: AskFault, signature: &str) -> SendOutcome {
    match fault {
        AskFault::Refused(error) => outcome_of_refusal(&error, signature),
        AskFault::Exchange(fault) => outcome_of_exchange(&fault),
        AskFault::WrongChain(_) => unreachable_by("wrong_chain", &fault),
        // Whatever answered, it had the whole request before it.
        AskFault::Unreadable(_) => unknown_by("answer_unreadable", &fault),
    }
}

/// In the words of Agave, or of Jito.
pub(super) fn says_already_processed(message: &str) -> bool {
    message.contains("already processed") || message.contains("already been processed")
}

pub(super) fn outcome_of_exchange(fault: &ExchangeFault) -> SendOutcome {
    match fault {
        ExchangeFault::Limited { retry_after_ms }
        | ExchangeFault::TooManyRequests { retry_after_ms } => SendOutcome::RateLimited {
            retry_after_ms: *retry_after_ms,
        },
        ExchangeFault::CircuitOpen => unreachable_by("circuit_open", fault),
        ExchangeFault::NotConnected(_) => unreachable_by("not_connected", fault),
        ExchangeFault::TimedOut(_) => unknown_by("timed_out", fault),
        ExchangeFault::ConnectionLost(_) => unknown_by("connection_lost", fault),
    }
}

fn unreachable_by(code: &'static str, fault: &impl ToString) -> SendOutcome {
    SendOutcome::Unreachable {
        code,
        detail: fault.to_string(),
    }
}

fn unknown_by(code: &'static str, fault: &impl ToString) -> SendOutcome {
    SendOutcome::Unknown {
        code,
        detail: fault.to_string(),
    }
}

fn outcome_of_refusal(error: &RpcError, signature: &str) -> SendOutcome {
    let fault = match error.code {
        PREFLIGHT_FAILURE => error
            .data
            .get("err")
            .and_then(|err| TransactionFault::read(err, error.data.get("logs"))),
        _ => None,
    };
    let known = fault
        .as_ref()
        .is_some_and(|fault| fault.name == "already_processed")
        || says_already_processed(&error.message);
    if known {
        return SendOutcome::AlreadyKnown {
            reference: signature.to_owned(),
        };
    }
    SendOutcome::Refused {
        code: refusal_code(error.code, fault.as_ref()),
        detail: error.to_string(),
        fault,
    }
}

fn refusal_code(number: i64, fault: Option<&TransactionFault>) -> &'static str {
    match number {
        PREFLIGHT_FAILURE => match fault.map(|fault| fault.name.as_str()) {
            Some("blockhash_not_found") => "blockhash_not_found",
            Some("instruction_error") => "program_error",
            Some(
                "insufficient_funds_for_fee" | "account_not_found" | "insufficient_funds_for_rent",
            ) => "insufficient_funds",
            _ => "simulation_failed",
        },
        -32_003 | -32_013 => "signature_invalid",
        -32_005 => "node_behind",
        -32_006 => "precompile_failed",
        -32_015 => "version_unsupported",
        -32_016 => "min_context_slot_not_reached",
        -32_601 => "method_unknown",
        -32_600 | -32_602 => "invalid_parameters",
        _ => "rpc_error",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn outcome(code: i64, message: &str, data: Value) -> SendOutcome {
        let error = RpcError {
            code,
            message: message.to_owned(),
            data,
        };
        outcome_of_fault(AskFault::Refused(error), "SIG")
    }

    #[test]
    fn a_failed_simulation_is_named_by_what_failed() {
        for (err, name) in [
            (json!("BlockhashNotFound"), "blockhash_not_found"),
            (
                json!({"InstructionError": [1, {"Custom": 30}]}),
                "program_error",
            ),
            (json!("AccountNotFound"), "insufficient_funds"),
            (json!("TooManyAccountLocks"), "simulation_failed"),
            (Value::Null, "simulation_failed"),
        ] {
            let told = outcome(
                -32_002,
                "Transaction simulation failed",
                json!({"err": err, "logs": ["l"]}),
            );
            assert_eq!(told.code(), Some(name));
        }
    }

    #[test]
    fn a_transaction_that_the_node_has_is_no_refusal() {
        let told = outcome(
            -32_002,
            "Transaction simulation failed: This transaction has already been processed",
            json!({"err": "AlreadyProcessed"}),
        );
        assert_eq!(
            told,
            SendOutcome::AlreadyKnown {
                reference: "SIG".to_owned()
            }
        );
    }

    #[test]
    fn the_nodes_own_troubles_have_names_of_their_own() {
        for (number, name) in [
            (-32_005, "node_behind"),
            (-32_016, "min_context_slot_not_reached"),
            (-32_003, "signature_invalid"),
            (-32_602, "invalid_parameters"),
            (7, "rpc_error"),
        ] {
            assert_eq!(outcome(number, "x", Value::Null).code(), Some(name));
        }
    }

    #[test]
    fn whether_a_byte_left_decides_between_unreachable_and_unknown() {
        let kind = |fault| outcome_of_fault(AskFault::Exchange(fault), "SIG").kind();
        assert_eq!(
            kind(ExchangeFault::NotConnected(String::new())),
            "unreachable"
        );
        assert_eq!(kind(ExchangeFault::CircuitOpen), "unreachable");
        assert_eq!(kind(ExchangeFault::TimedOut(5)), "unknown");
        assert_eq!(
            kind(ExchangeFault::ConnectionLost(String::new())),
            "unknown"
        );
        assert_eq!(
            kind(ExchangeFault::TooManyRequests { retry_after_ms: 9 }),
            "rate_limited"
        );
        assert_eq!(
            outcome_of_fault(AskFault::Unreadable(String::new()), "SIG").kind(),
            "unknown"
        );
    }
}
