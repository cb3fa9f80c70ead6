//! One HTTP endpoint: kept connections, its own rate limit and circuit, and how it does.
//!
//! A fault says whether bytes may have left, because a transaction that may have left is a transaction that was sent.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode, Uri};
use thiserror::Error;
use tokio::time::Instant;

use crate::circuit_breaker::CircuitState;
use crate::endpoint_condition::{EndpointCondition, LONGEST_REST_MS};
use crate::fault::Fault;
use crate::http_client::{HttpClient, deepest, parse_address, parse_headers, tcp_or_tls};
use crate::monotonic::micros;

/// What a 429 without a readable `Retry-After` is taken for.
pub(crate) const DEFAULT_REST_MS: u64 = 1_000;

/// The limits of an endpoint.
#[derive(Debug, Clone)]
pub struct EndpointLimits {
    /// A whole exchange, connecting included.
    pub request_timeout_ms: u64,
    /// A longer answer is unreadable.
    pub max_response_bytes: usize,
    /// In the long run.
    pub requests_per_second: u32,
    /// At once.
    pub burst: u32,
    /// In a row, until it is left alone.
    pub failures_to_open: u32,
    /// For so long.
    pub open_ms: u64,
}

impl Default for EndpointLimits {
    fn default() -> Self {
        Self {
            request_timeout_ms: 2_000,
            max_response_bytes: 16 << 20,
            requests_per_second: 50,
            burst: 50,
            failures_to_open: 5,
            open_ms: 60_000,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExchangeFault {
    /// Our own limit, or a rest that the endpoint asked for: nothing was sent.
    #[error("rests for {retry_after_ms} ms more")]
    Limited {
        /// Until it may be asked again.
        retry_after_ms: u64,
    },
    /// It failed too often lately: nothing was sent.
    #[error("failed too often lately, and is left alone for a while")]
    CircuitOpen,
    /// No connection: nothing was sent.
    #[error("no connection: {0}")]
    NotConnected(String),
    /// It did not answer in time; it may have the request.
    #[error("no answer within {0} ms")]
    TimedOut(u64),
    /// The connection ended within the exchange; it may have the request.
    #[error("the connection was lost: {0}")]
    ConnectionLost(String),
    /// It answered 429: it did not do what was asked.
    #[error("asked too often: rests for {retry_after_ms} ms")]
    TooManyRequests {
        /// What it asks for.
        retry_after_ms: u64,
    },
}

/// An answer, whatever its status but 429.
#[derive(Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// How an endpoint does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Smoothed over about the last 8 answers.
    pub latency_us: Option<u64>,
    /// Times it answered.
    pub answered: u64,
    /// Times it did not, or not readably.
    pub failed: u64,
    /// Times it answered 429.
    pub rate_limited: u64,
}

/// One endpoint. Cheap to share.
#[derive(Debug)]
pub struct HttpEndpoint {
    label: String,
    base: Uri,
    headers: HeaderMap,
    timeout_ms: u64,
    max_response_bytes: usize,
    client: HttpClient,
    condition: EndpointCondition,
}

impl HttpEndpoint {
    /// An endpoint at an `http` or `https` address; opens no connection yet.
    ///
    /// # Errors
    /// `endpoint_malformed`, `header_malformed`, `limit_malformed`, `no_root_certificates`.
    pub fn new(
        address: &str,
        headers: &[(String, String)],
        limits: &EndpointLimits,
    ) -> Result<Self, Fault> {
        let (base, label) = parse_address(address)?;
        let condition = EndpointCondition::new(limits)?;
        Ok(Self {
            client: tcp_or_tls(
                base.scheme_str() == Some("https"),
                limits.request_timeout_ms,
            )?,
            label,
            base,
            headers: parse_headers(headers)?,
            timeout_ms: limits.request_timeout_ms,
            max_response_bytes: limits.max_response_bytes,
            condition,
        })
    }

    /// Scheme, host and port: a path may hold a key, and is never shown.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// How it does.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.condition.tally()
    }

    /// Whether it may be asked, and what a 429 left of its rest, in milliseconds.
    #[must_use]
    pub fn availability(&self) -> (CircuitState, u64) {
        self.condition.availability()
    }

    /// Asks with JSON. Waits at most `patience_ms` for a token of its rate limit.
    ///
    /// # Errors
    /// See [`ExchangeFault`].
    pub async fn post(
        &self,
        suffix: &str,
        body: String,
        patience_ms: u64,
    ) -> Result<HttpAnswer, ExchangeFault> {
        self.exchange(Method::POST, suffix, body, patience_ms).await
    }

    /// Asks for a page.
    ///
    /// # Errors
    /// See [`ExchangeFault`].
    pub async fn get(&self, suffix: &str, patience_ms: u64) -> Result<HttpAnswer, ExchangeFault> {
        self.exchange(Method::GET, suffix, String::new(), patience_ms)
            .await
    }

    /// The answer could not be read: as good as none.
    pub fn answered_unreadably(&self) {
        self.condition.failed();
    }

    async fn exchange(
        &self,
        method: Method,
        suffix: &str,
        body: String,
        patience_ms: u64,
    ) -> Result<HttpAnswer, ExchangeFault> {
        self.condition.turn(patience_ms).await?;
        let asked = Instant::now();
        let limit = Duration::from_millis(self.timeout_ms);
        let request = self.request(method, suffix, body)?;
        let answer = tokio::time::timeout(limit, self.read(request)).await;
        let answer = answer.unwrap_or(Err(ExchangeFault::TimedOut(self.timeout_ms)));
        match answer {
            Ok(answer) => self.judge(answer, micros(asked.elapsed())),
            Err(fault) => {
                self.condition.failed();
                Err(fault)
            }
        }
    }

    fn request(
        &self,
        method: Method,
        suffix: &str,
        body: String,
    ) -> Result<Request<Full<Bytes>>, ExchangeFault> {
        let mut uri = self.base.clone().into_parts();
        let path = if suffix.is_empty() {
            self.base.path()
        } else {
            self.base.path().trim_end_matches('/')
        };
        let query = self.base.query().map_or_else(String::new, |query| {
            let joint = if suffix.contains('?') { '&' } else { '?' };
            format!("{joint}{query}")
        });
        let path_and_query = format!("{path}{suffix}{query}");
        let path_and_query = if path_and_query.starts_with('/') {
            path_and_query
        } else {
            format!("/{path_and_query}")
        };
        let unusable = |()| ExchangeFault::NotConnected("the address cannot be asked".to_owned());
        uri.path_and_query = Some(path_and_query.parse().map_err(|_| ()).map_err(unusable)?);
        let uri = Uri::from_parts(uri).map_err(|_| ()).map_err(unusable)?;
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    async fn read(&self, request: Request<Full<Bytes>>) -> Result<HttpAnswer, ExchangeFault> {
        let response: Response<_> = self.client.request(request).await.map_err(|fault| {
            if fault.is_connect() {
                ExchangeFault::NotConnected(deepest(&fault))
            } else {
                ExchangeFault::ConnectionLost(deepest(&fault))
            }
        })?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.max_response_bytes).collect().await;
        let body = body.map_err(|fault| ExchangeFault::ConnectionLost(deepest(&*fault)))?;
        Ok(HttpAnswer {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        })
    }

    fn judge(&self, answer: HttpAnswer, elapsed_us: u64) -> Result<HttpAnswer, ExchangeFault> {
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let retry_after_ms = retry_after_ms(&answer.headers);
            self.rest(retry_after_ms);
            return Err(ExchangeFault::TooManyRequests { retry_after_ms });
        }
        if answer.status.is_server_error() && !answer.body.starts_with(b"{") {
            // A gateway's page: the node behind it did not answer.
            self.condition.failed();
            return Ok(answer);
        }
        self.condition.answered(elapsed_us);
        Ok(answer)
    }

    /// The endpoint asked for a rest, by a status or in its answer. A 429 is an answer: the circuit stays closed.
    pub fn rest(&self, for_ms: u64) {
        self.condition.rest(for_ms);
    }
}

/// Shared by whoever asks.
pub type SharedEndpoint = Arc<HttpEndpoint>;

fn retry_after_ms(headers: &HeaderMap) -> u64 {
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    seconds.map_or(DEFAULT_REST_MS, |seconds| {
        seconds.saturating_mul(1_000).min(LONGEST_REST_MS)
    })
}
