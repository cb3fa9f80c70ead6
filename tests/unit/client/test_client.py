"""The client against the real API: every request, typed answers, and problems as our errors."""

import inspect
import json
import subprocess
import sys
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests import builders
from tests.unit.api.doubles import DAY_KEY
from tests.unit.api.house import House
from tests.unit.client.either import Either
from tradewind.api.openapi import document_of
from tradewind.api.scopes import Scope
from tradewind.client import AsyncClient, Client, calls
from tradewind.client.call import Call
from tradewind.domain.status import IntentStatus
from tradewind.errors import Conflict, Forbidden, InvalidInput, NotFound, Refused, TradewindError, Unauthorized


@pytest.fixture
async def client(house: House, kind: str) -> Any:
    either = Either(kind, house.url, house.token)
    yield either
    await either.close()


async def test_a_submitted_intent_is_on_disk_and_its_receipt_is_typed(house: House, client: Either) -> None:
    intent = builders.an_intent()
    receipt = await client.ask("submit", intent)
    assert (receipt.id, receipt.status) == (intent.id, IntentStatus.PENDING)
    assert receipt.priority.value >= 1
    shown = await client.ask("intent", receipt.id)
    assert shown.intent == intent


@pytest.mark.parametrize("form", ["text", "bytes", "mapping"])
async def test_an_intent_is_taken_as_text_bytes_or_mapping(house: House, client: Either, form: str) -> None:
    body: Any = {
        "text": builders.INTENT_JSON,
        "bytes": builders.INTENT_JSON.encode(),
        "mapping": json.loads(builders.INTENT_JSON),
    }[form]
    receipt = await client.ask("submit", body)
    assert (await client.ask("intent", receipt.id)).wants == "acquire 1.5 WETH with USDC"


async def test_the_same_key_makes_a_second_call_the_same_request(house: House, client: Either) -> None:
    first = await client.ask("submit", builders.INTENT_JSON, idempotency_key="mine-1")
    again = await client.ask("submit", builders.INTENT_JSON, idempotency_key="mine-1")
    other = await client.ask("submit", builders.INTENT_JSON)
    assert first.id == again.id != other.id


async def test_a_wrong_intent_is_an_error_that_names_every_field(client: Either) -> None:
    body = json.loads(builders.INTENT_JSON)
    body["intent_type"] = "borrow"
    body["assets"][0]["amount"] = 1.5
    with pytest.raises(InvalidInput) as caught:
        await client.ask("submit", body)
    assert {fault.field for fault in caught.value.faults} == {"intent_type", "assets.0.amount"}


async def test_lists_lead_from_page_to_page_and_keep_their_filter(house: House, client: Either) -> None:
    for _ in range(3):
        first = builders.submitted()
        await house.publish([first, builders.rejected(first.intent_id)])
    await house.publish([builders.submitted()])
    seen, cursor = [], None
    while True:
        page = await client.ask("intents", status=IntentStatus.REJECTED, limit=1, cursor=cursor)
        seen += [item.status for item in page.intents]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == [IntentStatus.REJECTED] * 3


async def test_recorded_events_come_back_as_the_events_that_were_published(house: House, client: Either) -> None:
    await house.publish(events := builders.lifecycle())
    page = await client.ask("event_page", events[0].intent_id, limit=5)
    rest = await client.ask("event_page", after=page.up_to_seq)
    assert [row.envelope.body for row in (*page.events, *rest.events)] == events


async def test_a_quote_says_what_would_happen(house: House, client: Either) -> None:
    quote = await client.ask("quote", builders.an_intent())
    assert (quote.would_be, quote.route.route) == ("accepted", "USDC -(0.05 %)-> WETH")


async def test_a_cancel_is_answered_with_what_became_of_it(house: House, client: Either) -> None:
    await house.publish([first := builders.submitted()])
    with pytest.raises(NotFound) as caught:
        await client.ask("cancel", uuid4())
    assert caught.value.code == "intent_not_found"
    await house.publish([builders.rejected(first.intent_id)])
    with pytest.raises(Conflict) as late:
        await client.ask("cancel", first.intent_id, reason="the signal is gone")
    assert late.value.code == "intent_ended"


async def test_portfolio_limits_and_readiness_are_typed(house: House, client: Either) -> None:
    portfolio = await client.ask("portfolio")
    assert portfolio.wallets[0].holdings[0].balance_raw == 50_000_000_000
    assert portfolio.budgets[0].free.decimal == "193970"
    limits = await client.ask("limits")
    assert (limits.limits[0].key, limits.limits[0].value) == (DAY_KEY, "200000000000")
    assert (await client.ask("readiness")).ready is True


