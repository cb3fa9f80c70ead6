"""Live events through the client: once each, over every break, until it is no use any more."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.unit.api.house import House, open_house
from tests.unit.client.either import Either
from tests.unit.client.scripted import answer, problem, scripted, stream
from tradewind.client.patience import Patience
from tradewind.domain.events import KillSwitchEngaged, PlanCreated
from tradewind.errors import NotFound, Unavailable

TOKEN = "A" * 43
LIFE = [builders.envelope(event) for event in builders.lifecycle()]


def block(seq: int) -> str:
    envelope = LIFE[seq - 1]
    return f"id: {seq}\nevent: {envelope.type}\ndata: {envelope.to_json()}\n\n"


def on_port(port: int | None) -> dict[str, str]:
    return {} if port is None else {"port = 0": f"port = {port}"}


async def test_a_broken_stream_is_taken_up_behind_the_last_event_that_was_whole(kind: str) -> None:
    half = block(3)[:-20]
    async with scripted(
        stream("retry: 1000\nid: 0\n\n" + block(1) + block(2) + half),
        None,
        problem(503, "too_many_streams", disposition="retry", Retry_After="2"),
        # It may send once more what it cannot know to have arrived.
        stream(block(2) + block(3) + ": still here\nid: 3\n\n" + block(4)),
    ) as service:
        either = Either(kind, service.url, TOKEN)
        heard = await either.heard(4)
        await either.close()
    assert [event.seq for event in heard] == [1, 2, 3, 4]
    assert [event.envelope for event in heard] == LIFE[:4]
    resumed = [asked.headers.get("last-event-id") for asked in service.asked]
    assert resumed == [None, "2", "2", "2"]
    assert either.slept[-1] == 2


async def test_a_break_before_the_first_event_is_resumed_where_the_stream_began(kind: str) -> None:
    """Without that, what happens during the break would be missed: a new stream begins with what comes next."""
    async with scripted(stream("retry: 1000\nid: 3\n\n"), stream(block(4))) as service:
        either = Either(kind, service.url, TOKEN)
        [heard] = await either.heard(1)
        await either.close()
    assert heard.seq == 4
    assert service.asked[1].headers["last-event-id"] == "3"


async def test_a_service_that_stays_away_is_given_up_in_the_end(kind: str) -> None:
    async with scripted(*[None] * 3) as service:
        either = Either(kind, service.url, TOKEN, stream_patience=Patience(tries=3))
        with pytest.raises(Unavailable) as caught:
            await either.heard(1)
        await either.close()
    assert caught.value.code == "answer_lost"
    assert len(service.asked) == 3


async def test_a_stream_that_lives_again_has_all_its_tries_again(kind: str) -> None:
    async with scripted(None, None, stream(block(1)), None, None, stream(block(2))) as service:
        either = Either(kind, service.url, TOKEN, stream_patience=Patience(tries=4))
        assert [event.seq for event in await either.heard(2)] == [1, 2]
        await either.close()
    assert service.answers == []


async def test_a_refusal_ends_the_listening(kind: str) -> None:
    async with scripted(problem(404, "intent_not_found")) as service:
        either = Either(kind, service.url, TOKEN)
        with pytest.raises(NotFound):
            await either.heard(1, "events", "00000000-0000-4000-8000-000000000000")
        await either.close()
    assert len(service.asked) == 1


async def test_an_event_of_a_newer_service_is_an_error_and_not_left_out(kind: str) -> None:
    later = block(1).replace("IntentSubmitted", "IntentTeleported")
    async with scripted(stream(later)) as service:
        either = Either(kind, service.url, TOKEN)
        with pytest.raises(Unavailable) as caught:
            await either.heard(1)
        await either.close()
    assert caught.value.code == "event_unknown"


async def test_every_event_arrives_once_while_the_service_restarts_under_the_listener(
    tmp_path: Path, kind: str
) -> None:
    """The real service, three times over the same journal; between the runs its port answers nobody."""
    lives = [builders.lifecycle() for _ in range(6)]
    either: Any = None
    listening: asyncio.Task[Any] | None = None
    port: int | None = None
    for run in range(3):
        async with open_house(tmp_path, replacements=on_port(port)) as house:
            port = house.port
            if listening is None:
                either = Either(kind, house.url, house.token, real_sleep=True)
                listening = asyncio.create_task(either.heard(8 * len(lives), "events", after=0))
            for life in lives[2 * run : 2 * run + 2]:
                await house.publish(life)
                await asyncio.sleep(0)
            if run == 2:
                async with asyncio.timeout(30):
                    heard = await listening
            house.feed.close()
    await either.close()
    assert [event.seq for event in heard] == list(range(1, 8 * len(lives) + 1))
    assert [event.envelope.body for event in heard] == [event for life in lives for event in life]


async def test_text_that_looks_like_a_line_end_does_not_end_a_line(house: House, kind: str) -> None:
    reason = "one\u2028two\u0085three\x0bfour\nfive\r\nsix \U0001f600"
    body = KillSwitchEngaged(kill_epoch=1, by="desk", reason=reason)
    await house.stream.publish(builders.system_envelope(body))
    either = Either(kind, house.url, house.token)
    [heard] = await either.heard(1, "events", after=0)
    await either.close()
    assert heard.envelope.body == body


async def test_one_intent_is_heard_alone_and_filters_go_along(house: House, kind: str) -> None:
    either = Either(kind, house.url, house.token)
    await house.publish(builders.lifecycle())
    await house.publish(mine := builders.lifecycle())
    heard = await either.heard(8, "events", mine[0].intent_id)
    assert [event.envelope.body for event in heard] == mine
    everything = await either.heard(16, "events", after=0, strategy_id=builders.STRATEGY_ID, wallet=builders.WALLET)
    assert [event.seq for event in everything] == list(range(1, 17))
    await either.close()


async def test_waiting_goes_on_behind_an_end_that_the_chain_took_back(house: House, kind: str) -> None:
    """The journal keeps that end: whoever began anew would meet it again at once, for as long as the second takes."""
    life = builders.lifecycle()[:7]
    planned, ended = life[3], life[6]
    assert isinstance(planned, PlanCreated)
    life.append(builders.reorganised(ended.intent_id, planned.plan.plan_id))
    life.append(ended.model_copy(update={"round": 1}))
    shown = []
    for events in (life[:8], life[8:]):
        await house.publish(events)
        _, document = await house.call("GET", f"/intents/{ended.intent_id}")
        shown.append(document)
    assert [document["is_final"] for document in shown] == [False, True]

    def heard(seq: int) -> str:
        envelope = builders.envelope(life[seq - 1])
        return f"id: {seq}\nevent: {envelope.type}\ndata: {envelope.to_json()}\n\n"

    async with scripted(stream(heard(7)), answer(200, shown[0]), stream(heard(9)), answer(200, shown[1])) as service:
        either = Either(kind, service.url, TOKEN)
        assert (await either.ask("wait", ended.intent_id)).is_final
        await either.close()
    assert service.asked[2].target.endswith("events/stream?after=7")


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ndata: caf\xe9\n\n", answer(502, b"<p>caf\xe9")],
    ids=["stream", "page"],
)
async def test_what_is_no_text_is_an_error_of_ours(kind: str, said: bytes) -> None:
    async with scripted(said) as service:
        either = Either(kind, service.url, TOKEN)
        with pytest.raises(Unavailable) as caught:
            await either.heard(1)
        await either.close()
    assert caught.value.code == "answer_malformed"
