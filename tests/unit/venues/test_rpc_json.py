"""Parsing JSON that a stranger wrote."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.venues.rpc_json import MAX_DEPTH, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_reads_what_was_written(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


def test_reads_many_brackets_that_are_not_nested() -> None:
    value = [[], {}, '[[[{{{"\\', ["]"]] * 1000
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b'["]]]]",' * 1_000_000,
        b"[[]," * 1_000_000,
        b'["\\"",' * 1_000_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    ],
)
def test_refuses_deep_nesting_without_recursing_into_it(content: bytes) -> None:
    with pytest.raises(ValueError, match="nested"):
        parse_json(content)


@pytest.mark.parametrize("content", [b"", b"NaN", b"[Infinity]", b"\xff", b'{"a": 1', b"1" * 5000])
def test_refuses_what_is_no_json(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_json(content)


def test_reads_exactly_as_deep_as_it_says() -> None:
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
