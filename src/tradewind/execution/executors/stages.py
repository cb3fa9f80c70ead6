"""The stages of an execution, and who is told before and after each: hooks, spans and durations."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

from opentelemetry import trace

from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.errors import TradewindError
from tradewind.observability import events as observe

_TRACER = trace.get_tracer("tradewind.executor")


class Stage(StrEnum):
    """In their order."""

    BUILD = "build"
    SIGN = "sign"
    SUBMIT = "submit"
    CONFIRM = "confirm"


Hook = Callable[[ExecutionPlanEvent], Awaitable[None]]


class Stages:
    """Hooks watch: one that raises is reported, and changes nothing of the trade."""

    def __init__(self, executor: str) -> None:
        self._executor = executor
        self._before: dict[Stage, list[Hook]] = {stage: [] for stage in Stage}
        self._after: dict[Stage, list[Hook]] = {stage: [] for stage in Stage}

    def before(self, stage: Stage, hook: Hook) -> None:
        """Have `hook` awaited each time before `stage`."""
        self._before[stage].append(hook)

    def after(self, stage: Stage, hook: Hook) -> None:
        """Have `hook` awaited each time after `stage`, also when it failed."""
        self._after[stage].append(hook)

    @asynccontextmanager
    async def stage(self, stage: Stage, plan: ExecutionPlanEvent, **attributes: str | int) -> AsyncIterator[None]:
        """One passage through a stage, inside a span of its name."""
        await self._tell(self._before[stage], stage, plan)
        try:
            with _TRACER.start_as_current_span(
                f"executor.{stage.value}",
                attributes={"plan_id": str(plan.plan_id), "executor": self._executor, **attributes},
                record_exception=False,
            ) as span:
                try:
                    yield
                except TradewindError as error:
                    span.set_attribute("error_code", error.code)
                    raise
        finally:
            await self._tell(self._after[stage], stage, plan)

    async def _tell(self, hooks: list[Hook], stage: Stage, plan: ExecutionPlanEvent) -> None:
        for hook in hooks:
            try:
                await hook(plan)
            except Exception as failure:  # noqa: BLE001 - whoever watches must not decide a trade
                observe.hook_failed(plan_id=plan.plan_id, stage=stage.value, failure=failure)
