"""What other sizes of the trade would come to: the amount and the average price, over several paths and over one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tradewind import core
from tradewind.cli.pools import svg
from tradewind.cli.pools.asking import RouteAsked, split
from tradewind.cli.pools.source import PoolSource

_SIZES = 24
_HEIGHT = 200
_GAP = 56
_UNITS = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"))

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Curve:
    """Pairs of what is paid and what is got, in units of the tokens; the middle one is the size that was asked."""

    kind: str
    asked: tuple[float, float] | None
    points: Points


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a chart stands, and what its edges mean."""

    left: float
    top: float
    width: float
    x_most: float
    y_least: float
    y_most: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a value stands in the picture."""
        span = (self.y_most - self.y_least) or 1.0
        return (
            self.left + self.width * x / self.x_most,
            self.top + _HEIGHT * (1 - (y - self.y_least) / span),
        )


def curve_shapes(source: PoolSource, asked: RouteAsked, top: float) -> tuple[list[str], float]:
    """Both charts from `top` on, and where they end. Every point is an exact quote; only its place is rounded."""
    curves = [_sampled(source, asked, "single", paths=1), _sampled(source, asked, "split", paths=asked.max_paths)]
    paid, got = source.names.label(asked.token_in), source.names.label(asked.token_out)
    width = (svg.WIDTH - 2 * svg.MARGIN - _GAP - 2 * 44) / 2
    left: float = svg.MARGIN + 44
    place = {"top": top, "width": width}
    shapes = _chart(curves, f"{got} for {paid}", paid, lambda point: point[1], left=left, from_zero=True, **place)
    left += width + _GAP + 44
    said = f"{got} per {paid}, on average"
    shapes += _chart(curves, said, paid, lambda point: point[1] / point[0], left=left, from_zero=False, **place)
    return shapes + _legend(top + _HEIGHT + 70), top + _HEIGHT + 70


def _sampled(source: PoolSource, asked: RouteAsked, kind: str, *, paths: int) -> Curve:
    points: list[tuple[float, float] | None] = []
    for size in range(1, _SIZES + 1):
        amount = asked.amount_raw * 2 * size // _SIZES
        points.append(_point(source, asked.sized(amount), paths) if amount else None)
    return Curve(kind, points[_SIZES // 2 - 1], [point for point in points if point])


def _point(source: PoolSource, asked: RouteAsked, paths: int) -> tuple[float, float] | None:
    """None for a size that no route fills."""
    try:
        if paths > 1:
            found: core.SplitRoute | core.Route = split(source.graph, asked)
        else:
            found = core.optimize_route(
                source.graph,
                token_in=asked.token_in,
                token_out=asked.token_out,
                amount_raw=asked.amount_raw,
                exact=asked.exact,
                max_hops=asked.max_hops,
                hop_cost_raw=asked.hop_cost_raw,
                allowed_venues=asked.allowed_venues,
                excluded_tokens=asked.excluded_tokens,
            )
    except core.CoreError:
        return None
    return (
        found.amount_in_raw / 10 ** (source.names.of(asked.token_in).decimals or 0),
        found.amount_out_raw / 10 ** (source.names.of(asked.token_out).decimals or 0),
    )


def _chart(
    curves: Sequence[Curve],
    title: str,
    paid: str,
    value: Callable[[tuple[float, float]], float],
    *,
    left: float,
    top: float,
    width: float,
    from_zero: bool,
) -> list[str]:
    values = [value(point) for curve in curves for point in curve.points]
    low, high = (0.0 if from_zero else min(values)), max(values)
    room = 0.0 if from_zero else (high - low) * 0.08
    most = max(point[0] for curve in curves for point in curve.points)
    frame = Frame(left, top, width, most, low - room, high + room)
    shapes = [svg.text(left, top - 14, title, "strong"), *_axes(frame, paid)]
    shapes += [svg.line([frame.at(point[0], value(point)) for point in curve.points], curve.kind) for curve in curves]
    if (asked := curves[-1].asked) is not None:
        x, _ = frame.at(asked[0], frame.y_least)
        shapes.append(svg.line([(x, top), (x, top + _HEIGHT)], "mark"))
        shapes += [
            svg.dot(*frame.at(curve.asked[0], value(curve.asked)), curve.kind) for curve in curves if curve.asked
        ]
    return shapes


def _axes(frame: Frame, paid: str) -> list[str]:
    shapes = []
    for tick, said in _ticks(frame.y_least, frame.y_most):
        _, y = frame.at(0, tick)
        shapes.append(svg.line([(frame.left, y), (frame.left + frame.width, y)], "grid"))
        shapes.append(svg.text(frame.left - 8, y + 4, said, "small", anchor="end"))
    y = frame.top + _HEIGHT + 18
    for tick, said in _ticks(0, frame.x_most):
        x, _ = frame.at(tick, frame.y_least)
        shapes.append(svg.text(x, y, said, "small", anchor="middle"))
    shapes.append(svg.text(frame.left + frame.width / 2, y + 18, f"{paid} paid", "small", anchor="middle"))
    return shapes


def _legend(y: float) -> list[str]:
    left, named = svg.MARGIN + 44, (("split", "over several paths"), ("single", "over the best single path"))
    shapes = []
    for kind, said in named:
        shapes.append(svg.line([(left, y - 4), (left + 28, y - 4)], kind))
        shapes.append(svg.text(left + 36, y, said, "soft"))
        left += 180
    return [*shapes, svg.text(svg.WIDTH - svg.MARGIN, y, "dotted: the amount asked for", "soft", anchor="end")]


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Round numbers between the edges, about four, with as many digits as tell them apart."""
    step = (high - low) / 4 or 1.0
    scale = 10.0 ** math.floor(math.log10(step))
    step = next(scale * factor for factor in (1, 2, 5, 10) if scale * factor >= step * 0.999)
    unit, name = next(((unit, name) for unit, name in _UNITS if high >= unit), (1.0, ""))
    digits = max(0, -math.floor(math.log10(step / unit) + 1e-9))
    values = [place * step for place in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    return [(value, f"{value / unit:,.{digits}f}{name}" if value else "0") for value in values]
