"""The coordinator knows where every intent stands, from memory or from the log, and both agree."""

import asyncio
import hashlib
import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import builders
from tests.fake_clock import FakeClock
from tradewind.domain import events
from tradewind.domain.status import IntentStatus
from tradewind.errors import Damaged
from tradewind.state.coordinator import StateCoordinator
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal


async def publish(stream: EmbeddedEventStream, *bodies: events.IntentEvent) -> UUID:
    await stream.publish(*(builders.envelope(body) for body in bodies))
    return bodies[0].intent_id


async def test_an_open_intent_is_known_when_publish_returns(
    stream: EmbeddedEventStream, state: StateCoordinator
) -> None:
    life = builders.lifecycle()
    for count, status in [(1, "PENDING"), (4, "PROCESSING"), (7, "COMPLETED")]:
        intent_id = await publish(stream, *life[:count])
        view = state.intent(intent_id)
        assert view is not None
        assert view.status == status
        assert len(view.timeline) == count


async def test_an_intent_that_ended_leaves_memory_and_is_read_from_the_log(
    stream: EmbeddedEventStream, state: StateCoordinator
) -> None:
    life = builders.lifecycle()
    intent_id = await publish(stream, *life[:6])
    assert [view.intent.id for view in state.open_intents()] == [intent_id]
    await publish(stream, life[6])
    assert state.open_intents() == []
    assert state.open_count() == 0
    view = state.intent(intent_id)
    assert view is not None
    assert (view.status, view.completed) == (IntentStatus.COMPLETED, life[6])
    assert [row.envelope.body for row in state.events(intent_id)] == life


async def test_what_does_not_exist_is_none(stream: EmbeddedEventStream, state: StateCoordinator) -> None:
    run_id = uuid4()
    await stream.publish(builders.system_envelope(events.ServiceStopped(open_intents=0), run_id=run_id))
    assert state.intent(uuid4()) is None
    assert state.intent(run_id) is None
    assert state.events(uuid4()) == []


class TestRecovery:
    async def test_gives_the_same_views_as_before(
        self, stream: EmbeddedEventStream, state: StateCoordinator, journal: Journal
    ) -> None:
        for length in (1, 3, 7, 4, 6, 7):
            await publish(stream, *builders.lifecycle()[:length])
        recovered = StateCoordinator(journal)
        recovered.recover()
        assert recovered.open_intents() == state.open_intents()
        assert len(recovered.open_intents()) == 4
        assert recovered.digest() == state.digest() == state.rebuild_digest()

    async def test_starts_consumers_before_the_oldest_open_intent(
        self, stream: EmbeddedEventStream, state: StateCoordinator, journal: Journal
    ) -> None:
        assert state.recovery_position() == 0
        await publish(stream, *builders.lifecycle())
        assert state.recovery_position() == 7
        oldest = builders.lifecycle()
        await publish(stream, *oldest[:6])
        await publish(stream, *builders.lifecycle()[:2])
        assert state.recovery_position() == 7
        recovered = StateCoordinator(journal)
        recovered.recover()
        assert recovered.recovery_position() == 7
        await publish(stream, oldest[6])
        assert state.recovery_position() == 13

    async def test_reads_what_was_recorded_before_it_listened_and_ignores_what_it_knows(
        self, stream: EmbeddedEventStream, journal: Journal
    ) -> None:
        await publish(stream, *builders.lifecycle()[:3])
        late = StateCoordinator(journal)
        stream.tap(late.apply)
        await publish(stream, *builders.lifecycle()[:2])
        for row in journal.read():
            late.apply(row)
        assert [len(view.timeline) for view in late.open_intents()] == [3, 2]
        assert late.digest() == late.rebuild_digest()

    async def test_recovers_a_log_longer_than_a_page(
        self, stream: EmbeddedEventStream, state: StateCoordinator, journal: Journal
    ) -> None:
        for _ in range(180):
            await publish(stream, *builders.lifecycle())
        open_id = await publish(stream, *builders.lifecycle()[:4])
        recovered = StateCoordinator(journal)
        recovered.recover()
        assert [view.intent.id for view in recovered.open_intents()] == [open_id]
        assert recovered.digest() == state.digest() == state.rebuild_digest()

    async def test_a_log_that_contradicts_itself_is_damage(self, journal: Journal, state: StateCoordinator) -> None:
        await journal.append([builders.envelope(builders.validated(uuid4()))])
        with pytest.raises(Damaged) as raised:
            state.recover()
        assert raised.value.code == "log_contradicts_itself"
        assert "Row 1" in str(raised.value)


