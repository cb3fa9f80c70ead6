//! `Refusal`: why there is no quote, under a stable name, and the gRPC status that goes with it.

use thiserror::Error;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};
use tradewind_core::routing::RouteError;

/// Where the stable name stands in a status.
const CODE: &str = "tradewind-code";

/// Why there is no quote.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub(super) struct Refusal {
    /// In snake case.
    pub(super) code: &'static str,
    /// The field, the fault, the remedy.
    pub(super) message: String,
    status: Code,
}

impl Refusal {
    /// The request cannot be answered as it is.
    pub(super) fn wrong(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, code, message)
    }

    /// With the status that a client sees.
    pub(super) fn new(status: Code, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            status,
        }
    }

    /// By the search for a path.
    pub(super) fn of_route(error: &RouteError) -> Self {
        let status = match error {
            RouteError::UnknownToken { .. } | RouteError::NoRoute { .. } => Code::NotFound,
            RouteError::InsufficientLiquidity(_)
            | RouteError::AmountTooSmall(_)
            | RouteError::Pool(_) => Code::FailedPrecondition,
            _ => Code::InvalidArgument,
        };
        Self::new(status, error.code(), error.to_string())
    }

    /// Of one among several requests.
    #[must_use]
    pub(super) fn within(mut self, place: usize) -> Self {
        self.message = format!("pairs[{place}].{}", self.message);
        self
    }

    /// As it travels.
    #[must_use]
    pub(super) fn status(&self) -> Status {
        let mut metadata = MetadataMap::new();
        metadata.insert(CODE, MetadataValue::from_static(self.code));
        Status::with_metadata(self.status, self.message.clone(), metadata)
    }
}
