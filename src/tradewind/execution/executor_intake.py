"""Brings plans and orders from the bus into the executor's journal: a message is acknowledged once it is on disk."""

import json
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4, uuid5

from tradewind.domain.event import NAMESPACE
from tradewind.domain.events import (
    MOST_NS,
    Envelope,
    HaltRequested,
    KillSwitchEngaged,
    ShutdownRequested,
)
from tradewind.domain.execution_plan_event import ExecutionPlanEvent, PlanExecutor
from tradewind.errors import InvalidInput, TradewindError, Unavailable
from tradewind.execution.kill_switch import Publisher
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.streaming.nats import read_envelope
from tradewind.streaming.nats_consumer import Delivered

# As often a message is tried that meets a defect; what holds up no other may not come back for ever either.
MOST_TRIES = 16
KILL_SWITCH = "system.killswitch"
SHUTDOWN = "system.shutdown"
_BUS = "bus"
_NS_PER_MS = 1_000_000


class ExecutorIntake:
    """Two handlers, one for each consumer. The journal knows an event by its id: what comes again is the same row."""

    def __init__(self, stream: Publisher, clock: Clock, run_id: UUID, *, is_stopping: Callable[[], bool]) -> None:
        self._stream = stream
        self._is_stopping = is_stopping
        self._clock = clock
        self._run_id = run_id

    async def on_plan(self, subject: str, data: bytes) -> None:
        """Record a plan that is a service's to execute; others are taken note of by their owners.

        Raises InvalidInput for what cannot be read, and `defect` for what met one as often as is allowed.
        """
        await _bounded(self._plan(subject, data), subject, data)

    async def _plan(self, subject: str, data: bytes) -> None:
        envelope = read_envelope(data, subject=subject)
        plan = envelope.body
        if not isinstance(plan, ExecutionPlanEvent) or plan.executor is not PlanExecutor.SERVICE:
            return
        if self._is_stopping():
            raise Unavailable(
                "executor_stopping", "This executor stops; another one, or its next start, takes the plan."
            )
        # Whatever id the sender chose: the same plan is the same event.
        same = Envelope.about_plan(plan, at_ns=envelope.occurred_at, because_of=envelope.causation_id)
        await self._stream.publish(same)

    async def on_system(self, subject: str, data: bytes) -> None:
        """Record a halt or a shutdown. Whatever is said on the kill switch's subject halts, readable or not.

        Raises InvalidInput as `on_plan` does, and never for the kill switch: a halt comes again until it is on disk.
        """
        if subject == KILL_SWITCH:
            await self._halt(data)
        elif subject == SHUTDOWN:
            await _bounded(self._shut_down(data), subject, data)

    async def _halt(self, data: bytes) -> None:
        try:
            envelope = read_envelope(data, subject=KILL_SWITCH)
            if _is_an_answer(envelope):
                return
            if not isinstance(envelope.body, (HaltRequested, KillSwitchEngaged)):
                await self._halt_all(data, f"It is {envelope.type}, which asks for no halt: all halts.")
                return
            [recorded] = await self._stream.publish(envelope)
        except InvalidInput:
            await self._halt_all(data, "It has no envelope: all halts.")
        except TradewindError:
            # The journal does not take it now, whatever it says: it comes again.
            raise
        except Exception as error:  # noqa: BLE001 - a halt is obeyed, whatever is wrong with its words
            await self._halt_all(data, f"It cannot be recorded as it is ({type(error).__name__}): all halts.")
        else:
            if recorded.envelope.body != envelope.body:
                await self._halt_all(data, f"Its id is that of another event, a {recorded.envelope.type}: all halts.")

    async def _halt_all(self, data: bytes, because: str) -> None:
        observe.message_refused(subject=KILL_SWITCH, code="taken_as_halt", message=because)
        await self._stream.publish(self._from_bare(HaltRequested(by=_BUS, reason=_reason(data)), data))

    async def _shut_down(self, data: bytes) -> None:
        try:
            envelope = read_envelope(data, subject=SHUTDOWN)
            if isinstance(envelope.body, ShutdownRequested):
                await self._stream.publish(envelope)
            else:
                because = f"It is {envelope.type}, which asks for no shutdown."
                observe.message_refused(subject=SHUTDOWN, code="not_a_shutdown", message=because)
        except InvalidInput:
            because = "It has no envelope"
        except TradewindError:
            raise
        except Exception as error:  # noqa: BLE001 - an order is obeyed, whatever is wrong with its words
            because = f"It cannot be recorded as it is ({type(error).__name__})"
        else:
            return
        observe.message_refused(subject=SHUTDOWN, code="taken_as_shutdown", message=f"{because}: what runs now stops.")
        await self._stream.publish(self._from_bare(ShutdownRequested(by=_BUS, reason=_reason(data)), data))

    def _from_bare(self, body: HaltRequested | ShutdownRequested, data: bytes) -> Envelope:
        at_ns = _moment_ns(data)
        if at_ns is None:
            at_ns = self._clock.now_ns()
        event_id = _id_of(data, body.type_name())
        return Envelope.about_system(body, event_id=event_id, run_id=self._run_id, at_ns=at_ns)


def _is_an_answer(envelope: Envelope) -> bool:
    """A switch that was engaged because of something is an executor's answer to a halt; a request never is."""
    return isinstance(envelope.body, KillSwitchEngaged) and envelope.causation_id is not None


async def _bounded(work: Awaitable[None], subject: str, data: bytes) -> None:
    """What meets a defect comes again, but not for ever: so many of it would hold up everything behind it."""
    try:
        await work
    except TradewindError:
        raise
    except Exception as defect:
        if not isinstance(data, Delivered) or data.times < MOST_TRIES:
            raise
        message = f"cannot be taken, {data.times} times: {defect!r}."
        raise InvalidInput.one("(whole)", "defect", message, what=f"the event on {subject}") from defect


def _id_of(data: bytes, type_name: str) -> UUID:
    """One message is one event; the same words in another message, after the end of the first halt, are another."""
    return uuid5(NAMESPACE, f"bare/{type_name}/{data.place}") if isinstance(data, Delivered) else uuid4()


def _bare(data: bytes) -> dict[str, object]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _reason(data: bytes) -> str:
    reason = _bare(data).get("reason")
    # JSON can hold half of a character, which no journal can.
    text = reason.encode(errors="replace").decode() if isinstance(reason, str) else ""
    return text[:256] or "asked for on the bus"


def _moment_ns(data: bytes) -> int | None:
    """A bare message's `timestamp`, in milliseconds; None when a journal could not hold it, or there is none."""
    moment = _bare(data).get("timestamp")
    return moment * _NS_PER_MS if type(moment) is int and 0 <= moment * _NS_PER_MS < MOST_NS else None
