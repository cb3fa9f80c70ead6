"""A question about routes, asked of the core as often as it is needed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tradewind import core
from tradewind.cli.pools.core_fault import in_units, in_words_of
from tradewind.cli.pools.source import PoolSource
from tradewind.cli.pools.tokens import wrong

_OPTIONS = {
    "token_in": "--from",
    "token_out": "--to",
    "amount_raw": "--amount",
    "max_hops": "--max-hops",
    "max_paths": "--max-paths",
    "hop_cost_raw": "--hop-cost",
    "path_cost_raw": "--path-cost",
    "allowed_venues": "--venues",
    "excluded_tokens": "--exclude",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAsked:
    """What `core.optimize_split` takes, read from the options."""

    token_in: str
    token_out: str
    amount_raw: int
    exact: Literal["in", "out"]
    max_hops: int
    max_paths: int
    hop_cost_raw: int
    path_cost_raw: int
    allowed_venues: Sequence[str] | None
    excluded_tokens: Sequence[str]

    def sized(self, amount_raw: int) -> "RouteAsked":
        """The same question about another amount."""
        return replace(self, amount_raw=amount_raw)


def split(graph: core.PoolGraph, asked: RouteAsked, *, any_hops: bool = False) -> core.SplitRoute:
    """The answer, or the core's own refusal."""
    return core.optimize_split(
        graph,
        token_in=asked.token_in,
        token_out=asked.token_out,
        amount_raw=asked.amount_raw,
        exact=asked.exact,
        max_hops=asked.max_hops,
        max_paths=asked.max_paths,
        hop_cost_raw=asked.hop_cost_raw,
        path_cost_raw=asked.path_cost_raw,
        allowed_venues=asked.allowed_venues,
        excluded_tokens=asked.excluded_tokens,
        uncapped_bound=any_hops,
    )


def ask(source: PoolSource, asked: RouteAsked, *, any_hops: bool) -> core.SplitRoute:
    """The answer; InvalidInput names the option that is wrong, Refused says what is not to be had."""
    for option, number in (("--max-hops", asked.max_hops), ("--max-paths", asked.max_paths)):
        if not 0 <= number <= 255:
            raise wrong(option, "integer_out_of_range", f"must be small and above zero, not {number}.")
    given = asked.token_in if asked.exact == "in" else asked.token_out
    with in_words_of(_OPTIONS, in_units(source.names, given, asked.token_in, asked.token_out)):
        return split(source.graph, asked, any_hops=any_hops)
