"""The command `tradewind`: its groups, its help, and the one place where errors become exit codes."""

import logging
import os
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tradewind.cli import failure
from tradewind.cli.cancel import cancel
from tradewind.cli.decode import decode
from tradewind.cli.demo.command import demo
from tradewind.cli.doctor.command import doctor
from tradewind.cli.events import events
from tradewind.cli.executor import executor
from tradewind.cli.exit_code import ExitCode, exit_code_of
from tradewind.cli.halt import halt, resume
from tradewind.cli.init import init
from tradewind.cli.intent import intent
from tradewind.cli.journal import journal
from tradewind.cli.keys import keys
from tradewind.cli.limits import limits
from tradewind.cli.localnet import localnet
from tradewind.cli.logs import logs
from tradewind.cli.new import new
from tradewind.cli.options import JSON_ASKED
from tradewind.cli.pools.cycles import cycles
from tradewind.cli.pools.route import route
from tradewind.cli.portfolio import portfolio
from tradewind.cli.ps import ps
from tradewind.cli.quote import quote
from tradewind.cli.report import report
from tradewind.cli.restart import restart
from tradewind.cli.rules import rules
from tradewind.cli.run import run
from tradewind.cli.settings import settings
from tradewind.cli.status import status
from tradewind.cli.stop import stop
from tradewind.cli.sweep import sweep
from tradewind.cli.token import token
from tradewind.cli.up import up
from tradewind.errors import TradewindError

HELP = """
Turns a trading intent into a confirmed result on chain, and proves it from the chain.

New here? Run `tradewind demo`: it carries one intent through on a local chain, in seconds.

Exit codes:

- **0** done
- **1** what was asked for did not happen: the intent failed, a check did not hold
- **2** wrong usage or input
- **3** something is missing or does not answer
- **130** interrupted

With `--json`, stdout carries one JSON document (or a JSON line for each item of a stream) and nothing else; an error is
then one JSON line on stderr.
"""


class _Root(TyperGroup):
    """Shows every error as a short block with its remedy, whatever command it comes from."""

    def list_commands(self, ctx: Any) -> list[str]:
        """What a newcomer runs comes first."""
        return sorted(super().list_commands(ctx), key=lambda name: name != "demo")

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (TradewindError, ExceptionGroup) as error:
            shown = _ours(error)
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read has enough, as with `| head`: Typer leaves quietly.
            raise
        except Exception as error:
            # What Typer raises is its own way of leaving; anything else is a defect that a user must not have to read.
            if type(error).__module__.startswith("typer") or os.environ.get("TRADEWIND_TRACEBACK"):
                raise
            shown = _unexpected(error)
        failure.show(shown, as_json=bool(ctx.meta.get(JSON_ASKED)))
        raise typer.Exit(exit_code_of(shown))


def _ours(error: TradewindError | ExceptionGroup[Exception]) -> TradewindError:
    while isinstance(error, ExceptionGroup):
        first = error.exceptions[0]
        if not isinstance(first, (TradewindError, ExceptionGroup)):
            return _unexpected(first)
        error = first
    return error


def _unexpected(error: Exception) -> TradewindError:
    return TradewindError(
        "internal_error",
        f"Something went wrong that should not: {type(error).__name__}: {error}",
        remedy="Set TRADEWIND_TRACEBACK=1 and run it again to see where.",
    )


app = typer.Typer(
    cls=_Root,
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"tradewind {version('tradewind')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    # Log lines are for the operators of a service; `up` turns them on.
    logging.getLogger("tradewind").addHandler(logging.NullHandler())


for command in (
    init,
    doctor,
    up,
    run,
    ps,
    settings,
    status,
    logs,
    stop,
    restart,
    executor,
    cancel,
    events,
    portfolio,
    report,
    halt,
    resume,
    sweep,
    route,
    cycles,
    decode,
):
    app.command()(command)
for group in (demo, rules, intent, quote, limits, journal, keys, token, localnet, new):
    app.add_typer(group, name=group.info.name)


def main() -> None:
    """Run the command line; never returns."""
    app(prog_name="tradewind")
    sys.exit(ExitCode.OK)
