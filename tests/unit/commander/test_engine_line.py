"""Lines of an engine: understood, or kept as text; what is redacted of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.commander.engine_line import EngineLine, parse_line
from tradewind.commander.redaction import redacted


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


SIGNATURE = "5" * 87
MINT = "So11111111111111111111111111111111111111112"


@pytest.mark.parametrize(
    "secret",
    [
        '"private_key": "4f3edf983ac636a65a842ce7c78d9aa706d3b113bce9c46f30d7d21715b23b1d"',
        "mnemonic: word",
        "Authorization: Bearer abc.def",
        "password=hunter2",
        f"key file {json.dumps(list(range(64)))}",
        "https://rpc.example/v2/0123456789abcdefABCDEF?api-key=secret",
        "wss://user:hunter2@rpc.example",
        "https://api.telegram.org/bot123456789:AAF0123456789abcdefghijABCDEFGHIJ12/sendMessage",
        "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQ",
        "api_key='hunter2'",
    ],
)
def test_secrets_are_hidden(secret: str) -> None:
    said = redacted(f"before {secret} after")
    for part in ("4f3edf98", " word", "abc.def", "hunter2", "62, 63", "0123456789abcdef", "=secret", "QQQQ"):
        assert part not in said
    assert "***" in said
    assert said.startswith("before ")


def test_what_is_public_stays() -> None:
    line = f'{{"signature": "{SIGNATURE}", "token": "{MINT}", "tokens": 5, "rpc": "http://127.0.0.1:8899/"}}'
    assert redacted(line) == line
