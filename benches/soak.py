"""Soak: memory, files and threads of a service that takes 200,000 intents, each of which ends.

Signing is halted and every window is as short as the service takes, so an intent is accepted, waits, expires and is
forgotten. What an intent leaves behind must be its rows in the journal and nothing else.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benches.deployment import BenchDeployment, deployed
from benches.intake import LOAD, ROOMY
from benches.line_process import LineProcess
from benches.row import Row
from tests.e2e.deployment import ROOT
from tests.e2e.intents import acquire

INTENTS = 200_000
A_ROUND = 5_000
CONNECTIONS = 32
WINDOW_MS = 2_000
# The interpreter's own tables and SQLite's cache have their size by then.
WARM_UP = 40_000
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """The service after so many intents, all of which have ended."""

    intents: int
    resident_bytes: int
    journal_bytes: int
    wal_bytes: int
    files: int
    threads: int


def run() -> Iterator[Row]:
    """One row."""
    samples, rate = asyncio.run(_measure())
    yield _row(samples, rate)


async def _measure() -> tuple[list[Sample], float]:
    samples: list[Sample] = []
    seconds = 0.0
    async with deployed(replacements=ROOMY) as deployment:
        status, answer = await deployment.request("POST", "/halt", {"reason": "only intake is measured"})
        if status != 200:
            raise RuntimeError(f"the kill switch was not engaged: {answer}")
        with LineProcess(LOAD, cwd=ROOT) as load:
            for count in range(A_ROUND, INTENTS + 1, A_ROUND):
                seconds += await _round(load, deployment)
                await _until_all_ended(deployment)
                samples.append(_sample(deployment, count))
                print(f"\r  {count:,} intents", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return samples, INTENTS / seconds


async def _round(load: LineProcess, deployment: BenchDeployment) -> float:
    token = (deployment.folder / "data" / "api.token").read_text().strip()
    answer = await asyncio.to_thread(
        load.ask,
        port=urlsplit(deployment.url).port,
        token=token,
        intent=acquire("0.01", window_ms=WINDOW_MS),
        count=A_ROUND,
        connections=CONNECTIONS,
    )
    if len(answer["accepted"]) != A_ROUND:
        raise RuntimeError(f"intents were refused: {answer['refused']}")
    return float(answer["seconds"])


async def _until_all_ended(deployment: BenchDeployment) -> None:
    async with asyncio.timeout(60):
        while True:
            _, page = await deployment.request("GET", "/intents?status=PENDING&limit=1")
            if not page["intents"]:
                return
            await asyncio.sleep(0.2)


def _sample(deployment: BenchDeployment, intents: int) -> Sample:
    assert deployment.service is not None
    process = Path("/proc") / str(deployment.service.pid)
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    journal = deployment.folder / "data" / "journal.db"
    wal = journal.with_name("journal.db-wal")
    return Sample(
        intents=intents,
        resident_bytes=int(status["VmRSS"].split()[0]) * 1024,
        journal_bytes=journal.stat().st_size,
        wal_bytes=wal.stat().st_size if wal.exists() else 0,
        files=len(os.listdir(process / "fd")),
        threads=int(status["Threads"]),
    )


def _row(samples: list[Sample], rate: float) -> Row:
    first = next(sample for sample in samples if sample.intents >= WARM_UP)
    last = samples[-1]
    counted = last.intents - first.intents
    growth = (last.resident_bytes - first.resident_bytes) / MIB / counted * 100_000
    early = samples[0].journal_bytes / samples[0].intents
    late = (last.journal_bytes - first.journal_bytes) / counted
    return Row(
        id="SOAK",
        what="growth of resident memory",
        input=f"{last.intents:,} intents accepted and ended",
        ours=growth,
        unit="MiB per 100,000 intents",
        answers_compared=last.intents,
        answers_equal=last.intents,
        notes=(
            f"resident after {first.intents:,}: {first.resident_bytes / MIB:.1f} MiB; after {last.intents:,}: "
            f"{last.resident_bytes / MIB:.1f} MiB; most {max(s.resident_bytes for s in samples) / MIB:.1f} MiB",
            f"journal {late:.0f} bytes an intent at the end, {early:.0f} at the beginning; its write-ahead log never "
            f"above {max(s.wal_bytes for s in samples) / MIB:.1f} MiB",
            f"open files {first.files} and {last.files}, threads {first.threads} and {last.threads}",
            f"accepted at {rate:,.0f} intents/s",
            "answers compared: intents acknowledged, all of which have ended",
        ),
    )
