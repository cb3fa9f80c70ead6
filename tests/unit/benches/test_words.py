"""Amounts as flat words, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benches.words import REFUSED, pack, unpack


@given(st.lists(st.integers(0, 2**256 - 2)))
def test_amounts_come_back_as_they_went(amounts: list[int]) -> None:
    assert unpack(pack(amounts)) == amounts


def test_the_low_byte_comes_first() -> None:
    assert pack([258]) == bytes([2, 1]) + bytes(30)


def test_a_word_of_ones_is_no_answer() -> None:
    assert unpack(pack([1, REFUSED])) == [1, None]


def test_refuses_what_is_too_large_for_a_word() -> None:
    with pytest.raises(OverflowError):
        pack([2**256])
