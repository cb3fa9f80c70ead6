"""Signed transactions as the strict endpoint reads them, held to eth-account's own encoder and signer."""

from typing import Any

import pytest
from eth_account.account import Account
from eth_keys.datatypes import Signature
from hypothesis import given
from hypothesis import strategies as st

from tradewind.localnet.addresses import TRADER, TRADER_PRIVATE_KEY
from tradewind.localnet.strict.json_rpc import Refusal
from tradewind.localnet.strict.signed_transaction import read_signed

ROUTER = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
COMMON: dict[str, Any] = {"chainId": 42161, "gas": 21_000, "to": ROUTER}
ACCESS = [{"address": ROUTER, "storageKeys": ["0x" + "01" * 32, "0x" + "00" * 32]}]
FEES = {"maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 5}


def authorization() -> Any:
    return Account.sign_authorization({"chainId": 42161, "address": ROUTER, "nonce": 1}, TRADER_PRIVATE_KEY)


KINDS: dict[str, dict[str, Any]] = {
    "legacy": {"gasPrice": 3 * 10**9},
    "access list": {"type": 1, "gasPrice": 3 * 10**9, "accessList": ACCESS},
    "fee market": {"type": 2, **FEES},
    "fee market with access list": {"type": 2, **FEES, "accessList": ACCESS},
    "set code": {"type": 4, **FEES, "authorizationList": [authorization()]},
}


def sign(fields: dict[str, Any]) -> tuple[bytes, str]:
    done = Account.sign_transaction(fields, TRADER_PRIVATE_KEY)
    return bytes(done.raw_transaction), "0x" + done.hash.hex()


@pytest.mark.parametrize("kind", KINDS)
@given(
    nonce=st.integers(0, 2**64 - 2),
    value=st.integers(0, 2**200),
    data=st.binary(max_size=400),
)
def test_every_type_that_arbitrum_takes_is_read_as_it_was_signed(
    kind: str, nonce: int, value: int, data: bytes
) -> None:
    raw, tx_hash = sign(COMMON | KINDS[kind] | {"nonce": nonce, "value": value, "data": data})
    read = read_signed(raw)
    assert (read.chain_id, read.nonce, read.value_wei, read.data) == (42161, nonce, value, data)
    assert (read.max_fee_per_gas_wei, read.gas_limit, read.to) == (3 * 10**9, 21_000, bytes.fromhex(ROUTER[2:]))
    assert read.hash == tx_hash
    assert read.cost_wei == 21_000 * 3 * 10**9 + value
    signature = Signature(vrs=(read.y_parity, read.r, read.s))
    assert signature.recover_public_key_from_msg_hash(read.signing_hash).to_checksum_address() == TRADER


def test_a_creation_has_no_recipient() -> None:
    raw, _ = sign({"chainId": 42161, "gas": 21_000, "nonce": 0, "type": 2, **FEES, "value": 0, "data": b"\x60\x00"})
    assert read_signed(raw).to == b""


@pytest.mark.parametrize("first", ["0x03", "0x05", "0x64", "0x6a", "0x7f"])
def test_blobs_and_arbitrums_own_types_are_refused(first: str) -> None:
    raw, _ = sign(COMMON | KINDS["fee market"] | {"nonce": 0, "value": 0, "data": b""})
    with pytest.raises(Refusal, match="transaction type not supported"):
        read_signed(bytes.fromhex(first[2:]) + raw[1:])


def test_a_signature_in_its_other_form_is_refused() -> None:
    """(r, n - s) with the other parity signs the same: only one of the two is taken, so a hash is a transaction's."""
    raw, _ = sign(COMMON | KINDS["fee market"] | {"nonce": 0, "value": 0, "data": b""})
    read = read_signed(raw)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    mirrored = raw[: -1 - len(read.s.to_bytes(32))] + b"\xa0" + (order - read.s).to_bytes(32)
    assert len(mirrored) == len(raw)
    with pytest.raises(Refusal, match="invalid transaction v, r, s values"):
        read_signed(mirrored)


@given(data=st.data())
def test_bytes_that_are_not_the_one_form_are_never_read(data: st.DataObject) -> None:
    """Cut, lengthened or padded: whatever is read encodes again to exactly the bytes that came in."""
    raw, _ = sign(COMMON | KINDS["fee market"] | {"nonce": 7, "value": 1, "data": b"abc"})
    cut = data.draw(st.integers(0, len(raw) - 1))
    for broken in (raw[:cut], raw + b"\0", b"", raw[:1], b"\xc0", b"\xff" * 12, raw[:1] + b"\xb8" + raw[2:]):
        with pytest.raises(Refusal):
            read_signed(broken)


def test_integers_and_lengths_in_a_longer_form_are_refused() -> None:
    raw, _ = sign(COMMON | KINDS["fee market"] | {"nonce": 7, "value": 1, "data": b"abc"})
    assert raw[:2] == b"\x02\xf8"
    at = raw.index(b"\x82\xa4\xb1\x07") + 3
    for longer in (b"\x82\x00\x07", b"\x81\x07", b"\xb8\x01\x07"):
        padded = bytearray(raw[:at] + longer + raw[at + 1 :])
        padded[2] += len(longer) - 1
        with pytest.raises(Refusal, match="non-canonical"):
            read_signed(bytes(padded))
