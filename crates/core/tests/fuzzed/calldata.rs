//! What the signer is asked to sign: a decoder accepts exactly the bytes that its encoder writes.

use alloy_primitives::{Address, B256, U256, hex};
use serde_json::Value;
use tradewind_core::evm::{
    Approve, DecodedTransaction, Exact, Permit, RouterSwap, SwapLeg, SwapPath, parse_address,
};

use super::input::{Input, fixture};

/// Bare bytes, then a swap made from them.
pub(crate) fn run(data: &[u8]) {
    if let Ok(swap) = RouterSwap::decode(data) {
        assert_eq!(swap.encode(), data);
        assert!(!swap.amount_in_raw().is_zero());
        assert!(swap.recipient() > Address::with_last_byte(2));
        assert!(
            swap.permit()
                .is_none_or(|permit| matches!(permit.v(), 27 | 28))
        );
    }
    if let Ok(approve) = Approve::decode(data) {
        assert_eq!(approve.encode(), data);
    }
    if let Ok(transaction) = DecodedTransaction::decode(data) {
        assert_eq!(transaction.encode(), data);
        let _ = (transaction.transaction.signing_hash(), transaction.hash());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = parse_address("address", text);
    }
    encoded(&mut Input::new(data));
}

/// Whatever can be made is read back as it was, and one changed byte is never read as the same swap.
fn encoded(input: &mut Input<'_>) {
    let hops = 1 + input.below(4);
    let token = |input: &mut Input<'_>| Address::from(input.any::<[u8; 20]>());
    let tokens = (0..=hops).map(|_| token(input)).collect();
    let fees = (0..hops).map(|_| u32::from(input.any::<u16>())).collect();
    let Ok(path) = SwapPath::new(tokens, fees) else {
        return;
    };
    let permit = input.any::<bool>().then(|| {
        let (r, s) = (B256::from(input.any::<[u8; 32]>()), B256::repeat_byte(7));
        let v = 27 + input.any::<u8>() % 2;
        Permit::new(input.amount(), input.any(), v, r, s).unwrap()
    });
    let exact = if input.any() { Exact::In } else { Exact::Out };
    let amounts: [U256; 2] = [input.amount(), input.amount()];
    let recipient = token(input);
    let leg = SwapLeg {
        path,
        amount_in_raw: amounts[0],
        amount_out_raw: amounts[1],
    };
    let Ok(swap) = RouterSwap::new(exact, vec![leg], recipient, input.any(), permit) else {
        return;
    };
    let mut bytes = swap.encode();
    assert_eq!(RouterSwap::decode(&bytes).unwrap(), swap);
    let place = input.below(bytes.len());
    bytes[place] ^= 1 << (input.any::<u8>() % 8);
    if let Ok(other) = RouterSwap::decode(&bytes) {
        assert_ne!(other, swap);
        assert_eq!(other.encode(), bytes);
    }
}

/// Calls of the router that peer packages made.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let whole: Value = serde_json::from_str(&fixture("decode/router_calls.json")).unwrap();
    let calls = whole["calls"].as_array().unwrap().iter();
    let multicalls = calls
        .filter_map(|case| hex::decode(case["data"].as_str()?).ok())
        .filter(|data| data.starts_with(&[0x5a, 0xe4, 0x01, 0xdc]));
    let mut seeds: Vec<Vec<u8>> = multicalls.take(30).collect();
    let approve = Approve {
        spender: Address::repeat_byte(3),
        amount_raw: U256::from(1_000_000),
    };
    seeds.push(approve.encode());
    for (fees, exact) in [
        (vec![500], Exact::In),
        (vec![500, 3_000], Exact::Out),
        (vec![100, 500, 10_000], Exact::In),
    ] {
        let tokens = (1..=4u8).map(|number| Address::repeat_byte(number * 16));
        let tokens = tokens.take(fees.len() + 1).collect();
        let path = SwapPath::new(tokens, fees).unwrap();
        let word = B256::repeat_byte(5);
        let permit = Permit::new(U256::from(77), 1_800_000_000, 27, word, word).ok();
        let amounts = [U256::from(1_000), U256::from(990)];
        let to = Address::repeat_byte(9);
        let leg = SwapLeg {
            path,
            amount_in_raw: amounts[0],
            amount_out_raw: amounts[1],
        };
        let swap = RouterSwap::new(exact, vec![leg], to, 1, permit);
        seeds.push(swap.unwrap().encode());
    }
    seeds
}
