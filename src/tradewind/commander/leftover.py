"""Processes that an earlier commander may have left: found by id and start, so that no stranger is ever ended."""

import os
import signal
from pathlib import Path

from tradewind.observability.clock import Clock

_LOOK_EVERY_S = 0.05


def started_at(pid: int) -> int | None:
    """When it was started, in clock ticks since the machine was: field 22 of proc(5). None when there is none."""
    try:
        content = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name of the program, in parentheses, may hold anything.
    state, *rest = content.rpartition(")")[2].split()
    return None if state in {"Z", "X"} else int(rest[18])


async def end_leftover(pid: int, pid_started: int, *, within_s: float, clock: Clock) -> bool:
    """End the process and its group if it is still the one that was started. False when there is none.

    It is asked to stop, and killed after `within_s`.
    """
    if started_at(pid) != pid_started:
        return False
    _signal(pid, signal.SIGTERM)
    for _ in range(max(1, round(within_s / _LOOK_EVERY_S))):
        if started_at(pid) != pid_started:
            return True
        await clock.sleep(_LOOK_EVERY_S)
    if started_at(pid) == pid_started:
        _signal(pid, signal.SIGKILL)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        pass
