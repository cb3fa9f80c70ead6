//! Sends transactions over QUIC, by the lane and by quinn alone, to one leader on loopback; for the benches.
//!
//! Asked in JSON lines: `{"op": "lane" | "quinn", "count": N}` gives `{"ns": total of the sends, "equal": how many arrived as
//! sent}`. Both send the same bytes the same way, one after the other, over a connection of their own that is open already;
//! the arrival is waited for between two sends and not counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, Connection, Endpoint, ServerConfig};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tradewind_solana::Key;
use tradewind_solana::lanes::tpu::{TpuLane, TpuOptions};
use tradewind_solana::lanes::{Lane, SendOptions};
use tradewind_solana::rpc_pool::{PoolOptions, RpcPool};
use tradewind_solana::signed_transaction::{PACKET_BYTES, SignedTransaction};

const SIZE_BYTES: usize = 600;
const PATIENCE: Duration = Duration::from_secs(10);
const LEADER: Key = Key([1; 32]);
const GENESIS: Key = Key([2; 32]);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let (arrived, mut arrivals) = mpsc::channel(16);
    let leader = serve_quic(arrived);
    let rpc = serve_rpc(leader).await;
    let pool = RpcPool::new(&[rpc], &GENESIS.to_string(), &PoolOptions::default()).unwrap();
    let lane = TpuLane::new(
        Arc::new(pool),
        &TpuOptions {
            slot_every_ms: 60_000,
            ..TpuOptions::default()
        },
    )
    .unwrap();
    lane.start().await.unwrap();
    let bare = connect(leader).await;
    let mut number = 0_u64;
    let (asked, mut questions) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            asked.blocking_send(line.unwrap()).unwrap();
        }
    });
    while let Some(line) = questions.recv().await {
        let question: Value = serde_json::from_str(&line).unwrap();
        let count = question["count"].as_u64().unwrap();
        let (mut ns, mut equal) = (0, 0_u64);
        for _ in 0..count {
            number += 1;
            let transaction = SignedTransaction::parse(&wire(number), PACKET_BYTES).unwrap();
            let start = Instant::now();
            if question["op"] == "lane" {
                assert!(
                    lane.send(&transaction, &SendOptions::default())
                        .await
                        .outcome
                        .is_taken()
                );
            } else {
                let mut stream = bare.open_uni().await.unwrap();
                stream.write_all(transaction.wire()).await.unwrap();
                stream.finish().unwrap();
            }
            ns += start.elapsed().as_nanos();
            let came: Vec<u8> = tokio::time::timeout(PATIENCE, arrivals.recv())
                .await
                .unwrap()
                .unwrap();
            equal += u64::from(came == transaction.wire());
        }
        println!(
            "{}",
            json!({"ns": u64::try_from(ns).unwrap(), "equal": equal})
        );
        std::io::stdout().flush().unwrap();
    }
}

/// One signature and a message that differs in its number.
fn wire(number: u64) -> Vec<u8> {
    let mut wire = vec![0x5a; SIZE_BYTES];
    wire[0] = 1;
    wire[65..73].copy_from_slice(&number.to_le_bytes());
    wire
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A leader that tells the bytes of each stream.
fn serve_quic(arrived: mpsc::Sender<Vec<u8>>) -> SocketAddr {
    let (certificate, key) = self_signed();
    let mut tls = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    tls.alpn_protocols = vec![b"solana-tpu".to_vec()];
    let config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).unwrap()));
    let endpoint = Endpoint::server(config, "127.0.0.1:0".parse().unwrap()).unwrap();
    let address = endpoint.local_addr().unwrap();
    tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            let arrived = arrived.clone();
            tokio::spawn(async move {
                let connection = incoming.await.unwrap();
                while let Ok(mut stream) = connection.accept_uni().await {
                    arrived
                        .send(stream.read_to_end(PACKET_BYTES).await.unwrap())
                        .await
                        .unwrap();
                }
            });
        }
    });
    address
}

async fn connect(leader: SocketAddr) -> Connection {
    let mut tls = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"solana-tpu".to_vec()];
    let mut endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    endpoint.set_default_client_config(ClientConfig::new(Arc::new(
        QuicClientConfig::try_from(tls).unwrap(),
    )));
    endpoint
        .connect(leader, "localhost")
        .unwrap()
        .await
        .unwrap()
}

/// The questions that the lane asks before it sends.
async fn serve_rpc(leader: SocketAddr) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut held = Vec::new();
                let mut piece = [0; 4096];
                while let Ok(length @ 1..) = socket.read(&mut piece).await {
                    held.extend_from_slice(&piece[..length]);
                    let text = String::from_utf8_lossy(&held).into_owned();
                    let Some((_, body)) = text.split_once("\r\n\r\n") else {
                        continue;
                    };
                    let Ok(question) = serde_json::from_str::<Value>(body) else {
                        continue;
                    };
                    held.clear();
                    let body =
                        json!({"jsonrpc": "2.0", "id": 1, "result": told(&question, leader)})
                            .to_string();
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    socket.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    format!("http://{address}")
}

fn told(question: &Value, leader: SocketAddr) -> Value {
    match question["method"].as_str().unwrap() {
        "getGenesisHash" => json!(GENESIS.to_string()),
        "getSlot" => json!(1_000),
        "getSlotLeaders" => json!(vec![LEADER.to_string(); 1_000]),
        "getClusterNodes" => json!([{"pubkey": LEADER.to_string(), "tpuQuic": leader.to_string()}]),
        other => panic!("nobody asks {other}"),
    }
}

#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

/// Of RFC 8410's example key (section 10.3), in a certificate that nobody checks.
fn self_signed() -> (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>) {
    let unhex = |hex: &str| -> Vec<u8> {
        (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    };
    (unhex(CERTIFICATE).into(), unhex(KEY).into())
}

const KEY: &str = "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842";
const CERTIFICATE: &str = "\
    3081ce308181a003020102020101300506032b65703011310f300d06035504030c066c6561646572301e170d30303031\
    30313030303030305a170d3439303130313030303030305a3011310f300d06035504030c066c6561646572302a300506\
    032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1300506032b65700341\
    00695e8631bef6b5d22133898a7aab614760ebd626241331c503c915333f2502d668f5e12d94e74428adf843366a8af0\
    32d03775d47c407a8d94fc840987f5b20e";
