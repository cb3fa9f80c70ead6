//! A feed over one websocket: `accountSubscribe` for each account, `programSubscribe` for each program, and
//! `slotsUpdatesSubscribe` for what becomes of slots.
//!
//! A node's notifications carry their slot and no write version, so the version is the order of their arrival.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::pin::Pin;
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

use super::forks::Forks;
use super::pauses::Pauses;
use super::reason::{FAR_AHEAD, Reason};
use super::{AccountUpdate, Feed, FeedEvent, Moment, NextEvent, ProgramFilter, SlotStatus};

const MOST_MESSAGE_BYTES: usize = 16 << 20;
/// Requests that wait for their answer.
const MOST_UNANSWERED: usize = 512;
/// A node that takes no more requests.
const UNREAD: &str = "the node does not read what it is asked";
/// Characters of a node's words that are passed on.
const MOST_SAID: usize = 300;

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
    /// The end of a subscription.
    End,
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
    /// The number of each account's subscription.
    numbers: HashMap<ChainAddress, u64>,
    /// Subscribed to while others were told of already, and answered.
    joined: Vec<ChainAddress>,
    forks: Forks,
    /// Slots that were left behind, and are not told of yet.
    left: VecDeque<u64>,
    next_request: u64,
    heard_at: Instant,
    /// Since when the node has not read all that it was asked.
    unread_since: Option<Instant>,
    reason: Reason,
}

type Connecting = Pin<Box<dyn Future<Output = Result<Connection, String>> + Send>>;

/// The feed. Connects with the first message that is asked for.
pub struct WebsocketFeed {
    options: WebsocketOptions,
    pauses: Pauses,
    accounts: BTreeSet<ChainAddress>,
    programs: BTreeSet<ProgramFilter>,
    /// To be subscribed to on the connection that stands.
    to_ask: VecDeque<Wanted>,
    /// Subscribed to on the connection that stands, and not wanted any more.
    to_end: VecDeque<ChainAddress>,
    connecting: Option<Connecting>,
    connection: Option<Connection>,
    /// Why a gap is to be told.
    gap: Option<String>,
    write_version: u64,
}

impl std::fmt::Debug for WebsocketFeed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WebsocketFeed")
    }
}

