//! Router calls written by viem and Uniswap's own SDKs from their published ABIs (see
//! tests/fixtures/decode/README.md), and what is refused in calls that no encoder writes.

use alloy_primitives::{Address, U256, hex, keccak256};
use proptest::prelude::*;
use serde_json::{Value, json};
use tradewind_core::decode::evm::router::{
    Action, Amount, Recipient, Router, RouterCall, Swap, What, decode_call, functions,
};
use tradewind_core::evm::Exact;

fn calls() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/decode/router_calls.json"
    );
    let mut whole: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    serde_json::from_value(whole["calls"].take()).unwrap()
}

fn data(case: &Value) -> Vec<u8> {
    hex::decode(case["data"].as_str().unwrap()).unwrap()
}

fn read(data: &[u8]) -> RouterCall {
    decode_call(data, None, None).unwrap().unwrap()
}

fn code(data: &[u8]) -> &'static str {
    decode_call(data, None, None).unwrap_err().code()
}

fn amount(amount: Amount) -> Value {
    match amount {
        Amount::Exactly(raw) => json!(raw.to_string()),
        Amount::ContractBalance => json!("contract_balance"),
        Amount::MessageValue => json!("message_value"),
        Amount::AlreadyPaid => json!("already_paid"),
    }
}

fn recipient(recipient: Recipient) -> Value {
    match recipient {
        Recipient::Address(address) => json!(address.to_checksum(None)),
        Recipient::MsgSender => json!("msg_sender"),
        Recipient::AddressThis => json!("address_this"),
    }
}

fn number(value: Option<U256>) -> Value {
    value.map_or(Value::Null, |value| json!(value.to_string()))
}

fn swap(swap: &Swap) -> Value {
    json!({
        "exact": if swap.exact == Exact::In { "in" } else { "out" },
        "fees_pips": swap.fees_pips,
        "deadline_s": number(swap.deadline_s),
        "sqrt_price_limit_x96": number(swap.sqrt_price_limit_x96),
        "fee_on_transfer": swap.fee_on_transfer,
        "native_in": swap.native_in,
        "native_out": swap.native_out,
        "payer_is_user": swap.payer_is_user,
        "router": swap.router.name(),
        "venue": swap.venue.name(),
        "path": swap.path.iter().map(|token| token.to_checksum(None)).collect::<Vec<_>>(),
        "amount_raw": amount(swap.amount_raw),
        "limit_raw": amount(swap.limit_raw),
        "recipient": recipient(swap.recipient),
    })
}

fn assert_action(action: &Action, wanted: &Value) {
    assert_eq!(json!(action.kind.name()), wanted["kind"]);
    let token = action.token.map(|token| token.to_checksum(None));
    assert_eq!(json!(token), wanted["token"]);
    assert_eq!(
        action.amount_raw.map_or(Value::Null, amount),
        wanted["amount_raw"]
    );
    if !wanted["recipient"].is_null() {
        assert_eq!(
            action.recipient.map_or(Value::Null, recipient),
            wanted["recipient"]
        );
    }
}

#[test]
fn calls_written_by_uniswaps_own_encoders_decode_to_their_swaps_and_payments() {
    let calls = calls();
    assert_eq!(calls.len(), 265);
    let mut swaps = 0;
    for case in &calls {
        let value: U256 = case["value"].as_str().unwrap().parse().unwrap();
        let call = decode_call(&data(case), Some(value), None)
            .unwrap()
            .unwrap();
        assert_eq!(
            call.router.map(Router::name),
            case["router"].as_str(),
            "{case}"
        );
        let found: Vec<_> = call.swaps().map(swap).collect();
        assert_eq!(json!(found), case["swaps"]);
        swaps += found.len();
        let Some(actions) = case["actions"].as_array() else {
            continue;
        };
        assert_eq!(call.steps.len(), actions.len());
        for (step, wanted) in call.steps.iter().zip(actions) {
            match &step.what {
                What::Action(action) => assert_action(action, wanted),
                What::Swap(_) => assert!(wanted.is_null()),
                other => panic!("not read: {other:?}"),
            }
        }
        if let Some(allowed) = case["allow_revert"].as_array() {
            let found: Vec<_> = call
                .steps
                .iter()
                .map(|step| json!(step.allow_revert))
                .collect();
            assert_eq!(&found, allowed);
        }
    }
    assert!(swaps > 350, "{swaps}");
}

