//! What a gRPC status means: who has the bundle, by gRPC's codes (grpc.io, "Status codes and their use").

use std::error::Error as _;

use tonic::{Code, Status};

use crate::http_endpoint::{DEFAULT_REST_MS, ExchangeFault};
use crate::lanes::SendOutcome;
use crate::lanes::rpc_answer::{outcome_of_exchange, says_already_processed};
use crate::transaction_fault::excerpt;

const MOST_MESSAGE_BYTES: usize = 1_000;
/// Milliseconds to wait, as servers push callers back (gRPC proposal A6).
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// Why a call gave no message.
#[derive(Debug)]
pub(crate) enum CallFault {
    /// The transport's, or our own limits.
    Exchange(ExchangeFault),
    /// The region's, as it worded it.
    Status(Code, String),
}

impl CallFault {
    pub(super) fn of(status: &Status, timeout_ms: u64) -> Self {
        if let Some(source) = status.source() {
            // Only what fails on this side has a source: the region sent no status.
            return Self::Exchange(transport_fault(source));
        }
        match status.code() {
            Code::ResourceExhausted => Self::Exchange(ExchangeFault::TooManyRequests {
                retry_after_ms: pushback_ms(status),
            }),
            Code::DeadlineExceeded => Self::Exchange(ExchangeFault::TimedOut(timeout_ms)),
            code => Self::Status(code, excerpt(status.message(), MOST_MESSAGE_BYTES)),
        }
    }

    /// Whether the region is to be blamed: whatever it says about a bundle is an answer.
    pub(super) const fn is_failure(&self) -> bool {
        match self {
            Self::Exchange(fault) => !matches!(fault, ExchangeFault::TooManyRequests { .. }),
            Self::Status(code, _) => is_doubt(*code),
        }
    }

    /// The outcome of a bundle whose first signature this is.
    pub(super) fn outcome(&self, signature: &str) -> SendOutcome {
        let (code, said) = match self {
            Self::Exchange(fault) => return outcome_of_exchange(fault),
            Self::Status(code, said) => (*code, said),
        };
        if code == Code::AlreadyExists || says_already_processed(said) {
            return SendOutcome::AlreadyKnown {
                reference: signature.to_owned(),
            };
        }
        let detail = self.to_string();
        if is_doubt(code) {
            let code = match code {
                Code::Unavailable => "unavailable",
                _ => "answer_unreadable",
            };
            return SendOutcome::Unknown { code, detail };
        }
        SendOutcome::Refused {
            code: refusal_code(code),
            detail,
            fault: None,
        }
    }
}

impl std::fmt::Display for CallFault {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exchange(fault) => fault.fmt(to),
            Self::Status(code, said) => write!(to, "{said} ({code:?})"),
        }
    }
}

/// A proxy may say these of a call that the block engine has carried out, so the bundle may have been taken.
const fn is_doubt(code: Code) -> bool {
    matches!(
        code,
        Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::Aborted
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

const fn refusal_code(code: Code) -> &'static str {
    match code {
        Code::Unauthenticated | Code::PermissionDenied => "unauthenticated",
        Code::Unimplemented => "method_unknown",
        Code::InvalidArgument => "invalid_parameters",
        _ => "rpc_error",
    }
}

fn transport_fault(source: &(dyn std::error::Error + 'static)) -> ExchangeFault {
    let mut cause = Some(source);
    let mut connecting = false;
    let mut said = source.to_string();
    while let Some(fault) = cause {
        connecting |= fault
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect);
        said = fault.to_string();
        cause = fault.source();
    }
    if connecting {
        ExchangeFault::NotConnected(said)
    } else {
        ExchangeFault::ConnectionLost(said)
    }
}

fn pushback_ms(status: &Status) -> u64 {
    status
        .metadata()
        .get(PUSHBACK)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .unwrap_or(DEFAULT_REST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: &Status) -> SendOutcome {
        CallFault::of(status, 2_000).outcome("SIG")
    }

    #[test]
    fn a_region_that_is_asked_too_often_has_nothing_and_says_when_to_come_back() {
        let mut status = Status::resource_exhausted("Rate limit exceeded");
        assert_eq!(
            outcome(&status),
            SendOutcome::RateLimited {
                retry_after_ms: 1_000
            }
        );
        let later = "2500".parse().unwrap();
        status.metadata_mut().insert(PUSHBACK, later);
        assert_eq!(
            outcome(&status),
            SendOutcome::RateLimited {
                retry_after_ms: 2_500
            }
        );
        assert!(!CallFault::of(&status, 1).is_failure());
    }

    #[test]
    fn what_a_proxy_may_say_of_a_bundle_that_was_taken_is_unknown() {
        for (status, code) in [
            (Status::unavailable("x"), "unavailable"),
            (Status::deadline_exceeded("x"), "timed_out"),
            (Status::internal("x"), "answer_unreadable"),
            (Status::cancelled("x"), "answer_unreadable"),
        ] {
            let told = outcome(&status);
            assert_eq!((told.kind(), told.code()), ("unknown", Some(code)));
            assert!(CallFault::of(&status, 1).is_failure(), "{code}");
        }
    }

    #[test]
    fn a_refusal_is_an_answer_and_a_bundle_that_is_there_already_is_none() {
        for (status, code) in [
            (Status::unauthenticated("x"), "unauthenticated"),
            (Status::permission_denied("x"), "unauthenticated"),
            (Status::invalid_argument("x"), "invalid_parameters"),
            (Status::unimplemented("x"), "method_unknown"),
            (Status::failed_precondition("x"), "rpc_error"),
        ] {
            let told = outcome(&status);
            assert_eq!((told.kind(), told.code()), ("refused", Some(code)));
            assert!(!CallFault::of(&status, 1).is_failure(), "{code}");
        }
        for status in [
            Status::already_exists("received"),
            Status::invalid_argument("bundle contains an already processed transaction"),
        ] {
            assert_eq!(outcome(&status).kind(), "already_known");
        }
    }
}
