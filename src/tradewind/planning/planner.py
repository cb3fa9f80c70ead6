"""Makes the plan of each slice when its time has come: the best route at a pinned block, and what it rests on."""

from collections.abc import Hashable, Mapping
from typing import Protocol
from uuid import UUID

from tradewind.accounting.reference_price import ReferencePrices
from tradewind.domain.chain import ChainTiming
from tradewind.domain.events import Envelope, IntentProcessed, PlanCreated, SliceEnded
from tradewind.domain.plan import ExecutionPlan
from tradewind.domain.slice import Slice, SliceOutcome
from tradewind.errors import Disposition, TradewindError
from tradewind.observability import events as observe
from tradewind.observability.clock import NS_PER_MS, NS_PER_S, Backoff, Clock
from tradewind.planning.drafting import draft_plan
from tradewind.planning.endings import Endings, has_ended, unfilled, why_cancelled
from tradewind.planning.funds import check_funds
from tradewind.planning.gate_state import Gate, check_not_halted
from tradewind.planning.quoting import BeyondLimit, Quoting
from tradewind.planning.window import CancelRequested, IntentWindow, WindowClosed
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded


class Turns(Protocol):
    """Whose turn it is to use a wallet; a turn belongs to one slice, and ends with it."""

    async def take(self, wallet: Hashable, holder: tuple[UUID, int], *, priority: int, seq: int) -> None:
        """Return when it is this holder's turn."""
        ...

    def give_back(self, holder: tuple[UUID, int]) -> None:
        """Let others go first."""
        ...


class ExecutionPlanner:
    """Hears IntentProcessed; publishes PlanCreated for each slice in its time, or how the slice ended instead."""

    def __init__(
        self,
        *,
        stream: EventStream,
        state: StateCoordinator,
        quoting: Quoting,
        turns: Turns,
        gate: Gate,
        window: IntentWindow,
        endings: Endings,
        timing: Mapping[int, ChainTiming],
        prices: ReferencePrices,
        clock: Clock,
        executor: str,
    ) -> None:
        self._stream = stream
        self._state = state
        self._quoting = quoting
        self._turns = turns
        self._gate = gate
        self._window = window
        self._endings = endings
        self._timing = timing
        self._prices = prices
        self._clock = clock
        self._executor = executor

    async def on_processed(self, recorded: Recorded) -> None:
        """Go through the slices in order; those that are planned or have ended are left alone.

        A slice that is in flight keeps the wallet's turn, so the next one is planned when that has ended.
        """
        body = recorded.envelope.body
        if not isinstance(body, IntentProcessed):
            return
        for part in body.slices:
            view = self._state.intent(body.intent_id)
            if view is None or view.status.is_final:
                return
            planned = any(plan.slice_index == part.index for plan in view.plans)
            if not planned and not has_ended(view, part.index):
                await self._plan_in_time(view, part, recorded)

    async def _plan_in_time(self, view: IntentView, part: Slice, cause: Recorded) -> None:
        held_up: list[TradewindError] = []
        work = self._until_planned(view, part, held_up)
        try:
            plan = await self._window.run(view, work, until_ns=self._closing_ns(view))
        except CancelRequested:
            ended = self._cancelled(view, part)
        except WindowClosed:
            ended = _expired(view, part, held_up)
        except TradewindError as error:
            ended = unfilled(view.intent.id, part.index, SliceOutcome.FAILED, code=error.code, message=str(error))
        else:
            created, at_ns = PlanCreated(intent_id=view.intent.id, plan=plan), self._clock.now_ns()
            await self._stream.publish(Envelope.about_intent(created, at_ns=at_ns, because_of=cause.envelope.id))
            return
        await self._endings.end_slice(ended, cause)

    async def _until_planned(self, view: IntentView, part: Slice, held_up: list[TradewindError]) -> ExecutionPlan:
        """Wait for the slice's time and the wallet's turn, and plan; again, and after others, while it has to wait.

        The last reason to wait is left in `held_up`. Raises TradewindError for what speaks against the slice for good.
        """
        holder, backoff = (view.intent.id, part.index), Backoff(self._clock)
        wallet = (view.intent.chain_id, view.wallet)
        await self._clock.sleep(max(0, part.not_before_ns - self._clock.now_ns()) / NS_PER_S)
        while True:
            await self._turns.take(wallet, holder, priority=view.priority.value, seq=view.first_seq)
            try:
                check_not_halted(await self._gate(), view)
                return await self.plan(view, part)
            except TradewindError as error:
                if error.disposition is Disposition.REJECT:
                    raise
                held_up[:] = [error]
                observe.waiting(intent_id=view.intent.id, what="planning", code=error.code, message=str(error))
            self._turns.give_back(holder)
            await backoff.pause()

    async def plan(self, view: IntentView, part: Slice) -> ExecutionPlan:
        """The plan of one slice at the newest block. Raises BeyondLimit while the price is worse than it may be."""
        intent, deadline_s = view.intent, self._deadline_s(view)
        best = await self._quoting.newest(
            intent, part.amount_raw, wallet=view.wallet, deadline_s=deadline_s, limit_raw=part.limit_raw
        )
        check_funds(intent, best)
        latest = self._state.intent(intent.id) or view
        return draft_plan(
            intent,
            part,
            best,
            wallet=view.wallet,
            deadline_s=deadline_s,
            executor=self._executor,
            first_step=sum(len(plan.steps) for plan in latest.plans),
            reference_prices=self._prices.prices(intent.chain_id, (part.token_in, part.token_out, None)),
        )

    def _deadline_s(self, view: IntentView) -> int:
        """The end of the window, or as late as the signer signs for, whichever is sooner."""
        longest_s = self._timing[view.intent.chain_id].max_validity_s
        return min(view.valid_until_ns, self._clock.now_ns() + longest_s * NS_PER_S) // NS_PER_S

    def _closing_ns(self, view: IntentView) -> int:
        """After this a transaction would not land in time."""
        return view.valid_until_ns - self._timing[view.intent.chain_id].min_landing_ms * NS_PER_MS

    def _cancelled(self, view: IntentView, part: Slice) -> SliceEnded:
        message = why_cancelled(self._state.intent(view.intent.id) or view)
        return unfilled(view.intent.id, part.index, SliceOutcome.CANCELLED, code="cancelled", message=message)


def _expired(view: IntentView, part: Slice, held_up: list[TradewindError]) -> SliceEnded:
    """The clock is the reason, unless the price was: that is what its sender can do something about."""
    waited_for = f" It waited: {held_up[-1].message}" if held_up else ""
    code = held_up[-1].code if held_up and isinstance(held_up[-1], BeyondLimit) else "deadline_passed"
    message = f"The time window closed before a plan could be made. Nothing was spent.{waited_for}"
    return unfilled(view.intent.id, part.index, SliceOutcome.EXPIRED, code=code, message=message)
