"""Halt: from the request to the answer after which no signature can be made, with everything else dead.

The chain's endpoint does not exist. One row asks through the API; the other, with the service killed, asks the signer.
After every answer the signer is asked for a permit, which it must refuse because of the halt.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from benches.deployment import BenchDeployment, deployed
from benches.disk import fdatasync_us
from benches.paired import percentile
from benches.row import Row
from tests.e2e.chain_truth import ROUTER, TRADER, USDC
from tests.e2e.intents import STRATEGY

TRIALS = 1_000
LIMIT_MS = 50

PERMIT_S = 600

Halt = Callable[[], Awaitable[int]]


def run() -> Iterator[Row]:
    """Both rows."""
    through_api, directly, sync_us = asyncio.run(_measure())
    yield _row("HALT", "POST /halt to its answer, the chain dead", through_api, sync_us)
    yield _row("HALT-signer", "halt at the signer's socket, chain and service dead", directly, sync_us)


async def _measure() -> tuple[list[tuple[float, bool]], list[tuple[float, bool]], float]:
    async with deployed() as deployment:
        socket = deployment.folder / "signer.sock"

        async def through_api() -> int:
            status, answer = await deployment.request("POST", "/halt", {"reason": "bench"})
            if status != 200:
                raise RuntimeError(f"the halt was not answered: {answer}")
            return int(answer["kill_epoch"])

        async def directly() -> int:
            return int((await _ask(socket, op="halt", reason="bench", by="bench"))["ok"]["kill_epoch"])

        first = [await _trial(through_api, socket) for _ in range(TRIALS)]
        await deployment.kill(deployment.service)
        second = [await _trial(directly, socket) for _ in range(TRIALS)]
        return first, second, _sync_us(deployment)


async def _trial(halt: Halt, socket: Path) -> tuple[float, bool]:
    """Milliseconds to the answer, and whether nothing is signed after it."""
    start = time.perf_counter()
    kill_epoch = await halt()
    took_ms = (time.perf_counter() - start) * 1e3
    refused = (await _ask(socket, **_permit())).get("refused", {}).get("rule") == "halted"
    await _ask(socket, op="resume", kill_epoch=kill_epoch, by="bench", confirm="resume")
    return took_ms, refused


def _permit() -> dict[str, Any]:
    """What the signer would sign if it were not halted."""
    return {
        "op": "permit",
        "intent_id": str(uuid4()),
        "step": 0,
        "strategy_id": STRATEGY,
        "wallet": TRADER,
        "chain_id": 42161,
        "token": USDC,
        "spender": ROUTER,
        "value_raw": "1000000",
        "permit_nonce": "0",
        "deadline_s": int(time.time()) + PERMIT_S,
    }


async def _ask(socket: Path, **request: object) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await reader.readline())
        return answer
    finally:
        writer.close()


def _sync_us(deployment: BenchDeployment) -> float:
    return fdatasync_us(deployment.folder)


def _row(row_id: str, what: str, trials: list[tuple[float, bool]], sync_us: float) -> Row:
    times = [took for took, _ in trials]
    worst = percentile(times, 99.9)
    return Row(
        id=row_id,
        what=what,
        input=f"{len(trials)} halts, one after the other",
        ours=worst,
        unit="ms, p99.9",
        answers_compared=len(trials),
        answers_equal=sum(refused for _, refused in trials),
        notes=(
            f"p50 {percentile(times, 50):.3g} ms, p99 {percentile(times, 99):.3g} ms, slowest {max(times):.3g} ms",
            f"goal: at most {LIMIT_MS} ms at p99.9: {'met' if worst <= LIMIT_MS else 'NOT met'}",
            f"each halt is on disk before its answer; one fdatasync of this disk takes {sync_us:.4g} us",
            "answers compared: after each halt the signer refuses a permit, because of the halt",
        ),
    )
