//! Ethereum transactions made by viem and checked by ethers (see tests/fixtures/decode/README.md), and
//! the property that nothing but the canonical bytes of a transaction decodes.

mod blobs;
mod properties;

use alloy_primitives::{Address, U256, hex};
use alloy_rlp::{Encodable, Header};
use serde_json::Value;
use tradewind_core::decode::evm::{Transaction, decode_transaction};

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
