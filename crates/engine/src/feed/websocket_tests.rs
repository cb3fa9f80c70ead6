use std::task::Poll;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};
use tradewind_core::ChainAddress;

use super::*;
use crate::feed::Comparison;

const KEY: ChainAddress = ChainAddress::Solana([1; 32]);
const OTHER: ChainAddress = ChainAddress::Solana([2; 32]);

type Node = WebSocketStream<TcpStream>;

/// Answers one subscription; gives what was asked.
async fn request(node: &mut Node) -> Value {
    let message = node.next().await.expect("a message").expect("read");
    let request: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
    let number = request["id"].as_u64().expect("a number");
    let answer = json!({"jsonrpc": "2.0", "id": number, "result": 100 + number});
    let sent = node.send(Message::text(answer.to_string())).await;
    sent.expect("sent");
    request
}

/// Answers so many subscriptions; gives what was subscribed to.
async fn answer(node: &mut Node, subscriptions: usize) -> Vec<Value> {
    let mut asked = Vec::new();
    while asked.len() < subscriptions {
        let request = request(node).await;
        asked.push(json!([request["method"], request["params"][0]]));
    }
    asked
}

async fn tell(node: &mut Node, subscription: u64, result: Value) {
    let told = json!({"jsonrpc": "2.0", "method": "x", "params": {"subscription": subscription, "result": result}});
    node.send(Message::text(told.to_string()))
        .await
        .expect("sent");
}

fn account(slot: u64, data: &str) -> Value {
    let value = json!({"lamports": 7, "owner": OTHER.to_string(), "data": [data, "base64"]});
    json!({"context": {"slot": slot}, "value": value})
}

async fn listening() -> (TcpListener, WebsocketFeed) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let url = format!("ws://{}", listener.local_addr().expect("bound"));
    let mut feed = WebsocketFeed::new(WebsocketOptions {
        first_pause: Duration::from_millis(1),
        patience: Duration::from_secs(5),
        ..WebsocketOptions::new(url)
    });
    feed.follow(&[KEY]);
    (listener, feed)
}

/// Asks once for the next message, and stops waiting for it.
async fn has_nothing_yet(feed: &mut WebsocketFeed) -> bool {
    let mut next = feed.next();
    std::future::poll_fn(|context| Poll::Ready(next.as_mut().poll(context).is_pending())).await
}

async fn connected(listener: &TcpListener) -> Node {
    let (stream, _) = listener.accept().await.expect("a client");
    accept_async(stream).await.expect("a websocket")
}

fn is_gap(event: Option<&FeedEvent>) -> bool {
    matches!(event, Some(FeedEvent::Gap { .. }))
}

#[tokio::test]
async fn a_feed_begins_with_a_gap_and_then_tells_accounts_and_slots_in_order() {
    let (listener, mut feed) = listening().await;
    let node = async {
        let mut node = connected(&listener).await;
        let asked = answer(&mut node, 2).await;
        assert_eq!(asked[1], json!(["accountSubscribe", KEY.to_string()]));
        tell(&mut node, 102, account(9, "AAE=")).await;
        tell(&mut node, 101, json!({"slot": 9, "type": "dead"})).await;
        for (slot, parent) in [(11, 10), (12, 10), (13, 12)] {
            let begun = json!({"slot": slot, "parent": parent, "type": "createdBank"});
            tell(&mut node, 101, begun).await;
        }
        let confirmed = json!({"slot": 13, "type": "optimisticConfirmation"});
        tell(&mut node, 101, confirmed).await;
        node
    };
    let told = async {
        assert!(is_gap(feed.next().await.as_ref()));
        let Some(FeedEvent::Account(update)) = feed.next().await else {
            panic!("no account");
        };
        assert_eq!(
            (update.key, update.moment.slot, &*update.data),
            (KEY, 9, &[0u8, 1][..])
        );
        let dead = FeedEvent::Slot {
            slot: 9,
            status: SlotStatus::Dead,
        };
        assert_eq!(feed.next().await, Some(dead));
        let left = FeedEvent::Slot {
            slot: 11,
            status: SlotStatus::Dead,
        };
        assert_eq!(feed.next().await, Some(left), "12 and 13 are confirmed");
    };
    let (_node, ()) = tokio::join!(node, told);
}

