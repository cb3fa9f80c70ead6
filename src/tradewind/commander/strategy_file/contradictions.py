"""What is wrong between settings that are each right; looked for in the data, so that it is told with all else."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from tradewind.commander.strategy_file.located import Place

Said = tuple[Place, tuple[str, str, str]]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# Strategies of the engine that need no pools to begin with.
_FIND_THEIR_POOLS = ("sniper",)
_FEEDS = ("websocket", "yellowstone", "shredstream")


def contradictions(data: dict[str, Any], *, strategy: str | None) -> Iterator[Said]:
    """The place of each, with its code, fault and remedy. `strategy` is what was asked for on the command line."""
    yield from _another_strategy(data, strategy)
    yield from _feed_without_url(data)
    yield from _nothing_to_trade(data)
    yield from _live_without_wallet(data)
    yield from _quotes_for_everybody(data)
    yield from _crossed_pauses(data)


def _at(data: Any, *place: str) -> Any:
    for part in place:
        data = data.get(part) if isinstance(data, dict) else None
    return data


def _another_strategy(data: dict[str, Any], asked: str | None) -> Iterator[Said]:
    written = data.get("strategy")
    if asked is not None and isinstance(written, str) and _NAME.fullmatch(written) and written != asked:
        fault = f"is not the strategy that was asked for, which is {asked}."
        yield ("strategy",), ("strategy_differs", fault, f"Write strategy: {asked}, or run another strategy.")


def _feed_without_url(data: dict[str, Any]) -> Iterator[Said]:
    kind = _at(data, "feeds", "kind")
    known = kind in _FEEDS and isinstance(data.get("chain"), dict)
    # A recording needs no feed.
    if known and data.get("mode") != "replay" and _at(data, "chain", kind) is None:
        fault = f"is {kind}, and chain.{kind} is not set."
        yield ("feeds", "kind"), ("feed_without_url", fault, f"Add chain.{kind}, or choose another kind.")
    told = any(_at(data, "chain", other) is not None for other in ("websocket", "yellowstone"))
    if known and data.get("mode") != "replay" and kind == "shredstream" and not told:
        fault = "is shredstream, whose entries do not say what became of them."
        yield ("feeds", "kind"), ("feed_without_url", fault, "Add chain.websocket or chain.yellowstone.")


def _nothing_to_trade(data: dict[str, Any]) -> Iterator[Said]:
    if data.get("strategy") in _FIND_THEIR_POOLS:
        return
    inventory = data.get("inventory") or {}
    if isinstance(inventory, dict) and not inventory.get("snapshot") and not inventory.get("programs"):
        fault = "names neither a snapshot nor programs, so there would be no pools."
        yield ("inventory",), ("inventory_empty", fault, "Add snapshot: FILE, or programs: [PROGRAM ID].")


def _live_without_wallet(data: dict[str, Any]) -> Iterator[Said]:
    if data.get("mode") == "live" and not _at(data, "commander", "wallet"):
        fault = "is missing, and mode is live: a crash loop could not be halted."
        yield ("commander", "wallet"), ("wallet_missing", fault, "Add the address of the wallet that it trades with.")


def _quotes_for_everybody(data: dict[str, Any]) -> Iterator[Said]:
    listen = _at(data, "quotes", "listen")
    try:
        address = ipaddress.ip_address(str(listen).rpartition(":")[0].strip("[]"))
    except ValueError:
        return
    if not address.is_loopback and _at(data, "quotes", "beyond_loopback") is not True:
        fault = "can be reached from other machines, and nobody is asked who they are."
        remedy = "Write a loopback address, or add quotes.beyond_loopback: true."
        yield ("quotes", "listen"), ("bind_not_loopback", fault, remedy)


def _crossed_pauses(data: dict[str, Any]) -> Iterator[Said]:
    restart = _at(data, "commander", "restart") or {}
    first, longest = (_at(restart, name) for name in ("first_pause_ms", "longest_pause_ms"))
    if isinstance(first, int) and isinstance(longest, int) and longest < first:
        fault = f"is {longest}, below first_pause_ms ({first})."
        yield ("commander", "restart", "longest_pause_ms"), ("bounds_crossed", fault, "Raise it, or lower the other.")
