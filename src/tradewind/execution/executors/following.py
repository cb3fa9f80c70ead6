"""FollowingExecutor: takes what is signed to its end without a lane: it sends nothing, and signs nothing more."""

from tradewind.domain.execution_plan_event import ExecutionMethod
from tradewind.execution.executors.base import BaseExecutor
from tradewind.execution.executors.codes import NO_PRIVATE_LANE
from tradewind.execution.executors.execution import ExecutorConfig, ExecutorParts
from tradewind.execution.executors.ports import LaneHealth, Sent, SignedAttempt

_WHY = "No private lane is configured, and on a public one others would trade around the plan."


class _NoLane:
    """What there is where no lane may be used."""

    name = "none"

    async def send(self, attempt: SignedAttempt) -> Sent:
        """Sends nothing."""
        del attempt
        return Sent("refused", self.name, NO_PRIVATE_LANE, _WHY)

    async def health(self) -> LaneHealth:
        """Never."""
        return LaneHealth(healthy=False, success_ppm=0, detail=_WHY)


class FollowingExecutor(BaseExecutor):
    """For a plan that an earlier run handed to a private lane, where this one has none. Its bytes may be with a block
    engine still, so they are asked about until they are in a block or dead. An executor that has the lane may take the
    plan up in the meantime, with the same bytes."""

    method = ExecutionMethod.JITO_BUNDLE
    sends = False

    def __init__(self, config: ExecutorConfig, parts: ExecutorParts) -> None:
        super().__init__(config, parts, _NoLane())
