use std::future::poll_fn;
use std::sync::Mutex;
use std::task::{Context, Poll};

use super::messages::{AccountInfo, AccountTold, Ping, PingTold, SlotTold, Status};
use super::*;
use crate::feed::{Comparison, Moment};

const KEY: ChainAddress = ChainAddress::Solana([1; 32]);
const OTHER: ChainAddress = ChainAddress::Solana([2; 32]);

/// The server's end of one stream.
struct Stream {
    first: SubscribeRequest,
    requests: mpsc::Receiver<SubscribeRequest>,
    told: mpsc::UnboundedSender<Told>,
}

impl Stream {
    fn tell(&self, update: Update) {
        let update = SubscribeUpdate {
            update: Some(update),
        };
        self.told.send(Ok(update)).expect("listened to");
    }

    /// The ping that comes next is answered.
    async fn answer(&mut self) -> i32 {
        let request = self.requests.recv().await.expect("a request");
        let Ping { id } = request.ping.clone().expect("a ping");
        assert_eq!(request, ping(id), "a ping changes no filter");
        self.tell(Update::Pong(Ping { id }));
        id
    }

    fn accounts(&self) -> Vec<String> {
        let filters = self.first.accounts.values();
        filters.flat_map(|it| it.account.clone()).collect()
    }
}

/// A server whose streams a test plays.
struct Fake {
    streams: mpsc::UnboundedSender<Stream>,
    first_available: Option<u64>,
}

impl Server for Fake {
    fn open(&self, first: SubscribeRequest, first_ping: i32) -> Later<Result<Line, String>> {
        let (requests, asked) = mpsc::channel(64);
        requests.try_send(ping(first_ping)).expect("room");
        let (told, mut telling) = mpsc::unbounded_channel();
        let stream = Stream {
            first,
            requests: asked,
            told,
        };
        let taken = self.streams.send(stream).is_ok();
        let told = stream::poll_fn(move |context| telling.poll_recv(context)).boxed();
        Box::pin(async move {
            let line = Line { requests, told };
            taken.then_some(line).ok_or_else(|| "refused".to_owned())
        })
    }

    fn first_available(&self) -> Later<Option<u64>> {
        let first = self.first_available;
        Box::pin(async move { first })
    }
}

type Streams = mpsc::UnboundedReceiver<Stream>;

fn feed_with(per_stream: usize, first_available: Option<u64>) -> (YellowstoneFeed, Streams) {
    let (streams, opened) = mpsc::unbounded_channel();
    let options = YellowstoneOptions {
        accounts_per_stream: per_stream,
        accounts_per_filter: 2,
        ..YellowstoneOptions::new(String::new(), None)
    };
    let streams = Mutex::new(streams);
    let dial: Dial = Box::new(move || {
        let streams = streams.lock().expect("not poisoned").clone();
        Ok(Arc::new(Fake {
            streams,
            first_available,
        }))
    });
    let mut feed = YellowstoneFeed::over(dial, &options);
    feed.follow(&[KEY]);
    (feed, opened)
}

fn feed() -> (YellowstoneFeed, Streams) {
    feed_with(25_000, None)
}

fn account(slot: u64, write_version: u64) -> AccountInfo {
    AccountInfo {
        pubkey: vec![1; 32],
        lamports: slot,
        owner: vec![2; 32],
        data: vec![7],
        write_version,
    }
}

fn told(slot: u64, write_version: u64) -> Update {
    Update::Account(AccountTold {
        account: Some(account(slot, write_version)),
        slot,
    })
}

fn status(slot: u64, status: Status) -> Update {
    Update::Slot(SlotTold {
        slot,
        parent: None,
        status: status as i32,
    })
}

fn nobodys_status(status: i32) -> Update {
    Update::Slot(SlotTold {
        slot: 6,
        parent: None,
        status,
    })
}

async fn gap(feed: &mut YellowstoneFeed) -> String {
    match feed.next().await {
        Some(FeedEvent::Gap { reason }) => reason,
        other => panic!("no gap: {other:?}"),
    }
}

async fn moment(feed: &mut YellowstoneFeed) -> Moment {
    match feed.next().await {
        Some(FeedEvent::Account(update)) => update.moment,
        other => panic!("no account: {other:?}"),
    }
}

