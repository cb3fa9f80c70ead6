//! The HTTP client of an endpoint: its address and headers, checked, and connections that are kept.

use std::time::Duration;

use http_body_util::Full;
use hyper::Uri;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use crate::fault::Fault;
use crate::tls::{self, Authorities};

const IDLE: Duration = Duration::from_secs(90);
const MOST_IDLE_CONNECTIONS: usize = 8;
// gRPC servers take a client that pings more often than every 10 s for an attacker (gRPC proposal A8).
const PING_EVERY: Duration = Duration::from_secs(20);
const PONG_LIMIT: Duration = Duration::from_secs(5);

/// HTTP/1.1, or HTTP/2 where TLS agrees on it.
pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// HTTP/2 alone, as gRPC wants it: over TLS by agreement, without it from the first byte on.
pub(crate) type GrpcClient = Client<HttpsConnector<HttpConnector>, tonic::body::Body>;

/// The address, and what of it is shown.
pub(crate) fn parse_address(address: &str) -> Result<(Uri, String), Fault> {
    let malformed = |fault: &str| {
        Fault::new(
            "endpoint_malformed",
            format!("endpoints: an address {fault}; give one like https://host:port/path"),
        )
    };
    let base: Uri = address.parse().map_err(|_| malformed("is no URL"))?;
    let Some(scheme @ ("http" | "https")) = base.scheme_str() else {
        return Err(malformed("is neither http nor https"));
    };
    let Some(host) = base.host().filter(|host| !host.is_empty()) else {
        return Err(malformed("has no host"));
    };
    if base
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err(malformed(
            "holds a user name, which is not sent; give it as a header",
        ));
    }
    let port = base
        .port_u16()
        .map_or_else(String::new, |port| format!(":{port}"));
    let label = format!("{scheme}://{host}{port}");
    Ok((base, label))
}

/// The headers of every request.
pub(crate) fn parse_headers(given: &[(String, String)]) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in given {
        let malformed = || {
            Fault::new(
                "header_malformed",
                format!("headers: {name:?} is no header, or its value holds control characters"),
            )
        };
        let parsed: HeaderName = name.parse().map_err(|_| malformed())?;
        let mut value: HeaderValue = value.parse().map_err(|_| malformed())?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}

/// A client that keeps its connections; with the roots of the system where the address is encrypted.
pub(crate) fn tcp_or_tls(encrypted: bool, connect_timeout_ms: u64) -> Result<HttpClient, Fault> {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls_of(encrypted, &Authorities::default())?)
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(tcp(connect_timeout_ms));
    Ok(keeping_connections().build(connector))
}

/// As [`tcp_or_tls`], for gRPC. A connection that answers no ping ends, so that streams on it end too.
pub(crate) fn http2(
    encrypted: bool,
    others: &Authorities,
    connect_timeout_ms: u64,
) -> Result<GrpcClient, Fault> {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls_of(encrypted, others)?)
        .https_or_http()
        .enable_http2()
        .wrap_connector(tcp(connect_timeout_ms));
    Ok(keeping_connections()
        .http2_only(true)
        .http2_keep_alive_interval(Some(PING_EVERY))
        .http2_keep_alive_timeout(PONG_LIMIT)
        .build(connector))
}

fn tls_of(encrypted: bool, others: &Authorities) -> Result<ClientConfig, Fault> {
    if encrypted {
        tls::client_config(others)
    } else {
        tls::without_roots()
    }
}

fn tcp(connect_timeout_ms: u64) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(Duration::from_millis(connect_timeout_ms)));
    tcp
}

fn keeping_connections() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MOST_IDLE_CONNECTIONS)
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new());
    builder
}

/// The innermost cause says what happened; the outer ones say "client error".
pub(crate) fn deepest(fault: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = fault;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
