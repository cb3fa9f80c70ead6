//! A feed over one websocket: `accountSubscribe` for each account, `programSubscribe` for each program, and
//! `slotsUpdatesSubscribe` for what becomes of slots.
//!
//! A node's notifications carry their slot and no write version, so the version is the order of their arrival.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tradewind_core::ChainAddress;
use tradewind_solana::Key;

use super::{AccountUpdate, Feed, FeedEvent, Moment, NextEvent, ProgramFilter, SlotStatus};

const MOST_MESSAGE_BYTES: usize = 16 << 20;

/// How a websocket feed behaves.
#[derive(Debug, Clone)]
pub struct WebsocketOptions {
    /// `ws://…` or `wss://…`.
    pub url: String,
    /// At which commitment accounts are told.
    pub commitment: &'static str,
    /// A connection that does not come about, or is silent, for longer is given up.
    pub patience: Duration,
    /// The pause before the second attempt to connect; it doubles.
    pub first_pause: Duration,
    /// The longest pause between two attempts.
    pub longest_pause: Duration,
}

impl WebsocketOptions {
    /// Those of a node that tells of a slot several times a second.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self {
            url,
            commitment: "processed",
            patience: Duration::from_secs(10),
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(2),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Subject {
    Account(ChainAddress),
    Program,
    Slots,
}

/// What is subscribed to.
#[derive(Debug, Clone)]
enum Wanted {
    Account(ChainAddress),
    Program(ProgramFilter),
}

#[derive(Debug)]
struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// By the number of the request.
    asked: HashMap<u64, Subject>,
    /// By the number of the subscription.
    open: HashMap<u64, Subject>,
    /// Subscribed to while others were told of already, and answered.
    joined: Vec<ChainAddress>,
    next_request: u64,
}

/// The feed. Connects with the first message that is asked for.
#[derive(Debug)]
pub struct WebsocketFeed {
    options: WebsocketOptions,
    accounts: BTreeSet<ChainAddress>,
    programs: BTreeSet<ProgramFilter>,
    /// To be subscribed to on the connection that stands.
    to_ask: VecDeque<Wanted>,
    connection: Option<Connection>,
    /// Why there is none, once there was one.
    lost: Option<String>,
    attempts: u32,
    not_before: Option<Instant>,
    write_version: u64,
}

impl WebsocketFeed {
    /// Of no account yet.
    #[must_use]
    pub const fn new(options: WebsocketOptions) -> Self {
        Self {
            options,
            accounts: BTreeSet::new(),
            programs: BTreeSet::new(),
            to_ask: VecDeque::new(),
            connection: None,
            lost: None,
            attempts: 0,
            not_before: None,
            write_version: 0,
        }
    }

    async fn event(&mut self) -> FeedEvent {
        loop {
            match self.step().await {
                Ok(Some(event)) => return event,
                Ok(None) => {}
                Err(reason) => self.lose(reason),
            }
        }
    }

    /// One message, or one part of getting there.
    async fn step(&mut self) -> Result<Option<FeedEvent>, String> {
        if self.connection.is_none() {
            return self.connect().await.map(Some);
        }
        let patience = self.options.patience;
        let commitment = self.options.commitment;
        let Some(connection) = self.connection.as_mut() else {
            return Ok(None);
        };
        while let Some(wanted) = self.to_ask.front() {
            connection.subscribe(wanted, commitment).await?;
            self.to_ask.pop_front();
        }
        let message = tokio::time::timeout(patience, connection.socket.next()).await;
        let message = message
            .map_err(|_| "nothing was told for too long".to_owned())?
            .ok_or_else(|| "the node ended the connection".to_owned())?
            .map_err(|error| error.to_string())?;
        let Message::Text(text) = message else {
            return Ok(None);
        };
        let told: Value = serde_json::from_str(text.as_str())
            .map_err(|_| "the node sent what is not JSON".to_owned())?;
        if told.get("id").is_some() {
            connection.answered(&told)?;
            return Ok(connection.following());
        }
        let subject = told["params"]["subscription"]
            .as_u64()
            .and_then(|number| connection.open.get(&number).copied());
        let Some(subject) = subject else {
            return Ok(None);
        };
        self.write_version += 1;
        let result = &told["params"]["result"];
        let event = match subject {
            Subject::Slots => return slot(result),
            Subject::Account(key) => account(key, &result["value"], result, self.write_version),
            Subject::Program => told_key(&result["value"]["pubkey"]).and_then(|key| {
                account(key, &result["value"]["account"], result, self.write_version)
            }),
        };
        event
            .map(Some)
            .ok_or_else(|| "the node told of an account in another form".to_owned())
    }

