"""Reads the journal for accounts: which steps stand, which the chain took back, and which are final.

Keeps what it needs of an intent until nothing of it can change any more, and no longer.
"""

from dataclasses import dataclass, field
from uuid import UUID

from tradewind.accounting.step_entry import StepEntry
from tradewind.domain.event import Event
from tradewind.domain.events import (
    EVENT_TYPES,
    ExecutionStepConfirmed,
    ExecutionStepFinalized,
    ExecutionStepReorganised,
    ExecutionStepSubmitted,
    IntentEvent,
    PlanCreated,
)
from tradewind.domain.fill import StepResult
from tradewind.domain.plan import ExecutionPlan, StepKind
from tradewind.streaming.recorded import Recorded

StepKey = tuple[UUID, int]

# What a reader of the journal needs to hand over; everything else changes nothing here.
_STEPS: tuple[type[Event], ...] = (
    PlanCreated,
    ExecutionStepSubmitted,
    ExecutionStepConfirmed,
    ExecutionStepReorganised,
    ExecutionStepFinalized,
)
_ENDS = tuple(event for event in EVENT_TYPES.values() if event.status is not None and event.status.is_final)
TYPES: tuple[str, ...] = tuple(event.type_name() for event in (*_STEPS, *_ENDS))


@dataclass(frozen=True, slots=True)
class Stands:
    """The chain included the step, as `entry` says; an earlier account of the same step no longer counts."""

    entry: StepEntry


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A reorganisation undid the step."""

    key: StepKey


@dataclass(frozen=True, slots=True)
class Final:
    """No reorganisation can undo the step."""

    key: StepKey


Happened = Stands | TakenBack | Final


@dataclass(slots=True)
class _Open:
    first_seq: int
    plans: dict[UUID, ExecutionPlan] = field(default_factory=dict)
    # By step: the simulation of any of its attempts, which all make the same trade.
    simulated: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    in_flight: set[str] = field(default_factory=set)
    standing: set[int] = field(default_factory=set)
    final: set[int] = field(default_factory=set)
    ended: bool = False


class StepBook:
    """Give `apply` each row in order; rows of other types are ignored and may be left out."""

    def __init__(self) -> None:
        self._open: dict[UUID, _Open] = {}

    def __len__(self) -> int:
        return len(self._open)

    def oldest_seq(self) -> int | None:
        """The first row that is still needed: from it on, a fresh book comes to know the same; None without any."""
        return min((known.first_seq for known in self._open.values()), default=None)

    def on_their_way(self, chain_id: int, wallet: str) -> int:
        """How many of the wallet's steps were sent and not confirmed."""
        mine = (
            known
            for known in self._open.values()
            if not known.ended
            and any((plan.chain_id, plan.wallet) == (chain_id, wallet) for plan in known.plans.values())
        )
        return sum(len(known.in_flight) for known in mine)

    def apply(self, recorded: Recorded) -> Happened | None:
        """What the row means for the accounts."""
        body = recorded.envelope.body
        if not isinstance(body, IntentEvent):
            return None
        if isinstance(body, PlanCreated):
            self._open.setdefault(body.intent_id, _Open(recorded.seq)).plans[body.plan.plan_id] = body.plan
            return None
        known = self._open.get(body.intent_id)
        if known is None:
            return None
        happened = self._step(known, body, recorded)
        if body.status is not None:
            known.ended = body.status.is_final
        if known.ended and known.standing <= known.final:
            del self._open[body.intent_id]
        return happened

    def _step(self, known: _Open, body: IntentEvent, recorded: Recorded) -> Happened | None:
        match body:
            case ExecutionStepSubmitted():
                if body.simulated_in_raw is not None or body.step not in known.simulated:
                    known.simulated[body.step] = (body.simulated_in_raw, body.simulated_out_raw)
                known.in_flight.add(f"{body.plan_id}/{body.step}")
            case ExecutionStepConfirmed() if body.plan_id in known.plans and body.result.step not in known.final:
                known.standing.add(body.result.step)
                known.in_flight.discard(f"{body.plan_id}/{body.result.step}")
                return Stands(_entry(known, body, recorded))
            case ExecutionStepReorganised() if body.step in known.standing - known.final:
                known.standing.discard(body.step)
                known.in_flight.add(f"{body.plan_id}/{body.step}")
                return TakenBack((body.intent_id, body.step))
            case ExecutionStepFinalized() if body.step in known.standing:
                known.final.add(body.step)
                return Final((body.intent_id, body.step))
            case _:
                pass
        return None


def _entry(known: _Open, body: ExecutionStepConfirmed, recorded: Recorded) -> StepEntry:
    plan, result = known.plans[body.plan_id], body.result
    simulated_in_raw, simulated_out_raw = known.simulated.get(result.step, (None, None))
    return StepEntry(
        intent_id=plan.intent_id,
        plan_id=plan.plan_id,
        step=result.step,
        attempt=result.attempt,
        seq=recorded.seq,
        confirmed_at_ns=recorded.envelope.occurred_at,
        strategy_id=plan.strategy_id,
        wallet=plan.wallet,
        chain_id=plan.chain_id,
        kind=_kind(plan, result),
        exact=plan.exact,
        outcome=result.outcome,
        token_in=plan.token_in,
        token_out=plan.token_out,
        quoted_in_raw=plan.quoted_in_raw,
        quoted_out_raw=plan.quoted_out_raw,
        simulated_in_raw=simulated_in_raw,
        simulated_out_raw=simulated_out_raw,
        fill=result.fill,
        fee_ppm=plan.fee_ppm,
        fee_raw=result.fee_raw,
        locked_raw=result.locked_raw,
        block=result.block,
        tx_hash=result.tx_hash,
        nonce=result.nonce,
        code=result.revert_code,
        prices={price.token: price for price in plan.reference_prices},
    )


def _kind(plan: ExecutionPlan, result: StepResult) -> StepKind:
    return next((step.kind for step in plan.steps if step.index == result.step), StepKind.SWAP)
