"""JSON bodies: what a lenient parser would take in one of several ways is refused, and nothing makes the API fail."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.unit.api.house import House, open_house

KNOWN = ["id", "strategy_id", "intent_type", "assets", "asset", "amount", "percentage", "constraints", "max_slippage"]
KNOWN += ["time_window_ms", "chain_id", "address", "decimals", "symbol", "allowed_venues", "only", "ml_features"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
    | st.sampled_from(["acquire", "dispose", "1.5", "0.005", "eip155:42161", "0x" + "0" * 40, "NaN", "1e400"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=20,
)


def altered(draw_path: list[str | int], value: Any) -> Any:
    """The example intent with something else at a path."""
    body = json.loads(builders.INTENT_JSON)
    place = body
    for part in draw_path[:-1]:
        place = place[part]
    place[draw_path[-1]] = value
    return body


PATHS: list[list[str | int]] = [
    ["id"],
    ["strategy_id"],
    ["intent_type"],
    ["assets"],
    ["assets", 0],
    ["assets", 0, "asset"],
    ["assets", 0, "amount"],
    ["assets", 0, "percentage"],
    ["assets", 0, "asset", "chain_id"],
    ["assets", 1, "asset", "address"],
    ["assets", 1, "asset", "decimals"],
    ["constraints"],
    ["constraints", "max_slippage"],
    ["constraints", "time_window_ms"],
    ["constraints", "allowed_venues"],
    ["ml_features"],
]
NEAR_MISSES = st.builds(altered, st.sampled_from(PATHS), JSON)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": NaN}', "json_malformed"),
        (b'{"a": Infinity}', "json_malformed"),
        (b'{"a": -Infinity}', "json_malformed"),
        (b'{"a": 1,}', "json_malformed"),
        (b"", "json_malformed"),
        (b"\xef\xbb\xbf{}", "json_malformed"),
        (b'{"a": "\xc3\x28"}', "json_not_utf8"),
        ('{"a": 1}'.encode("utf-16"), "json_not_utf8"),
        (b'{"a": "\\ud800"}', "json_malformed"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "json_malformed"),
        (b'{"a": {"b": 1, "b": 1}}', "json_duplicate_key"),
        (b'{"a": 1, "\\u0061": 2}', "json_duplicate_key"),
        (b"[" * 17 + b"]" * 17, "json_too_deep"),
        (b"[" * 60_000, "json_too_deep"),
    ],
)
async def test_what_is_not_strict_json_is_a_bad_request(house: House, body: bytes, code: str) -> None:
    response, problem = await house.call("POST", "/intents", data=body)
    assert (response.status, problem["code"]) == (400, code)
    assert problem["faults"][0]["message"]


async def test_brackets_inside_strings_do_not_count_as_depth(house: House) -> None:
    deep_text = '\\"' + "[" * 100
    response, problem = await house.call("POST", "/halt", data=f'{{"reason": "{deep_text}"}}')
    assert response.status == 200
    assert problem["reason"] == '"' + "[" * 100


async def test_many_brackets_side_by_side_are_not_deep(house: House) -> None:
    side_by_side = json.dumps([[]] * 40 + [{"a": []}] * 40)
    response, problem = await house.call("POST", "/halt", data=f'{{"reason": {side_by_side}}}')
    assert (response.status, problem["code"]) == (422, "wrong_type")
    seventeen_deep = '{"reason": ' + "[" * 15 + "[], " * 40 + "[]" + "]" * 15 + "}"
    response, problem = await house.call("POST", "/halt", data=seventeen_deep)
    assert (response.status, problem["code"]) == (400, "json_too_deep")


async def test_an_array_of_256_items_is_read_and_one_of_257_is_not_wherever_it_is(house: House) -> None:
    for count, status, code in ((256, 422, "wrong_type"), (257, 400, "json_array_too_long")):
        for body in ([1] * count, {"reason": [1] * count}, {"reason": [[{"a": [1] * count}]]}):
            response, problem = await house.call("POST", "/halt", body=body)
            assert (response.status, problem["code"]) == (status, code), (count, body)
    assert house.switch.calls == []


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]
)
async def test_json_is_taken_however_it_is_declared(house: House, content_type: str) -> None:
    response, _ = await house.call(
        "POST", "/intents", data=builders.INTENT_JSON, headers={"Content-Type": content_type}
    )
    assert response.status == 202


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "application/jsonx", ""],
)
async def test_another_kind_of_body_is_refused(house: House, content_type: str) -> None:
    response, problem = await house.call(
        "POST", "/intents", data=builders.INTENT_JSON, headers={"Content-Type": content_type}
    )
    assert (response.status, problem["code"]) == (415, "content_type_not_json")
    assert house.journal.read() == []


async def never_fails(house: House, body: bytes) -> None:
    response, answer = await house.call("POST", "/intents", data=body)
    assert response.status in {202, 400, 422}, (response.status, answer)
    if response.status != 202:
        assert answer["code"]
        assert answer["faults"] or answer["detail"]


async def test_no_json_whatever_makes_the_api_fail(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for body in collect(JSON, 150) + collect(NEAR_MISSES, 250):
            await never_fails(house, json.dumps(body).encode())


async def test_no_bytes_whatever_make_the_api_fail(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for body in collect(st.binary(max_size=300), 150):
            await never_fails(house, body)


def collect(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Examples of a strategy, for a loop that one server answers."""
    found: list[Any] = []

    @settings(max_examples=count, database=None, deadline=None)
    @given(strategy)
    def gather(example: Any) -> None:
        found.append(example)

    gather()
    return found
