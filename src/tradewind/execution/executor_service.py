"""ExecutorService: takes planned transactions, has them executed, and tells how each one ended.

It lives on the journal of its process: a plan is on disk before anybody is told that it was taken, and so is its end.
A start, a redelivery and a recovery are the same: ask the gate, do the next thing.
"""

import asyncio
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID, uuid4

from tradewind.domain.events import (
    Envelope,
    ExecutorStopped,
    HaltRequested,
    KillSwitchEngaged,
    PlanLeftToAnother,
    ShutdownRequested,
)
from tradewind.domain.execution_plan_event import ExecutionMethod, ExecutionPlanEvent, MevRisk
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.errors import Refused, TradewindError
from tradewind.execution.bus_halt import BusHalt
from tradewind.execution.executor_results import Taken, ended, not_proven_yet
from tradewind.execution.executors.codes import ANOTHER_WALLET
from tradewind.execution.executors.dispositions import Action, action_for_error
from tradewind.execution.executors.endings import internal, never_signed
from tradewind.execution.executors.execution import ExecutionReport, ExecutionRequest
from tradewind.execution.executors.flash_loan import FlashLoanExecutor
from tradewind.execution.executors.following import FollowingExecutor
from tradewind.execution.executors.outcomes import Dropped, Landed, Reverted
from tradewind.execution.executors.ports import Gate, RecordedStep, Reservation, Wallets
from tradewind.execution.executors.selector import Choice, ExecutorSelector
from tradewind.execution.open_plans import OpenPlans, halts_not_applied
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.observability.executor_metrics import ExecutorMetrics
from tradewind.streaming.event_stream import EventStream, Subscription
from tradewind.streaming.journal import Journal
from tradewind.streaming.recorded import Recorded

PLANS = "execution.planned.*"
SYSTEM = "system.*.*"


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """`stop_within_ms` bounds how long a stop waits for what is in flight; the rest is the next start's.

    `stop_on_halt`: a halt of everything also ends the service, as it does where it runs as a process of its own.
    """

    max_open_plans: int = 16
    stop_within_ms: int = 30_000
    stop_on_halt: bool = True


