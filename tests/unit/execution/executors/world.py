"""A whole executor over the world in memory."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from tests import builders
from tests.fake_clock import FakeClock
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.execution.executors.base import BaseExecutor
from tradewind.execution.executors.execution import ExecutionReport, ExecutionRequest, ExecutorConfig, ExecutorParts
from tradewind.execution.executors.jito import JitoExecutor
from tradewind.execution.executors.memory import (
    MemoryBlockhashes,
    MemoryBuilder,
    MemoryChain,
    MemoryConfirmations,
    MemoryGate,
    MemoryLane,
)
from tradewind.execution.executors.rpc import RPCExecutor
from tradewind.execution.executors.tpu import TPUExecutor

BLOCK_S = 0.4


@dataclass
class World:
    """The chain's height moves with the clock when `run` moves it: a block every 400 ms."""

    receipts: bool = True
    clock: FakeClock = field(default_factory=FakeClock)
    chain: MemoryChain = field(default_factory=MemoryChain)
    timeouts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = MemoryGate(self.chain, receipts=self.receipts)
        self.builder = MemoryBuilder()
        self.confirmations = MemoryConfirmations(self.chain, self.clock)
        self.rpc, self.tpu, self.jito = (MemoryLane(self.chain, name) for name in ("rpc", "tpu", "jito"))
        self.parts = ExecutorParts(
            builder=self.builder,
            gate=self.gate,
            blockhashes=MemoryBlockhashes(self.chain),
            confirmations=self.confirmations,
            clock=self.clock,
        )
        self.config = ExecutorConfig(name="test")

    def rpc_executor(self) -> RPCExecutor:
        return RPCExecutor(self.config, self.parts, self.rpc)

    def tpu_executor(self) -> TPUExecutor:
        return TPUExecutor(self.config, self.parts, self.tpu)

    def jito_executor(self) -> JitoExecutor:
        return JitoExecutor(self.config, self.parts, self.jito)

    def request(self, plan: ExecutionPlanEvent, **changes: Any) -> ExecutionRequest:
        fields: dict[str, Any] = {
            "plan": plan,
            "wallet": builders.SOLANA_WALLET,
            "timeout_ms": plan.max_latency,
            "taken_at_ms": self.clock.now_ns() // 1_000_000,
        }
        return ExecutionRequest(**{**fields, **changes})

    def plan(self, **changes: Any) -> ExecutionPlanEvent:
        return builders.execution_plan(**{"deadline": self.clock.now_ns() // 1_000_000 + 120_000, **changes})

    async def on_timeout(self, attempts: int) -> None:
        self.timeouts.append(attempts)

    async def run(self, executor: BaseExecutor, request: ExecutionRequest) -> ExecutionReport:
        """Execute, a block at a time, until there is a report."""
        return await self.finish(asyncio.create_task(executor.execute(request, self.on_timeout)))

    async def finish(self, task: "asyncio.Task[ExecutionReport]", *, most_blocks: int = 2_000) -> ExecutionReport:
        for _ in range(most_blocks):
            for _ in range(20):
                await asyncio.sleep(0)
            if task.done():
                return task.result()
            self.chain.height += 1
            await self.clock.advance(BLOCK_S)
        raise AssertionError("the execution does not end")
