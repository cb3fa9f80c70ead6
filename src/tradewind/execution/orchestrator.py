"""Carries plans out, step by step, until the chain has said how each one ended.

There is one path for a fresh start, a retry, a recovery and a reorganisation: look at what is recorded, do the next
thing. Whether a step was signed is asked of the gate and of nobody else.
"""

import asyncio
from collections.abc import Mapping
from itertools import takewhile
from typing import Any, NoReturn
from uuid import UUID
from weakref import WeakValueDictionary

from tradewind.domain.events import (
    Envelope,
    ExecutionStepConfirmed,
    ExecutionStepReorganised,
    IntentEvent,
    PlanCreated,
    SliceEnded,
)
from tradewind.domain.fill import StepOutcome, StepResult
from tradewind.domain.plan import ExecutionPlan, PlanStep
from tradewind.domain.slice import SliceOutcome
from tradewind.execution.attempt import WithoutReceipt
from tradewind.execution.step_runner import StepRunner
from tradewind.execution.step_stopping import StepStopping
from tradewind.observability.clock import Clock
from tradewind.planning.endings import Endings, has_ended, unfilled, why_cancelled
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded


class ExecutionOrchestrator:
    """Hears PlanCreated and ExecutionStepReorganised; publishes each step's progress, and how the slice ended."""

    def __init__(
        self,
        *,
        stream: EventStream,
        state: StateCoordinator,
        runners: Mapping[int, StepRunner],
        stopping: StepStopping,
        endings: Endings,
        clock: Clock,
        executor: str,
    ) -> None:
        self._stream = stream
        self._state = state
        self._runners = runners
        self._stopping = stopping
        self._endings = endings
        self._clock = clock
        self._executor = executor
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def on_plan_created(self, recorded: Recorded) -> None:
        """Take the plan to its end, unless it has ended or is another executor's."""
        body = recorded.envelope.body
        if isinstance(body, PlanCreated):
            await self._to_its_end(body.plan, recorded)

    async def on_reorganised(self, recorded: Recorded) -> None:
        """Take the plan to its end anew, from what the chain has left of it."""
        body = recorded.envelope.body
        if not isinstance(body, ExecutionStepReorganised):
            return
        view = self._state.intent(body.intent_id)
        for plan in view.plans if view else ():
            if plan.plan_id == body.plan_id:
                await self._to_its_end(plan, recorded)

    async def _to_its_end(self, plan: ExecutionPlan, cause: Recorded) -> None:
        """One at a time for each plan: whoever comes second finds it ended, or goes on where the first one left it."""
        if plan.executor != self._executor:
            return
        lock = self._locks.setdefault(plan.plan_id, asyncio.Lock())
        async with lock:
            while (view := self._open(plan)) is not None:
                await self._next_thing(plan, view, cause)

    def _open(self, plan: ExecutionPlan) -> IntentView | None:
        view = self._state.intent(plan.intent_id)
        if view is None or view.status.is_final or has_ended(view, plan.slice_index):
            return None
        return view

    async def _next_thing(self, plan: ExecutionPlan, view: IntentView, cause: Recorded) -> None:
        """Take the first step that is not done to its end, and the slice, if that was the last one."""
        results = [done for done in takewhile(bool, (_result(view, step) for step in plan.steps)) if done]
        if (ended := _slice_end(plan, results, view)) is not None:
            await self._endings.end_slice(ended, cause, as_of_round=view.round)
            return
        step = plan.steps[len(results)]
        found = await self._unless_interrupted(plan, step, view, cause)
        latest = self._state.intent(plan.intent_id) or view
        if found is None or latest.round != view.round:
            return
        view = latest
        if isinstance(found, WithoutReceipt):
            ended = _without_receipt(plan, found, results, view)
            await self._endings.end_slice(ended, cause, as_of_round=view.round)
            return
        confirmed = ExecutionStepConfirmed(
            intent_id=plan.intent_id, plan_id=plan.plan_id, result=found, round=view.round
        )
        if (ended := _slice_end(plan, [*results, found], view)) is not None:
            await self._endings.end_slice(ended, cause, confirmed, as_of_round=view.round)
        else:
            await self._publish(cause, confirmed)

    async def _unless_interrupted(
        self, plan: ExecutionPlan, step: PlanStep, view: IntentView, cause: Recorded
    ) -> StepResult | WithoutReceipt | None:
        """The end of the step; None when the chain took an earlier one back, so that one has to be looked at first.

        A cancel ends a step that the gate can still close. All three may be cut off at any time, as by a crash.
        """
        if view.cancel_requested is not None and await self._stopping.stop(plan, step):
            return WithoutReceipt("cancelled", why_cancelled(view))
        running = asyncio.create_task(self._runners[plan.chain_id].run(plan, step, view, cause))
        stopped = asyncio.create_task(self._stopped(plan, step))
        taken_back = asyncio.create_task(
            self._state.wait_for(plan.intent_id, lambda latest: latest.round != view.round)
        )
        tasks: tuple[asyncio.Task[Any], ...] = (running, stopped, taken_back)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done():
                return stopped.result()
            return running.result() if running.done() else None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _stopped(self, plan: ExecutionPlan, step: PlanStep) -> WithoutReceipt:
        """Return once the intent was cancelled and the gate has closed the step; never, if that comes too late."""
        view = await self._state.wait_for(plan.intent_id, lambda latest: latest.cancel_requested is not None)
        if await self._stopping.stop(plan, step):
            return WithoutReceipt("cancelled", why_cancelled(view))
        return await _for_ever()

    async def _publish(self, cause: Recorded, *bodies: IntentEvent) -> None:
        at_ns = self._clock.now_ns()
        because_of = cause.envelope.id
        await self._stream.publish(*(Envelope.about_intent(b, at_ns=at_ns, because_of=because_of) for b in bodies))


