"""Answers of executors: the first final word counts, before and after a restart, and is forgotten with its intent."""

import asyncio
from uuid import UUID, uuid4

from tradewind.domain.events import Envelope, ExecutionCompleted
from tradewind.domain.execution_plan_event import ExecutionMethod
from tradewind.domain.execution_result_event import ExecutionResultEvent, ResultStatus
from tradewind.execution.executor_answers import ExecutorAnswers
from tradewind.streaming.recorded import Recorded

INTENT, PLAN = uuid4(), uuid4()


def said(status: ResultStatus) -> Recorded:
    landed = status is ResultStatus.SUCCESS
    result = ExecutionResultEvent(
        execution_id=uuid4(),
        plan_id=PLAN,
        opportunity_id=INTENT,
        outcome=status,
        signature="5" * 88 if landed else None,
        expected_profit=0,
        execution_cost=0,
        latency=1,
        execution_method=ExecutionMethod.RPC,
        error_code=None if landed else "not_seen_yet",
        intent_id=INTENT,
        executor_name="test",
        timestamp=1,
    )
    return recorded(Envelope.about_plan(result, at_ns=1))


def recorded(envelope: Envelope) -> Recorded:
    return Recorded(seq=1, envelope=envelope, hash="")


async def test_a_timeout_is_no_end_and_the_end_wakes_who_waits() -> None:
    answers = ExecutorAnswers()
    waiting = asyncio.create_task(answers.end_of(PLAN))
    await asyncio.sleep(0)
    answers.on_recorded(said(ResultStatus.TIMEOUT))
    await asyncio.sleep(0)
    assert not waiting.done()
    end = said(ResultStatus.SUCCESS)
    answers.on_recorded(end)
    assert await waiting is end


async def test_an_end_that_was_read_from_the_journal_is_there_at_once() -> None:
    answers = ExecutorAnswers()
    end = said(ResultStatus.FAILED)
    answers.on_recorded(end)
    assert await answers.end_of(PLAN) is end


async def test_an_ended_intent_is_forgotten() -> None:
    answers = ExecutorAnswers()
    answers.on_recorded(said(ResultStatus.SUCCESS))
    ended = ExecutionCompleted(intent_id=INTENT, plan_id=UUID(int=0), filled_in_raw=1, filled_out_raw=1, fee_raw=0)
    answers.on_recorded(recorded(Envelope.about_intent(ended, at_ns=2)))
    waiting = asyncio.create_task(answers.end_of(PLAN))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
