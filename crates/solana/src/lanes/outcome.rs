//! What became of handing a transaction over, as values.

use crate::transaction_fault::TransactionFault;

/// What became of handing a transaction over. There is no "landed" here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// Taken. Over QUIC: the bytes are on their way.
    Accepted {
        /// The signature, or the bundle's id.
        reference: String,
    },
    /// The node has it already, in a block or not.
    AlreadyKnown {
        /// The signature.
        reference: String,
    },
    /// Not taken.
    Refused {
        /// The stable name of why.
        code: &'static str,
        /// As the node worded it.
        detail: String,
        /// After a simulation.
        fault: Option<TransactionFault>,
    },
    /// Not taken, for now.
    RateLimited {
        /// Until it is worth to ask again.
        retry_after_ms: u64,
    },
    /// No byte has left.
    Unreachable {
        /// The stable name of why.
        code: &'static str,
        /// In words.
        detail: String,
    },
    /// It may have been taken: treat it as sent.
    Unknown {
        /// The stable name of why.
        code: &'static str,
        /// In words.
        detail: String,
    },
}

impl SendOutcome {
    /// In snake case.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::AlreadyKnown { .. } => "already_known",
            Self::Refused { .. } => "refused",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unreachable { .. } => "unreachable",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The stable name of a fault.
    #[must_use]
    pub const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Refused { code, .. }
            | Self::Unreachable { code, .. }
            | Self::Unknown { code, .. } => Some(code),
            _ => None,
        }
    }

    /// In words; empty where there is nothing to add.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Refused { detail, .. }
            | Self::Unreachable { detail, .. }
            | Self::Unknown { detail, .. } => detail,
            _ => "",
        }
    }

    /// Whether somebody has it for certain.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::AlreadyKnown { .. })
    }

    /// Of several answers to the same bytes the one of highest weight is the outcome: one doubt outweighs any number of
    /// refusals, because what may have been taken may land.
    pub(super) const fn weight(&self) -> u8 {
        match self {
            Self::Accepted { .. } => 5,
            Self::AlreadyKnown { .. } => 4,
            Self::Unknown { .. } => 3,
            Self::Refused { .. } => 2,
            Self::RateLimited { .. } => 1,
            Self::Unreachable { .. } => 0,
        }
    }
}

/// What one endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendAnswer {
    /// Scheme, host and port; or the leader and its address.
    pub endpoint: String,
    /// What it answered.
    pub outcome: SendOutcome,
    /// From the question to the answer.
    pub elapsed_us: u64,
}

/// What became of one send on one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendReport {
    /// The lane's name.
    pub lane: &'static str,
    /// The outcome.
    pub outcome: SendOutcome,
    /// Whose answer the outcome is; None when nobody was asked.
    pub endpoint: Option<String>,
    /// Of each that had answered when the outcome was decided.
    pub answers: Vec<SendAnswer>,
}

impl SendReport {
    /// The outcome of these answers; `unasked` when there are none.
    pub(super) fn of(lane: &'static str, answers: Vec<SendAnswer>, unasked: SendOutcome) -> Self {
        // The first of the heaviest: `max_by_key` would take the last.
        let best = answers
            .iter()
            .rev()
            .max_by_key(|answer| answer.outcome.weight());
        Self {
            lane,
            endpoint: best.map(|answer| answer.endpoint.clone()),
            outcome: best.map_or(unasked, |answer| answer.outcome.clone()),
            answers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(outcome: SendOutcome) -> SendAnswer {
        SendAnswer {
            endpoint: outcome.kind().to_owned(),
            outcome,
            elapsed_us: 1,
        }
    }

    #[test]
    fn one_doubt_outweighs_every_refusal() {
        let refused = || {
            answer(SendOutcome::Refused {
                code: "node_behind",
                detail: String::new(),
                fault: None,
            })
        };
        let unknown = answer(SendOutcome::Unknown {
            code: "timed_out",
            detail: String::new(),
        });
        let unreachable = || SendOutcome::Unreachable {
            code: "not_connected",
            detail: String::new(),
        };
        let report = SendReport::of("rpc", vec![refused(), unknown, refused()], unreachable());
        assert_eq!(
            (report.outcome.kind(), report.endpoint.as_deref()),
            ("unknown", Some("unknown"))
        );
        assert_eq!(
            SendReport::of("rpc", vec![], unreachable()).outcome,
            unreachable()
        );
    }

    #[test]
    fn nobody_is_rate_limited_who_was_also_refused() {
        let limited = answer(SendOutcome::RateLimited { retry_after_ms: 5 });
        let refused = answer(SendOutcome::Refused {
            code: "program_error",
            detail: String::new(),
            fault: None,
        });
        let unasked = SendOutcome::Unreachable {
            code: "not_connected",
            detail: String::new(),
        };
        assert_eq!(
            SendReport::of("rpc", vec![limited, refused], unasked)
                .outcome
                .kind(),
            "refused"
        );
    }
}
