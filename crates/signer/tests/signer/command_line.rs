//! The commands that need no running signer, and the messages for a user's mistakes.

use crate::process::{Folder, KEYS, SIGNER, WALLETS, config};
use std::io::Write;
use std::process::Stdio;

fn run(folder: &Folder, arguments: &[&str]) -> (bool, String) {
    let output = folder
        .command(SIGNER, arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

const LIST: [&str; 4] = ["key", "list", "--keys", "keys.age"];
const START: [&str; 3] = ["run", "--config", "signer.toml"];

#[test]
fn lists_labels_and_addresses_and_no_secret() {
    let folder = Folder::new();
    let (done, text) = run(
        &folder,
        &[&LIST[..], &["--passphrase-file", "passphrase"]].concat(),
    );
    assert!(done, "{text}");
    for (wallet, key) in WALLETS.iter().zip(KEYS) {
        assert!(text.contains(wallet) && !text.contains(key), "{text}");
    }
}

#[test]
fn makes_a_new_key_that_is_another_one_each_time() {
    let folder = Folder::new();
    let make = |label: &str| {
        let words = [
            "key",
            "new",
            "--keys",
            "new.age",
            "--passphrase-file",
            "passphrase",
            "--work-factor",
            "2",
            "--label",
            label,
        ];
        run(&folder, &words)
    };
    let (one, two, again) = (make("a"), make("b"), make("b"));
    assert!(one.0 && two.0, "{one:?} {two:?}");
    assert_ne!(one.1.split("0x").nth(1), two.1.split("0x").nth(1));
    assert!(
        !again.0 && again.1.contains("the file has the key \"b\""),
        "{again:?}"
    );
}

#[test]
fn says_that_the_passphrase_is_wrong() {
    let folder = Folder::new();
    folder.write("wrong", "not this one");
    let (done, text) = run(
        &folder,
        &[&START[..], &["--passphrase-file", "wrong"]].concat(),
    );
    assert!(!done);
    assert!(
        text.contains("the passphrase does not open") && text.contains("keys.age"),
        "{text}"
    );
}

#[test]
fn refuses_a_passphrase_file_that_others_can_read() {
    let folder = Folder::new();
    folder.set_mode("passphrase", 0o644);
    let (done, text) = run(
        &folder,
        &[&START[..], &["--passphrase-file", "passphrase"]].concat(),
    );
    assert!(!done && text.contains("chmod 600"), "{text}");
}

#[test]
fn reads_the_passphrase_from_a_file_descriptor() {
    let folder = Folder::new();
    let mut command = folder.command(SIGNER, &[&LIST[..], &["--passphrase-fd", "0"]].concat());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"canary-passphrase-7c1f\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        String::from_utf8_lossy(&output.stdout).contains(WALLETS[0]),
        "{output:?}"
    );
}

#[test]
fn does_not_start_without_a_key_for_each_wallet() {
    let folder = Folder::new();
    let stranger = format!("0x{}", "77".repeat(20));
    folder.write("signer.toml", &config().replace(WALLETS[2], &stranger));
    let (done, text) = run(
        &folder,
        &[&START[..], &["--passphrase-file", "passphrase"]].concat(),
    );
    assert!(
        !done && text.contains(&format!("no key for the wallet {stranger}")),
        "{text}"
    );
}

#[test]
fn prints_the_policy_with_a_digest_that_changes_with_every_limit() {
    let folder = Folder::new();
    let digest = |text: &str| text.lines().last().unwrap().to_owned();
    let (done, before) = run(&folder, &["check", "--config", "signer.toml"]);
    assert!(
        done && digest(&before).starts_with("policy_digest 0x"),
        "{before}"
    );
    assert!(before.contains("max_per_day 200000000000"), "{before}");
    for (from, to) in [
        ("max_gas_limit = 5000000", "max_gas_limit = 5000001"),
        ("\"200000\"", "\"200000.000001\""),
        ("USD Coin", "USD  Coin"),
        (
            "chains = [42161]",
            "chains = [42161, 10]\n[chains.10]\nrouters=[\"0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45\"]",
        ),
    ] {
        folder.write("signer.toml", &config().replacen(from, to, 1));
        let (_, after) = run(&folder, &["check", "--config", "signer.toml"]);
        assert_ne!(digest(&after), digest(&before), "{to}");
    }
}

#[test]
fn names_the_key_path_of_every_mistake_in_the_configuration() {
    let folder = Folder::new();
    let cases = [
        (
            "max_gas_limit = 5000000",
            "",
            "chains.42161.max_gas_limit: is missing",
        ),
        (
            "max_gas_limit = 5000000",
            "max_gas_limit = 5000000\nmax_gas = 1",
            "chains.42161.max_gas: ",
        ),
        (
            "max_gas_limit = 5000000",
            "max_gas_limit = 5e6",
            "chains.42161.max_gas_limit: ",
        ),
        (
            "max_gas_limit = 5000000",
            "max_gas_limit = -1",
            "chains.42161.max_gas_limit: ",
        ),
        (
            "max_slippage_bps = 100",
            "max_slippage_bps = 5001",
            "chains.42161.max_slippage_bps: ",
        ),
        (
            "max_validity_s = 3600",
            "max_validity_s = 0",
            "chains.42161.max_validity_s: ",
        ),
        (
            "\"10000000000\"",
            "10000000000",
            "chains.42161.max_fee_per_gas_wei: ",
        ),
        (
            "\"50000\"",
            "\"0.0000001\"",
            "chains.42161.tokens[0].max_per_transaction: has more than",
        ),
        (
            "decimals = 18",
            "decimals = 255",
            "chains.42161.tokens[1].decimals: ",
        ),
        ("0xaf88", "0xAf88", "chains.42161.tokens[0].address: "),
        (
            "version = \"2\"",
            "verison = \"2\"",
            "chains.42161.tokens[0].permit.version: is missing (besides, there are: verison)",
        ),
        (
            "[chains.42161]",
            "[chains.arbitrum]\n[chains.42161]",
            "chains.arbitrum: ",
        ),
        (
            "chains = [42161]",
            "chains = [1]",
            "has no [chains.1] section",
        ),
        (
            "chains = [42161]",
            "chains = []",
            "wallets[0].chains: must not be empty",
        ),
        (WALLETS[1], WALLETS[0], "wallets[1].address: is given twice"),
        ("gate = \"gate.db\"", "", "gate: is missing"),
        (
            "gate = \"gate.db\"",
            "gate = \"gate.db\"\nallowed_uids = [\"me\"]",
            "allowed_uids[0]: ",
        ),
    ];
    for (from, to, expected) in cases {
        assert!(config().contains(from), "{from}");
        folder.write("signer.toml", &config().replacen(from, to, 1));
        let (done, text) = run(&folder, &["check", "--config", "signer.toml"]);
        assert!(!done && text.contains(expected), "{to:?} gave {text}");
    }
}

#[test]
fn refuses_a_gate_file_that_is_damaged_of_another_version_or_something_else() {
    let start = [&START[..], &["--passphrase-file", "passphrase"]].concat();
    let change = |sql: &str| {
        let folder = Folder::new();
        folder.start().stop();
        let gate = rusqlite::Connection::open(folder.path("gate.db")).unwrap();
        gate.execute_batch(sql).unwrap();
        drop(gate);
        run(&folder, &start)
    };
    let (done, text) = change("PRAGMA user_version = 8");
    assert!(!done && text.contains("version 8"), "{text}");
    let (done, text) = change("PRAGMA application_id = 5");
    assert!(!done && text.contains("not a gate file"), "{text}");
    let orphan = "PRAGMA foreign_keys = OFF;
        INSERT INTO settlements (intent_id, step, outcome, tx_hash, block_number, block_hash, spent_raw, endpoints,
            settled_at_ms)
        VALUES ('x', 0, 'reverted', '', 0, '', '0', '', 0)";
    let (done, text) = change(orphan);
    assert!(!done && text.contains("damaged"), "{text}");

    let folder = Folder::new();
    folder.write(
        "gate.db",
        "this is not a database, it is a text of some length",
    );
    let (done, text) = run(&folder, &start);
    assert!(!done && text.contains("gate.db cannot be used"), "{text}");
}
