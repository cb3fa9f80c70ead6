"""Answers of several endpoints weighed against each other: what enough of them say, or who said what."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from tradewind.errors import Misconfigured, Unavailable

T = TypeVar("T")

_HEX = re.compile(r"0x[0-9a-fA-F]*\Z")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Agreed(Generic[T]):
    """An answer, and the endpoints that gave it (as they may be shown)."""

    answer: T
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """What one endpoint said: an answer with the value by which answers are compared, or why there is none."""

    endpoint: str
    answer: T | None = None
    compared: object = None
    failure: Unavailable | Misconfigured | None = None


def quorum_of(configured: int | None, endpoints: int) -> int:
    """How many must agree: as configured, else the one there is or more than half of them.

    Raises Misconfigured (quorum_above_endpoints) for more than there are.
    """
    if configured is None:
        return endpoints // 2 + 1
    if not 1 <= configured <= endpoints:
        raise Misconfigured(
            "quorum_above_endpoints",
            f"a quorum of {configured} cannot be had from {endpoints} endpoint(s).",
            remedy="Lower quorum, or add endpoints to rpc_urls.",
        )
    return configured


def canonical(answer: object) -> str:
    """The same text for answers that mean the same: keys sorted, hexadecimal in lower case."""
    return json.dumps(_folded(answer), sort_keys=True, separators=(",", ":"))


def decide(said: Sequence[Said[T]], quorum: int) -> Agreed[T] | None:
    """What at least `quorum` endpoints say alike; None when there is no such answer, or two of them."""
    groups: list[list[Said[T]]] = []
    for one in said:
        if one.failure is None:
            group = next((group for group in groups if group[0].compared == one.compared), None)
            groups.append([one]) if group is None else group.append(one)
    large = [group for group in groups if len(group) >= quorum]
    if len(large) != 1:
        return None
    return Agreed(answer_of(large[0][0]), tuple(one.endpoint for one in large[0]))


def reached(said: Sequence[Said[int]], quorum: int) -> Agreed[int] | None:
    """The highest number that at least `quorum` endpoints have reached; None when fewer answered."""
    answered = sorted(((answer_of(one), one.endpoint) for one in said if one.failure is None), reverse=True)
    if len(answered) < quorum:
        return None
    height = answered[quorum - 1][0]
    return Agreed(height, tuple(endpoint for number, endpoint in answered if number >= height))


def no_agreement(what: str, said: Sequence[Said[T]], quorum: int) -> Unavailable | Misconfigured:
    """Why there was none: endpoints_disagree, quorum_not_reached, or the only endpoint's own failure."""
    if len(said) == 1 and said[0].failure is not None:
        return said[0].failure
    answered = sum(one.failure is None for one in said)
    words = "; ".join(f"{one.endpoint} says {_shown(one)}" for one in said)
    if answered < quorum:
        return Unavailable(
            "quorum_not_reached", f"{what} was answered by {answered} endpoint(s), {quorum} are needed: {words}."
        )
    return Unavailable("endpoints_disagree", f"no {quorum} endpoints give the same answer to {what}: {words}.")


def answer_of(one: Said[T]) -> T:
    """The answer of an endpoint that did not fail."""
    # None is an answer too ("no such receipt"), so it is the failure that tells.
    return cast("T", one.answer)


def _folded(value: object) -> object:
    if isinstance(value, str):
        return value.lower() if _HEX.match(value) else value
    if isinstance(value, list):
        return [_folded(item) for item in value]
    if isinstance(value, dict):
        return {key: _folded(item) for key, item in value.items()}
    return value


def _shown(one: Said[T]) -> str:
    if one.failure is not None:
        return f"nothing usable ({one.failure.code})"
    text = one.compared if isinstance(one.compared, str) else repr(one.compared)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
