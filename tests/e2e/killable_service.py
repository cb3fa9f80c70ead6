"""Runs the service as `tradewind up` does, and kills itself with SIGKILL at a named boundary.

The service has no such switch: this process listens to its business events, which happen at every boundary.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tradewind.bootstrap import service as bootstrap
from tradewind.observability import events, log
from tradewind.settings import Settings

# Boundary: the business event that marks it, and the type of event recorded, if it is that.
BOUNDARIES = {
    "accepted": ("event_recorded", "IntentSubmitted"),
    "validated": ("event_recorded", "IntentProcessed"),
    "planned": ("event_recorded", "PlanCreated"),
    "signed": ("attempt_signed", None),
    "sent": ("attempt_sent", None),
    "submitted": ("event_recorded", "ExecutionStepSubmitted"),
    "confirmed": ("receipt_seen", None),
    "completed": ("event_recorded", "ExecutionCompleted"),
}
# Those of a step that an executor carries out.
EXECUTOR_BOUNDARIES = {
    "ordered": ("event_recorded", "ExecutionPlanEvent"),
    "taken": ("plan_taken", None),
    "signed_by_executor": ("plan_signed", None),
    "sent_by_executor": ("plan_sent", None),
    "answered": ("event_recorded", "ExecutionResultEvent"),
}
# Those that an intent passes only when the chain does something, or long after its end.
LATER_BOUNDARIES = {
    "reorganised": ("event_recorded", "ExecutionStepReorganised"),
    "settled": ("step_settled", None),
    "replaced": ("later_attempt_signed", None),
}


def kill_at(boundary: str) -> None:
    """Die at the first event that marks `boundary`."""
    wanted_name, wanted_type = {**BOUNDARIES, **EXECUTOR_BOUNDARIES, **LATER_BOUNDARIES}[boundary]

    def listener(name: str, fields: dict[str, object]) -> None:
        if name == wanted_name and wanted_type in (None, fields.get("type")):
            os.kill(os.getpid(), signal.SIGKILL)

    events.listen(listener)


async def main(config: str, boundary: str) -> None:
    log.configure()
    if boundary:
        kill_at(boundary)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await bootstrap.serve(Settings.load(Path(config)), stop=stop)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
