//! Every rule refuses, through the socket, and nothing is recorded or signed by a refusal.

use crate::orders::{ARB, Order, ROUTER, USDC, USDC_UNIT, WETH, address, now_s, permit_of};
use crate::process::{Folder, Signer, WALLETS};
use alloy_primitives::{Address, B256, U256, hex};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tradewind_core::evm::{AccessListItem, Approve, DecodedTransaction, Exact};
use tradewind_signer::fault::Rule;

type Change = fn(&mut Order);

/// Refused whatever was signed before.
const POLICY: &[(&str, Change)] = &[
    ("wallet_unknown", |o| o.wallet = Address::repeat_byte(9)),
    ("chain_not_allowed", |o| o.chain_id = 1),
    ("contract_not_allowed", |o| o.to = address(ARB)),
    ("calldata_shape", |o| o.data = Some(vec![1, 2, 3, 4])),
    ("calldata_shape", |o| o.data = Some(Vec::new())),
    ("calldata_shape", |o| o.value = 1),
    ("recipient", |o| o.recipient = Some(address(WALLETS[1]))),
    ("token_not_allowed", |o| o.tokens[0] = address(ARB)),
    ("token_not_allowed", |o| o.tokens[1] = address(ARB)),
    ("token_not_allowed", |o| o.tokens.insert(1, address(ARB))),
    ("amount_per_transaction", |o| {
        *o = o.clone().spending(50_000 * USDC_UNIT + 1);
    }),
    ("slippage", |o| o.amount_out = 990_000_000_000_000_000 - 1),
    ("slippage", |o| o.quoted_out = 0),
    ("slippage", |o| {
        o.exact = Exact::Out;
        o.quoted_out = o.amount_out;
        o.amount_in = 3_030 * USDC_UNIT + 1;
    }),
    ("quote_mismatch", |o| o.quoted_in -= 1),
    ("quote_mismatch", |o| o.exact = Exact::Out),
    ("fee_cap", |o| o.max_fee = 10_000_000_001),
    ("fee_cap", |o| {
        (o.gas_limit, o.max_fee) = (5_000_000, 1_000_000_001);
    }),
    ("fee_cap", |o| o.tip = o.max_fee + 1),
    ("gas_limit", |o| o.gas_limit = 5_000_001),
    ("validity", |o| o.deadline_s = now_s() - 1),
    ("validity", |o| o.deadline_s = now_s() + 3_660),
    ("approval_amount", |o| {
        *o = o.clone().approving(WALLETS[1], 5);
    }),
    ("approval_amount", |o| {
        *o = o.clone().approving(ROUTER, 5);
        o.quoted_in = 6;
    }),
    ("unlimited_approval", |o| {
        *o = o.clone().approving(ROUTER, 6);
        o.quoted_in = 5;
    }),
    ("unlimited_approval", |o| {
        let everything = Approve {
            spender: address(ROUTER),
            amount_raw: U256::MAX,
        };
        (o.to, o.data) = (address(USDC), Some(everything.encode()));
    }),
    ("quote_mismatch", |o| {
        *o = o.clone().noop(1);
        o.quoted_in = 1;
    }),
    ("noop_not_allowed", |o| *o = o.clone().noop(1)),
    ("amount_per_transaction", |o| {
        *o = o.clone().approving(ROUTER, 50_000 * USDC_UNIT + 1);
    }),
    ("attempt_order", |o| o.attempt = 2),
    ("attempt_order", |o| o.attempt = 0),
    ("nonce_reused", |o| o.nonce = 6),
    ("nonce_gap", |o| o.nonce = 8),
    ("nonce_gap", |o| (o.nonce, o.latest_nonce) = (u64::MAX, 7)),
];

/// Refused because of the first step, which has used the nonce 7 and 3,000 USDC.
const GATE: &[(&str, Change)] = &[
    ("nonce_reused", |_| ()),
    ("nonce_gap", |o| o.nonce = 9),
    ("nonce_foreign", |o| *o = o.clone().at_nonce(9)),
    ("nonce_behind", |o| o.nonce = 8),
];

/// Refused because they are further attempts of the first step.
const FIRST_STEP: &[(&str, Change)] = &[
    ("attempt_conflict", |o| o.max_fee += 1),
    ("attempt_conflict", |o| o.wallet = address(WALLETS[1])),
    ("attempt_order", |o| o.attempt = 3),
    ("nonce_of_step", |o| (o.attempt, o.nonce) = (2, 8)),
    ("nonce_used", |o| (o.attempt, o.latest_nonce) = (2, 8)),
    ("step_changed", |o| {
        (o.attempt, o.amount_out) = (2, o.amount_out + 1);
    }),
    ("step_changed", |o| {
        (o.attempt, o.strategy) = (2, Some("other"));
    }),
    ("step_changed", |o| {
        o.attempt = 2;
        o.tokens = vec![address(USDC), address(WETH), address(USDC), address(WETH)];
    }),
    ("step_changed", |o| {
        *o = o.clone().spending(2_000 * USDC_UNIT);
        o.attempt = 2;
    }),
];

