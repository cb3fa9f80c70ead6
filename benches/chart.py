"""Lines over two logarithmic scales, as SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 250, 20, 50
# Told apart without colour sight too: each line has its own dashes.
STYLES = (("#1b6ca8", "none"), ("#c0392b", "8 3"), ("#1e8449", "2 3"), ("#7d3c98", "10 3 2 3"))


@dataclass(frozen=True, slots=True)
class Series:
    """A line, by its points; both numbers positive."""

    name: str
    points: Sequence[tuple[float, float]]


def svg(x_title: str, y_title: str, series: Sequence[Series]) -> str:
    """The whole drawing. Whole powers of ten have a grid line."""
    xs, ys = ([point[axis] for line in series for point in line.points] for axis in (0, 1))
    x_scale, y_scale = _powers(xs), _powers(ys)

    def place(x: float, y: float) -> tuple[float, float]:
        along = (math.log10(x) - x_scale[0]) / (x_scale[-1] - x_scale[0])
        up = (math.log10(y) - y_scale[0]) / (y_scale[-1] - y_scale[0])
        return LEFT + along * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for power in x_scale:
        x, y = place(10.0**power, 10.0 ** y_scale[0])
        parts += [_line(x, TOP, x, y), _text(x, y + 18, f"{10**power:,}", "middle")]
    for power in y_scale:
        x, y = place(10.0 ** x_scale[0], 10.0**power)
        parts += [_line(x, y, WIDTH - RIGHT, y), _text(x - 8, y + 4, f"{10.0**power:,g}", "end")]
    for number, line in enumerate(series):
        colour, dashes = STYLES[number % len(STYLES)]
        points = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in line.points)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'
        )
        y = TOP + 16 + 22 * number
        x = WIDTH - RIGHT + 14
        parts.append(
            f'<path d="M{x} {y}h26" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'
            + _text(x + 32, y + 4, line.name, "start")
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts += [_text(middle, HEIGHT - 10, x_title, "middle"), _text(LEFT, TOP - 6, y_title, "start"), "</svg>"]
    return "\n".join(parts) + "\n"


def _powers(values: Sequence[float]) -> range:
    """The powers of ten around all values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return range(low, max(high, low + 1) + 1)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="#dddddd"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#222222">{escape(text)}</text>'