/// A stream that has begun.
async fn begin(streams: &mut Streams) -> Stream {
    let mut stream = streams.recv().await.expect("a stream");
    stream.answer().await;
    stream
}

#[tokio::test]
async fn a_feed_begins_with_a_gap_once_its_filters_stand_and_then_tells_accounts_and_slots() {
    let (mut feed, mut streams) = feed();
    let server = async {
        let mut stream = streams.recv().await.expect("a stream");
        assert_eq!(stream.accounts(), [KEY.to_string()]);
        let slots = stream.first.slots.values().next().expect("slots");
        assert_eq!(slots.interslot_updates, Some(true), "or no death is told");
        assert_eq!(stream.first.commitment, Some(0));
        stream.tell(told(8, 3));
        stream.answer().await;
        for (slot, kind) in [
            (9, Status::Completed),
            (9, Status::Processed),
            (8, Status::Finalized),
            (9, Status::Dead),
        ] {
            stream.tell(status(slot, kind));
        }
        stream
    };
    let listener = async {
        assert_eq!(gap(&mut feed).await, "the feed begins");
        let early = moment(&mut feed).await;
        assert_eq!((early.slot, early.write_version), (8, 3));
        for (slot, status) in [
            (9, SlotStatus::Processed),
            (8, SlotStatus::Rooted),
            (9, SlotStatus::Dead),
        ] {
            assert_eq!(feed.next().await, Some(FeedEvent::Slot { slot, status }));
        }
    };
    let (_stream, ()) = tokio::join!(server, listener);
}

#[tokio::test]
async fn what_is_followed_later_replaces_the_filters_whole_and_is_said_to_be_told() {
    let (mut feed, mut streams) = feed();
    let server = async {
        let mut stream = begin(&mut streams).await;
        let whole = stream.requests.recv().await.expect("a request");
        let mut accounts: Vec<_> = whole.accounts.values().flat_map(|it| &it.account).collect();
        accounts.sort_unstable();
        assert_eq!(accounts, [&KEY.to_string(), &OTHER.to_string()]);
        assert!(whole.ping.is_none(), "a request that pings changes nothing");
        stream.answer().await;
        stream
    };
    let listener = async {
        gap(&mut feed).await;
        feed.follow(&[OTHER, KEY]);
        let accounts = vec![OTHER];
        assert_eq!(feed.next().await, Some(FeedEvent::Following { accounts }));
    };
    let (_stream, ()) = tokio::join!(server, listener);
}

#[tokio::test]
async fn a_program_is_followed_by_owner_size_and_content() {
    let (mut feed, mut streams) = feed();
    feed.follow_programs(&[ProgramFilter {
        program: OTHER,
        data_size: Some(300),
        comparisons: vec![Comparison {
            offset: 8,
            bytes: [0, 255].into(),
        }],
    }]);
    let server = async {
        let stream = begin(&mut streams).await;
        let filter = &stream.first.accounts["program-0"];
        assert_eq!(filter.owner, [OTHER.to_string()]);
        let recorded = [
            // oneof filter: datasize (2) 300; then memcmp (1) {offset (1) 8, bytes (2) 00 ff}.
            &[16, 172, 2][..],
            &[10, 6, 8, 8, 18, 2, 0, 255],
        ];
        let written: Vec<_> = filter
            .filters
            .iter()
            .map(prost::Message::encode_to_vec)
            .collect();
        assert_eq!(written, recorded);
        stream
    };
    let (_stream, _) = tokio::join!(server, gap(&mut feed));
}

#[tokio::test]
async fn a_servers_ping_is_answered() {
    let (mut feed, mut streams) = feed();
    let server = async {
        let mut stream = begin(&mut streams).await;
        stream.tell(Update::Ping(PingTold {}));
        let answered = stream.requests.recv().await.expect("an answer");
        assert!(answered.ping.is_some());
        stream.tell(told(1, 1));
        stream
    };
    let listener = async {
        gap(&mut feed).await;
        moment(&mut feed).await;
    };
    let (_stream, ()) = tokio::join!(server, listener);
}

