"""P8-COMMANDER: from `tradewind run` to the first transaction that its engine hands over.

The node tells its feed from the first moment on, gaps in it: what is measured holds the commander's own start, its
looks at endpoints, balances, programs and signer, the engine's start, the reading of the pools, and one trade.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import time
from typing import Any

from solders.keypair import Keypair

from benches.engine_run import BUILT, Script, configuration, go, line_of, node_process, scratch_folder, signer_for
from benches.engine_world import EngineWorld
from benches.paired import percentile
from benches.row import Row
from tests.e2e.deployment import ROOT

POOLS, OPENING = 10_000, 64
SCRIPT = Script(updates_per_s=5_000, gaps_per_s=20, seconds=15)
ROUNDS = 3
SEED = 11
STOP_S = 30
# The world's clock stands still, and its disk is the bench's.
_PREFLIGHT = {"most_clock_offset_ms": 86_400_000, "least_free_bytes": 1, "most_latency_ms": 60_000}


def run() -> Iterator[Row]:
    """One row."""
    first_s = asyncio.run(_measure())
    yield Row(
        id="P8-commander",
        what="from `tradewind run` to the first transaction of its engine on the wire",
        input=f"{POOLS:,} pools of a program, {SCRIPT.updates_per_s:,} updates/s from the first moment on",
        ours=percentile(first_s, 50),
        unit="s",
        notes=(
            f"{len(first_s)} rounds, {min(first_s):.3g} to {max(first_s):.3g} s",
            "Python and the commander, its looks before the start, the engine, every pool read, one trade signed",
        ),
    )


async def _measure() -> list[float]:
    async with scratch_folder() as folder:
        world = EngineWorld(POOLS, OPENING, Keypair.from_seed(bytes([SEED]) * 32), unix_s=int(time()))
        written = folder / "world.jsonl"
        await asyncio.to_thread(world.write, written)
        return [await _first_s(world, written) for _ in range(ROUNDS)]


async def _first_s(world: EngineWorld, written: Path) -> float:
    async with AsyncExitStack() as stack:
        folder = await stack.enter_async_context(scratch_folder())
        node = await stack.enter_async_context(node_process(written, SCRIPT))
        urls = json.loads(await line_of(node))
        await stack.enter_async_context(signer_for(world, folder))
        (folder / "arb.json").write_text(json.dumps(_file(folder, world, urls)))
        told = asyncio.create_task(go(node))
        await stack.enter_async_context(_commander(folder))
        first_s = (await told)["first_sent_s"]
        if first_s is None:
            raise RuntimeError(f"nothing was sent: {(folder / 'commander.log').read_text()}")
        return float(first_s)


def _file(folder: Path, world: EngineWorld, urls: dict[str, str]) -> dict[str, Any]:
    """What a user would write."""
    resolved = configuration(folder, world, urls)
    wallet = {"wallet": str(world.wallet.pubkey()), "preflight": _PREFLIGHT}
    kept = {key: value for key, value in resolved.items() if key not in ("version", "instance", "folder")}
    return kept | {"commander": wallet}


@asynccontextmanager
async def _commander(folder: Path) -> AsyncIterator[None]:
    with (folder / "commander.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tradewind.cli", "run", "-s", "arb", "-c", "arb.json", "--json"),
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "TRADEWIND_ENGINE": str(BUILT / "tradewind-engine")},
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            async with asyncio.timeout(STOP_S):
                await process.wait()