#[test]
fn every_rule_refuses_and_leaves_no_trace() {
    let folder = Folder::new();
    let signer = folder.start();
    // In peers.rs, strategies.rs, limits.rs, and the files of Solana: its rules, attempts, top-ups, unlisted mints and liquidations.
    let elsewhere = [
        "peer",
        "strategy_unknown",
        "strategy_wallet",
        "amount_per_hour",
        "signed_per_day",
        "fee_payer",
        "program_not_allowed",
        "instruction_not_allowed",
        "swap_accounts",
        "lookup_table",
        "compute_units",
        "tip_cap",
        "flash_loan",
        "min_profit",
        "receipt",
        "attempt_alive",
        "cold_start",
        "top_up",
        "unlisted_mint",
        "liquidation",
        "held",
        "not_held",
        "hold_expired",
        "released",
        "discarded",
    ];
    let mut seen = BTreeSet::from(elsewhere.map(str::to_owned));
    refuse_all(&signer, POLICY, &mut seen);
    seen.extend(transaction_types(&signer));
    seen.extend(never_signed(&signer));
    seen.extend(limits(&signer));
    seen.extend(permits(&signer));
    assert_eq!(folder.count("steps"), 0, "a refusal recorded something");

    let first = Order::new("first");
    let signed = signer.ok(&first.request());
    refuse_all(&signer, GATE, &mut seen);
    for (rule, change) in FIRST_STEP {
        let request = first.clone().with(*change).request();
        assert_eq!(signer.refusal(&request), *rule, "{request}");
        seen.insert((*rule).to_owned());
    }
    assert_eq!(folder.count("attempts"), 1, "a refusal recorded something");

    seen.extend(permit_mismatches(&signer));
    seen.extend(settlements(&signer, &first, &signed["tx_hash"]));
    seen.extend(closures(&signer));
    seen.extend(daily_budget(&signer));
    seen.extend(halts(&signer));
    let all: BTreeSet<_> = Rule::ALL
        .iter()
        .map(|rule| rule.name().to_owned())
        .collect();
    assert_eq!(seen, all, "a rule was never seen to refuse, or is unknown");
}

fn refuse_all(signer: &Signer, cases: &[(&str, Change)], seen: &mut BTreeSet<String>) {
    for (index, (rule, change)) in cases.iter().enumerate() {
        let request = Order::new(&format!("refused-{index}"))
            .with(*change)
            .request();
        assert_eq!(signer.refusal(&request), *rule, "case {index}: {request}");
        seen.insert((*rule).to_owned());
    }
}

fn transaction_types(signer: &Signer) -> Vec<String> {
    let order = Order::new("types");
    let unsigned = order.transaction().encode_unsigned();
    let with_access_list = DecodedTransaction {
        transaction: order.transaction(),
        access_list: vec![AccessListItem {
            address: address(USDC),
            storage_keys: vec![B256::ZERO],
        }],
        signature: None,
    };
    let legacy = hex!(
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    );
    let other = alloy_primitives::U256::from(1);
    let signature = tradewind_core::evm::TxSignature {
        y_parity: true,
        r: other,
        s: other,
    };
    let cases = [
        ("legacy_transaction", legacy.to_vec()),
        ("transaction_type", [&[1], &unsigned[1..]].concat()),
        ("blob_transaction", [&[3], &unsigned[1..]].concat()),
        ("set_code", [&[4], &unsigned[1..]].concat()),
        ("set_code", vec![4]),
        ("transaction_type", [&[5], &unsigned[1..]].concat()),
        ("transaction_type", Vec::new()),
        ("transaction_type", [&unsigned[..], &[0]].concat()),
        ("transaction_type", with_access_list.encode()),
        (
            "transaction_type",
            order.transaction().encode_signed(&signature),
        ),
    ];
    let refused = cases.iter().map(|(rule, raw)| {
        assert_eq!(signer.refusal(&order.request_for(raw)), *rule);
        (*rule).to_owned()
    });
    refused.collect()
}

/// Refused by their names, whatever else they say.
fn never_signed(signer: &Signer) -> Vec<String> {
    let cases = [
        ("typed_data", "sign_typed_data"),
        ("typed_data", "eth_signTypedData_v4"),
        ("personal_message", "sign_message"),
        ("personal_message", "personal_sign"),
        ("raw_hash", "sign_hash"),
        ("raw_hash", "eth_sign"),
        ("set_code", "sign_authorization"),
    ];
    for (rule, op) in cases {
        for request in [
            json!({ "op": op }),
            json!({ "op": op, "wallet": WALLETS[0], "hash": B256::repeat_byte(1).to_string() }),
        ] {
            assert_eq!(signer.refusal(&request), rule, "{request}");
        }
    }
    cases.iter().map(|(rule, _)| (*rule).to_owned()).collect()
}

