"""RaceExecutor: hands the same bytes to several lanes at once. One signature, so at most one effect."""

import asyncio
from collections.abc import Sequence

from tradewind.domain.execution_plan_event import ExecutionMethod, ExecutionPlanEvent
from tradewind.execution.executors.base import BaseExecutor
from tradewind.execution.executors.ports import LaneHealth, Sent, SignedAttempt, Tip

# The best answer speaks for the race; a refusal speaks only when every lane refuses.
_BEST_FIRST = ("accepted", "already_known", "unknown", "rate_limited", "unreachable", "refused")


class RaceLane:
    """A lane that is several: the first to take the bytes answers for all, and the others go on."""

    def __init__(self, runners: Sequence[BaseExecutor]) -> None:
        self._lanes = tuple(runner.lane for runner in runners)
        self._running: set[asyncio.Task[Sent]] = set()

    @property
    def name(self) -> str:
        """Of all of them."""
        return "+".join(lane.name for lane in self._lanes)

    async def send(self, attempt: SignedAttempt) -> Sent:
        """Return with the first acceptance, or with the best answer when there is none."""
        tasks = {asyncio.create_task(lane.send(attempt)) for lane in self._lanes}
        self._running |= tasks
        for task in tasks:
            task.add_done_callback(self._running.discard)
        answers: list[Sent] = []
        waiting = tasks
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            answers += [task.result() for task in done]
            if any(answer.kind == "accepted" for answer in answers):
                break
        return min(answers, key=lambda answer: _BEST_FIRST.index(answer.kind))

    async def health(self) -> LaneHealth:
        """Healthy as long as one of them is."""
        found = [await lane.health() for lane in self._lanes]
        detail = "; ".join(
            f"{lane.name}: {one.detail or one.healthy}" for lane, one in zip(self._lanes, found, strict=True)
        )
        best = max(found, key=lambda one: (one.healthy, one.success_ppm))
        return LaneHealth(best.healthy, best.success_ppm, best.latency_ms, detail)


class RaceExecutor(BaseExecutor):
    """Runs what the first of `runners` would build; a tip is paid whoever wins, if one of them asks for one."""

    def __init__(self, runners: Sequence[BaseExecutor]) -> None:
        first = runners[0]
        super().__init__(first.config, first.parts, RaceLane(runners))
        self._runners = tuple(runners)

    @property
    def method(self) -> ExecutionMethod:  # type: ignore[override]
        """That of the first."""
        return self._runners[0].method

    async def tip(self, plan: ExecutionPlanEvent, *, attempt: int) -> Tip | None:
        """The first tip that a runner asks for."""
        for runner in self._runners:
            if (tip := await runner.tip(plan, attempt=attempt)) is not None:
                return tip
        return None
