//! Ethereum transactions made by viem and checked by ethers (see tests/fixtures/decode/README.md), and
//! the property that nothing but the canonical bytes of a transaction decodes.

use alloy_primitives::{Address, B256, U256, hex, keccak256};
use alloy_rlp::{Encodable, Header};
use proptest::prelude::*;
use serde_json::Value;
use tradewind_core::decode::evm::{Kind, Transaction, decode_transaction, inspect};

fn fixture() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/decode/evm_transactions.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// A number as JSON has it: digits in a string, or small enough to stand bare; None when absent.
fn uint(value: &Value) -> Option<U256> {
    match value {
        Value::String(digits) => Some(digits.parse().unwrap()),
        Value::Number(small) => small.as_u64().map(U256::from),
        _ => None,
    }
}

fn assert_fields(case: &Value, decoded: &Transaction<'_>) {
    let fields = &case["fields"];
    let address = |value: &Value| value.as_str().map(|text| text.parse::<Address>().unwrap());
    assert_eq!(decoded.chain_id(), fields["chainId"].as_u64());
    assert_eq!(Some(decoded.nonce()), fields["nonce"].as_u64());
    assert_eq!(Some(U256::from(decoded.gas_limit())), uint(&fields["gas"]));
    assert_eq!(decoded.gas_price_wei(), uint(&fields["gasPrice"]));
    assert_eq!(decoded.max_fee_per_gas_wei(), uint(&fields["maxFeePerGas"]));
    let tip = decoded.max_priority_fee_per_gas_wei();
    assert_eq!(tip, uint(&fields["maxPriorityFeePerGas"]));
    let blob_fee = decoded.max_fee_per_blob_gas_wei();
    assert_eq!(blob_fee, uint(&fields["maxFeePerBlobGas"]));
    assert_eq!(decoded.to(), address(&fields["to"]));
    assert_eq!(Some(decoded.value_wei()), uint(&fields["value"]));
    assert_eq!(decoded.data(), bytes(&fields["data"]));
    assert_lists(fields, decoded);
}

fn assert_lists(fields: &Value, decoded: &Transaction<'_>) {
    let entries: Vec<_> = decoded.access_list().collect();
    let wanted = list(fields, "accessList");
    assert_eq!(entries.len(), wanted.len());
    for (entry, wanted) in entries.iter().zip(wanted) {
        assert_eq!(entry.address.as_slice(), bytes(&wanted["address"]));
        let keys: Vec<_> = list(wanted, "storageKeys").iter().map(bytes).collect();
        assert_eq!(
            entry
                .storage_keys
                .iter()
                .map(|key| key.to_vec())
                .collect::<Vec<_>>(),
            keys
        );
    }
    let hashes: Vec<_> = decoded
        .blob_versioned_hashes()
        .map(|hash| hash.to_vec())
        .collect();
    let wanted: Vec<_> = list(fields, "blobVersionedHashes")
        .iter()
        .map(bytes)
        .collect();
    assert_eq!(hashes, wanted);
    let authorizations: Vec<_> = decoded.authorizations().collect();
    let wanted = list(fields, "authorizationList");
    assert_eq!(authorizations.len(), wanted.len());
    for (authorization, wanted) in authorizations.iter().zip(wanted) {
        assert_eq!(Some(authorization.chain_id), uint(&wanted["chainId"]));
        assert_eq!(authorization.address.as_slice(), bytes(&wanted["address"]));
        assert_eq!(Some(authorization.nonce), wanted["nonce"].as_u64());
        assert_eq!(
            Some(u64::from(authorization.y_parity)),
            wanted["yParity"].as_u64()
        );
    }
}

