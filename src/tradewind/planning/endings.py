"""How slices end, and with the last of them the intent: one append, decided in one place.

Planner and orchestrator both end slices. Only one of them at a time may look which others have ended; otherwise two
that end together would each leave the end of the intent to the other.
"""

from uuid import UUID

from tradewind.domain.amount import format_raw
from tradewind.domain.chain import native_decimals
from tradewind.domain.events import (
    Envelope,
    ExecutionCompleted,
    ExecutionFailed,
    ExecutionPartiallyCompleted,
    IntentCancelled,
    IntentEvent,
    IntentExpired,
    IntentRejected,
    SliceEnded,
)
from tradewind.domain.slice import SliceOutcome
from tradewind.domain.status import IntentStatus
from tradewind.observability.clock import Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded


class Endings:
    """Publishes SliceEnded, and the end of the intent in the same append when no slice is left."""

    def __init__(self, stream: EventStream, state: StateCoordinator, clock: Clock, locks: IntentLocks) -> None:
        self._stream = stream
        self._state = state
        self._clock = clock
        self._locks = locks

    async def end_slice(
        self, ended: SliceEnded, cause: Recorded, *before: IntentEvent, as_of_round: int | None = None
    ) -> None:
        """Record that the slice ended, after the facts `before` that it rests on. One that has ended stays so.

        Nothing is recorded if it rests on the chain `as_of_round` and the chain has taken something back since.
        """
        async with self._locks.of(ended.intent_id):
            view = self._state.intent(ended.intent_id)
            if view is None or view.status.is_final or has_ended(view, ended.slice_index):
                return
            if as_of_round not in (None, view.round):
                return
            ended = ended.model_copy(update={"round": view.round})
            others = (*view.ended_slices, ended)
            last = () if len(others) < len(view.slices) else (end_of_intent(view, others),)
            at_ns, because_of = self._clock.now_ns(), cause.envelope.id
            facts = (*before, ended, *last)
            await self._stream.publish(*(Envelope.about_intent(f, at_ns=at_ns, because_of=because_of) for f in facts))


def has_ended(view: IntentView, slice_index: int) -> bool:
    """Whether a slice has its end, as far as the chain has not taken it back."""
    return any(ended.slice_index == slice_index for ended in view.ended_slices)


def end_of_intent(view: IntentView, slices: tuple[SliceEnded, ...]) -> IntentEvent:
    """What all slices together came to."""
    slices = tuple(sorted(slices, key=lambda ended: ended.slice_index))
    filled = [ended for ended in slices if ended.outcome is SliceOutcome.FILLED]
    if not filled:
        return _without_fill(view, slices)
    sums = {
        "filled_in_raw": sum(ended.filled_in_raw for ended in filled),
        "filled_out_raw": sum(ended.filled_out_raw for ended in filled),
        "fee_raw": sum(ended.fee_raw for ended in slices),
    }
    plan_id = filled[-1].plan_id
    if len(filled) == len(slices) and plan_id is not None:
        return ExecutionCompleted(intent_id=view.intent.id, round=view.round, plan_id=plan_id, **sums)
    missing = next(ended for ended in slices if ended.outcome is not SliceOutcome.FILLED)
    return ExecutionPartiallyCompleted(
        intent_id=view.intent.id,
        round=view.round,
        code=missing.code or missing.outcome.value,
        message=f"{len(filled)} of {len(slices)} slices were filled. {_said(missing, slices)}",
        **sums,
    )


def _without_fill(view: IntentView, slices: tuple[SliceEnded, ...]) -> IntentEvent:
    """Whoever asked for the end gets it; else a refusal or a failure says more than the clock that ran out."""
    outcomes = {ended.outcome for ended in slices}
    fee_raw = sum(ended.fee_raw for ended in slices)
    if SliceOutcome.CANCELLED in outcomes:
        return _cancelled(view, slices, fee_raw)
    ended = next((e for e in slices if e.outcome is SliceOutcome.FAILED), slices[0])
    code, message = ended.code or ended.outcome.value, _said(ended, slices)
    if outcomes == {SliceOutcome.EXPIRED} and not fee_raw:
        return IntentExpired(intent_id=view.intent.id, round=view.round, code=code, message=message)
    if outcomes == {SliceOutcome.FAILED} and view.status is IntentStatus.PENDING:
        return IntentRejected(intent_id=view.intent.id, code=code, message=message)
    return ExecutionFailed(
        intent_id=view.intent.id, round=view.round, plan_id=ended.plan_id, code=code, message=message, fee_raw=fee_raw
    )


def _cancelled(view: IntentView, slices: tuple[SliceEnded, ...], fee_raw: int) -> IntentCancelled:
    cancelled = next(ended for ended in slices if ended.outcome is SliceOutcome.CANCELLED)
    spent = (
        f" Gas of {format_raw(fee_raw, native_decimals(view.intent.chain_id))} of the native coin was spent."
        if fee_raw
        else ""
    )
    return IntentCancelled(
        intent_id=view.intent.id,
        round=view.round,
        code=cancelled.code or "cancelled",
        message=f"{cancelled.message} Nothing was traded.{spent}",
    )


def _said(ended: SliceEnded, slices: tuple[SliceEnded, ...]) -> str:
    message = ended.message or ""
    return message if len(slices) == 1 else f"Slice {ended.slice_index + 1}: {message}"


def unfilled(
    intent_id: UUID,
    slice_index: int,
    outcome: SliceOutcome,
    *,
    code: str,
    message: str,
    plan_id: UUID | None = None,
    fee_raw: int = 0,
) -> SliceEnded:
    """The end of a slice that traded nothing."""
    return SliceEnded(
        intent_id=intent_id,
        plan_id=plan_id,
        slice_index=slice_index,
        outcome=outcome,
        code=code,
        message=message,
        filled_in_raw=0,
        filled_out_raw=0,
        fee_raw=fee_raw,
    )


def why_cancelled(view: IntentView) -> str:
    """Who asked for the end, and why."""
    asked = view.cancel_requested
    return f"Cancelled by {asked.by}: {asked.reason.rstrip('.')}." if asked else "Cancelled."
