use super::*;
use crate::strategies::SendingTerms;
use serde_json::json;
use std::time::Duration;

const WSOL: &str = "So11111111111111111111111111111111111111112";

fn whole() -> Value {
    json!({
        "version": 1,
        "strategy": "arb",
        "instance": "arb-1",
        "folder": "/tmp/arb-1",
        "chain": {
            "chain_id": 101,
            "rpc": ["http://127.0.0.1:8899"],
            "websocket": "ws://127.0.0.1:8900",
            "yellowstone": null,
            "shredstream": null,
            "genesis_hash": WSOL,
        },
        "signer": {"socket": "/tmp/signer.sock"},
        "feeds": {"kind": "websocket"},
        "inventory": {"snapshot": "pools.json", "programs": []},
        "mode": "live",
        "executes": "engine",
        "limits": {"max_tip_lamports": "10000"},
        "blacklist": [],
        "parameters": {},
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut config = whole();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    config.pointer_mut(parent).expect(pointer)[name] = value;
    config
}

fn refusal(config: &Value) -> ConfigFault {
    EngineConfig::parse(&config.to_string()).expect_err("refused")
}

#[test]
fn a_whole_configuration_is_taken() {
    let config = EngineConfig::parse(&whole().to_string()).expect("taken");
    assert_eq!(config.changeable.limits.max_tip_lamports, 10_000);
    assert_eq!(config.changeable.limits.max_in_flight_count, 4);
    assert_eq!(config.changeable.limits.max_open_holds, 2);
    assert_eq!(
        (config.mode, config.executes),
        (Mode::Live, Executes::Engine)
    );
}

#[test]
fn quotes_are_served_on_loopback_and_beyond_it_only_when_the_user_says_so() {
    let of = |quotes: Value| EngineConfig::parse(&with("/quotes", quotes).to_string());
    let listen = |quotes: Value| of(quotes).expect("taken").quotes.map(|it| it.to_string());
    assert_eq!(listen(Value::Null), None);
    for address in ["127.0.0.1:7010", "[::1]:7010"] {
        assert_eq!(listen(json!({"listen": address})).as_deref(), Some(address));
    }
    let everybody = json!({"listen": "0.0.0.0:7010", "beyond_loopback": true});
    assert_eq!(listen(everybody).as_deref(), Some("0.0.0.0:7010"));
    let refused = [
        (json!({"listen": "0.0.0.0:7010"}), "quotes.listen"),
        (
            json!({"listen": "[::]:7010", "beyond_loopback": false}),
            "quotes.listen",
        ),
        (json!({"listen": "localhost:7010"}), "quotes.listen"),
        (json!({"listen": "127.0.0.1"}), "quotes.listen"),
        (json!({"listen": 7010}), "quotes.listen"),
        (json!({}), "quotes.listen"),
        (
            json!({"listen": "127.0.0.1:1", "beyond_loopback": 1}),
            "quotes.beyond_loopback",
        ),
        (json!({"listen": "127.0.0.1:1", "port": 1}), "quotes.port"),
        (json!("127.0.0.1:7010"), "quotes"),
    ];
    for (quotes, field) in refused {
        let fault = of(quotes.clone()).expect_err("refused");
        assert_eq!(fault.field, field, "{quotes}");
    }
}

#[test]
fn nothing_is_held_without_bounds() {
    for (limit, value) in [("max_open_holds", "0"), ("max_hold_ms", "60001")] {
        let fault = refusal(&with(&format!("/limits/{limit}"), json!(value)));
        assert_eq!(fault.field, format!("limits.{limit}"));
    }
}

#[test]
fn each_wrong_field_is_named_with_its_fault_and_its_remedy() {
    let cases = [
        ("/version", json!("1"), "version"),
        ("/version", json!(-1), "version"),
        ("/strategy", json!(""), "strategy"),
        ("/strategy", json!(7), "strategy"),
        ("/instance", json!("../etc"), "instance"),
        ("/folder", json!(null), "folder"),
        ("/chain", json!([]), "chain"),
        ("/chain/chain_id", json!(1), "chain.chain_id"),
        ("/chain/rpc", json!([]), "chain.rpc"),
        ("/chain/rpc", json!("http://x"), "chain.rpc"),
        ("/chain/rpc", json!(["ftp://x"]), "chain.rpc[0]"),
        (
            "/chain/rpc",
            json!(["http://x", "http://x"]),
            "chain.rpc[1]",
        ),
        ("/chain/websocket", json!("http://x"), "chain.websocket"),
        ("/chain/websocket", json!(null), "chain.websocket"),
        ("/chain/yellowstone", json!("grpc://x"), "chain.yellowstone"),
        ("/chain/requests_per_s", json!(0), "chain.requests_per_s"),
        ("/feeds/kind", json!("yellowstone"), "chain.yellowstone"),
        ("/chain/genesis_hash", json!("0x12"), "chain.genesis_hash"),
        ("/chain/speed", json!(1), "chain.speed"),
        ("/signer", json!(null), "signer"),
        ("/signer/socket", json!(3), "signer.socket"),
        ("/signer/key", json!("secret"), "signer.key"),
        ("/feeds/kind", json!("carrier pigeon"), "feeds.kind"),
        ("/feeds/kind", json!("shredstream"), "chain.shredstream"),
        (
            "/chain/shredstream",
            json!("ftp://127.0.0.1:1"),
            "chain.shredstream",
        ),
        ("/inventory/snapshot", json!(null), "inventory"),
        (
            "/inventory/programs",
            json!(["nowhere"]),
            "inventory.programs[0]",
        ),
        ("/mode", json!("dry"), "mode"),
        ("/executes", json!("nobody"), "executes"),
        ("/limits", json!(null), "limits"),
        (
            "/limits/max_tip_lamports",
            json!(10),
            "limits.max_tip_lamports",
        ),
        (
            "/limits/max_tip_lamports",
            json!("1.5"),
            "limits.max_tip_lamports",
        ),
        (
            "/limits/max_tip_lamports",
            json!("+5"),
            "limits.max_tip_lamports",
        ),
        (
            "/limits/max_fee_lamports",
            json!("4999"),
            "limits.max_fee_lamports",
        ),
        (
            "/limits/max_in_flight_count",
            json!("0"),
            "limits.max_in_flight_count",
        ),
        (
            "/limits/max_slippage_bps",
            json!("10001"),
            "limits.max_slippage_bps",
        ),
        (
            "/limits/most_everything",
            json!("1"),
            "limits.most_everything",
        ),
        ("/blacklist", json!("none"), "blacklist"),
        ("/blacklist", json!([WSOL, WSOL]), "blacklist[1]"),
        ("/blacklist", json!(["0xabc"]), "blacklist[0]"),
        ("/parameters", json!([]), "parameters"),
        ("/surprise", json!(1), "surprise"),
    ];
    for (pointer, value, field) in cases {
        let refused = refusal(&with(pointer, value.clone()));
        assert_eq!(refused.field, field, "{pointer} = {value}: {refused}");
        assert!(
            !refused.fault.is_empty() && !refused.remedy.is_empty(),
            "{refused}"
        );
    }
}

#[test]
fn the_files_of_a_yellowstone_server_are_paths() {
    for name in ["yellowstone_token_file", "yellowstone_ca_file"] {
        let given = with(&format!("/chain/{name}"), json!(7));
        assert_eq!(refusal(&given).field, format!("chain.{name}"));
    }
}

#[test]
fn each_missing_field_is_named() {
    let known = whole();
    for field in known.as_object().expect("an object").keys() {
        // A signer that is not given is none, and an empty blacklist may be left out.
        if field == "signer" || field == "blacklist" {
            continue;
        }
        let mut config = known.clone();
        config.as_object_mut().expect("an object").remove(field);
        assert_eq!(refusal(&config).field, *field);
    }
}

#[test]
fn text_that_is_no_json_or_cut_off_is_refused_as_a_whole() {
    for text in ["", "{", "[]", "nonsense", "{\"version\": 1"] {
        let refused = EngineConfig::parse(text).expect_err(text);
        assert_eq!(refused.field, "", "{refused}");
    }
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "it stands in for a strategy's check"
)]
fn accepts_all(_: &Value) -> Result<(), ConfigFault> {
    Ok(())
}

fn terms(parameters: &Value) -> Option<SendingTerms> {
    SendingTerms::read(&mut Fields::of("parameters", parameters.clone()).ok()?).ok()
}

fn started() -> (Reload, Changeable) {
    let config = EngineConfig::parse(&whole().to_string()).expect("taken");
    let in_force = config.changeable.clone();
    (Reload::new(config, accepts_all, terms), in_force)
}

fn judged(change: &[(&str, Value)]) -> Result<Option<Changeable>, ConfigFault> {
    let (reload, in_force) = started();
    let mut next = whole();
    for &(pointer, ref value) in change {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        next.pointer_mut(parent).expect("there")[name] = value.clone();
    }
    reload.judge(EngineConfig::parse(&next.to_string())?, &in_force)
}

#[test]
fn limits_blacklist_and_parameters_are_taken_while_running() {
    for (pointer, value) in [
        ("/limits/max_tip_lamports", json!("7")),
        ("/blacklist", json!([WSOL])),
        ("/parameters", json!({"max_hops": 2})),
    ] {
        let taken = judged(&[("/version", json!(2)), (pointer, value)]).expect(pointer);
        assert_eq!(taken.expect("a change").version, 2);
    }
}

#[test]
fn any_other_change_is_refused_by_its_field() {
    for (pointer, value, field) in [
        ("/strategy", json!("sniper"), "strategy"),
        ("/folder", json!("/elsewhere"), "folder"),
        ("/chain/rpc", json!(["http://other"]), "chain"),
        ("/signer/socket", json!("/other.sock"), "signer"),
        ("/inventory/snapshot", json!("other.json"), "inventory"),
        ("/mode", json!("paper"), "mode"),
        ("/executes", json!("service"), "executes"),
    ] {
        let refused = judged(&[("/version", json!(2)), (pointer, value)]).expect_err(pointer);
        assert_eq!(refused.field, field);
    }
}

#[test]
fn a_change_without_a_higher_version_is_refused_and_the_same_file_again_is_nothing() {
    let refused = judged(&[("/blacklist", json!([WSOL]))]).expect_err("refused");
    assert_eq!(refused.field, "version");
    assert_eq!(judged(&[]).expect("the same"), None);
}

#[tokio::test]
async fn a_file_put_in_place_by_renaming_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("resolved.json");
    std::fs::write(&file, "{}").expect("written");
    let mut watch = ConfigWatch::start(&file).expect("watched");
    let beside = folder.path().join("resolved.json.new");
    std::fs::write(&beside, "{\"version\": 2}").expect("written");
    std::fs::rename(&beside, &file).expect("renamed");
    let told = tokio::time::timeout(Duration::from_secs(5), watch.changed()).await;
    assert_eq!(told, Ok(true));
}

