//! What the block engine says of bundles. A hint: what landed, the chain says.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::fault::Fault;
use crate::transaction_fault::TransactionFault;

/// Of a bundle that landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleStatus {
    /// The bundle.
    pub bundle_id: String,
    /// Signatures, in order.
    pub transactions: Vec<String>,
    /// Where it landed.
    pub slot: u64,
    /// `processed`, `confirmed` or `finalized`.
    pub confirmation_status: Option<String>,
    /// None: all of it succeeded.
    pub fault: Option<TransactionFault>,
}

/// Of a bundle of the last 5 minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InflightStatus {
    /// The bundle.
    pub bundle_id: String,
    /// Where it stands.
    pub status: Inflight,
    /// Where it landed.
    pub landed_slot: Option<u64>,
}

/// Where a bundle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Inflight {
    /// Not known, or older than 5 minutes.
    Invalid,
    /// Neither failed nor landed yet.
    Pending,
    /// Every region marked it as failed.
    Failed,
    /// Landed.
    Landed,
}

impl Inflight {
    /// In snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Landed => "landed",
        }
    }
}

#[derive(Deserialize)]
struct Page<T> {
    value: Vec<Option<T>>,
}

#[derive(Deserialize)]
struct BundleRow {
    bundle_id: String,
    #[serde(default)]
    transactions: Vec<String>,
    slot: u64,
    // The documentation's words say one name and its example the other.
    #[serde(default, alias = "confirmationStatus")]
    confirmation_status: Option<String>,
    #[serde(default)]
    err: Value,
}

#[derive(Deserialize)]
struct InflightRow {
    bundle_id: String,
    status: Inflight,
    #[serde(default)]
    landed_slot: Option<u64>,
}

pub(super) fn read_bundle_statuses(
    told: &RawValue,
    asked: &[String],
) -> Result<Vec<Option<BundleStatus>>, Fault> {
    let rows = rows::<BundleRow>("getBundleStatuses", told)?;
    Ok(in_order(
        &rows,
        asked,
        |row| &row.bundle_id,
        |row| BundleStatus {
            bundle_id: row.bundle_id.clone(),
            transactions: row.transactions.clone(),
            slot: row.slot,
            confirmation_status: row.confirmation_status.clone(),
            fault: fault(&row.err),
        },
    ))
}

pub(super) fn read_inflight_statuses(
    told: &RawValue,
    asked: &[String],
) -> Result<Vec<Option<InflightStatus>>, Fault> {
    let rows = rows::<InflightRow>("getInflightBundleStatuses", told)?;
    Ok(in_order(
        &rows,
        asked,
        |row| &row.bundle_id,
        |row| InflightStatus {
            bundle_id: row.bundle_id.clone(),
            status: row.status,
            landed_slot: row.landed_slot,
        },
    ))
}

/// A result that is null as a whole knows none of them.
fn rows<T: for<'de> Deserialize<'de>>(method: &str, told: &RawValue) -> Result<Vec<T>, Fault> {
    let page: Option<Page<T>> = serde_json::from_str(told.get())
        .map_err(|fault| Fault::new("answer_unreadable", format!("{method}: {fault}")))?;
    Ok(page.map_or_else(Vec::new, |page| page.value.into_iter().flatten().collect()))
}

fn in_order<R, T>(
    rows: &[R],
    asked: &[String],
    id: impl Fn(&R) -> &String,
    status: impl Fn(&R) -> T,
) -> Vec<Option<T>> {
    asked
        .iter()
        .map(|one| rows.iter().find(|row| id(row) == one).map(&status))
        .collect()
}

/// `{"Ok": null}` and null are success; `{"Err": ...}` and a bare error are not.
fn fault(err: &Value) -> Option<TransactionFault> {
    match err {
        Value::Object(entries) if entries.contains_key("Ok") => None,
        Value::Object(entries) if entries.len() == 1 && entries.contains_key("Err") => {
            TransactionFault::read(&entries["Err"], None)
        }
        other => TransactionFault::read(other, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn statuses_come_in_the_order_asked_under_either_spelling() {
        let told = raw(r#"{"context":{"slot":9},"value":[
            {"bundle_id":"b","transactions":["s"],"slot":7,"confirmationStatus":"confirmed","err":{"Ok":null}},null,
            {"bundle_id":"a","transactions":[],"slot":8,"confirmation_status":"finalized","err":{"Err":{"InstructionError":[0,{"Custom":1}]}}}]}"#);
        let asked = ["a".to_owned(), "c".to_owned(), "b".to_owned()];
        let statuses = read_bundle_statuses(&told, &asked).unwrap();
        let first = statuses[0].as_ref().unwrap();
        assert_eq!(
            (first.slot, first.confirmation_status.as_deref()),
            (8, Some("finalized"))
        );
        assert_eq!(first.fault.as_ref().unwrap().custom, Some(1));
        assert_eq!(statuses[1], None);
        assert_eq!(statuses[2].as_ref().unwrap().fault, None);
    }

    #[test]
    fn a_bundle_that_is_not_told_of_is_none() {
        let told = raw(
            r#"{"context":{"slot":9},"value":[{"bundle_id":"a","status":"Landed","landed_slot":3}]}"#,
        );
        let asked = ["a".to_owned(), "z".to_owned()];
        let statuses = read_inflight_statuses(&told, &asked).unwrap();
        assert_eq!(statuses[0].as_ref().unwrap().landed_slot, Some(3));
        assert_eq!(statuses[1], None);
        assert_eq!(
            read_inflight_statuses(&raw("null"), &asked).unwrap(),
            [None, None]
        );
        assert_eq!(
            read_inflight_statuses(&raw("[]"), &asked)
                .unwrap_err()
                .code(),
            "answer_unreadable"
        );
    }
}
