"""The orchestrator's one path: steps in order, a cancel, a reorganisation, a restart. The runner is told how steps end.

The real signer and chain stand behind the same path in the end-to-end tests.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from tests import builders
from tests.desk import Desk, a_desk
from tradewind.domain.events import ExecutionStepReorganised, IntentCancelRequested, PlanCreated
from tradewind.domain.fill import StepOutcome, StepResult
from tradewind.domain.plan import ExecutionPlan, PlanStep, StepKind
from tradewind.domain.slice import SliceOutcome
from tradewind.domain.status import IntentStatus
from tradewind.execution.attempt import WithoutReceipt
from tradewind.execution.orchestrator import ExecutionOrchestrator
from tradewind.execution.step_runner import StepRunner
from tradewind.execution.step_stopping import StepStopping
from tradewind.state.view import IntentView
from tradewind.streaming.recorded import Recorded

PLAN_ID = UUID(int=9)
Ended = StepResult | WithoutReceipt


@dataclass
class Runner:
    """Ends each step when the test says how; `runs` lists every step that was begun."""

    runs: list[int] = field(default_factory=list)
    ends: dict[int, "asyncio.Queue[Ended]"] = field(default_factory=dict)

    def end(self, ended: Ended, *, step: int = 0) -> None:
        self.ends.setdefault(step, asyncio.Queue()).put_nowait(ended)

    async def run(self, _plan: ExecutionPlan, step: PlanStep, _view: IntentView, _cause: Recorded) -> Ended:
        self.runs.append(step.index)
        return await self.ends.setdefault(step.index, asyncio.Queue()).get()


@dataclass
class Stopping:
    """The gate's answer to a cancel."""

    closes: bool = True
    asked: list[int] = field(default_factory=list)

    async def stop(self, _plan: ExecutionPlan, step: PlanStep) -> bool:
        self.asked.append(step.index)
        return self.closes


@dataclass
class House:
    """A desk with an orchestrator, and one intent whose only slice has a plan."""

    desk: Desk
    runner: Runner
    stopping: Stopping
    orchestrator: ExecutionOrchestrator
    intent_id: UUID

    @property
    def view(self) -> IntentView:
        return self.desk.view(self.intent_id)

    async def begun(self, *steps: int) -> None:
        """Return once these steps were begun, in this order."""
        async with asyncio.timeout(5):
            while self.runner.runs != list(steps):
                await asyncio.sleep(0.005)

    async def taken_back(self, step: int) -> None:
        await self.desk.record(
            ExecutionStepReorganised(
                intent_id=self.intent_id,
                plan_id=PLAN_ID,
                step=step,
                tx_hash=builders.TX_HASH,
                block=builders.BLOCK,
                round=self.view.round,
            )
        )


def orchestrator_of(desk: Desk, runner: Runner, stopping: Stopping) -> ExecutionOrchestrator:
    orchestrator = ExecutionOrchestrator(
        stream=desk.stream,
        state=desk.state,
        runners={builders.ARBITRUM: cast("StepRunner", runner)},
        stopping=cast("StepStopping", stopping),
        endings=desk.endings,
        clock=desk.clock,
        executor="service",
    )
    for pattern, handler, name in (
        ("execution.planned.>", orchestrator.on_plan_created, "orchestrator"),
        ("executed.reorganised.>", orchestrator.on_reorganised, "reorganised"),
    ):
        desk.stream.subscribe(pattern, handler, name=name, after_seq=desk.state.recovery_position())
    return orchestrator


def a_planned_intent(**changes: Any) -> list[Any]:
    first = builders.submitted()
    plan = builders.planned(first.intent_id, plan_id=PLAN_ID, **changes)
    return [first, builders.validated(first.intent_id), builders.processed(first.intent_id), plan]


def two_steps() -> tuple[PlanStep, ...]:
    [swap] = builders.a_plan(PLAN_ID).steps
    approve = swap.model_copy(update={"kind": StepKind.APPROVE, "with_permit": False})
    return approve, swap.model_copy(update={"index": 1, "with_permit": False})


