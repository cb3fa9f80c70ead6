//! `RPCConnectionPool`, `BlockhashCache` and `PriorityFees`.

use std::sync::Arc;

use pyo3::prelude::*;
use tradewind_solana::blockhash_cache::{self, BlockhashOptions};
use tradewind_solana::confirmation::Level;
use tradewind_solana::http_endpoint::EndpointLimits;
use tradewind_solana::priority_fees::{self, FeePolicy};
use tradewind_solana::rpc_pool::{self, PoolOptions, RpcPool};

use super::feeds::SlotFeed;
use super::runtime::{future, whole};
use crate::error::{core_error, raise};
use crate::integer::native;

pub(super) type Whole<'py> = Option<Bound<'py, PyAny>>;
pub(super) type Future<'py> = PyResult<Bound<'py, PyAny>>;

/// `processed`, `confirmed` or `finalized`.
pub(super) fn level(field: &str, name: &str) -> PyResult<Level> {
    Level::parse(name).ok_or_else(|| {
        let message = format!("{field}: must be processed, confirmed or finalized, not {name:?}");
        core_error("commitment_malformed", &message)
    })
}

pub(super) fn count(field: &str, value: &Bound<'_, PyAny>) -> PyResult<usize> {
    let value: u32 = native(field, value)?;
    Ok(usize::try_from(value).unwrap_or(usize::MAX))
}

/// How an endpoint of a pool does.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct EndpointStanding {
    endpoint: String,
    state: &'static str,
    latency_us: Option<u64>,
    slot: Option<u64>,
    slots_behind: Option<u64>,
    answered: u64,
    failed: u64,
    rate_limited: u64,
}

impl From<rpc_pool::EndpointStanding> for EndpointStanding {
    fn from(standing: rpc_pool::EndpointStanding) -> Self {
        Self {
            endpoint: standing.endpoint,
            state: standing.state.name(),
            latency_us: standing.latency_us,
            slot: standing.slot,
            slots_behind: standing.slots_behind,
            answered: standing.answered,
            failed: standing.failed,
            rate_limited: standing.rate_limited,
        }
    }
}

#[pymethods]
impl EndpointStanding {
    fn __repr__(&self) -> String {
        format!(
            "EndpointStanding({:?}, {}, latency_us={:?}, slot={:?})",
            self.endpoint, self.state, self.latency_us, self.slot
        )
    }
}

/// JSON-RPC over kept connections to several endpoints.
#[pyclass(frozen, name = "RPCConnectionPool", module = "tradewind._core")]
pub(super) struct RpcConnectionPool(pub(super) Arc<RpcPool>);