#[test]
fn every_type_decodes_to_the_fields_hash_and_sender_that_viem_and_ethers_know() {
    let fixture = fixture();
    let cases = list(&fixture, "transactions");
    assert_eq!(cases.len(), 240);
    for case in cases {
        let raw = bytes(&case["raw"]);
        let decoded = decode_transaction(&raw).unwrap();
        let kind = case["type"].as_str().unwrap();
        assert_eq!(decoded.kind().name(), kind.replace("preEip155", "legacy"));
        assert_fields(case, &decoded);
        assert_eq!(decoded.hash().unwrap().to_vec(), bytes(&case["hash"]));
        assert_eq!(decoded.signing_hash().to_vec(), bytes(&case["signingHash"]));
        assert_eq!(
            decoded.recover_sender().unwrap().to_vec(),
            bytes(&case["sender"])
        );
        let signature = decoded.signature().unwrap();
        assert_eq!(
            Some(u64::from(signature.y_parity)),
            case["y_parity"].as_u64()
        );
        assert_eq!(Some(signature.r), uint(&case["r"]));
        assert_eq!(Some(signature.s), uint(&case["s"]));
        let authorities: Vec<_> = decoded
            .authorizations()
            .map(|authorization| authorization.recover_authority().unwrap().to_vec())
            .collect();
        assert_eq!(
            authorities,
            list(case, "authorities")
                .iter()
                .map(bytes)
                .collect::<Vec<_>>()
        );
    }
}

#[test]
fn the_unsigned_form_has_the_same_fields_and_signing_hash_and_no_sender() {
    for case in list(&fixture(), "transactions") {
        let raw = bytes(&case["unsigned"]);
        let decoded = decode_transaction(&raw).unwrap();
        assert_fields(case, &decoded);
        assert_eq!(decoded.signing_hash().to_vec(), bytes(&case["signingHash"]));
        assert_eq!((decoded.hash(), decoded.signature()), (None, None));
        assert_eq!(
            decoded.recover_sender().unwrap_err().code(),
            "transaction_unsigned"
        );
    }
}

#[test]
fn malformed_bytes_are_refused_with_the_code_of_their_fault() {
    let fixture = fixture();
    let cases = list(&fixture, "malformed");
    assert_eq!(cases.len(), 70);
    for case in cases {
        let raw = bytes(&case["raw"]);
        let error = decode_transaction(&raw)
            .err()
            .unwrap_or_else(|| panic!("accepted: {case}"));
        assert_eq!(Some(error.code()), case["code"].as_str(), "{case}");
    }
}

#[test]
fn arbitrums_own_types_are_refused_by_name() {
    let names = [
        (0x64, "deposit"),
        (0x65, "unsigned"),
        (0x66, "contract"),
        (0x68, "retry"),
        (0x69, "submit-retryable"),
        (0x6a, "internal"),
        (0x78, "legacy"),
    ];
    for (kind, name) in names {
        let error = decode_transaction(&[kind, 0xc0]).unwrap_err();
        assert_eq!(error.code(), "transaction_type_unsupported");
        assert!(
            error
                .to_string()
                .contains(&format!("Arbitrum's {name} transaction")),
            "{error}"
        );
    }
}

/// The ways to write a content that a lenient reader would take.
#[derive(Clone, Copy, Debug)]
enum Style {
    Canonical,
    /// The length in a byte of its own, though it is short.
    LongForShort,
    /// The length in one byte more than it needs.
    LengthWithZero,
    /// A length in front of a byte that stands for itself.
    PrefixedByte,
}

fn written(content: &[u8], style: Style, short: u8, long: u8) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    let head = match style {
        Style::Canonical if short == 0x80 => return rlp_string(content),
        Style::Canonical if length > 55 => vec![long, length],
        Style::Canonical | Style::PrefixedByte => vec![short + length],
        Style::LongForShort => vec![long, length],
        Style::LengthWithZero => vec![long + 1, 0, length],
    };
    [head, content.to_vec()].concat()
}

