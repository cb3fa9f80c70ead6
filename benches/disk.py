"""What the disk can do: the time of one fdatasync, which no durable commit can beat."""

import os
import tempfile
from pathlib import Path
from time import perf_counter_ns

from benches.paired import percentile

WRITES = 200
PAGE_BYTES = 4096


def fdatasync_us(folder: Path, percent: float = 50) -> float:
    """Microseconds of appending one page to a file in `folder` and waiting until it is on disk."""
    return percentile(fdatasync_times_us(folder), percent)


def fdatasync_times_us(folder: Path) -> list[float]:
    """The same for each of `WRITES` pages."""
    page = os.urandom(PAGE_BYTES)
    times = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(WRITES):
            start = perf_counter_ns()
            file.write(page)
            os.fdatasync(file.fileno())
            times.append((perf_counter_ns() - start) / 1e3)
    return times
