//! One region of Jito's block engine over gRPC: `searcher.SearcherService`. "Accepted" is not "landed".

mod messages;
mod results;
mod status;

use std::time::Duration;

use hyper::Uri;
use hyper::http::uri::PathAndQuery;
use prost::Message;
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Request, Streaming};
use tonic_prost::ProstCodec;

use super::SendOutcome;
use crate::endpoint_condition::EndpointCondition;
use crate::fault::Fault;
use crate::http_client::{GrpcClient, http2, parse_address};
use crate::http_endpoint::{EndpointLimits, ExchangeFault};
use crate::monotonic::micros;
use crate::signed_transaction::SignedTransaction;
use crate::tls::Authorities;
use messages::{
    Bundle, GetTipAccountsRequest, GetTipAccountsResponse, Meta, Packet, SendBundleRequest,
    SendBundleResponse, SubscribeBundleResultsRequest,
};
pub use results::{BundleNews, BundleNewsKind};
pub(super) use results::{NewsBoard, follow};
pub(super) use status::CallFault;

const SEND_BUNDLE: &str = "/searcher.SearcherService/SendBundle";
const TIP_ACCOUNTS: &str = "/searcher.SearcherService/GetTipAccounts";
const RESULTS: &str = "/searcher.SearcherService/SubscribeBundleResults";
/// Jito's ids are 64 hex digits.
const MOST_ID_BYTES: usize = 128;

/// Whether an address asks for this transport.
pub(super) fn is_searcher(address: &str) -> bool {
    address.starts_with("grpc://") || address.starts_with("grpcs://")
}

/// One region. Opens a connection when first asked, and keeps it.
#[derive(Debug)]
pub(super) struct SearcherRegion {
    label: String,
    grpc: Grpc<GrpcClient>,
    auth: Option<MetadataValue<Ascii>>,
    timeout_ms: u64,
    condition: EndpointCondition,
}

impl SearcherRegion {
    /// `address` is `grpc://host:port`, or `grpcs://` over TLS.
    pub(super) fn new(
        address: &str,
        uuid: Option<&str>,
        limits: &EndpointLimits,
    ) -> Result<Self, Fault> {
        let (origin, label) = parse_origin(address)?;
        let client = http2(
            origin.scheme_str() == Some("https"),
            &Authorities::default(),
            limits.request_timeout_ms,
        )?;
        let auth = uuid.map(|uuid| {
            uuid.parse::<MetadataValue<Ascii>>().map_err(|_| {
                Fault::new(
                    "header_malformed",
                    "uuid: holds control characters; give it as Jito wrote it",
                )
            })
        });
        Ok(Self {
            label,
            grpc: Grpc::with_origin(client, origin)
                .max_decoding_message_size(limits.max_response_bytes),
            auth: auth.transpose()?,
            timeout_ms: limits.request_timeout_ms,
            condition: EndpointCondition::new(limits)?,
        })
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// `signature` is that of the first transaction.
    pub(super) async fn send_bundle(
        &self,
        transactions: &[SignedTransaction],
        signature: &str,
    ) -> SendOutcome {
        let packets = transactions.iter().map(packet).collect();
        let request = SendBundleRequest {
            bundle: Some(Bundle { packets }),
        };
        let told: Result<SendBundleResponse, _> = self.ask(SEND_BUNDLE, request, 0).await;
        match told {
            Ok(SendBundleResponse { uuid }) if !uuid.is_empty() && uuid.len() <= MOST_ID_BYTES => {
                SendOutcome::Accepted { reference: uuid }
            }
            // It had the whole bundle before it.
            Ok(_) => SendOutcome::Unknown {
                code: "answer_unreadable",
                detail: "names no bundle".to_owned(),
            },
            Err(fault) => fault.outcome(signature),
        }
    }

    pub(super) async fn tip_accounts(&self, patience_ms: u64) -> Result<Vec<String>, CallFault> {
        let told: GetTipAccountsResponse = self
            .ask(TIP_ACCOUNTS, GetTipAccountsRequest {}, patience_ms)
            .await?;
        Ok(told.accounts)
    }

    /// The results from now on; the wait is for the region to begin.
    async fn results(&self) -> Result<Streaming<messages::BundleResult>, CallFault> {
        let mut grpc = self.grpc.clone();
        let request = self.authorized(SubscribeBundleResultsRequest {});
        let codec: ProstCodec<SubscribeBundleResultsRequest, messages::BundleResult> =
            ProstCodec::default();
        let opening = grpc.server_streaming(request, PathAndQuery::from_static(RESULTS), codec);
        let opened = tokio::time::timeout(Duration::from_millis(self.timeout_ms), opening).await;
        match opened {
            Ok(Ok(stream)) => Ok(stream.into_inner()),
            Ok(Err(status)) => Err(CallFault::of(&status, self.timeout_ms)),
            Err(_) => Err(CallFault::Exchange(ExchangeFault::TimedOut(
                self.timeout_ms,
            ))),
        }
    }

    async fn ask<Q, A>(
        &self,
        path: &'static str,
        message: Q,
        patience_ms: u64,
    ) -> Result<A, CallFault>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        self.condition
            .turn(patience_ms)
            .await
            .map_err(CallFault::Exchange)?;
        let asked = Instant::now();
        let limit = Duration::from_millis(self.timeout_ms);
        let mut request = self.authorized(message);
        request.set_timeout(limit);
        let mut grpc = self.grpc.clone();
        let codec: ProstCodec<Q, A> = ProstCodec::default();
        let asking = grpc.unary(request, PathAndQuery::from_static(path), codec);
        let fault = match tokio::time::timeout(limit, asking).await {
            Ok(Ok(answer)) => {
                self.condition.answered(micros(asked.elapsed()));
                return Ok(answer.into_inner());
            }
            Ok(Err(status)) => CallFault::of(&status, self.timeout_ms),
            Err(_) => CallFault::Exchange(ExchangeFault::TimedOut(self.timeout_ms)),
        };
        match &fault {
            CallFault::Exchange(ExchangeFault::TooManyRequests { retry_after_ms }) => {
                self.condition.rest(*retry_after_ms);
            }
            fault if fault.is_failure() => self.condition.failed(),
            _ => self.condition.answered(micros(asked.elapsed())),
        }
        Err(fault)
    }