#[pymethods]
impl RpcConnectionPool {
    #[new]
    #[pyo3(signature = (endpoints, *, genesis_hash, quorum=None, request_timeout_ms=None, max_response_bytes=None, requests_per_second=None, burst=None, failures_to_open=None, open_ms=None, max_slots_behind=None, headers=Vec::new()))]
    #[allow(
        clippy::too_many_arguments,
        clippy::needless_pass_by_value,
        reason = "keyword arguments"
    )]
    fn new(
        endpoints: Vec<String>,
        genesis_hash: &str,
        quorum: Whole<'_>,
        request_timeout_ms: Whole<'_>,
        max_response_bytes: Whole<'_>,
        requests_per_second: Whole<'_>,
        burst: Whole<'_>,
        failures_to_open: Whole<'_>,
        open_ms: Whole<'_>,
        max_slots_behind: Whole<'_>,
        headers: Vec<(String, String)>,
    ) -> PyResult<Self> {
        let usual = EndpointLimits::default();
        let max_bytes = max_response_bytes
            .as_ref()
            .map(|most| count("max_response_bytes", most))
            .transpose()?;
        let options = PoolOptions {
            limits: EndpointLimits {
                request_timeout_ms: whole!(request_timeout_ms, usual.request_timeout_ms),
                max_response_bytes: max_bytes.unwrap_or(usual.max_response_bytes),
                requests_per_second: whole!(requests_per_second, usual.requests_per_second),
                burst: whole!(burst, usual.burst),
                failures_to_open: whole!(failures_to_open, usual.failures_to_open),
                open_ms: whole!(open_ms, usual.open_ms),
            },
            quorum: quorum
                .as_ref()
                .map(|quorum| count("quorum", quorum))
                .transpose()?,
            max_slots_behind: whole!(max_slots_behind, 8),
            headers,
        };
        let pool = RpcPool::new(&endpoints, genesis_hash, &options).map_err(raise)?;
        Ok(Self(Arc::new(pool)))
    }

    fn warm_up<'py>(&self, py: Python<'py>) -> Future<'py> {
        let pool = Arc::clone(&self.0);
        future(py, async move { Ok(standings(pool.warm_up().await)) })
    }

    #[pyo3(signature = (method, params_json="[]".to_owned()))]
    fn call<'py>(&self, py: Python<'py>, method: String, params_json: String) -> Future<'py> {
        let pool = Arc::clone(&self.0);
        future(py, async move {
            Ok(pool.call(&method, &params_json).await?.get().to_owned())
        })
    }

    #[pyo3(signature = (method, params_json="[]".to_owned(), *, quorum=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn agree<'py>(
        &self,
        py: Python<'py>,
        method: String,
        params_json: String,
        quorum: Whole<'_>,
    ) -> Future<'py> {
        let quorum = quorum
            .as_ref()
            .map(|quorum| count("quorum", quorum))
            .transpose()?;
        let pool = Arc::clone(&self.0);
        future(py, async move {
            let agreed = pool.agree(&method, &params_json, quorum).await?;
            Ok(agreed.result.get().to_owned())
        })
    }

    #[pyo3(signature = (method, params_json="[]".to_owned()))]
    fn agreed<'py>(&self, py: Python<'py>, method: String, params_json: String) -> Future<'py> {
        let pool = Arc::clone(&self.0);
        future(py, async move {
            let agreed = pool.agree(&method, &params_json, None).await?;
            Ok((agreed.result.get().to_owned(), agreed.endpoints))
        })
    }

    fn height<'py>(&self, py: Python<'py>, commitment: &str) -> Future<'py> {
        let commitment = level("commitment", commitment)?.name();
        let pool = Arc::clone(&self.0);
        future(py, async move {
            let reached = pool.height(commitment).await?;
            Ok((reached.block_height, reached.endpoints))
        })
    }

    fn standing(&self) -> Vec<EndpointStanding> {
        standings(self.0.standing())
    }

    fn close(&self) {
        self.0.close();
    }
}

fn standings(standings: Vec<rpc_pool::EndpointStanding>) -> Vec<EndpointStanding> {
    standings.into_iter().map(Into::into).collect()
}

/// A blockhash and how long it holds.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct RecentBlockhash {
    blockhash: String,
    last_valid_block_height: u64,
    slot: u64,
    blocks_left: u64,
}

impl From<blockhash_cache::RecentBlockhash> for RecentBlockhash {
    fn from(recent: blockhash_cache::RecentBlockhash) -> Self {
        Self {
            blockhash: recent.blockhash,
            last_valid_block_height: recent.last_valid_block_height,
            slot: recent.slot,
            blocks_left: recent.blocks_left,
        }
    }
}

#[pymethods]
impl RecentBlockhash {
    fn __repr__(&self) -> String {
        format!(
            "RecentBlockhash({}, last_valid_block_height={}, blocks_left={})",
            self.blockhash, self.last_valid_block_height, self.blocks_left
        )
    }
}

/// A blockhash that is always at hand.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct BlockhashCache(Arc<blockhash_cache::BlockhashCache>);

