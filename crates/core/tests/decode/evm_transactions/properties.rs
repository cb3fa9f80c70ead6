//! Any transaction that alloy-rlp writes, changed bytes, and random ones.

use super::{bytes, fixture, list, rlp_list, rlp_string};
use alloy_primitives::{Address, B256, U256, hex};
use alloy_rlp::Encodable;
use proptest::prelude::*;
use tradewind_core::decode::evm::{Kind, Transaction, decode_transaction, inspect};

fn number() -> impl Strategy<Value = U256> {
    (any::<[u8; 32]>(), 0..256_usize).prop_map(|(bytes, shift)| U256::from_be_bytes(bytes) >> shift)
}

#[derive(Debug, Clone)]
struct Made {
    kind: u8,
    chain_id: u64,
    nonce: u64,
    gas_limit: u64,
    fees: [U256; 3],
    to: Option<Address>,
    value: U256,
    data: Vec<u8>,
    slots: Vec<Vec<B256>>,
    y_parity: bool,
    r: U256,
    s: U256,
}

fn encoded(value: &dyn Encodable) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

impl Made {
    /// Written by alloy-rlp, field by field as the EIPs list them.
    fn encode(&self) -> Vec<u8> {
        let fees = match self.kind {
            0 | 1 => vec![encoded(&self.fees[0])],
            _ => vec![encoded(&self.fees[1]), encoded(&self.fees[0])],
        };
        let to = self.to.map_or(vec![0x80], |to| encoded(&to));
        let call = vec![
            encoded(&self.gas_limit),
            to,
            encoded(&self.value),
            rlp_string(&self.data),
        ];
        let signature = [encoded(&self.r), encoded(&self.s)];
        if self.kind == 0 {
            let v = self.chain_id * 2 + 35 + u64::from(self.y_parity);
            let items = [
                vec![encoded(&self.nonce)],
                fees,
                call,
                vec![encoded(&v)],
                signature.to_vec(),
            ];
            return rlp_list(&items.concat());
        }
        let entry = |slots: &Vec<B256>| {
            let slots: Vec<_> = slots.iter().map(|slot| encoded(slot)).collect();
            rlp_list(&[encoded(&Address::repeat_byte(9)), rlp_list(&slots)])
        };
        let access = rlp_list(&self.slots.iter().map(entry).collect::<Vec<_>>());
        let head = vec![encoded(&self.chain_id), encoded(&self.nonce)];
        let more = match self.kind {
            3 => vec![encoded(&self.fees[2]), rlp_list(&[rlp_string(&[1; 32])])],
            4 => vec![rlp_list(&[rlp_list(&[
                encoded(&self.chain_id),
                encoded(&Address::repeat_byte(7)),
                encoded(&self.nonce),
                encoded(&self.y_parity),
                encoded(&self.r),
                encoded(&self.s),
            ])])],
            _ => Vec::new(),
        };
        let parity = vec![encoded(&self.y_parity)];
        let items = [
            head,
            fees,
            call,
            vec![access],
            more,
            parity,
            signature.to_vec(),
        ];
        [vec![self.kind], rlp_list(&items.concat())].concat()
    }
}

/// The transaction written once more by alloy-rlp from what was read: the only bytes that may decode to it.
fn again(decoded: &Transaction<'_>) -> Vec<u8> {
    let fees = match (
        decoded.gas_price_wei(),
        decoded.max_priority_fee_per_gas_wei(),
    ) {
        (Some(price), _) => vec![encoded(&price)],
        (_, tip) => vec![
            encoded(&tip.unwrap()),
            encoded(&decoded.max_fee_per_gas_wei().unwrap()),
        ],
    };
    let to = decoded.to().map_or(vec![0x80], |to| encoded(&to));
    let data = rlp_string(decoded.data());
    let call = vec![
        encoded(&decoded.gas_limit()),
        to,
        encoded(&decoded.value_wei()),
        data,
    ];
    let nonce = vec![encoded(&decoded.nonce())];
    let signature = decoded.signature();
    let halves = signature.map_or(Vec::new(), |s| vec![encoded(&s.r), encoded(&s.s)]);
    if decoded.kind() == Kind::Legacy {
        let parity = signature.map(|s| U256::from(s.y_parity));
        let v = match (decoded.chain_id().map(U256::from), parity) {
            (Some(chain_id), Some(parity)) => vec![encoded(
                &(chain_id * U256::from(2) + U256::from(35) + parity),
            )],
            (Some(chain_id), None) => vec![encoded(&chain_id), vec![0x80], vec![0x80]],
            (None, parity) => parity
                .map(|parity| encoded(&(parity + U256::from(27))))
                .into_iter()
                .collect(),
        };
        return rlp_list(&[nonce, fees, call, v, halves].concat());
    }
    let entries = decoded.access_list().map(|entry| {
        let keys: Vec<_> = entry.storage_keys.iter().map(|key| encoded(key)).collect();
        rlp_list(&[encoded(&entry.address), rlp_list(&keys)])
    });
    let access = vec![rlp_list(&entries.collect::<Vec<_>>())];
    let hashes: Vec<_> = decoded
        .blob_versioned_hashes()
        .map(|hash| encoded(&hash))
        .collect();
    let tuples = decoded.authorizations().map(|one| {
        let name = [
            encoded(&one.chain_id),
            encoded(&one.address),
            encoded(&one.nonce),
        ];
        rlp_list(
            &[
                name.to_vec(),
                vec![encoded(&one.y_parity), encoded(&one.r), encoded(&one.s)],
            ]
            .concat(),
        )
    });
    let more = match decoded.kind() {
        Kind::Eip4844 => vec![
            encoded(&decoded.max_fee_per_blob_gas_wei().unwrap()),
            rlp_list(&hashes),
        ],
        Kind::Eip7702 => vec![rlp_list(&tuples.collect::<Vec<_>>())],
        _ => Vec::new(),
    };
    let chain_id = vec![encoded(&decoded.chain_id().unwrap())];
    let parity = signature
        .map(|s| encoded(&s.y_parity))
        .into_iter()
        .collect();
    let items = [chain_id, nonce, fees, call, access, more, parity, halves].concat();
    [vec![decoded.kind().byte()], rlp_list(&items)].concat()
}