    /// Connects and asks for everything. What was missed meanwhile is a gap, also before the first connection:
    /// whatever is known was read without a feed.
    async fn connect(&mut self) -> Result<FeedEvent, String> {
        if let Some(moment) = self.not_before {
            tokio::time::sleep_until(moment).await;
        }
        let doubled = self.options.first_pause * 2u32.saturating_pow(self.attempts.min(16));
        self.not_before = Some(Instant::now() + doubled.min(self.options.longest_pause));
        self.attempts += 1;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MOST_MESSAGE_BYTES))
            .max_frame_size(Some(MOST_MESSAGE_BYTES));
        let connecting = connect_async_with_config(&self.options.url, Some(limits), true);
        let (socket, _) = tokio::time::timeout(self.options.patience, connecting)
            .await
            .map_err(|_| "no connection came about in time".to_owned())?
            .map_err(|error| error.to_string())?;
        let mut connection = Connection {
            socket,
            asked: HashMap::new(),
            open: HashMap::new(),
            joined: Vec::new(),
            next_request: 1,
        };
        connection
            .ask("slotsUpdatesSubscribe", &json!([]), Subject::Slots)
            .await?;
        let programs = self.programs.iter().cloned().map(Wanted::Program);
        let accounts = self.accounts.iter().copied().map(Wanted::Account);
        for wanted in programs.chain(accounts) {
            connection
                .subscribe(&wanted, self.options.commitment)
                .await?;
        }
        connection.settle(self.options.patience).await?;
        connection.joined.clear();
        self.to_ask.clear();
        self.connection = Some(connection);
        self.attempts = 0;
        let reason = self
            .lost
            .take()
            .unwrap_or_else(|| "the feed begins".to_owned());
        Ok(FeedEvent::Gap { reason })
    }

    fn lose(&mut self, reason: String) {
        self.connection = None;
        self.lost = Some(reason);
    }
}

impl Feed for WebsocketFeed {
    fn next(&mut self) -> NextEvent<'_> {
        Box::pin(async { Some(self.event().await) })
    }

    fn follow(&mut self, accounts: &[ChainAddress]) {
        for account in accounts {
            if self.accounts.insert(*account) {
                self.to_ask.push_back(Wanted::Account(*account));
            }
        }
    }

    fn follow_programs(&mut self, programs: &[ProgramFilter]) {
        for program in programs {
            if self.programs.insert(program.clone()) {
                self.to_ask.push_back(Wanted::Program(program.clone()));
            }
        }
    }
}

impl Connection {
    async fn subscribe(&mut self, wanted: &Wanted, commitment: &str) -> Result<(), String> {
        let mut how = json!({"encoding": "base64", "commitment": commitment});
        match wanted {
            Wanted::Account(key) => {
                let params = json!([key.to_string(), how]);
                self.ask("accountSubscribe", &params, Subject::Account(*key))
                    .await
            }
            Wanted::Program(filter) => {
                let conditions = conditions(filter);
                if !conditions.is_empty() {
                    how["filters"] = conditions.into();
                }
                let params = json!([filter.program.to_string(), how]);
                self.ask("programSubscribe", &params, Subject::Program)
                    .await
            }
        }
    }

