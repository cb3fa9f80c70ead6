"""`tradewind demo`: what a newcomer sees first."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live

from tradewind.cli.demo.report import report
from tradewind.cli.demo.run import new_story, run
from tradewind.cli.demo.scene import scene
from tradewind.cli.demo.story import Story
from tradewind.cli.demo.svg import save_svg
from tradewind.cli.demo.view import WIDTH, picture
from tradewind.cli.exit_code import ExitCode
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output, console
from tradewind.errors import InvalidInput
from tradewind.observability.clock import SystemClock


def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the scratch folder: journal, gate, configs, logs.")
    ] = False,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Draw the run into an SVG picture.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="Use this empty folder, and keep it.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Carry one intent from HTTP to a fill on a local chain, and prove it from the chain.

    Starts a local Arbitrum One with the real Uniswap V3 contracts, the signer and the service as processes of their
    own, sends them one intent, and follows it. The wallet is a public test account; nothing leaves this machine. The
    first run fetches the local chain with npm (72 MB); later ones need no network.

    Example: `tradewind demo --keep`
    """
    output = Output(as_json=as_json)
    with _scratch(folder, keep=keep) as (path, kept):
        holds = asyncio.run(_demo(path, kept=kept, svg=svg, output=output))
    raise typer.Exit(ExitCode.OK if holds else ExitCode.NOT_DONE)


@contextmanager
def _scratch(folder: Path | None, *, keep: bool) -> Iterator[tuple[Path, bool]]:
    if folder is None:
        made = Path(tempfile.mkdtemp(prefix="tradewind-demo-"))
    else:
        made = folder.absolute()
        try:
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
            taken = any(made.iterdir())
        except OSError as error:
            message = f"{made} cannot be used: {error.strerror}. Name another folder."
            raise InvalidInput.one("--dir", "folder_unusable", message, what="command line") from None
        if taken:
            raise InvalidInput.one(
                "--dir", "folder_not_empty", f"{made} is not empty. Name an empty or a new folder.", what="command line"
            )
    kept = keep or folder is not None
    try:
        yield made, kept
    finally:
        if not kept:
            shutil.rmtree(made, ignore_errors=True)


async def _demo(folder: Path, *, kept: bool, svg: Path | None, output: Output) -> bool:
    clock = SystemClock()
    started_ns = clock.now_ns()
    async with scene(folder, output.progress) as staged:
        story = new_story(staged)
        with _live(story, output) as refresh:
            ending = await run(staged, story, clock, refresh)
        took_ns = clock.now_ns() - started_ns
    whole = picture(story, ending.checks or None, took_s=took_ns / 1e9)
    if output.as_json:
        output.emit(report(story, ending, took_ns=took_ns, folder=str(folder) if kept else None))
    else:
        console(width=WIDTH).print(whole)
    if svg is not None:
        save_svg(whole, svg)
        output.progress(f"The picture is {svg}")
    if kept:
        output.progress(f"Everything is kept in {folder}")
    return ending.holds


@contextmanager
def _live(story: Story, output: Output) -> Iterator[Callable[[], None]]:
    """Redraws the story on a terminal while it happens; does nothing elsewhere."""
    if output.as_json or not output.console.is_terminal:
        yield lambda: None
        return
    with Live(console=output.console, transient=True, auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda: live.update(picture(story), refresh=True)
