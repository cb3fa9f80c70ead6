"""A chain: whether it answers and is the right one, and whether contracts, tokens and money are in place."""

import time
from collections.abc import AsyncIterator, Sequence

from tradewind.cli.doctor.finding import Finding, failed, good, warning, wrong
from tradewind.domain.amount import format_raw
from tradewind.domain.token_list import Token
from tradewind.errors import TradewindError
from tradewind.observability.clock import NS_PER_S, SystemClock
from tradewind.settings import ChainSettings, Settings, redact_url
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.multicall import Call
from tradewind.venues.rpc import RpcClient, result_of
from tradewind.venues.rpc_identity import ChainIdentity

_SYMBOL = bytes.fromhex("95d89b41")
_DECIMALS = bytes.fromhex("313ce567")
_OLD_HEAD_S = 60
_SLOW_MS = 1_000


async def check_chain(settings: Settings, chain_id: int) -> AsyncIterator[Finding]:
    """Each endpoint by itself; the rest through those that work."""
    configured = settings.chains[chain_id]
    answering = False
    try:
        identity = _identity(settings, chain_id)
    except TradewindError as error:
        yield failed(f"chain {chain_id}", error)
        return
    for url in configured.rpc_urls:
        finding = await _endpoint(url, identity, configured)
        answering = answering or finding.verdict != "wrong"
        yield finding
    if not answering:
        return
    async with _client(configured.rpc_urls, identity, configured) as rpc:
        chain = EvmChain(rpc, chain_id=chain_id, multicall=configured.multicall)
        try:
            yield await _contracts(chain, configured)
            yield await _tokens(chain, configured)
            for name, strategy in settings.strategies.items():
                yield await _money(chain, configured, name, strategy.wallet)
        except TradewindError as error:
            yield failed(f"chain {chain_id}", error)


def _identity(settings: Settings, chain_id: int) -> ChainIdentity:
    """As the service pins it; but what the service has not remembered yet is not remembered for it."""
    file = settings.chain_file(chain_id)
    return ChainIdentity(
        chain_id, genesis_hash=settings.chains[chain_id].genesis_hash, file=file if file.exists() else None
    )


def _client(urls: Sequence[str], identity: ChainIdentity, configured: ChainSettings) -> RpcClient:
    return RpcClient(
        urls,
        chain_id=identity.chain_id,
        timeout_s=configured.rpc_timeout_ms / 1000,
        clock=SystemClock(),
        identity=identity,
    )


async def _endpoint(url: str, identity: ChainIdentity, configured: ChainSettings) -> Finding:
    name = f"rpc {redact_url(url)}"
    chain_id = identity.chain_id
    async with _client([url], identity, configured) as rpc:
        chain = EvmChain(rpc, chain_id=chain_id, multicall=configured.multicall)
        try:
            await chain.connect()
            started = time.perf_counter_ns()
            head = await chain.head()
        except TradewindError as error:
            return failed(name, error)
        latency_ms = (time.perf_counter_ns() - started) // 1_000_000
    age_s = SystemClock().now_ns() // NS_PER_S - head.timestamp_s
    said = f"chain {chain_id}, block {head.number:,} is {age_s} s old, answers in {latency_ms} ms"
    if age_s > _OLD_HEAD_S:
        return warning(name, said, "Its newest block is old: it may be stuck. A local chain only mines on demand.")
    if latency_ms > _SLOW_MS:
        return warning(name, said, "It is slow. Use an endpoint nearer by.")
    return good(name, said)


async def _contracts(chain: EvmChain, configured: ChainSettings) -> Finding:
    named = {"multicall": configured.multicall}
    if (uniswap := configured.venues.uniswap_v3) is not None:
        named |= {"factory": uniswap.factory, "router": uniswap.router, "quoter": uniswap.quoter}
    named |= {token.symbol: token.address for token in configured.tokens}
    answers = await chain.rpc.batch([("eth_getCode", [address, "latest"]) for address in named.values()])
    empty = [name for name, answer in zip(named, answers, strict=True) if result_of(answer) in {"0x", None}]
    if empty:
        said = f"no contract at: {', '.join(f'{name} {named[name]}' for name in empty)}"
        return wrong("contracts", said, "Correct the addresses, or the chain.")
    return good("contracts", f"all {len(named)} configured addresses hold one")


async def _tokens(chain: EvmChain, configured: ChainSettings) -> Finding:
    calls = [Call(token.address, data) for token in configured.tokens for data in (_SYMBOL, _DECIMALS)]
    answers = await chain.multicall(calls, "latest")
    faults = [
        fault
        for index, token in enumerate(configured.tokens)
        if (fault := _token_fault(token, answers[2 * index], answers[2 * index + 1]))
    ]
    if faults:
        return wrong("token list", "; ".join(faults), "Correct the token list of the service and of the signer.")
    return good("token list", f"{', '.join(token.symbol for token in configured.tokens)} agree with the chain")


def _token_fault(token: Token, symbol: bytes | None, decimals: bytes | None) -> str | None:
    on_chain = None if decimals is None else int.from_bytes(decimals)
    if on_chain != token.decimals:
        return f"{token.symbol} has {on_chain} decimals on chain, {token.decimals} in the list"
    # string: an offset, a length, the bytes.
    text = b"" if symbol is None else symbol[64 : 64 + int.from_bytes(symbol[32:64])]
    if text.decode(errors="replace") != token.symbol:
        return f"{token.address} calls itself {text.decode(errors='replace')!r}, the list says {token.symbol}"
    return None


async def _money(chain: EvmChain, configured: ChainSettings, strategy: str, wallet: str) -> Finding:
    name = f"money of {strategy}"
    native_raw = await chain.balance(wallet)
    held = [(token, await chain.erc20_balance(token.address, wallet)) for token in configured.tokens]
    said = ", ".join(
        [format_raw(native_raw, 18, "ETH"), *(format_raw(raw, token.decimals, token.symbol) for token, raw in held)]
    )
    if native_raw == 0:
        return wrong(name, said, f"Send ETH to {wallet}: without it no gas can be paid.")
    if not any(raw for _, raw in held):
        return warning(name, said, f"Send one of the listed tokens to {wallet}: there is nothing to trade.")
    return good(name, said)
