"""What the commands of the commander share: which instances are meant, and how their states are shown."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from tradewind.cli.output import table
from tradewind.commander.instance_folder import InstanceFolder, InstanceName, folders_in
from tradewind.commander.instance_state import InstanceState, Phase, RuleSeen, current_state
from tradewind.errors import NotFound

DEFAULT_DATA = Path("commander-data")
DataFolder = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="TRADEWIND_COMMANDER_DATA",
        metavar="FOLDER",
        help="Where instances keep their files, one folder each.",
        show_default=True,
    ),
]
_STYLES = {
    Phase.RUNNING: "green",
    Phase.STOPPED: "dim",
    Phase.FINISHED: "dim",
    Phase.REFUSED: "red",
    Phase.HALTED: "bold red",
    Phase.ABANDONED: "red",
}


def folder_of(data: Path, name: str) -> InstanceFolder:
    """The folder of an instance that was run; raises NotFound `instance_unknown`."""
    folder = InstanceFolder(data, InstanceName.parse(name))
    if not folder.path.is_dir():
        known = ", ".join(str(other.name) for other in folders_in(data))
        remedy = f"Name one of these: {known}." if known else f"Start it: tradewind run --strategy {folder.name}"
        raise NotFound("instance_unknown", f"{folder.name} was never run in {data}.", remedy=remedy)
    return folder


def states_in(data: Path) -> list[InstanceState]:
    """Of every instance that was ever run there."""
    return [state for folder in folders_in(data) if (state := current_state(folder)) is not None]


def rule_shown(rule: RuleSeen) -> str:
    """What the rule says, and why the file as it is now does not count, when it does not."""
    return rule.because if rule.fault is None else f"{rule.because} – {rule.fault}"


def shown_or_none(states: Sequence[InstanceState], data: Path) -> RenderableType:
    """The same, or how one comes about where there is none."""
    return shown(states) if states else f"No strategy was run in {data} yet: tradewind run --strategy NAME"


def shown(states: Sequence[InstanceState]) -> RenderableType:
    """One line an instance."""
    columns: tuple[str, ...] = (
        "instance",
        "phase",
        "mode",
        "pid",
        "up",
        "version",
        "restarts",
        "warnings",
        "errors",
        "because",
    )
    right = ("pid", "up", "version", "restarts", "warnings", "errors")
    rows = [_row(state) for state in states]
    if any(state.rule is not None for state in states):
        columns = (*columns, "rule")
        rows = [
            (*row, Text("none: it runs all the time" if state.rule is None else rule_shown(state.rule)))
            for state, row in zip(states, rows, strict=True)
        ]
    return table(columns, rows, right=right, unbroken=("instance", "phase"))


def _row(state: InstanceState) -> tuple[Text, ...]:
    alive = state.pid is not None and state.phase is not Phase.ABANDONED
    up = _duration(time.time_ns() - state.started_at_ns) if alive and state.started_at_ns else "–"
    because = state.reload_fault or state.because
    cells = (
        state.mode,
        str(state.pid) if alive else "–",
        up,
        _version(state),
        str(state.restarts),
        str(state.warnings),
        str(state.errors),
        because,
    )
    return (
        Text(f"{state.strategy}/{state.instance}", style="bold"),
        Text(state.phase.value, style=_STYLES.get(state.phase, "yellow")),
        *map(Text, cells),
    )


def _version(state: InstanceState) -> str:
    """The one in force; with an arrow, the one that is written and not in force."""
    in_force = "–" if state.version_in_force is None else str(state.version_in_force)
    written = state.version_written
    return in_force if written in {None, state.version_in_force} else f"{in_force} → {written}"


def _duration(ns: int) -> str:
    seconds = max(0, ns) // 10**9
    hours, minutes = seconds // 3_600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}"
