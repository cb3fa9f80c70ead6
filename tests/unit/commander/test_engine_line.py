"""Lines of an engine: understood, or kept as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.commander.engine_line import EngineLine, parse_line


def test_a_line_of_the_contract_is_read_whole() -> None:
    raw = b'{"at_ns": 5, "level": "warning", "event": "pool_lost", "message": "m", "pool": "p"}'
    assert parse_line(raw, now_ns=9) == EngineLine(5, "warning", "pool_lost", "m", {"pool": "p"})


@pytest.mark.parametrize("raw", [b"thread panicked", b"[1]", b'{"event": 5}', b'{"event"', b"\xff\xfe", b"[" * 60_000])
def test_anything_else_is_text(raw: bytes) -> None:
    line = parse_line(raw, now_ns=9, level="warning")
    assert (line.at_ns, line.level, line.event) == (9, "warning", "text")


def test_odd_moments_and_levels_are_replaced() -> None:
    raw = b'{"at_ns": -1, "level": "loud", "event": "e"}'
    assert parse_line(raw, now_ns=9) == EngineLine(9, "info", "e", "")


@given(st.binary(max_size=200))
def test_no_line_is_an_error(raw: bytes) -> None:
    parse_line(raw, now_ns=0)
