"""The EVM codecs, compared with independent ones: eth-abi, eth-account and the token's own typed data."""

from collections.abc import Sequence
from typing import Any, Literal

import pytest
from eth_abi.abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tradewind import core

KEY = "0x" + "4c" * 32

CALLS = {
    ("in", True): "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))",
    ("out", True): "exactOutputSingle((address,address,uint24,address,uint256,uint256,uint160))",
    ("in", False): "exactInput((bytes,address,uint256,uint256))",
    ("out", False): "exactOutput((bytes,address,uint256,uint256))",
}
PERMIT_CALL = "selfPermitIfNecessary(address,uint256,uint256,uint8,bytes32,bytes32)"

addresses = st.binary(min_size=20, max_size=20).filter(lambda b: any(b[:19])).map(to_checksum_address)
uint64s = st.integers(0, 2**64 - 1)
uint128s = st.integers(0, 2**128 - 1)
uint256s = st.integers(0, 2**256 - 1) | st.integers(0, 10**24)
positives = uint256s.map(lambda n: max(n, 1))
words = st.binary(min_size=32, max_size=32)


@st.composite
def legs(draw: st.DrawFn, ends: Sequence[str], most_raw: int) -> dict[str, Any]:
    hops = draw(st.integers(1, 4))
    between = st.lists(addresses.filter(lambda a: a not in ends), min_size=hops - 1, max_size=hops - 1, unique=True)
    amounts = positives.map(lambda n: min(n, most_raw))
    return {
        "path": [ends[0], *draw(between), ends[1]],
        "fees_pips": draw(st.lists(st.integers(0, 999_999), min_size=hops, max_size=hops)),
        "amount_in_raw": draw(amounts),
        "amount_out_raw": draw(amounts),
    }


