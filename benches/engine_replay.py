"""P8-REPLAY: how fast a recorded feed is replayed, each message to its decision, and that it decides the same twice."""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from solders.keypair import Keypair

from benches.engine_run import Script, configuration, engine_process, last, passage, scratch_folder, until
from benches.engine_world import EngineWorld
from benches.paired import percentile
from benches.row import Row

POOLS, OPENING = 10_000, 64
RECORDED = Script(updates_per_s=5_000, gaps_per_s=20, seconds=20)
ROUNDS = 3
SEED = 10


@dataclass(frozen=True, slots=True)
class _Replayed:
    updates: int
    opportunities: int
    seconds: float
    events_hash: str


def run() -> Iterator[Row]:
    """One row."""
    rounds = asyncio.run(_measure())
    first = rounds[0]
    same = sum(one.events_hash == first.events_hash and one.opportunities > 0 for one in rounds)
    rates = [one.updates / one.seconds for one in rounds]
    yield Row(
        id="P8-replay",
        what="updates a second of a replay, from its first line to its last, loading the pools included",
        input=f"{POOLS:,} pools, {first.updates:,} updates of {RECORDED.seconds} s of a feed",
        ours=percentile(rates, 50),
        unit="1/s",
        answers_compared=len(rounds),
        answers_equal=same,
        notes=(
            f"{len(rounds)} rounds, {min(rates):,.0f} to {max(rates):,.0f}",
            f"{first.opportunities:,} opportunities; answers compared: the events of each round, byte for byte",
            f"{percentile(rates, 50) / RECORDED.updates_per_s:.3g} times as fast as it was told",
        ),
    )


async def _measure() -> list[_Replayed]:
    async with scratch_folder() as folder:
        world = EngineWorld(POOLS, OPENING, Keypair.from_seed(bytes([SEED]) * 32))
        written, recording = folder / "world.jsonl", folder / "feed.jsonl"
        await asyncio.to_thread(world.write, written)
        await passage(world, written, RECORDED, record=recording)
        return [await _replayed(world, recording) for _ in range(ROUNDS)]


async def _replayed(world: EngineWorld, recording: Path) -> _Replayed:
    async with scratch_folder() as folder:
        nowhere = {"rpc": "http://127.0.0.1:9", "websocket": "ws://127.0.0.1:9"}
        config = configuration(folder, world, nowhere) | {"mode": "replay"}
        async with engine_process(folder, config, "--recording", str(recording)) as engine:
            await until(engine, "engine_ready")
            began = perf_counter()
            status = await last(engine, "status")
            seconds = perf_counter() - began
        events = (folder / "arb" / "events.jsonl").read_bytes()
        return _Replayed(status["updates"], status["opportunities"], seconds, hashlib.sha256(events).hexdigest())