#[test]
fn what_is_read_once_at_the_start_is_refused_and_not_ignored() {
    let lanes = json!({"rpc": true, "tpu": true});
    let borrowing = json!([{"mint": WSOL, "flash_loan": {"reserve": WSOL}}]);
    for (pointer, value, field) in [
        ("/parameters/bases", borrowing, "parameters.bases"),
        ("/parameters/wallet", json!(WSOL), "parameters.wallet"),
        (
            "/parameters/lookup_tables",
            json!([WSOL]),
            "parameters.lookup_tables",
        ),
        ("/lanes", lanes, "lanes"),
        ("/simulate", json!(true), "simulate"),
        ("/usd_mints", json!([WSOL]), "usd_mints"),
    ] {
        let refused = judged(&[("/version", json!(2)), (pointer, value)]).expect_err(pointer);
        assert_eq!(refused.field, field);
        assert!(refused.remedy.contains("restart"), "{refused}");
    }
}

#[test]
fn lanes_are_rpc_alone_unless_given_and_wrong_ones_are_named() {
    let taken = EngineConfig::parse(&whole().to_string()).expect("taken");
    assert_eq!(taken.lanes, LanesConfig::default());
    let jito = json!({"rpc": false, "jito": {"regions": ["grpc://127.0.0.1:1"], "requests_per_s": 5}, "private_above_lamports": "7"});
    let taken = EngineConfig::parse(&with("/lanes", jito).to_string()).expect("taken");
    assert_eq!(taken.lanes.private_above_lamports, Some(7));
    assert_eq!(taken.lanes.jito.map(|jito| jito.requests_per_s), Some(5));
    for (lanes, field) in [
        (json!({"rpc": false}), "lanes"),
        (json!({"rpc": 1}), "lanes.rpc"),
        (json!({"jito": {"regions": []}}), "lanes.jito.regions"),
        (
            json!({"jito": {"regions": ["ftp://x"]}}),
            "lanes.jito.regions[0]",
        ),
        (
            json!({"jito": {"regions": ["http://x"], "requests_per_s": 0}}),
            "lanes.jito.requests_per_s",
        ),
        (
            json!({"private_above_lamports": "7"}),
            "lanes.private_above_lamports",
        ),
        (json!({"quic": true}), "lanes.quic"),
    ] {
        assert_eq!(refusal(&with("/lanes", lanes)).field, field);
    }
}