#[tokio::test]
async fn a_slot_is_over_once_its_child_is_frozen_for_what_it_wrote_is_told_behind_its_own_freezing()
{
    let (listener, mut feed) = listening().await;
    let node = async {
        let mut node = connected(&listener).await;
        answer(&mut node, 2).await;
        // Of 9 nobody knows what it is on top of.
        tell(&mut node, 101, json!({"slot": 9, "type": "frozen"})).await;
        for (slot, parent) in [(10, 9), (12, 10)] {
            let begun = json!({"slot": slot, "parent": parent, "type": "createdBank"});
            tell(&mut node, 101, begun).await;
            for kind in ["completed", "frozen"] {
                tell(&mut node, 101, json!({"slot": slot, "type": kind})).await;
            }
            tell(&mut node, 102, account(slot, "AAE=")).await;
        }
        node
    };
    let told = async {
        assert!(is_gap(feed.next().await.as_ref()));
        for (over, written) in [(9, 10), (10, 12)] {
            let over = FeedEvent::Slot {
                slot: over,
                status: SlotStatus::Processed,
            };
            assert_eq!(feed.next().await, Some(over));
            let Some(FeedEvent::Account(update)) = feed.next().await else {
                panic!("no account");
            };
            assert_eq!(update.moment.slot, written);
        }
    };
    let (_node, ()) = tokio::join!(node, told);
}

#[tokio::test]
async fn a_slot_that_no_node_can_be_at_ends_the_connection_and_what_follows_on_the_next_counts() {
    for (subscription, absurd) in [
        (102, account(1 << 40, "AAE=")),
        (101, json!({"slot": 1u64 << 40, "type": "root"})),
    ] {
        let (listener, mut feed) = listening().await;
        let node = async {
            let mut node = connected(&listener).await;
            answer(&mut node, 2).await;
            tell(&mut node, 102, account(9, "AAE=")).await;
            tell(&mut node, subscription, absurd).await;
            let mut node = connected(&listener).await;
            answer(&mut node, 2).await;
            tell(&mut node, 102, account(10, "AAE=")).await;
            node
        };
        let told = async {
            let slot = async |feed: &mut WebsocketFeed| match feed.next().await {
                Some(FeedEvent::Account(update)) => update.moment.slot,
                other => panic!("no account: {other:?}"),
            };
            assert!(is_gap(feed.next().await.as_ref()));
            assert_eq!(slot(&mut feed).await, 9);
            let reason = FAR_AHEAD.to_owned();
            assert_eq!(feed.next().await, Some(FeedEvent::Gap { reason }));
            assert_eq!(slot(&mut feed).await, 10);
        };
        let (_node, ()) = tokio::join!(node, told);
    }
}

#[tokio::test]
async fn a_lost_connection_is_made_again_with_every_subscription_and_told_as_a_gap() {
    let (listener, mut feed) = listening().await;
    let node = async {
        let mut node = connected(&listener).await;
        answer(&mut node, 2).await;
        drop(node);
        let mut node = connected(&listener).await;
        let asked = answer(&mut node, 3).await;
        let accounts = [
            json!(["accountSubscribe", KEY.to_string()]),
            json!(["accountSubscribe", OTHER.to_string()]),
        ];
        assert_eq!(asked[1..], accounts);
        node
    };
    let told = async {
        assert!(is_gap(feed.next().await.as_ref()));
        feed.follow(&[OTHER]);
        assert!(is_gap(feed.next().await.as_ref()));
    };
    let (_node, ()) = tokio::join!(node, told);
}

#[tokio::test]
async fn what_is_not_understood_ends_the_connection_and_is_a_gap() {
    for nonsense in [
        "no JSON",
        r#"{"params": {"subscription": 102, "result": {"value": 5}}}"#,
    ] {
        let (listener, mut feed) = listening().await;
        let node = async {
            let mut node = connected(&listener).await;
            answer(&mut node, 2).await;
            node.send(Message::text(nonsense)).await.expect("sent");
            let mut again = connected(&listener).await;
            answer(&mut again, 2).await;
            (node, again)
        };
        let told = async {
            assert!(is_gap(feed.next().await.as_ref()));
            assert!(is_gap(feed.next().await.as_ref()));
        };
        let _nodes = tokio::join!(node, told);
    }
}

