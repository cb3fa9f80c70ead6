//! `JitoLane`, its statuses, and the tip.

use std::sync::Arc;

use pyo3::prelude::*;
use tradewind_solana::http_endpoint::EndpointLimits;
use tradewind_solana::lanes::jito::{self, JitoOptions};
use tradewind_solana::lanes::jito_status;
use tradewind_solana::lanes::tip::{self, Percentile};
use tradewind_solana::lanes::{self, Lane as _, SendOptions};

use super::lanes::{SendOutcome, TransactionFault, max_bytes, send_on, signed};
use super::rpc::{Future, Whole};
use super::runtime::{future, whole};
use crate::error::raise;
use crate::integer::native;

/// Jito's block engine, in several regions at once.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct JitoLane {
    lane: Arc<jito::JitoLane>,
    max_bytes: usize,
}

#[pymethods]
impl JitoLane {
    #[new]
    #[pyo3(signature = (regions, *, uuid=None, requests_per_second=None, burst=None, request_timeout_ms=None, failures_to_open=None, open_ms=None, max_transaction_bytes=None, tip_floor_url=None))]
    #[allow(
        clippy::too_many_arguments,
        clippy::needless_pass_by_value,
        reason = "keyword arguments"
    )]
    fn new(
        regions: Vec<String>,
        uuid: Option<String>,
        requests_per_second: Whole<'_>,
        burst: Whole<'_>,
        request_timeout_ms: Whole<'_>,
        failures_to_open: Whole<'_>,
        open_ms: Whole<'_>,
        max_transaction_bytes: Whole<'_>,
        tip_floor_url: Option<String>,
    ) -> PyResult<Self> {
        let usual = EndpointLimits::default();
        let limits = EndpointLimits {
            request_timeout_ms: whole!(request_timeout_ms, usual.request_timeout_ms),
            requests_per_second: whole!(requests_per_second, 1),
            burst: whole!(burst, 1),
            failures_to_open: whole!(failures_to_open, usual.failures_to_open),
            open_ms: whole!(open_ms, usual.open_ms),
            ..usual
        };
        let lane = jito::JitoLane::new(
            &regions,
            &JitoOptions {
                uuid,
                limits,
                tip_floor_url,
            },
        )
        .map_err(raise)?;
        Ok(Self {
            lane: Arc::new(lane),
            max_bytes: max_bytes(&max_transaction_bytes)?,
        })
    }

    #[getter]
    fn name(&self) -> &'static str {
        self.lane.name()
    }

    fn send<'py>(&self, py: Python<'py>, transaction: &[u8]) -> Future<'py> {
        let transaction = signed(transaction, self.max_bytes)?;
        send_on(
            py,
            Arc::clone(&self.lane),
            transaction,
            SendOptions::default(),
        )
    }

    #[allow(clippy::needless_pass_by_value, reason = "the shape that PyO3 wants")]
    fn send_bundle<'py>(&self, py: Python<'py>, transactions: Vec<Vec<u8>>) -> Future<'py> {
        let transactions = transactions
            .iter()
            .map(|one| signed(one, self.max_bytes))
            .collect::<PyResult<Vec<_>>>()?;
        let lane = Arc::clone(&self.lane);
        future(py, async move {
            Ok(SendOutcome::from(lane.send_bundle(&transactions).await?))
        })
    }

    fn bundle_statuses<'py>(&self, py: Python<'py>, bundle_ids: Vec<String>) -> Future<'py> {
        let lane = Arc::clone(&self.lane);
        future(py, async move {
            let statuses = lane.bundle_statuses(&bundle_ids).await?;
            Ok(statuses
                .into_iter()
                .map(|status| status.map(BundleStatus::from))
                .collect::<Vec<_>>())
        })
    }

    fn inflight_statuses<'py>(&self, py: Python<'py>, bundle_ids: Vec<String>) -> Future<'py> {
        let lane = Arc::clone(&self.lane);
        future(py, async move {
            let statuses = lane.inflight_statuses(&bundle_ids).await?;
            Ok(statuses
                .into_iter()
                .map(|status| status.map(InflightStatus::from))
                .collect::<Vec<_>>())
        })
    }

    fn tip_accounts<'py>(&self, py: Python<'py>) -> Future<'py> {
        let lane = Arc::clone(&self.lane);
        future(py, async move { Ok(lane.tip_accounts().await?) })
    }

    fn bundle_news<'py>(&self, py: Python<'py>) -> Future<'py> {
        let lane = Arc::clone(&self.lane);
        future(py, async move {
            let news = lane.bundle_news().await?;
            Ok(news.into_iter().map(BundleNews::from).collect::<Vec<_>>())
        })
    }

    fn tip_floor<'py>(&self, py: Python<'py>) -> Future<'py> {
        let lane = Arc::clone(&self.lane);
        future(py, async move { Ok(TipFloor(lane.tip_floor().await?)) })
    }
}

/// Of a bundle that landed.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct BundleStatus {
    bundle_id: String,
    transactions: Vec<String>,
    slot: u64,
    confirmation_status: Option<String>,
    fault: Option<TransactionFault>,
}

impl From<jito_status::BundleStatus> for BundleStatus {
    fn from(status: jito_status::BundleStatus) -> Self {
        Self {
            bundle_id: status.bundle_id,
            transactions: status.transactions,
            slot: status.slot,
            confirmation_status: status.confirmation_status,
            fault: status.fault.map(Into::into),
        }
    }
}

