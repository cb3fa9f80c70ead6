# ruff: noqa: E501 (a table of mistakes, one a line)
"""Files of a strategy and of rules, damaged in every way that hypothesis finds: read, or their mistakes are told."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.commander.rules import rule_files
from tests.unit.commander.strategy_files import RIGHT, changed, written
from tests.unit.commander.test_strategy_file import TOML, YAML
from tradewind.commander.rules.reading import read_rules_file
from tradewind.commander.strategy_file.mistake import Mistake, MistakesInFile
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.errors import Misconfigured

HUGE = "9" * 5_000
DEEP = ".".join("a" * 3_000)
TEXTS = {".yaml": YAML, ".toml": TOML, ".json": json.dumps(RIGHT, indent=2)}
PLACES = (
    *("strategy", "chain", "chain__rpc", "chain__websocket", "chain__genesis_hash", "signer", "signer__socket"),
    *("feeds", "feeds__kind", "inventory", "inventory__snapshot", "mode", "lanes", "lanes__private_above_lamports"),
    *("python", "python__file", "python__library", "python__interpreter", "quotes", "quotes__listen", "limits"),
    *("limits__max_trade_lamports", "blacklist", "parameters", "parameters__x", "commander", "commander__environment"),
    *("commander__restart", "commander__restart__first_pause_ms", "commander__wallet", "commander__logs"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**1020, max_value=2**1030),
    st.floats(),
    st.text(max_size=10),
    st.sampled_from(["~", "~nobody-here/x.py", "\0", "a\0b", "\ud800", "x" * 5_000, "/dev/null", "http://[", "1e999"]),
)
KEYS = st.text(max_size=8) | st.sampled_from(["\0", "\ud800", "python", "file", "kind", "restart", "listen"])
VALUES = st.recursive(SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=3))
PIECES = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        [
            *(
                "\n",
                "[",
                "{",
                "]",
                "}",
                '"',
                "'''",
                "\\",
                ": ",
                " = ",
                "---\n",
                "%YAML 9.9\n",
                "&a ",
                "*a",
                "!!x ",
                "<<: ",
            ),
            *("\nx = 2026-01-01\n", "\nx = 07:32:00\n", "\nx = 0x" + "f" * 5_000, f"\nx = {HUGE}\n", f"\nx: {HUGE}\n"),
            *(
                f"\n[{DEEP}]\n",
                f"\n{DEEP} = 1\n",
                '"\\UFFFFFFFF"',
                '"\\ud800"',
                "\\u0000",
                "\ufeff",
                "\u2028",
                "\r",
                "\t",
            ),
            *('\npython = {file = "~nobody-here/x.py"}\n', "\npython: {file: ~nobody-here/x.py}\n"),
        ]
    ),
)


def read(path: Path, read_file: Callable[[Path], object] = read_strategy_file) -> None:
    """What is not read is told with a line and a remedy, in text that can be written down."""
    mistakes: tuple[Mistake, ...] = ()
    try:
        read_file(path)
    except MistakesInFile as error:
        mistakes = error.mistakes
    except Misconfigured as error:
        str(error).encode()
    assert all(mistake.line >= 1 and mistake.remedy and str(mistake).encode() for mistake in mistakes)


@pytest.mark.parametrize("suffix", list(TEXTS))
@given(data=st.data())
def test_a_file_that_is_damaged_anywhere_is_read_or_its_mistakes_are_told(suffix: str, data: st.DataObject) -> None:
    text = TEXTS[suffix]
    for _ in range(data.draw(st.integers(1, 3))):
        start, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(PIECES) + text[start + length :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "arb" + suffix)
        path.write_bytes(text.encode(errors="surrogatepass"))
        read(path)
        read(path, read_rules_file)


@pytest.mark.parametrize("suffix", list(TEXTS))
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_read_or_their_mistakes_are_told(suffix: str, raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "arb" + suffix)
        path.write_bytes(raw)
        read(path)


@given(place=st.sampled_from(PLACES), value=VALUES)
def test_any_value_at_any_place_is_read_or_its_mistakes_are_told(place: str, value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read(written(Path(folder), changed(**{place: value})))


@given(place=st.sampled_from(["rules", "sources", "measures", "look_every_ms"]), value=VALUES)
def test_any_value_in_a_file_of_rules_is_read_or_its_mistakes_are_told(place: str, value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rules.json")
        path.write_text(json.dumps(rule_files.changed(**{place: value})))
        read(path, read_rules_file)


@pytest.mark.parametrize(
    ("name", "text", "field", "code", "remedy"),
    [
        ("arb.toml", TOML + "x = 2026-01-01\n", "commander.x", "date_not_text", "Put it in quotes."),
        ("arb.toml", TOML + f"x = {HUGE}\n", "(whole)", "text_malformed", "Write a smaller number."),
        ("arb.toml", TOML + "x = 0x" + "f" * 5_000, "commander.x", "value_out_of_range", "Write a smaller number."),
        ("arb.toml", TOML + f"[{DEEP}]", "a.a.a.a", "nested_too_deeply", "Write it flatter."),
        ("arb.yaml", YAML + 'x: "\\UFFFFFFFF"', "(whole)", "text_malformed", "Write the character itself."),
        ("arb.yaml", YAML + 'x: "\\ud800"', "x", "text_broken", "Remove it, or write the character itself."),
        ("arb.yaml", YAML + 'x: {"\\0": 1}', "x", "text_broken", "Correct that key."),
        ("arb.yaml", YAML + "python: {file: ~nobody-here/x.py}", "python.file", "path_unknown_home", "Write the path from / on."),
        ("arb.yaml", YAML + 'python: {library: "a\\0b"}', "python.library", "text_broken", "Remove it, or write the character itself."),
        ("arb.yaml", YAML.replace("websocket}", "[a]}"), "feeds.kind", "value_not_allowed", "Write one of websocket, yellowstone, shredstream."),
    ],
)  # fmt: skip
def test_what_no_setting_can_be_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, field: str, code: str, remedy: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(MistakesInFile) as raised:
        read_strategy_file(path)
    [mistake] = raised.value.mistakes
    assert (mistake.field, mistake.code, mistake.remedy) == (field, code, remedy)
    assert mistake.line == (9 if field == "feeds.kind" else len(text.splitlines()))
