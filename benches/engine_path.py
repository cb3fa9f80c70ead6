"""P8: from a feed's update to signed bytes on the wire, with 10,000 pools loaded and 5,000 updates a second.

The node is a stand-in in Rust on loopback that measures both ends with one clock: it writes the update that opens a gap
between two pools, and it reads the transaction that closes it. Engine, sign-gate and disk are the real ones.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from solders.keypair import Keypair

from benches.disk import fdatasync_us
from benches.engine_world import EngineWorld
from benches.paired import percentile
from benches.row import Row
from tests.e2e.deployment import ROOT, Deployment
from tradewind.cli.signer_binary import find_signer
from tradewind.domain.chain import WRAPPED_SOL
from tradewind.localnet.solana.configuration import STRATEGY_ID, signer_toml

POOLS, OPENING = 10_000, 64
UPDATES_PER_S, GAPS_PER_S, SECONDS = 5_000, 20, 30
BEYOND_DISK_US = {50: 250.0, 99: 500.0}
START_S = 300
BUILT = ROOT / "target" / "release"
SEED = 8


@dataclass(frozen=True, slots=True)
class Passage:
    """What the node saw, what the engine said last, and how long it took to start."""

    node: dict[str, Any]
    status: dict[str, Any]
    start_s: float
    disk_us: dict[int, float]


def run() -> Iterator[Row]:
    """The rows of P8."""
    passage = asyncio.run(_measure())
    closed_us = [ns / 1e3 for ns in passage.node["closed_ns"]]
    told = passage.node
    for percent, beyond_us in BEYOND_DISK_US.items():
        disk_us = passage.disk_us[percent]
        yield Row(
            id=f"P8-p{percent}",
            what=f"feed update to signed bytes on the wire, p{percent}",
            input=f"{POOLS:,} pools, {UPDATES_PER_S:,} updates/s, {GAPS_PER_S} opportunities/s, over a websocket",
            ours=percentile(closed_us, percent),
            unit="us",
            at_most=disk_us + beyond_us,
            answers_compared=told["gaps"],
            answers_equal=told["gaps"] - told["missed"],
            notes=(
                f"goal: one fdatasync of this disk (p{percent} {disk_us:.4g} us) and {beyond_us:g} us",
                f"{told['updates'] / told['seconds']:,.0f} updates/s were told; {told['astray']} transactions closed "
                "no gap that was open",
                "answers compared: gaps, and those that a transaction through their pool closed within 2 s",
                *_stages(passage.status),
            ),
        )
    yield Row(
        id="P8-start",
        what="the engine's start, from its process to its first line with every pool read",
        input=f"{POOLS:,} pools of a program, over JSON-RPC on loopback",
        ours=passage.start_s,
        unit="s",
        notes=("pools, vaults, mints and the wallet's accounts: four accounts a pool, 100 in one answer",),
    )


def _stages(status: dict[str, Any]) -> Iterator[str]:
    for name, times in status["stages"].items():
        yield f"{name}: {json.dumps(times)}"


async def _measure() -> Passage:
    scratch = ROOT / "build"
    scratch.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=scratch)))
        world = EngineWorld(POOLS, OPENING, Keypair.from_seed(bytes([SEED]) * 32))
        await asyncio.to_thread(world.write, folder / "world.jsonl")
        disk_us = {percent: fdatasync_us(folder, percent) for percent in BEYOND_DISK_US}
        node = await stack.enter_async_context(_node(folder / "world.jsonl"))
        urls = json.loads(await _line(node))
        desk = _Desk(folder, world)
        await desk.prepare()
        stack.push_async_callback(desk.stop)
        await desk.start_signer()
        began = perf_counter()
        engine = await stack.enter_async_context(_engine(folder, _configuration(folder, world, urls)))
        await _until(engine, "engine_ready")
        start_s = perf_counter() - began
        assert node.stdin is not None
        node.stdin.write(b"go\n")
        told, status = await asyncio.gather(_line(node), _last(engine, "status", SECONDS + 2))
        return Passage(json.loads(told), status, start_s, disk_us)


class _Desk(Deployment):
    """The signer alone, with the world's wallet."""

    def __init__(self, folder: Path, world: EngineWorld) -> None:
        super().__init__(folder, [], signer=find_signer(), replacements={})
        self._world = world

    async def prepare(self) -> None:
        """Write the signer's configuration and key, and end the wallet's cold start."""
        os.chmod(self.folder, 0o700)
        wallet = str(self._world.wallet.pubkey())
        self._write_private("passphrase", "bench")
        self._write_private("wallet.json", json.dumps(list(bytes(self._world.wallet))))
        (self.folder / "signer.toml").write_text(signer_toml(self._world, wallet=wallet))
        arguments = ["key", "import", "--keys", "keys.age", "--solana-file", "wallet.json"]
        await self.run_signer(*arguments, "--passphrase-file", "passphrase", "--work-factor", "2")
        await self.run_signer("adopt-wallet", "--config", "signer.toml", "--wallet", wallet, "--chain", "101")


def _configuration(folder: Path, world: EngineWorld, urls: dict[str, str]) -> dict[str, Any]:
    engine = folder / "arb"
    engine.mkdir()
    chain = {"chain_id": 101, "rpc": [urls["rpc"]], "requests_per_s": 1_000, "websocket": urls["websocket"]}
    return {
        "version": 1,
        "strategy": "arb",
        "instance": "bench",
        "folder": str(engine),
        "chain": chain | {"genesis_hash": world.genesis_hash},
        "signer": {"socket": str(folder / "signer.sock")},
        "feeds": {"kind": "websocket"},
        "inventory": {"snapshot": None, "programs": ["675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"]},
        "mode": "live",
        "executes": "engine",
        "limits": {"max_opportunity_age_ms": "2000", "max_in_flight_count": "64"},
        "blacklist": [],
        "parameters": {
            "strategy_id": str(STRATEGY_ID),
            "wallet": str(world.wallet.pubkey()),
            "bases": [{"mint": WRAPPED_SOL, "min_profit_raw": "100000", "max_amount_in_raw": "20000000000"}],
            "max_hops": "2",
        },
    }


@asynccontextmanager
async def _node(world: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    command = [str(BUILT / "examples" / "loopback_node"), str(world)]
    numbers = [str(number) for number in (UPDATES_PER_S, GAPS_PER_S, SECONDS)]
    async with _process(*command, *numbers) as process:
        yield process


@asynccontextmanager
async def _engine(folder: Path, config: dict[str, Any]) -> AsyncIterator[asyncio.subprocess.Process]:
    resolved = folder / "resolved.json"
    resolved.write_text(json.dumps(config))
    binary = str(BUILT / "tradewind-engine")
    async with _process(binary, "--strategy", "arb", "--config", str(resolved)) as process:
        yield process


@asynccontextmanager
async def _process(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 22)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    async with asyncio.timeout(START_S):
        return await process.stdout.readline()


async def _until(process: asyncio.subprocess.Process, event: str) -> dict[str, Any]:
    while text := await _line(process):
        line: dict[str, Any] = json.loads(text)
        if line["event"] == event:
            return line
    raise RuntimeError(f"the engine ended without {event}")


async def _last(process: asyncio.subprocess.Process, event: str, seconds: float) -> dict[str, Any]:
    """The last line of this event within so many seconds; all others are read and dropped."""
    last: dict[str, Any] = {}
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        line = await _until(process, event)
        last = line
    return last
