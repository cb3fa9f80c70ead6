//! The Jito lane: bundles to the block engine, in several regions at once. "Accepted" is not "landed".
//!
//! Layout: `/api/v1/{bundles,transactions,getBundleStatuses,...}` of Jito's low-latency documentation at an `http` address,
//! `searcher.SearcherService` at a `grpc` one.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::StatusCode;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::jito_region::{Parcel, Region};
use super::jito_status::{
    BundleStatus, InflightStatus, read_bundle_statuses, read_inflight_statuses,
};
use super::race::race;
use super::rpc_answer::outcome_of_fault;
use super::searcher::{self, BundleNews, NewsBoard};
use super::tip::TipFloor;
use super::{Lane, SendOptions, SendOutcome, SendReport, Sending};
use crate::backoff::Backoff;
use crate::fault::Fault;
use crate::http_endpoint::{EndpointLimits, HttpEndpoint};
use crate::json_rpc::{self, Answered, AskFault};
use crate::signed_transaction::{SignedTransaction, is_signature};

const LANE: &str = "jito";
const MOST_TRANSACTIONS: usize = 5;
const MOST_STATUSES: usize = 5;
/// Between two tries to hear a region's results.
const NEWS_BACKOFF_MS: u64 = 500;
const MOST_NEWS_BACKOFF_MS: u64 = 30_000;

/// How the lane reaches the block engine.
#[derive(Debug, Clone)]
pub struct JitoOptions {
    /// Sent as `x-jito-auth`.
    pub uuid: Option<String>,
    /// Of each region.
    pub limits: EndpointLimits,
    /// The page of tips that landed lately.
    pub tip_floor_url: Option<String>,
}

impl Default for JitoOptions {
    fn default() -> Self {
        Self {
            uuid: None,
            limits: EndpointLimits {
                requests_per_second: 1,
                burst: 1,
                ..EndpointLimits::default()
            },
            tip_floor_url: None,
        }
    }
}

/// Several regions of one block engine.
#[derive(Debug)]
pub struct JitoLane {
    regions: Vec<Region>,
    tip_page: Option<HttpEndpoint>,
    patience_ms: u64,
    news: Arc<NewsBoard>,
    followers: Mutex<Vec<JoinHandle<()>>>,
}

impl JitoLane {
    /// `regions` are base addresses, without `/api/v1`: `http` and `https` for JSON-RPC, `grpc` and `grpcs` for gRPC. Opens
    /// no connection yet.
    ///
    /// # Errors
    /// `no_endpoints`, `endpoint_malformed`, `header_malformed`, `limit_malformed`, `no_root_certificates`.
    pub fn new(regions: &[String], options: &JitoOptions) -> Result<Self, Fault> {
        if regions.is_empty() {
            return Err(Fault::new(
                "no_endpoints",
                "regions: is empty; give at least one address of a block engine",
            ));
        }
        let regions = regions.iter().map(|region| Region::new(region, options));
        let tip_page = options
            .tip_floor_url
            .as_deref()
            .map(|url| HttpEndpoint::new(url, &[], &EndpointLimits::default()));
        Ok(Self {
            regions: regions.collect::<Result<_, _>>()?,
            tip_page: tip_page.transpose()?,
            patience_ms: options.limits.request_timeout_ms,
            news: Arc::default(),
            followers: Mutex::default(),
        })
    }

    /// What the regions over gRPC say of bundles, since the last time: those of everybody where a region does not keep them
    /// apart. Waits for the first; the first call begins to listen. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `no_news_endpoint` when no region is asked over gRPC.
    pub async fn bundle_news(&self) -> Result<Vec<BundleNews>, Fault> {
        self.follow()?;
        Ok(self.news.take().await)
    }

