"""Multicall3's calldata and answers, against eth-abi."""

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.venues.refusal import refusal_of
from tradewind.errors import Unavailable
from tradewind.venues import abi, multicall
from tradewind.venues.multicall import Call

ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: f"0x{raw.hex()}")
CALLS = st.lists(st.builds(Call, ADDRESSES, st.binary(max_size=100)), max_size=5)
ANSWERS = st.lists(st.tuples(st.booleans(), st.binary(max_size=100)), max_size=5)


@given(CALLS)
def test_writes_the_calldata_that_eth_abi_writes(calls: list[Call]) -> None:
    theirs = encode(["(address,bool,bytes)[]"], [[(call.target, True, call.data) for call in calls]])
    assert multicall.encode(calls) == keccak(text="aggregate3((address,bool,bytes)[])")[:4] + theirs


@given(ANSWERS)
def test_reads_the_answers_that_eth_abi_writes(answers: list[tuple[bool, bytes]]) -> None:
    data = encode(["(bool,bytes)[]"], [answers])
    expected = [returned if succeeded else None for succeeded, returned in answers]
    assert multicall.decode(data, count=len(answers), field="aggregate3") == expected


@given(ANSWERS, st.data())
def test_refuses_or_reads_but_never_breaks_on_a_damaged_answer(
    answers: list[tuple[bool, bytes]], data: st.DataObject
) -> None:
    whole = bytearray(encode(["(bool,bytes)[]"], [answers]))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    refusal = refusal_of(lambda: multicall.decode(cut, count=len(answers), field="aggregate3"))
    assert refusal is None or "aggregate3" in refusal.message


def test_refuses_another_number_of_answers_than_calls() -> None:
    data = encode(["(bool,bytes)[]"], [[(True, b"")]])
    with pytest.raises(Unavailable):
        multicall.decode(data, count=2, field="aggregate3")


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_reads_an_array_of_byte_strings(values: list[bytes]) -> None:
    assert abi.read_bytes_array(encode(["bytes[]"], [values]), "answer") == values


@given(st.binary(max_size=300))
def test_never_breaks_on_a_damaged_array_of_byte_strings(data: bytes) -> None:
    refusal = refusal_of(lambda: abi.read_bytes_array(data, "answer of the router"))
    assert refusal is None or "answer of the router" in refusal.message


@given(st.integers(-(2**127), 2**127 - 1))
def test_reads_signed_words(number: int) -> None:
    assert abi.Words(encode(["int128"], [number]), "x").signed(0, bits=128) == number
    assert abi.signed_word(number) == encode(["int256"], [number])


def test_refuses_words_beyond_their_bits() -> None:
    with pytest.raises(Unavailable):
        abi.Words(encode(["uint256"], [2**160]), "x").unsigned(0, bits=160)
    with pytest.raises(Unavailable):
        abi.Words(encode(["int256"], [2**23]), "x").signed(0, bits=24)
    with pytest.raises(Unavailable):
        abi.Words(b"\x00" * 31, "x").unsigned(0)
