//! Reads pools from their JSON form: one pool, a list of pools, or a file with `pools`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{PoolState, VENUES, read_state};

/// The fields of one JSON object.
pub(super) type Fields = Map<String, Value>;

/// Which field is wrong, and what is wrong with it.
pub(super) struct FieldError {
    field: String,
    fault: String,
}

/// JSON that is no pool. Branch on [`PoolJsonError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PoolJsonError {
    /// Not JSON at all.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// JSON of another shape.
    #[error("{place}: must be {expected}, not {found}")]
    Shape {
        /// Where, as a path from the top.
        place: String,
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A family that is not known.
    #[error("{place}.venue: {venue:?} is not one of {}", VENUES.join(", "))]
    VenueUnknown {
        /// Where, as a path from the top.
        place: String,
        /// As given.
        venue: String,
    },
    /// A field that is missing, unknown or malformed.
    #[error("{place} ({venue}): {field}{fault}")]
    Field {
        /// Where, as a path from the top.
        place: String,
        /// The pool's family.
        venue: String,
        /// The field and ": ", or nothing where the fault names it.
        field: String,
        /// What is wrong.
        fault: String,
    },
}

impl PoolJsonError {
    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "json_malformed",
            Self::Shape { .. } => "json_shape",
            Self::VenueUnknown { .. } => "venue_unknown",
            Self::Field { .. } => "pool_field_invalid",
        }
    }
}

/// Reads `{"venue": ...}`, `[{"venue": ...}, ...]` or `{"pools": [...]}`; each pool as `docs/pool-formats.md`
/// describes its family.
///
/// The states are read, not checked: [`Pool::new`](super::Pool::new) does that.
///
/// # Errors
/// `json_malformed`, `json_shape`, `venue_unknown` or `pool_field_invalid`; the message says where.
pub fn read_pools(text: &str) -> Result<Vec<PoolState>, PoolJsonError> {
    let json = serde_json::from_str(text).map_err(|e| PoolJsonError::NotJson(e.to_string()))?;
    match json {
        Value::Object(mut file) if file.contains_key("pools") => {
            let pools = file.remove("pools").unwrap_or_default();
            if let Some(other) = file.keys().next() {
                return Err(PoolJsonError::Shape {
                    place: other.clone(),
                    expected: "absent: beside \"pools\" a file holds nothing",
                    found: "given",
                });
            }
            list("pools", pools)
        }
        Value::Object(fields) => Ok(vec![pool("pool", fields)?]),
        pools => list("pools", pools),
    }
}

/// Writes the file that [`read_pools`] reads.
///
/// # Errors
/// None for states that can be written, which all are.
pub fn write_pools(pools: &[PoolState]) -> Result<String, PoolJsonError> {
    serde_json::to_string(&PoolFile { pools }).map_err(|e| PoolJsonError::NotJson(e.to_string()))
}

#[derive(Serialize)]
struct PoolFile<'a> {
    pools: &'a [PoolState],
}

fn list(place: &str, json: Value) -> Result<Vec<PoolState>, PoolJsonError> {
    let Value::Array(pools) = json else {
        return Err(shape(place.to_owned(), "a list of pools", &json));
    };
    let places = (0..).map(|at: usize| format!("{place}[{at}]"));
    places
        .zip(pools)
        .map(|(place, json)| match json {
            Value::Object(fields) => pool(&place, fields),
            other => Err(shape(place, "an object with a \"venue\"", &other)),
        })
        .collect()
}

fn pool(place: &str, mut fields: Fields) -> Result<PoolState, PoolJsonError> {
    let venue = match fields.remove("venue") {
        Some(Value::String(venue)) => venue,
        other => {
            let place = format!("{place}.venue");
            return Err(shape(
                place,
                "the name of a family",
                &other.unwrap_or_default(),
            ));
        }
    };
    match read_state(&venue, fields) {
        Some(Ok(state)) => Ok(state),
        Some(Err(FieldError { field, fault })) => Err(PoolJsonError::Field {
            place: place.to_owned(),
            venue,
            field,
            fault,
        }),
        None => Err(PoolJsonError::VenueUnknown {
            place: place.to_owned(),
            venue: venue.chars().take(64).collect(),
        }),
    }
}

/// Reads the fields of one family.
pub(super) fn read<T: DeserializeOwned>(fields: Fields) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let path = error.path().to_string();
        FieldError {
            field: if path == "." {
                String::new()
            } else {
                format!("{path}: ")
            },
            fault: error.into_inner().to_string(),
        }
    })
}

fn shape(place: String, expected: &'static str, found: &Value) -> PoolJsonError {
    let found = match found {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    PoolJsonError::Shape {
        place,
        expected,
        found,
    }
}
