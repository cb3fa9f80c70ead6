"""`tradewind demo`: what a newcomer sees first."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live

from tradewind.cli.default_command import with_default
from tradewind.cli.demo.arb_command import arb, demo_arb
from tradewind.cli.demo.arb_report import arb_report
from tradewind.cli.demo.folder import Keep, ScratchFolder, scratch
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
from tradewind.observability.clock import SystemClock

demo = typer.Typer(
    name="demo",
    cls=with_default("all", when_bare=True),
    help="See it work on local chains: an intent on each kind of chain and an arbitrage, or with `arb` that alone.",
)
demo.command()(arb)


@demo.command(name="all")
def every(
    *,
    keep: Keep = False,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Draw the run into an SVG picture.")] = None,
    folder: ScratchFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Carry an intent from HTTP to a fill on a local chain of each kind, then an arbitrage; prove it from the chains.

    Starts a local Arbitrum One with the real Uniswap V3 contracts, the signer and the service as processes of their
    own, sends them one intent, and follows it; then the same on a local Solana with the real programs; then an engine
    there takes what somebody else's trade leaves. The wallets are public test accounts; nothing leaves this machine.
    The first run fetches the local chains with npm (72 MB) and cargo (20 MB); later ones need no network.

    Example: `tradewind demo all --keep`, or shorter: `tradewind demo --keep`
    """
    output = Output(as_json=as_json)
    with scratch(folder, keep=keep) as (path, kept):
        holds = asyncio.run(_demo(path, kept=kept, svg=svg, output=output))
    raise typer.Exit(ExitCode.OK if holds else ExitCode.NOT_DONE)


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
    arbitrage, taken, arb_took_ns = await demo_arb(folder / "arb", output=output, moves=1)
    if output.as_json:
        shown = report(story, ending, took_ns=took_ns, folder=str(folder) if kept else None)
        shown["solana"] = solana_report(solana, on_solana.checks, took_ns=solana_took_ns)
        output.emit({**shown, "arb": arb_report(arbitrage, taken, took_ns=arb_took_ns, folder=shown["folder"])})
    if kept:
        output.progress(f"Everything is kept in {folder}")
    return ending.holds and on_solana.holds and taken.holds


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