impl WebsocketFeed {
    /// Of no account yet.
    #[must_use]
    pub fn new(options: WebsocketOptions) -> Self {
        Self {
            pauses: Pauses::new(options.first_pause, options.longest_pause),
            options,
            accounts: BTreeSet::new(),
            programs: BTreeSet::new(),
            to_ask: VecDeque::new(),
            to_end: VecDeque::new(),
            connecting: None,
            connection: None,
            gap: Some("the feed begins".to_owned()),
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

    /// One message, or one part of getting there. What has been waited for in vain stays, and is waited for again.
    async fn step(&mut self) -> Result<Option<FeedEvent>, String> {
        let Some(connection) = self.connection.as_mut() else {
            return self.connect().await.map(|()| None);
        };
        // Only so many at once: whoever only asks and never reads is not read either.
        while connection.asked.len() < MOST_UNANSWERED
            && let Some(account) = self.to_end.front()
        {
            let deadline = connection.deadline(self.options.patience);
            let asking = connection.unsubscribe(*account);
            let asked = tokio::time::timeout_at(deadline, asking).await;
            asked.map_err(|_| UNREAD.to_owned())??;
            self.to_end.pop_front();
        }
        while connection.asked.len() < MOST_UNANSWERED
            && let Some(wanted) = self.to_ask.front()
        {
            let deadline = connection.deadline(self.options.patience);
            let asking = connection.subscribe(wanted, self.options.commitment);
            let asked = tokio::time::timeout_at(deadline, asking).await;
            asked.map_err(|_| UNREAD.to_owned())??;
            self.to_ask.pop_front();
        }
        if connection.unread_since.is_some() {
            let deadline = connection.deadline(self.options.patience);
            let flushed = tokio::time::timeout_at(deadline, connection.socket.flush()).await;
            let flushed = flushed.map_err(|_| UNREAD.to_owned())?;
            flushed.map_err(|error| error.to_string())?;
            connection.unread_since = None;
        }
        if let Some(slot) = connection.left.pop_front() {
            let status = SlotStatus::Dead;
            return Ok(Some(FeedEvent::Slot { slot, status }));
        }
        let deadline = connection.heard_at + self.options.patience;
        let message = tokio::time::timeout_at(deadline, connection.socket.next()).await;
        let message = message
            .map_err(|_| "nothing was told for too long".to_owned())?
            .ok_or_else(|| "the node ended the connection".to_owned())?
            .map_err(|error| error.to_string())?;
        connection.heard_at = Instant::now();
        let Message::Text(text) = message else {
            return Ok(None);
        };
        let told: Value = serde_json::from_str(text.as_str())
            .map_err(|_| "the node sent what is not JSON".to_owned())?;
        if told.get("id").is_some() {
            let begun = connection.answered(&told)?;
            // Unfollowed before its number was known.
            self.to_end
                .extend(begun.filter(|account| !self.accounts.contains(account)));
            return Ok(self.subscribed());
        }
        // What is told before every subscription is answered is of the gap, and is read with it.
        if self.gap.is_some() {
            return Ok(None);
        }
        self.notified(&told)
    }

    /// Once every request is answered nothing more can be missed: that ends the gap, or says who joined.
    fn subscribed(&mut self) -> Option<FeedEvent> {
        let connection = self.connection.as_mut()?;
        if !connection.asked.is_empty() || !self.to_ask.is_empty() {
            return None;
        }
        let mut accounts = std::mem::take(&mut connection.joined);
        accounts.retain(|account| self.accounts.contains(account));
        if let Some(reason) = self.gap.take() {
            return Some(FeedEvent::Gap { reason });
        }
        (!accounts.is_empty()).then_some(FeedEvent::Following { accounts })
    }

    fn notified(&mut self, told: &Value) -> Result<Option<FeedEvent>, String> {
        let Some(connection) = self.connection.as_mut() else {
            return Ok(None);
        };
        let subject = told["params"]["subscription"].as_u64();
        let Some(subject) = subject.and_then(|it| connection.open.get(&it)) else {
            return Ok(None);
        };
        self.write_version += 1;
        let result = &told["params"]["result"];
        let event = match *subject {
            Subject::End => return Ok(None),
            Subject::Slots => return connection.slot(result),
            Subject::Account(key) => account(key, &result["value"], result, self.write_version),
            Subject::Program => told_key(&result["value"]["pubkey"]).and_then(|key| {
                account(key, &result["value"]["account"], result, self.write_version)
            }),
        };
        let event =
            event.ok_or_else(|| "the node told of an account in another form".to_owned())?;
        match &event {
            FeedEvent::Account(update) if !connection.reason.takes(update.moment.slot) => {
                Err(FAR_AHEAD.to_owned())
            }
            _ => Ok(Some(event)),
        }
    }

    async fn connect(&mut self) -> Result<(), String> {
        let connecting = match &mut self.connecting {
            Some(connecting) => connecting,
            none => {
                let not_before = self.pauses.begin();
                let url = self.options.url.clone();
                let patience = self.options.patience;
                none.insert(Box::pin(Connection::open(url, not_before, patience)))
            }
        };
        let opened = connecting.await;
        self.connecting = None;
        self.connection = Some(opened?);
        self.pauses.connected();
        let programs = self.programs.iter().cloned().map(Wanted::Program);
        let accounts = self.accounts.iter().copied().map(Wanted::Account);
        self.to_ask = programs.chain(accounts).collect();
        self.to_end.clear();
        Ok(())
    }

    fn lose(&mut self, reason: String) {
        self.connecting = None;
        self.connection = None;
        self.pauses.lost();
        self.gap = Some(reason);
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

    fn unfollow(&mut self, accounts: &[ChainAddress]) {
        for account in accounts {
            if self.accounts.remove(account) {
                let is_it =
                    |wanted: &Wanted| matches!(wanted, Wanted::Account(key) if key == account);
                self.to_ask.retain(|wanted| !is_it(wanted));
                self.to_end.push_back(*account);
            }
        }
    }

    fn trouble(&self) -> Option<&str> {
        self.gap.as_deref()
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
    /// Connects, and asks what becomes of slots.
    async fn open(
        url: String,
        not_before: Option<Instant>,
        patience: Duration,
    ) -> Result<Self, String> {
        if let Some(moment) = not_before {
            tokio::time::sleep_until(moment).await;
        }
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MOST_MESSAGE_BYTES))
            .max_frame_size(Some(MOST_MESSAGE_BYTES));
        let connecting = connect_async_with_config(&url, Some(limits), true);
        let (socket, _) = tokio::time::timeout(patience, connecting)
            .await
            .map_err(|_| "no connection came about in time".to_owned())?
            .map_err(|error| error.to_string())?;
        let mut connection = Self {
            socket,
            asked: HashMap::new(),
            open: HashMap::new(),
            numbers: HashMap::new(),
            joined: Vec::new(),
            forks: Forks::default(),
            left: VecDeque::new(),
            next_request: 1,
            heard_at: Instant::now(),
            unread_since: Some(Instant::now()),
            reason: Reason::default(),
        };
        connection
            .ask("slotsUpdatesSubscribe", &json!([]), Subject::Slots)
            .await?;
        Ok(connection)
    }

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

    /// Ends the subscription of an account, if its number is known.
    async fn unsubscribe(&mut self, account: ChainAddress) -> Result<(), String> {
        let Some(number) = self.numbers.get(&account).copied() else {
            return Ok(());
        };
        self.ask("accountUnsubscribe", &json!([number]), Subject::End)
            .await?;
        self.numbers.remove(&account);
        self.open.remove(&number);
        Ok(())
    }

    /// Gives one request away, to be flushed. When the wait for that is dropped, nothing of it was given away.
    async fn ask(&mut self, method: &str, params: &Value, subject: Subject) -> Result<(), String> {
        let number = self.next_request;
        let request = json!({"jsonrpc": "2.0", "id": number, "method": method, "params": params});
        let given = self.socket.feed(Message::text(request.to_string())).await;
        given.map_err(|error| error.to_string())?;
        self.next_request += 1;
        self.asked.insert(number, subject);
        Ok(())
    }

    /// Until when the node has to have read what it is asked, however often the wait for that is dropped.
    fn deadline(&mut self, patience: Duration) -> Instant {
        *self.unread_since.get_or_insert_with(Instant::now) + patience
    }

    fn slot(&mut self, result: &Value) -> Result<Option<FeedEvent>, String> {
        let (Some(slot), Some(kind)) = (result["slot"].as_u64(), result["type"].as_str()) else {
            return Err("the node told of a slot in another form".to_owned());
        };
        if !self.reason.takes(slot) {
            return Err(FAR_AHEAD.to_owned());
        }
        let status = match kind {
            // What a slot wrote is told only behind its freezing, and before its child is frozen.
            "frozen" => {
                let parent = self.forks.parent(slot);
                let status = SlotStatus::Processed;
                return Ok(parent.map(|slot| FeedEvent::Slot { slot, status }));
            }
            "root" => SlotStatus::Rooted,
            "dead" => {
                self.forks.ends(slot);
                SlotStatus::Dead
            }
            "createdBank" => {
                if let Some(parent) = result["parent"].as_u64() {
                    self.forks.begins(slot, parent);
                }
                return Ok(None);
            }
            "optimisticConfirmation" => {
                self.left.extend(self.forks.confirmed(slot));
                return Ok(None);
            }
            _ => return Ok(None),
        };
        Ok(Some(FeedEvent::Slot { slot, status }))
    }

    /// Gives the account whose subscription has begun, if it is one's.
    fn answered(&mut self, told: &Value) -> Result<Option<ChainAddress>, String> {
        let subject = told["id"]
            .as_u64()
            .and_then(|number| self.asked.remove(&number));
        if let (Some(Subject::End), Some(_)) = (subject, told["result"].as_bool()) {
            return Ok(None);
        }
        if let (Some(subject), Some(number)) = (subject, told["result"].as_u64()) {
            self.open.insert(number, subject);
            if let Subject::Account(key) = subject {
                self.joined.push(key);
                self.numbers.insert(key, number);
                return Ok(Some(key));
            }
            return Ok(None);
        }
        let said = told["error"]["message"].to_string();
        let said: String = said.chars().take(MOST_SAID).collect();
        Err(format!("the node refused a subscription: {said}"))
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
