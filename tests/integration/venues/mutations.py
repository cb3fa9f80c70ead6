"""Damage to a JSON answer, as a broken or hostile endpoint might do it: structural, and inside of ABI data."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]


class Text(str):
    """JSON that the encoder would not write; it is put into the answer as it is."""


_DEEP = "[" * 200 + "]" * 200
JUNK: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2**63,
    2**256,
    -(2**300),
    1.5,
    Text("1e400"),
    Text("-0.0"),
    Text("NaN"),
    Text("1" * 5000),
    Text(_DEEP),
    Text('{"a": 1, "a": 2}'),
    Text('"\\ud800"'),
    "",
    "0x",
    "0x0",
    "0x00",
    "-0x1",
    "0xzz",
    "0X1",
    "0x 1",
    "0x1_0",
    "16",
    "0x" + "f" * 64,
    "0x" + "f" * 65,
    "0x1" + "0" * 20_000,
    "latest",
    "\u0000",
    "\uff10x\uff11",
    "0x\u0661",
    "\U0001f4a9" * 100,
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"hash": "0x"},
    [[[[[[[[[[{}]]]]]]]]]],
]
WORDS = [0, 1, 31, 32, 33, 64, 2**31, 2**63, 2**64 - 1, 2**255, 2**256 - 32, 2**256 - 1]


def paths_of(value: Any, here: Path = ()) -> list[Path]:
    """Every place in a JSON value."""
    found = [here]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths_of(inner, (*here, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths_of(inner, (*here, index))
    return found


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The value with one to three places of it damaged; mostly one, since the first fault hides the others."""
    changed = copy.deepcopy(value)
    for _ in range(draw(st.sampled_from([1, 1, 1, 1, 2, 3]))):
        if draw(st.integers(0, 2)) == 0:
            changed = draw(_reshaped(changed))
        else:
            places = paths_of(changed)
            # The inner places are many; the outer ones are drawn as often.
            path = draw(st.sampled_from(places) | st.sampled_from(sorted(places, key=len)[:8]))
            changed = _put(changed, path, draw(_damage_to(_at(changed, path))))
    return changed


@st.composite
def _damage_to(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, Text) or not isinstance(value, str) or not value.startswith("0x") or draw(st.booleans()):
        # A copy, since later damage may go into it.
        return copy.deepcopy(draw(st.sampled_from(JUNK)))
    digits = value[2:]
    kind = draw(st.sampled_from(["shorter", "longer", "digit", "other", "other", "upper", "word", "sign", "doubled"]))
    at = draw(st.integers(0, max(0, len(digits) - 1)))
    if kind == "word" and len(digits) >= 64:
        start = at // 64 * 64
        return f"0x{digits[:start]}{draw(st.sampled_from(WORDS)):064x}{digits[start + 64 :]}"
    return {
        "shorter": f"0x{digits[:at]}",
        "longer": f"0x{digits}{'0' * draw(st.integers(1, 130))}",
        "digit": f"0x{digits[:at]}{draw(st.sampled_from('0189afAFgG '))}{digits[at + 1 :]}",
        # As long as before, and so of the right form.
        "other": f"0x{digits[:at]}{'1' * (len(digits) - at)}",
        "upper": f"0x{digits.upper()}",
        "word": f"0x{'0' * 64}{digits}",
        "sign": f"-0x{digits}",
        "doubled": f"0x0x{digits}",
    }[kind]


@st.composite
def _reshaped(draw: st.DrawFn, value: Any) -> Any:
    """A key or an entry taken away, doubled, or exchanged with another."""
    places = [path for path in paths_of(value) if isinstance(_at(value, path), dict | list) and _at(value, path)]
    if not places:
        return value
    path = draw(st.sampled_from(places))
    inner = copy.deepcopy(_at(value, path))
    keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
    one, two = draw(st.sampled_from(keys)), draw(st.sampled_from(keys))
    kind = draw(st.sampled_from(["drop", "exchange", "double"]))
    if kind == "drop":
        del inner[one]
    elif kind == "exchange":
        inner[one], inner[two] = inner[two], inner[one]
    elif isinstance(inner, list):
        inner.insert(one, copy.deepcopy(inner[two]))
    else:
        inner[f"{one} "] = inner[two]
    return _put(value, path, inner)


def dumps(value: Any) -> bytes:
    """JSON, with every Text as it is."""
    texts: dict[str, str] = {}
    plain = json.dumps(_marked(value, texts))
    for mark, text in texts.items():
        plain = plain.replace(f'"{mark}"', text)
    return plain.encode()


def _marked(value: Any, texts: dict[str, str]) -> Any:
    if isinstance(value, Text):
        mark = f"text-{len(texts)}-as-it-is"
        texts[mark] = str(value)
        return mark
    if isinstance(value, dict):
        return {key: _marked(inner, texts) for key, inner in value.items()}
    if isinstance(value, list):
        return [_marked(inner, texts) for inner in value]
    return value


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _put(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    _at(value, path[:-1])[path[-1]] = new
    return value
