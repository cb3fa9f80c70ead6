//! A feed over Yellowstone gRPC: accounts by address and by owner, and what becomes of slots, in the validator's order.
//!
//! - here: the connection and what is told over it; - `subscription`: what is asked, and over how many streams;
//! - `server`: the streams; - `reading`: updates that can be none; - `agreement`: slots of several streams;
//! - `messages`: the protocol; - `token`: who may ask.

mod agreement;
mod messages;
mod reading;
mod server;
mod subscription;
#[cfg(test)]
mod tests;
mod token;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream, SelectAll};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tradewind_core::ChainAddress;
use tradewind_solana::fault::Fault;
use tradewind_solana::grpc::Authorities;

use self::agreement::Agreement;
use self::messages::{SlotTold, SubscribeRequest, SubscribeUpdate, Update};
use self::reading::News;
use self::server::{Dial, Later, Line, Server, Told, dial, service};
use self::subscription::{Portions, Subscription, ping};
use super::forks::Forks;
use super::pauses::Pauses;
use super::reason::Reason;
use super::{Feed, FeedEvent, NextEvent, ProgramFilter, SlotStatus};

pub use token::Token;

/// Events that are kept while a connection begins; of more, the oldest are forgotten: they are of the gap.
const MOST_EARLY: usize = 65_536;
/// What answers a server's ping; follows from nothing.
const ANSWER: i32 = 0;

/// How a Yellowstone feed behaves.
#[derive(Debug, Clone)]
pub struct YellowstoneOptions {
    /// `http://…` or `https://…`.
    pub url: String,
    /// Goes along as `x-token`.
    pub token: Option<Token>,
    /// Who vouches for the server beside the system's authorities.
    pub authorities: Authorities,
    /// A connection that does not come about, or tells nothing, for longer is given up.
    pub patience: Duration,
    /// The pause before the second attempt to connect; it doubles.
    pub first_pause: Duration,
    /// The longest pause between two attempts.
    pub longest_pause: Duration,
    /// Bytes of one message that are taken. An account has up to 10 MiB.
    pub max_message_bytes: usize,
    /// Addresses that one stream asks for: a request of 25,000 has 1.2 MB, and servers take 4 MiB.
    pub accounts_per_stream: usize,
    /// Addresses that one filter names.
    pub accounts_per_filter: usize,
}

impl YellowstoneOptions {
    /// Those of a server that tells of a slot several times a second.
    #[must_use]
    pub fn new(url: String, token: Option<Token>) -> Self {
        Self {
            url,
            token,
            authorities: Authorities::default(),
            patience: Duration::from_secs(10),
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(2),
            max_message_bytes: 16 << 20,
            accounts_per_stream: 25_000,
            accounts_per_filter: 1_000,
        }
    }
}

/// Streams that stand.
struct Standing {
    requests: Vec<mpsc::Sender<SubscribeRequest>>,
    told: SelectAll<BoxStream<'static, (usize, Told)>>,
    agreement: Agreement,
    /// By stream.
    forks: Vec<Forks>,
    /// Pings that are not answered yet, with the accounts that were asked for before them.
    unanswered: HashMap<i32, Vec<ChainAddress>>,
    next_ping: i32,
    /// When the oldest of them may have been sent.
    asked_at: Instant,
    heard_at: Instant,
}

/// The feed. Connects with the first message that is asked for.
pub struct YellowstoneFeed {
    dial: Dial,
    patience: Duration,
    pauses: Pauses,
    subscription: Subscription,
    /// Dealt to streams that may stand already.
    to_ask: Vec<(usize, ChainAddress)>,
    /// Streams that are to tell of something less, or of another program.
    changed: BTreeSet<usize>,
    connecting: Option<Later<Result<Vec<Line>, String>>>,
    standing: Option<Standing>,
    /// Why a gap is to be told.
    gap: Option<String>,
    /// Told by the server, and not by the feed yet.
    early: VecDeque<FeedEvent>,
    reason: Reason,
    root: Option<u64>,
    refused: u64,
}

impl std::fmt::Debug for YellowstoneFeed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("YellowstoneFeed")
    }
}

impl YellowstoneFeed {
    /// Of no account yet.
    #[must_use]
    pub fn new(options: &YellowstoneOptions) -> Self {
        Self::over(dial(options), options)
    }

    /// Whether a connection can be tried at all.
    ///
    /// # Errors
    /// `endpoint_malformed`, `header_malformed`, or that the system's certificates cannot be read.
    pub fn check(options: &YellowstoneOptions) -> Result<(), Fault> {
        service(options).map(drop)
    }