#[tokio::test]
async fn an_account_that_joins_is_told_of_and_a_program_is_followed_by_its_filter() {
    let (listener, mut feed) = listening().await;
    feed.follow_programs(&[ProgramFilter {
        program: OTHER,
        data_size: Some(300),
        comparisons: vec![Comparison {
            offset: 8,
            bytes: [0, 255].into(),
        }],
    }]);
    let node = async {
        let mut node = connected(&listener).await;
        let slots = request(&mut node).await;
        assert_eq!(slots["method"], "slotsUpdatesSubscribe");
        let program = request(&mut node).await;
        let filters = json!([{"dataSize": 300}, {"memcmp": {"offset": 8, "bytes": "15Q"}}]);
        assert_eq!(program["method"], "programSubscribe");
        let how = json!({"encoding": "base64", "commitment": "processed", "filters": filters});
        assert_eq!(program["params"], json!([OTHER.to_string(), how]));
        answer(&mut node, 1).await;
        let told = json!({"pubkey": OTHER.to_string(), "account": account(3, "AA==")["value"]});
        let told = json!({"context": {"slot": 3}, "value": told});
        answer(&mut node, 1).await;
        tell(&mut node, 102, told).await;
        node
    };
    let told = async {
        assert!(is_gap(feed.next().await.as_ref()));
        feed.follow(&[OTHER]);
        let joined = FeedEvent::Following {
            accounts: vec![OTHER],
        };
        assert_eq!(feed.next().await, Some(joined));
        let Some(FeedEvent::Account(update)) = feed.next().await else {
            panic!("no account");
        };
        assert_eq!((update.key, update.moment.slot), (OTHER, 3));
    };
    let (_node, ()) = tokio::join!(node, told);
}

#[tokio::test]
async fn an_account_that_is_let_go_is_unsubscribed_told_of_no_more_and_not_asked_for_again() {
    let (listener, mut feed) = listening().await;
    feed.follow(&[OTHER]);
    let node = async {
        let mut node = connected(&listener).await;
        answer(&mut node, 3).await;
        // Of KEY: let go after its number was known.
        let message = node.next().await.expect("a message").expect("read");
        let request: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
        assert_eq!(
            (&request["method"], &request["params"]),
            (&json!("accountUnsubscribe"), &json!([102]))
        );
        let answer_it = json!({"jsonrpc": "2.0", "id": request["id"], "result": true});
        tell(&mut node, 102, account(8, "AAE=")).await;
        node.send(Message::text(answer_it.to_string()))
            .await
            .expect("sent");
        tell(&mut node, 103, account(9, "AAE=")).await;
        drop(node);
        let mut node = connected(&listener).await;
        let asked = answer(&mut node, 2).await;
        assert_eq!(asked[1], json!(["accountSubscribe", OTHER.to_string()]));
        node
    };
    let told = async {
        assert!(is_gap(feed.next().await.as_ref()));
        feed.unfollow(&[KEY]);
        let Some(FeedEvent::Account(update)) = feed.next().await else {
            panic!("no account");
        };
        assert_eq!((update.key, update.moment.slot), (OTHER, 9));
        assert!(is_gap(feed.next().await.as_ref()));
    };
    let (_node, ()) = tokio::join!(node, told);
}

#[tokio::test]
async fn an_account_that_is_let_go_before_its_number_is_known_is_unsubscribed_by_it() {
    let (listener, mut feed) = listening().await;
    let node = async {
        let mut node = connected(&listener).await;
        answer(&mut node, 2).await;
        let joins = request(&mut node).await;
        assert_eq!(joins["params"][0], json!(OTHER.to_string()));
        let lets_go = request(&mut node).await;
        assert_eq!(lets_go["method"], "accountUnsubscribe");
        assert_eq!(lets_go["params"], json!([103]));
    };
    let told = async {
        assert!(is_gap(feed.next().await.as_ref()));
        feed.follow(&[OTHER]);
        // Asked for, and not answered: whoever waits for the next message stops waiting.
        assert!(has_nothing_yet(&mut feed).await);
        feed.unfollow(&[OTHER]);
        let _ended = feed.next().await;
    };
    tokio::select! {
        () = node => {}
        () = told => panic!("nothing is told"),
    }
}
