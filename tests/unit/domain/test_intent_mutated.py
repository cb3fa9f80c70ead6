"""Intents, damaged in every way that hypothesis finds: accepted whole, or refused with the fields named."""

import copy
import json
import re
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests import builders
from tradewind.domain.intent import Intent
from tradewind.domain.model import invalid_input

EXAMPLE: dict[str, Any] = json.loads(builders.INTENT_JSON)
ODD = [
    *("0", "-1", "1.5", "1e18", "1e-400", "1e999999", "NaN", "Infinity", "-0", "٣", "1_000", "+1", " 1", "0x10", ""),
    *("9" * 100, "0." + "0" * 90 + "1", "0x" + "0" * 40, "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"),
    *("acquire", "ACQUIRE", "a\0b", "\ud7ff", "a1b2c3d4-e5f6-7890-1234-567890abcdef"),
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**300), 2**300),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(ODD),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


def places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value below."""
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [path, *(place for key, value in items for place in places(value, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """The example after one to three changes anywhere in it."""
    document: Any = copy.deepcopy(EXAMPLE)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([place for place in places(document) if place] or [()]))
        if not path:
            return draw(JSON)
        parent = document
        for step in path[:-1]:
            parent = parent[step]
        match draw(st.sampled_from(["value", "delete", "rename", "insert"])):
            case "delete":
                del parent[path[-1]]
            case "rename" if isinstance(parent, dict):
                parent[draw(st.text(max_size=16))] = parent.pop(path[-1])
            case "insert" if isinstance(parent, list):
                parent.append(draw(JSON))
            case _:
                parent[path[-1]] = draw(JSON)
    return document


def judged(text: str) -> Intent | None:
    """The intent, or None after every fault has been found to name its field."""
    try:
        return Intent.model_validate_json(text)
    except ValidationError as error:
        refused = invalid_input(error, what="intent")
        assert refused.faults
        for fault in refused.faults:
            assert fault.field
            assert re.fullmatch(r"[a-z][a-z0-9_]*", fault.code), fault
            assert fault.message.strip()
        return None


@settings(max_examples=1_500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_changed_intent_is_accepted_whole_or_refused_by_field(document: Any) -> None:
    intent = judged(json.dumps(document))
    if intent is None:
        return
    # What was accepted means the same after it was written down, and its size is an exact number of smallest units.
    assert Intent.model_validate_json(intent.model_dump_json()) == intent
    assert 0 < intent.constraints.max_slippage_ppm < 1_000_000
    sized = intent.sized
    if sized.amount is not None:
        assert sized.amount_raw is not None
        assert Decimal(sized.amount_raw).scaleb(-sized.asset.decimals) == sized.amount
        assert 0 < sized.amount_raw < 2**256


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_json_at_all_is_refused_by_field(document: Any) -> None:
    assert judged(json.dumps(document)) is None


@settings(max_examples=300, deadline=None)
@given(digits=st.integers(1, 2**256 - 1), decimals=st.integers(0, 36))
def test_every_amount_that_fits_a_token_keeps_every_digit(digits: int, decimals: int) -> None:
    document = copy.deepcopy(EXAMPLE)
    text = str(digits).rjust(decimals + 1, "0")
    amount = f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text
    document["assets"][0]["amount"] = amount
    document["assets"][0]["asset"]["decimals"] = decimals
    intent = judged(json.dumps(document))
    if intent is not None:
        assert intent.sized.amount_raw == digits