class ExecutorService:
    """`start` it once; it stops by `stop`, by `system.shutdown`, or by a halt of everything. `stopped` says when."""

    def __init__(
        self,
        *,
        name: str,
        stream: EventStream,
        journal: Journal,
        selector: ExecutorSelector,
        gate: Gate,
        wallets: Wallets,
        metrics: ExecutorMetrics,
        clock: Clock,
        run_id: UUID,
        limits: ServiceLimits | None = None,
    ) -> None:
        self.name = name
        self.stopped = asyncio.Event()
        self.limits = limits or ServiceLimits()
        self.open = OpenPlans(journal, most=self.limits.max_open_plans)
        self._stream = stream
        self._journal = journal
        self._selector = selector
        self._gate = gate
        self._wallets = wallets
        self._metrics = metrics
        self._clock = clock
        self._run_id = run_id
        self._halts = BusHalt(gate, stream, clock, run_id)
        self._in_hand: set[UUID] = set()
        self._subscriptions: list[Subscription] = []
        self._stopping: asyncio.Task[None] | None = None
        self._started_ns = 0
        self.stopped_because = ""

    async def start(self) -> None:
        """Carry out halts that were left, take up what is open, then listen. Raises what the gate raises."""
        self._started_ns = self._clock.now_ns()
        head, _ = self._journal.head()
        self._stream.tap(self.open.on_recorded)
        for asked in halts_not_applied(self._journal) if self.limits.stop_on_halt else ():
            await self._halts.carry_out(asked)
        first_open = min((row.seq for row in self.open), default=head + 1)
        self._subscriptions += [
            self._stream.subscribe(SYSTEM, self.on_system, name="executor-system", after_seq=head),
            self._stream.subscribe(
                PLANS,
                self.on_plan,
                name="executor-plans",
                after_seq=first_open - 1,
                concurrency=self.limits.max_open_plans,
            ),
        ]
        observe.executor_started(executor=self.name, open_plans=len(self.open))

    async def stop(self, reason: str) -> None:
        """Take nothing new, wait for what is in flight within the bound, then say that it stopped. Idempotent."""
        self.ask_to_stop(reason)
        await self.stopped.wait()

    def ask_to_stop(self, reason: str) -> None:
        """The same without waiting."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(reason), name="executor-stop")

    @property
    def is_stopping(self) -> bool:
        """Whether nothing new is taken any more."""
        return self._stopping is not None

    async def room(self) -> int:
        """How many more plans may come; waits as long as that is none, and for ever once it stops."""
        free = await self.open.room()
        if self.is_stopping:
            await _never()
        return free

    async def on_system(self, recorded: Recorded) -> None:
        """Obey a halt, and a shutdown that was asked for since this start."""
        body = recorded.envelope.body
        if isinstance(body, ShutdownRequested) and recorded.envelope.occurred_at >= self._started_ns:
            self.ask_to_stop("shutdown")
        elif self._is_a_halt(recorded):
            everything = await self._halts.carry_out(recorded)
            if everything and self.limits.stop_on_halt:
                self.ask_to_stop("killswitch")

    def _is_a_halt(self, recorded: Recorded) -> bool:
        """Beside the signer's own service, an engaged switch is one that this gate has engaged already."""
        body, cause = recorded.envelope.body, recorded.envelope.causation_id
        if isinstance(body, HaltRequested):
            return True
        return isinstance(body, KillSwitchEngaged) and cause is None and self.limits.stop_on_halt

    async def on_plan(self, recorded: Recorded) -> None:
        """Take the plan to its end, unless it has ended, or is for another."""
        plan = recorded.envelope.body
        if not isinstance(plan, ExecutionPlanEvent) or plan.plan_id not in self.open:
            return
        if self.is_stopping:
            await _never()
        self._in_hand.add(plan.plan_id)
        self._metrics.open_plans(len(self.open))
        try:
            await self._to_its_end(plan, recorded)
        finally:
            self._in_hand.discard(plan.plan_id)
            self._metrics.open_plans(len(self.open))

    async def _to_its_end(self, plan: ExecutionPlanEvent, recorded: Recorded) -> None:
        taken_at_ms = self._now_ms()
        step = await self._on_record(plan)
        observe.plan_taken(plan_id=plan.plan_id, executor=self.name, recovered=bool(step.attempts))
        if step.attempts and not self._wallets.owns(step.attempts[-1].wallet):
            await self._leave(plan, step.attempts[-1].wallet, recorded)
            return
        try:
            reservation, choice = await self._prepared(plan, step)
        except TradewindError as refused:
            await self._refuse(plan, refused, recorded, taken_at_ms)
            return
        except Exception as defect:
            # Once something is signed it is raised: the plan is taken up again.
            if step.attempts:
                raise
            error = internal(defect)
            observe.execution_alarm(plan_id=plan.plan_id, code=error.code, message=str(error))
            await self._refuse(plan, error, recorded, taken_at_ms)
            return
        observe.plan_routed(plan_id=plan.plan_id, executor=choice.executor.name, because=choice.because)
        request = ExecutionRequest(plan, reservation.wallet, plan.max_latency, taken_at_ms, step)
        await self._execute(request, reservation, choice, recorded)

    async def _execute(
        self, request: ExecutionRequest, reservation: Reservation, choice: Choice, recorded: Recorded
    ) -> None:
        plan = request.plan
        taken = Taken(plan, self.name, choice.executor.method, reservation.wallet, request.taken_at_ms)

        async def on_timeout(attempts: int) -> None:
            await self._publish(not_proven_yet(taken, attempts=attempts, now_ms=self._now_ms()), recorded)

        try:
            report = await choice.executor.execute(request, on_timeout)
        except BaseException:
            await self._wallets.release(reservation, failed=False)
            raise
        if report.code == ANOTHER_WALLET:
            await self._wallets.release(reservation, failed=False)
            await self._leave(plan, "another", recorded)
            return
        await self._give_back(reservation, report)
        await self._publish(ended(taken, report, now_ms=self._now_ms()), recorded)

    async def _prepared(self, plan: ExecutionPlanEvent, step: RecordedStep) -> tuple[Reservation, Choice]:
        """A wallet and a lane, waited for until the deadline; what is signed already waits for neither."""
        if plan.liquidation is not None:
            # Its routes alone would sell what nobody has yet.
            message = "A liquidation is built by the engine that planned it."
            raise Refused("liquidation_unsupported", message, remedy="Let the engine execute it, or only tell of it.")
        pauses = Backoff(self._clock, first_s=0.05, most_s=1.0)
        reservation: Reservation | None = None
        try:
            while True:
                try:
                    reservation = reservation or await self._reserved(plan, step)
                    return reservation, await self._chosen(plan, step)
                except TradewindError as error:
                    overdue = self._now_ms() >= plan.deadline and not step.attempts
                    if overdue or action_for_error(error) is not Action.RETRY_SAME_BYTES:
                        raise
                    observe.execution_waits(plan_id=plan.plan_id, code=error.code, message=str(error))
                await pauses.pause()
        except BaseException:
            if reservation is not None:
                await self._wallets.release(reservation, failed=False)
            raise

    async def _chosen(self, plan: ExecutionPlanEvent, step: RecordedStep) -> Choice:
        """By the selector; what is signed is followed to its end even where no lane is healthy."""
        try:
            return await self._selector.choose(plan)
        except TradewindError as error:
            if error.code != "no_healthy_lane" or not step.attempts:
                raise
        executors = self._selector.executors
        if plan.risk is MevRisk.HIGH:
            # The private lane although it is not healthy, or none: on a public one others would trade around it.
            private = next((one for one in executors if one.method is ExecutionMethod.JITO_BUNDLE), None)
            if private is None:
                return Choice(FollowingExecutor(executors[0].config, executors[0].parts), "no private lane is there")
            executor = private
        else:
            executor = min(executors, key=lambda one: one.method is ExecutionMethod.JITO_BUNDLE)
        if plan.flash_loan is not None:
            executor = FlashLoanExecutor(executor)
        return Choice(executor, "it is signed, and no lane is healthy")

    async def _reserved(self, plan: ExecutionPlanEvent, step: RecordedStep) -> Reservation:
        if not step.attempts:
            return await self._wallets.reserve(plan)
        wallet = step.attempts[-1].wallet
        try:
            return await self._wallets.reserve(plan.model_copy(update={"wallet": wallet}))
        except TradewindError:
            # Its bytes may be spending already: whatever the wallet has left, they are followed to their end.
            return Reservation(wallet)

    async def _on_record(self, plan: ExecutionPlanEvent) -> RecordedStep:
        pauses = Backoff(self._clock)
        while True:
            try:
                return await self._gate.step(plan.step_owner, plan.step)
            except TradewindError as error:
                observe.execution_waits(plan_id=plan.plan_id, code=error.code, message=str(error))
            await pauses.pause()

    async def _refuse(
        self, plan: ExecutionPlanEvent, refused: TradewindError, recorded: Recorded, taken_at_ms: int
    ) -> None:
        """No wallet or no lane can be had in time: the gate sees to it that nothing will be signed."""
        pauses = Backoff(self._clock)
        while True:
            try:
                if await never_signed(self._gate, plan):
                    break
                # It was signed meanwhile, by another executor or by a request of ours that seemed lost.
                return await self._to_its_end(plan, recorded)
            except TradewindError as error:
                observe.execution_waits(plan_id=plan.plan_id, code=error.code, message=str(error))
            await pauses.pause()
        taken = Taken(plan, self.name, plan.execution_method, None, taken_at_ms)
        nothing = Dropped(None, refused.code, str(refused))
        report = ExecutionReport(nothing, 0, refused.code, str(refused))
        await self._publish(ended(taken, report, now_ms=self._now_ms()), recorded)
        return None

    async def _give_back(self, reservation: Reservation, report: ExecutionReport) -> None:
        outcome = report.outcome
        if reservation.token is None:
            return
        if isinstance(outcome, (Landed, Reverted)):
            await self._wallets.settle(reservation, slot=outcome.slot, succeeded=isinstance(outcome, Landed))
        else:
            await self._wallets.release(reservation, failed=True)

    async def _publish(self, result: ExecutionResultEvent, cause: Recorded) -> None:
        at_ns = self._clock.now_ns()
        await self._stream.publish(Envelope.about_plan(result, at_ns=at_ns, because_of=cause.envelope.id))
        status, code = result.outcome.value, result.error_code
        self._metrics.ended(
            status=status,
            method=result.execution_method.value,
            latency_ms=result.latency,
            attempts=result.attempts,
            code=code,
            plan_id=str(result.plan_id),
        )
        if result.actual_profit_usd is not None:
            self._metrics.profited(result.actual_profit_usd, method=result.execution_method.value)
        observe.plan_ended(plan_id=result.plan_id, status=status, code=code, latency_ms=result.latency)

    async def _leave(self, plan: ExecutionPlanEvent, wallet: str, cause: Recorded) -> None:
        observe.plan_left(plan_id=plan.plan_id, wallet=wallet)
        await self._stream.publish(self._said(PlanLeftToAnother(plan_id=plan.plan_id, wallet=wallet), cause))

    async def _stop(self, reason: str) -> None:
        in_flight = asyncio.create_task(self.open.until_none_of(set(self._in_hand)))
        bound = asyncio.create_task(self._clock.sleep(self.limits.stop_within_ms / 1_000))
        await asyncio.wait({in_flight, bound}, return_when=asyncio.FIRST_COMPLETED)
        for task in (in_flight, bound):
            task.cancel()
        await asyncio.gather(in_flight, bound, return_exceptions=True)
        await asyncio.gather(*(subscription.close() for subscription in self._subscriptions))
        left = len(self.open)
        try:
            await self._stream.publish(self._said(ExecutorStopped(executor=self.name, reason=reason, open_plans=left)))
        except TradewindError as error:
            observe.record_lost(what="ExecutorStopped", code=error.code, message=str(error))
        observe.executor_stopped(executor=self.name, reason=reason, open_plans=left)
        self.stopped_because = reason
        self.stopped.set()

    def _said(self, body: PlanLeftToAnother | ExecutorStopped, cause: Recorded | None = None) -> Envelope:
        return Envelope.about_system(
            body,
            event_id=uuid4(),
            run_id=self._run_id,
            at_ns=self._clock.now_ns(),
            because_of=cause.envelope.id if cause else None,
        )

    def _now_ms(self) -> int:
        return self._clock.now_ns() // 1_000_000


async def _never() -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError
