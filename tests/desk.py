"""Planning on a market in memory: a real journal, stream and read model, a clock that stands still, and a gate.

Nothing is signed here: `fill` and `fail` say how a planned slice ended, as the orchestrator would.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from tests.fake_clock import FakeClock
from tests.memory_market import TIMING, TOKENS, AGate, MemoryMarket, a_strategy, no_prices
from tradewind.domain.events import Envelope, IntentEvent, SliceEnded
from tradewind.domain.intent import Intent
from tradewind.domain.slice import SliceOutcome
from tradewind.domain.strategy import Strategy
from tradewind.intents.manager import IntentManager
from tradewind.intents.prioritizer import RulePrioritizer
from tradewind.intents.processor import IntentProcessor
from tradewind.intents.turns import WalletTurns
from tradewind.intents.validator import IntentValidator
from tradewind.planning.endings import Endings, unfilled
from tradewind.planning.halt_watch import HaltWatch
from tradewind.planning.planner import ExecutionPlanner
from tradewind.planning.slicer import Slicer
from tradewind.planning.window import IntentWindow
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.state.view import IntentView
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal
from tradewind.streaming.recorded import Recorded


@dataclass
class Desk:
    """Everything up to the plan."""

    clock: FakeClock
    market: MemoryMarket
    gate: AGate
    state: StateCoordinator
    stream: EmbeddedEventStream
    turns: WalletTurns
    validator: IntentValidator
    endings: Endings
    manager: IntentManager

    def view(self, intent_id: UUID) -> IntentView:
        """Where the intent stands."""
        view = self.state.intent(intent_id)
        assert view is not None
        return view

    async def until(self, intent_id: UUID, predicate: Callable[[IntentView], bool]) -> IntentView:
        """The view as soon as the predicate holds; the clock does not move meanwhile."""
        return await self.state.wait_for(intent_id, predicate, 10)

    async def planned(self, intent_id: UUID, count: int) -> IntentView:
        """The view once so many slices are planned."""
        return await self.until(intent_id, lambda view: len(view.plans) == count)

    async def ended(self, intent_id: UUID) -> IntentView:
        """The view once the intent has ended."""
        return await self.until(intent_id, lambda view: view.status.is_final)

    async def accept(self, intent: Intent) -> UUID:
        """Send an intent that must be accepted."""
        await self.manager.submit(intent)
        return intent.id

    async def record(self, *bodies: IntentEvent) -> list[Recorded]:
        """Publish facts."""
        at_ns = self.clock.now_ns()
        return await self.stream.publish(*(Envelope.about_intent(body, at_ns=at_ns) for body in bodies))

    async def fill(self, intent_id: UUID, slice_index: int) -> None:
        """The slice got exactly what its plan says."""
        plan = next(plan for plan in self.view(intent_id).plans if plan.slice_index == slice_index)
        await self._end(
            SliceEnded(
                intent_id=intent_id,
                plan_id=plan.plan_id,
                slice_index=slice_index,
                outcome=SliceOutcome.FILLED,
                filled_in_raw=plan.quoted_in_raw,
                filled_out_raw=plan.quoted_out_raw,
                fee_raw=10**12,
            )
        )

    async def fail(self, intent_id: UUID, slice_index: int) -> None:
        """The slice's transaction reverted."""
        plan = next(plan for plan in self.view(intent_id).plans if plan.slice_index == slice_index)
        message = "The transaction reverted."
        await self._end(
            unfilled(
                intent_id,
                slice_index,
                SliceOutcome.FAILED,
                code="price_moved",
                message=message,
                plan_id=plan.plan_id,
                fee_raw=10**11,
            )
        )

    async def _end(self, ended: SliceEnded) -> None:
        rows = self.state.events(ended.intent_id)
        await self.endings.end_slice(ended, rows[-1])


@asynccontextmanager
async def a_desk(
    folder: Path,
    *,
    market: MemoryMarket | None = None,
    clock: FakeClock | None = None,
    strategy: Strategy | None = None,
    planning: bool = True,
) -> AsyncIterator[Desk]:
    """Open or, in a folder that was used before, recover a desk; `planning` False leaves intents where they are."""
    market, clock, strategy = market or MemoryMarket(), clock or FakeClock(), strategy or a_strategy()
    journal = Journal.open(folder / "journal.db")
    state = StateCoordinator(journal)
    state.recover()
    stream, turns, gate = EmbeddedEventStream(journal, clock), WalletTurns(), AGate()
    for view in state.open_intents():
        turns.restore(view)
    for tap in (state.apply, turns.on_recorded):
        stream.tap(tap)
    window, endings = IntentWindow(state, clock), Endings(stream, state, clock, IntentLocks())
    validator = IntentValidator(
        tokens=TOKENS,
        strategies={strategy.id: strategy},
        venues=market.venues,
        quoting=market.quoting,
        slicer=Slicer(quoting=market.quoting, timing=TIMING, clock=clock),
        timing=TIMING,
        clock=clock,
    )
    processor = IntentProcessor(
        stream=stream,
        state=state,
        validator=validator,
        turns=turns,
        gate=gate.state,
        halts=HaltWatch(gate.state, clock),
        window=window,
        clock=clock,
    )
    planner = ExecutionPlanner(
        stream=stream,
        state=state,
        quoting=market.quoting,
        turns=turns,
        gate=gate.state,
        window=window,
        endings=endings,
        timing=TIMING,
        prices=no_prices(),
        clock=clock,
        executor="service",
    )
    if planning:
        for pattern, handler, name in (
            ("intent.submitted.>", processor.on_submitted, "processor"),
            ("intent.processed.>", planner.on_processed, "planner"),
        ):
            stream.subscribe(pattern, handler, name=name, after_seq=state.recovery_position())
    manager = IntentManager(
        stream=stream,
        state=state,
        validator=validator,
        prioritizer=RulePrioritizer(),
        clock=clock,
        max_open_intents=100,
    )
    try:
        yield Desk(clock, market, gate, state, stream, turns, validator, endings, manager)
    finally:
        await stream.close()
        journal.close()