#[test]
fn recorded_transactions_written_again_are_the_same_bytes() {
    for case in list(&fixture(), "transactions") {
        for raw in [bytes(&case["raw"]), bytes(&case["unsigned"])] {
            assert_eq!(again(&decode_transaction(&raw).unwrap()), raw);
        }
    }
}

fn made() -> impl Strategy<Value = Made> {
    let numbers = (0..=4_u8, 0..u64::MAX / 2 - 36, 0..u64::MAX, any::<u64>());
    let slots = proptest::collection::vec(
        proptest::collection::vec(any::<[u8; 32]>().prop_map(B256::from), 0..3),
        0..3,
    );
    let call = (
        proptest::option::of(any::<[u8; 20]>()),
        number(),
        proptest::collection::vec(any::<u8>(), 0..300),
    );
    let signature = (any::<bool>(), number(), number());
    (
        numbers,
        [number(), number(), number()],
        call,
        slots,
        signature,
    )
        .prop_map(
            |(
                (kind, chain_id, nonce, gas_limit),
                fees,
                (to, value, data),
                slots,
                (y_parity, r, s),
            )| Made {
                kind,
                chain_id,
                nonce,
                gas_limit,
                fees,
                to: to
                    .map(Address::from)
                    .or((kind > 2).then_some(Address::ZERO)),
                value,
                data,
                slots,
                y_parity,
                r: (r >> 1) | U256::from(1),
                s: (s >> 2) | U256::from(1),
            },
        )
}

fn mutated() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    (made(), any::<prop::sample::Index>(), 1..=255_u8, 0..4_u8).prop_map(
        |(made, place, flip, kind)| {
            let whole = made.encode();
            let mut bytes = whole.clone();
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] ^= flip,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, flip),
                _ => bytes.truncate(at),
            }
            (whole, bytes)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_alloy_rlp_writes_decodes_to_itself(made in made()) {
        let raw = made.encode();
        let decoded = decode_transaction(&raw).unwrap();
        prop_assert_eq!(decoded.kind().byte(), made.kind);
        prop_assert_eq!(decoded.chain_id(), Some(made.chain_id));
        prop_assert_eq!(decoded.nonce(), made.nonce);
        prop_assert_eq!(decoded.gas_limit(), made.gas_limit);
        prop_assert_eq!(decoded.to(), made.to);
        prop_assert_eq!(decoded.value_wei(), made.value);
        prop_assert_eq!(decoded.data(), made.data);
        let fee = decoded.gas_price_wei().or(decoded.max_fee_per_gas_wei());
        prop_assert_eq!(fee, Some(made.fees[0]));
        if made.kind > 1 {
            prop_assert_eq!(decoded.max_priority_fee_per_gas_wei(), Some(made.fees[1]));
        }
        if decoded.kind() != Kind::Legacy {
            let slots: Vec<_> = decoded.access_list().map(|entry| entry.storage_keys).collect();
            prop_assert_eq!(slots, made.slots);
        }
        let signature = decoded.signature().unwrap();
        prop_assert_eq!((signature.y_parity, signature.r, signature.s), (made.y_parity, made.r, made.s));
    }

    #[test]
    fn changed_bytes_are_refused_or_are_another_transaction((whole, bytes) in mutated()) {
        inspect(&bytes);
        if let Ok(decoded) = decode_transaction(&bytes) {
            prop_assert_eq!(again(&decoded), bytes.clone());
            prop_assert_ne!(decoded.hash(), decode_transaction(&whole).unwrap().hash());
        }
    }

    #[test]
    fn random_bytes_never_panic(
        head in prop::sample::select(vec!["", "f8", "02f8", "03f8", "04f8", "01c0", "ac9650d8", "3593564c"]),
        tail in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        inspect(&[hex::decode(head).unwrap(), tail].concat());
    }
}
