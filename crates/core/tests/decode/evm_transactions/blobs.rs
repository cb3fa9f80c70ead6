//! Blob transactions as the network carries them, with their sidecars.

use super::{bytes, fixture, rlp_list, rlp_string};
use alloy_primitives::keccak256;
use tradewind_core::decode::evm::decode_transaction;

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