class TestDigest:
    async def test_is_the_hash_of_the_canonical_json_of_the_open_views(
        self, stream: EmbeddedEventStream, state: StateCoordinator
    ) -> None:
        assert state.digest() == hashlib.sha256(b"[]").hexdigest()
        intent_id = await publish(stream, *builders.lifecycle()[:4])
        view = state.intent(intent_id)
        assert view is not None
        text = json.dumps([json.loads(view.model_dump_json())], sort_keys=True, separators=(",", ":"))
        assert state.digest() == hashlib.sha256(text.encode()).hexdigest()

    async def test_changes_with_every_event(self, stream: EmbeddedEventStream, state: StateCoordinator) -> None:
        digests = set()
        for body in builders.lifecycle():
            await publish(stream, body)
            digests.add(state.digest())
        assert len(digests) == 7

    @given(
        moves=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["on", "on", "on", "reject", "fail", "system"])))
    )
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_equals_a_rebuild_after_any_sequence_of_lifecycles(
        self, tmp_path: Path, moves: list[tuple[int, str]]
    ) -> None:
        journal = Journal.open(tmp_path / str(uuid4()) / "journal.db")
        state, stream = StateCoordinator(journal), EmbeddedEventStream(journal, FakeClock())
        stream.tap(state.apply)
        open_ids, ended_ids = await live(stream, moves)
        recovered = StateCoordinator(journal)
        recovered.recover()
        assert state.digest() == state.rebuild_digest() == recovered.digest()
        assert {view.intent.id for view in state.open_intents()} == open_ids
        ended = [state.intent(intent_id) for intent_id in ended_ids]
        assert all(view is not None and view.status.is_final for view in ended)
        await stream.close()
        journal.close()


async def live(stream: EmbeddedEventStream, moves: list[tuple[int, str]]) -> tuple[set[UUID], set[UUID]]:
    """Carry out `moves` on six interleaved intents, each replaced when it ends; the ids still open, and the ended."""
    ahead: dict[int, list[events.IntentEvent]] = {}
    ended: set[UUID] = set()
    for slot, move in moves:
        if move == "system":
            await stream.publish(builders.system_envelope(events.ServiceStopped(open_intents=0)))
            continue
        if slot not in ahead:
            first, *ahead[slot] = builders.lifecycle()
            await publish(stream, first)
        intent_id = ahead[slot][0].intent_id
        planned = len(ahead[slot]) < 4
        ways_to_end = {"fail": builders.failed(intent_id), "reject": builders.rejected(intent_id)}
        body = ahead[slot].pop(0) if move == "on" or (move == "reject" and planned) else ways_to_end[move]
        await publish(stream, body)
        if body.status is not None and body.status.is_final:
            ended.add(intent_id)
            del ahead[slot]
    return {left[0].intent_id for left in ahead.values()}, ended


class TestList:
    async def test_pages_newest_first_through_every_intent(
        self, stream: EmbeddedEventStream, state: StateCoordinator
    ) -> None:
        ids = [await publish(stream, *builders.lifecycle()[: 7 if number % 3 else 2]) for number in range(7)]
        seen: list[UUID] = []
        before: int | None = None
        while True:
            views, before = state.list(limit=3, before_seq=before)
            seen += [view.intent.id for view in views]
            if before is None:
                break
        assert seen == ids[::-1]

    async def test_filters_by_status(self, stream: EmbeddedEventStream, state: StateCoordinator) -> None:
        lengths = [7, 1, 4, 7, 2, 5, 7]
        ids = [await publish(stream, *builders.lifecycle()[:length]) for length in lengths]
        for status, wanted in [
            (IntentStatus.COMPLETED, {7}),
            (IntentStatus.PENDING, {1, 2}),
            (IntentStatus.PROCESSING, {4, 5}),
        ]:
            expected = [one for one, length in zip(ids, lengths, strict=True) if length in wanted][::-1]
            views, following = state.list(status)
            assert [view.intent.id for view in views] == expected
            assert following is None
            [newest], following = state.list(status, limit=1)
            rest, end = state.list(status, before_seq=following)
            assert [newest.intent.id, *(view.intent.id for view in rest)] == expected
            assert end is None

    async def test_hands_back_a_short_page_rather_than_search_without_end(
        self, stream: EmbeddedEventStream, state: StateCoordinator
    ) -> None:
        oldest = builders.submitted()
        await publish(stream, oldest, builders.rejected(oldest.intent_id))
        for _ in range(230):
            await publish(stream, first := builders.submitted(), builders.expired(first.intent_id))
        views, following = state.list(IntentStatus.REJECTED)
        assert views == []
        assert following is not None
        [found], following = state.list(IntentStatus.REJECTED, before_seq=following)
        assert found.intent.id == oldest.intent_id
        assert following is None

    def test_of_nothing_is_empty(self, state: StateCoordinator) -> None:
        assert state.list() == ([], None)


class TestWaiting:
    async def test_returns_as_soon_as_the_predicate_holds(
        self, stream: EmbeddedEventStream, state: StateCoordinator
    ) -> None:
        life = builders.lifecycle()
        intent_id = life[0].intent_id
        waiting = asyncio.create_task(state.wait_for(intent_id, lambda view: view.status.is_final, 20))
        for body in life[:6]:
            await publish(stream, body)
        assert not waiting.done()
        await publish(stream, life[6])
        assert (await waiting).status is IntentStatus.COMPLETED
        again = await state.wait_for(intent_id, lambda view: view.status.is_final, 0)
        assert again.completed == life[6]

    async def test_gives_up_after_its_time(self, state: StateCoordinator) -> None:
        with pytest.raises(TimeoutError):
            await state.wait_for(uuid4(), lambda _: True, 0)
