//! The quote service: what the engine's pools would give, over gRPC, by the router that every quote of this project has.
//!
//! - here: the listener and the two methods; - `messages`: what travels; - `pricing`: a request and its answer;
//! - `streaming`: one stream of quotes; - `changes`: which pools have changed; - `refusal`: why there is no quote.
//!
//! Everything runs on one thread of its own. A quote holds the pools as the scanner does, for one search; no stage of the
//! pipeline ever waits for a client.

mod changes;
mod messages;
mod pricing;
mod refusal;
mod streaming;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::Stream;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tonic::body::Body;
use tonic::server::{Grpc, ServerStreamingService, UnaryService};
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;

pub use changes::PoolChanges;
use messages::{QuoteReply, QuoteRequest, StreamQuotesRequest, StreamedQuote};
use pricing::Question;
use refusal::Refusal;
use streaming::QuoteStream;

use crate::fault::{Ending, EngineFault};
use crate::pipeline::Shared;

const QUOTE: &str = "/tradewind.quotes.v1.Quotes/Quote";
const STREAM_QUOTES: &str = "/tradewind.quotes.v1.Quotes/StreamQuotes";

const MOST_CONNECTIONS: usize = 64;
const MOST_STREAMS: usize = 64;
const MOST_PAIRS: usize = 64;
const MOST_CALLS_PER_CONNECTION: u32 = 64;
const MOST_REQUEST_BYTES: usize = 64 << 10;
const MOST_HEADER_BYTES: u32 = 16 << 10;

/// How long a wait lasts before it looks whether the engine stops.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a connection may say nothing at its beginning.
const SILENCE: Duration = Duration::from_secs(5);
/// Between two pings of a quiet connection, and for the answer.
const PING: Duration = Duration::from_secs(20);

/// Listens, and serves on a thread of its own until the engine stops.
///
/// # Errors
/// `quotes_unbound`, or no thread can be made.
pub fn serve_quotes(
    shared: &Arc<Shared>,
    listen: SocketAddr,
) -> Result<JoinHandle<()>, EngineFault> {
    let unbound = |error: std::io::Error| {
        let message = format!(
            "quotes.listen: {listen} cannot be listened on: {error}; give an address and a port that are free"
        );
        EngineFault::new(Ending::BadConfiguration, "quotes_unbound", message)
    };
    let listener = TcpListener::bind(listen).map_err(unbound)?;
    listener.set_nonblocking(true).map_err(unbound)?;
    let address = listener.local_addr().map_err(unbound)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| EngineFault::defect("no_runtime", error.to_string()))?;
    let service = QuoteService {
        shared: Arc::clone(shared),
        streams: Arc::new(Semaphore::new(MOST_STREAMS)),
    };
    let thread = std::thread::Builder::new()
        .name("quotes".to_owned())
        .spawn(move || runtime.block_on(service.run(listener)))
        .map_err(|error| EngineFault::defect("no_thread", error.to_string()))?;
    let fields = json!({"address": address.to_string()});
    shared
        .log
        .info("quotes_ready", "quotes are served over gRPC", fields);
    Ok(thread)
}

/// A quote of now.
fn quoted(shared: &Shared, question: &Question) -> Result<QuoteReply, Refusal> {
    let in_force = shared.in_force.now();
    let told_slot = shared.settled_slot.load(Ordering::Acquire);
    let inventory = shared.inventory();
    question.answer(&inventory, &in_force, told_slot)
}

#[derive(Clone)]
struct QuoteService {
    shared: Arc<Shared>,
    streams: Arc<Semaphore>,
}

