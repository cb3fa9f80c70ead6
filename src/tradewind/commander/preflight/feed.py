"""The feeds: whether the websocket takes a subscription, and whether gRPC servers answer."""

import asyncio
import json

import aiohttp

from tradewind.commander.finding import Finding, good, warning, wrong
from tradewind.commander.preflight.yellowstone import grpc_channel, look_at_yellowstone
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.settings import redact_url

TIMEOUT_S = 5.0
_SUBSCRIBE = {"jsonrpc": "2.0", "id": 1, "method": "slotSubscribe"}


async def check_feeds(settings: StrategySettings) -> list[Finding]:
    """Each one that is configured; one that does not feed the engine is worth a look when it is not there."""
    chain = settings.chain

    async def yellowstone(url: str) -> str | None:
        files = (chain.yellowstone_token_file, chain.yellowstone_ca_file)
        return await look_at_yellowstone(url, *files, timeout_s=TIMEOUT_S)

    looks = [
        ("websocket", chain.websocket, _websocket),
        ("yellowstone", chain.yellowstone, yellowstone),
        ("shredstream", chain.shredstream, _grpc),
    ]
    asked = [(kind, url, look(url)) for kind, url, look in looks if url is not None]
    faults = await asyncio.gather(*(look for _, _, look in asked))
    chosen = _chosen(settings)
    return [
        _judged(f"{kind} {redact_url(url)}", fault, is_chosen=kind in chosen)
        for (kind, url, _), fault in zip(asked, faults, strict=True)
    ]


def _chosen(settings: StrategySettings) -> set[str]:
    """What feeds the engine: entries of a Shredstream do not tell of accounts, which another feed does then."""
    kind = settings.feeds.kind
    if kind != "shredstream":
        return {kind}
    return {kind, "websocket" if settings.chain.yellowstone is None else "yellowstone"}


def _judged(name: str, fault: str | None, *, is_chosen: bool) -> Finding:
    if fault is None:
        return good(name, "is there")
    if is_chosen:
        return wrong(name, fault, "Correct its URL, start it, or choose another feeds.kind.")
    return warning(name, fault, "The engine is not fed by it; correct its URL or take it out.")


async def _websocket(url: str) -> str | None:
    try:
        async with asyncio.timeout(TIMEOUT_S), aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            await socket.send_str(json.dumps(_SUBSCRIBE))
            answer = json.loads(await socket.receive_str())
            return None if isinstance(answer.get("result"), int) else "refuses a subscription"
    except TimeoutError:
        return f"does not answer within {TIMEOUT_S:.0f} s"
    except (aiohttp.ClientError, OSError, TypeError, ValueError, AttributeError) as error:
        return f"does not take a subscription ({type(error).__name__})"


async def _grpc(url: str) -> str | None:
    """Whether a gRPC server is there; a stream of entries has nothing to ask beyond that."""
    channel = grpc_channel(url)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await channel.channel_ready()
    except TimeoutError:
        return f"no gRPC connection within {TIMEOUT_S:.0f} s"
    finally:
        await channel.close()
    return None