    /// The accounts that joined, once nothing is open: a later answer cannot be missed by whoever reads them.
    fn following(&mut self) -> Option<FeedEvent> {
        if self.joined.is_empty() || !self.asked.is_empty() {
            return None;
        }
        let accounts = std::mem::take(&mut self.joined);
        Some(FeedEvent::Following { accounts })
    }

    async fn ask(&mut self, method: &str, params: &Value, subject: Subject) -> Result<(), String> {
        let number = self.next_request;
        self.next_request += 1;
        let request = json!({"jsonrpc": "2.0", "id": number, "method": method, "params": params});
        self.asked.insert(number, subject);
        let sent = self.socket.send(Message::text(request.to_string())).await;
        sent.map_err(|error| error.to_string())
    }

    /// Waits until every request is answered: only then nothing more can be missed. What is told meanwhile is of the
    /// gap, and is read with it.
    async fn settle(&mut self, patience: Duration) -> Result<(), String> {
        let all = async {
            while !self.asked.is_empty() {
                let message = self
                    .socket
                    .next()
                    .await
                    .ok_or("the node ended the connection")?;
                let message = message.map_err(|error| error.to_string())?;
                if let Message::Text(text) = message
                    && let Ok(told) = serde_json::from_str::<Value>(text.as_str())
                    && told.get("id").is_some()
                {
                    self.answered(&told)?;
                }
            }
            Ok(())
        };
        let settled = tokio::time::timeout(patience, all).await;
        settled.map_err(|_| "the node did not answer every subscription in time".to_owned())?
    }

    fn answered(&mut self, told: &Value) -> Result<(), String> {
        let subject = told["id"]
            .as_u64()
            .and_then(|number| self.asked.remove(&number));
        match (subject, told["result"].as_u64()) {
            (Some(subject), Some(number)) => {
                self.open.insert(number, subject);
                if let Subject::Account(key) = subject {
                    self.joined.push(key);
                }
                Ok(())
            }
            _ => Err(format!(
                "the node refused a subscription: {}",
                told["error"]["message"]
            )),
        }
    }
}

/// The conditions as `programSubscribe` wants them.
fn conditions(filter: &ProgramFilter) -> Vec<Value> {
    let size = filter.data_size.map(|size| json!({"dataSize": size}));
    let compared = filter.comparisons.iter().map(|comparison| {
        let bytes = bs58::encode(&comparison.bytes).into_string();
        json!({"memcmp": {"offset": comparison.offset, "bytes": bytes}})
    });
    size.into_iter().chain(compared).collect()
}

fn slot(result: &Value) -> Result<Option<FeedEvent>, String> {
    let (Some(slot), Some(kind)) = (result["slot"].as_u64(), result["type"].as_str()) else {
        return Err("the node told of a slot in another form".to_owned());
    };
    let status = match kind {
        "frozen" | "completed" => SlotStatus::Processed,
        "root" => SlotStatus::Rooted,
        "dead" => SlotStatus::Dead,
        _ => return Ok(None),
    };
    Ok(Some(FeedEvent::Slot { slot, status }))
}

fn account(
    key: ChainAddress,
    value: &Value,
    result: &Value,
    write_version: u64,
) -> Option<FeedEvent> {
    let update = AccountUpdate {
        key,
        moment: Moment {
            slot: result["context"]["slot"].as_u64()?,
            write_version,
        },
        ..decode_account(key, value)?
    };
    Some(FeedEvent::Account(update))
}

/// An account as JSON-RPC writes it with base64 data; its moment is still to be set.
pub(crate) fn decode_account(key: ChainAddress, value: &Value) -> Option<AccountUpdate> {
    Some(AccountUpdate {
        key,
        moment: Moment::default(),
        lamports: value["lamports"].as_u64()?,
        owner: told_key(&value["owner"])?,
        data: STANDARD.decode(value["data"][0].as_str()?).ok()?.into(),
    })
}

fn told_key(value: &Value) -> Option<ChainAddress> {
    Key::parse(value.as_str()?).map(ChainAddress::from)
}

#[cfg(test)]
#[path = "websocket_tests.rs"]
mod tests;
