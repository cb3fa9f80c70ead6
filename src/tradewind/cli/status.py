"""`tradewind status`: everything about one instance, or a live table of all of them."""

import json
import time
from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from tradewind.cli.instances import DEFAULT_DATA, DataFolder, folder_of, shown, shown_or_none, states_in
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output, facts, table
from tradewind.commander.crash_report import CrashReport, last_report
from tradewind.commander.instance_state import InstanceState, RuleSeen, current_state
from tradewind.errors import NotFound

_EVERY_S = 0.5


def status(
    name: Annotated[str | None, typer.Argument(metavar="[STRATEGY[/INSTANCE]]", show_default=False)] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on, until Ctrl-C.")] = False,
    data: DataFolder = DEFAULT_DATA,
    as_json: JsonFlag = False,
) -> None:
    """Show one instance: where it stands, what is in flight, its last crash; without a name, all of them.

    Example: `tradewind status arb/main`
    """
    output = Output(as_json=as_json)
    if name is not None and not watch:
        folder = folder_of(data, name)
        state = current_state(folder)
        if state is None:
            raise NotFound("instance_unknown", f"{folder.name} has no state yet.", remedy="tradewind ps")
        crash = last_report(folder)
        document = {**state.model_dump(mode="json"), "last_crash": crash and crash.model_dump(mode="json")}
        output.emit(document, _one(state, crash))
    elif not watch:
        states = states_in(data)
        output.emit({"instances": [state.model_dump(mode="json") for state in states]}, shown_or_none(states, data))
    else:
        _watch(output, data, name)


def _watch(output: Output, data: DataFolder, name: str | None) -> None:
    if not output.as_json and output.console.is_terminal:
        with Live(shown(_states(data, name)), console=output.console, auto_refresh=False) as live:
            while True:
                live.update(shown(_states(data, name)), refresh=True)
                time.sleep(_EVERY_S)
    last = ""
    while True:
        for state in _states(data, name):
            text = state.model_dump_json()
            if text not in last:
                output.line(
                    json.loads(text), Text(f"{state.strategy}/{state.instance}  {state.phase}  {state.because}")
                )
        last = "\n".join(state.model_dump_json() for state in _states(data, name))
        time.sleep(_EVERY_S)


def _states(data: DataFolder, name: str | None) -> list[InstanceState]:
    if name is None:
        return states_in(data)
    state = current_state(folder_of(data, name))
    return [] if state is None else [state]


def _rule(rule: RuleSeen) -> dict[str, str]:
    return {"rule": rule.because, "rules": rule.fault or f"version {rule.version} in force"}


def _one(state: InstanceState, crash: CrashReport | None) -> Group:
    said = {
        "instance": f"{state.strategy}/{state.instance}",
        "phase": f"{state.phase.value}: {state.because}",
        "mode": state.mode,
        "file": state.file,
        "process": "–" if state.pid is None else str(state.pid),
        "configuration": f"version {state.version_in_force or '–'} in force, {state.version_written or '–'} written",
        **({} if state.rule is None else _rule(state.rule)),
        "reload": state.reload_fault or "nothing is wrong",
        "restarts": f"{state.restarts}, crashes that count: {state.crashes}",
        "last end": state.last_ending or "–",
        "said": f"{state.lines} lines, {state.warnings} warnings, {state.errors} errors",
    }
    parts: list[object] = [facts({key: Text(value) for key, value in said.items()})]
    if state.in_flight:
        rows = [(Text(str(attempt.get("id", "?"))), Text(json.dumps(attempt))) for attempt in state.in_flight]
        parts += [Text("\nIn flight", style="bold"), table(("attempt", "what"), rows)]
    if crash is not None:
        parts += [Text(f"\nLast crash: {crash.ending}", style="bold")]
        parts += [Text(f"  {line}") for line in [*crash.last_lines[-5:], *crash.last_errors[-5:]]]
    return Group(*parts)  # type: ignore[arg-type]
