"""Cursors: what comes back is what went out, and nothing else passes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.api.cursor import before_seq_of, cursor_of
from tradewind.errors import InvalidInput


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_a_cursor_leads_back_to_its_row_and_does_not_show_it(seq: int) -> None:
    cursor = cursor_of(seq)
    assert before_seq_of(cursor) == seq
    assert not cursor.isdecimal()


@given(st.text(max_size=40))
def test_any_other_text_is_refused_and_never_crashes(text: str) -> None:
    try:
        seq = before_seq_of(text)
    except InvalidInput:
        return
    assert cursor_of(seq) == text


@pytest.mark.parametrize("cursor", ["", "12", "YmVmb3JlOng", "YmVmb3JlOjE=", "YmVmb3JlOi0x", "YmVmb3JlOjAx"])
def test_what_only_looks_like_one_is_refused(cursor: str) -> None:
    """Padding, a sign, a leading zero: the same place must not have two cursors."""
    with pytest.raises(InvalidInput):
        before_seq_of(cursor)
