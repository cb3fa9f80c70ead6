"""The table of problems: every row of it is provoked over a socket, and every class of error has its status."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests import builders
from tests.unit.api.house import House, open_house
from tests.unit.api.test_guard import raw_exchange
from tradewind.api.limits import Limits
from tradewind.api.problem import BY_CLASS, BY_CODE
from tradewind.errors import (
    Conflict,
    Damaged,
    Fault,
    Forbidden,
    Halted,
    InvalidInput,
    Misconfigured,
    NotFound,
    Refused,
    TooMany,
    TradewindError,
    Unauthorized,
    Unavailable,
)
from tradewind.observability import events as observe

Answer = tuple[int, dict[str, Any]]


def sending(method: str, path: str, **options: Any) -> Callable[[House], Awaitable[Answer]]:
    """A request, as a row of the tables below."""

    async def send(house: House) -> Answer:
        response, problem = await house.call(method, path, **options)
        assert response.content_type == "application/problem+json"
        return response.status, problem

    return send


async def malformed_http(house: House) -> Answer:
    status, headers, body = await raw_exchange(house, b"\x16\x03\x01 not http\r\n\r\n")
    assert headers["content-type"] == "application/problem+json"
    return status, json.loads(body)


async def slow_body(house: House) -> Answer:
    head = f"POST /halt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {house.token}\r\nContent-Length: 9\r\n\r\n"
    status, _, body = await raw_exchange(house, head.encode())
    return status, json.loads(body)


SCENES: dict[str, tuple[int, Callable[[House], Awaitable[Answer]]]] = {
    "http_malformed": (400, malformed_http),
    "json_not_utf8": (400, sending("POST", "/intents", data=b'{"id": "\xff"}')),
    "json_malformed": (400, sending("POST", "/intents", data=b'{"id": }')),
    "json_duplicate_key": (400, sending("POST", "/intents", data=b'{"id": 1, "id": 2}')),
    "json_too_deep": (400, sending("POST", "/intents", data=b"[" * 100 + b"]" * 100)),
    "json_array_too_long": (400, sending("POST", "/intents", body={"assets": [1] * 257})),
    "idempotency_key_missing": (400, sending("POST", "/intents", body={}, headers={"Idempotency-Key": None})),
    "idempotency_key_malformed": (400, sending("POST", "/intents", body={}, headers={"Idempotency-Key": "a b"})),
    "origin_not_allowed": (403, sending("POST", "/intents", data="{}", headers={"Origin": "https://evil.example"})),
    "limit_unknown": (404, sending("PUT", "/limits/max_nothing", data='{"value": "7"}')),
    "raise_unknown": (404, sending("DELETE", "/limits/max_nothing/raise")),
    "method_not_allowed": (405, sending("PATCH", "/intents")),
    "body_too_slow": (408, slow_body),
    "body_too_large": (413, sending("POST", "/intents", data=b" " * 70_000)),
    "content_type_not_json": (415, sending("POST", "/intents", data="{}", headers={"Content-Type": "text/plain"})),
    "content_encoding_unsupported": (
        415,
        sending("POST", "/intents", data=b"\x1f\x8b", headers={"Content-Encoding": "br"}),
    ),
    "host_not_allowed": (421, sending("GET", "/intents", headers={"Host": "evil.example"})),
    "headers_too_large": (431, sending("GET", "/intents", headers={"X-Long": "x" * 17_000})),
}
# Statuses written out here, not read from the table.
RAISED: list[tuple[TradewindError, int]] = [
    (InvalidInput([Fault("assets.0", "asset_not_listed", "is not listed.")], what="intent"), 422),
    (Refused("too_fast", "A rule says no."), 422),
    (NotFound("nothing", "There is nothing."), 404),
    (Conflict("twice", "It contradicts."), 409),
    (Unauthorized("who", "Who are you?"), 401),
    (Forbidden("not_you", "You may not."), 403),
    (TooMany("too_often", "Not so fast.", retry_after_s=2.1), 429),
    (Halted("halted", "The kill switch is on."), 503),
    (Unavailable("later", "Not now."), 503),
    (Misconfigured("wrong", "A file is wrong."), 500),
    (Damaged("journal_damaged", "Row 7 does not verify."), 500),
    (TradewindError("odd", "An odd one."), 500),
]


async def test_every_code_of_the_table_is_answered_with_its_status(tmp_path: Path) -> None:
    assert set(SCENES) == set(BY_CODE)
    async with open_house(tmp_path, Limits(body_s=0.2)) as house:
        for code, (status, provoke) in SCENES.items():
            seen_status, problem = await provoke(house)
            assert (seen_status, problem["status"], problem["code"]) == (status, status, code)
            assert problem["type"] == f"urn:tradewind:problem:{code}"
            assert problem["detail"]
            assert problem["title"]


async def test_every_class_of_error_is_answered_with_its_status_and_disposition(house: House) -> None:
    assert {type(error) for error, _ in RAISED} == set(BY_CLASS)
    for error, status in RAISED:
        house.door.failure = error
        response, problem = await house.call("POST", "/intents", data=builders.INTENT_JSON)
        assert (response.status, problem["status"]) == (status, status), error.code
        assert (problem["code"], problem["disposition"]) == (error.code, error.disposition)
        assert problem["instance"] == "/intents"
        assert response.content_type == "application/problem+json"


async def test_only_what_may_succeed_later_says_when_to_try_again(house: House) -> None:
    retry_after = {}
    for error, _ in RAISED:
        house.door.failure = error
        response, _ = await house.call("POST", "/intents", data=builders.INTENT_JSON)
        retry_after[error.code] = response.headers.get("Retry-After")
    assert {code: value for code, value in retry_after.items() if value} == {"later": "1", "too_often": "3"}


async def test_a_subclass_of_an_error_has_the_status_of_its_class(house: House) -> None:
    class SignerAway(Unavailable):
        pass

    house.door.failure = SignerAway("signer_unreachable", "No signer answers.", remedy="Start it.")
    response, problem = await house.call("POST", "/intents", data=builders.INTENT_JSON)
    assert (response.status, problem["detail"]) == (503, "No signer answers. Start it.")


async def test_an_error_that_nobody_expected_says_nothing_but_its_id_and_is_logged_whole(house: House) -> None:
    heard: list[tuple[str, dict[str, object]]] = []
    observe.listen(lambda name, fields: heard.append((name, fields)))
    house.door.failure = RuntimeError("secret path /home/trader/keys.age")
    response, problem = await house.call("POST", "/intents", data=builders.INTENT_JSON)
    assert (response.status, problem["code"]) == (500, "internal_error")
    assert "secret" not in json.dumps(problem)
    assert "Traceback" not in json.dumps(problem)
    assert [fields["request_id"] for name, fields in heard if name == "request_failed"] == [problem["request_id"]]


async def test_the_service_goes_on_after_an_unexpected_error(house: House) -> None:
    house.door.failure = RuntimeError("once")
    await house.call("POST", "/intents", data=builders.INTENT_JSON)
    house.door.failure = None
    response, _ = await house.call("POST", "/intents", data=builders.INTENT_JSON)
    assert response.status == 202


async def test_an_answer_that_takes_too_long_is_given_up_but_the_work_is_done(tmp_path: Path) -> None:
    async with open_house(tmp_path, Limits(answer_s=0.05)) as house:
        go_on = asyncio.Event()
        house.door.wait = go_on.wait
        body = {**json.loads(builders.INTENT_JSON), "id": str(builders.STRATEGY_ID)}
        response, problem = await house.call("POST", "/intents", body=body)
        assert (response.status, problem["code"]) == (503, "answer_too_slow")
        assert house.journal.read() == []
        go_on.set()
        await house.state.wait_for(builders.STRATEGY_ID, lambda view: True, 10)


async def test_a_small_request_cannot_ask_for_a_large_answer(house: House) -> None:
    body = json.loads(builders.INTENT_JSON)
    body["assets"] = [1] * 256
    body["x" * 5_000] = 1
    response, problem = await house.call("POST", "/intents", body=body)
    assert response.status == 422
    assert len(problem["faults"]) == 32
    assert len(json.dumps(problem)) < 20_000
