"""Solana's feeds and block engines: whether each tells or answers. Without one, trading goes on by slower means."""

import asyncio
import time
from collections.abc import AsyncIterator

from tradewind import core
from tradewind.cli.doctor.finding import Finding, good, warning
from tradewind.settings import JitoSettings, SolanaSettings, redact_url

_PATIENCE_S = 5


async def check_feeds(solana: SolanaSettings) -> AsyncIterator[Finding]:
    """Each websocket by itself; then each region, the page of tips and their stream."""
    for url in solana.websocket_urls:
        yield await _websocket(url)
    if solana.jito is None:
        return
    for region in solana.jito.regions:
        yield await _region(region)
    if solana.jito.tip_floor_url is not None:
        yield await _tip_page(solana.jito)
    if solana.jito.tip_stream_url is not None:
        yield await _tip_stream(solana.jito.tip_stream_url)


async def _websocket(url: str) -> Finding:
    name = f"websocket {redact_url(url)}"
    feed = core.SlotFeed([url])
    try:
        fault = await _fault(feed)
    finally:
        feed.close()
    if fault:
        remedy = (
            "Correct solana.websocket_urls; until then slots, wallets and confirmations are asked for by the clock."
        )
        return warning(name, fault, remedy)
    return good(name, f"tells slots, the newest {feed.slot or 0:,}")


async def _region(url: str) -> Finding:
    name = f"block engine {redact_url(url)}"
    began_ns = time.perf_counter_ns()
    try:
        accounts = await core.JitoLane([url]).tip_accounts()
    except core.CoreError as error:
        return warning(name, str(error), "Correct solana.jito.regions; bundles go to the others meanwhile.")
    latency_ms = (time.perf_counter_ns() - began_ns) // 1_000_000
    over = "gRPC" if url.startswith("grpc") else "JSON-RPC"
    return good(name, f"answers over {over} in {latency_ms} ms, and names {len(accounts)} tip accounts")


async def _tip_page(jito: JitoSettings) -> Finding:
    name = "tip floor"
    try:
        floor = await core.JitoLane(list(jito.regions), tip_floor_url=jito.tip_floor_url).tip_floor()
    except core.CoreError as error:
        return warning(name, str(error), "Correct solana.jito.tip_floor_url; tips begin at tip_min_lamports meanwhile.")
    return good(name, _said(floor))


async def _tip_stream(url: str) -> Finding:
    name = f"tip stream {redact_url(url)}"
    stream = core.TipStream(url)
    try:
        fault, floor = await _fault(stream), stream.floor()
    finally:
        stream.close()
    if fault or floor is None:
        remedy = "Correct solana.jito.tip_stream_url; tips follow tip_floor_url meanwhile."
        return warning(name, fault, remedy)
    return good(name, _said(floor))


def _said(floor: core.TipFloor) -> str:
    return f"median {floor.p50_lamports:,} lamports, 75th percentile {floor.p75_lamports:,}"


async def _fault(feed: core.SlotFeed | core.TipStream) -> str:
    """Why it does not tell; empty when it does."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while (standing := feed.standing()).state == "connecting":
                await feed.next_standing()
    except TimeoutError:
        return f"told nothing within {_PATIENCE_S} s"
    return standing.detail if standing.state == "down" else ""
