"""P10: how many intents a second are accepted durably, against the same application without the durability.

Signing is halted, so that nothing but intake runs. Ours and the peers take turns; each is a process of its own.
"""

import asyncio
import json
import sqlite3
import statistics
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from benches.deployment import BenchDeployment, deployed
from benches.disk import fdatasync_us
from benches.journals import Journals
from benches.line_process import LineProcess
from benches.paired import Paired, percentile
from benches.row import Row
from tests.e2e.deployment import ROOT
from tests.e2e.intents import acquire

GOAL = 0.8
# The peers do a part of what ours does, so they cannot be slower by more than the machine's restlessness.
POSSIBLE = 1.25
ROUNDS = 10
INTENTS_A_ROUND = 600
CONNECTIONS = 32
WEEK_MS = 7 * 24 * 3600 * 1000
ROOMY = {"max_open_intents = 10000": "max_open_intents = 100000"}
LOAD = [sys.executable, "-m", "benches.intake_load"]
PEERS = {
    Journals.FORGETFUL: (
        "P10",
        "the same application with a journal that is a list in memory: no text, hash, file or fsync",
        GOAL,
    ),
    Journals.UNSYNCED: ("P10-sync", "the same application and journal, but its commits do not wait for the disk", None),
}


@dataclass(slots=True)
class Side:
    """One application under load, and what it has answered."""

    deployment: BenchDeployment
    rates: list[float] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)


def run() -> Iterator[Row]:
    """The rows of P10."""
    yield from asyncio.run(_measure())


async def _measure() -> list[Row]:
    async with AsyncExitStack() as stack:
        sides = {kind: Side(await stack.enter_async_context(_halted(kind))) for kind in Journals}
        load = stack.enter_context(LineProcess(LOAD, cwd=ROOT))
        for side in sides.values():
            await _round(load, side, counted=False)
        for _ in range(ROUNDS):
            for side in sides.values():
                await _round(load, side, counted=True)
        ours = sides[Journals.DURABLE]
        sync_us = fdatasync_us(ours.deployment.folder)
        # Killed, not stopped: what was acknowledged must be on disk without a last chance to write it.
        await ours.deployment.kill(ours.deployment.service)
        found = len(ours.accepted & _in_journal(ours.deployment))
    return [_row(kind, ours, sides[kind], found, sync_us) for kind in PEERS]


@asynccontextmanager
async def _halted(kind: Journals) -> AsyncIterator[BenchDeployment]:
    async with deployed(journal=kind, replacements=ROOMY) as deployment:
        status, answer = await deployment.request("POST", "/halt", {"reason": "only intake is measured"})
        if status != 200:
            raise RuntimeError(f"the kill switch was not engaged: {answer}")
        yield deployment


async def _round(load: LineProcess, side: Side, *, counted: bool) -> None:
    token = (side.deployment.folder / "data" / "api.token").read_text().strip()
    answer = await asyncio.to_thread(
        load.ask,
        port=urlsplit(side.deployment.url).port,
        token=token,
        intent=_intent(),
        count=INTENTS_A_ROUND,
        connections=CONNECTIONS,
    )
    if answer["refused"]:
        raise RuntimeError(f"intents were refused: {json.dumps(answer['refused'])}")
    side.accepted.update(answer["accepted"])
    if counted:
        side.rates.append(len(answer["accepted"]) / answer["seconds"])
        side.latencies_ms += answer["latencies_ms"]


def _intent() -> dict[str, Any]:
    return acquire("0.01", window_ms=WEEK_MS)


def _in_journal(deployment: BenchDeployment) -> set[str]:
    journal = deployment.folder / "data" / "journal.db"
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT correlation_id FROM events WHERE type = 'IntentSubmitted'")
        return {correlation_id for (correlation_id,) in rows}


def _row(kind: Journals, ours: Side, peer: Side, found: int, sync_us: float) -> Row:
    row_id, what, goal = PEERS[kind]
    pairs = Paired("higher", ours.rates, peer.rates)
    return Row(
        id=row_id,
        what="durable intake, POST /intents to 202",
        input=f"{CONNECTIONS} connections, {INTENTS_A_ROUND} intents a round",
        ours=statistics.median(pairs.ours),
        peer=statistics.median(pairs.peer),
        unit="intents/s",
        ratio=pairs.ratio,
        goal=goal,
        possible=POSSIBLE,
        answers_compared=len(ours.accepted),
        answers_equal=found,
        notes=(
            f"peer: {what}",
            pairs.spread,
            f"ours from {min(pairs.ours):.4g} to {max(pairs.ours):.4g} intents/s",
            f"latency ours p50 {percentile(ours.latencies_ms, 50):.4g} ms, p99 {percentile(ours.latencies_ms, 99):.4g} "
            f"ms; peer p50 {percentile(peer.latencies_ms, 50):.4g} ms, p99 {percentile(peer.latencies_ms, 99):.4g} ms",
            f"one fdatasync of this disk takes {sync_us:.4g} us (median)",
            "answers compared: acknowledged intents found in the journal after SIGKILL",
        ),
    )