    fn follow(&self) -> Result<(), Fault> {
        let mut followers = self
            .followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !followers.is_empty() {
            return Ok(());
        }
        for region in &self.regions {
            if let Region::Searcher(region) = region {
                let backoff = Backoff::new(NEWS_BACKOFF_MS, MOST_NEWS_BACKOFF_MS)?;
                let board = Arc::downgrade(&self.news);
                followers.push(tokio::spawn(searcher::follow(
                    Arc::clone(region),
                    board,
                    backoff,
                )));
            }
        }
        if followers.is_empty() {
            return Err(Fault::new(
                "no_news_endpoint",
                "regions: none is asked over gRPC, and only those tell news; give one like grpcs://host:port",
            ));
        }
        Ok(())
    }

    /// 1 to 5 transactions, all or nothing, in this order.
    ///
    /// # Errors
    /// `bundle_malformed`: none, too many, or one twice.
    pub async fn send_bundle(
        &self,
        transactions: &[SignedTransaction],
    ) -> Result<SendReport, Fault> {
        let signatures: Vec<_> = transactions
            .iter()
            .map(SignedTransaction::signature)
            .collect();
        let [first, ..] = signatures.as_slice() else {
            return Err(Fault::new(
                "bundle_malformed",
                "transactions: is empty; a bundle has 1 to 5",
            ));
        };
        if signatures.len() > MOST_TRANSACTIONS {
            return Err(Fault::new(
                "bundle_malformed",
                format!(
                    "transactions: has {}, and a bundle has 1 to 5",
                    signatures.len()
                ),
            ));
        }
        if signatures
            .iter()
            .enumerate()
            .any(|(at, one)| signatures[..at].contains(one))
        {
            return Err(Fault::new(
                "bundle_malformed",
                "transactions: one is there twice, and the second could never land",
            ));
        }
        let wires: Vec<_> = transactions.iter().map(SignedTransaction::base64).collect();
        let body = json_rpc::request(
            "sendBundle",
            &json!([wires, {"encoding": "base64"}]).to_string(),
        );
        Ok(self
            .race_regions(Parcel {
                transactions: transactions.to_vec(),
                signature: first.clone(),
                path: "/api/v1/bundles",
                body,
                reference: bundle_id_of_result,
            })
            .await)
    }

    /// Of landed bundles, in the order asked; None where not landed, or not known.
    ///
    /// # Errors
    /// `too_many_bundles`, `no_endpoint_answered`, `answer_unreadable`.
    pub async fn bundle_statuses(
        &self,
        bundle_ids: &[String],
    ) -> Result<Vec<Option<BundleStatus>>, Fault> {
        let told = self.ask_statuses("getBundleStatuses", bundle_ids).await?;
        read_bundle_statuses(&told, bundle_ids)
    }

    /// Of the last 5 minutes, in the order asked; None where not known.
    ///
    /// # Errors
    /// `too_many_bundles`, `no_endpoint_answered`, `answer_unreadable`.
    pub async fn inflight_statuses(
        &self,
        bundle_ids: &[String],
    ) -> Result<Vec<Option<InflightStatus>>, Fault> {
        let told = self
            .ask_statuses("getInflightBundleStatuses", bundle_ids)
            .await?;
        read_inflight_statuses(&told, bundle_ids)
    }

    /// The accounts that count as tipped, as the block engine tells them.
    ///
    /// # Errors
    /// `no_endpoint_answered`, `answer_unreadable`.
    pub async fn tip_accounts(&self) -> Result<Vec<String>, Fault> {
        let told = self.ask_in_turn("getTipAccounts", "[]").await?;
        serde_json::from_str(told.get())
            .map_err(|fault| Fault::new("answer_unreadable", format!("getTipAccounts: {fault}")))
    }

    /// The tips that landed lately.
    ///
    /// # Errors
    /// `tip_floor_unset`, `no_endpoint_answered`, `tip_floor_malformed`.
    pub async fn tip_floor(&self) -> Result<TipFloor, Fault> {
        let page = self.tip_page.as_ref().ok_or_else(|| {
            Fault::new(
                "tip_floor_unset",
                "tip_floor_url: is not set; give the address of the page",
            )
        })?;
        let no_answer = |fault: String| {
            Fault::new(
                "no_endpoint_answered",
                format!("{} ({fault})", page.label()),
            )
        };
        let answer = page
            .get("", self.patience_ms)
            .await
            .map_err(|fault| no_answer(fault.to_string()))?;
        if answer.status != StatusCode::OK {
            return Err(no_answer(format!("HTTP {}", answer.status.as_u16())));
        }
        let text = std::str::from_utf8(&answer.body)
            .map_err(|fault| Fault::new("tip_floor_malformed", format!("tip floor: {fault}")))?;
        TipFloor::parse(text)
    }

