//! A websocket connection to a node: its address, checked; TLS as everywhere; messages of a limited size.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};

use crate::fault::Fault;
use crate::http_client::deepest;
use crate::tls;

const MOST_MESSAGE_BYTES: usize = 1 << 20;

/// A connection.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Checks an address: `ws` or `wss`, with a host.
///
/// # Errors
/// `websocket_url_malformed`.
pub(crate) fn check_url(field: &str, url: &str) -> Result<(), Fault> {
    let parsed: Option<hyper::Uri> = url.parse().ok();
    let usable = parsed
        .is_some_and(|url| matches!(url.scheme_str(), Some("ws" | "wss")) && url.host().is_some());
    if usable {
        return Ok(());
    }
    Err(Fault::new(
        "websocket_url_malformed",
        format!("{field}: an address is neither ws nor wss; give one like wss://host:port"),
    ))
}

/// Scheme, host and port: a path may hold a key, and is never shown.
pub(crate) fn label(url: &str) -> String {
    let parsed: Option<hyper::Uri> = url.parse().ok();
    let shown = parsed.and_then(|url| {
        let port = url
            .port_u16()
            .map_or_else(String::new, |port| format!(":{port}"));
        Some(format!("{}://{}{port}", url.scheme_str()?, url.host()?))
    });
    shown.unwrap_or_default()
}

/// Connects; what is wrong in words.
pub(crate) async fn connect(url: &str, limit: Duration) -> Result<Socket, String> {
    let tls = if url.starts_with("wss") {
        tls::client_config(&tls::Authorities::default())
    } else {
        tls::without_roots()
    };
    let tls = tls.map_err(|fault| fault.to_string())?;
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MOST_MESSAGE_BYTES))
        .max_frame_size(Some(MOST_MESSAGE_BYTES));
    let connecting =
        connect_async_tls_with_config(url, Some(limits), true, Some(Connector::Rustls(tls.into())));
    match tokio::time::timeout(limit, connecting).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(fault)) => Err(format!("no connection: {}", deepest(&fault))),
        Err(_) => Err(format!("no connection within {} ms", limit.as_millis())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_no_path_and_must_be_a_websockets() {
        assert_eq!(
            label("wss://host.example:8900/key?secret"),
            "wss://host.example:8900"
        );
        assert!(check_url("urls", "ws://127.0.0.1:8900/").is_ok());
        for wrong in ["http://host", "wss://", "host", ""] {
            assert_eq!(
                check_url("urls", wrong).unwrap_err().code(),
                "websocket_url_malformed"
            );
        }
    }
}
