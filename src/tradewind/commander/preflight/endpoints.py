"""Each RPC endpoint by itself: whether it answers, is of the right network, how fast, and how far behind the others."""

import asyncio
import time
from dataclasses import dataclass

from tradewind import core
from tradewind.commander.finding import Finding, good, wrong
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.errors import Misconfigured, TradewindError
from tradewind.settings import redact_url
from tradewind.venues import rpc_answer
from tradewind.venues.solana.cluster import SolanaCluster

TIMEOUT_MS = 5_000
_REMEDY = "Start it, correct its URL, or take it out of chain.rpc."


@dataclass(frozen=True, slots=True)
class _Seen:
    url: str
    slot: int = 0
    latency_ms: int = 0
    error: TradewindError | None = None


async def check_endpoints(settings: StrategySettings) -> tuple[list[Finding], list[str]]:
    """The findings, and the URLs of those that answer."""
    seen = await asyncio.gather(*(_look(url, settings.chain.genesis_hash) for url in settings.chain.rpc))
    newest = max((each.slot for each in seen), default=0)
    answering = [each.url for each in seen if each.error is None]
    return [_judged(each, newest, settings) for each in seen], answering


async def _look(url: str, genesis_hash: str) -> _Seen:
    try:
        pool = core.RPCConnectionPool([url], genesis_hash=genesis_hash, request_timeout_ms=TIMEOUT_MS)
    except core.CoreError as error:
        return _Seen(url, error=Misconfigured(error.code, str(error), remedy="Correct it in chain.rpc."))
    cluster = SolanaCluster(pool, chain_id=SOLANA_MAINNET)
    try:
        # The first question opens the connection and proves the network; the second one is measured.
        await _slot(cluster)
        started = time.perf_counter_ns()
        slot = await _slot(cluster)
        return _Seen(url, slot, (time.perf_counter_ns() - started) // 1_000_000)
    except TradewindError as error:
        return _Seen(url, error=error)
    finally:
        pool.close()


async def _slot(cluster: SolanaCluster) -> int:
    return rpc_answer.integer(await cluster.ask("getSlot", {"commitment": "processed"}), "getSlot")


def _judged(seen: _Seen, newest: int, settings: StrategySettings) -> Finding:
    name, limits = f"rpc {redact_url(seen.url)}", settings.commander.preflight
    if seen.error is not None:
        return wrong(name, seen.error.message, seen.error.remedy or _REMEDY)
    behind = newest - seen.slot
    said = f"slot {seen.slot:,}, {behind} behind the newest, answers in {seen.latency_ms} ms"
    if behind > limits.most_lag_slots:
        return wrong(name, said, f"Take it out of chain.rpc, or allow more than {limits.most_lag_slots} slots.")
    if seen.latency_ms > limits.most_latency_ms:
        return wrong(name, said, f"Use one nearer by, or allow more than {limits.most_latency_ms} ms.")
    return good(name, said)
