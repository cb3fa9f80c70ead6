"""Untrusted answers: what is taken, and that every refusal names its field."""

from collections.abc import Callable

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.venues.refusal import refusal_of
from tradewind.errors import Unavailable
from tradewind.venues import rpc_answer

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
READERS: list[Callable[[object, str], object]] = [
    rpc_answer.quantity,
    rpc_answer.data,
    rpc_answer.hash32,
    rpc_answer.address,
    rpc_answer.mapping,
    rpc_answer.sequence,
    rpc_answer.flag,
]


@pytest.mark.parametrize("read", READERS)
@given(value=ANYTHING)
def test_every_answer_is_either_taken_or_refused_by_its_field(
    read: Callable[[object, str], object], value: object
) -> None:
    refusal = refusal_of(lambda: read(value, "receipt.gasUsed"))
    assert refusal is None or (refusal.code == "rpc_malformed" and "receipt.gasUsed" in refusal.message)


@given(st.integers(0, 2**256 - 1))
def test_reads_every_quantity_of_256_bits(number: int) -> None:
    assert rpc_answer.quantity(hex(number), "x") == number


@pytest.mark.parametrize(
    "value", ["0x", "", "12", "-0x1", "0x-1", "0x 1", "0x1_0", "0xg", "0X1", "0x" + "1" * 65, 1, 1.0, True, None]
)
def test_refuses_what_is_no_quantity(value: object) -> None:
    with pytest.raises(Unavailable):
        rpc_answer.quantity(value, "x")


def test_refuses_a_quantity_beyond_its_bits() -> None:
    assert rpc_answer.quantity("0xff", "x", bits=8) == 255
    with pytest.raises(Unavailable):
        rpc_answer.quantity("0x100", "x", bits=8)


@given(st.binary(min_size=20, max_size=20))
def test_writes_addresses_as_eip_55_does(raw: bytes) -> None:
    assert rpc_answer.address(f"0x{raw.hex().upper()}", "x") == to_checksum_address(raw)


@pytest.mark.parametrize("value", ["0x123", "0x" + "ab" * 31, "0x" + "ab" * 33])
def test_refuses_a_hash_of_another_length(value: str) -> None:
    with pytest.raises(Unavailable):
        rpc_answer.hash32(value, "x")
