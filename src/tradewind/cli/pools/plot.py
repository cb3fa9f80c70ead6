"""The picture of a route: where the amount goes, and what other amounts would come to."""

from pathlib import Path

from tradewind import core
from tradewind.cli.pools import svg
from tradewind.cli.pools.asking import RouteAsked
from tradewind.cli.pools.curve_picture import curve_shapes
from tradewind.cli.pools.flow_picture import flow_shapes
from tradewind.cli.pools.price import percent
from tradewind.cli.pools.source import PoolSource
from tradewind.errors import Misconfigured


def save_plot(source: PoolSource, asked: RouteAsked, route: core.SplitRoute, path: Path) -> None:
    """Draws the route; Misconfigured when the file cannot be written."""
    drawn = plot(source, asked, route)
    try:
        path.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise Misconfigured(
            "file_unwritable",
            f"--plot: the picture cannot be written to {path}: {error.strerror}.",
            remedy="Name another file.",
        ) from None


def plot(source: PoolSource, asked: RouteAsked, route: core.SplitRoute) -> str:
    """The picture as SVG text."""
    names = source.names
    title = f"{names.label(route.token_in)} to {names.label(route.token_out)}"
    shapes = [
        svg.text(svg.MARGIN, 44, title, "head"),
        svg.text(svg.MARGIN, 66, _summary(source, route), "soft"),
        svg.text(svg.MARGIN, 84, source.said, "soft"),
    ]
    flows, y = flow_shapes(source, route, 122)
    curves, bottom = curve_shapes(source, asked, y + 62)
    return svg.document(bottom + 28, f"A route from {title}", [*shapes, *flows, *curves])


def _summary(source: PoolSource, route: core.SplitRoute) -> str:
    far = route.token_out if route.exact == "in" else route.token_in
    paths = "one path" if len(route.legs) == 1 else f"{len(route.legs)} paths"
    said = f"{paths}, {percent(1_000_000 - route.within_hops.share_ppm)} from what no routing can pass"
    if route.single is None:
        return f"{said}; no single path fills the amount"
    chosen = route.amount_out_raw if route.exact == "in" else route.amount_in_raw
    gain = abs(chosen - route.single.amount_raw)
    better = "more" if route.exact == "in" else "less"
    return f"{said}; {source.names.amount(gain, far)} {better} than the best single path"
