//! The streams of one connection to a server, and the server itself.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;
use tradewind_solana::fault::Fault;
use tradewind_solana::grpc::{GrpcLimits, GrpcService, said};

use super::YellowstoneOptions;
use super::messages::{ReplayInfo, ReplayInfoRequest, SubscribeRequest, SubscribeUpdate};
use super::subscription::ping;

const SUBSCRIBE: &str = "/geyser.Geyser/Subscribe";
const REPLAY_INFO: &str = "/geyser.Geyser/SubscribeReplayInfo";
const TOKEN: &str = "x-token";
/// Requests that wait to be sent.
const MOST_REQUESTS: usize = 64;

pub(super) type Told = Result<SubscribeUpdate, String>;
pub(super) type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// One stream each way.
pub(super) struct Line {
    pub(super) requests: mpsc::Sender<SubscribeRequest>,
    pub(super) told: BoxStream<'static, Told>,
}

/// A connection that streams are opened on.
pub(super) trait Server: Send + Sync {
    /// Asks for this, and pings: some servers say nothing, not even that they listen, before they have something to tell.
    fn open(&self, first: SubscribeRequest, first_ping: i32) -> Later<Result<Line, String>>;

    /// The oldest slot that can be told again.
    fn first_available(&self) -> Later<Option<u64>>;
}

/// Makes a connection that nothing of the one before is left in.
pub(super) type Dial = Box<dyn Fn() -> Result<Arc<dyn Server>, String> + Send>;

pub(super) fn dial(options: &YellowstoneOptions) -> Dial {
    let options = options.clone();
    Box::new(move || {
        let service = service(&options).map_err(|fault| fault.to_string())?;
        Ok(Arc::new(Geyser(service)))
    })
}

/// What a connection is made over; makes none yet.
pub(super) fn service(options: &YellowstoneOptions) -> Result<GrpcService, Fault> {
    let limits = GrpcLimits {
        timeout_ms: u64::try_from(options.patience.as_millis()).unwrap_or(u64::MAX),
        max_message_bytes: options.max_message_bytes,
    };
    let header = options.token.as_ref().map(|token| (TOKEN, token.reveal()));
    GrpcService::trusting(&options.url, header, limits, &options.authorities)
}

struct Geyser(GrpcService);

impl Server for Geyser {
    fn open(&self, first: SubscribeRequest, first_ping: i32) -> Later<Result<Line, String>> {
        let service = self.0.clone();
        Box::pin(async move {
            let (requests, mut waiting) = mpsc::channel(MOST_REQUESTS);
            let later = stream::poll_fn(move |context| waiting.poll_recv(context));
            let asked = stream::iter([first, ping(first_ping)]).chain(later);
            let told = service
                .converse::<_, SubscribeUpdate, _>(SUBSCRIBE, asked)
                .await?;
            let told = told.map(|told| told.map_err(|status| said(&status)));
            Ok(Line {
                requests,
                told: told.boxed(),
            })
        })
    }

    fn first_available(&self) -> Later<Option<u64>> {
        let service = self.0.clone();
        Box::pin(async move {
            let asking = service.ask::<_, ReplayInfo>(REPLAY_INFO, ReplayInfoRequest {});
            let told = tokio::time::timeout(Duration::from_secs(2), asking).await;
            told.ok()?.ok()?.first_available
        })
    }
}
