use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::rpc_pool::PoolOptions;

/// 32 and 64 zero bytes.
const GENESIS: &str = "11111111111111111111111111111111";
const SIGNATURE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
/// Past the last block of what is awaited.
const HEIGHT: u64 = 200;

/// What an endpoint says of the signature.
fn confirmed(err: &Value) -> Value {
    json!({"slot": 9, "confirmations": 1, "err": err, "confirmationStatus": "confirmed"})
}

fn reverted() -> Value {
    confirmed(&json!({"InstructionError": [0, {"Custom": 1}]}))
}

/// Serves one connection: each request has its length in its head.
async fn serve(mut stream: TcpStream, status: Value) -> Option<()> {
    let mut told = Vec::new();
    loop {
        let head = told.windows(4).position(|part| part == b"\r\n\r\n");
        let length = head.map(|end| {
            let head = String::from_utf8_lossy(&told[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            end + 4 + length.unwrap_or(0)
        });
        let Some(length) = length.filter(|length| told.len() >= *length) else {
            let mut part = [0; 4_096];
            let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
            told.extend(&part[..read]);
            continue;
        };
        let begin = head.unwrap_or_default() + 4;
        let question: Value = serde_json::from_slice(&told[begin..length]).ok()?;
        told.drain(..length);
        let result = match question["method"].as_str()? {
            "getGenesisHash" => GENESIS.into(),
            "getSignatureStatuses" => json!({"context": {"slot": 9}, "value": [status]}),
            "getTransaction" => Value::Null,
            _ => HEIGHT.into(),
        };
        let body = json!({"jsonrpc": "2.0", "id": question["id"], "result": result}).to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        stream.write_all(body.as_bytes()).await.ok()?;
    }
}

/// An endpoint that says this of every signature; none is listening where it says nothing.
async fn endpoint(status: Option<Value>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    if let Some(status) = status {
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, status.clone()));
            }
        });
    }
    url
}

async fn watch(statuses: [Option<Value>; 3]) -> ConfirmationWatch {
    let mut urls = Vec::new();
    for status in statuses {
        urls.push(endpoint(status).await);
    }
    let pool = RpcPool::new(&urls, GENESIS, &PoolOptions::default()).expect("a pool");
    let options = WatchOptions {
        websocket_urls: Vec::new(),
        quorum: None,
        poll_ms: 1,
    };
    ConfirmationWatch::new(Arc::new(pool), options).expect("a watch")
}

fn awaited(last_valid_block_height: u64) -> Awaited {
    Awaited {
        signature: SIGNATURE.to_owned(),
        last_valid_block_height,
        commitment: Level::Confirmed,
    }
}

async fn told(watch: &ConfirmationWatch, last_valid_block_height: u64) -> &'static str {
    let told = watch.check(&awaited(last_valid_block_height)).await;
    told.expect("asked").kind()
}

#[tokio::test]
async fn where_no_one_is_trusted_a_single_endpoint_neither_lands_nor_reverts_anything() {
    for lie in [reverted(), confirmed(&Value::Null)] {
        let watch = watch([Some(lie), Some(Value::Null), Some(Value::Null)]).await;
        assert_ne!(told(&watch, HEIGHT).await, "pending", "one is enough");
        let watch = watch.trusting_no_one();
        assert_eq!(told(&watch, HEIGHT).await, "pending");
        assert_eq!(
            told(&watch, HEIGHT - 1).await,
            "expired",
            "nor does it hold up an end"
        );
    }
}

#[tokio::test]
async fn where_no_one_is_trusted_two_of_three_outweigh_the_third() {
    let landed = confirmed(&Value::Null);
    let watch = watch([Some(reverted()), Some(landed.clone()), Some(landed)]).await;
    let watch = watch.trusting_no_one();
    assert_eq!(told(&watch, HEIGHT).await, "landed");
    assert_eq!(told(&watch, HEIGHT - 1).await, "landed");
}

#[tokio::test]
async fn the_only_one_that_answers_is_believed_for_now_and_not_for_ever() {
    let watch = watch([Some(confirmed(&Value::Null)), None, None]).await;
    let watch = watch.trusting_no_one();
    assert_eq!(told(&watch, HEIGHT).await, "landed");
    let finally = Awaited {
        commitment: Level::Finalized,
        ..awaited(HEIGHT)
    };
    assert_eq!(
        watch.check(&finally).await.expect("asked").kind(),
        "pending"
    );
}