    fn authorized<Q>(&self, message: Q) -> Request<Q> {
        let mut request = Request::new(message);
        if let Some(auth) = &self.auth {
            request.metadata_mut().insert("x-jito-auth", auth.clone());
        }
        request
    }
}

/// The `http` origin that HTTP/2 speaks of, and what of the address is shown.
fn parse_origin(address: &str) -> Result<(Uri, String), Fault> {
    let plain = address.replacen("grpc", "http", 1);
    let (origin, label) = parse_address(&plain)?;
    let bare = matches!(origin.path(), "" | "/") && origin.query().is_none();
    if !bare {
        return Err(Fault::new(
            "endpoint_malformed",
            "regions: a grpc address has a path; give one like grpcs://host:port",
        ));
    }
    Ok((origin, label.replacen("http", "grpc", 1)))
}

fn packet(transaction: &SignedTransaction) -> Packet {
    let data = transaction.wire().to_vec();
    Packet {
        meta: Some(Meta {
            size: data.len() as u64,
        }),
        data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_written_as_googles_protobuf_writes_it() {
        let packets = vec![Packet {
            data: vec![1, 2],
            meta: Some(Meta { size: 2 }),
        }];
        let request = SendBundleRequest {
            bundle: Some(Bundle { packets }),
        };
        let recorded = [10, 10, 26, 8, 10, 2, 1, 2, 18, 2, 8, 2];
        assert_eq!(request.encode_to_vec(), recorded);
    }

    #[test]
    fn an_address_shows_its_scheme_host_and_port_and_takes_no_path() {
        let (origin, label) = parse_origin("grpcs://ny.example:443").unwrap();
        assert_eq!(
            (origin.scheme_str(), label.as_str()),
            (Some("https"), "grpcs://ny.example:443")
        );
        for wrong in ["grpc://host/path", "grpc://", "grpc://user@host"] {
            assert_eq!(
                parse_origin(wrong).unwrap_err().code(),
                "endpoint_malformed",
                "{wrong}"
            );
        }
    }
}
