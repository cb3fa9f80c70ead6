"""Scopes: what each kind of token may do on every route there is, and what one bound to strategies sees."""

import json
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute

from tests import builders
from tests.unit.api.house import House
from tradewind.api.guard import PUBLIC
from tradewind.api.scopes import RULES, Scope, rule_of

# Written out, not taken from the table under test.
READS = {
    "/intents", "/intents/{id}", "/intents/{id}/events", "/intents/{id}/events/stream", "/events", "/events/stream",
    "/portfolio", "/report", "/readyz", "/openapi.json", "/halt", "/limits",
}  # fmt: skip
MAY: dict[Scope, set[tuple[str, str]]] = {
    Scope.READ: {*(("GET", path) for path in READS), ("POST", "/quotes")},
    Scope.HALT: {("GET", "/halt"), ("POST", "/halt")},
}
MAY[Scope.TRADE] = MAY[Scope.READ] | MAY[Scope.HALT] | {("POST", "/intents"), ("POST", "/intents/{id}/cancel")}
MAY[Scope.ADMIN] = MAY[Scope.TRADE] | {
    ("POST", "/resume"), ("PUT", "/limits/{key}"), ("DELETE", "/limits/{key}/raise"),
}  # fmt: skip
BOUND_MAY = {
    ("GET", "/intents"), ("GET", "/intents/{id}"), ("GET", "/intents/{id}/events"), ("POST", "/intents"),
    ("GET", "/intents/{id}/events/stream"), ("GET", "/events"), ("GET", "/events/stream"), ("POST", "/quotes"),
    ("POST", "/intents/{id}/cancel"), ("GET", "/openapi.json"), ("GET", "/halt"), ("POST", "/halt"),
}  # fmt: skip
OTHER_STRATEGY = UUID("00000000-0000-4000-8000-000000000001")


def routes_of(house: House) -> Iterator[tuple[str, str]]:
    """Every method and path template of the application that needs a token."""
    for route in house.app.routes:
        assert isinstance(route, APIRoute)
        path = route.path.replace(":path", "")
        yield from ((method, path) for method in sorted(route.methods or ()) if path not in PUBLIC)


async def refusal(house: House, token: str, method: str, path: str) -> tuple[int, str | None]:
    """Status and code of a request to the template that asks nothing in particular, and so changes nothing."""
    filled = path.replace("{id}", str(uuid4())).replace("{key}", "x")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": uuid4().hex}
    data = b"[]" if method in {"POST", "PUT"} else None
    # No query is known to no route: a stream that may be read is not opened.
    async with house.client.request(method, f"{house.url}{filled}?none=1", headers=headers, data=data) as response:
        problem = json.loads(await response.text() or "{}")
        return response.status, problem.get("code")


@pytest.mark.parametrize("scope", list(Scope))
async def test_a_token_may_do_what_its_scope_says_and_nothing_else(house: House, scope: Scope) -> None:
    _, token = house.new_token("desk", scope)
    seen = set()
    for method, path in routes_of(house):
        status, code = await refusal(house, token, method, path)
        assert (status == 403) == (code == "scope_missing"), (method, path, status, code)
        if status != 403:
            seen.add((method, path))
    assert seen == MAY[scope]
    assert house.switch.calls == []


async def test_a_bound_token_reaches_only_routes_that_keep_to_its_strategies(house: House) -> None:
    _, token = house.new_token("bot", Scope.ADMIN, strategies=[builders.STRATEGY_ID])
    seen = set()
    for method, path in routes_of(house):
        status, code = await refusal(house, token, method, path)
        if status == 403:
            assert code == "token_bound_to_strategies", (method, path)
        else:
            seen.add((method, path))
    assert seen == BOUND_MAY


def test_every_route_has_a_rule_of_its_own(house: House) -> None:
    assert set(routes_of(house)) <= set(RULES)


@pytest.mark.parametrize(
    "path", ["/nothing", "/halt/", "/halt\n", "//halt", "/intents/x/y/cancel", "/HALT", "/limits/"]
)
def test_a_path_that_no_rule_names_is_changed_by_administrators_alone(path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"):
        assert rule_of(method, path).scopes == (Scope.ADMIN,)
        assert not rule_of(method, path).unlimited


async def test_a_refusal_names_the_scope_that_is_missing_and_changes_nothing(house: House) -> None:
    _, token = house.new_token("looker", Scope.READ)
    own = {"Authorization": f"Bearer {token}"}
    response, problem = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=own)
    assert (response.status, problem["code"]) == (403, "scope_missing")
    assert "trade" in problem["detail"]
    assert house.journal.read() == []


async def test_a_token_with_two_scopes_may_do_what_either_allows(house: House) -> None:
    _, token = house.new_token("pager", Scope.READ, Scope.HALT)
    own = {"Authorization": f"Bearer {token}"}
    assert (await house.call("GET", "/intents", headers=own))[0].status == 200
    assert (await house.call("POST", "/halt", body={"reason": "stop"}, headers=own))[0].status == 200
    assert (await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=own))[0].status == 403


async def test_a_bound_token_submits_for_its_own_strategy_alone(house: House) -> None:
    for strategy, status in ((builders.STRATEGY_ID, 202), (OTHER_STRATEGY, 403)):
        _, token = house.new_token(f"bot-{status}", Scope.TRADE, strategies=[strategy])
        own = {"Authorization": f"Bearer {token}"}
        response, answer = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=own)
        assert response.status == status, answer
    assert answer["code"] == "strategy_not_allowed"
    assert len(house.state.open_intents()) == 1


async def test_an_intent_of_another_strategy_looks_like_one_that_is_not_there(house: House) -> None:
    _, receipt = await house.call("POST", "/intents", data=builders.INTENT_JSON)
    _, token = house.new_token("bot", Scope.TRADE, strategies=[OTHER_STRATEGY])
    own = {"Authorization": f"Bearer {token}"}
    for suffix, method, body in (
        ("", "GET", None),
        ("/events", "GET", None),
        ("/events/stream", "GET", None),
        ("/cancel", "POST", {"reason": "mine"}),
    ):
        answers = []
        for intent_id in (receipt["id"], str(uuid4())):
            response, problem = await house.call(method, f"/intents/{intent_id}{suffix}", body=body, headers=own)
            answers.append((response.status, problem["code"], problem["detail"].replace(intent_id, "ID")))
        assert answers[0] == answers[1]
        assert answers[0][:2] == (404, "intent_not_found")
    _, page = await house.call("GET", "/intents", headers=own)
    assert page["intents"] == []
    _, page = await house.call("GET", "/events", headers=own)
    assert page["events"] == []


async def test_a_bound_token_cannot_ask_for_another_strategy_by_name(house: House) -> None:
    _, token = house.new_token("bot", Scope.READ, strategies=[OTHER_STRATEGY])
    own = {"Authorization": f"Bearer {token}"}
    response, problem = await house.call("GET", f"/intents?strategy={builders.STRATEGY_ID}", headers=own)
    assert (response.status, problem["code"]) == (403, "strategy_not_allowed")
