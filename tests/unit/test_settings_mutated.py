"""The shipped configuration, damaged in every way that hypothesis finds: it is read, or a field is named."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradewind.errors import InvalidInput, Misconfigured
from tradewind.settings import Settings

EXAMPLE = files("tradewind").joinpath("configs", "arbitrum.toml").read_text(encoding="utf-8")
LINES = EXAMPLE.splitlines()
ASSIGNMENTS = [index for index, line in enumerate(LINES) if re.match(r"[a-z_A-Z]+ = ", line)]
HEADERS = [index for index, line in enumerate(LINES) if line.startswith("[")]

# Values that are TOML, and most often not what a key wants.
ODD = [
    *("true", "false", "nan", "inf", "-inf", "1e400", "0.1", "1979-05-27T07:32:00Z", "07:32:00", "[]", "{}", "[[]]"),
    *('""', '"x"', '["a", 1]', "{a = 1}", '"\\u0000"', '"0x"', '"127.0.0.2"', f'"{"9" * 400}"', "[" * 200 + "]" * 200),
    *('"http://user:secret@host"', '"file:///etc/passwd"', '"~nobody-here/x"'),
]
VALUES = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters='"\\'), max_size=40).map(
        lambda text: f'"{text}"'
    ),
)
KEYS = st.one_of(
    st.sampled_from(["port", "prot", "api", "chains", "tokens", "42161", "1", '""', '"a.b"', "permit", "solana"]),
    st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True),
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The example after one to four changes that keep it mostly TOML."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.sampled_from(ASSIGNMENTS))
        key = lines[index].partition(" = ")[0]
        match draw(st.sampled_from(["value", "key", "delete", "repeat", "header", "insert"])):
            case "value":
                lines[index] = f"{key} = {draw(VALUES)}"
            case "key":
                lines[index] = f"{draw(KEYS)} = {draw(VALUES)}"
            case "delete":
                lines[index] = ""
            case "repeat":
                lines[index] += "\n" + lines[index]
            case "header":
                lines[draw(st.sampled_from(HEADERS))] = draw(
                    st.sampled_from(
                        ["", "[api]", "[chains]", "[chains.1]", "[chains.x]", "[[chains]]", "[strategies.A B]"]
                    )
                    | KEYS.map(lambda name: f"[{name}]")
                )
            case "insert":
                lines[index] += f"\n{draw(KEYS)} = {draw(VALUES)}"
    return "\n".join(lines)


def outcome(path: Path) -> Settings | InvalidInput | Misconfigured:
    try:
        return Settings.load(path)
    except (InvalidInput, Misconfigured) as error:
        return error


def judged(path: Path, content: bytes) -> None:
    """Read, or refused with a field that is named and a reason in words."""
    path.write_bytes(content)
    found = outcome(path)
    if isinstance(found, Settings):
        assert len(found.digest()) == 64
        assert found.redacted()["api"]["port"] == found.api.port
        return
    assert str(path) in str(found)
    if isinstance(found, Misconfigured):
        assert found.remedy
        return
    assert found.faults
    for fault in found.faults:
        assert fault.field
        assert re.fullmatch(r"[a-z][a-z0-9_]*", fault.code), fault
        assert fault.message.strip()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings") / "service.toml"


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mutated())
def test_a_configuration_with_changed_keys_and_values_is_read_or_its_fields_are_named(path: Path, text: str) -> None:
    judged(path, text.encode())


@settings(max_examples=300, deadline=None)
@given(
    at=st.integers(0, len(EXAMPLE.encode())),
    removed=st.integers(0, 40),
    inserted=st.binary(max_size=20) | st.sampled_from([b"\x00", b"\xff", b'"', b"'''", b"[", b"\\u", b"\r", b"#"]),
)
def test_a_configuration_with_changed_bytes_is_read_or_refused(
    path: Path, at: int, removed: int, inserted: bytes
) -> None:
    content = EXAMPLE.encode()
    judged(path, content[:at] + inserted + content[at + removed :])


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=400))
def test_any_bytes_at_all_are_refused_with_a_reason(path: Path, content: bytes) -> None:
    judged(path, content)
