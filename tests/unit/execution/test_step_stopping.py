"""A step is closed only at the gate that the intent began with, and only if nothing of it was sent."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest

from tests import builders
from tests.desk import Desk, a_desk
from tests.memory_market import AGate
from tradewind.domain.events import IntentProcessed
from tradewind.errors import Unavailable
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.step_stopping import StepStopping

GATE_ID = "ab" * 16


@dataclass
class Signer:
    """A gate that answers `hello` and `close` as it is set."""

    gate: AGate = field(default_factory=AGate)
    closes: bool = True
    down: bool = False
    closed: list[int] = field(default_factory=list)

    async def hello(self) -> AGate:
        if self.down:
            raise Unavailable("signer_unreachable", "No signer answers.")
        return self.gate

    async def close(self, _intent_id: UUID, step: int) -> bool:
        self.closed.append(step)
        return self.closes


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_desk(tmp_path, planning=False) as opened:
        yield opened


@dataclass
class Case:
    """An intent whose plan is on record, at a gate that had three records then."""

    desk: Desk
    signer: Signer
    intent_id: UUID
    plan_id: UUID

    def stop(self) -> "asyncio.Task[bool]":
        stopping = StepStopping(state=self.desk.state, signer=cast("SignerClient", self.signer), clock=self.desk.clock)
        plan = self.desk.view(self.intent_id).plans[0]
        return asyncio.create_task(stopping.stop(plan, plan.steps[0]))


@pytest.fixture
async def case(desk: Desk) -> Case:
    first = builders.submitted()
    planned = builders.planned(first.intent_id)
    processed = builders.processed(first.intent_id)
    assert isinstance(processed, IntentProcessed)
    processed = processed.model_copy(update={"gate_records": 3, "gate_id": GATE_ID})
    await desk.record(first, builders.validated(first.intent_id), processed, planned)
    return Case(desk, Signer(), first.intent_id, planned.plan.plan_id)


@pytest.mark.parametrize("closes", [True, False])
async def test_the_answer_is_the_gates(case: Case, closes: bool) -> None:
    case.signer.closes = closes
    assert await case.stop() is closes
    assert case.signer.closed == [0]


async def test_what_was_sent_is_not_even_asked_about(case: Case) -> None:
    await case.desk.record(builders.step_submitted(case.intent_id, case.plan_id))
    assert await case.stop() is False
    assert case.signer.closed == []


@pytest.mark.parametrize("wrong", [AGate(gate_id="cd" * 16), AGate(records=2)])
async def test_another_gate_or_one_that_lost_records_is_not_believed_until_the_right_one_is_back(
    case: Case, wrong: AGate
) -> None:
    case.signer.gate = wrong
    stopping = case.stop()
    await case.desk.clock.until_asleep()
    assert case.signer.closed == []
    case.signer.gate = AGate()
    await case.desk.clock.advance(1)
    assert await stopping is True


async def test_a_signer_that_is_away_is_asked_again(case: Case) -> None:
    case.signer.down = True
    stopping = case.stop()
    await case.desk.clock.until_asleep()
    case.signer.down = False
    await case.desk.clock.advance(1)
    assert await stopping is True
