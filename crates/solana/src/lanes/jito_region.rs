//! A region of the block engine, by whichever transport its address asks for.

use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};

use super::SendOutcome;
use super::jito::JitoOptions;
use super::rpc_answer::outcome_of_fault;
use super::searcher::{SearcherRegion, is_searcher};
use crate::fault::Fault;
use crate::http_endpoint::HttpEndpoint;
use crate::json_rpc::{self, Answered};
use crate::signed_transaction::SignedTransaction;

/// What an answer that is no fault says of a transaction of that signature.
pub(super) type Reference = fn(&Answered, &str) -> SendOutcome;

/// A bundle in the form of each transport.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) transactions: Vec<SignedTransaction>,
    /// Of the first transaction.
    pub(super) signature: String,
    /// Below a region's address, for JSON-RPC.
    pub(super) path: &'static str,
    pub(super) body: String,
    pub(super) reference: Reference,
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) enum Region {
    JsonRpc(Arc<HttpEndpoint>),
    Searcher(Arc<SearcherRegion>),
}

impl Region {
    pub(super) fn new(address: &str, options: &JitoOptions) -> Result<Self, Fault> {
        if is_searcher(address) {
            return SearcherRegion::new(address, options.uuid.as_deref(), &options.limits)
                .map(|region| Self::Searcher(Arc::new(region)));
        }
        let auth: Vec<_> = options
            .uuid
            .iter()
            .map(|uuid| ("x-jito-auth".to_owned(), uuid.clone()))
            .collect();
        HttpEndpoint::new(address, &auth, &options.limits)
            .map(|endpoint| Self::JsonRpc(Arc::new(endpoint)))
    }

    pub(super) fn label(&self) -> &str {
        match self {
            Self::JsonRpc(endpoint) => endpoint.label(),
            Self::Searcher(region) => region.label(),
        }
    }

    pub(super) async fn send(&self, parcel: &Parcel) -> SendOutcome {
        match self {
            Self::JsonRpc(endpoint) => {
                match json_rpc::ask(endpoint, parcel.path, parcel.body.clone(), 0).await {
                    Ok(answered) => (parcel.reference)(&answered, &parcel.signature),
                    Err(fault) => outcome_of_fault(fault, &parcel.signature),
                }
            }
            Self::Searcher(region) => {
                region
                    .send_bundle(&parcel.transactions, &parcel.signature)
                    .await
            }
        }
    }

    /// A method of JSON-RPC, or what gRPC has of it; what is wrong in words.
    pub(super) async fn ask(
        &self,
        method: &str,
        params: &str,
        patience_ms: u64,
    ) -> Result<Box<RawValue>, String> {
        let in_words = |fault: &dyn std::fmt::Display| fault.to_string();
        match self {
            Self::JsonRpc(endpoint) => {
                let body = json_rpc::request(method, params);
                json_rpc::ask(endpoint, &format!("/api/v1/{method}"), body, patience_ms)
                    .await
                    .map(|answered| answered.result)
                    .map_err(|fault| in_words(&fault))
            }
            Self::Searcher(region) if method == "getTipAccounts" => {
                let accounts = region.tip_accounts(patience_ms).await;
                let accounts = accounts.map_err(|fault| in_words(&fault))?;
                to_raw_value(&accounts).map_err(|fault| in_words(&fault))
            }
            Self::Searcher(_) => {
                Err("tells no statuses over gRPC, only news of bundles".to_owned())
            }
        }
    }
}
