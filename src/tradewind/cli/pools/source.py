"""Where pools come from: a file in one of two forms, or a chain; always a graph, and what is known of its tokens."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradewind import core
from tradewind.cli.pools.live import LiveChain, read_live
from tradewind.cli.pools.options import PoolFormat
from tradewind.cli.pools.tokens import NamedToken, TokenNames, read_decimals, read_given, told_symbol, wrong

_MAX_FILE_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class PoolSource:
    """Pools that can be quoted, and what is known of their tokens. `said` is for people."""

    graph: core.PoolGraph
    names: TokenNames
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the options say about pools and tokens. `named_tokens` are those whose pools a chain is asked for."""

    pools: str | None
    format: PoolFormat
    chain: LiveChain | None
    live_pools: Sequence[str] = ()
    named_tokens: Sequence[tuple[str, str]] = ()
    tokens: Sequence[str] = ()
    decimals: Sequence[str] = ()


def read_source(asked: Asked) -> PoolSource:
    """The pools that are asked for; InvalidInput names the option that is wrong."""
    if (asked.pools is None) == (asked.chain is None):
        message = "name one source of pools: --pools FILE, or --rpc URL to read them from a chain."
        raise wrong("--pools", "pools_missing", message)
    given = TokenNames(read_given("--token", text) for text in asked.tokens)
    source = _live(asked, asked.chain, given) if asked.chain else _file(asked.pools or "-", asked.format)
    for text in asked.tokens:
        source.names.learn(read_given("--token", text))
    for text in asked.decimals:
        source.names.learn(read_decimals("--decimals", text, source.names))
    return source


def _live(asked: Asked, chain: LiveChain, given: TokenNames) -> PoolSource:
    tokens = [given.address(option, text) for option, text in asked.named_tokens] if not asked.live_pools else []
    read = asyncio.run(read_live(chain, asked.live_pools, tokens))
    return PoolSource(read.graph, read.names, f"{len(read.graph)} pools at block {read.block}")


def _file(file: str, written: PoolFormat) -> PoolSource:
    text = _text(file)
    if written is PoolFormat.AUTO:
        written = PoolFormat.COW if _looks_like_an_auction(text) else PoolFormat.POOLS
    graph = core.PoolGraph()
    try:
        if written is PoolFormat.COW:
            return _auction(graph, text)
        graph.add(text)
    except (ValueError, RecursionError) as error:
        # A CoreError is a ValueError; the others are of JSON that only one of the two readers takes.
        code = error.code if isinstance(error, core.CoreError) else "json_malformed"
        hint = "docs/pool-formats.md says how pools are written."
        raise wrong("--pools", code, f"{file}: {error}. {hint}") from None
    return PoolSource(graph, TokenNames(), f"{len(graph)} pools")


def _auction(graph: core.PoolGraph, text: str) -> PoolSource:
    auction = core.read_cow_auction(text)
    graph.add(auction.pools_json)
    names = TokenNames(_named(address, token) for address, token in json.loads(text)["tokens"].items())
    said = f"{len(graph)} pools of an auction with {len(auction.orders)} orders"
    return PoolSource(graph, names, said + (f"; {len(auction.refused)} pools refused" if auction.refused else ""))


def _named(address: str, token: Any) -> NamedToken:
    known = token if isinstance(token, dict) else {}
    alias, decimals = known.get("alias"), known.get("decimals")
    return NamedToken(
        core.to_checksum_address(address),
        told_symbol(alias),
        decimals if isinstance(decimals, int) and 0 <= decimals <= 77 else None,
    )


def _looks_like_an_auction(text: str) -> bool:
    try:
        file = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(file, dict) and "amms" in file


def _text(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.buffer.read(_MAX_FILE_BYTES).decode()
        with Path(file).open("rb") as source:
            return source.read(_MAX_FILE_BYTES).decode()
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}. Name a file of pools, or - for stdin."
        raise wrong("--pools", "file_unreadable", message) from None
    except UnicodeDecodeError:
        raise wrong("--pools", "file_not_text", f"{file} is not text. Name a file of pools as JSON.") from None