    async fn race_regions(&self, parcel: Parcel) -> SendReport {
        let parcel = Arc::new(parcel);
        let runners = self.regions.iter().map(|region| {
            let (region, parcel) = (region.clone(), Arc::clone(&parcel));
            let label = region.label().to_owned();
            (label, async move { region.send(&parcel).await })
        });
        race(LANE, runners).await
    }

    async fn ask_statuses(
        &self,
        method: &'static str,
        bundle_ids: &[String],
    ) -> Result<Box<RawValue>, Fault> {
        if bundle_ids.is_empty() || bundle_ids.len() > MOST_STATUSES {
            return Err(Fault::new(
                "too_many_bundles",
                format!(
                    "bundle_ids: has {}, and 1 to 5 can be asked at once",
                    bundle_ids.len()
                ),
            ));
        }
        self.ask_in_turn(method, &json!([bundle_ids]).to_string())
            .await
    }

    /// The first region that answers; each is given the time to let us have a turn.
    async fn ask_in_turn(
        &self,
        method: &'static str,
        params: &str,
    ) -> Result<Box<RawValue>, Fault> {
        let mut said = Vec::new();
        for patience_ms in [0, self.patience_ms] {
            said.clear();
            for region in &self.regions {
                match region.ask(method, params, patience_ms).await {
                    Ok(answer) => return Ok(answer),
                    Err(fault) => said.push(format!("{} ({fault})", region.label())),
                }
            }
        }
        Err(Fault::new(
            "no_endpoint_answered",
            format!("{method}: no region answered: {}", said.join(", ")),
        ))
    }

    async fn send_alone(&self, transaction: &SignedTransaction) -> SendReport {
        let params = json!([transaction.base64(), {"encoding": "base64"}]);
        let body = json_rpc::request("sendTransaction", &params.to_string());
        self.race_regions(Parcel {
            transactions: vec![transaction.clone()],
            signature: transaction.signature(),
            path: "/api/v1/transactions?bundleOnly=true",
            body,
            reference: bundle_id_of_header,
        })
        .await
    }
}

impl Lane for JitoLane {
    fn name(&self) -> &'static str {
        LANE
    }

    /// As a bundle of one. The block engine never simulates first, so the options have no say.
    fn send<'a>(
        &'a self,
        transaction: &'a SignedTransaction,
        _options: &'a SendOptions,
    ) -> Sending<'a> {
        Box::pin(self.send_alone(transaction))
    }
}

impl Drop for JitoLane {
    fn drop(&mut self) {
        let followers = self
            .followers
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        followers.drain(..).for_each(|follower| follower.abort());
    }
}

fn bundle_id_of_result(answered: &Answered, signature: &str) -> SendOutcome {
    match serde_json::from_str::<Value>(answered.result.get()) {
        Ok(Value::String(reference)) if !reference.is_empty() && reference.len() <= 128 => {
            SendOutcome::Accepted { reference }
        }
        _ => outcome_of_fault(
            AskFault::Unreadable("names no bundle".to_owned()),
            signature,
        ),
    }
}

fn bundle_id_of_header(answered: &Answered, signature: &str) -> SendOutcome {
    let told = answered.result.get().trim_matches('"');
    if told != signature || !is_signature(told) {
        return outcome_of_fault(
            AskFault::Unreadable("names another signature".to_owned()),
            signature,
        );
    }
    let reference = answered
        .bundle_id
        .as_ref()
        .filter(|id| !id.is_empty() && id.len() <= 128);
    SendOutcome::Accepted {
        reference: reference.cloned().unwrap_or_else(|| signature.to_owned()),
    }
}