#[test]
fn every_selector_is_the_hash_of_its_signature_and_they_are_sorted() {
    assert_eq!(functions().len(), 39);
    for function in functions() {
        let hash = keccak256(function.signature);
        assert_eq!(
            hash[..4],
            function.selector.to_be_bytes(),
            "{}",
            function.signature
        );
    }
    assert!(functions().is_sorted_by_key(|function| function.selector));
}

#[test]
fn a_known_router_must_have_the_function() {
    for case in calls() {
        let data = data(&case);
        for router in Router::ALL {
            let read = decode_call(&data, None, Some(router));
            if case["router"] == json!(router.name()) {
                assert_eq!(read.unwrap().unwrap().router, Some(router));
            } else {
                assert_eq!(read.unwrap_err().code(), "selector_not_of_router");
            }
        }
    }
}

#[test]
fn what_no_router_function_has_the_selector_of_is_not_a_router_call() {
    for data in [&[][..], &[0x38, 0xed, 0x17], &hex!("a9059cbb00000000")] {
        assert_eq!(decode_call(data, None, None), Ok(None));
    }
}

fn word(value: usize) -> Vec<u8> {
    U256::from(value).to_be_bytes::<32>().to_vec()
}

fn multicall(calls: &[Vec<u8>]) -> Vec<u8> {
    let mut heads = Vec::new();
    let mut tails: Vec<u8> = Vec::new();
    for call in calls {
        heads.extend(word(calls.len() * 32 + tails.len()));
        tails.extend(word(call.len()));
        tails.extend(call);
        tails.resize(tails.len().next_multiple_of(32), 0);
    }
    [
        hex!("ac9650d8").to_vec(),
        word(32),
        word(calls.len()),
        heads,
        tails,
    ]
    .concat()
}

fn execute(commands: &[u8], input: &[u8]) -> Vec<u8> {
    let mut padded = commands.to_vec();
    padded.resize(32, 0);
    let inputs = [
        word(commands.len()),
        word(commands.len() * 32).repeat(commands.len()),
        word(input.len()),
        input.to_vec(),
    ];
    [
        hex!("24856bc3").to_vec(),
        word(64),
        word(128),
        word(commands.len()),
        padded,
        inputs.concat(),
    ]
    .concat()
}

#[test]
fn multicalls_inside_multicalls_are_read_four_deep_and_no_deeper() {
    let mut data = hex!("12210e8a").to_vec();
    for _ in 0..4 {
        data = multicall(&[data]);
        let call = read(&data);
        assert_eq!((call.router, call.steps.len()), (None, 1));
    }
    assert_eq!(read(&data).steps[0].depth, 4);
    assert_eq!(code(&multicall(&[data])), "calldata_unbounded");
}

#[test]
fn one_tail_used_by_many_offsets_is_read_but_not_without_bound() {
    // Every element of the array is the array's own last one: a few bytes each for a whole path.
    let path: Vec<u8> = (1..=40).flat_map(word).collect();
    let swap = [
        hex!("472b43f3").to_vec(),
        word(1),
        word(1),
        word(128),
        word(7),
        word(40),
        path,
    ]
    .concat();
    let overlapping = |count: usize| {
        let heads = word(count * 32).repeat(count);
        [
            hex!("ac9650d8").to_vec(),
            word(32),
            word(count),
            heads,
            word(swap.len()),
            swap.clone(),
        ]
        .concat()
    };
    assert_eq!(read(&overlapping(2)).swaps().count(), 2);
    assert_eq!(code(&overlapping(200)), "calldata_unbounded");
}

#[test]
fn functions_and_commands_that_are_not_read_are_named() {
    let call = read(&multicall(&[hex!("88316456").to_vec(), vec![1, 2]]));
    assert_eq!(call.steps[0].what, What::UnknownFunction(Some(0x8831_6456)));
    assert_eq!(call.steps[1].what, What::UnknownFunction(None));
    let call = read(&execute(&[0x90, 0x3f, 0x4b], &[]));
    let named = |command, name| What::UnknownCommand { command, name };
    assert_eq!(call.steps[0].what, named(0x10, "V4_SWAP"));
    assert!(call.steps[0].allow_revert && !call.steps[1].allow_revert);
    assert_eq!(call.steps[1].what, named(0x3f, "an unknown command"));
    assert_eq!(call.steps[2].what, named(0x4b, "an unknown command"));
}

#[test]
fn a_sub_plan_is_read_as_steps_one_deeper() {
    let wrap = [word(2), word(1)].concat();
    let inner = execute(&[0x0b], &wrap)[4..].to_vec();
    let call = read(&execute(&[0xa1], &inner));
    assert_eq!(
        (call.steps[0].function, call.steps[0].depth),
        ("WRAP_ETH", 1)
    );
    assert!(call.steps[0].allow_revert);
}

