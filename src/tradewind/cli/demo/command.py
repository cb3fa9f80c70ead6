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

from tradewind.cli.demo.report import report, solana_report
from tradewind.cli.demo.run import new_story, run
from tradewind.cli.demo.scene import scene
from tradewind.cli.demo.solana_run import SolanaEnding, run_solana, solana_story
from tradewind.cli.demo.solana_scene import solana_scene
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
    """Carry an intent from HTTP to a fill on a local chain of each kind, and prove it from the chain.

    Starts a local Arbitrum One with the real Uniswap V3 contracts, the signer and the service as processes of their
    own, sends them one intent, and follows it; then the same on a local Solana with the real programs. The wallets are
    public test accounts; nothing leaves this machine. The first run fetches the local chains with npm (72 MB) and cargo
    (20 MB); later ones need no network.

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
    if not output.as_json:
        console(width=WIDTH).print(whole)
    if svg is not None:
        save_svg(whole, svg)
        output.progress(f"The picture is {svg}")
    solana, on_solana, solana_took_ns = await _demo_solana(folder / "solana", clock=clock, output=output)
    if output.as_json:
        shown = report(story, ending, took_ns=took_ns, folder=str(folder) if kept else None)
        output.emit({**shown, "solana": solana_report(solana, on_solana.checks, took_ns=solana_took_ns)})
    if kept:
        output.progress(f"Everything is kept in {folder}")
    return ending.holds and on_solana.holds


async def _demo_solana(folder: Path, *, clock: SystemClock, output: Output) -> tuple[Story, SolanaEnding, int]:
    """The same on a local Solana; its story, how it ended, and how long it took in nanoseconds."""
    started_ns = clock.now_ns()
    async with solana_scene(folder, output.progress) as staged:
        story = solana_story(staged)
        with _live(story, output) as refresh:
            ending = await run_solana(staged, story, clock, refresh)
    took_ns = clock.now_ns() - started_ns
    if not output.as_json:
        console(width=WIDTH).print(picture(story, ending.checks or None, took_s=took_ns / 1e9))
    return story, ending, took_ns


@contextmanager
def _live(story: Story, output: Output) -> Iterator[Callable[[], None]]:
    """Redraws the story on a terminal while it happens; does nothing elsewhere."""
    if output.as_json or not output.console.is_terminal:
        yield lambda: None
        return
    with Live(console=output.console, transient=True, auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda: live.update(picture(story), refresh=True)