def approved() -> StepResult:
    return builders.a_result(step=0, fill=None, fee_raw=5)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_desk(tmp_path, planning=False) as desk:
        facts = a_planned_intent()
        runner, stopping = Runner(), Stopping()
        opened = House(desk, runner, stopping, orchestrator_of(desk, runner, stopping), facts[0].intent_id)
        await desk.record(*facts)
        await opened.begun(0)
        yield opened


@pytest.fixture
async def approving(tmp_path: Path) -> AsyncIterator[House]:
    """The plan has an approval before its swap."""
    async with a_desk(tmp_path, planning=False) as desk:
        facts = a_planned_intent(steps=two_steps())
        runner, stopping = Runner(), Stopping()
        opened = House(desk, runner, stopping, orchestrator_of(desk, runner, stopping), facts[0].intent_id)
        await desk.record(*facts)
        await opened.begun(0)
        yield opened


def cancel(house: House) -> IntentCancelRequested:
    return IntentCancelRequested(intent_id=house.intent_id, by="desk", reason="test")


async def test_the_fill_of_the_last_step_is_the_fill_of_the_slice_in_one_append(house: House) -> None:
    result = builders.a_result()
    house.runner.end(result)
    view = await house.desk.ended(house.intent_id)
    assert view.status is IntentStatus.COMPLETED
    assert view.completed is not None
    assert result.fill is not None
    assert view.completed.filled_in_raw == result.fill.amount_in_raw
    rows = house.desk.state.events(house.intent_id)[-3:]
    assert [row.envelope.type for row in rows] == ["ExecutionStepConfirmed", "SliceEnded", "ExecutionCompleted"]
    assert len({row.envelope.occurred_at for row in rows}) == 1


async def test_an_approval_comes_before_its_swap_and_its_fee_is_part_of_the_sum(approving: House) -> None:
    approving.runner.end(approved())
    await approving.begun(0, 1)
    approving.runner.end(builders.a_result(step=1, fee_raw=7), step=1)
    view = await approving.desk.ended(approving.intent_id)
    assert view.completed is not None
    assert view.completed.fee_raw == 12


@pytest.mark.parametrize(
    ("ended", "status", "code"),
    [
        (WithoutReceipt("deadline_passed", "Too late.", expired=True), "EXPIRED", "deadline_passed"),
        (WithoutReceipt("slippage", "This was not signed."), "FAILED", "slippage"),
        (
            builders.a_result(outcome=StepOutcome.REVERTED, fill=None, revert_code="price_moved"),
            "FAILED",
            "price_moved",
        ),
        (builders.a_result(outcome=StepOutcome.CANCELLED, fill=None), "FAILED", "step_cancelled"),
    ],
)
async def test_a_step_that_trades_nothing_ends_the_slice_with_its_reason(
    house: House, ended: Ended, status: str, code: str
) -> None:
    house.runner.end(ended)
    view = await house.desk.ended(house.intent_id)
    assert (view.status.value, view.code) == (status, code)
    assert view.ended_slices[0].plan_id == PLAN_ID


async def test_an_approval_that_was_paid_for_makes_an_expiry_a_failure(approving: House) -> None:
    approving.runner.end(approved())
    approving.runner.end(WithoutReceipt("deadline_passed", "Too late.", expired=True), step=1)
    view = await approving.desk.ended(approving.intent_id)
    assert view.status is IntentStatus.FAILED
    assert (view.message or "").endswith("An approval before it was included, and its gas is spent.")


async def test_a_cancel_ends_a_step_that_the_gate_closes(house: House) -> None:
    await house.desk.record(cancel(house))
    view = await house.desk.ended(house.intent_id)
    assert (view.status, view.code) == (IntentStatus.CANCELLED, "cancelled")
    assert view.message == "Cancelled by desk: test. Nothing was traded."
    assert house.stopping.asked == [0]


async def test_a_cancel_that_comes_after_the_signature_leaves_the_word_to_the_chain(house: House) -> None:
    house.stopping.closes = False
    await house.desk.record(cancel(house))
    async with asyncio.timeout(5):
        while not house.stopping.asked:
            await asyncio.sleep(0.005)
    assert house.view.status is IntentStatus.PROCESSING
    house.runner.end(builders.a_result())
    assert (await house.desk.ended(house.intent_id)).status is IntentStatus.COMPLETED
    assert house.runner.runs == [0]