#[test]
fn every_length_has_one_way_to_be_written() {
    // nonce, gas price, gas limit, to, value, data of a transaction that is not signed yet.
    let fields: [&[u8]; 6] = [&[5], &[9], &[0x52, 0x08], &[7; 20], &[1], &[3; 12]];
    let make = |place: usize, style: Style, outer: Style| {
        let styled = |at: usize| if at == place { style } else { Style::Canonical };
        let items = fields.iter().enumerate();
        let content: Vec<_> = items
            .map(|(at, field)| written(field, styled(at), 0x80, 0xb8))
            .collect();
        written(&content.concat(), outer, 0xc0, 0xf8)
    };
    assert!(decode_transaction(&make(0, Style::Canonical, Style::Canonical)).is_ok());
    for place in 0..fields.len() {
        for style in [Style::LongForShort, Style::LengthWithZero] {
            let error = decode_transaction(&make(place, style, Style::Canonical)).unwrap_err();
            assert_eq!(error.code(), "transaction_malformed", "{place} {style:?}");
        }
    }
    let prefixed = make(0, Style::PrefixedByte, Style::Canonical);
    assert!(decode_transaction(&prefixed).is_err());
    for style in [Style::LongForShort, Style::LengthWithZero] {
        assert!(
            decode_transaction(&make(0, Style::Canonical, style)).is_err(),
            "{style:?}"
        );
    }
}

// ---- blobs ----

fn rlp_string(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    content.encode(&mut out);
    out
}

fn rlp_list(items: &[Vec<u8>]) -> Vec<u8> {
    let content = items.concat();
    let mut out = Vec::new();
    Header {
        list: true,
        payload_length: content.len(),
    }
    .encode(&mut out);
    [out, content].concat()
}

/// `0x03 || [transaction, (version), blobs, commitments, proofs]` around the recorded transaction.
fn wrapped(version: Option<u8>, blobs: usize, commitments: usize, proofs: usize) -> Vec<u8> {
    let wrapper = &fixture()["wrapper"];
    let mut items = vec![bytes(&wrapper["canonical"])[1..].to_vec()];
    items.extend(version.map(|version| rlp_string(&[version])));
    items.push(rlp_list(&vec![rlp_string(&vec![0; 131_072]); blobs]));
    items.push(rlp_list(&vec![
        rlp_string(&bytes(&wrapper["commitment"]));
        commitments
    ]));
    items.push(rlp_list(&vec![
        rlp_string(&bytes(&wrapper["proof"]));
        proofs
    ]));
    [vec![3], rlp_list(&items)].concat()
}

#[test]
fn the_network_form_of_a_blob_transaction_has_the_hash_and_sender_of_the_canonical_one() {
    let wrapper = &fixture()["wrapper"];
    let raw = wrapped(None, 1, 1, 1);
    assert_eq!(
        keccak256(&raw).to_vec(),
        bytes(&wrapper["wrapped_keccak"]),
        "not viem's bytes"
    );
    let canonical = bytes(&wrapper["canonical"]);
    let (decoded, alone) = (
        decode_transaction(&raw).unwrap(),
        decode_transaction(&canonical).unwrap(),
    );
    assert_eq!(decoded.hash().unwrap().to_vec(), bytes(&wrapper["hash"]));
    assert_eq!(
        decoded.recover_sender().unwrap().to_vec(),
        bytes(&wrapper["sender"])
    );
    let sidecar = decoded.sidecar().unwrap();
    assert_eq!((sidecar.version, sidecar.blobs, sidecar.proofs), (0, 1, 1));
    assert_eq!(alone.sidecar(), None);
    assert_eq!(
        (alone.hash(), alone.data()),
        (decoded.hash(), decoded.data())
    );
}

#[test]
fn a_sidecar_with_cell_proofs_has_a_version_and_128_proofs_a_blob() {
    let raw = wrapped(Some(1), 1, 1, 128);
    let sidecar = decode_transaction(&raw).unwrap().sidecar().unwrap();
    assert_eq!(
        (sidecar.version, sidecar.blobs, sidecar.proofs),
        (1, 1, 128)
    );
}

#[test]
fn a_sidecar_of_another_shape_is_refused() {
    let shapes = [
        wrapped(None, 0, 0, 0),
        wrapped(None, 2, 1, 1),
        wrapped(None, 1, 2, 1),
        wrapped(None, 1, 1, 2),
        wrapped(Some(1), 1, 1, 1),
        wrapped(Some(2), 1, 1, 128),
        [wrapped(None, 1, 1, 1), vec![0]].concat(),
    ];
    for raw in shapes {
        assert_eq!(
            decode_transaction(&raw).unwrap_err().code(),
            "transaction_malformed"
        );
    }
}

// ---- properties ----

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
