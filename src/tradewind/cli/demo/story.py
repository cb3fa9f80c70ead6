"""The life of the demo's intent as six stages, told from the service's own events and the demo's own watch."""

from dataclasses import dataclass, field
from uuid import UUID

from tradewind.domain.events import (
    Envelope,
    ExecutionCompleted,
    ExecutionFailed,
    ExecutionStepConfirmed,
    ExecutionStepSubmitted,
    IntentExpired,
    IntentRejected,
    IntentSubmitted,
    IntentValidated,
    PlanCreated,
)
from tradewind.domain.fill import StepResult
from tradewind.domain.intent import Intent
from tradewind.domain.plan import ExecutionPlan
from tradewind.domain.receipt import Priority
from tradewind.domain.token_list import Token, TokenList


@dataclass(slots=True)
class Stage:
    """One stage. Times are nanoseconds UTC; a stage without an end is under way."""

    title: str
    detail: str = ""
    started_ns: int | None = None
    ended_ns: int | None = None
    failed: bool = False

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.started_ns is not None and self.ended_ns is None and not self.failed

    @property
    def duration_ns(self) -> int | None:
        """How long it took, once it has ended."""
        if self.started_ns is None or self.ended_ns is None:
            return None
        # The service and the demo read the same clock, but not at the same instant.
        return max(0, self.ended_ns - self.started_ns)


@dataclass(frozen=True, slots=True)
class Failure:
    """How the intent ended when it did not end well."""

    code: str
    message: str


@dataclass(slots=True)
class Story:
    """What is known of the intent so far."""

    tokens: TokenList
    pool_names: dict[str, str]
    intent: Intent | None = None
    intent_id: UUID | None = None
    priority: Priority | None = None
    plan: ExecutionPlan | None = None
    submitted: list[ExecutionStepSubmitted] = field(default_factory=list)
    results: list[StepResult] = field(default_factory=list)
    completed: ExecutionCompleted | None = None
    failure: Failure | None = None
    events: int = 0
    stages: tuple[Stage, ...] = field(
        default_factory=lambda: tuple(
            Stage(title)
            for title in (
                "Intent understood",
                "Submitted through the API",
                "Validated and prioritised",
                "Planned",
                "Executed",
                "Settled in the log",
            )
        )
    )

    def token(self, address: str) -> Token | None:
        """The listed token at an address."""
        return None if self.intent is None else self.tokens.get(self.intent.chain_id, address)

    def understood(self, intent: Intent, *, started_ns: int, ended_ns: int) -> None:
        """The JSON is an intent."""
        self.intent = intent
        self._begin(0, started_ns)
        self._end(0, ended_ns, f"{intent.intent_type} {intent.sized.amount} {intent.sized.asset.symbol}")
        self._begin(1, ended_ns)

    def accepted(self, intent_id: UUID, priority: Priority, *, status: int, ended_ns: int) -> None:
        """The service has taken it, durably."""
        self.intent_id = intent_id
        self.priority = priority
        self._end(1, ended_ns, f"HTTP {status}, receipt {str(intent_id)[:8]}…")

    def hear(self, envelope: Envelope) -> None:
        """Take in one event of the service."""
        self.events += 1
        at_ns, body = envelope.occurred_at, envelope.body
        match body:
            case IntentSubmitted():
                self._begin(2, at_ns)
            case IntentValidated():
                priority = f"priority {self.priority.value} of 10" if self.priority else ""
                self._end(2, at_ns, f"{priority}, funds and limits hold")
                self._begin(3, at_ns)
            case PlanCreated():
                self._planned(body.plan, at_ns)
            case ExecutionStepSubmitted():
                self.submitted.append(body)
                nonce = "" if body.nonce is None else f", nonce {body.nonce}"
                self.stages[4].detail = f"{body.tx_hash[:10]}… sent{nonce}"
            case ExecutionStepConfirmed():
                self.results.append(body.result)
                self._end(4, at_ns, f"{body.result.outcome} in block {body.result.block.number:,}")
                self._begin(5, at_ns)
            case ExecutionCompleted():
                self.completed = body
            case IntentRejected() | IntentExpired() | ExecutionFailed():
                self._fail(body.code, body.message)
            case _:
                pass

    def settled(self, *, at_ns: int, status: str) -> None:
        """The service's read model and its log say that it is over."""
        self._end(5, at_ns, f"{status}, {self.events} events in the journal")

    def _planned(self, plan: ExecutionPlan, at_ns: int) -> None:
        self.plan = plan
        hops = f"{len(plan.hops)} hop" + ("s" if len(plan.hops) != 1 else "")
        legs = f"{len(plan.legs)} legs, " if len(plan.legs) > 1 else ""
        self._end(3, at_ns, f"{legs}{hops}, {len(plan.considered)} routes considered")
        self._begin(4, at_ns)

    def _begin(self, index: int, at_ns: int) -> None:
        self.stages[index].started_ns = at_ns

    def _end(self, index: int, at_ns: int, detail: str) -> None:
        self.stages[index].ended_ns = at_ns
        self.stages[index].detail = detail

    def _fail(self, code: str, message: str) -> None:
        self.failure = Failure(code, message)
        stage = next((stage for stage in self.stages if stage.is_running), self.stages[-1])
        stage.failed = True
        stage.detail = code
