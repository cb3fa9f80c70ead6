//! One websocket connection that tells when one signature is in a block: `signatureSubscribe`.
//!
//! A hint that hurries the next question: what is believed is asked for, and a feed that fails costs only time.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::fault::Fault;
use crate::subscriptions::socket;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Checks an address of a feed.
///
/// # Errors
/// `websocket_url_malformed`.
pub fn check_url(url: &str) -> Result<(), Fault> {
    socket::check_url("websocket_urls", url)
}

/// Waits until the node notifies of the signature at this commitment. False: the feed cannot tell.
pub async fn notified(url: &str, signature: &str, commitment: &str) -> bool {
    follow(url, signature, commitment).await.is_some()
}

async fn follow(url: &str, signature: &str, commitment: &str) -> Option<()> {
    let mut socket = socket::connect(url, CONNECT_LIMIT).await.ok()?;
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
