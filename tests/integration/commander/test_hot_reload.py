"""What the user changes while the engine runs: taken and acknowledged, or refused with the reason; events relayed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

from tests.integration.commander.desk import Desk
from tests.unit.commander.strategy_files import MINT
from tradewind.commander.event_relay import EventRelay, Publisher
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.domain.events import Envelope, ShutdownRequested
from tradewind.observability.clock import SystemClock
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal


def envelope(number: int) -> Envelope:
    """One event of a run."""
    body = ShutdownRequested(by=f"engine {number}", reason="a test")
    return Envelope.about_system(body, event_id=UUID(int=number), run_id=UUID(int=1), at_ns=number)


async def test_a_token_that_is_blacklisted_is_acknowledged_within_100_ms(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    took_ms = []
    async with desk.running():
        for number in range(7):
            version = desk.states[-1].version_in_force or 0
            started = time.perf_counter()
            desk.rewrite(blacklist=[] if number % 2 else [MINT])
            await desk.until(lambda state, before=version: state.version_in_force == before + 1)  # type: ignore[misc]
            took_ms.append((time.perf_counter() - started) * 1_000)
    assert desk.said("config_in_force")[0]["blacklist"] == [MINT]
    assert min(took_ms) < 100
    assert len(desk.starts()) == 1


async def test_a_file_with_a_mistake_leaves_the_engine_as_it_is_until_it_is_right_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running():
        desk.file.write_text("{")
        state = await desk.until(lambda state: state.reload_fault is not None)
        assert "is not JSON" in str(state.reload_fault)
        assert (state.version_in_force, state.phase) == (1, "running")
        desk.rewrite(limits__max_trade_lamports=5)
        state = await desk.until(lambda state: state.version_in_force == 2)
        assert state.reload_fault is None


async def test_what_needs_a_restart_is_refused_with_that_reason_and_taken_by_the_restart(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running() as supervisor:
        desk.rewrite(mode="replay")
        state = await desk.until(lambda state: state.reload_fault is not None)
        assert str(state.reload_fault) == (
            "mode cannot change while the engine runs. Change it back, or: tradewind restart arb/main"
        )
        assert state.version_written == 1
        assert supervisor.state.phase == "running"


async def test_a_change_that_the_engine_refuses_is_told_with_its_reason(tmp_path: Path) -> None:
    stand_in = {"stand_in": {"fault": "refuse_reload"}}
    desk = Desk(tmp_path, parameters=stand_in)
    async with desk.running():
        desk.rewrite(parameters=stand_in, limits__max_trade_lamports=5)
        state = await desk.until(lambda state: state.reload_fault is not None)
        assert state.reload_fault == "the engine refused version 2: limits: is odd. Mend it."
        assert (state.version_written, state.version_in_force) == (2, 1)


async def test_a_file_that_is_touched_without_a_change_makes_no_version(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running():
        desk.file.touch()
        desk.rewrite()
        desk.rewrite(limits__max_trade_lamports=7)
        state = await desk.until(lambda state: state.version_in_force != 1)
        assert state.version_in_force == 2


async def test_events_of_the_engine_reach_the_stream_once_each_also_across_commanders(tmp_path: Path) -> None:
    @asynccontextmanager
    async def publishing(folder: InstanceFolder) -> AsyncIterator[Publisher]:
        journal = Journal.open(folder.path / "journal.db")
        yield EmbeddedEventStream(journal, SystemClock())
        journal.close()

    for numbers in ((1, 2, 3), (3, 4)):
        lines = [envelope(number).to_json() for number in numbers]
        desk = Desk(tmp_path, parameters__stand_in={"events": ["not an event", *lines]})
        async with desk.running(publishing=publishing):
            pass
    journal = Journal.open(desk.folder.path / "journal.db")
    try:
        assert [row.envelope.id.int for row in journal.read()] == [1, 2, 3, 4]
    finally:
        journal.close()


async def test_a_relay_that_was_cut_off_before_it_remembered_sends_again_and_it_is_known(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    stream = EmbeddedEventStream(journal, SystemClock())
    events, position = tmp_path / "events.jsonl", tmp_path / "events.position"
    events.write_text("".join(envelope(number).to_json() + "\n" for number in (1, 2)))
    try:
        assert await EventRelay(events, position, stream).catch_up()
        position.unlink()
        with events.open("a") as file:
            # The last one is not whole yet.
            file.write(envelope(3).to_json() + "\n" + envelope(4).to_json()[:20])
        relay = EventRelay(events, position, stream)
        assert await relay.catch_up()
        assert not await relay.catch_up()
        assert [row.envelope.id.int for row in journal.read()] == [1, 2, 3]
        assert relay.done == int(position.read_text())
        assert events.stat().st_size == relay.done + 20
    finally:
        journal.close()


async def test_a_stream_that_fails_loses_nothing(tmp_path: Path) -> None:
    got: list[UUID] = []

    class Failing:
        calls = 0

        async def publish(self, *events: Envelope) -> list[object]:
            self.calls += 1
            if self.calls == 1:
                raise OSError("the disk is full")
            got.extend(event.id for event in events)
            return []

    class Hasty:
        def now_ns(self) -> int:
            return 0

        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(0)

    events = tmp_path / "events.jsonl"
    ids = [uuid4() for _ in range(3)]
    bodies = [envelope(1).model_copy(update={"id": event_id}) for event_id in ids]
    events.write_text("".join(body.to_json() + "\n" for body in bodies))
    relay = asyncio.create_task(EventRelay(events, tmp_path / "p", Failing()).run(Hasty()))  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        while len(got) < 3:
            await asyncio.sleep(0)
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
    assert got == ids
