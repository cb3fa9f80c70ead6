"""The few shapes that the pictures are made of, and their colours on light and dark backgrounds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 960
MARGIN = 32
COLOURS = 6


@dataclass(frozen=True, slots=True)
class _Paint:
    card: str
    edge: str
    ink: str
    soft: str
    grid: str
    flows: Sequence[str]


_LIGHT = _Paint(
    card="#ffffff",
    edge="#d0d7de",
    ink="#1f2328",
    soft="#656d76",
    grid="#e8ecf0",
    flows=("#2f6fde", "#1a9c6b", "#c07600", "#8b4fd0", "#cf3f5b", "#1798a8"),
)
_DARK = _Paint(
    card="#0d1117",
    edge="#30363d",
    ink="#e6edf3",
    soft="#9198a1",
    grid="#21262d",
    flows=("#58a6ff", "#3fb950", "#d8a031", "#bc8cff", "#ff7b72", "#39c5cf"),
)
_FONT = '"Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif'


def document(height: float, title: str, shapes: Iterable[str]) -> str:
    """The whole picture on a card that follows the reader's colour scheme."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_n(height)}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_style()}</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{_n(height - 1)}" rx="12"/>',
        *shapes,
        "</svg>\n",
    ])  # fmt: skip


def text(x: float, y: float, said: str, kind: str = "", *, anchor: str = "start") -> str:
    """One line; `kind` names its style."""
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(said)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str, *, radius: float = 0) -> str:
    """A rectangle."""
    size = f'width="{_n(width)}" height="{_n(height)}"'
    return f'<rect class="{kind}" x="{_n(x)}" y="{_n(y)}" {size} rx="{_n(radius)}"/>'


def line(points: Sequence[tuple[float, float]], kind: str) -> str:
    """A line through points."""
    return f'<polyline class="{kind}" points="{" ".join(f"{_n(x)},{_n(y)}" for x, y in points)}"/>'


def dot(x: float, y: float, kind: str) -> str:
    """A small disc."""
    return f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="4.5"/>'


def _style() -> str:
    return (
        f"text{{font:12px {_FONT};font-variant-numeric:tabular-nums}}"
        ".head{font-size:20px;font-weight:600}.strong{font-weight:600;font-size:13px}.small{font-size:11px}"
        "polyline{stroke-width:2;fill:none;stroke-linejoin:round}polyline.grid,polyline.mark{stroke-width:1}"
        ".mark{stroke-dasharray:2 3}.single{stroke-dasharray:6 4}"
        "circle.single,circle.split{stroke-width:2;stroke-dasharray:none}"
        f"{_painted(_LIGHT)}@media (prefers-color-scheme: dark){{{_painted(_DARK)}}}"
    )


def _painted(paint: _Paint) -> str:
    """Plain colours, which every viewer knows."""
    flows = "".join(f".flow{at}{{fill:{colour};fill-opacity:.5}}" for at, colour in enumerate(paint.flows))
    return (
        f"text{{fill:{paint.ink}}}.soft,.small{{fill:{paint.soft}}}.bar{{fill:{paint.soft}}}"
        f".card,.pill{{fill:{paint.card};stroke:{paint.edge}}}"
        f".grid{{stroke:{paint.grid}}}.mark{{stroke:{paint.soft}}}"
        f".split{{stroke:{paint.flows[0]}}}.single{{stroke:{paint.flows[1]}}}{flows}"
        f"circle.split{{fill:{paint.flows[0]};stroke:{paint.card}}}"
        f"circle.single{{fill:{paint.flows[1]};stroke:{paint.card}}}"
    )


def _n(value: float) -> str:
    """Two decimals, without those that say nothing."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
