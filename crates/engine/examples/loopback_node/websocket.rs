//! Subscriptions: accounts, slots and signatures.

use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::world::{Follower, World, notification};

pub(crate) async fn serve(listener: TcpListener, world: Arc<World>) {
    while let Ok((stream, _)) = listener.accept().await {
        let world = Arc::clone(&world);
        tokio::spawn(async move { connection(stream, &world).await });
    }
}

async fn connection(stream: TcpStream, world: &World) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let (mut write, mut read) = accept_async(stream).await.ok()?.split();
    let (to, mut told) = unbounded_channel::<String>();
    tokio::spawn(async move {
        while let Some(text) = told.recv().await {
            if write.send(Message::text(text)).await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(message)) = read.next().await {
        if let Message::Text(text) = message {
            let asked: Value = serde_json::from_str(text.as_str()).ok()?;
            let number = world.next_subscription();
            let answer = json!({"jsonrpc": "2.0", "id": asked["id"], "result": number});
            to.send(answer.to_string()).ok()?;
            subscribe(world, &asked, number, &to);
        }
    }
    Some(())
}

fn subscribe(world: &World, asked: &Value, subscription: u64, to: &UnboundedSender<String>) {
    let mut state = world.state();
    let follower = Follower {
        subscription,
        to: to.clone(),
    };
    let key = asked["params"][0].as_str().unwrap_or_default().to_owned();
    match asked["method"].as_str() {
        Some("accountSubscribe") => state.followers.entry(key).or_default().push(follower),
        Some("slotsUpdatesSubscribe") => state.slot_followers.push(follower),
        Some("signatureSubscribe") => match state.landed.get(&key) {
            Some(slot) => {
                let result = json!({"context": {"slot": slot}, "value": {"err": null}});
                let _gone = to.send(notification("signatureNotification", subscription, &result));
            }
            None => state
                .signature_followers
                .entry(key)
                .or_default()
                .push(follower),
        },
        _ => {}
    }
}