    fn over(dial: Dial, options: &YellowstoneOptions) -> Self {
        Self {
            dial,
            patience: options.patience,
            pauses: Pauses::new(options.first_pause, options.longest_pause),
            subscription: Subscription::new(Portions {
                per_stream: options.accounts_per_stream.max(1),
                per_filter: options.accounts_per_filter.max(1),
            }),
            to_ask: Vec::new(),
            changed: BTreeSet::new(),
            connecting: None,
            standing: None,
            gap: Some("the feed begins".to_owned()),
            early: VecDeque::new(),
            reason: Reason::default(),
            root: None,
            refused: 0,
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
        if self.standing.is_none() {
            return self.connect().await.map(|()| None);
        }
        self.ask()?;
        if let Some(reason) = self.settled_gap() {
            return Ok(Some(FeedEvent::Gap { reason }));
        }
        if self.gap.is_none()
            && let Some(event) = self.early.pop_front()
        {
            return Ok(Some(event));
        }
        let (patience, standing) = (self.patience, self.standing.as_mut());
        let Some(standing) = standing else {
            return Ok(None);
        };
        if !standing.unanswered.is_empty() && standing.asked_at.elapsed() > patience {
            return Err("the server does not answer pings".to_owned());
        }
        let told = tokio::time::timeout_at(standing.heard_at + patience, standing.told.next());
        let told = told.await.map_err(|_| "nothing was told for too long")?;
        let (stream, told) = told.ok_or("the server ended the stream")?;
        standing.heard_at = Instant::now();
        for event in self.hear(stream, told?)? {
            if self.early.len() == MOST_EARLY {
                self.early.pop_front();
            }
            self.early.push_back(event);
        }
        Ok(None)
    }

    /// The gap, once every stream has answered the ping that followed what it was asked for.
    fn settled_gap(&mut self) -> Option<String> {
        let standing = self.standing.as_ref()?;
        if standing.unanswered.is_empty() {
            return self.gap.take();
        }
        None
    }

    /// Opens every stream on a connection of its own.
    async fn connect(&mut self) -> Result<(), String> {
        let connecting = match &mut self.connecting {
            Some(connecting) => connecting,
            none => {
                let streams = self.subscription.stream_count();
                let requests = (0..streams)
                    .map(|it| self.subscription.request(it))
                    .collect();
                self.to_ask.clear();
                self.changed.clear();
                // Where that fails it is tried again behind a pause, as where nobody answers.
                let server = (self.dial)();
                let not_before = self.pauses.begin();
                none.insert(Box::pin(open_all(
                    server,
                    requests,
                    self.root.map(|root| root + 1),
                    (not_before, self.patience),
                )))
            }
        };
        let lines = connecting.await;
        self.connecting = None;
        self.pauses.connected();
        self.stand(lines?);
        Ok(())
    }

    fn stand(&mut self, lines: Vec<Line>) {
        let mut standing = Standing {
            requests: Vec::new(),
            told: SelectAll::new(),
            agreement: Agreement::of(lines.len()),
            forks: lines.iter().map(|_| Forks::default()).collect(),
            unanswered: HashMap::new(),
            next_ping: ANSWER + 1,
            asked_at: Instant::now(),
            heard_at: Instant::now(),
        };
        for (stream, line) in lines.into_iter().enumerate() {
            let end = stream::iter([Err("the server ended the stream".to_owned())]);
            let told = line.told.chain(end).map(move |told| (stream, told));
            standing.told.push(told.boxed());
            standing.requests.push(line.requests);
            standing.unanswered.insert(standing.next_ping, Vec::new());
            standing.next_ping += 1;
        }
        self.standing = Some(standing);
    }

    /// Asks the streams that stand for what was dealt to them since they were opened.
    fn ask(&mut self) -> Result<(), String> {
        if self.to_ask.is_empty() && self.changed.is_empty() {
            return Ok(());
        }
        let Some(standing) = self.standing.as_mut() else {
            return Ok(());
        };
        let changed = std::mem::take(&mut self.changed).into_iter();
        let mut joined: HashMap<_, _> = changed.map(|stream| (stream, Vec::new())).collect();
        for (stream, account) in self.to_ask.drain(..) {
            joined.entry(stream).or_default().push(account);
        }
        for (stream, accounts) in joined {
            let requests = standing.requests.get(stream);
            let requests = requests.ok_or("what is followed needs another stream")?;
            let request = self.subscription.request(stream);
            requests.try_send(request).map_err(|_| UNREAD)?;
            standing.ping(stream, accounts)?;
        }
        Ok(())
    }

    fn hear(&mut self, stream: usize, told: SubscribeUpdate) -> Result<Vec<FeedEvent>, String> {
        let Some(standing) = self.standing.as_mut() else {
            return Ok(Vec::new());
        };
        let events = match told.update {
            None => Ok(Vec::new()),
            Some(Update::Ping(_)) => return standing.answer(stream).map(|()| Vec::new()),
            Some(Update::Pong(pong)) => Ok(standing.answered(pong.id).into_iter().collect()),
            Some(Update::Account(told)) => {
                reading::account(told, &mut self.reason).map(|account| vec![account])
            }
            Some(Update::Slot(told)) => reading::slot(&told, &mut self.reason)
                .map(|news| news.map_or_else(Vec::new, |news| standing.slot(stream, &told, news))),
        };
        let events = events.unwrap_or_else(|fault| {
            // Whatever it was about was missed.
            self.refused += 1;
            let reason = format!("an update was refused: {fault}");
            vec![FeedEvent::Gap { reason }]
        });
        for event in &events {
            if let FeedEvent::Slot {
                slot,
                status: SlotStatus::Rooted,
            } = event
            {
                self.root = self.root.max(Some(*slot));
            }
        }
        Ok(events)
    }

    fn lose(&mut self, reason: String) {
        self.connecting = None;
        self.standing = None;
        self.early.clear();
        self.reason = Reason::default();
        self.pauses.lost();
        self.gap = Some(reason);
    }
}

/// A server that takes no more requests.
const UNREAD: &str = "the server does not read what it is asked";

impl Standing {
    fn ping(&mut self, stream: usize, accounts: Vec<ChainAddress>) -> Result<(), String> {
        let id = self.next_ping;
        self.next_ping = id.checked_add(1).unwrap_or(ANSWER + 1);
        self.send(stream, id)?;
        if self.unanswered.is_empty() {
            self.asked_at = Instant::now();
        }
        self.unanswered.insert(id, accounts);
        Ok(())
    }