async def test_limits_are_set_and_raises_taken_back_in_the_name_of_the_token(house: House, client: Either) -> None:
    lowered = await client.ask("set_limit", DAY_KEY, 100_000_000_000)
    assert (lowered.key, lowered.in_force) == (DAY_KEY, True)
    raised = await client.ask("set_limit", DAY_KEY, 300_000_000_000)
    assert raised.in_force is False
    assert await client.ask("cancel_raise", DAY_KEY) is None
    assert house.policy.changes == [
        ("set", DAY_KEY, 100_000_000_000, "owner"),
        ("set", DAY_KEY, 300_000_000_000, "owner"),
        ("cancel", DAY_KEY, 0, "owner"),
    ]


async def test_the_switch_is_pulled_seen_and_released(house: House, client: Either) -> None:
    halted = await client.ask("halt", "prices look wrong")
    state = await client.ask("switch")
    assert (state.halted, state.kill_epoch, state.reason) == (True, halted.kill_epoch, "prices look wrong")
    with pytest.raises(Refused) as caught:
        await client.ask("resume", halted.kill_epoch + 1)
    assert caught.value.code == "kill_epoch"
    assert (await client.ask("resume", halted.kill_epoch)).halted is False


async def test_an_empty_reason_is_refused_before_anything_is_sent(house: House, client: Either) -> None:
    with pytest.raises(InvalidInput) as caught:
        await client.ask("halt", "")
    assert caught.value.faults[0].field == "reason"
    assert house.switch.calls == []


async def test_a_wrong_token_and_a_token_without_the_scope_are_told_apart(house: House, kind: str) -> None:
    _, reader = house.new_token("reader", Scope.READ)
    wrong, weak = Either(kind, house.url, "A" * 43), Either(kind, house.url, reader)
    with pytest.raises(Unauthorized):
        await wrong.ask("intents")
    with pytest.raises(Forbidden) as caught:
        await weak.ask("submit", builders.INTENT_JSON)
    assert caught.value.code == "scope_missing"
    for either in (wrong, weak):
        await either.close()


async def test_following_an_intent_ends_with_it_and_waiting_returns_it(house: House, client: Either) -> None:
    await house.publish(events := builders.lifecycle())
    heard = await client.heard(100, "follow", events[0].intent_id)
    assert [event.envelope.body for event in heard] == events[:7]
    shown = await client.ask("wait", events[0].intent_id)
    assert shown.status is IntentStatus.COMPLETED


async def test_following_what_does_not_exist_is_an_error_and_not_a_wait(client: Either) -> None:
    with pytest.raises(NotFound):
        await client.heard(1, "follow", uuid4())


def test_both_clients_have_the_same_methods_with_the_same_arguments() -> None:
    def methods(client: type) -> dict[str, Any]:
        public = {n: m for n, m in inspect.getmembers(client, inspect.isfunction) if not n.startswith("_")}
        public.pop("close", None)
        public.pop("aclose", None)
        return {name: list(inspect.signature(method).parameters.values()) for name, method in public.items()}

    assert methods(Client) == methods(AsyncClient)
    assert len(methods(Client)) >= 16


def test_every_route_of_the_document_can_be_reached_through_the_client(house: House) -> None:

    intent_id, key = UUID(int=1), None
    made: list[Call[Any]] = [
        calls.submit("{}", key), calls.quote("{}"), calls.cancel(intent_id, None, key), calls.intent(intent_id),
        calls.intents(status=None, strategy_id=None, wallet=None, limit=None, cursor=None),
        calls.events(intent_id=None, after=0, limit=None, kind=None, strategy_id=None, wallet=None),
        calls.events(intent_id=intent_id, after=0, limit=None, kind=None, strategy_id=None, wallet=None),
        calls.report(strategy_id=None, wallet=None, since=None, until=None, steps=None, compare=None),
        calls.portfolio(), calls.limits(), calls.set_limit("k", 1), calls.cancel_raise("k"), calls.switch(),
        calls.halt("why", wallet=None, strategy_id=None), calls.resume(1), calls.readiness(),
    ]  # fmt: skip
    reached = {(call.method, call.path) for call in made}
    reached |= {("GET", calls.stream_path(None)), ("GET", calls.stream_path(intent_id))}
    documented = {
        (method.upper(), path.replace("{id}", str(intent_id)).replace("{key}", "k"))
        for path, operations in document_of(house.app)["paths"].items()
        for method in operations
    }
    assert documented - reached == {("GET", "/healthz")}
    assert reached <= documented


def test_importing_the_client_loads_neither_server_nor_chain() -> None:
    code = "import sys, tradewind.client; print([m for m in sys.modules if m.split('.')[0] in sys.argv[1:]])"
    heavy = ("fastapi", "starlette", "uvicorn", "aiohttp", "typer")
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("url", ["", "127.0.0.1:8420", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_a_url_that_is_none_is_named(url: str) -> None:
    for client in (Client, AsyncClient):
        with pytest.raises(InvalidInput) as caught:
            client(url, "A" * 43)
        assert caught.value.code == "url_malformed"


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "täg"])
def test_a_token_that_cannot_be_one_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(TradewindError) as caught:
        Client("http://127.0.0.1:1", token)
    assert caught.value.code == "token_malformed"
    assert not token or token not in str(caught.value)
