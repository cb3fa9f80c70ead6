"""Thousands may wait for the end of a halt; the gate is asked once for all of them."""

import asyncio
from dataclasses import dataclass, field

from tests.fake_clock import FakeClock
from tests.memory_market import AHalt
from tradewind.errors import Unavailable
from tradewind.planning.gate_state import GateState
from tradewind.planning.halt_watch import HaltWatch


@dataclass
class AGate:
    """A gate that counts who asks."""

    halted: bool = True
    gate_id: str = "ab" * 16
    records: int = 0
    halts: list[AHalt] = field(default_factory=list)
    asked: int = 0
    silent: bool = False

    async def state(self) -> GateState:
        self.asked += 1
        if self.silent:
            raise Unavailable("signer_unreachable", "nobody answers")
        return AGate(halted=self.halted, halts=list(self.halts))


async def waiting(watch: HaltWatch, gate: AGate, count: int) -> list[asyncio.Task[None]]:
    seen = await gate.state()
    tasks = [asyncio.create_task(watch.until_changed(seen)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_a_thousand_waiters_cost_one_question_a_look_and_all_go_on_when_the_halt_ends() -> None:
    gate, clock = AGate(), FakeClock()
    tasks = await waiting(HaltWatch(gate.state, clock), gate, 1_000)
    before = gate.asked
    for _ in range(4):
        await clock.until_asleep()
        await clock.advance(0.5)
    assert gate.asked - before == 4
    assert not any(task.done() for task in tasks)
    gate.halted = False
    await clock.until_asleep()
    await clock.advance(0.5)
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks)


async def test_a_gate_that_does_not_answer_ends_nobodys_waiting() -> None:
    gate, clock = AGate(), FakeClock()
    [task] = await waiting(HaltWatch(gate.state, clock), gate, 1)
    gate.silent = True
    await clock.until_asleep()
    await clock.advance(0.5)
    assert not task.done()
    gate.silent, gate.halted = False, False
    await clock.until_asleep()
    await clock.advance(0.5)
    async with asyncio.timeout(5):
        await task


async def test_whoever_saw_other_halts_than_the_rest_looks_again_by_itself() -> None:
    gate, clock = AGate(), FakeClock()
    watch = HaltWatch(gate.state, clock)
    [first] = await waiting(watch, gate, 1)
    gate.halts = [AHalt(strategy_id="another")]
    [second] = await waiting(watch, gate, 1)
    gate.halts = []
    await clock.until_asleep(2)
    await clock.advance(0.5)
    async with asyncio.timeout(5):
        await second
    assert not first.done()
    first.cancel()


async def test_nobody_is_asked_when_nobody_waits_any_more() -> None:
    gate, clock = AGate(), FakeClock()
    [task] = await waiting(HaltWatch(gate.state, clock), gate, 1)
    task.cancel()
    await asyncio.sleep(0)
    before = gate.asked
    await clock.until_asleep()
    await clock.advance(0.5)
    assert (gate.asked, clock.asleep()) == (before, 0)
