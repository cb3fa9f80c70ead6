//! Properties of the codecs: what is encoded decodes to the same value, and whatever decodes at all
//! encodes to the same bytes. That the bytes mean what the contracts read is proven elsewhere, by
//! independent encoders (tests/seam) and by the contracts themselves.

use super::*;
use alloy_primitives::{Address, B256, U256, hex};
use proptest::collection::vec;
use proptest::prelude::*;

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>()
        .prop_map(Address::from)
        .prop_filter("not reserved", |a| a.as_slice()[..19] != [0; 19])
}

fn uint() -> impl Strategy<Value = U256> {
    (any::<[u8; 32]>(), 0..256_usize).prop_map(|(bytes, shift)| U256::from_be_bytes(bytes) >> shift)
}

fn positive() -> impl Strategy<Value = U256> {
    uint().prop_map(|value| value.max(U256::from(1)))
}

fn path() -> impl Strategy<Value = SwapPath> {
    (1..=MAX_HOPS)
        .prop_flat_map(|hops| (vec(address(), hops + 1), vec(0..1_000_000_u32, hops)))
        .prop_filter_map("repeated token", |(tokens, fees)| {
            SwapPath::new(tokens, fees).ok()
        })
}

fn permit() -> impl Strategy<Value = Permit> {
    (
        uint(),
        any::<u64>(),
        27..=28_u8,
        any::<[u8; 32]>(),
        any::<[u8; 32]>(),
    )
        .prop_map(|(value, deadline, v, r, s)| {
            Permit::new(value, deadline, v, r.into(), s.into()).unwrap()
        })
}

/// One to [`MAX_LEGS`] legs between two tokens, whose amounts together fit 256 bits.
fn legs() -> impl Strategy<Value = Vec<SwapLeg>> {
    let leg = (path(), positive(), positive());
    (address(), address(), vec(leg, 1..=MAX_LEGS)).prop_filter_map(
        "paths of one kind",
        |(from, to, drawn)| {
            let all_fit: usize = if drawn.len() == 1 { 0 } else { 3 };
            let legs: Option<Vec<_>> = drawn
                .into_iter()
                .map(|(path, amount_in, amount_out)| {
                    let mut tokens = path.tokens().to_vec();
                    let last = tokens.len() - 1;
                    (tokens[0], tokens[last]) = (from, to);
                    Some(SwapLeg {
                        path: SwapPath::new(tokens, path.fees_pips().to_vec()).ok()?,
                        amount_in_raw: U256::max(amount_in >> all_fit, U256::ONE),
                        amount_out_raw: U256::max(amount_out >> all_fit, U256::ONE),
                    })
                })
                .collect();
            legs
        },
    )
}

fn swap() -> impl Strategy<Value = RouterSwap> {
    let exact = prop_oneof![Just(Exact::In), Just(Exact::Out)];
    let permit = proptest::option::of(permit());
    (exact, legs(), address(), any::<u64>(), permit).prop_map(
        |(exact, legs, to, deadline, permit)| {
            RouterSwap::new(exact, legs, to, deadline, permit).unwrap()
        },
    )
}

fn access_list() -> impl Strategy<Value = Vec<AccessListItem>> {
    let keys = vec(any::<[u8; 32]>().prop_map(B256::from), 0..3);
    let item = (address(), keys).prop_map(|(address, storage_keys)| AccessListItem {
        address,
        storage_keys,
    });
    vec(item, 0..3)
}

fn transaction() -> impl Strategy<Value = DecodedTransaction> {
    let numbers = (
        any::<u64>(),
        any::<u64>(),
        any::<u128>(),
        any::<u128>(),
        any::<u64>(),
    );
    let signature =
        (any::<bool>(), uint(), uint()).prop_map(|(y_parity, r, s)| TxSignature { y_parity, r, s });
    let rest = (address(), uint(), vec(any::<u8>(), 0..200));
    (
        numbers,
        rest,
        access_list(),
        proptest::option::of(signature),
    )
        .prop_map(|(numbers, (to, value_wei, data), access_list, signature)| {
            DecodedTransaction {
                transaction: Eip1559Transaction {
                    chain_id: numbers.0,
                    nonce: numbers.1,
                    max_priority_fee_per_gas_wei: numbers.2,
                    max_fee_per_gas_wei: numbers.3,
                    gas_limit: numbers.4,
                    to,
                    value_wei,
                    data,
                },
                access_list,
                signature,
            }
        })
}

/// One change to valid bytes: another byte, one less, one more, or a cut.
fn mutated(valid: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (valid, any::<prop::sample::Index>(), 1..=255_u8, 0..4_u8).prop_map(
        |(mut bytes, place, flip, kind)| {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] ^= flip,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, flip),
                _ => bytes.truncate(at),
            }
            bytes
        },
    )
}

