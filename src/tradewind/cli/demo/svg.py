"""Saves the demo's picture as an SVG that needs no font and no server of anybody's."""

import io
from pathlib import Path

from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme

from tradewind.cli.demo.view import WIDTH
from tradewind.errors import Misconfigured

# DejaVu Sans Mono's advance; a browser with another font stretches each run to fit.
_ASPECT = 0.602
_THEME = TerminalTheme(
    (13, 17, 23),
    (201, 209, 217),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
    [
        (110, 118, 129),
        (255, 161, 152),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (240, 246, 252),
    ],
)
_FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", ui-monospace, Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix" xml:space="preserve">
{matrix}
</g>
</g>
</svg>
"""


def save_svg(picture: RenderableType, path: Path) -> None:
    """Draw `picture` at WIDTH columns; Misconfigured when the file cannot be written."""
    canvas = Console(record=True, width=WIDTH, force_terminal=True, color_system="truecolor", file=io.StringIO())
    canvas.print(picture)
    drawn = canvas.export_svg(
        title="tradewind demo", theme=_THEME, code_format=_FORMAT, font_aspect_ratio=_ASPECT, unique_id="demo"
    )
    try:
        path.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise Misconfigured(
            "file_unwritable",
            f"The picture cannot be written to {path}: {error.strerror}.",
            remedy="Name another file.",
        ) from None