@st.composite
def swaps(draw: st.DrawFn) -> dict[str, Any]:
    ends = draw(st.lists(addresses, min_size=2, max_size=2, unique=True))
    count = draw(st.integers(1, 8))
    drawn = st.lists(
        legs(ends, (2**256 - 1) // count), min_size=count, max_size=count, unique_by=lambda leg: repr(path_of(leg))
    )
    permit = st.fixed_dictionaries(
        {"value_raw": uint256s, "deadline_s": uint64s, "v": st.sampled_from([27, 28]), "r": words, "s": words}
    )
    return {
        "exact": draw(st.sampled_from(["in", "out"])),
        "legs": draw(drawn),
        "recipient": draw(addresses),
        "deadline_s": draw(uint64s),
        "permit": draw(st.none() | permit),
    }


transactions = st.fixed_dictionaries(
    {
        "chain_id": st.integers(1, 2**53),
        "nonce": st.integers(0, 2**64 - 2),
        "max_priority_fee_per_gas_wei": uint128s,
        "max_fee_per_gas_wei": uint128s,
        "gas_limit": uint64s,
        "to": addresses,
        "value_wei": uint256s,
        "data": st.binary(max_size=300),
    }
)


def path_of(leg: dict[str, Any]) -> tuple[list[str], list[int]]:
    return leg["path"], leg["fees_pips"]


def ours(swap: dict[str, Any]) -> core.RouterSwap:
    permit = swap["permit"] and core.Permit(**swap["permit"])
    return core.RouterSwap(**{**swap, "legs": [core.SwapLeg(**leg) for leg in swap["legs"]], "permit": permit})


def call(signature: str, *arguments: object) -> bytes:
    types = signature[signature.index("(") :]
    inner = types[1:-1]
    listed = [inner] if inner.startswith("(") else inner.split(",")
    return function_signature_to_4byte_selector(signature) + abi_encode(listed, arguments)


def leg_call(leg: dict[str, Any], exact: str, recipient: str) -> bytes:
    tokens, fees = path_of(leg)
    amounts = (leg["amount_in_raw"], leg["amount_out_raw"])
    fixed, limit = amounts if exact == "in" else amounts[::-1]
    single = len(fees) == 1
    if single:
        struct: tuple[object, ...] = (*tokens, fees[0], recipient, fixed, limit, 0)
    else:
        step = 1 if exact == "in" else -1
        packed = bytes.fromhex(tokens[::step][0][2:])
        for fee, token in zip(fees[::step], tokens[::step][1:], strict=True):
            packed += fee.to_bytes(3, "big") + bytes.fromhex(token[2:])
        struct = (packed, recipient, fixed, limit)
    return call(CALLS[exact, single], struct)


def expected_calldata(swap: dict[str, Any]) -> bytes:
    calls = [leg_call(leg, swap["exact"], swap["recipient"]) for leg in swap["legs"]]
    if permit := swap["permit"]:
        fields = (permit["value_raw"], permit["deadline_s"], permit["v"], permit["r"], permit["s"])
        calls.insert(0, call(PERMIT_CALL, swap["legs"][0]["path"][0], *fields))
    selector = function_signature_to_4byte_selector("multicall(uint256,bytes[])")
    return selector + abi_encode(["uint256", "bytes[]"], [swap["deadline_s"], calls])


def for_eth_account(tx: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": 2,
        "chainId": tx["chain_id"],
        "nonce": tx["nonce"],
        "maxPriorityFeePerGas": tx["max_priority_fee_per_gas_wei"],
        "maxFeePerGas": tx["max_fee_per_gas_wei"],
        "gas": tx["gas_limit"],
        "to": tx["to"],
        "value": tx["value_wei"],
        "data": tx["data"],
    }


def refusal(code: str) -> Any:
    return pytest.raises(core.CoreError, check=lambda error: error.code == code)


@given(swaps())
def test_a_swap_has_the_calldata_that_eth_abi_gives_for_the_routers_signatures(swap: dict[str, Any]) -> None:
    assert ours(swap).encode() == expected_calldata(swap)


@given(swaps())
def test_calldata_made_by_eth_abi_decodes_to_the_swap_it_was_made_of(swap: dict[str, Any]) -> None:
    decoded = core.RouterSwap.decode(expected_calldata(swap))
    assert decoded == ours(swap)
    for name in ("exact", "recipient", "deadline_s"):
        assert getattr(decoded, name) == swap[name]
    for leg, drawn in zip(decoded.legs, swap["legs"], strict=True):
        assert {name: getattr(leg, name) for name in drawn} == drawn
    assert decoded.amount_in_raw == sum(leg["amount_in_raw"] for leg in swap["legs"])
    assert decoded.amount_out_raw == sum(leg["amount_out_raw"] for leg in swap["legs"])
    assert [decoded.token_in, decoded.token_out] == [swap["legs"][0]["path"][at] for at in (0, -1)]
    if swap["permit"] is None:
        assert decoded.permit is None
    else:
        assert decoded.permit is not None
        for name, value in swap["permit"].items():
            assert getattr(decoded.permit, name) == value


@given(swaps(), st.data())
def test_calldata_with_one_changed_byte_never_decodes_to_the_same_swap(
    swap: dict[str, Any], data: st.DataObject
) -> None:
    calldata = bytearray(expected_calldata(swap))
    calldata[data.draw(st.integers(0, len(calldata) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decoded = core.RouterSwap.decode(bytes(calldata))
    except core.CoreError as error:
        assert error.code == "calldata_not_recognised"  # noqa: PT017  (both ends of the property are allowed)
    else:
        assert decoded != ours(swap)
        assert decoded.encode() == bytes(calldata)


@given(addresses, uint256s)
def test_an_approval_has_the_calldata_that_eth_abi_gives(spender: str, amount_raw: int) -> None:
    calldata = call("approve(address,uint256)", spender, amount_raw)
    assert core.encode_approve(spender, amount_raw) == calldata
    decoded = core.decode_approve(calldata)
    assert (decoded.spender, decoded.amount_raw) == (spender, amount_raw)
    with refusal("calldata_not_recognised"):
        core.decode_approve(calldata + b"\0")


@given(transactions)
def test_an_unsigned_transaction_hashes_to_what_eth_account_signs(tx: dict[str, Any]) -> None:
    made = core.Eip1559Transaction(**tx)
    assert made.signing_hash() == TypedTransaction.from_dict(for_eth_account(tx)).hash()
    assert keccak(made.encode_unsigned()) == made.signing_hash()
    decoded = core.decode_eip1559(made.encode_unsigned())
    assert decoded.transaction == made
    assert (decoded.signature, decoded.hash, decoded.access_list_len) == (None, None, 0)


@given(transactions, st.lists(st.tuples(addresses, st.lists(words, max_size=2)), max_size=2))
def test_a_transaction_signed_by_eth_account_decodes_to_its_fields(
    tx: dict[str, Any], access: list[tuple[str, list[bytes]]]
) -> None:
    wanted = for_eth_account(tx)
    wanted["accessList"] = [
        {"address": address, "storageKeys": ["0x" + key.hex() for key in keys]} for address, keys in access
    ]
    signed = Account.sign_transaction(wanted, KEY)
    decoded = core.decode_eip1559(bytes(signed.raw_transaction))
    assert decoded.kind == "eip1559"
    assert decoded.hash == bytes(signed.hash)
    assert decoded.signature == (signed.v, signed.r, signed.s)
    assert decoded.access_list_len == len(access)
    for name, value in tx.items():
        assert getattr(decoded.transaction, name) == value


@pytest.mark.parametrize(
    ("extra", "name"),
    [({"gasPrice": 1}, "legacy"), ({"gasPrice": 1, "type": 1, "accessList": []}, "EIP-2930")],
)
def test_refuses_a_transaction_of_another_type_by_its_name(extra: dict[str, Any], name: str) -> None:
    plain = {"chainId": 42161, "nonce": 0, "gas": 21_000, "to": "0x" + "11" * 20, "value": 1, "data": b""}
    signed = Account.sign_transaction({**plain, **extra}, KEY)
    with refusal("transaction_type_unsupported") as caught:
        core.decode_eip1559(bytes(signed.raw_transaction))
    assert name in str(caught.value)


@given(st.binary(max_size=400), st.sampled_from([b"", b"\x02", b"\x02\xf8", b"\x5a\xe4\x01\xdc"]))
def test_random_bytes_are_refused_with_a_code_and_never_crash(tail: bytes, head: bytes) -> None:
    for decode in (core.decode_eip1559, core.RouterSwap.decode, core.decode_approve):
        with pytest.raises(core.CoreError) as caught:
            decode(head + tail)
        assert caught.value.code.islower()


@given(
    name=st.text(max_size=20),
    version=st.text(max_size=4),
    chain_id=uint64s,
    token=addresses,
    owner=addresses,
    spender=addresses,
    value_raw=uint256s,
    nonce=uint256s,
    deadline_s=uint64s,
)
def test_a_permit_digest_is_the_one_that_eth_account_signs(**facts: Any) -> None:
    domain = {
        "name": facts["name"],
        "version": facts["version"],
        "chainId": facts["chain_id"],
        "verifyingContract": facts["token"],
    }
    fields = [("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256")]
    types = {"Permit": [{"name": n, "type": t} for n, t in [*fields, ("deadline", "uint256")]]}
    message = {
        "owner": facts["owner"],
        "spender": facts["spender"],
        "value": facts["value_raw"],
        "nonce": facts["nonce"],
        "deadline": facts["deadline_s"],
    }
    signable = encode_typed_data(domain, types, message)
    assert core.permit_digest(**facts) == keccak(b"\x19\x01" + signable.header + signable.body)
    separator = core.eip712_domain_separator(
        name=facts["name"], version=facts["version"], chain_id=facts["chain_id"], verifying_contract=facts["token"]
    )
    assert separator == signable.header


@given(st.binary(min_size=20, max_size=20))
def test_checksums_are_those_of_eth_utils(raw: bytes) -> None:
    checksummed = to_checksum_address(raw)
    for text in (checksummed, checksummed.lower(), "0x" + checksummed[2:].upper()):
        assert core.to_checksum_address(text) == checksummed
    assert core.keccak256(raw) == keccak(raw)


def test_refuses_an_address_with_a_letter_in_the_wrong_case() -> None:
    with refusal("address_checksum"):
        core.to_checksum_address("0x82af49447D8a07e3bd95BD0d56f35241523fBab1")
    with refusal("address_malformed"):
        core.to_checksum_address("0x82aF49447D8a07e3bd95BD0d56f35241523fBab")


def a_swap(**changes: Any) -> core.RouterSwap:
    exact: Literal["in", "out"] = "in"
    leg: dict[str, Any] = {
        "path": ["0x" + "11" * 20, "0x" + "22" * 20],
        "fees_pips": [500],
        "amount_in_raw": 1,
        "amount_out_raw": 1,
    }
    leg |= {name: value for name, value in changes.items() if name in leg}
    plain: dict[str, Any] = {"exact": exact, "recipient": "0x" + "33" * 20, "deadline_s": 1}
    plain |= {name: value for name, value in changes.items() if name not in leg}
    return core.RouterSwap(**{"legs": [core.SwapLeg(**leg)], **plain})


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"exact": "both"}, "exact_unknown", "exact"),
        ({"path": ["0x" + "11" * 20]}, "path_malformed", "path"),
        ({"path": ["0x" + "11" * 20] * 2}, "path_malformed", "path"),
        ({"fees_pips": [1_000_000]}, "path_malformed", "path"),
        ({"recipient": "0x" + "00" * 19 + "02"}, "recipient_reserved", "recipient"),
        ({"recipient": "0x33"}, "address_malformed", "recipient"),
        ({"amount_in_raw": 0}, "amount_zero", "amount_in_raw"),
        ({"exact": "out", "amount_out_raw": 0}, "amount_zero", "amount_out_raw"),
        ({"amount_in_raw": -1}, "integer_out_of_range", "amount_in_raw"),
        ({"amount_out_raw": 2**256}, "integer_out_of_range", "amount_out_raw"),
        ({"amount_in_raw": 1.5}, "integer_required", "amount_in_raw"),
        ({"deadline_s": 2**64}, "integer_out_of_range", "deadline_s"),
        ({"legs": []}, "legs_malformed", "legs"),
    ],
)
def test_refuses_a_swap_that_must_not_be_made_and_names_the_field(
    changes: dict[str, Any], code: str, field: str
) -> None:
    with refusal(code) as caught:
        a_swap(**changes)
    assert str(caught.value).startswith(f"{field}:")


def test_refuses_a_permit_with_a_short_half_or_an_unknown_recovery_value() -> None:
    with refusal("bytes_length"):
        core.Permit(value_raw=1, deadline_s=1, v=27, r=b"\1" * 31, s=b"\1" * 32)
    with refusal("recovery_value"):
        core.Permit(value_raw=1, deadline_s=1, v=0, r=b"\1" * 32, s=b"\1" * 32)
