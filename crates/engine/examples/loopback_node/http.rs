//! JSON-RPC over HTTP/1.1 with connections kept open: what an engine asks a node.

use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{FINAL_AFTER_SLOTS, World, shown};

const BLOCKHASH_BLOCKS: u64 = 150;
const FEE_LAMPORTS: u64 = 5_000;
const RECEIPT_LAMPORTS: u64 = 890_880;
const WALLET_LAMPORTS: u64 = 100_000_000_000;

pub(crate) async fn serve(listener: TcpListener, world: Arc<World>) {
    while let Ok((stream, _)) = listener.accept().await {
        let world = Arc::clone(&world);
        tokio::spawn(async move { connection(stream, &world).await });
    }
}

async fn connection(mut stream: TcpStream, world: &World) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut read = Vec::new();
    loop {
        let body = request(&mut stream, &mut read).await?;
        let at = Instant::now();
        let asked: Value = serde_json::from_slice(&body).ok()?;
        let result = answer(world, asked["method"].as_str()?, &asked["params"], at);
        let mut told = json!({"jsonrpc": "2.0", "id": asked["id"]});
        if let Some(result) = result {
            told["result"] = result;
        } else {
            eprintln!("not served: {asked}");
            told["error"] = json!({"code": -32601, "message": "Method not found"});
        }
        let told = told.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            told.len()
        );
        stream.write_all((head + &told).as_bytes()).await.ok()?;
    }
}

/// The body of the next request; what was read beyond it stays in `read`.
async fn request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(head) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let length = length(&read[..head])?;
            let end = head + 4 + length;
            if read.len() >= end {
                let rest = read.split_off(end);
                return Some(std::mem::replace(read, rest).split_off(head + 4));
            }
        }
        if stream.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
}

fn length(head: &[u8]) -> Option<usize> {
    let head = std::str::from_utf8(head).ok()?.to_ascii_lowercase();
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    line.trim().parse().ok()
}

fn answer(world: &World, method: &str, params: &Value, at: Instant) -> Option<Value> {
    let slot = match params.as_array().and_then(|params| params.last()) {
        Some(how) if how["commitment"] == "finalized" => world.slot() - FINAL_AFTER_SLOTS,
        _ => world.slot(),
    };
    let context = json!({"slot": slot});
    Some(match method {
        "getGenesisHash" => world.header["genesis_hash"].clone(),
        "getSlot" | "getBlockHeight" => slot.into(),
        "getLatestBlockhash" => {
            let blockhash = bs58::encode([u8::try_from(slot % 251).ok()?; 32]).into_string();
            let value =
                json!({"blockhash": blockhash, "lastValidBlockHeight": slot + BLOCKHASH_BLOCKS});
            json!({"context": context, "value": value})
        }
        "getBalance" => json!({"context": context, "value": WALLET_LAMPORTS}),
        "getMultipleAccounts" => {
            let state = world.state();
            let account = |key: &Value| state.accounts.get(key.as_str()?).map(shown);
            let accounts: Vec<_> = params[0].as_array()?.iter().map(account).collect();
            json!({"context": context, "value": accounts})
        }
        "getAccountInfo" => {
            let state = world.state();
            let account = state.accounts.get(params[0].as_str()?).map(shown);
            json!({"context": context, "value": account})
        }
        "getProgramAccounts" => {
            let state = world.state();
            let owned = state
                .accounts
                .iter()
                .filter(|(_, account)| params[0] == account.owner.as_str());
            // The engine asks for addresses alone.
            let empty = json!({"data": ["", "base64"], "executable": false, "lamports": 1, "owner": params[0], "rentEpoch": 0, "space": 0});
            owned
                .map(|(key, _)| json!({"pubkey": key, "account": empty}))
                .collect()
        }
        "sendTransaction" => {
            let wire = STANDARD.decode(params[0].as_str()?).ok()?;
            let signature = bs58::encode(wire.get(1..65)?).into_string();
            world.state().sent(&signature, &wire, at, slot);
            signature.into()
        }
        "getSignatureStatuses" => {
            let state = world.state();
            let statuses: Vec<_> = params[0]
                .as_array()?
                .iter()
                .map(|one| status(state.landed.get(one.as_str()?).copied(), slot))
                .collect();
            json!({"context": context, "value": statuses})
        }
        "getTransaction" => transaction(
            world,
            world.state().landed.get(params[0].as_str()?).copied(),
        ),
        _ => return None,
    })
}

fn status(landed: Option<u64>, now: u64) -> Option<Value> {
    let slot = landed?;
    let level = if slot + FINAL_AFTER_SLOTS <= now {
        "finalized"
    } else {
        "confirmed"
    };
    Some(
        json!({"slot": slot, "confirmations": null, "err": null, "status": {"Ok": null}, "confirmationStatus": level}),
    )
}

/// It paid its fee and its receipt, and gained one unit.
fn transaction(world: &World, landed: Option<u64>) -> Value {
    let Some(slot) = landed else {
        return Value::Null;
    };
    let held = |amount: &str| {
        json!([{"accountIndex": 1, "mint": world.header["quote_mint"], "owner": world.header["wallet"],
            "uiTokenAmount": {"amount": amount, "decimals": 9, "uiAmountString": amount}}])
    };
    json!({
        "slot": slot, "blockTime": null, "transaction": ["", "base64"],
        "meta": {
            "err": null, "fee": FEE_LAMPORTS, "computeUnitsConsumed": 100_000,
            "preBalances": [WALLET_LAMPORTS],
            "postBalances": [WALLET_LAMPORTS - FEE_LAMPORTS - RECEIPT_LAMPORTS],
            "preTokenBalances": held("1000"), "postTokenBalances": held("1001"),
        },
    })
}
