//! `GrpcService`: one gRPC server and its streams, over HTTP/2, encrypted where the address says so.

use std::error::Error as _;
use std::time::Duration;

use futures_util::Stream;
use hyper::http::uri::PathAndQuery;
use prost::Message;
pub use tonic::Streaming;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use crate::fault::Fault;
use crate::http_client::{GrpcClient, deepest, http2, parse_address};
pub use crate::tls::Authorities;
use crate::transaction_fault::excerpt;

/// Bytes of a server's words that are passed on.
const MOST_SAID_BYTES: usize = 300;

/// What is waited for, and what is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrpcLimits {
    /// How long a connection, or the beginning of an answer, may take.
    pub timeout_ms: u64,
    /// Bytes of one message that are taken; gRPC itself stops at 4 MiB unless told.
    pub max_message_bytes: usize,
}

/// One server. Opens a connection when first asked, and keeps it; a connection that answers no ping ends.
#[derive(Debug, Clone)]
pub struct GrpcService {
    grpc: Grpc<GrpcClient>,
    label: String,
    header: Option<(&'static str, MetadataValue<Ascii>)>,
    timeout: Duration,
}

impl GrpcService {
    /// `address` is `http://host:port` or `https://host:port`; the header goes along with every call and is never shown.
    ///
    /// # Errors
    /// `endpoint_malformed`, `header_malformed`, or that the system's certificates cannot be read.
    pub fn new(
        address: &str,
        header: Option<(&'static str, &str)>,
        limits: GrpcLimits,
    ) -> Result<Self, Fault> {
        Self::trusting(address, header, limits, &Authorities::default())
    }

    /// The same, with authorities who are trusted beside those of the system.
    ///
    /// # Errors
    /// As above.
    pub fn trusting(
        address: &str,
        header: Option<(&'static str, &str)>,
        limits: GrpcLimits,
        others: &Authorities,
    ) -> Result<Self, Fault> {
        let (origin, label) = parse_address(address)?;
        let encrypted = origin.scheme_str() == Some("https");
        let client = http2(encrypted, others, limits.timeout_ms)?;
        let header = header.map(|(name, value)| {
            let parsed = value.parse::<MetadataValue<Ascii>>();
            let mut value = parsed.map_err(|_| {
                let message = format!("{name}: holds control characters; give it as it was told");
                Fault::new("header_malformed", message)
            })?;
            value.set_sensitive(true);
            Ok((name, value))
        });
        Ok(Self {
            grpc: Grpc::with_origin(client, origin)
                .max_decoding_message_size(limits.max_message_bytes),
            label,
            header: header.transpose()?,
            timeout: Duration::from_millis(limits.timeout_ms),
        })
    }

    /// Scheme, host and port: what may be shown of the address.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// One answer to one message. `path` is `/package.Service/Method`.
    ///
    /// # Errors
    /// What the server or the transport said.
    pub async fn ask<Q, A>(&self, path: &'static str, request: Q) -> Result<A, String>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = self.grpc.clone();
        let codec: ProstCodec<Q, A> = ProstCodec::default();
        let request = self.with_header(Request::new(request));
        let asking = grpc.unary(request, PathAndQuery::from_static(path), codec);
        Ok(self.in_time(asking).await?.into_inner())
    }

    /// A stream each way; comes back when the server has begun.
    ///
    /// # Errors
    /// What the server or the transport said.
    pub async fn converse<Q, A, S>(
        &self,
        path: &'static str,
        requests: S,
    ) -> Result<Streaming<A>, String>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
        S: Stream<Item = Q> + Send + 'static,
    {
        let mut grpc = self.grpc.clone();
        let codec: ProstCodec<Q, A> = ProstCodec::default();
        let request = self.with_header(Request::new(requests));
        let opening = grpc.streaming(request, PathAndQuery::from_static(path), codec);
        Ok(self.in_time(opening).await?.into_inner())
    }

    /// A stream that answers one message; comes back when the server has begun.
    ///
    /// # Errors
    /// What the server or the transport said.
    pub async fn listen<Q, A>(&self, path: &'static str, request: Q) -> Result<Streaming<A>, String>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = self.grpc.clone();
        let codec: ProstCodec<Q, A> = ProstCodec::default();
        let request = self.with_header(Request::new(request));
        let opening = grpc.server_streaming(request, PathAndQuery::from_static(path), codec);
        Ok(self.in_time(opening).await?.into_inner())
    }

    async fn in_time<T>(
        &self,
        asking: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, String> {
        match tokio::time::timeout(self.timeout, asking).await {
            Ok(answered) => answered.map_err(|status| said(&status)),
            Err(_) => Err("the server did not answer in time".to_owned()),
        }
    }

    fn with_header<Q>(&self, mut request: Request<Q>) -> Request<Q> {
        if let Some((name, value)) = &self.header {
            request.metadata_mut().insert(*name, value.clone());
        }
        request
    }
}

/// A status in words that are short enough for a log: the innermost cause, or what the server said.
#[must_use]
pub fn said(status: &Status) -> String {
    let words = match status.source() {
        Some(source) => deepest(source),
        None => format!("{:?}: {}", status.code(), status.message()),
    };
    excerpt(&words, MOST_SAID_BYTES)
}
