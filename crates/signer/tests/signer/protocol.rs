//! Requests that cannot be read: a clear error that names the field, and the connection goes on.

use crate::orders::Order;
use crate::process::Folder;
use proptest::prelude::*;
use serde_json::{Value, json};
use tradewind_signer::protocol::parse;

type Break = fn(&mut Value);

const BROKEN: &[(&str, &str, Break)] = &[
    ("field_missing", "op", |r| {
        drop(r.as_object_mut().unwrap().remove("op"));
    }),
    ("field_malformed", "op", |r| r["op"] = json!("export")),
    ("field_missing", "wallet", |r| {
        drop(r.as_object_mut().unwrap().remove("wallet"));
    }),
    ("field_unknown", "force", |r| r["force"] = json!(true)),
    ("field_unknown", "evidence.trust_me", |r| {
        r["evidence"]["trust_me"] = json!(1);
    }),
    ("field_malformed", "step", |r| r["step"] = json!(-1)),
    ("field_malformed", "attempt", |r| r["attempt"] = json!("1")),
    ("field_malformed", "attempt", |r| {
        r["attempt"] = json!(4_294_967_296_u64);
    }),
    ("field_malformed", "intent_id", |r| {
        r["intent_id"] = json!("");
    }),
    ("field_malformed", "intent_id", |r| {
        r["intent_id"] = json!("a\nb");
    }),
    ("field_malformed", "intent_id", |r| {
        r["intent_id"] = json!("x".repeat(257));
    }),
    ("field_malformed", "unsigned_tx", |r| {
        r["unsigned_tx"] = json!("02f8");
    }),
    ("field_malformed", "unsigned_tx", |r| {
        r["unsigned_tx"] = json!("0x02f");
    }),
    ("field_malformed", "quoted", |r| r["quoted"] = json!([])),
    ("field_malformed", "quoted.amount_in_raw", |r| {
        r["quoted"]["amount_in_raw"] = json!(5);
    }),
    ("field_malformed", "quoted.amount_in_raw", |r| {
        r["quoted"]["amount_in_raw"] = json!("05");
    }),
    ("field_malformed", "quoted.amount_in_raw", |r| {
        r["quoted"]["amount_in_raw"] = json!("9".repeat(78));
    }),
    ("field_malformed", "evidence.block_hash", |r| {
        r["evidence"]["block_hash"] = json!("0xab");
    }),
    ("field_malformed", "evidence.endpoints", |r| {
        r["evidence"]["endpoints"] = json!([]);
    }),
    ("field_malformed", "evidence.endpoints[0]", |r| {
        r["evidence"]["endpoints"] = json!([1]);
    }),
    ("address_malformed", "wallet", |r| {
        r["wallet"] = json!("0x12");
    }),
    ("address_checksum", "wallet", |r| {
        r["wallet"] = json!("0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    }),
];

#[test]
fn names_the_field_that_cannot_be_read() {
    let folder = Folder::new();
    let signer = folder.start();
    let mut client = signer.connect();
    for (code, field, change) in BROKEN {
        let mut request = Order::new("broken").request();
        change(&mut request);
        let answer = client.ask(&request).unwrap();
        let error = &answer["error"];
        assert_eq!(
            (error["code"].as_str(), error["field"].as_str()),
            (Some(*code), Some(*field)),
            "{answer}"
        );
    }
    let answer = client.ask(&Order::new("whole").request()).unwrap();
    assert!(answer.get("ok").is_some(), "{answer}");
}

#[test]
fn answers_what_is_no_json_and_goes_on() {
    let folder = Folder::new();
    let signer = folder.start();
    let mut client = signer.connect();
    let twice = br#"{"op":"halt","op":"hello"}"#;
    for line in [
        &b"nonsense"[..],
        b"",
        b"[]",
        b"{\"op\":1.5}",
        b"\xff\xfe",
        twice,
    ] {
        client.send(&[line, b"\n"].concat());
        let answer = client.read().unwrap();
        assert!(answer["error"]["code"].is_string(), "{answer}");
    }
    assert_eq!(
        client.ask(&json!({ "op": "hello" })).unwrap()["ok"]["halted"],
        false
    );
}

#[test]
fn answers_in_order_when_requests_arrive_together_or_in_pieces() {
    let folder = Folder::new();
    let signer = folder.start();
    let mut client = signer.connect();
    client.send(b"{\"op\":\"hello\"}\n{\"op\":\"none\"}\n{\"op\":");
    assert!(client.read().unwrap().get("ok").is_some());
    assert!(client.read().unwrap().get("error").is_some());
    client.send(b"\"hello\"}\n");
    assert!(client.read().unwrap().get("ok").is_some());
}

#[test]
fn refuses_a_line_above_its_limit_and_closes() {
    let folder = Folder::new();
    let signer = folder.start();
    let mut client = signer.connect();
    client.send(&vec![b' '; 80 * 1024]);
    assert_eq!(client.read().unwrap()["error"]["code"], "request_too_long");
    assert_eq!(client.read(), None);
    let padded = format!("{{\"op\":\"hello\"{}}}\n", " ".repeat(64 * 1024 - 14 - 1));
    let mut client = signer.connect();
    client.send(padded.as_bytes());
    assert!(
        client.read().unwrap().get("ok").is_some(),
        "a line at the limit is served"
    );
}

#[test]
fn resume_needs_its_confirmation() {
    let folder = Folder::new();
    let signer = folder.start();
    signer.halt();
    let error =
        signer.error(&json!({ "op": "resume", "kill_epoch": 1, "by": "test", "confirm": "yes" }));
    assert_eq!(error["field"], "confirm");
}

/// A valid request with one byte changed, lost or added.
fn nearly_valid() -> impl Strategy<Value = Vec<u8>> {
    let order = Order::new("nearly");
    let valid = vec![
        order.request(),
        order.permit_request(),
        order.step_request(),
    ];
    let place = any::<prop::sample::Index>();
    (prop::sample::select(valid), place, any::<u8>(), 0..3_u8).prop_map(
        |(valid, place, byte, kind)| {
            let mut bytes = valid.to_string().into_bytes();
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                _ => bytes.insert(at, byte),
            }
            bytes
        },
    )
}

proptest! {
    #[test]
    fn reading_a_request_never_panics_and_every_fault_has_a_code(
        line in prop_oneof![prop::collection::vec(any::<u8>(), 0..300), nearly_valid()]
    ) {
        if let Err(fault) = parse(&line) {
            prop_assert!(!fault.code.is_empty() && !fault.message.is_empty());
        }
    }
}