async def test_a_cancel_during_the_approval_stops_the_swap_before_it_is_begun(approving: House) -> None:
    approving.stopping.closes = False
    await approving.desk.record(cancel(approving))
    async with asyncio.timeout(5):
        while not approving.stopping.asked:
            await asyncio.sleep(0.005)
    approving.stopping.closes = True
    approving.runner.end(approved())
    view = await approving.desk.ended(approving.intent_id)
    assert view.status is IntentStatus.CANCELLED
    assert "An approval before it was included" in (view.message or "")
    assert approving.runner.runs == [0]


@pytest.mark.parametrize(
    "ended",
    [
        WithoutReceipt("step_closed", "This was not signed: the step is closed."),
        WithoutReceipt("deadline_passed", "Too late.", expired=True),
        builders.a_result(outcome=StepOutcome.CANCELLED, fill=None),
    ],
)
async def test_what_ends_a_step_while_a_cancel_is_wanted_is_the_cancels_doing(house: House, ended: Ended) -> None:
    house.stopping.closes = False
    await house.desk.record(cancel(house))
    house.runner.end(ended)
    view = await house.desk.ended(house.intent_id)
    assert view.ended_slices[0].outcome is SliceOutcome.CANCELLED
    assert view.status is IntentStatus.CANCELLED


async def test_an_end_that_the_chain_takes_back_is_reached_anew(house: House) -> None:
    house.runner.end(builders.a_result())
    first = await house.desk.ended(house.intent_id)
    await house.taken_back(0)
    await house.begun(0, 0)
    assert house.view.status is IntentStatus.PROCESSING
    house.runner.end(builders.a_result(fee_raw=99))
    view = await house.desk.ended(house.intent_id)
    assert first.completed is not None
    assert view.completed is not None
    assert (first.completed.round, view.completed.round) == (0, 1)
    assert view.completed.fee_raw == 99
    assert [(ended.round, ended.fee_raw) for ended in view.ended_slices] == [(1, 99)]


async def test_a_fill_that_is_gone_after_a_reorganisation_is_an_expiry(house: House) -> None:
    house.runner.end(builders.a_result())
    await house.desk.ended(house.intent_id)
    await house.taken_back(0)
    house.runner.end(WithoutReceipt("deadline_passed", "Too late.", expired=True))
    view = await house.desk.ended(house.intent_id)
    assert (view.status, view.completed) == (IntentStatus.EXPIRED, None)


async def test_an_approval_that_is_taken_back_while_its_swap_is_on_its_way_is_landed_first(approving: House) -> None:
    """The swap cannot land before it: its nonce is the next one."""
    approving.runner.end(approved())
    await approving.begun(0, 1)
    await approving.taken_back(0)
    await approving.begun(0, 1, 0)
    approving.runner.end(approved())
    await approving.begun(0, 1, 0, 1)
    approving.runner.end(builders.a_result(step=1), step=1)
    assert (await approving.desk.ended(approving.intent_id)).status is IntentStatus.COMPLETED


async def test_a_plan_of_another_executor_is_left_alone(tmp_path: Path) -> None:
    async with a_desk(tmp_path, planning=False) as desk:
        runner = Runner()
        orchestrator = orchestrator_of(desk, runner, Stopping())
        rows = await desk.record(*a_planned_intent(executor="engine"))
        assert isinstance(rows[-1].envelope.body, PlanCreated)
        await orchestrator.on_plan_created(rows[-1])
        assert runner.runs == []


async def test_a_restart_goes_on_at_the_first_step_that_is_not_done(tmp_path: Path) -> None:
    facts = a_planned_intent(steps=two_steps())
    async with a_desk(tmp_path, planning=False) as desk:
        await desk.record(*facts, builders.step_confirmed(facts[0].intent_id, PLAN_ID, fill=None))
    async with a_desk(tmp_path, planning=False) as desk:
        runner = Runner()
        orchestrator_of(desk, runner, Stopping())
        runner.end(builders.a_result(step=1), step=1)
        assert (await desk.ended(facts[0].intent_id)).status is IntentStatus.COMPLETED
        assert runner.runs == [1]