async def _for_ever() -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def _result(view: IntentView, step: PlanStep) -> StepResult | None:
    return next((result for result in view.results if result.step == step.index), None)


def _slice_end(plan: ExecutionPlan, results: list[StepResult], view: IntentView) -> SliceEnded | None:
    """How the slice ended by its steps' results; None while steps are left to do."""
    if not results or (results[-1].outcome is StepOutcome.SUCCEEDED and len(results) < len(plan.steps)):
        return None
    fee_raw, last = sum(result.fee_raw for result in results), results[-1]
    if last.outcome is StepOutcome.SUCCEEDED and last.fill is not None:
        return SliceEnded(
            intent_id=plan.intent_id,
            plan_id=plan.plan_id,
            slice_index=plan.slice_index,
            outcome=SliceOutcome.FILLED,
            filled_in_raw=last.fill.amount_in_raw,
            filled_out_raw=last.fill.amount_out_raw,
            fee_raw=fee_raw,
        )
    if last.outcome is StepOutcome.CANCELLED:
        return _not_filled(plan, _spent_by_noop(view), "step_cancelled", _NOOP, fee_raw)
    code = last.revert_code or "reverted"
    return _not_filled(plan, SliceOutcome.FAILED, code, _why_reverted(last), fee_raw)


_NOOP = "Its nonce was spent by a transaction of ours that does nothing. Nothing was traded; the gas is spent."


def _spent_by_noop(view: IntentView) -> SliceOutcome:
    return SliceOutcome.CANCELLED if view.cancel_requested is not None else SliceOutcome.FAILED


def _not_filled(plan: ExecutionPlan, outcome: SliceOutcome, code: str, message: str, fee_raw: int) -> SliceEnded:
    return unfilled(
        plan.intent_id,
        plan.slice_index,
        outcome,
        code=code,
        message=message,
        plan_id=plan.plan_id,
        fee_raw=fee_raw,
    )


_MEANING = {
    "price_moved": "the price moved beyond the limit",
    "allowance_or_balance": "the swap came to need more of the token than it may take, or than the wallet holds",
    "deadline_passed": "it was included after its deadline",
}


def _why_reverted(result: StepResult) -> str:
    said = result.revert_reason or "no reason given"
    meaning = _MEANING.get(result.revert_code or "", "the contract refused it")
    return f"The transaction reverted ({said}): {meaning}. Nothing was traded; the gas is spent."


def _without_receipt(
    plan: ExecutionPlan, ended: WithoutReceipt, results: list[StepResult], view: IntentView
) -> SliceEnded:
    """A step that the gate has closed, or that the clock has ended, ended by the cancel if there was one."""
    outcome, code, message = SliceOutcome.FAILED, ended.code, ended.message
    if view.cancel_requested is not None and (ended.expired or code in _CLOSED):
        outcome, code, message = SliceOutcome.CANCELLED, "cancelled", why_cancelled(view)
    elif ended.expired and not results:
        outcome = SliceOutcome.EXPIRED
    approved = " An approval before it was included, and its gas is spent." if results else ""
    fee_raw = sum(result.fee_raw for result in results)
    return _not_filled(plan, outcome, code, f"{message}{approved}", fee_raw)


# Of ours, and of the gate, when it was asked to sign a step just after that was closed.
_CLOSED = frozenset({"cancelled", "step_closed"})