fn limits(signer: &Signer) -> Vec<String> {
    let set = |key: &str, value: &str| json!({ "op": "set_limit", "key": key, "value": value, "by": "test" });
    let cases = [
        ("limit_unknown", set("chain.42161.max_gas", "1")),
        ("limit_ceiling", set("chain.42161.max_gas_limit", "5000001")),
        (
            "raise_unknown",
            json!({ "op": "cancel_raise", "key": "chain.42161.max_gas_limit", "by": "test" }),
        ),
    ];
    let refused = cases.iter().map(|(rule, request)| {
        assert_eq!(signer.refusal(request), *rule, "{request}");
        (*rule).to_owned()
    });
    refused.collect()
}

fn permits(signer: &Signer) -> Vec<String> {
    let order = Order::new("permits");
    let changed = |key: &str, value: Value| {
        let mut request = order.permit_request();
        request[key] = value;
        request
    };
    let cases = [
        (
            "wallet_unknown",
            changed("wallet", json!(Address::repeat_byte(9).to_string())),
        ),
        ("chain_not_allowed", changed("chain_id", json!(1))),
        ("token_not_allowed", changed("token", json!(ARB))),
        ("permit_not_allowed", changed("token", json!(WETH))),
        (
            "contract_not_allowed",
            changed("spender", json!(WALLETS[1])),
        ),
        (
            "amount_per_transaction",
            changed("value_raw", json!("50000000001")),
        ),
        (
            "unlimited_approval",
            changed("value_raw", json!(U256::MAX.to_string())),
        ),
        ("validity", changed("deadline_s", json!(now_s() - 1))),
        ("validity", changed("deadline_s", json!(now_s() + 3_660))),
    ];
    for (rule, request) in &cases {
        assert_eq!(signer.refusal(request), *rule, "{request}");
    }
    cases.into_iter().map(|(rule, _)| rule.to_owned()).collect()
}

fn permit_mismatches(signer: &Signer) -> Vec<String> {
    let order = Order::new("permit-mismatch").at_nonce(8);
    let permit = permit_of(&signer.ok(&order.permit_request()));
    let mut other_nonce = order.permit_request();
    other_nonce["permit_nonce"] = json!("1");
    let already = signer.refusal(&other_nonce);
    assert_eq!(already, "permit_already_made");

    let mut changed = permit;
    changed.deadline_s += 1;
    let elsewhere = Order::new("no-permit-here")
        .at_nonce(8)
        .with(|o| o.permit = Some(permit));
    let smaller = order
        .clone()
        .spending(2_999 * USDC_UNIT)
        .with(|o| o.permit = Some(permit));
    let requests = [
        order.clone().with(|o| o.permit = Some(changed)).request(),
        elsewhere.request(),
        smaller.request(),
    ];
    for request in &requests {
        assert_eq!(signer.refusal(request), "permit_mismatch", "{request}");
    }
    signer.ok(&order.with(|o| o.permit = Some(permit)).request());
    vec![already, "permit_mismatch".to_owned()]
}

fn settlements(signer: &Signer, first: &Order, tx_hash: &Value) -> Vec<String> {
    let spent = first.amount_in;
    let foreign = json!(B256::repeat_byte(1).to_string());
    let unknown = Order::new("never seen");
    let too_much = first.amount_in + 1;
    let before = [
        (
            "step_unknown",
            unknown.settle_request(tx_hash, "succeeded", spent),
        ),
        (
            "transaction_foreign",
            first.settle_request(&foreign, "succeeded", spent),
        ),
        (
            "settlement_amount",
            first.settle_request(tx_hash, "succeeded", too_much),
        ),
        (
            "settlement_amount",
            first.settle_request(tx_hash, "succeeded", spent - 1),
        ),
        (
            "settlement_amount",
            first.settle_request(tx_hash, "reverted", 1),
        ),
        (
            "settlement_outcome",
            first.settle_request(tx_hash, "cancelled", 0),
        ),
    ];
    for (rule, request) in &before {
        assert_eq!(signer.refusal(request), *rule, "{request}");
    }
    let settle = first.final_settle_request(tx_hash, "succeeded", spent);
    for _ in 0..2 {
        // The same settlement again is no conflict.
        assert_eq!(signer.ok(&settle), json!({ "final": true }));
    }
    let after = [
        (
            "settlement_conflict",
            first.settle_request(tx_hash, "reverted", 0),
        ),
        (
            "step_settled",
            first.clone().with(|o| o.attempt = 2).request(),
        ),
        ("step_settled", first.permit_request()),
    ];
    for (rule, request) in &after {
        assert_eq!(signer.refusal(request), *rule, "{request}");
    }
    assert_eq!(signer.ok(&first.step_request())["outcome"], "succeeded");
    before
        .into_iter()
        .chain(after)
        .map(|(rule, _)| rule.to_owned())
        .collect()
}

