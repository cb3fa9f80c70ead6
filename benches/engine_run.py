"""The processes of P8: the loopback node, the engine and its signer, and what each says of itself."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from benches.disk import fdatasync_times_us
from benches.engine_world import AMM_V4, EngineWorld
from tests.e2e.deployment import ROOT, Deployment
from tradewind.cli.signer_binary import find_signer
from tradewind.domain.chain import WRAPPED_SOL
from tradewind.localnet.solana.configuration import STRATEGY_ID, signer_toml

START_S = 300
BUILT = ROOT / "target" / "release"
SCRATCH = ROOT / "build"


@dataclass(frozen=True, slots=True)
class Script:
    """What the node does: a feed at a rate with gaps in it for some seconds, then so many updates as fast as it can."""

    updates_per_s: int
    gaps_per_s: int
    seconds: int
    flood: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """What the node saw, what the engine said last, how long it took to start, what it held then, and what
    the disk took for a page just before."""

    node: dict[str, Any]
    status: dict[str, Any]
    start_s: float
    resident_bytes: int
    sync_us: list[float]


@asynccontextmanager
async def scratch_folder() -> AsyncIterator[Path]:
    """A folder on the disk of this tree, which is the one that is measured."""
    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=SCRATCH) as folder:
        yield Path(folder)


async def passage(world: EngineWorld, written: Path, script: Script, *, record: Path | None = None) -> Passage:
    """The engine beside a node of its own, from its start to the end of the script; its feed is written to `record`."""
    async with AsyncExitStack() as stack:
        folder = await stack.enter_async_context(scratch_folder())
        node = await stack.enter_async_context(node_process(written, script))
        urls = json.loads(await line_of(node))
        await stack.enter_async_context(signer_for(world, folder))
        sync_us = fdatasync_times_us(folder)
        began = perf_counter()
        more = () if record is None else ("--record", str(record))
        engine = await stack.enter_async_context(engine_process(folder, configuration(folder, world, urls), *more))
        await until(engine, "engine_ready")
        start_s = perf_counter() - began
        resident = resident_bytes(engine.pid)
        status = asyncio.create_task(last(engine, "status"))
        told = await go(node)
        # It tells its times once more when it stops.
        engine.terminate()
        return Passage(told, await status, start_s, resident, sync_us)


async def go(node: asyncio.subprocess.Process) -> dict[str, Any]:
    """Begin the node's script; what it saw by its end."""
    assert node.stdin is not None
    node.stdin.write(b"go\n")
    told: dict[str, Any] = json.loads(await line_of(node))
    return told


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the process {pid} tells no resident memory")


@asynccontextmanager
async def signer_for(world: EngineWorld, folder: Path) -> AsyncIterator[None]:
    """The signer of the world's wallet; its socket is `signer.sock` in the folder."""
    desk = _Desk(folder, world)
    await desk.prepare()
    try:
        await desk.start_signer()
        yield
    finally:
        await desk.stop()


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


def configuration(folder: Path, world: EngineWorld, urls: dict[str, str]) -> dict[str, Any]:
    """The resolved file of an engine that signs and sends by itself."""
    engine = folder / "arb"
    engine.mkdir()
    chain = {"chain_id": 101, "rpc": [urls["rpc"]], "requests_per_s": 10_000, "websocket": urls["websocket"]}
    return {
        "version": 1,
        "strategy": "arb",
        "instance": "bench",
        "folder": str(engine),
        "chain": chain | {"genesis_hash": world.genesis_hash},
        "signer": {"socket": str(folder / "signer.sock")},
        "feeds": {"kind": "websocket"},
        "inventory": {"snapshot": None, "programs": [AMM_V4]},
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
async def node_process(world: Path, script: Script) -> AsyncIterator[asyncio.subprocess.Process]:
    """The node; its first line names its addresses."""
    command = [str(BUILT / "examples" / "loopback_node"), str(world)]
    numbers = (script.updates_per_s, script.gaps_per_s, script.seconds, script.flood)
    async with process_of(*command, *map(str, numbers)) as process:
        yield process


@asynccontextmanager
async def engine_process(folder: Path, config: dict[str, Any], *more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The engine with this resolved file."""
    resolved = folder / "resolved.json"
    resolved.write_text(json.dumps(config))
    command = (str(BUILT / "tradewind-engine"), "--strategy", "arb", "--config", str(resolved), *more)
    async with process_of(*command) as process:
        yield process


@asynccontextmanager
async def process_of(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is ended behind its use."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 22)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def line_of(process: asyncio.subprocess.Process) -> bytes:
    """Its next line; empty at its end."""
    assert process.stdout is not None
    async with asyncio.timeout(START_S):
        return await process.stdout.readline()


async def until(process: asyncio.subprocess.Process, event: str) -> dict[str, Any]:
    """Its next line of this event; those before are dropped."""
    while text := await line_of(process):
        line: dict[str, Any] = json.loads(text)
        if line["event"] == event:
            return line
    raise RuntimeError(f"the engine ended without {event}")


async def last(process: asyncio.subprocess.Process, event: str) -> dict[str, Any]:
    """Its last line of this event; all others are read and dropped, until it ends."""
    last: dict[str, Any] = {}
    while text := await line_of(process):
        line: dict[str, Any] = json.loads(text)
        if line["event"] == event:
            last = line
    return last
