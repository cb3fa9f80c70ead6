//! One feed kept up: connected, subscribed, pinged, and begun anew with a growing wait when it is lost.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use super::socket::{self, Socket, connect};
use crate::backoff::Backoff;
use crate::fault::{Fault, at_least_one};
use crate::transaction_fault::excerpt;

const MOST_DETAIL_BYTES: usize = 500;

/// When a feed is taken for lost, and how soon it is begun anew.
#[derive(Debug, Clone)]
pub struct FeedLimits {
    /// For connecting, and for each message that is sent.
    pub request_timeout_ms: u64,
    /// After so long without a sign of life it is pinged; after as long again it is lost.
    pub ping_every_ms: u64,
    /// After so long without a message of the subscription it is lost, however well it answers pings; None where nothing may
    /// have to be told.
    pub max_silence_ms: Option<u64>,
    /// Before the second try; doubled each time.
    pub backoff_ms: u64,
    /// At most.
    pub max_backoff_ms: u64,
}

impl Default for FeedLimits {
    fn default() -> Self {
        Self {
            request_timeout_ms: 5_000,
            ping_every_ms: 10_000,
            max_silence_ms: None,
            backoff_ms: 250,
            max_backoff_ms: 30_000,
        }
    }
}

impl FeedLimits {
    fn check(&self) -> Result<Backoff, Fault> {
        at_least_one("request_timeout_ms", self.request_timeout_ms)?;
        at_least_one("ping_every_ms", self.ping_every_ms)?;
        at_least_one("max_silence_ms", self.max_silence_ms.unwrap_or(1))?;
        Backoff::new(self.backoff_ms, self.max_backoff_ms)
    }
}

/// How a feed does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedState {
    /// For the first time.
    Connecting,
    /// It tells.
    Live,
    /// It is lost, and tried again.
    Down,
}

impl FeedState {
    /// In snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Down => "down",
        }
    }
}

/// How a feed does, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedStanding {
    /// How.
    pub state: FeedState,
    /// Scheme, host and port of whom it is, or was, heard from.
    pub endpoint: String,
    /// Why it is down.
    pub detail: String,
}

/// Sees each newest standing.
pub type StandingWatch = watch::Receiver<FeedStanding>;

/// What a message meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing yet: the answer to a subscription that is not the last.
    Opening,
    /// It tells, or could: all subscriptions are open.
    Telling,
}

/// Who listens. Told of each new connection, since subscriptions are numbered by it.
pub(super) trait Listener: Send + 'static {
    /// What is sent on a new connection.
    fn begin(&mut self) -> Vec<String>;

    /// A message; what is wrong with it in words, which ends the connection.
    fn hear(&mut self, text: &str) -> Result<Heard, String>;
}

/// A task that keeps a feed up. Dropping it ends the feed.
#[derive(Debug)]
pub(super) struct Feed {
    standing: watch::Receiver<FeedStanding>,
    task: JoinHandle<()>,
}

impl Feed {
    /// The addresses are tried in turn. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `no_endpoints`, `websocket_url_malformed`, `limit_malformed`.
    pub(super) fn start(
        field: &str,
        urls: &[String],
        limits: FeedLimits,
        listener: impl Listener,
    ) -> Result<Self, Fault> {
        let backoff = limits.check()?;
        urls.iter()
            .try_for_each(|url| socket::check_url(field, url))?;
        let Some(first) = urls.first() else {
            return Err(Fault::new(
                "no_endpoints",
                format!("{field}: is empty; give at least one address like wss://host:port"),
            ));
        };
        let (told, standing) = watch::channel(FeedStanding {
            state: FeedState::Connecting,
            endpoint: socket::label(first),
            detail: String::new(),
        });
        let keeper = Keeper {
            urls: urls.to_vec(),
            limits,
            backoff,
            told,
        };
        let task = tokio::spawn(keeper.keep(listener));
        Ok(Self { standing, task })
    }

    pub(super) fn standing(&self) -> StandingWatch {
        self.standing.clone()
    }

    pub(super) fn close(&self) {
        self.task.abort();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.close();
    }
}

struct Keeper {
    urls: Vec<String>,
    limits: FeedLimits,
    backoff: Backoff,
    told: watch::Sender<FeedStanding>,
}

impl Keeper {
    async fn keep(mut self, mut listener: impl Listener) {
        let urls = self.urls.clone();
        for url in urls.iter().cycle() {
            let why = self.talk(url, &mut listener).await;
            self.tell(FeedState::Down, url, &why);
            tokio::time::sleep(self.backoff.next()).await;
        }
    }

    /// Why the connection ended.
    async fn talk(&mut self, url: &str, listener: &mut impl Listener) -> String {
        let limit = Duration::from_millis(self.limits.request_timeout_ms);
        let mut socket = match connect(url, limit).await {
            Ok(socket) => socket,
            Err(why) => return why,
        };
        for request in listener.begin() {
            if let Err(why) = send(&mut socket, Message::text(request), limit).await {
                return why;
            }
        }
        let silence = self.limits.max_silence_ms.map(Duration::from_millis);
        let mut last_text = Instant::now();
        loop {
            let until = silence.map(|silence| last_text + silence);
            let text = match self.next_text(&mut socket, until).await {
                Ok(text) => text,
                Err(why) => return why,
            };
            last_text = Instant::now();
            match listener.hear(&text) {
                Ok(Heard::Opening) => {}
                Ok(Heard::Telling) => {
                    self.backoff.reset();
                    self.tell(FeedState::Live, url, "");
                }
                Err(why) => return why,
            }
        }
    }

    /// The next message of the subscription. Pings when nothing is heard; what is wrong in words.
    async fn next_text(
        &self,
        socket: &mut Socket,
        silent_at: Option<Instant>,
    ) -> Result<String, String> {
        let every = Duration::from_millis(self.limits.ping_every_ms);
        let limit = Duration::from_millis(self.limits.request_timeout_ms);
        let mut pinged = false;
        loop {
            let ping_at = Instant::now() + every;
            let until = silent_at.map_or(ping_at, |silent_at| silent_at.min(ping_at));
            match timeout_at(until, socket.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text.as_str().to_owned()),
                Ok(Some(Ok(Message::Close(_))) | None) => {
                    return Err("the node closed the connection".to_owned());
                }
                Ok(Some(Ok(_))) => pinged = false,
                Ok(Some(Err(fault))) => return Err(format!("the connection was lost: {fault}")),
                Err(_) if silent_at.is_some_and(|silent_at| silent_at <= Instant::now()) => {
                    let silence_ms = self.limits.max_silence_ms.unwrap_or_default();
                    return Err(format!("told nothing for {silence_ms} ms"));
                }
                Err(_) if pinged => return Err("answers no ping".to_owned()),
                Err(_) => {
                    send(socket, Message::Ping(Vec::new().into()), limit).await?;
                    pinged = true;
                }
            }
        }
    }

    fn tell(&self, state: FeedState, url: &str, detail: &str) {
        let now = FeedStanding {
            state,
            endpoint: socket::label(url),
            detail: excerpt(detail, MOST_DETAIL_BYTES),
        };
        self.told.send_if_modified(|before| {
            let changed = *before != now;
            *before = now;
            changed
        });
    }
}

async fn send(socket: &mut Socket, message: Message, limit: Duration) -> Result<(), String> {
    match timeout(limit, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(fault)) => Err(format!("the connection was lost: {fault}")),
        Err(_) => Err(format!("takes no message within {} ms", limit.as_millis())),
    }
}
