"""Each feed brings the arb engine to the same trades; cut, healed, forked or talking nonsense, it never costs one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.authority import Authority
from tests.integration.engine.cuttable import cuttable
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.trading import TRIANGLE, configuration, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.localnet.solana.geyser.options import GeyserOptions
from tradewind.localnet.solana.geyser.server import serve_geyser
from tradewind.localnet.solana.grpc_port import open_grpc_port
from tradewind.localnet.solana.protocol import geyser_pb2 as messages

FEEDS = ("websocket", "yellowstone")


def fed_by(
    kind: str, deployment: SolanaDeployment, tmp_path: Path, *, url: str | None = None, **changes: Any
) -> EngineProcess:
    """An arb engine over the triangle; of the feeds it knows this one alone."""
    config = configuration(deployment, TRIANGLE, folder=tmp_path / "arb-1", **changes)
    urls = dict.fromkeys(("websocket", "yellowstone", "shredstream"), None)
    config["chain"] |= urls | {kind: url or deployment.chain.description.urls[kind]}
    config["feeds"] = {"kind": kind}
    return EngineProcess(config, config_path=tmp_path / "resolved.json")


def open_the_triangle(deployment: SolanaDeployment, amount_raw: int = 50_000_000_000) -> None:
    swap_by_somebody_else(deployment.chain, deployment.chain.description.pool(*TRIANGLE[0]), str(WSOL), amount_raw)


async def slots_pass(deployment: SolanaDeployment, slots: int) -> None:
    end = deployment.chain.node.slot + slots
    async with asyncio.timeout(30):
        while deployment.chain.node.slot < end:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", FEEDS)
async def test_the_told_profit_of_what_a_feed_showed_is_what_the_wallet_gained(
    deployment: SolanaDeployment, tmp_path: Path, kind: str
) -> None:
    engine = fed_by(kind, deployment, tmp_path)
    tokens = deployment.account_raw("SOL")
    await engine.start()
    await engine.until("engine_ready", version=1)
    open_the_triangle(deployment)
    await engine.until("executed", status="success")
    assert await engine.terminate() == 0
    results = engine.events("ExecutionResultEvent")
    gained = sum(int(result["actualProfit"]) for result in results)
    assert gained > 0
    assert deployment.account_raw("SOL") - tokens == gained
    landed = [entry["signature"] for entry in await deployment.landed() if entry["err"] is None]
    assert landed == [result["signature"] for result in results]


@pytest.mark.parametrize("kind", FEEDS)
async def test_a_feed_that_is_cut_leaves_the_pools_untraded_until_it_heals_and_they_were_read(
    deployment: SolanaDeployment, tmp_path: Path, kind: str
) -> None:
    async with cuttable(deployment.chain.description.urls[kind]) as feed:
        url = feed.url if kind == "websocket" else feed.url.replace("ws://", "http://")
        engine = fed_by(kind, deployment, tmp_path, url=url)
        engine.config["limits"] |= {"max_feed_silence_ms": "300"}
        await engine.start()
        await engine.until("engine_ready")
        open_the_triangle(deployment, 20_000_000_000)
        await engine.until("executed", status="success")
        seen = len(engine.lines)
        feed.cut()
        await engine.until("pools_stale", after=seen)
        seen = 1 + max(at for at, line in enumerate(engine.lines) if line["event"] == "pools_stale")
        open_the_triangle(deployment)
        await slots_pass(deployment, 10)
        assert [line for line in engine.lines[seen:] if line["event"] in {"planned", "pools_read"}] == []
        feed.mend()
        await engine.until("pools_read", after=seen)
        await engine.until("executed", after=seen, status="success")
        assert await engine.terminate() == 0


@pytest.mark.parametrize("deployment", [{"finalized_after": 64}], indirect=True, ids=["long not final"])
@pytest.mark.parametrize("kind", FEEDS)
async def test_what_a_dead_slot_wrote_is_taken_back_and_the_next_trade_is_found(
    deployment: SolanaDeployment, tmp_path: Path, kind: str
) -> None:
    engine = fed_by(kind, deployment, tmp_path, mode="paper")
    await engine.start()
    await engine.until("engine_ready")
    node = deployment.chain.node
    swapped_in = node.slot_at("processed").number
    open_the_triangle(deployment)
    first = await engine.until("planned")
    node.rollback(node.slot_at("processed").number - swapped_in + 1)
    seen = len(engine.lines)
    await engine.until("slot_dead")
    await slots_pass(deployment, 2)
    open_the_triangle(deployment)
    again = await engine.until("planned", after=seen)
    assert again["expected_profit_raw"] == first["expected_profit_raw"]
    assert await engine.terminate() == 0


async def test_what_yellowstone_told_is_recorded_and_replayed_to_the_same_decisions(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = fed_by("yellowstone", deployment, tmp_path, mode="paper")
    recording = tmp_path / "feed.jsonl"
    await engine.start("--record", str(recording))
    await engine.until("engine_ready")
    open_the_triangle(deployment)
    planned = await engine.until("planned")
    assert await engine.terminate() == 0
    told = []
    for name in ("first", "second"):
        parameters = engine.config["parameters"] | {"wallet": deployment.wallet.address}
        changes = {"mode": "replay", "folder": str(tmp_path / name), "parameters": parameters}
        replayed = EngineProcess(engine.config | changes, config_path=tmp_path / f"{name}.json")
        await replayed.start("--recording", str(recording))
        assert await replayed.exit_code() == 0
        told.append((tmp_path / name / "events.jsonl").read_bytes())
        profits = {plan["expectedProfit"] for plan in replayed.events("ExecutionPlanEvent")}
        assert planned["expected_profit_raw"] in profits
    assert told[0] == told[1]


async def test_a_guarded_server_wants_the_token_of_a_file_that_nobody_else_reads(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    token = tmp_path / "yellowstone.token"
    token.write_text("moon-tide\n")
    token.chmod(0o644)
    # Pings that are answered all the while.
    options = GeyserOptions(tokens=frozenset({"moon-tide"}), ping_every_s=0.02)
    async with await serve_geyser(deployment.chain.node, options) as guarded:
        engine = fed_by("yellowstone", deployment, tmp_path, url=guarded.url, mode="paper")
        engine.config["limits"] |= {"max_feed_silence_ms": "200"}
        engine.config["chain"] |= {"yellowstone_token_file": str(token)}
        await engine.start()
        assert await engine.exit_code() == 64
        assert engine.lines[-1]["code"] == "token_file_unreadable"
        token.chmod(0o600)
        await engine.start()
        await engine.until("engine_ready")
        open_the_triangle(deployment)
        await engine.until("planned")
        assert await engine.terminate() == 0
        seen = len(engine.lines)
        engine.config["chain"] |= {"yellowstone_token_file": None}
        await engine.start()
        silent = "the feed is silent: Unauthenticated: No valid auth token"
        await engine.until("pools_stale", after=seen, reason=silent)
        assert await engine.terminate() == 0
        assert "moon-tide" not in json.dumps(engine.lines)


async def test_a_server_over_tls_is_believed_when_a_file_names_who_vouches_for_it(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    known, stranger = Authority(tmp_path, "known"), Authority(tmp_path, "stranger")
    async with cuttable(deployment.chain.description.urls["yellowstone"], tls=known.server()) as server:
        engine = fed_by("yellowstone", deployment, tmp_path, url=server.url, mode="paper")
        engine.config["limits"] |= {"max_feed_silence_ms": "200"}
        # The system's authorities are asked first, then one that vouches for somebody else.
        for path in (None, str(stranger.file)):
            seen = len(engine.lines)
            engine.config["chain"] |= {"yellowstone_ca_file": path}
            await engine.start()
            unknown = await engine.until("pools_stale", after=seen)
            while "certificate" not in unknown["reason"]:
                seen = engine.lines.index(unknown) + 1
                unknown = await engine.until("pools_stale", after=seen)
            assert await engine.terminate() == 0
        assert engine.said("engine_ready") == []
        engine.config["chain"] |= {"yellowstone_ca_file": str(known.file)}
        await engine.start()
        await engine.until("engine_ready")
        open_the_triangle(deployment)
        await engine.until("planned")
        assert await engine.terminate() == 0
        known.file.write_text("no certificate")
        await engine.start()
        assert await engine.exit_code() == 64
        assert engine.lines[-1]["code"] == "ca_file_unreadable"


@asynccontextmanager
async def talking_nonsense() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A Yellowstone server that takes every subscription, and then tells what is none."""
    short = messages.SubscribeUpdateAccount(slot=5, account=messages.SubscribeUpdateAccountInfo(pubkey=b"\1" * 31))
    nonsense = [
        [messages.SubscribeUpdate(account=short).SerializeToString(), b"\x12\xff\xff\xff\xff\x0f"],
        [b"no message at all" * 100],
        [messages.SubscribeUpdate(account=messages.SubscribeUpdateAccount()).SerializeToString(), b"\0" * (17 << 20)],
    ]
    heard_out, connections = asyncio.Event(), 0

    async def subscribe(requests: AsyncIterator[messages.SubscribeRequest], _: Any) -> AsyncIterator[bytes]:
        nonlocal connections
        connections += 1
        if connections > len(nonsense):
            heard_out.set()
        mine = nonsense[(connections - 1) % len(nonsense)]
        async for request in requests:
            if request.HasField("ping"):
                pong = messages.SubscribeUpdatePong(id=request.ping.id)
                yield messages.SubscribeUpdate(pong=pong).SerializeToString()
                break
        for each in mine:
            yield each

    method = grpc.stream_stream_rpc_method_handler(subscribe, messages.SubscribeRequest.FromString, lambda raw: raw)
    server, address = await open_grpc_port([("geyser.Geyser", {"Subscribe": method})])
    try:
        yield f"http://{address}", heard_out
    finally:
        await server.stop(0)


async def test_a_server_that_talks_nonsense_is_refused_and_asked_again_and_nothing_is_traded(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    async with talking_nonsense() as (url, heard_out):
        engine = fed_by("yellowstone", deployment, tmp_path, url=url, mode="paper")
        await engine.start()
        await engine.until("pools_stale", reason="an update was refused: an account's address is not 32 bytes")
        await engine.until("pools_stale", reason="an update was refused: an update of an account holds none")
        async with asyncio.timeout(60):
            await heard_out.wait()
        open_the_triangle(deployment)
        await slots_pass(deployment, 5)
        assert await engine.terminate() == 0
    assert engine.said("engine_ready") == engine.said("planned") == []
    assert engine.said("status")[-1]["refused"] >= 2
