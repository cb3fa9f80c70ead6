"""P8-INVENTORY: how long an engine takes to load 100,000 pools, and how much memory it holds for each."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from time import perf_counter

from solders.keypair import Keypair

from benches.engine_run import (
    Script,
    configuration,
    engine_process,
    line_of,
    node_process,
    resident_bytes,
    scratch_folder,
    until,
)
from benches.engine_world import EngineWorld
from benches.row import Row

FEW, MANY = 1_000, 100_000
SEED = 9
# It only serves what it is asked for.
_QUIET = Script(updates_per_s=0, gaps_per_s=0, seconds=0)


def run() -> Iterator[Row]:
    """The rows of the inventory."""
    few_bytes, _ = asyncio.run(_loaded(FEW))
    many_bytes, seconds = asyncio.run(_loaded(MANY))
    yield Row(
        id="P8-pool-bytes",
        what="memory for each pool: pool, vaults, mints, the wallet's accounts, subscriptions and the graph",
        input=f"{MANY:,} pools of a program, beyond {FEW:,}",
        ours=(many_bytes - few_bytes) / (MANY - FEW),
        unit="bytes",
        notes=(f"resident: {many_bytes / 2**20:,.0f} MiB with {MANY:,} pools, {few_bytes / 2**20:,.0f} with {FEW:,}",),
    )
    yield Row(
        id="P8-load",
        what="the engine's start, from its process to its first line with every pool read behind a running feed",
        input=f"{MANY:,} pools of a program, over JSON-RPC and a websocket on loopback",
        ours=seconds,
        unit="s",
        notes=(f"{MANY / seconds:,.0f} pools/s; the node answers from one thread, and is a part of it",),
    )


async def _loaded(pools: int) -> tuple[int, float]:
    """Resident bytes once every pool is read, and how long that took."""
    world = EngineWorld(pools, 1, Keypair.from_seed(bytes([SEED]) * 32))
    async with AsyncExitStack() as stack:
        folder = await stack.enter_async_context(scratch_folder())
        written = folder / "world.jsonl"
        await asyncio.to_thread(world.write, written)
        node = await stack.enter_async_context(node_process(written, _QUIET))
        urls = json.loads(await line_of(node))
        # Plans are only told: nothing is asked of a signer.
        config = configuration(folder, world, urls) | {"executes": "service", "signer": None}
        began = perf_counter()
        engine = await stack.enter_async_context(engine_process(folder, config))
        await until(engine, "engine_ready")
        return resident_bytes(engine.pid), perf_counter() - began