#[pymethods]
impl BundleStatus {
    fn __repr__(&self) -> String {
        format!(
            "BundleStatus({}, slot={}, {:?})",
            self.bundle_id, self.slot, self.confirmation_status
        )
    }
}

/// Of a bundle of the last 5 minutes.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct InflightStatus {
    bundle_id: String,
    status: &'static str,
    landed_slot: Option<u64>,
}

impl From<jito_status::InflightStatus> for InflightStatus {
    fn from(status: jito_status::InflightStatus) -> Self {
        Self {
            bundle_id: status.bundle_id,
            status: status.status.name(),
            landed_slot: status.landed_slot,
        }
    }
}

#[pymethods]
impl InflightStatus {
    fn __repr__(&self) -> String {
        format!(
            "InflightStatus({}, {}, landed_slot={:?})",
            self.bundle_id, self.status, self.landed_slot
        )
    }
}

/// What a region said of a bundle, or what is to be said of its results.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct BundleNews {
    region: String,
    kind: &'static str,
    bundle_id: Option<String>,
    slot: Option<u64>,
    reason: Option<&'static str>,
    detail: String,
}

impl From<lanes::BundleNews> for BundleNews {
    fn from(news: lanes::BundleNews) -> Self {
        Self {
            region: news.region,
            kind: news.kind.name(),
            bundle_id: news.bundle_id,
            slot: news.slot,
            reason: news.reason,
            detail: news.detail,
        }
    }
}

#[pymethods]
impl BundleNews {
    fn __repr__(&self) -> String {
        format!(
            "BundleNews({:?}, {:?}, bundle_id={:?}, slot={:?}, reason={:?}, detail={:?})",
            self.region, self.kind, self.bundle_id, self.slot, self.reason, self.detail
        )
    }
}

/// Percentiles of tips that landed lately.
#[pyclass(frozen, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct TipFloor(pub(super) tip::TipFloor);

#[pymethods]
impl TipFloor {
    #[new]
    #[pyo3(signature = (*, p25_lamports, p50_lamports, p75_lamports, p95_lamports, p99_lamports))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(
        p25_lamports: Bound<'_, PyAny>,
        p50_lamports: Bound<'_, PyAny>,
        p75_lamports: Bound<'_, PyAny>,
        p95_lamports: Bound<'_, PyAny>,
        p99_lamports: Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        Ok(Self(tip::TipFloor {
            p25_lamports: native("p25_lamports", &p25_lamports)?,
            p50_lamports: native("p50_lamports", &p50_lamports)?,
            p75_lamports: native("p75_lamports", &p75_lamports)?,
            p95_lamports: native("p95_lamports", &p95_lamports)?,
            p99_lamports: native("p99_lamports", &p99_lamports)?,
        }))
    }

    #[staticmethod]
    fn parse(json: &str) -> PyResult<Self> {
        tip::TipFloor::parse(json).map(Self).map_err(raise)
    }

    #[getter]
    const fn p25_lamports(&self) -> u64 {
        self.0.p25_lamports
    }

    #[getter]
    const fn p50_lamports(&self) -> u64 {
        self.0.p50_lamports
    }

    #[getter]
    const fn p75_lamports(&self) -> u64 {
        self.0.p75_lamports
    }

    #[getter]
    const fn p95_lamports(&self) -> u64 {
        self.0.p95_lamports
    }

    #[getter]
    const fn p99_lamports(&self) -> u64 {
        self.0.p99_lamports
    }
}

/// How much tip a trade pays.
#[pyclass(frozen, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct TipPolicy(tip::TipPolicy);

#[pymethods]
impl TipPolicy {
    #[new]
    #[pyo3(signature = (*, share_ppm=None, floor_lamports=None, cap_lamports=None, retry_step_ppm=None, percentile=Some(75)))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(
        share_ppm: Whole<'_>,
        floor_lamports: Whole<'_>,
        cap_lamports: Whole<'_>,
        retry_step_ppm: Whole<'_>,
        percentile: Option<u64>,
    ) -> PyResult<Self> {
        let policy = tip::TipPolicy::new(tip::TipPolicy {
            share_ppm: whole!(share_ppm, 500_000),
            floor_lamports: whole!(floor_lamports, 1_000),
            cap_lamports: whole!(cap_lamports, 10_000_000),
            retry_step_ppm: whole!(retry_step_ppm, 250_000),
            percentile: percentile
                .map(Percentile::parse)
                .transpose()
                .map_err(raise)?,
        });
        policy.map(Self).map_err(raise)
    }

    #[pyo3(signature = (*, profit_lamports, attempt=None, tip_floor=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn tip_lamports(
        &self,
        profit_lamports: Bound<'_, PyAny>,
        attempt: Whole<'_>,
        tip_floor: Option<&TipFloor>,
    ) -> PyResult<Option<u64>> {
        let profit = native("profit_lamports", &profit_lamports)?;
        Ok(self
            .0
            .tip_lamports(profit, whole!(attempt, 0), tip_floor.map(|floor| &floor.0)))
    }

    #[staticmethod]
    fn tip_account(random: &Bound<'_, PyAny>) -> PyResult<String> {
        Ok(tip::tip_account(native("random", random)?).to_string())
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<JitoLane>()?;
    module.add_class::<BundleStatus>()?;
    module.add_class::<InflightStatus>()?;
    module.add_class::<BundleNews>()?;
    module.add_class::<TipFloor>()?;
    module.add_class::<TipPolicy>()
}
