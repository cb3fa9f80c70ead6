"""How a split route reads, as JSON and on a terminal."""

from typing import Any

from rich.console import RenderableType

from tradewind import core
from tradewind.cli.output import facts, table
from tradewind.cli.pools.price import percent, price_text, shares_percent
from tradewind.cli.pools.quote_view import quote_document
from tradewind.cli.pools.source import PoolSource
from tradewind.cli.pools.tokens import short


def shares(route: core.SplitRoute) -> list[str]:
    """The part of the asked amount that each leg carries."""
    paid = route.exact == "in"
    return shares_percent([leg.amount_in_raw if paid else leg.amount_out_raw for leg in route.legs])


def route_document(source: PoolSource, route: core.SplitRoute) -> dict[str, Any]:
    """The route as JSON values."""
    names = source.names
    far = route.token_out if route.exact == "in" else route.token_in
    return {
        "exact": route.exact,
        "amount_in": names.document(route.amount_in_raw, route.token_in),
        "amount_out": names.document(route.amount_out_raw, route.token_out),
        "cost": names.document(route.cost_raw, far),
        "legs": [
            {
                "share": share.removesuffix(" %"),
                "amount_in": names.document(leg.amount_in_raw, route.token_in),
                "amount_out": names.document(leg.amount_out_raw, route.token_out),
                "hops": [quote_document(source, hop) for hop in leg.hops],
            }
            for leg, share in zip(route.legs, shares(route), strict=True)
        ],
        "single": route.single
        and {
            "amount": names.document(route.single.amount_raw, far),
            "cost": names.document(route.single.cost_raw, far),
        },
        "bound": _bound(source, route.within_hops, far),
        "bound_any_hops": route.uncapped and _bound(source, route.uncapped, far),
    }


def _bound(source: PoolSource, bound: core.Bound, far: str) -> dict[str, Any]:
    return {"amount": source.names.document(bound.bound_raw, far), "share_ppm": bound.share_ppm, "proven": bound.proven}


def route_shown(source: PoolSource, route: core.SplitRoute) -> list[RenderableType]:
    """The result, the legs with their hops, and how good it is."""
    names, ends = source.names, (route.token_in, route.token_out)
    far = route.token_out if route.exact == "in" else route.token_in
    result: dict[str, RenderableType] = {
        "pays": names.amount(route.amount_in_raw, route.token_in),
        "gets": names.amount(route.amount_out_raw, route.token_out),
        "average price": price_text(names, (route.amount_out_raw, route.amount_in_raw), *ends),
    }
    if route.cost_raw:
        result["cost"] = f"{names.amount(route.cost_raw, far)}, not contained in the amounts"
    compared = _single(source, route, far) | _bounds(source, route, far) | {"pools": source.said}
    return [facts(result), "", _legs(source, route), "", facts(compared)]


def _legs(source: PoolSource, route: core.SplitRoute) -> RenderableType:
    names, rows = source.names, []
    for number, (leg, share) in enumerate(zip(route.legs, shares(route), strict=True), 1):
        for place, hop in enumerate(leg.hops):
            rows.append([
                f"{number}" if place == 0 else "",
                share if place == 0 else "",
                names.amount(hop.amount_in_raw, hop.token_in),
                names.amount(hop.amount_out_raw, hop.token_out),
                source.graph.venue(hop.pool),
                percent(hop.fee_ppm),
                short(hop.pool),
            ])  # fmt: skip
    columns = ("leg", "share", "pays", "gets", "venue", "fee", "pool")
    return table(columns, rows, right=("leg", "share", "pays", "gets", "fee"), unbroken=("pool", "share"))


def _single(source: PoolSource, route: core.SplitRoute, far: str) -> dict[str, RenderableType]:
    if route.single is None:
        return {"best single path": "none fills the amount"}
    said = source.names.amount(route.single.amount_raw, far)
    if route.single.cost_raw:
        said += f", at a cost of {source.names.amount(route.single.cost_raw, far)}"
    sign = 1 if route.exact == "in" else -1
    chosen = route.amount_out_raw if route.exact == "in" else route.amount_in_raw
    gain = sign * (chosen - route.single.amount_raw) - (route.cost_raw - route.single.cost_raw)
    return {"best single path": f"{said}; the split gains {source.names.amount(gain, far)} after costs"}


def _bounds(source: PoolSource, route: core.SplitRoute, far: str) -> dict[str, RenderableType]:
    limit = "no routing gives more than" if route.exact == "in" else "no routing takes less than"
    lines: dict[str, RenderableType] = {}
    for name, bound in (("bound", route.within_hops), ("bound, any hops", route.uncapped)):
        if bound is not None:
            gap = percent(1_000_000 - bound.share_ppm)
            said = f"{limit} {source.names.amount(bound.bound_raw, far)}, cycles included; the gap is {gap}"
            doubt = "" if bound.proven else " (no proof: a stable pool of three or more tokens is among the pools)"
            lines[name] = said + doubt
    return lines
