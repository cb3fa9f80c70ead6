//! Which nonce a new step may take, what the refusals tell the operator, and how foreign nonces are adopted.

use crate::orders::{Order, USDC_UNIT};
use crate::process::{Folder, SIGNER, Signer, WALLETS};
use serde_json::{Value, json};

fn message(signer: &Signer, request: &Value) -> String {
    let answer = signer.ask(request);
    answer["refused"]["message"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

fn next_nonce(signer: &Signer) -> Value {
    let ask = json!({ "op": "next_nonce", "wallet": WALLETS[0], "chain_id": 42161 });
    signer.ok(&ask)["next_nonce"].clone()
}

fn adopt(nonce: u64) -> Value {
    json!({ "op": "adopt_nonce", "wallet": WALLETS[0], "chain_id": 42161, "nonce": nonce, "by": "test" })
}

/// Runs the program; gives whether it succeeded, and all that it wrote.
fn run(folder: &Folder, arguments: &[&str]) -> (bool, String) {
    let output = folder.command(SIGNER, arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn a_new_step_waits_until_the_one_before_it_is_on_the_chain_and_is_told_which() {
    let folder = Folder::new();
    let signer = folder.start();
    signer.ok(&Order::new("first").with(|o| o.step = 3).request());
    let early = Order::new("second").with(|o| o.nonce = 8);
    assert_eq!(signer.refusal(&early.request()), "nonce_behind");
    assert!(message(&signer, &early.request()).contains("step 3 of intent first"));
    signer.ok(&early.at_nonce(8).request());
}

#[test]
fn a_first_step_and_later_attempts_need_nothing_before_them_on_the_chain() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("first");
    signer.ok(&order.request());
    signer.ok(&order
        .with(|o| (o.attempt, o.max_fee) = (2, o.max_fee + 1))
        .request());
}

#[test]
fn nonces_are_adopted_only_under_a_halt_and_only_upwards() {
    let folder = Folder::new();
    let signer = folder.start();
    signer.ok(&Order::new("first").request());
    assert_eq!(signer.refusal(&adopt(9)), "not_halted");
    signer.halt();
    for nonce in [0, 7, 8] {
        assert_eq!(signer.refusal(&adopt(nonce)), "nonce_reused", "{nonce}");
    }
    assert_eq!(next_nonce(&signer), 8);
    assert_eq!(signer.ok(&adopt(9)), json!({ "next_nonce": 9 }));
    assert_eq!(signer.refusal(&adopt(9)), "nonce_reused");
    assert_eq!(signer.ok(&adopt(12)), json!({ "next_nonce": 12 }));
    let mut stranger = adopt(20);
    stranger["wallet"] = json!("0x7777777777777777777777777777777777777777");
    assert_eq!(signer.refusal(&stranger), "wallet_unknown");
    signer.ok(&json!({ "op": "resume", "kill_epoch": 1, "by": "test", "confirm": "resume" }));
    signer.stop();

    let signer = folder.start();
    assert_eq!(next_nonce(&signer), 12);
    assert_eq!(
        signer.refusal(
            &Order::new("old")
                .at_nonce(8)
                .with(|o| o.latest_nonce = 12)
                .request()
        ),
        "nonce_reused"
    );
    let behind = Order::new("behind")
        .at_nonce(12)
        .with(|o| o.latest_nonce = 11);
    assert!(message(&signer, &behind.request()).contains("a transaction made outside this gate"));
    signer.ok(&Order::new("next").at_nonce(12).request());
    assert_eq!(next_nonce(&signer), 13);
}

#[test]
fn the_command_that_a_foreign_nonce_is_answered_with_is_the_way_out() {
    for running in [true, false] {
        let folder = Folder::new();
        let signer = folder.start();
        signer.ok(&Order::new("first").request());
        let foreign = Order::new("foreign").at_nonce(9);
        let text = message(&signer, &foreign.request());
        assert!(
            text.contains("has seen nonces")
                && text.contains("up to 8, and this gate recorded them up to 7"),
            "{text}"
        );
        let command = text
            .split('`')
            .nth(1)
            .unwrap()
            .replace("FILE", "signer.toml");
        let words: Vec<_> = command.split(' ').skip(1).collect();

        let signer = if running {
            Some(signer)
        } else {
            signer.stop();
            None
        };
        let (done, refusal) = run(&folder, &words);
        assert!(
            !done && refusal.contains("tradewind-signer halt"),
            "{refusal}"
        );
        assert!(run(&folder, &["halt", "--config", "signer.toml"]).0);
        let (done, adopted) = run(&folder, &words);
        assert!(done && adopted.contains("{\"next_nonce\":9}"), "{adopted}");
        let signer = signer.unwrap_or_else(|| folder.start());
        signer.ok(&json!({ "op": "resume", "kill_epoch": 1, "by": "test", "confirm": "resume" }));
        signer.ok(&foreign.request());
        assert_eq!(
            folder.count("adoptions WHERE adopted_by = 'command line'"),
            1
        );
    }
}

#[test]
fn refusals_that_an_operator_can_end_say_how_in_their_last_sentence() {
    let folder = Folder::new();
    let signer = folder.start();
    let first = Order::new("first");
    signer.ok(&first.request());
    let later =
        |change: fn(&mut Order)| first.clone().with(|o| o.attempt = 2).with(change).request();
    let new = |change: fn(&mut Order)| Order::new("new").at_nonce(8).with(change).request();
    let cases = [
        (
            "nonce_reused",
            new(|o| o.nonce = 7),
            "Build the transaction again with nonce 8.",
        ),
        (
            "nonce_gap",
            new(|o| o.nonce = 9),
            "Build the transaction again with nonce 8.",
        ),
        (
            "nonce_gap",
            new(|o| o.nonce = u64::MAX),
            "with the nonce that next_nonce names.",
        ),
        (
            "nonce_behind",
            new(|o| o.latest_nonce = 7),
            "or send it again, then ask again.",
        ),
        (
            "nonce_foreign",
            new(|o| o.latest_nonce = 9),
            "--chain 42161 --nonce 9`.",
        ),
        (
            "nonce_of_step",
            later(|o| o.nonce = 8),
            "Build the attempt again with nonce 7.",
        ),
        (
            "nonce_used",
            later(|o| o.latest_nonce = 8),
            "settle the step with the one that is there.",
        ),
        ("validity", new(|o| o.deadline_s = 1), "in the future."),
        (
            "validity",
            new(|o| o.deadline_s += 4_000),
            "or raise max_validity_s and start the signer again.",
        ),
    ];
    for (rule, request, remedy) in cases {
        assert_eq!(signer.refusal(&request), rule);
        let text = message(&signer, &request);
        assert!(text.ends_with(remedy), "{text}");
    }
    for index in 0..3 {
        let fill = Order::new(&format!("fill-{index}")).spending(50_000 * USDC_UNIT);
        signer.ok(&fill.permit_request());
    }
    let text = message(
        &signer,
        &Order::new("more")
            .spending(50_000 * USDC_UNIT)
            .permit_request(),
    );
    assert!(text.ends_with("or raise max_per_day."), "{text}");
}
