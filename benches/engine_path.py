"""P8: from a feed's update to signed bytes on the wire, with 10,000 pools loaded and 5,000 updates a second.

The node is a stand-in in Rust on loopback that measures both ends with one clock: it writes the update that opens a gap
between two pools, and it reads the transaction that closes it. Engine, sign-gate and disk are the real ones. The peer
is a bot in Node on the same feed, in turns with ours.
"""

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from solders.keypair import Keypair

from benches.engine_peer import PeerPassage, peer_passage
from benches.engine_run import Passage, Script, passage, scratch_folder
from benches.engine_world import EngineWorld
from benches.paired import Paired, percentile
from benches.row import Row

POOLS, OPENING = 10_000, 64
ROUNDS = 3
PATH = Script(updates_per_s=5_000, gaps_per_s=20, seconds=10)
FLOOD = Script(updates_per_s=0, gaps_per_s=0, seconds=0, flood=200_000)
BEYOND_DISK_US = {50: 250.0, 99: 500.0}
# What each stage of the pipeline may take at most.
STAGES_MS = {"quote": 10.0, "scanner": 10.0, "planner": 100.0}
SEED = 8


@dataclass(slots=True)
class _Measured:
    """All rounds, ours and the peer's."""

    ours: list[Passage] = field(default_factory=list)
    peer: list[PeerPassage] = field(default_factory=list)
    flood: Paired = field(default_factory=lambda: Paired("higher"))
    load: list[float] = field(default_factory=list)


def run() -> Iterator[Row]:
    """The rows of P8."""
    measured = asyncio.run(_measure())
    for percent, beyond_us in BEYOND_DISK_US.items():
        yield _path(measured, percent, beyond_us)
    yield from _stages(measured.ours[-1])
    yield _rate(measured)
    yield _start(measured)


async def _measure() -> _Measured:
    measured = _Measured()
    async with scratch_folder() as folder:
        world = EngineWorld(POOLS, OPENING, Keypair.from_seed(bytes([SEED]) * 32))
        written = folder / "world.jsonl"
        await asyncio.to_thread(world.write, written)
        for _ in range(ROUNDS):
            measured.load.append(os.getloadavg()[0])
            measured.ours.append(await passage(world, written, PATH))
            measured.peer.append(await peer_passage(world, written, PATH))
            ours, peer = await passage(world, written, FLOOD), await peer_passage(world, written, FLOOD)
            measured.flood.add(ours=_flood_rate(ours), peer=_flood_rate(peer))
    return measured


def _path(measured: _Measured, percent: int, beyond_us: float) -> Row:
    disk_us = percentile([us for one in measured.ours for us in one.sync_us], percent)
    ours, peer = _closed_us(measured.ours), _closed_us(measured.peer)
    paired = Paired("lower")
    for own, other in zip(measured.ours, measured.peer, strict=True):
        paired.add(ours=percentile(_closed_us([own]), percent), peer=percentile(_closed_us([other]), percent))
    gaps, missed, astray = (
        (_summed(measured.ours, what), _summed(measured.peer, what)) for what in ("gaps", "missed", "astray")
    )
    rates = [one.node["updates"] / one.node["seconds"] for one in measured.ours]
    return Row(
        id=f"P8-p{percent}",
        what=f"feed update to signed bytes on the wire, p{percent}",
        input=f"{POOLS:,} pools, {PATH.updates_per_s:,} updates/s, {PATH.gaps_per_s} opportunities/s, over a websocket",
        ours=percentile(ours, percent),
        peer=percentile(peer, percent),
        ratio=paired.ratio,
        unit="us",
        at_most=disk_us + beyond_us,
        answers_compared=sum(gaps),
        answers_equal=sum(gaps) - sum(missed),
        notes=(
            f"goal: one fdatasync of this disk (p{percent} {disk_us:.4g} us) and {beyond_us:g} us",
            f"peer: a bot with @solana/kit {measured.peer[0].version} in Node, its key in its own memory, no disk",
            paired.spread,
            f"{min(rates):,.0f} updates/s were told; {astray[0]} transactions of ours and {astray[1]} of the peer's "
            "closed no gap that was open",
            "answers compared: gaps of both, and those that a transaction through their pool closed within 2 s",
            f"load average before each round: {', '.join(f'{load:.2f}' for load in measured.load)}",
        ),
    )


def _stages(passage: Passage) -> Iterator[Row]:
    stages = passage.status["stages"]
    for name, limit_ms in STAGES_MS.items():
        yield Row(
            id=f"P8-{name}",
            what=f"stage {name} of the engine, p99",
            input="the same run, its last round",
            ours=stages[name]["p99_below_ns"] / 1e6,
            unit="ms",
            at_most=limit_ms,
            answers_compared=1,
            answers_equal=1,
            notes=(json.dumps(stages[name]),),
        )
    yield Row(
        id="P8-gate",
        what="the sign-gate's part, p50: its question, its commit, its signature",
        input="the same run, its last round",
        ours=stages["gate"]["p50_below_ns"] / 1e3,
        unit="us",
        notes=tuple(f"{name}: {json.dumps(times)}" for name, times in stages.items() if times["count"]),
    )


def _rate(measured: _Measured) -> Row:
    return Row(
        id="P8-rate",
        what="updates a second that are taken in, as fast as the node can tell them",
        input=f"{FLOOD.flood:,} updates of {POOLS:,} pools, then a gap: until its transaction is on the wire",
        ours=percentile(measured.flood.ours, 50),
        peer=percentile(measured.flood.peer, 50),
        ratio=measured.flood.ratio,
        unit="1/s",
        answers_compared=2 * ROUNDS,
        answers_equal=2 * ROUNDS,
        notes=(measured.flood.spread, "what is superseded while it waits is taken in and not applied"),
    )


def _start(measured: _Measured) -> Row:
    return Row(
        id="P8-start",
        what="the engine's start, from its process to its first line with every pool read",
        input=f"{POOLS:,} pools of a program, over JSON-RPC on loopback",
        ours=percentile([one.start_s for one in measured.ours], 50),
        peer=percentile([one.load_s for one in measured.peer], 50),
        unit="s",
        notes=(
            "pools, vaults, mints and the wallet's accounts: four accounts a pool, 100 in one answer",
            "the peer is told the pools, and reads their vaults alone",
        ),
    )


def _closed_us(passages: Sequence[Passage | PeerPassage]) -> list[float]:
    return [ns / 1e3 for one in passages for ns in one.node["closed_ns"]]


def _summed(passages: Sequence[Passage | PeerPassage], what: str) -> int:
    return sum(one.node[what] for one in passages)


def _flood_rate(one: Passage | PeerPassage) -> float:
    flood = one.node["flood"]
    return float(flood["updates"] / flood["seconds"])
