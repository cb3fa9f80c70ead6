"""The few shapes that the pictures are made of, and their colours on light and dark backgrounds."""

from collections.abc import Iterable, Sequence
from html import escape

WIDTH = 960
MARGIN = 32
COLOURS = 6

_LIGHT = ("#2f6fde", "#1a9c6b", "#c07600", "#8b4fd0", "#cf3f5b", "#1798a8")
_DARK = ("#58a6ff", "#3fb950", "#d8a031", "#bc8cff", "#ff7b72", "#39c5cf")
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
        f"svg{{{_variables('#ffffff', '#d0d7de', '#1f2328', '#656d76', '#e8ecf0', _LIGHT)}}}"
        "@media (prefers-color-scheme: dark)"
        f"{{svg{{{_variables('#0d1117', '#30363d', '#e6edf3', '#9198a1', '#21262d', _DARK)}}}}}"
        f"text{{font:12px {_FONT};fill:var(--ink);font-variant-numeric:tabular-nums}}"
        ".head{font-size:20px;font-weight:600}.strong{font-weight:600;font-size:13px}"
        ".soft{fill:var(--soft)}.small{fill:var(--soft);font-size:11px}"
        ".card{fill:var(--card);stroke:var(--edge)}.pill{fill:var(--card);stroke:var(--edge)}.bar{fill:var(--soft)}"
        ".grid{stroke:var(--grid);fill:none}.mark{stroke:var(--soft);stroke-dasharray:2 3;fill:none}"
        "polyline{stroke-width:2;fill:none;stroke-linejoin:round}polyline.grid,polyline.mark{stroke-width:1}"
        ".single{stroke:var(--c2);stroke-dasharray:6 4}.split{stroke:var(--c0)}"
        "circle{stroke:var(--card);stroke-width:2}circle.split{fill:var(--c0)}circle.single{fill:var(--c2)}"
        + "".join(f".flow{at}{{fill:var(--c{at});fill-opacity:.5}}" for at in range(COLOURS))
    )


def _variables(card: str, edge: str, ink: str, soft: str, grid: str, colours: Sequence[str]) -> str:
    named = {"card": card, "edge": edge, "ink": ink, "soft": soft, "grid": grid}
    named |= {f"c{at}": colour for at, colour in enumerate(colours)}
    return "".join(f"--{name}:{value};" for name, value in named.items())


def _n(value: float) -> str:
    """Two decimals, without those that say nothing."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
