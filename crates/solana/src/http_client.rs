//! The HTTP client of an endpoint: its address and headers, checked, and connections that are kept.

use std::time::Duration;

use http_body_util::Full;
use hyper::Uri;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::fault::Fault;
use crate::tls;

const IDLE: Duration = Duration::from_secs(90);
const MOST_IDLE_CONNECTIONS: usize = 8;

/// HTTP/1.1, or HTTP/2 where TLS agrees on it.
pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

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
    let tls = if encrypted {
        tls::client_config()?
    } else {
        tls::without_roots()?
    };
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(Duration::from_millis(connect_timeout_ms)));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MOST_IDLE_CONNECTIONS)
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .build(connector))
}

/// The innermost cause says what happened; the outer ones say "client error".
pub(crate) fn deepest(fault: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = fault;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
