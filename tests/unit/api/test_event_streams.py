"""Live events: nothing missed, nothing twice, whoever publishes meanwhile and however slowly they are read."""

import asyncio
from pathlib import Path

import pytest

from tests import builders
from tests.unit.api.hearing import listening
from tests.unit.api.house import House, open_house
from tests.unit.api.test_event_routes import OTHER_STRATEGY, of_another, started
from tradewind.api.limits import Limits
from tradewind.api.scopes import Scope

LONG_LIVES = 600


async def test_a_stream_begins_with_what_happens_next_and_says_where_it_is(house: House) -> None:
    await house.publish(builders.lifecycle())
    async with listening(house, "/events/stream") as ear:
        assert (ear.status, ear.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert ear.headers["cache-control"] == "no-store"
        first = await ear.block()
        assert first is not None
        assert (first.id, first.is_event) == (8, False)
        await house.publish([event := builders.submitted()])
        said = await ear.event()
    assert (said.id, said.event) == (9, "IntentSubmitted")
    # The data is the envelope, as the page shows it.
    _, page = await house.call("GET", "/events?after=8")
    assert said.data == page["events"][0]["envelope"]
    assert said.data["correlation_id"] == str(event.intent_id)


@pytest.mark.parametrize("begin", [{"Last_Event_ID": "5"}, {}], ids=["header", "query"])
async def test_a_stream_goes_on_behind_the_place_that_was_reached(house: House, begin: dict[str, str]) -> None:
    await house.publish(builders.lifecycle())
    # The header is newer than the address of a page that is left open.
    query = "?after=2" if begin else "?after=5"
    async with listening(house, f"/events/stream{query}", **begin) as ear:
        assert [said.id for said in await ear.events(3)] == [6, 7, 8]


async def test_the_stream_of_one_intent_has_its_events_from_the_first_and_no_others(house: House) -> None:
    await house.publish((mine := builders.lifecycle())[:4])
    await house.publish(of_another())
    async with listening(house, f"/intents/{mine[0].intent_id}/events/stream") as ear:
        early = await ear.events(4)
        await house.publish(mine[4:])
        late = await ear.events(4)
    assert [said.event for said in early + late] == [event.type_name() for event in mine]


async def test_many_readers_miss_nothing_and_hear_nothing_twice_while_many_publish(house: House) -> None:
    """Readers come in the middle of it, and leave and come back where they were: the seam of replay and live."""
    lives = [builders.lifecycle() for _ in range(40)]
    whole = [8 * len(lives)]

    async def publish(life: list[object]) -> None:
        for event in life:
            await house.publish([event])  # type: ignore[list-item]

    async def read(leaves_after: int) -> list[int]:
        heard: list[int] = []
        while len(heard) < whole[0]:
            begin = {"Last_Event_ID": str(heard[-1])} if heard else {}
            async with listening(house, "/events/stream?after=0", **begin) as ear:
                for _ in range(min(leaves_after, whole[0] - len(heard))):
                    said = await ear.event()
                    assert said.id is not None
                    heard.append(said.id)
        return heard

    async with asyncio.timeout(60):
        readers = [asyncio.create_task(read(leaves_after)) for leaves_after in (7, 31, 1_000)]
        await asyncio.gather(*(publish(list(life)) for life in lives))
        for heard in await asyncio.gather(*readers):
            assert heard == list(range(1, whole[0] + 1))


async def test_a_token_of_a_strategy_hears_its_intents_alone(house: House) -> None:
    _, token = house.new_token("desk", Scope.READ, strategies=[OTHER_STRATEGY])
    async with listening(house, "/events/stream", token=token) as ear:
        await started(house)
        await house.publish(builders.lifecycle())
        await house.publish(theirs := of_another())
        heard = await ear.events(len(theirs))
    assert [said.data["correlation_id"] for said in heard] == [str(theirs[0].intent_id)] * len(theirs)


async def test_a_silent_stream_shows_that_it_is_alive_and_how_far_it_has_looked(house: House) -> None:
    async with listening(house, f"/events/stream?strategy={OTHER_STRATEGY}") as ear:
        await ear.block()
        await house.publish([builders.submitted()])
        # The stream has looked at the event, which is not for it, once it sleeps again.
        await house.clock.until_asleep(1)
        hearing = asyncio.create_task(ear.block())
        async with asyncio.timeout(10):
            while not hearing.done():
                await house.clock.until_asleep(1)
                await house.clock.advance(15)
                await asyncio.sleep(0.01)
        said = await hearing
    assert said is not None
    assert (said.comment, said.is_event) == ("still here", False)
    assert said.id == 1


async def test_a_stop_of_the_service_ends_every_stream_at_once_and_cleanly(tmp_path: Path) -> None:
    async with asyncio.timeout(5):
        async with open_house(tmp_path, Limits(stop_s=60)) as house, listening(house, "/events/stream") as ear:
            await ear.block()
            house.feed.close()
            last = await ear.block()
            assert last is not None
            assert last.comment == "the service stops"
            assert await ear.block() is None


@pytest.mark.parametrize(
    ("given", "code"), [("abc", "event_id_malformed"), ("-1", "event_id_malformed"), ("9", "event_id_unknown")]
)
async def test_a_place_that_this_journal_has_not_is_refused_instead_of_waited_for(
    house: House, given: str, code: str
) -> None:
    await house.publish(builders.lifecycle())
    response, problem = await house.call("GET", "/events/stream", headers={"Last-Event-ID": given})
    assert response.status == 422
    assert [(fault["field"], fault["code"]) for fault in problem["faults"]] == [("header.Last-Event-ID", code)]
    response, problem = await house.call("GET", "/events/stream?after=9")
    assert [fault["code"] for fault in problem["faults"]] == ["event_id_unknown"]


async def test_head_of_a_stream_ends_with_its_head(house: House) -> None:
    async with asyncio.timeout(5):
        headed, body = await house.call("HEAD", "/events/stream")
    assert (headed.status, headed.content_type, body) == (200, "text/event-stream", None)


async def test_a_stream_that_its_client_left_is_gone(house: House) -> None:
    async with listening(house, "/events/stream") as ear:
        await ear.block()
        assert streams(house) == 1
    async with asyncio.timeout(5):
        while streams(house):
            await asyncio.sleep(0.01)


async def test_whoever_reads_slowly_is_read_from_the_journal_and_not_kept_in_memory(house: House) -> None:
    """The client's window and the kernel's buffers fill up, and there it stops until the client goes on."""
    size = await publish_much(house)
    async with listening(house, "/events/stream?after=0") as ear:
        await until_stuck(house)
        held = max(connection.transport.get_write_buffer_size() for connection in house.server.connections)
        # One reading of 64 events, and what the server takes without asking: an eighth of what there is.
        assert 0 < held < size / 8
        heard = [said.id for said in await ear.events(LONG_LIVES * 2)]
    assert heard == list(range(1, LONG_LIVES * 2 + 1))


async def test_whoever_does_not_read_at_all_is_cut_off_after_a_while(tmp_path: Path) -> None:
    async with open_house(tmp_path, Limits(unread_s=0.3)) as house:
        await publish_much(house)
        async with listening(house, "/events/stream?after=0"), asyncio.timeout(30):
            while streams(house):
                await asyncio.sleep(0.01)


def streams(house: House) -> int:
    """How many connections have an answer under way."""
    return sum(not connection.is_idle for connection in house.server.connections)


async def publish_much(house: House) -> int:
    """More than the kernel takes for a connection; how many bytes."""
    size = 0
    for _ in range(LONG_LIVES // 20):
        firsts = [builders.submitted() for _ in range(20)]
        lasts = [builders.rejected(first.intent_id).model_copy(update={"message": "no " * 10_000}) for first in firsts]
        envelopes = [builders.envelope(event) for event in (*firsts, *lasts)]
        size += sum(len(envelope.to_json()) for envelope in envelopes)
        await house.stream.publish(*envelopes)
    return size


async def until_stuck(house: House) -> None:
    """Return once what the server holds for a client has stopped to change."""
    async with asyncio.timeout(20):
        before = -1
        while True:
            now = max(connection.transport.get_write_buffer_size() for connection in house.server.connections)
            if now == before and now > 0:
                return
            before = now
            await asyncio.sleep(0.3)


async def test_a_revoked_token_hears_nothing_more_on_a_stream_that_is_open(house: House) -> None:
    _, token = house.new_token("desk", Scope.READ)
    async with listening(house, "/events/stream", token=token) as ear:
        await house.publish([builders.submitted()])
        assert (await ear.event()).id == 1
        house.tokens_file.revoke("desk", now_ns=house.clock.now_ns())
        await house.publish([builders.submitted()])
        last = await ear.block()
        assert last is not None
        assert (last.data, last.comment) == (None, "the token is no longer good")
        assert await ear.block() is None
