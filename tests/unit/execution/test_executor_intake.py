"""ExecutorIntake over a real journal: whatever is said on the kill switch's subject becomes a halt, once a message."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests import builders
from tests.fake_clock import FakeClock
from tradewind.domain.event import SystemEvent
from tradewind.domain.events import (
    Envelope,
    ExecutorStopped,
    HaltRequested,
    KillSwitchEngaged,
    KillSwitchReleased,
    ShutdownRequested,
)
from tradewind.errors import InvalidInput, Unavailable
from tradewind.execution.executor_intake import KILL_SWITCH, MOST_TRIES, SHUTDOWN, ExecutorIntake
from tradewind.streaming.journal import Journal
from tradewind.streaming.nats_consumer import Delivered
from tradewind.streaming.recorded import Recorded

RUN_ID = UUID("11111111-2222-4333-8444-555555555555")


class Desk:
    """The journal as the intake's publisher. It fails with what is in `failures` first."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal.open(folder / "journal.db")
        self.clock = FakeClock()
        self.failures: list[Exception] = []
        self.intake = ExecutorIntake(self, self.clock, RUN_ID, is_stopping=lambda: False)

    async def publish(self, *events: Envelope) -> list[Recorded]:
        if self.failures:
            raise self.failures.pop(0)
        return await self.journal.append(events)

    async def hear(self, subject: str, data: bytes, *, number: int = 1) -> None:
        await self.intake.on_system(subject, Delivered(data, place=f"SYSTEM/{number}"))

    def recorded(self) -> list[Envelope]:
        return [row.envelope for row in self.journal.read()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    opened.journal.close()


def system_event(body: SystemEvent, *, because_of: UUID | None = None) -> Envelope:
    return Envelope.about_system(body, event_id=uuid4(), run_id=RUN_ID, at_ns=builders.START_NS, because_of=because_of)


def at_moment(envelope: Envelope, at_ns: int) -> bytes:
    return envelope.to_json().replace(f'"occurred_at":{envelope.occurred_at}', f'"occurred_at":{at_ns}').encode()


@pytest.mark.parametrize("subject", [KILL_SWITCH, SHUTDOWN])
async def test_the_same_bare_words_in_a_new_message_are_a_new_event(desk: Desk, subject: str) -> None:
    await desk.hear(subject, b"stop!", number=1)
    await desk.hear(subject, b"stop!", number=2)
    assert len(desk.recorded()) == 2


@pytest.mark.parametrize("subject", [KILL_SWITCH, SHUTDOWN])
async def test_a_bare_message_that_is_delivered_again_is_one_event(desk: Desk, subject: str) -> None:
    await desk.hear(subject, b"stop!")
    await desk.clock.advance(5)
    await desk.hear(subject, b"stop!")
    assert len(desk.recorded()) == 1


async def test_bare_words_of_which_nobody_knows_the_place_are_never_taken_for_earlier_ones(desk: Desk) -> None:
    await desk.intake.on_system(KILL_SWITCH, b"stop!")
    await desk.intake.on_system(KILL_SWITCH, b"stop!")
    assert len(desk.recorded()) == 2


@pytest.mark.parametrize("moment", [1_760_000_000_000_000, 9_223_372_036_855, 2**53, 2**70, -1])
@pytest.mark.parametrize("subject", [KILL_SWITCH, SHUTDOWN])
async def test_a_bare_moment_that_no_journal_can_hold_is_taken_as_now(desk: Desk, subject: str, moment: int) -> None:
    await desk.hear(subject, b'{"timestamp":%d}' % moment)
    assert [event.occurred_at for event in desk.recorded()] == [desk.clock.now_ns()]


async def test_the_last_bare_moment_that_a_journal_can_hold_is_kept(desk: Desk) -> None:
    await desk.hear(KILL_SWITCH, b'{"timestamp":9223372036854}')
    assert [event.occurred_at for event in desk.recorded()] == [9_223_372_036_854_000_000]


async def test_a_halt_at_a_moment_that_no_journal_can_hold_halts_now(desk: Desk) -> None:
    halt = system_event(HaltRequested(by="operator", reason="prices look wrong"))
    await desk.hear(KILL_SWITCH, at_moment(halt, 2**63))
    [event] = desk.recorded()
    assert isinstance(event.body, HaltRequested)
    assert event.occurred_at == desk.clock.now_ns()


async def test_a_plan_at_a_moment_that_no_journal_can_hold_is_refused_for_good(desk: Desk) -> None:
    plan = Envelope.about_plan(builders.execution_plan(), at_ns=builders.START_NS)
    with pytest.raises(InvalidInput, match="occurred_at"):
        await desk.intake.on_plan("execution.planned.x", at_moment(plan, 2**63))
    await desk.intake.on_plan("execution.planned.x", at_moment(plan, 2**63 - 1))
    assert [event.occurred_at for event in desk.recorded()] == [2**63 - 1]


@pytest.mark.parametrize("subject", [KILL_SWITCH, SHUTDOWN])
async def test_a_reason_that_is_no_text_does_not_stand_in_the_way(desk: Desk, subject: str) -> None:
    await desk.hear(subject, rb'{"reason":"stop \ud800 now"}')
    [event] = desk.recorded()
    assert isinstance(event.body, HaltRequested | ShutdownRequested)
    assert event.body.reason == "stop ? now"


async def test_a_halt_that_somebody_asked_for_because_of_something_halts(desk: Desk) -> None:
    halt = system_event(HaltRequested(by="watchdog", reason="a loss"), because_of=uuid4())
    await desk.hear(KILL_SWITCH, halt.to_json().encode())
    assert desk.recorded() == [halt]


async def test_a_switch_that_was_engaged_because_of_a_halt_is_no_other_halt(desk: Desk) -> None:
    engaged = KillSwitchEngaged(kill_epoch=1, by="operator", reason="a loss")
    await desk.hear(KILL_SWITCH, system_event(engaged, because_of=uuid4()).to_json().encode())
    assert desk.recorded() == []
    first = system_event(engaged)
    await desk.hear(KILL_SWITCH, first.to_json().encode())
    assert desk.recorded() == [first]


async def test_a_message_of_another_type_on_the_kill_switch_halts_all(desk: Desk) -> None:
    for number, body in enumerate(
        [
            ShutdownRequested(by="operator", reason="maintenance"),
            KillSwitchReleased(kill_epoch=1, by="operator"),
            ExecutorStopped(executor="executor-2", reason="killswitch", open_plans=0),
        ]
    ):
        await desk.hear(KILL_SWITCH, system_event(body).to_json().encode(), number=number)
    plan = Envelope.about_plan(builders.execution_plan(), at_ns=builders.START_NS)
    await desk.hear(KILL_SWITCH, plan.to_json().encode(), number=4)
    assert [event.body for event in desk.recorded()] == [HaltRequested(by="bus", reason="asked for on the bus")] * 4


async def test_a_halt_under_an_id_that_another_event_has_halts_all(desk: Desk) -> None:
    taken = system_event(ShutdownRequested(by="operator", reason="maintenance"))
    await desk.hear(SHUTDOWN, taken.to_json().encode())
    halt = HaltRequested(by="operator", reason="a loss")
    await desk.hear(KILL_SWITCH, system_event(halt).model_copy(update={"id": taken.id}).to_json().encode())
    assert [event.body for event in desk.recorded()][1:] == [HaltRequested(by="bus", reason="asked for on the bus")]


@pytest.mark.parametrize("failure", [OverflowError("no such number"), RecursionError("too deep")])
async def test_a_shutdown_that_cannot_be_recorded_as_it_is_shuts_down(desk: Desk, failure: Exception) -> None:
    asked = system_event(ShutdownRequested(by="operator", reason="maintenance"))
    desk.failures = [failure]
    await desk.hear(SHUTDOWN, asked.to_json().encode())
    assert [event.body for event in desk.recorded()] == [ShutdownRequested(by="bus", reason="asked for on the bus")]


async def test_what_no_journal_takes_for_a_defect_is_put_aside_after_some_tries_and_a_halt_never(desk: Desk) -> None:
    def failing() -> None:
        desk.failures = [OverflowError("no such number")] * 2

    plan = Envelope.about_plan(builders.execution_plan(), at_ns=builders.START_NS).to_json().encode()
    for subject, data in ((SHUTDOWN, b"stop!"), ("execution.planned.x", plan)):
        hear = desk.intake.on_plan if subject not in {SHUTDOWN, KILL_SWITCH} else desk.intake.on_system
        failing()
        with pytest.raises(OverflowError):
            await hear(subject, Delivered(data, place="SYSTEM/1", times=MOST_TRIES - 1))
        failing()
        with pytest.raises(InvalidInput, match="no such number"):
            await hear(subject, Delivered(data, place="SYSTEM/1", times=MOST_TRIES))
    failing()
    with pytest.raises(OverflowError):
        await desk.intake.on_system(KILL_SWITCH, Delivered(b"stop!", place="SYSTEM/2", times=10 * MOST_TRIES))


async def test_a_disk_that_takes_nothing_is_waited_for_however_long_it_takes(desk: Desk) -> None:
    desk.failures = [Unavailable("journal_unavailable", "The disk is full.")]
    with pytest.raises(Unavailable):
        await desk.intake.on_system(SHUTDOWN, Delivered(b"stop!", place="SYSTEM/1", times=10 * MOST_TRIES))


async def test_a_halt_that_cannot_be_read_for_a_reason_nobody_thought_of_halts_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(data: bytes, *, subject: str) -> Envelope:
        raise RecursionError(subject)

    monkeypatch.setattr("tradewind.execution.executor_intake.read_envelope", fail)
    await desk.hear(KILL_SWITCH, b'{"reason": "a loss"}')
    assert [event.body for event in desk.recorded()] == [HaltRequested(by="bus", reason="a loss")]


async def test_a_halt_that_cannot_be_recorded_as_it_is_halts_all(desk: Desk) -> None:
    halt = system_event(HaltRequested(by="operator", reason="a loss", wallet=builders.SOLANA_WALLET))
    desk.failures = [OverflowError("no such number")]
    await desk.hear(KILL_SWITCH, halt.to_json().encode())
    assert [event.body for event in desk.recorded()] == [HaltRequested(by="bus", reason="asked for on the bus")]


async def test_a_halt_that_the_disk_does_not_take_comes_again_as_it_is(desk: Desk) -> None:
    halt = system_event(HaltRequested(by="operator", reason="a loss", wallet=builders.SOLANA_WALLET))
    desk.failures = [Unavailable("journal_unavailable", "The disk is full.")]
    with pytest.raises(Unavailable):
        await desk.hear(KILL_SWITCH, halt.to_json().encode())
    await desk.hear(KILL_SWITCH, halt.to_json().encode())
    assert desk.recorded() == [halt]
