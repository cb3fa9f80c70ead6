//! `ConfirmationWatch` and what it answers with.

use pyo3::prelude::*;
use tradewind_solana::confirmation::{self, Awaited, Evidence, WatchOptions};

use super::lanes::TransactionFault;
use super::rpc::{Future, RpcConnectionPool, Whole, count, level};
use super::runtime::{future, whole};
use crate::error::raise;
use crate::integer::native;

/// Endpoint, its finalized block height, and whether it knows the signature.
type Witness = (String, Option<u64>, Option<bool>);

/// What is known of a sent transaction.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct Confirmation {
    kind: &'static str,
    signature: String,
    slot: Option<u64>,
    level: Option<&'static str>,
    fee_lamports: Option<u64>,
    compute_units: Option<u64>,
    fault: Option<TransactionFault>,
    evidence: Vec<Witness>,
}

impl Confirmation {
    fn of(signature: String, told: confirmation::Confirmation) -> Self {
        let kind = told.kind();
        let (inclusion, fault, evidence) = match told {
            confirmation::Confirmation::Landed(inclusion) => (Some(inclusion), None, Vec::new()),
            confirmation::Confirmation::Reverted { inclusion, fault } => {
                (Some(inclusion), Some(fault), Vec::new())
            }
            confirmation::Confirmation::Expired { evidence }
            | confirmation::Confirmation::Pending { evidence } => (None, None, evidence),
        };
        Self {
            kind,
            signature,
            slot: inclusion.map(|inclusion| inclusion.slot),
            level: inclusion.map(|inclusion| inclusion.level.name()),
            fee_lamports: inclusion.and_then(|inclusion| inclusion.fee_lamports),
            compute_units: inclusion.and_then(|inclusion| inclusion.compute_units),
            fault: fault.map(Into::into),
            evidence: evidence.into_iter().map(witness).collect(),
        }
    }
}

fn witness(evidence: Evidence) -> Witness {
    (
        evidence.endpoint,
        evidence.finalized_height,
        evidence.knows_signature,
    )
}

#[pymethods]
impl Confirmation {
    fn __repr__(&self) -> String {
        format!(
            "Confirmation({:?}, {}, slot={:?}, level={:?}, evidence={:?})",
            self.kind, self.signature, self.slot, self.level, self.evidence
        )
    }
}

/// Follows signatures.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct ConfirmationWatch(confirmation::ConfirmationWatch);

#[pymethods]
impl ConfirmationWatch {
    #[new]
    #[pyo3(signature = (pool, *, websocket_urls=Vec::new(), quorum=None, poll_ms=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(
        pool: &RpcConnectionPool,
        websocket_urls: Vec<String>,
        quorum: Whole<'_>,
        poll_ms: Whole<'_>,
    ) -> PyResult<Self> {
        let options = WatchOptions {
            websocket_urls,
            quorum: quorum
                .as_ref()
                .map(|quorum| count("quorum", quorum))
                .transpose()?,
            poll_ms: whole!(poll_ms, 500),
        };
        confirmation::ConfirmationWatch::new(pool.0.clone(), options)
            .map(Self)
            .map_err(raise)
    }

    #[pyo3(signature = (signature, *, last_valid_block_height, commitment="confirmed", timeout_ms=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn wait<'py>(
        &self,
        py: Python<'py>,
        signature: String,
        last_valid_block_height: Bound<'_, PyAny>,
        commitment: &str,
        timeout_ms: Whole<'_>,
    ) -> Future<'py> {
        let timeout_ms = whole!(timeout_ms, 90_000);
        let awaited = awaited(signature, &last_valid_block_height, commitment)?;
        let watch = self.0.clone();
        future(py, async move {
            let told = watch.wait(&awaited, timeout_ms).await?;
            Ok(Confirmation::of(awaited.signature, told))
        })
    }

    #[pyo3(signature = (signature, *, last_valid_block_height, commitment="confirmed"))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn check<'py>(
        &self,
        py: Python<'py>,
        signature: String,
        last_valid_block_height: Bound<'_, PyAny>,
        commitment: &str,
    ) -> Future<'py> {
        let awaited = awaited(signature, &last_valid_block_height, commitment)?;
        let watch = self.0.clone();
        future(py, async move {
            let told = watch.check(&awaited).await?;
            Ok(Confirmation::of(awaited.signature, told))
        })
    }
}

fn awaited(
    signature: String,
    last_valid_block_height: &Bound<'_, PyAny>,
    commitment: &str,
) -> PyResult<Awaited> {
    Ok(Awaited {
        signature,
        last_valid_block_height: native("last_valid_block_height", last_valid_block_height)?,
        commitment: level("commitment", commitment)?,
    })
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ConfirmationWatch>()?;
    module.add_class::<Confirmation>()
}