impl QuoteService {
    async fn run(self, listener: TcpListener) {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                let fields = json!({"code": "quotes_unbound"});
                let message = format!("quotes cannot be served: {error}");
                self.shared.log.error("quotes_unbound", &message, fields);
                return;
            }
        };
        let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        while !self.shared.is_stopping() {
            let Ok(Ok((stream, _))) = tokio::time::timeout(PATIENCE, listener.accept()).await
            else {
                continue;
            };
            // One too many is hung up on at once.
            let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else {
                continue;
            };
            let service = self.clone();
            tokio::spawn(async move {
                service.connection(stream).await;
                drop(permit);
            });
        }
    }

    async fn connection(self, stream: TcpStream) {
        if !matches!(
            tokio::time::timeout(SILENCE, stream.readable()).await,
            Ok(Ok(()))
        ) {
            return;
        }
        let answer = service_fn(move |request| {
            let service = self.clone();
            async move { Ok::<_, Infallible>(service.answer(request).await) }
        });
        let serving = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .max_concurrent_streams(MOST_CALLS_PER_CONNECTION)
            .max_header_list_size(MOST_HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), answer);
        // However it ends, the client has seen it.
        let _ended = serving.await;
    }

    async fn answer(&self, request: hyper::Request<Incoming>) -> hyper::Response<Body> {
        match request.uri().path() {
            QUOTE => {
                let codec = ProstCodec::<QuoteReply, QuoteRequest>::default();
                let mut grpc = Grpc::new(codec).max_decoding_message_size(MOST_REQUEST_BYTES);
                grpc.unary(QuoteMethod(self.clone()), request).await
            }
            STREAM_QUOTES => {
                let codec = ProstCodec::<StreamedQuote, StreamQuotesRequest>::default();
                let mut grpc = Grpc::new(codec).max_decoding_message_size(MOST_REQUEST_BYTES);
                grpc.server_streaming(StreamMethod(self.clone()), request)
                    .await
            }
            other => {
                let shown: String = other.chars().take(128).collect();
                let message = format!("{shown} is no method of tradewind.quotes.v1.Quotes");
                Refusal::new(Code::Unimplemented, "method_unknown", message)
                    .status()
                    .into_http()
            }
        }
    }

    fn stream(&self, request: &StreamQuotesRequest) -> Result<Quotes, Refusal> {
        if !(1..=MOST_PAIRS).contains(&request.pairs.len()) {
            let message = format!("pairs: are {}; give 1 to {MOST_PAIRS}", request.pairs.len());
            return Err(Refusal::wrong("pairs_out_of_range", message));
        }
        let questions = request
            .pairs
            .iter()
            .enumerate()
            .map(|(place, pair)| Question::read(pair).map_err(|refusal| refusal.within(place)));
        let questions = questions.collect::<Result<Vec<_>, _>>()?;
        let permit = Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            let message = format!("{MOST_STREAMS} streams are open; end one, or ask again later");
            Refusal::new(Code::ResourceExhausted, "too_many_streams", message)
        })?;
        let (sender, receiver) = mpsc::channel(1);
        let stream = QuoteStream::new(Arc::clone(&self.shared), questions);
        tokio::spawn(async move {
            stream.run(sender).await;
            drop(permit);
        });
        let told = futures_util::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|quote| (quote, receiver))
        });
        Ok(Box::pin(told))
    }
}

/// What a stream tells.
type Quotes = Pin<Box<dyn Stream<Item = Result<StreamedQuote, Status>> + Send>>;

struct QuoteMethod(QuoteService);

impl UnaryService<QuoteRequest> for QuoteMethod {
    type Response = QuoteReply;
    type Future = Ready<Result<Response<QuoteReply>, Status>>;

    fn call(&mut self, request: Request<QuoteRequest>) -> Self::Future {
        let answer = Question::read(request.get_ref())
            .and_then(|question| quoted(&self.0.shared, &question));
        ready(
            answer
                .map(Response::new)
                .map_err(|refusal| refusal.status()),
        )
    }
}

struct StreamMethod(QuoteService);

impl ServerStreamingService<StreamQuotesRequest> for StreamMethod {
    type Response = StreamedQuote;
    type ResponseStream = Quotes;
    type Future = Ready<Result<Response<Quotes>, Status>>;

    fn call(&mut self, request: Request<StreamQuotesRequest>) -> Self::Future {
        let stream = self.0.stream(request.get_ref());
        ready(
            stream
                .map(Response::new)
                .map_err(|refusal| refusal.status()),
        )
    }
}

#[cfg(test)]
mod tests;
