//! The chain's reasons to refuse a transaction, read from a node's JSON (`TransactionError` and `InstructionError` of Agave).

use serde_json::Value;

/// Programs may log 10,000 bytes; what is kept of it is enough to see what happened.
const MOST_LOGS: usize = 64;
const MOST_DETAIL_BYTES: usize = 2_000;

/// Why the chain, or a simulation of it, refuses a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionFault {
    /// The chain's name in snake case: `instruction_error`, `blockhash_not_found`, ...
    pub name: String,
    /// Which instruction failed, counted from 0.
    pub instruction: Option<u64>,
    /// Its error in snake case.
    pub instruction_error: Option<String>,
    /// The program's own error number.
    pub custom: Option<u64>,
    /// The JSON as the node told it, cut at 2,000 bytes.
    pub detail: String,
    /// The first 64 lines that the programs logged, when the node told them.
    pub logs: Vec<String>,
}

impl TransactionFault {
    /// Reads an `err`; None for null, which is success.
    #[must_use]
    pub fn read(err: &Value, logs: Option<&Value>) -> Option<Self> {
        if err.is_null() {
            return None;
        }
        let (name, inner) = named(err);
        let mut fault = Self {
            name: name.map_or_else(|| "unreadable".to_owned(), snake_case),
            instruction: None,
            instruction_error: None,
            custom: None,
            detail: excerpt(&err.to_string(), MOST_DETAIL_BYTES),
            logs: read_logs(logs),
        };
        if let (Some("InstructionError"), Some([index, error])) =
            (name, inner.and_then(Value::as_array).map(Vec::as_slice))
        {
            let (error_name, number) = named(error);
            fault.instruction = index.as_u64();
            fault.instruction_error = error_name.map(snake_case);
            fault.custom = number
                .and_then(Value::as_u64)
                .filter(|_| error_name == Some("Custom"));
        }
        Some(fault)
    }
}

/// The text, or its first `most` bytes (fewer where a character would be cut) and three dots.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    format!("{}...", &text[..end])
}

/// An enum of Rust in JSON: a text, or an object of one entry.
fn named(value: &Value) -> (Option<&str>, Option<&Value>) {
    match value {
        Value::String(name) => (Some(name), None),
        Value::Object(entries) if entries.len() == 1 => {
            let entry = entries.iter().next();
            (
                entry.map(|(name, _)| name.as_str()),
                entry.map(|(_, inner)| inner),
            )
        }
        _ => (None, None),
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 8);
    for letter in name.chars().take(80) {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn read_logs(logs: Option<&Value>) -> Vec<String> {
    let lines = logs
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let lines = lines.iter().filter_map(Value::as_str).take(MOST_LOGS);
    lines.map(|line| excerpt(line, MOST_DETAIL_BYTES)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_programs_own_number_and_its_instruction_are_read() {
        let err = json!({"InstructionError": [3, {"Custom": 6001}]});
        let fault = TransactionFault::read(&err, Some(&json!(["Program log: slippage"]))).unwrap();
        assert_eq!(fault.name, "instruction_error");
        assert_eq!((fault.instruction, fault.custom), (Some(3), Some(6001)));
        assert_eq!(fault.instruction_error.as_deref(), Some("custom"));
        assert_eq!(fault.logs, ["Program log: slippage"]);
    }

    #[test]
    fn errors_of_each_shape_keep_their_name() {
        for (err, name, inner) in [
            (json!("BlockhashNotFound"), "blockhash_not_found", None),
            (
                json!({"InsufficientFundsForRent": {"account_index": 0}}),
                "insufficient_funds_for_rent",
                None,
            ),
            (
                json!({"InstructionError": [0, "InvalidAccountData"]}),
                "instruction_error",
                Some("invalid_account_data"),
            ),
            (
                json!({"InstructionError": [0, {"BorshIoError": "x"}]}),
                "instruction_error",
                Some("borsh_io_error"),
            ),
            (json!(17), "unreadable", None),
        ] {
            let fault = TransactionFault::read(&err, None).unwrap();
            assert_eq!(
                (fault.name.as_str(), fault.instruction_error.as_deref()),
                (name, inner)
            );
            assert_eq!(fault.custom, None);
        }
        assert_eq!(TransactionFault::read(&Value::Null, None), None);
    }

    #[test]
    fn what_a_node_tells_is_kept_only_so_far() {
        let logs = Value::from(vec!["é".repeat(3_000); 100]);
        let fault = TransactionFault::read(&json!("x".repeat(9_000)), Some(&logs)).unwrap();
        assert!(fault.detail.len() <= 2_003 && fault.name.len() <= 80);
        assert!(fault.logs.len() == 64 && fault.logs.iter().all(|line| line.len() <= 2_003));
    }
}