#[test]
fn the_least_prices_of_the_newest_universal_router_are_read() {
    let path = hex!("1111111111111111111111111111111111111111" "000bb8" "2222222222222222222222222222222222222222");
    let mut tail = path.to_vec();
    tail.resize(64, 0);
    let input = [
        word(1),
        word(5),
        word(6),
        word(192),
        word(1),
        word(288),
        word(43),
        tail,
        word(1),
        word(77),
    ]
    .concat();
    let call = read(&execute(&[0x00], &input));
    let swap = call.swaps().next().unwrap();
    assert_eq!(swap.min_hop_prices_x36, vec![U256::from(77)]);
    assert_eq!(
        (swap.recipient, swap.fees_pips.as_slice()),
        (Recipient::MsgSender, &[3000][..])
    );
}

#[test]
fn arguments_that_the_router_could_not_read_are_refused() {
    let [a, b] = [1_usize, 2].map(word);
    let v2 = |path: &[u8]| {
        [
            hex!("38ed1739").to_vec(),
            word(5),
            word(5),
            word(160),
            word(7),
            word(9),
            path.to_vec(),
        ]
        .concat()
    };
    let two = [word(2), a.clone(), b.clone()].concat();
    assert_eq!(read(&v2(&two)).swaps().count(), 1);
    let far = [vec![0xff; 32], a.clone(), b.clone()].concat();
    let dirty = [word(2), vec![1; 32], b.clone()].concat();
    let twice = [word(2), a.clone(), a.clone()].concat();
    for path in [
        &two[..64],
        &[word(3), a, b].concat(),
        &far,
        &dirty,
        &twice,
        &word(0),
    ] {
        assert_eq!(code(&v2(path)), "calldata_malformed");
    }
    let both = multicall(&[v2(&two), hex!("12210e8a").to_vec()]);
    assert_eq!(code(&both), "selector_not_of_router");
}

#[test]
fn native_currency_is_the_value_when_it_is_known_and_named_when_it_is_not() {
    let path = [word(2), word(1), word(2)].concat();
    let data = [
        hex!("7ff36ab5").to_vec(),
        word(5),
        word(128),
        word(7),
        word(9),
        path,
    ]
    .concat();
    assert_eq!(
        read(&data).swaps().next().unwrap().amount_raw,
        Amount::MessageValue
    );
    let call = decode_call(&data, Some(U256::from(3)), None)
        .unwrap()
        .unwrap();
    assert_eq!(
        call.swaps().next().unwrap().amount_raw,
        Amount::Exactly(U256::from(3))
    );
}

#[test]
fn a_table_of_routers_decides_by_address() {
    let case = calls()
        .into_iter()
        .find(|case| case["router"] == json!("swap_router02"))
        .unwrap();
    let to = Address::repeat_byte(3);
    let mut call_fields = vec![0x80, 0x80, 0x80, 0x94];
    call_fields.extend(to);
    call_fields.push(0x80);
    alloy_rlp::Encodable::encode(&data(&case).as_slice(), &mut call_fields);
    let mut raw = Vec::new();
    alloy_rlp::Header {
        list: true,
        payload_length: call_fields.len(),
    }
    .encode(&mut raw);
    raw.extend(call_fields);
    let transaction = tradewind_core::decode::evm::decode_transaction(&raw).unwrap();
    let table = |address, router| [(address, router)].into_iter().collect();
    assert!(transaction.router_call(None).unwrap().is_some());
    let known = table(to, Router::SwapRouter02);
    assert_eq!(
        transaction
            .router_call(Some(&known))
            .unwrap()
            .unwrap()
            .router,
        Some(Router::SwapRouter02)
    );
    let elsewhere = table(Address::ZERO, Router::SwapRouter02);
    assert_eq!(transaction.router_call(Some(&elsewhere)), Ok(None));
    let other = table(to, Router::UniversalRouter);
    assert_eq!(
        transaction.router_call(Some(&other)).unwrap_err().code(),
        "selector_not_of_router"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn changed_calls_never_panic_and_give_no_more_steps_than_the_bytes_allow(
        case in prop::sample::select(calls()),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in any::<prop::sample::Index>(),
        shorten in any::<bool>(),
    ) {
        let mut data = data(&case);
        for (place, byte) in changes {
            let at = place.index(data.len());
            data[at] = byte;
        }
        if shorten {
            data.truncate(cut.index(data.len()));
        }
        if let Ok(Some(call)) = decode_call(&data, None, None) {
            prop_assert!(call.steps.len() <= data.len() / 16 + 1);
        }
    }
}
