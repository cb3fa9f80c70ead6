"""`tradewind cycles`: closed paths through pools that give back more than they take, without a service."""

from typing import Annotated, Any

import typer
from rich.console import RenderableType

from tradewind import core
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output, table
from tradewind.cli.pools import options as o
from tradewind.cli.pools.core_fault import in_words_of
from tradewind.cli.pools.source import Asked, PoolSource, read_source
from tradewind.cli.pools.tokens import short, wrong

Bases = Annotated[
    list[str],
    typer.Option("--base", metavar="TOKEN", help="Where cycles begin and end; address or symbol; repeatable."),
]
CycleHops = Annotated[int, typer.Option("--max-hops", help="The most pools of a cycle, 2 to 4.")]
CycleCost = Annotated[str, typer.Option("--cycle-cost", metavar="AMOUNT", help="What a cycle costs besides.")]
Top = Annotated[int, typer.Option("--top", min=1, help="Show so many, the greatest profit first.")]


def cycles(
    *,
    pools: o.Pools = None,
    base: Bases,
    max_hops: CycleHops = 3,
    hop_cost: o.HopCost = "0",
    cycle_cost: CycleCost = "0",
    top: Top = 10,
    written: o.Format = o.PoolFormat.AUTO,
    token: o.TokenGiven = None,
    decimals: o.Decimals = None,
    as_json: JsonFlag = False,
) -> None:
    """Cycles that gain after their costs, each at the input that gains most, by exact quotes.

    Amounts: a whole number is raw units (1500000), a number with a point is units of the token (1.5). Costs are in each
    base token.

    Example: tradewind cycles --pools auction.json --base WETH --max-hops 3 --top 5
    """
    asked = Asked(pools=pools, format=written, chain=None, tokens=token or (), decimals=decimals or ())
    source = read_source(asked)
    if not 0 <= max_hops <= 255:
        raise wrong("--max-hops", "integer_out_of_range", f"must be from 2 to 4, not {max_hops}.")
    bases = [_base(source, text, hop_cost, cycle_cost) for text in base]
    with in_words_of({"bases": "--base", "base_tokens": "--base", "max_hops": "--max-hops"}):
        index = core.CycleIndex(source.graph, bases, max_hops)
    found = index.scan(source.graph)
    shown = found[:top] if len(bases) == 1 else _best_of_each(found, top)
    Output(as_json=as_json).emit(_document(source, index, found, shown), *_shown(source, index, found, shown))


def _base(source: PoolSource, text: str, hop_cost: str, cycle_cost: str) -> core.BaseToken:
    token = source.names.address("--base", text)
    hop_cost_raw = source.names.amount_raw("--hop-cost", hop_cost, token)
    cycle_cost_raw = source.names.amount_raw("--cycle-cost", cycle_cost, token)
    with in_words_of({"token": "--base", "hop_cost_raw": "--hop-cost", "cycle_cost_raw": "--cycle-cost"}):
        return core.BaseToken(token, hop_cost_raw=hop_cost_raw, cycle_cost_raw=cycle_cost_raw)


def _best_of_each(found: list[core.Cycle], top: int) -> list[core.Cycle]:
    """Profits in different tokens do not compare, so each base has its own best."""
    taken: dict[str, int] = {}
    shown = []
    for cycle in found:
        taken[cycle.base] = taken.get(cycle.base, 0) + 1
        if taken[cycle.base] <= top:
            shown.append(cycle)
    return shown


def _document(
    source: PoolSource, index: core.CycleIndex, found: list[core.Cycle], shown: list[core.Cycle]
) -> dict[str, Any]:
    return {
        "cycles_of_tokens": len(index),
        "promising": index.promising(),
        "found": len(found),
        "cycles": [_cycle(source, cycle) for cycle in shown],
    }


def _cycle(source: PoolSource, cycle: core.Cycle) -> dict[str, Any]:
    names = source.names
    amounts = {"amount_in": cycle.amount_in_raw, "amount_out": cycle.amount_out_raw}
    amounts |= {"cost": cycle.cost_raw, "profit": cycle.profit_raw}
    made: dict[str, Any] = {name: names.document(raw, cycle.base) for name, raw in amounts.items()}
    made["hops"] = [
        {
            "pool": hop.pool,
            "venue": source.graph.venue(hop.pool),
            "amount_in": names.document(hop.amount_in_raw, hop.token_in),
            "amount_out": names.document(hop.amount_out_raw, hop.token_out),
        }
        for hop in cycle.hops
    ]
    return made


def _shown(
    source: PoolSource, index: core.CycleIndex, found: list[core.Cycle], shown: list[core.Cycle]
) -> list[RenderableType]:
    names = source.names
    summary = f"{len(found)} cycles gain after costs, of {len(index)} cycles of tokens in {source.said}."
    if not found:
        return [summary]
    rows = []
    for cycle in shown:
        path = [names.label(hop.token_in) for hop in cycle.hops] + [names.label(cycle.base)]
        rows.append([
            names.amount(cycle.profit_raw, cycle.base),
            names.amount(cycle.amount_in_raw, cycle.base),
            " → ".join(path),
            ", ".join(short(hop.pool) for hop in cycle.hops),
        ])  # fmt: skip
    return [table(("profit", "pays", "path", "pools"), rows, right=("profit", "pays")), "", summary]
