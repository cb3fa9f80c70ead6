"""`tradewind demo arb`: an arbitrage worth watching."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from tradewind.cli.demo.arb_report import arb_report
from tradewind.cli.demo.arb_run import ArbEnding, run_arb
from tradewind.cli.demo.arb_scene import PAIR, VENUES, arb_scene
from tradewind.cli.demo.arb_story import ArbStory
from tradewind.cli.demo.arb_view import arb_picture, said_of_move, said_of_trade
from tradewind.cli.demo.folder import Keep, ScratchFolder, scratch
from tradewind.cli.demo.view import WIDTH
from tradewind.cli.exit_code import ExitCode
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output, console
from tradewind.localnet.solana.localnet import SolanaLocalnet
from tradewind.observability.clock import SystemClock


def arb(
    *,
    once: Annotated[bool, typer.Option("--once", help="One move of the market, and the end.")] = False,
    moves: Annotated[int, typer.Option("--moves", min=1, max=100, help="How often somebody moves the market.")] = 4,
    keep: Keep = False,
    folder: ScratchFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Watch the arb strategy take what others leave on a local Solana, and prove what it gained from the chain.

    Starts a local Solana with the real programs, the signer, and a commander with the engine; then somebody trades in
    one pool, again and again. The wallets are public test accounts; nothing leaves this machine.

    Example: `tradewind demo arb --moves 10`
    """
    output = Output(as_json=as_json)
    with scratch(folder, keep=keep) as (path, kept):
        story, ending, took_ns = asyncio.run(demo_arb(path, output=output, moves=1 if once else moves))
        if as_json:
            output.emit(arb_report(story, ending, took_ns=took_ns, folder=str(path) if kept else None))
        if kept:
            output.progress(f"Everything is kept in {path}")
    raise typer.Exit(ExitCode.OK if ending.holds else ExitCode.NOT_DONE)


async def demo_arb(folder: Path, *, output: Output, moves: int) -> tuple[ArbStory, ArbEnding, int]:
    """Its story, how it ended, and how long it took in nanoseconds."""
    clock = SystemClock()
    started_ns = clock.now_ns()
    async with arb_scene(folder, _new_story, output.progress) as (scene, story):
        with _shown(story, output) as changed:
            ending = await run_arb(scene, story, clock, changed, moves=moves)
    took_ns = clock.now_ns() - started_ns
    if not output.as_json:
        _console(output).print(arb_picture(story, ending.checks, took_s=took_ns / 1e9))
    return story, ending, took_ns


def _new_story(chain: SolanaLocalnet) -> ArbStory:
    pools = [chain.description.pool(venue, PAIR).pool for venue in VENUES]
    return ArbStory((pools[0], pools[1]), chain.description.wallets[0].address)


def _console(output: Output) -> Console:
    """As wide as the terminal, and no wider than reads well."""
    return console(width=min(output.console.width, WIDTH) if output.console.is_terminal else WIDTH)


@contextmanager
def _shown(story: ArbStory, output: Output) -> Iterator[Callable[[], None]]:
    """A picture that is drawn again on a terminal, a line for each new thing elsewhere."""
    if output.as_json:
        yield lambda: None
        return
    if not output.console.is_terminal:
        yield _Lines(story, output).tell
        return
    drawn = _console(output)
    with Live(console=drawn, transient=True, auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda: live.update(arb_picture(story, rows=drawn.height), refresh=True)


class _Lines:
    """What happened since it was told last, each a line."""

    def __init__(self, story: ArbStory, output: Output) -> None:
        self._story = story
        self._output = output
        self._moves = 0
        self._told: dict[str, str | None] = {}

    def tell(self) -> None:
        """Each move once, each trade when it was sent and when it has ended."""
        for move in self._story.moves[self._moves :]:
            self._output.say(Text(said_of_move(move)))
        self._moves = len(self._story.moves)
        for trade in list(self._story.trades.values()):
            if trade.sent_ns is not None and self._told.get(trade.plan_id, "") != trade.status:
                self._told[trade.plan_id] = trade.status
                self._output.say(Text(said_of_trade(trade)))
        sys.stdout.flush()
