"""The paths of a route as bands from what is paid to what is got, as wide as their shares."""

from tradewind import core
from tradewind.cli.pools import svg
from tradewind.cli.pools.price import percent
from tradewind.cli.pools.route_view import shares
from tradewind.cli.pools.source import PoolSource
from tradewind.cli.pools.tokens import short

_BAR = 10
_WIDEST = 110
_THINNEST = 3
_LABELS = 40
_SHARE = 82
_LETTER = 7.4


def flow_shapes(source: PoolSource, route: core.SplitRoute, top: float) -> tuple[list[str], float]:
    """The shapes from `top` on, and where they end."""
    names, right = source.names, svg.WIDTH - svg.MARGIN
    shapes = [
        svg.text(svg.MARGIN, top, f"pays {names.amount(route.amount_in_raw, route.token_in)}", "strong"),
        svg.text(right, top, f"gets {names.amount(route.amount_out_raw, route.token_out)}", "strong", anchor="end"),
    ]
    y = top + 14
    begin = y
    for number, (leg, share) in enumerate(zip(route.legs, shares(route), strict=True)):
        band = max(_THINNEST, _WIDEST * float(share.removesuffix(" %")) / 100)
        shapes += _lane(source, leg, share, kind=f"flow{number % svg.COLOURS}", top=y, band=band)
        y += _LABELS + band + 12
    for x in (svg.MARGIN, right - _BAR):
        shapes.append(svg.box(x, begin, _BAR, y - begin, "bar", radius=3))
    return shapes, y


def _lane(source: PoolSource, leg: core.Leg, share: str, *, kind: str, top: float, band: float) -> list[str]:
    """One path: its band, a label for each pool above it, and the tokens between."""
    left, right = svg.MARGIN + _BAR, svg.WIDTH - svg.MARGIN - _BAR
    first = left + 14 + _SHARE
    width = (right - 14 - first) / len(leg.hops)
    y = top + _LABELS
    shapes = [svg.box(left, y, right - left, band, kind), svg.text(left + 14, y - 22, share, "strong")]
    for place, hop in enumerate(leg.hops):
        x = first + place * width + (26 if place else 0)
        venue = source.graph.venue(hop.pool).replace("_", " ")
        shapes.append(svg.text(x, y - 22, f"{venue}  {percent(hop.fee_ppm)}"))
        shapes.append(svg.text(x, y - 8, short(hop.pool), "small"))
        if place:
            shapes += _pill(source.names.label(hop.token_in), first + place * width, y + band / 2)
    return shapes


def _pill(label: str, x: float, y: float) -> list[str]:
    said = label if len(label) <= 12 else f"{label[:11]}…"
    width = _LETTER * len(said) + 18
    return [
        svg.box(x - width / 2, y - 10, width, 20, "pill", radius=10),
        svg.text(x, y + 4, said, anchor="middle"),
    ]
