"""Where a command's words go: results to stdout, progress to stderr; JSON and nothing else when asked for."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

# Pipes have no width: a line is never wrapped or cut for them.
_UNBOUNDED = 100_000


def console(*, stderr: bool = False, width: int | None = None, file: IO[str] | None = None) -> Console:
    """A console that is colourful on a terminal and plain elsewhere."""
    made = Console(stderr=stderr, file=file, highlight=False, width=width, soft_wrap=False)
    return made if made.is_terminal or width else Console(stderr=stderr, file=file, highlight=False, width=_UNBOUNDED)


class Output:
    """The stdout of one command. With `as_json`, `emit` and `line` write JSON and `say` writes nothing."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = console()
        self._progress = console(stderr=True)

    @contextmanager
    def written_to(self, out: IO[str], errors: IO[str]) -> Iterator[None]:
        """Results and progress go to other files meanwhile."""
        usual = self.console, self._progress
        self.console, self._progress = console(file=out), console(file=errors)
        try:
            yield
        finally:
            self.console, self._progress = usual

    def emit(self, document: object, *shown: RenderableType) -> None:
        """The one result of a command: a JSON document, or what people are shown."""
        if self.as_json:
            self._write(json.dumps(document, indent=2, default=str))
            return
        for renderable in shown:
            self.console.print(renderable)

    def line(self, document: object, shown: RenderableType) -> None:
        """One item of a stream: a JSON line, or what people are shown."""
        if self.as_json:
            self._write(json.dumps(document, default=str))
        else:
            self.console.print(shown)
            # Whoever reads a pipe waits for this line, not for a buffer that is full.
            self.console.file.flush()

    def say(self, text: RenderableType) -> None:
        """A remark for people."""
        if not self.as_json:
            self.console.print(text)

    def progress(self, text: str) -> None:
        """What is happening meanwhile."""
        self._progress.print(Text(text, style="dim"))

    def _write(self, text: str) -> None:
        self.console.file.write(text + "\n")
        self.console.file.flush()


@dataclass(frozen=True, slots=True)
class Hanging:
    """A head with its details behind it; on a terminal that is too narrow for both, below it and indented."""

    head: Text
    details: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = Text.assemble(self.head, self.details)
        line.rstrip()
        if line.cell_len <= options.max_width:
            yield line
            return
        head = self.head.copy()
        head.rstrip()
        yield head
        yield Padding(self.details, (0, 0, 0, 4))


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[RenderableType]],
    *,
    right: Iterable[str] = (),
    unbroken: Iterable[str] = (),
) -> Table:
    """Rows under headings, without a frame, so that it reads the same on a terminal and in a pipe.

    Columns that are `unbroken` keep to one line, for what is copied from the screen.
    """
    numbers, whole = set(right), set(unbroken)
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        made.add_column(name, justify="right" if name in numbers else "left", overflow="fold", no_wrap=name in whole)
    for row in rows:
        made.add_row(*row)
    return made


def facts(pairs: Mapping[str, RenderableType]) -> Table:
    """Names and values, one a line."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs.items():
        made.add_row(name, value)
    return made