#[pymethods]
impl BlockhashCache {
    #[new]
    #[pyo3(signature = (pool, *, commitment="confirmed", every_ms=None, min_blocks_left=None, max_silence_ms=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(
        pool: &RpcConnectionPool,
        commitment: &str,
        every_ms: Whole<'_>,
        min_blocks_left: Whole<'_>,
        max_silence_ms: Whole<'_>,
    ) -> PyResult<Self> {
        let options = BlockhashOptions {
            commitment: level("commitment", commitment)?.name(),
            every_ms: whole!(every_ms, 400),
            min_blocks_left: whole!(min_blocks_left, 100),
            max_silence_ms: whole!(max_silence_ms, 10_000),
        };
        let cache =
            blockhash_cache::BlockhashCache::new(Arc::clone(&pool.0), options).map_err(raise)?;
        Ok(Self(Arc::new(cache)))
    }

    #[pyo3(signature = (slots=None))]
    fn start<'py>(&self, py: Python<'py>, slots: Option<&SlotFeed>) -> Future<'py> {
        let (cache, slots) = (Arc::clone(&self.0), slots.map(SlotFeed::shared));
        future(py, async move {
            let first = match slots {
                Some(slots) => cache.start_following(slots).await,
                None => cache.start().await,
            };
            Ok(RecentBlockhash::from(first?))
        })
    }

    fn current(&self) -> PyResult<RecentBlockhash> {
        self.0.current().map(Into::into).map_err(raise)
    }

    fn close(&self) {
        self.0.close();
    }
}

/// What to bid for a place.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct PriorityFee {
    micro_lamports_per_compute_unit: u64,
    fee_lamports: u64,
    congestion: &'static str,
    capped: bool,
}

#[pymethods]
impl PriorityFee {
    fn __repr__(&self) -> String {
        format!(
            "PriorityFee(micro_lamports_per_compute_unit={}, fee_lamports={}, congestion={:?}, capped={})",
            self.micro_lamports_per_compute_unit, self.fee_lamports, self.congestion, self.capped
        )
    }
}

/// What the accounts that a transaction writes have cost lately.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct PriorityFees(Arc<priority_fees::PriorityFees>);

#[pymethods]
impl PriorityFees {
    #[new]
    #[pyo3(signature = (pool, *, floor_micro_lamports=None, cap_micro_lamports=None, profit_share_ppm=None, medium_micro_lamports=None, high_micro_lamports=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(
        pool: &RpcConnectionPool,
        floor_micro_lamports: Whole<'_>,
        cap_micro_lamports: Whole<'_>,
        profit_share_ppm: Whole<'_>,
        medium_micro_lamports: Whole<'_>,
        high_micro_lamports: Whole<'_>,
    ) -> PyResult<Self> {
        let policy = FeePolicy::new(FeePolicy {
            floor_micro_lamports: whole!(floor_micro_lamports, 1_000),
            cap_micro_lamports: whole!(cap_micro_lamports, 5_000_000),
            profit_share_ppm: whole!(profit_share_ppm, 100_000),
            medium_micro_lamports: whole!(medium_micro_lamports, 10_000),
            high_micro_lamports: whole!(high_micro_lamports, 100_000),
        });
        let fees = priority_fees::PriorityFees::new(Arc::clone(&pool.0), policy.map_err(raise)?);
        Ok(Self(Arc::new(fees)))
    }

    #[pyo3(signature = (writable_accounts, *, compute_units, profit_lamports=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn quote<'py>(
        &self,
        py: Python<'py>,
        writable_accounts: Vec<String>,
        compute_units: Bound<'_, PyAny>,
        profit_lamports: Whole<'_>,
    ) -> Future<'py> {
        let compute_units = native("compute_units", &compute_units)?;
        let profit_lamports = profit_lamports
            .as_ref()
            .map(|profit| native("profit_lamports", profit))
            .transpose()?;
        let fees = Arc::clone(&self.0);
        future(py, async move {
            let fee = fees
                .quote(&writable_accounts, compute_units, profit_lamports)
                .await?;
            Ok(PriorityFee {
                micro_lamports_per_compute_unit: fee.micro_lamports_per_compute_unit,
                fee_lamports: fee.fee_lamports,
                congestion: fee.congestion.name(),
                capped: fee.capped,
            })
        })
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RpcConnectionPool>()?;
    module.add_class::<EndpointStanding>()?;
    module.add_class::<BlockhashCache>()?;
    module.add_class::<RecentBlockhash>()?;
    module.add_class::<PriorityFees>()?;
    module.add_class::<PriorityFee>()
}