fn assert_strict(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(swap) = RouterSwap::decode(bytes) {
        prop_assert_eq!(swap.encode(), bytes);
    }
    if let Ok(approve) = Approve::decode(bytes) {
        prop_assert_eq!(approve.encode(), bytes);
    }
    if let Ok(transaction) = DecodedTransaction::decode(bytes) {
        prop_assert_eq!(transaction.encode(), bytes);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_swap_decodes_to_itself(swap in swap()) {
        prop_assert_eq!(RouterSwap::decode(&swap.encode()), Ok(swap));
    }

    #[test]
    fn a_transaction_decodes_to_itself(transaction in transaction()) {
        prop_assert_eq!(DecodedTransaction::decode(&transaction.encode()), Ok(transaction));
    }

    #[test]
    fn an_approval_decodes_to_itself(spender in address(), amount_raw in uint()) {
        let approve = Approve { spender, amount_raw };
        prop_assert_eq!(Approve::decode(&approve.encode()), Ok(approve));
    }

    #[test]
    fn a_changed_swap_is_refused_or_is_another_swap(
        (swap, bytes) in swap().prop_flat_map(|s| (Just(s.clone()), mutated(Just(s.encode()))))
    ) {
        assert_strict(&bytes)?;
        prop_assert_ne!(RouterSwap::decode(&bytes), Ok(swap));
    }

    #[test]
    fn a_changed_transaction_is_refused_or_is_another_transaction(
        (was, bytes) in transaction().prop_flat_map(|t| (Just(t.clone()), mutated(Just(t.encode()))))
    ) {
        assert_strict(&bytes)?;
        prop_assert_ne!(DecodedTransaction::decode(&bytes), Ok(was));
    }

    #[test]
    fn random_bytes_never_panic_and_never_decode_to_other_bytes(
        head in prop::sample::select(vec!["", "5ae401dc", "095ea7b3", "02", "02f8", "02f90123"]),
        tail in vec(any::<u8>(), 0..600),
    ) {
        assert_strict(&[hex::decode(head).unwrap(), tail].concat())?;
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, EvmError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn refuses_transactions_of_every_other_type_by_name() {
    let cases: [(&[u8], &str); 5] = [
        (&[0xf8, 0x6c], "legacy"),
        (&[0x01, 0xc0], "EIP-2930"),
        (&[0x03, 0xc0], "EIP-4844"),
        (&[0x04, 0xc0], "EIP-7702"),
        (&[0x7e, 0xc0], "type 126"),
    ];
    for (raw, name) in cases {
        let error = DecodedTransaction::decode(raw).unwrap_err();
        assert_eq!(error.code(), "transaction_type_unsupported");
        assert!(error.to_string().contains(name), "{error}");
    }
    assert_eq!(
        code(DecodedTransaction::decode(&[])),
        "transaction_malformed"
    );
}

#[test]
fn refuses_a_transaction_that_creates_a_contract() {
    // Chain 1, then seven empty fields (`to` among them) and an empty access list.
    let raw = hex!("02c90180808080808080c0");
    let error = DecodedTransaction::decode(&raw).unwrap_err();
    assert!(error.to_string().contains("creates a contract"), "{error}");
}

#[test]
fn refuses_a_number_with_a_leading_zero() {
    // The nonce 1 written as 0x820001, otherwise a valid unsigned transaction.
    let to = "94".to_owned() + &"11".repeat(20);
    let raw = hex::decode(format!("02df01820001808080{to}8080c0")).unwrap();
    assert_eq!(
        code(DecodedTransaction::decode(&raw)),
        "transaction_malformed"
    );
    let canonical = hex::decode(format!("02dd0101808080{to}8080c0")).unwrap();
    assert!(DecodedTransaction::decode(&canonical).is_ok());
}

fn tokens(count: u8) -> Vec<Address> {
    (0..count).map(|n| Address::repeat_byte(0x10 + n)).collect()
}

#[test]
fn refuses_paths_that_no_pool_could_serve() {
    let twice = vec![Address::repeat_byte(7); 2];
    for (tokens, fees) in [
        (tokens(1), vec![]),
        (tokens(6), vec![500; 5]),
        (tokens(3), vec![500]),
        (tokens(2), vec![1_000_000]),
        (twice, vec![500]),
    ] {
        assert_eq!(code(SwapPath::new(tokens, fees)), "path_malformed");
    }
}

fn leg(fee_pips: u32, amount_in: u64, amount_out: u64) -> SwapLeg {
    SwapLeg {
        path: SwapPath::new(tokens(2), vec![fee_pips]).unwrap(),
        amount_in_raw: U256::from(amount_in),
        amount_out_raw: U256::from(amount_out),
    }
}

fn split(legs: Vec<SwapLeg>) -> Result<RouterSwap, EvmError> {
    RouterSwap::new(Exact::In, legs, Address::repeat_byte(9), 1, None)
}

#[test]
fn a_split_spends_and_brings_the_sums_of_its_legs_in_their_order() {
    let swap = split(vec![leg(3_000, 70, 60), leg(500, 30, 25)]).unwrap();
    assert_eq!(swap.amount_in_raw(), U256::from(100));
    assert_eq!(swap.amount_out_raw(), U256::from(85));
    let fees: Vec<_> = swap.legs().iter().map(|leg| leg.path.fees_pips()).collect();
    assert_eq!(fees, [[3_000], [500]]);
    assert_eq!(RouterSwap::decode(&swap.encode()), Ok(swap));
}

#[test]
fn refuses_legs_that_do_not_make_one_swap() {
    let other_way = SwapLeg {
        path: SwapPath::new(tokens(2).into_iter().rev().collect(), vec![500]).unwrap(),
        ..leg(500, 1, 1)
    };
    let huge = |fee_pips, amount_in_raw, amount_out_raw| SwapLeg {
        amount_in_raw,
        amount_out_raw,
        ..leg(fee_pips, 1, 1)
    };
    let many = |count: u32| (1..=count).map(|fee| leg(fee, 1, 1)).collect();
    for legs in [
        vec![],
        many(9),
        vec![leg(500, 1, 1), other_way],
        vec![leg(500, 1, 1), leg(500, 2, 2)],
        vec![huge(1, U256::MAX, U256::ONE), leg(2, 1, 1)],
        vec![huge(1, U256::ONE, U256::MAX), leg(2, 1, 1)],
    ] {
        assert_eq!(code(split(legs)), "legs_malformed");
    }
    assert!(split(many(8)).is_ok());
}

#[test]
fn refuses_a_multicall_whose_legs_differ_in_recipient_or_kind() {
    let data = split(vec![leg(500, 70, 60), leg(3_000, 30, 25)])
        .unwrap()
        .encode();
    // The last call's eight words end with: recipient, amount, limit, price limit, and 28 bytes of padding.
    let recipient_of_the_last = data.len() - 28 - 3 * 32 - 1;
    assert_eq!(data[recipient_of_the_last], 9);
    let mut elsewhere = data.clone();
    elsewhere[recipient_of_the_last] = 8;
    let mut mixed = data.clone();
    let selector_of_the_last = data.len() - 28 - 7 * 32 - 4;
    mixed[selector_of_the_last..selector_of_the_last + 4].copy_from_slice(&hex!("5023b4df"));
    for changed in [elsewhere, mixed] {
        let error = RouterSwap::decode(&changed).unwrap_err();
        assert!(error.to_string().contains("different"), "{error}");
    }
}

#[test]
fn refuses_amounts_and_recipients_that_the_router_reads_otherwise() {
    let swap = |exact, recipient, amount_in: u64, amount_out: u64| {
        let legs = vec![leg(500, amount_in, amount_out)];
        RouterSwap::new(exact, legs, recipient, 1, None)
    };
    let wallet = Address::repeat_byte(9);
    assert_eq!(code(swap(Exact::In, wallet, 0, 5)), "amount_zero");
    assert_eq!(code(swap(Exact::Out, wallet, 0, 5)), "amount_zero");
    assert_eq!(code(swap(Exact::Out, wallet, 5, 0)), "amount_zero");
    assert!(swap(Exact::In, wallet, 5, 0).is_ok());
    for reserved in 0..=2 {
        let recipient = Address::with_last_byte(reserved);
        assert_eq!(code(swap(Exact::In, recipient, 5, 5)), "recipient_reserved");
    }
    assert_eq!(
        code(Permit::new(U256::ZERO, 1, 0, B256::ZERO, B256::ZERO)),
        "recovery_value"
    );
}

#[test]
fn refuses_a_price_limit_because_it_would_allow_a_partial_fill() {
    let wallet = Address::repeat_byte(9);
    let swap = RouterSwap::new(Exact::In, vec![leg(500, 5, 4)], wallet, 1, None).unwrap();
    let mut data = swap.encode();
    let last_word_of_the_single_call = data.len() - 28 - 1;
    data[last_word_of_the_single_call] = 1;
    assert_eq!(code(RouterSwap::decode(&data)), "calldata_not_recognised");
}
