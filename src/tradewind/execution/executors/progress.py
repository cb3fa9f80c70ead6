"""What one execution of a plan has come to so far."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tradewind.execution.executors.execution import ExecutionRequest
from tradewind.execution.executors.ports import SignedAttempt
from tradewind.observability.clock import NS_PER_MS

OnTimeout = Callable[[int], Awaitable[None]]


@dataclass(slots=True)
class Progress:
    """Its attempts, and whether it was said that its time has passed without proof."""

    request: ExecutionRequest
    on_timeout: OnTimeout
    attempts: list[SignedAttempt]
    told_timeout: bool = False
    first_sent_ms: int | None = None

    async def tell_timeout(self, now_ns: int) -> None:
        """Say so once, when it is so."""
        request = self.request
        if not self.told_timeout and now_ns // NS_PER_MS >= request.taken_at_ms + request.timeout_ms:
            self.told_timeout = True
            await self.on_timeout(len(self.attempts))
