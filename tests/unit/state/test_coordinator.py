"""The coordinator knows where every intent stands, from memory or from the log, and both agree."""

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
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


async def test_an_event_is_found_in_the_log_before_it_was_heard_of(journal: Journal, state: StateCoordinator) -> None:
    """A subscriber that reads the journal can be handed a row that the taps have not been told of yet."""
    submitted = builders.submitted()
    assert state.intent_before(submitted.intent_id) is None
    [recorded] = await journal.append([builders.envelope(submitted)])
    view = state.intent(submitted.intent_id)
    assert view is not None
    assert view.intent == submitted.intent
    state.apply(recorded)
    assert state.intent_before(submitted.intent_id) == view


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
    assert state.unsettled() == [view]
    await publish(stream, life[7])
    assert state.unsettled() == []
    settled = state.intent(intent_id)
    assert settled is not None
    assert settled.is_settled
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
        assert state.recovery_position() == 8
        oldest = builders.lifecycle()
        await publish(stream, *oldest[:6])
        await publish(stream, *builders.lifecycle()[:2])
        assert state.recovery_position() == 8
        recovered = StateCoordinator(journal)
        recovered.recover()
        assert recovered.recovery_position() == 8
        await publish(stream, oldest[6])
        # A reorganisation could still open it again.
        assert state.recovery_position() == 8
        await publish(stream, oldest[7])
        assert state.recovery_position() == 14

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
        assert len(digests) == 8

    @given(
        moves=st.lists(
            st.tuples(
                st.integers(0, 5), st.sampled_from(["on", "on", "on", "on", "reject", "fail", "reorganise", "system"])
            )
        )
    )
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_equals_a_rebuild_after_any_sequence_of_lifecycles(
        self, tmp_path: Path, moves: list[tuple[int, str]]
    ) -> None:
        journal = Journal.open(tmp_path / str(uuid4()) / "journal.db")
        state, stream = StateCoordinator(journal), EmbeddedEventStream(journal, FakeClock())
        stream.tap(state.apply)
        open_ids, unsettled_ids, settled_ids = await live(stream, moves)
        recovered = StateCoordinator(journal)
        recovered.recover()
        assert state.digest() == state.rebuild_digest() == recovered.digest()
        assert {view.intent.id for view in state.open_intents()} == open_ids
        assert {view.intent.id for view in state.unsettled()} == unsettled_ids
        ended = [state.intent(intent_id) for intent_id in settled_ids]
        assert all(view is not None and view.is_settled for view in ended)
        await stream.close()
        journal.close()


@dataclass
class Life:
    """An intent on its way: what comes next, and what the chain can take back."""

    intent_id: UUID
    ahead: list[events.IntentEvent]
    done: list[events.IntentEvent] = field(default_factory=list)
    round: int = 0

    @property
    def is_confirmed(self) -> bool:
        return any(isinstance(body, events.ExecutionStepConfirmed) for body in self.done)

    def reorganised(self) -> events.ExecutionStepReorganised:
        """Back to where the transaction had only been sent."""
        plan_id = self.done[3].plan.plan_id  # type: ignore[attr-defined]
        gone = builders.reorganised(self.intent_id, plan_id, round=self.round)
        self.round += 1
        whole = [*self.done, *self.ahead]
        self.done, self.ahead = whole[:5], whole[5:]
        self.ahead = [
            body.model_copy(update={"round": self.round}) if isinstance(body, events.ReversibleEvent) else body
            for body in self.ahead
        ]
        return gone


async def live(stream: EmbeddedEventStream, moves: list[tuple[int, str]]) -> tuple[set[UUID], set[UUID], set[UUID]]:
    """Carry out `moves` on six interleaved intents, each replaced when it is settled.

    Answers with the ids of those that are open, ended, and settled.
    """
    lives: dict[int, Life] = {}
    settled: set[UUID] = set()
    for slot, move in moves:
        if move == "system":
            await stream.publish(builders.system_envelope(events.ServiceStopped(open_intents=0)))
            continue
        if slot not in lives:
            first, *ahead = builders.lifecycle()
            lives[slot] = Life(first.intent_id, ahead, [first])
            await publish(stream, first)
        life = lives[slot]
        if move == "reorganise" and life.is_confirmed:
            await publish(stream, life.reorganised())
            continue
        if move in ("fail", "reject") and len(life.done) < 4:
            way = {"fail": builders.failed(life.intent_id), "reject": builders.rejected(life.intent_id)}[move]
            life.ahead = [way]
        life.done.append(body := life.ahead.pop(0))
        await publish(stream, body)
        if not life.ahead:
            settled.add(lives.pop(slot).intent_id)
    ended = {life.intent_id for life in lives.values() if len(life.done) == 7}
    return {life.intent_id for life in lives.values()} - ended, ended, settled


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