    fn answer(&self, stream: usize) -> Result<(), String> {
        self.send(stream, ANSWER)
    }

    fn send(&self, stream: usize, id: i32) -> Result<(), String> {
        let requests = self.requests.get(stream);
        let sent = requests.map(|requests| requests.try_send(ping(id)));
        sent.is_some_and(|sent| sent.is_ok())
            .then_some(())
            .ok_or_else(|| UNREAD.to_owned())
    }

    /// What follows from one stream's news of a slot.
    fn slot(&mut self, stream: usize, told: &SlotTold, news: News) -> Vec<FeedEvent> {
        let Some(forks) = self.forks.get_mut(stream) else {
            return Vec::new();
        };
        if let Some(parent) = told.parent {
            forks.begins(told.slot, parent);
        }
        let news = match news {
            News::Begun => Vec::new(),
            News::Confirmed => {
                let left = forks.confirmed(told.slot).into_iter();
                left.map(|slot| (slot, SlotStatus::Dead)).collect()
            }
            News::Status(status) => {
                if status == SlotStatus::Dead {
                    forks.ends(told.slot);
                }
                vec![(told.slot, status)]
            }
        };
        let news = news.into_iter();
        news.filter_map(|(slot, status)| self.agreement.says(stream, slot, status))
            .map(|(slot, status)| FeedEvent::Slot { slot, status })
            .collect()
    }

    fn answered(&mut self, id: i32) -> Option<FeedEvent> {
        let accounts = self.unanswered.remove(&id)?;
        (!accounts.is_empty()).then_some(FeedEvent::Following { accounts })
    }
}

/// Opens the streams one after the other. What was told after the root is asked for again where the server still has it:
/// then even what slots wrote that die after the gap is known.
async fn open_all(
    server: Result<Arc<dyn Server>, String>,
    requests: Vec<SubscribeRequest>,
    from_slot: Option<u64>,
    (not_before, patience): (Option<Instant>, Duration),
) -> Result<Vec<Line>, String> {
    if let Some(moment) = not_before {
        tokio::time::sleep_until(moment).await;
    }
    let server = server?;
    let available = match from_slot {
        Some(_) => server.first_available().await,
        None => None,
    };
    let from_slot = from_slot.filter(|slot| available.is_some_and(|first| first <= *slot));
    let mut lines = Vec::new();
    for (request, first_ping) in requests.into_iter().zip(ANSWER + 1..) {
        let request = SubscribeRequest {
            from_slot,
            ..request
        };
        let opened = tokio::time::timeout(patience, server.open(request, first_ping)).await;
        lines.push(opened.map_err(|_| "no connection came about in time")??);
    }
    Ok(lines)
}

impl Feed for YellowstoneFeed {
    fn next(&mut self) -> NextEvent<'_> {
        Box::pin(async { Some(self.event().await) })
    }

    fn follow(&mut self, accounts: &[ChainAddress]) {
        for account in accounts {
            if let Some(stream) = self.subscription.add(*account) {
                self.to_ask.push((stream, *account));
            }
        }
    }

    fn unfollow(&mut self, accounts: &[ChainAddress]) {
        let left = accounts
            .iter()
            .filter_map(|account| self.subscription.remove(*account));
        self.changed.extend(left);
        self.to_ask
            .retain(|(_, account)| !accounts.contains(account));
    }

    fn trouble(&self) -> Option<&str> {
        self.gap.as_deref()
    }

    fn follow_programs(&mut self, programs: &[ProgramFilter]) {
        for program in programs {
            if self.subscription.add_program(program) {
                self.changed.insert(0);
            }
        }
    }

    fn refused(&self) -> u64 {
        self.refused
    }
}