fn closures(signer: &Signer) -> Vec<String> {
    let order = Order::new("closed").at_nonce(9);
    signer.ok(&order.close_request());
    let closed = signer.refusal(&order.request());
    assert_eq!(closed, "step_closed");
    vec![closed]
}

fn daily_budget(signer: &Signer) -> Vec<String> {
    // Reserved so far: 3,000 by a settled swap and 3,000 by a permit and its swap, of 200,000.
    let mut room = (200_000 - 3_000 - 3_000) * USDC_UNIT;
    for index in 0.. {
        let amount = room.min(50_000 * USDC_UNIT);
        let order = Order::new(&format!("budget-{index}")).spending(amount);
        if amount == 0 {
            break;
        }
        signer.ok(&order.permit_request());
        room -= amount;
    }
    let one_unit = Order::new("one unit more").spending(1);
    let by_permit = signer.refusal(&one_unit.permit_request());
    assert_eq!(by_permit, "amount_per_day");
    let swap = one_unit.at_nonce(9);
    assert_eq!(signer.refusal(&swap.request()), "amount_per_day");
    vec![by_permit]
}

fn halts(signer: &Signer) -> Vec<String> {
    let resume = |epoch: u64| json!({ "op": "resume", "kill_epoch": epoch, "by": "test", "confirm": "resume" });
    let not_halted = signer.refusal(&resume(0));
    assert_eq!(not_halted, "not_halted");
    assert_eq!(signer.halt(), json!({ "kill_epoch": 1, "halted": true }));
    let order = Order::new("halted").spending(1).at_nonce(9);
    let halted = signer.refusal(&order.request());
    assert_eq!(halted, "halted");
    assert_eq!(signer.refusal(&order.permit_request()), "halted");
    let epoch = signer.refusal(&resume(0));
    assert_eq!(epoch, "kill_epoch");
    assert_eq!(
        signer.ok(&resume(1)),
        json!({ "kill_epoch": 1, "halted": false })
    );
    assert_eq!(
        signer.refusal(&order.request()),
        "amount_per_day",
        "it signs again, within its limits"
    );
    vec![not_halted, halted, epoch]
}

#[test]
fn allows_what_is_exactly_at_its_limits() {
    let folder = Folder::new();
    let signer = folder.start();
    let at_the_caps: &[Change] = &[
        |o| o.amount_out = 990_000_000_000_000_000,
        |o| (o.gas_limit, o.max_fee) = (5_000_000, 1_000_000_000),
        |o| *o = o.clone().spending(50_000 * USDC_UNIT),
        |o| {
            o.exact = Exact::Out;
            o.quoted_out = o.amount_out;
            o.amount_in = 3_030 * USDC_UNIT;
        },
        |o| *o = o.clone().approving(ROUTER, 50_000 * USDC_UNIT),
        |o| o.tokens = vec![address(USDC), address(WETH), address(USDC), address(WETH)],
    ];
    for (nonce, change) in (7..).zip(at_the_caps) {
        let order = Order::new(&format!("limit-{nonce}"))
            .at_nonce(nonce)
            .with(*change);
        assert_eq!(signer.ok(&order.request())["nonce"], nonce);
    }
}

#[test]
fn a_later_attempt_may_change_fees_and_deadline_on_the_same_nonce() {
    let folder = Folder::new();
    let signer = folder.start();
    let first = Order::new("again");
    let one = signer.ok(&first.request());
    let second = first
        .clone()
        .with(|o| (o.attempt, o.max_fee, o.deadline_s) = (2, o.max_fee * 2, o.deadline_s + 60));
    let two = signer.ok(&second.request());
    assert_eq!(one["nonce"], two["nonce"]);
    assert_ne!(one["raw_tx"], two["raw_tx"]);
    let step = signer.ok(&first.step_request());
    assert_eq!(step["attempts"].as_array().unwrap().len(), 2);
    let reserved: Vec<String> = reservations(&folder);
    assert_eq!(reserved, ["3000000000"], "one reservation for both");
}

fn reservations(folder: &Folder) -> Vec<String> {
    let gate = folder.gate();
    let mut rows = gate.prepare("SELECT reserved_raw FROM steps").unwrap();
    let found = rows.query_map([], |row| row.get(0)).unwrap();
    found.map(Result::unwrap).collect()
}
