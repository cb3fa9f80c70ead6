"""Solana: whether its endpoints answer and are of the right network, and whether tokens, pools and money are there."""

import time
from collections.abc import AsyncIterator

from tradewind import core
from tradewind.cli.doctor.finding import Finding, failed, good, warning, wrong
from tradewind.domain.amount import format_raw
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.errors import TradewindError
from tradewind.settings import Settings, SolanaSettings, redact_url
from tradewind.venues.solana.cluster import SolanaCluster
from tradewind.venues.solana.pool_book import PoolBook
from tradewind.venues.solana.wallets import SolanaWallets

_SLOW_MS = 1_000
# Below it a wallet can hardly pay for a few transactions and their rents.
_LOW_LAMPORTS = 10_000_000


async def check_solana(settings: Settings, solana: SolanaSettings) -> AsyncIterator[Finding]:
    """Each endpoint by itself; the rest through those that answer."""
    answering = []
    for url in solana.rpc_urls:
        finding = await _endpoint(url, solana)
        yield finding
        if finding.verdict != "wrong":
            answering.append(url)
    if not answering:
        return
    pool = core.RPCConnectionPool(answering, genesis_hash=solana.genesis_hash, request_timeout_ms=solana.rpc_timeout_ms)
    cluster = SolanaCluster(pool, chain_id=SOLANA_MAINNET)
    try:
        reader = SolanaWallets(cluster, [token.address for token in solana.tokens])
        yield await _pools(cluster, solana)
        for name, strategy in settings.strategies.items():
            if not strategy.wallet.startswith("0x"):
                yield await _money(reader, solana, name, strategy.wallet)
    except TradewindError as error:
        yield failed("solana", error)
    finally:
        pool.close()


async def _endpoint(url: str, solana: SolanaSettings) -> Finding:
    name = f"rpc {redact_url(url)}"
    pool = core.RPCConnectionPool([url], genesis_hash=solana.genesis_hash, request_timeout_ms=solana.rpc_timeout_ms)
    try:
        started = time.perf_counter_ns()
        head = await SolanaCluster(pool, chain_id=SOLANA_MAINNET).head()
        latency_ms = (time.perf_counter_ns() - started) // 1_000_000
    except TradewindError as error:
        return failed(name, error)
    finally:
        pool.close()
    said = f"Solana, slot {head.number:,}, answers in {latency_ms} ms"
    if latency_ms > _SLOW_MS:
        return warning(name, f"{said}, which is slow", "Prefer one that is nearer.")
    return good(name, said)


async def _pools(cluster: SolanaCluster, solana: SolanaSettings) -> Finding:
    """How many of the pools can be quoted; what is wrong with the first that cannot."""
    book = PoolBook(cluster, solana.pools, [token.address for token in solana.tokens])
    await book.sync()
    missing = [pool for pool in solana.pools if pool not in book.pools]
    if not missing:
        return good("solana pools", f"all {len(solana.pools)} can be quoted")
    try:
        book.require(missing[0])
    except TradewindError as error:
        said = f"{len(missing)} of {len(solana.pools)} cannot be quoted; {missing[0]}: {error}"
        return wrong("solana pools", said, "Take it out of solana.pools, or read why above.")
    return good("solana pools", f"all {len(solana.pools)} can be quoted")


async def _money(reader: SolanaWallets, solana: SolanaSettings, name: str, wallet: str) -> Finding:
    held = await reader.balances(wallet)
    symbols = {token.address: token for token in solana.tokens}
    parts = [format_raw(held.native_raw, 9, solana.native_symbol)]
    parts += [
        format_raw(token.balance_raw, symbols[token.token].decimals, symbols[token.token].symbol)
        for token in held.tokens
        if token.balance_raw
    ]
    said = f"{wallet} holds {', '.join(parts)}"
    if held.native_raw < _LOW_LAMPORTS:
        return warning(f"wallet of {name}", said, "Send it some SOL for fees and rents.")
    return good(f"wallet of {name}", said)
