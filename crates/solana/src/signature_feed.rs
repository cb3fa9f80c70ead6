//! One websocket connection that tells when one signature is in a block: `signatureSubscribe`.
//!
//! A hint that hurries the next question: what is believed is asked for, and a feed that fails costs only time.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

use crate::fault::Fault;
use crate::tls;

const MOST_MESSAGE_BYTES: usize = 1 << 20;
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Checks an address of a feed.
///
/// # Errors
/// `websocket_url_malformed`.
pub fn check_url(url: &str) -> Result<(), Fault> {
    let parsed: Option<hyper::Uri> = url.parse().ok();
    let usable = parsed
        .is_some_and(|url| matches!(url.scheme_str(), Some("ws" | "wss")) && url.host().is_some());
    if usable {
        return Ok(());
    }
    Err(Fault::new(
        "websocket_url_malformed",
        "websocket_urls: an address is neither ws nor wss; give one like wss://host:port",
    ))
}

/// Waits until the node notifies of the signature at this commitment. False: the feed cannot tell.
pub async fn notified(url: &str, signature: &str, commitment: &str) -> bool {
    follow(url, signature, commitment).await.is_some()
}

async fn follow(url: &str, signature: &str, commitment: &str) -> Option<()> {
    let tls = if url.starts_with("wss") {
        tls::client_config().ok()?
    } else {
        tls::without_roots().ok()?
    };
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MOST_MESSAGE_BYTES))
        .max_frame_size(Some(MOST_MESSAGE_BYTES));
    let connecting =
        connect_async_tls_with_config(url, Some(limits), true, Some(Connector::Rustls(tls.into())));
    let (mut socket, _) = tokio::time::timeout(CONNECT_LIMIT, connecting)
        .await
        .ok()?
        .ok()?;
    let params = json!([signature, {"commitment": commitment}]);
    let request = crate::json_rpc::request("signatureSubscribe", &params.to_string());
    socket.send(Message::text(request)).await.ok()?;
    while let Some(message) = socket.next().await {
        if let Message::Text(text) = message.ok()? {
            let told: Value = serde_json::from_str(text.as_str()).ok()?;
            if told.get("error").is_some() {
                return None;
            }
            if told.get("method").and_then(Value::as_str) == Some("signatureNotification") {
                return Some(());
            }
        }
    }
    None
}
