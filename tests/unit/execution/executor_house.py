"""An ExecutorService over a real journal and the world in memory."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from uuid import UUID, uuid4

from tests import builders
from tests.unit.execution.executors.world import BLOCK_S, World
from tradewind.domain.events import Envelope
from tradewind.domain.execution_plan_event import ExecutionMethod, ExecutionPlanEvent
from tradewind.domain.execution_result_event import ExecutionResultEvent, result_event_id
from tradewind.execution.executor_service import ExecutorService, ServiceLimits
from tradewind.execution.executors.memory import MemoryWallets
from tradewind.execution.executors.selector import ExecutorSelector
from tradewind.observability.executor_metrics import ExecutorMetrics
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal

RUN_ID = UUID("11111111-2222-4333-8444-555555555555")


class House:
    """Open it, and close it; opening it again on the same folder is a restart."""

    def __init__(
        self,
        world: World,
        folder: Path,
        *,
        wallets: Sequence[str] = (builders.SOLANA_WALLET,),
        name: str = "executor-1",
        limits: ServiceLimits | None = None,
        without: Collection[ExecutionMethod] = (),
    ) -> None:
        self.world = world
        self.name = name
        self.journal = Journal.open(folder / "journal.db")
        self.stream = EmbeddedEventStream(self.journal, world.clock)
        self.wallets = MemoryWallets(wallets)
        self.metrics = ExecutorMetrics(name)
        executors = {
            ExecutionMethod.JITO_BUNDLE: world.jito_executor(),
            ExecutionMethod.TPU_DIRECT: world.tpu_executor(),
            ExecutionMethod.RPC: world.rpc_executor(),
        }
        self.service = ExecutorService(
            name=name,
            stream=self.stream,
            journal=self.journal,
            selector=ExecutorSelector({method: one for method, one in executors.items() if method not in without}),
            gate=world.gate,
            wallets=self.wallets,
            metrics=self.metrics,
            clock=world.clock,
            run_id=RUN_ID,
            limits=limits,
        )

    async def publish(self, *plans: ExecutionPlanEvent) -> None:
        await self.stream.publish(*(Envelope.about_plan(plan, at_ns=self.world.clock.now_ns()) for plan in plans))

    async def say(self, body: object, *, occurred_ns: int | None = None) -> None:
        at_ns = self.world.clock.now_ns() if occurred_ns is None else occurred_ns
        event = Envelope.about_system(body, event_id=uuid4(), run_id=RUN_ID, at_ns=at_ns)  # type: ignore[arg-type]
        await self.stream.publish(event)

    def result(self, plan: ExecutionPlanEvent, *, final: bool = True) -> ExecutionResultEvent | None:
        row = self.journal.find(result_event_id(plan.plan_id, final=final))
        body = row.envelope.body if row else None
        return body if isinstance(body, ExecutionResultEvent) else None

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let blocks come until it is so. The journal's thread is waited for in real time."""
        async with asyncio.timeout(60):
            while True:
                for _ in range(10):
                    await asyncio.sleep(0)
                if condition():
                    return
                await asyncio.sleep(0.0005)
                self.world.chain.height += 1
                await self.world.clock.advance(BLOCK_S)

    async def until_ended(self, *plans: ExecutionPlanEvent) -> list[ExecutionResultEvent]:
        await self.until(lambda: all(self.result(plan) for plan in plans))
        return [found for plan in plans if (found := self.result(plan))]

    async def close(self) -> None:
        """As a crash would: nothing is said."""
        await self.stream.close()
        self.journal.close()


async def leave_signed(world: World, folder: Path, plan: ExecutionPlanEvent) -> None:
    """A service signs the plan, hands it to a lane that loses it, and stops: that is what the next one finds."""
    house = House(world, folder)
    await house.service.start()
    world.jito.loses_everything = True
    await house.publish(plan)
    await house.until(lambda: bool(world.jito.sent))
    await house.close()
