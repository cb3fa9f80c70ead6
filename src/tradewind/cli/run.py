"""`tradewind run`: starts strategies, each in an engine of its own, and keeps them running until it is told to stop."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, TextIO, cast

import typer
from rich.live import Live
from rich.text import Text

from tradewind.cli.doctor.command import shown as findings_shown
from tradewind.cli.exit_code import ExitCode
from tradewind.cli.instance_journal import into_journal
from tradewind.cli.instances import DEFAULT_DATA, DataFolder, rule_shown, shown
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output
from tradewind.cli.remarks import Remarks
from tradewind.cli.unhurried import UnhurriedFile, unhurried
from tradewind.commander.commander import BotCommander, Order, Outcome
from tradewind.commander.engine_binary import find_engine
from tradewind.commander.engine_check import check_by_engine
from tradewind.commander.engine_line import EngineLine
from tradewind.commander.instance_folder import DEFAULT_INSTANCE, InstanceFolder, InstanceName
from tradewind.commander.instance_state import InstanceState, Phase
from tradewind.commander.preflight.examine import examine, refuse_wrong
from tradewind.commander.relaying import lasting, meanwhile
from tradewind.commander.rules.governing import Governing
from tradewind.commander.rules.reading import read_rules_file
from tradewind.commander.rules.reloading import RulesReload
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.strategy_file.searching import find_file, folders
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.commander.supervisor_parts import SupervisorParts
from tradewind.commander.triage.triaging import Triaging
from tradewind.commander.wallet_halt import halt_wallet
from tradewind.errors import InvalidInput
from tradewind.execution.executor_settings import refuse_wallet_keys
from tradewind.localnet.anvil import LEASH
from tradewind.observability import events as observe
from tradewind.observability.clock import SystemClock

_Work = Callable[[], Awaitable[None]]
_GOOD = {Phase.STOPPED, Phase.FINISHED}
_REFRESH_S = 0.25
_NOT_READ = "Nobody reads it, or too slowly; the engines go on, and tradewind status shows them."


def run(
    *,
    strategy: Annotated[
        list[str] | None,
        typer.Option("--strategy", "-s", metavar="NAME[/INSTANCE]", help="What to run; give it again for more."),
    ] = None,
    config: Annotated[
        list[str] | None,
        typer.Option(
            "--config", "-c", metavar="NAME|PATH", help="Its file, when not that of its name; one for each --strategy."
        ),
    ] = None,
    instance: Annotated[
        str, typer.Option("--instance", metavar="NAME", help="For strategies that are given without one.")
    ] = DEFAULT_INSTANCE,
    check: Annotated[bool, typer.Option("--check", help="Only look at the files, and start nothing.")] = False,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="FILE", help="Rules that start and stop instances by what the market does."),
    ] = None,
    data: DataFolder = DEFAULT_DATA,
    as_json: JsonFlag = False,
) -> None:
    """Run strategies until Ctrl-C or SIGTERM: each has an engine of its own, watched and started again when it fails.

    The file of a strategy is NAME.yaml, .yml, .json or .toml in configs/strategies or ~/.config/tradewind/strategies.
    Every mistake in it is told before anything starts. Changes of its limits, blacklist and parameters are taken while
    the engine runs. Before each start it looks whether everything is there that the engine needs, and refuses to start
    it where something is not. An engine that crashes again and again is not started for ever: its wallet is halted.

    The engine is the one beside this program, on PATH, or built in this tree; where there is none cargo builds it.

    With --rules the instances that the file names run only while their rule lets them, until somebody stops them;
    those of --strategy that it does not name run all the time. A change of that file is taken while they run.

    Exit code 1 when one was refused or halted.

    Example: `tradewind run --strategy arb --config configs/strategies/arb.yaml`
    """
    output = Output(as_json=as_json)
    refuse_wallet_keys(os.environ)
    ruled = None if rules is None else read_rules_file(rules)
    governing = None if ruled is None else Governing(ruled.settings, SystemClock())
    orders = _orders(strategy or [], config or [], instance, governing)
    if check:
        _check(orders, output)
        return
    beside: dict[str, _Work] = {}
    if ruled is not None and governing is not None:
        reload = RulesReload(ruled.path, governing, SystemClock())
        beside = {"rules": governing.run, "file of rules": reload.run}
    outcomes = asyncio.run(_run(orders, data, output, beside))
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if len(outcomes) == 1 and failed and failed[0].error is not None:
        raise failed[0].error
    for outcome in failed:
        output.progress(f"{outcome.name}: {outcome.error}")
    if not as_json:
        output.say(shown([outcome.state for outcome in outcomes]))
    good = all(outcome.error is None and outcome.state.phase in _GOOD for outcome in outcomes)
    raise typer.Exit(ExitCode.OK if good else ExitCode.NOT_DONE)


def _orders(
    strategies: Sequence[str], configs: Sequence[str], instance: str, governing: Governing | None
) -> list[Order]:
    if not strategies and governing is None:
        message = "Name strategies, or give a file of rules: --rules FILE."
        raise InvalidInput.one("--strategy", "strategies_missing", message, what="command line")
    if configs and len(configs) != len(strategies):
        message = f"is given {len(configs)} times for {len(strategies)} strategies. Give one for each, or none."
        raise InvalidInput.one("--config", "config_count", message, what="command line")
    names = [InstanceName.parse(text if "/" in text else f"{text}/{instance}") for text in strategies]
    searched = folders(os.environ, here=Path.cwd())
    named = dict(zip(names, configs or [name.strategy for name in names], strict=True))
    if len(named) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        message = "is asked for twice. Give each instance a name of its own."
        raise InvalidInput.one(str(twice), "instance_twice", message, what="instances")
    ruled = {} if governing is None else governing.files()
    return [
        Order(
            name,
            read_strategy_file(find_file(text, searched), strategy=name.strategy),
            admission=None if governing is None else governing.admissions.get(name),
        )
        for name, text in {**ruled, **named}.items()
    ]


def _check(orders: Sequence[Order], output: Output) -> None:
    """The engine looks at what it would be given, too."""
    command = find_engine(os.environ, here=Path.cwd())
    for order in orders:
        settings = order.file.settings
        check_by_engine(command, settings, instance=order.name.instance, environment=os.environ)
        said = f"{order.name}: {order.file.path} is right"
        output.line({"strategy": order.name.strategy, "instance": order.name.instance, "mistakes": []}, Text(said))


async def _run(orders: Sequence[Order], data: Path, output: Output, beside: Mapping[str, _Work]) -> list[Outcome]:
    # A terminal that stands still must not hold up who reads the engines, and with that the engines.
    with (
        unhurried(sys.stdout) as out,
        unhurried(sys.stderr) as errors,
        output.written_to(cast("TextIO", out), cast("TextIO", errors)),
    ):
        return await _run_and_tell(orders, data, _Told(output, out), beside)


async def _run_and_tell(
    orders: Sequence[Order], data: Path, told: "_Told", beside: Mapping[str, _Work]
) -> list[Outcome]:
    command = find_engine(os.environ, here=Path.cwd())
    told.progress(f"engine {command.because}")
    parts = SupervisorParts(
        clock=SystemClock(),
        command=command,
        environment=os.environ,
        halt=halt_wallet,
        preflight=told.preflight(data),
        publishing=into_journal,
        triaging=Triaging(SystemClock()),
        leash=(sys.executable, "-I", "-S", str(LEASH), str(os.getpid())),
        on_state=told.state,
        on_line=told.build if command.builds else told.line,
    )
    commander = BotCommander(orders, root=data, parts=parts)
    for number, by in ((signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")):
        asyncio.get_running_loop().add_signal_handler(number, _stopper(commander, by))
    with told.shown(commander), told.remarks():
        async with AsyncExitStack() as meantime:
            for part, work in {"table": lambda: told.keep_fresh(commander), **beside}.items():
                await meantime.enter_async_context(meanwhile(lasting(part, work, SystemClock())))
            return await commander.run()


def _stopper(commander: BotCommander, by: str) -> Callable[[], None]:
    return lambda: commander.stop(by=by)


class _Told:
    """What people and programs are shown meanwhile: a table on a terminal, a line a change elsewhere."""

    def __init__(self, output: Output, file: UnhurriedFile) -> None:
        self._output = output
        self._file = file
        self._left_out = 0
        self._live: Live | None = None
        self._last: dict[str, tuple[object, ...]] = {}

    def shown(self, commander: BotCommander) -> AbstractContextManager[object]:
        """While the strategies run."""
        if self._output.as_json or not self._output.console.is_terminal:
            return nullcontext()
        self._live = Live(shown(commander.states), console=self._output.console, auto_refresh=False, transient=True)
        return self._live

    @contextmanager
    def remarks(self) -> Iterator[None]:
        """What goes wrong beside the engines is said meanwhile."""
        logger, handler = logging.getLogger("tradewind"), Remarks(self._say)
        logger.addHandler(handler)
        try:
            yield
        finally:
            logger.removeHandler(handler)

    def _say(self, text: str) -> None:
        if self._live is not None:
            self._live.console.print(Text(text, style="yellow"))
        else:
            self._output.progress(text)

    async def keep_fresh(self, commander: BotCommander) -> None:
        """Draw the table again, and again, on a terminal that keeps up."""
        while True:
            if self._live is not None and not self._file.is_behind:
                self._live.update(shown(commander.states), refresh=True)
            if self._file.left_out > self._left_out:
                self._left_out = self._file.left_out
                observe.record_lost(what="output", code="output_not_read", message=_NOT_READ)
            await asyncio.sleep(_REFRESH_S)

    def progress(self, text: str) -> None:
        """What is happening meanwhile."""
        self._output.progress(text)

    def state(self, state: InstanceState) -> None:
        """A state, told when something of it that people care for has changed."""
        if self._live is not None:
            return
        name = f"{state.strategy}/{state.instance}"
        ruled = None if state.rule is None else (state.rule.may_run, state.rule.version, state.rule.fault)
        said = (state.phase, state.because, state.version_in_force, state.reload_fault, state.pid, ruled)
        if self._last.get(name) != said:
            self._last[name] = said
            because = state.reload_fault or state.because
            because += "" if state.rule is None else f"  [{rule_shown(state.rule)}]"
            self._output.line(state.model_dump(mode="json"), Text(f"{name}  {state.phase.value}  {because}"))

    def preflight(self, data: Path) -> Callable[[StrategySettings], Awaitable[None]]:
        """Looks before each start, shows the table, and refuses to start on red."""

        async def look(settings: StrategySettings) -> None:
            findings = await examine(settings, data, SystemClock())
            if not self._output.as_json and self._live is None:
                self._output.say(findings_shown(findings))
            refuse_wrong(findings)

        return look

    def line(self, folder: InstanceFolder, line: EngineLine) -> None:
        """Lines are in the instance's log: tradewind logs."""

    def build(self, folder: InstanceFolder, line: EngineLine) -> None:
        """What cargo says while it builds."""
        if line.event == "text":
            self._output.progress(line.message)