#[tokio::test]
async fn more_accounts_than_a_request_holds_are_dealt_to_several_streams() {
    let (mut feed, mut streams) = feed_with(3, None);
    let accounts: Vec<_> = (10..17).map(|it| ChainAddress::Solana([it; 32])).collect();
    feed.follow(&accounts);
    let server = async {
        let mut begun = Vec::new();
        for _ in 0..3 {
            begun.push(begin(&mut streams).await);
        }
        let sizes: Vec<_> = begun.iter().map(|it| it.accounts().len()).collect();
        assert_eq!(sizes, [3, 3, 2]);
        assert_eq!(begun[0].first.accounts.len(), 2, "two keys a filter");
        for stream in &begun {
            stream.tell(status(5, Status::Processed));
        }
        begun
    };
    let listener = async {
        gap(&mut feed).await;
        let slot = FeedEvent::Slot {
            slot: 5,
            status: SlotStatus::Processed,
        };
        assert_eq!(feed.next().await, Some(slot), "once, by all");
    };
    let (_streams, ()) = tokio::join!(server, listener);
}

#[test]
fn a_request_of_a_full_stream_is_smaller_than_what_servers_take() {
    let options = YellowstoneOptions::new(String::new(), None);
    let mut subscription = Subscription::new(Portions {
        per_stream: options.accounts_per_stream,
        per_filter: options.accounts_per_filter,
    });
    for number in 0..100_000u32 {
        let mut key = [255; 32];
        key[..4].copy_from_slice(&number.to_le_bytes());
        subscription.add(ChainAddress::Solana(key));
    }
    assert_eq!(subscription.stream_count(), 4);
    let size = prost::Message::encoded_len(&subscription.request(0));
    assert!(size < 4 << 20, "{size}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_stream_is_opened_again_with_everything_and_from_the_root_where_that_is_kept() {
    for (first_available, from_slot) in [(Some(7), Some(8)), (Some(9), None), (None, None)] {
        let (mut feed, mut streams) = feed_with(10, first_available);
        let server = async {
            let stream = begin(&mut streams).await;
            assert_eq!(stream.first.from_slot, None);
            stream.tell(status(7, Status::Finalized));
            drop(stream);
            let stream = begin(&mut streams).await;
            assert_eq!(stream.accounts().len(), 2);
            assert_eq!(stream.first.from_slot, from_slot);
            stream
        };
        let listener = async {
            gap(&mut feed).await;
            feed.next().await;
            feed.follow(&[OTHER]);
            gap(&mut feed).await;
        };
        let (_stream, ()) = tokio::join!(server, listener);
    }
}

#[tokio::test]
async fn an_update_that_can_be_none_is_refused_counted_and_a_gap() {
    let absurd = |change: fn(&mut AccountInfo)| {
        let mut info = account(5, 5);
        change(&mut info);
        Update::Account(AccountTold {
            account: Some(info),
            slot: 5,
        })
    };
    let nonsense = [
        absurd(|info| info.pubkey.truncate(31)),
        absurd(|info| info.pubkey.clear()),
        absurd(|info| info.owner.push(0)),
        absurd(|info| info.data = vec![0; (10 << 20) + 1]),
        Update::Account(AccountTold {
            account: None,
            slot: 5,
        }),
        told(u64::MAX, 1),
        told(5 + (2 << 20), 1),
        status(u64::MAX, Status::Processed),
        nobodys_status(99),
        nobodys_status(-1),
    ];
    let (mut feed, mut streams) = feed();
    let count = nonsense.len();
    let server = async {
        let stream = begin(&mut streams).await;
        stream.tell(told(5, 1));
        for update in nonsense {
            stream.tell(update);
        }
        stream.tell(told(5, 2));
        stream
    };
    let listener = async {
        gap(&mut feed).await;
        moment(&mut feed).await;
        for _ in 0..count {
            let reason = gap(&mut feed).await;
            assert!(reason.starts_with("an update was refused: "), "{reason}");
        }
        assert_eq!(moment(&mut feed).await.write_version, 2, "and it goes on");
    };
    let (_stream, ()) = tokio::join!(server, listener);
    assert_eq!(feed.refused(), count as u64);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_everything_and_says_nothing_is_left_though_every_wait_is_cut_short() {
    let (mut feed, mut streams) = feed();
    let server = async {
        // Never an answer on the first; nothing more on the second.
        let first = streams.recv().await.expect("a stream");
        let second = begin(&mut streams).await;
        let third = begin(&mut streams).await;
        (first, second, third)
    };
    let listener = async {
        let mut gaps = 0;
        while gaps < 2 {
            let told = tokio::time::timeout(Duration::from_secs(3), feed.next()).await;
            gaps += usize::from(matches!(told, Ok(Some(FeedEvent::Gap { .. }))));
        }
    };
    let _streams = tokio::join!(server, listener);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_even_be_dialed_is_tried_again_behind_pauses_and_nobody_is_held_up() {
    let dialed = Arc::new(Mutex::new(0));
    let counting = Arc::clone(&dialed);
    let dial: Dial = Box::new(move || {
        let mut dialed = counting.lock().expect("a lock");
        *dialed += 1;
        assert!(*dialed < 100, "without a pause");
        Err("no certificates".to_owned())
    });
    let options = YellowstoneOptions::new(String::new(), None);
    let mut feed = YellowstoneFeed::over(dial, &options);
    let waited = tokio::time::timeout(Duration::from_secs(60), feed.next());
    waited.await.expect_err("there is nothing to tell");
    assert_eq!(feed.trouble(), Some("no certificates"));
    let dialed = *dialed.lock().expect("a lock");
    assert!((10..40).contains(&dialed), "every two seconds: {dialed}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_tells_but_answers_no_ping_is_left() {
    let (mut feed, mut streams) = feed();
    let server = async {
        let mut stream = streams.recv().await.expect("a stream");
        let mut slot = 1;
        while streams.is_empty() {
            slot += 1;
            stream.tell(status(slot, Status::Processed));
            tokio::time::sleep(Duration::from_secs(1)).await;
            stream.requests.try_recv().ok();
        }
        let again = begin(&mut streams).await;
        (stream, again)
    };
    let (_streams, reason) = tokio::join!(server, gap(&mut feed));
    assert_eq!(reason, "the server does not answer pings");
}

#[tokio::test]
async fn a_fork_that_lost_is_dead_once_a_slot_beside_it_is_confirmed() {
    let (mut feed, mut streams) = feed();
    let server = async {
        let stream = begin(&mut streams).await;
        for (slot, parent) in [(5, 4), (6, 5), (7, 5)] {
            stream.tell(Update::Slot(SlotTold {
                slot,
                parent: Some(parent),
                status: Status::CreatedBank as i32,
            }));
        }
        stream.tell(status(7, Status::Confirmed));
        stream
    };
    let listener = async {
        gap(&mut feed).await;
        let dead = FeedEvent::Slot {
            slot: 6,
            status: SlotStatus::Dead,
        };
        assert_eq!(feed.next().await, Some(dead));
    };
    let (_stream, ()) = tokio::join!(server, listener);
}

#[tokio::test]
async fn an_account_that_is_let_go_is_left_out_of_the_next_request_and_its_place_is_given_away() {
    let (mut feed, mut streams) = feed_with(1, None);
    feed.follow(&[OTHER]);
    let server = async {
        let mut first = begin(&mut streams).await;
        let mut second = begin(&mut streams).await;
        assert_eq!(first.accounts().len() + second.accounts().len(), 2);
        let request = first.requests.recv().await.expect("a request");
        let named = |request: &SubscribeRequest| {
            let named = request.accounts.values().flat_map(|it| it.account.clone());
            named.collect::<Vec<_>>()
        };
        assert_eq!(named(&request), Vec::<String>::new());
        first.answer().await;
        let request = first.requests.recv().await.expect("a request");
        assert_eq!(named(&request), [ChainAddress::Solana([3; 32]).to_string()]);
        second.requests.try_recv().expect_err("nothing changed");
    };
    let listener = async {
        gap(&mut feed).await;
        feed.unfollow(&[KEY]);
        let mut next = feed.next();
        let told = |context: &mut Context<'_>| Poll::Ready(next.as_mut().poll(context));
        assert!(
            poll_fn(told).await.is_pending(),
            "the request is on its way"
        );
        drop(next);
        feed.follow(&[ChainAddress::Solana([3; 32])]);
        feed.next().await;
    };
    tokio::select! {
        () = server => {}
        () = listener => panic!("nothing is told"),
    }
}
