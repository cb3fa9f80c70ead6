"""What a client sends again, how often and after which pauses; and what it never does."""

import asyncio

import pytest

from tests import builders
from tests.unit.client.either import Either
from tests.unit.client.scripted import answer, problem, scripted
from tradewind.client.patience import Patience
from tradewind.errors import Halted, InvalidInput, TooMany, TradewindError, Unavailable

TOKEN = "A" * 43
SWITCH: dict[str, object] = {"halted": False, "kill_epoch": 0, "reason": None, "halts": []}
RECEIPT = {
    "id": str(builders.STRATEGY_ID), "status": "PENDING", "priority": {"value": 5, "reasons": []},
    "received_at_ns": 1, "valid_until_ns": 2, "links": {},
}  # fmt: skip
BUSY = problem(503, "journal_busy", disposition="retry")


async def test_a_write_is_sent_again_under_its_own_key_until_it_is_answered(kind: str) -> None:
    """An answer that was lost may have been a yes: the key is what makes asking again safe."""
    async with scripted(None, BUSY, answer(202, RECEIPT)) as service:
        either = Either(kind, service.url, TOKEN)
        receipt = await either.ask("submit", builders.INTENT_JSON)
        await either.close()
    assert receipt.id == builders.STRATEGY_ID
    keys = {asked.headers["idempotency-key"] for asked in service.asked}
    assert (len(service.asked), len(keys)) == (3, 1)
    assert {asked.body for asked in service.asked} == {builders.INTENT_JSON.encode()}
    assert either.slept == [0.2, 0.4]


async def test_two_submissions_have_two_keys(kind: str) -> None:
    async with scripted(answer(202, RECEIPT), answer(202, RECEIPT)) as service:
        either = Either(kind, service.url, TOKEN)
        for _ in range(2):
            await either.ask("submit", builders.INTENT_JSON)
        await either.close()
    assert len({asked.headers["idempotency-key"] for asked in service.asked}) == 2


@pytest.mark.parametrize("status", [429, 503])
async def test_the_wait_that_the_service_asks_for_is_kept(kind: str, status: int) -> None:
    late = problem(status, "later", disposition="retry", Retry_After="3")
    async with scripted(late, answer(200, SWITCH)) as service:
        either = Either(kind, service.url, TOKEN)
        assert (await either.ask("switch")).halted is False
        await either.close()
    assert either.slept == [3]


async def test_a_wait_longer_than_the_client_has_is_not_begun(kind: str) -> None:
    async with scripted(problem(429, "rate_exceeded", disposition="retry", Retry_After="3600")) as service:
        either = Either(kind, service.url, TOKEN)
        with pytest.raises(TooMany) as caught:
            await either.ask("switch")
        await either.close()
    assert (caught.value.code, caught.value.retry_after_s) == ("rate_exceeded", 3600)
    assert either.slept == []


async def test_tries_are_bounded(kind: str) -> None:
    async with scripted(*[BUSY] * 3) as service:
        either = Either(kind, service.url, TOKEN, patience=Patience(tries=3))
        with pytest.raises(Unavailable) as caught:
            await either.ask("switch")
        await either.close()
    assert caught.value.code == "journal_busy"
    assert len(service.asked) == 3


async def test_a_request_in_flight_under_the_same_key_is_waited_for(kind: str) -> None:
    in_flight = problem(409, "request_in_flight", disposition="retry")
    async with scripted(in_flight, answer(202, RECEIPT)) as service:
        either = Either(kind, service.url, TOKEN)
        await either.ask("submit", builders.INTENT_JSON)
        await either.close()
    assert len(service.asked) == 2


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (problem(503, "halted", disposition="halt"), Halted),
        (problem(409, "intent_id_conflict"), TradewindError),
        (problem(422, "slippage_above_strategy_limit"), TradewindError),
        (problem(500, "internal_error", disposition="halt"), TradewindError),
        (problem(400, "json_malformed"), InvalidInput),
    ],
    ids=["halted", "conflict", "refused", "internal", "malformed"],
)
async def test_what_time_does_not_mend_is_not_asked_again(
    kind: str, refused: bytes, error: type[TradewindError]
) -> None:
    async with scripted(refused) as service:
        either = Either(kind, service.url, TOKEN)
        with pytest.raises(error):
            await either.ask("submit", builders.INTENT_JSON)
        await either.close()
    assert len(service.asked) == 1


@pytest.mark.parametrize(("method", "argument"), [("resume", 3), ("cancel_raise", "42161.fee")])
async def test_what_would_be_denied_the_second_time_is_not_sent_again_when_its_answer_was_lost(
    kind: str, method: str, argument: object
) -> None:
    """The denial would hide that it was done."""
    async with scripted(None, problem(404, "raise_unknown")) as service:
        either = Either(kind, service.url, TOKEN)
        with pytest.raises(Unavailable) as caught:
            await either.ask(method, argument)
        await either.close()
    assert caught.value.code == "answer_lost"
    assert "Look whether it was done" in str(caught.value)
    assert len(service.asked) == 1


async def test_a_closed_port_is_tried_a_few_times_and_then_named_with_what_to_do(kind: str) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()
    either = Either(kind, url, TOKEN)
    # Nothing was sent, so even a resume may be tried again.
    with pytest.raises(Unavailable) as caught:
        await either.ask("resume", 3)
    await either.close()
    assert caught.value.code == "service_unreachable"
    assert caught.value.remedy == "Start it: tradewind up"
    assert len(either.slept) == 3


@pytest.mark.parametrize("said", [b"<html>hello</html>", b"[1]", b"", b'{"halted": "maybe"}'])
async def test_something_else_on_the_port_is_not_taken_for_the_service(kind: str, said: bytes) -> None:
    async with scripted(answer(200, said)) as service:
        either = Either(kind, service.url, TOKEN)
        with pytest.raises(TradewindError) as caught:
            await either.ask("switch")
        await either.close()
    assert caught.value.code == "answer_malformed"


async def test_the_token_goes_to_the_service_alone(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a proxy of the environment nor a redirect gets to see it."""
    async with scripted() as proxy, scripted(answer(302, {}, Location="/intents")) as service:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        either = Either(kind, service.url, TOKEN)
        with pytest.raises(TradewindError):
            await either.ask("switch")
        await either.close()
    assert (proxy.asked, len(service.asked)) == ([], 1)
    assert service.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_no_error_and_no_client_shows_the_token(kind: str) -> None:
    async with scripted(None) as service:
        either = Either(kind, service.url, TOKEN)
        with pytest.raises(TradewindError) as caught:
            await either.ask("resume", 3)
        await either.close()
    assert TOKEN not in f"{caught.value!r} {caught.value} {either.__dict__!r}"


@pytest.mark.parametrize(
    ("tried", "asked_s", "waited_s", "pause_s"),
    [
        (1, None, 0, 0.2),
        (3, None, 0, 0.8),
        (9, None, 0, 5.0),
        (1, 2.0, 0, 2.0),
        (1, None, 19.9, None),
        (10, None, 0, None),
    ],
)
def test_pauses_double_up_to_the_longest_and_end_with_the_tries_or_the_time(
    tried: int, asked_s: float | None, waited_s: float, pause_s: float | None
) -> None:
    assert Patience(tries=10).pause_s(tried, asked_s, waited_s) == pause_s
