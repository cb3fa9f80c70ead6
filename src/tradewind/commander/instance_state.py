"""What is known of an instance, in a file of its folder: written by its commander, read by everybody."""

from enum import StrEnum
from typing import Any

from pydantic import Field, ValidationError

from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.resolved import replace_file
from tradewind.domain.model import Model


class Phase(StrEnum):
    """Where an instance stands. Without a commander that holds the folder, only the last five can be true."""

    WAITING = "waiting"
    CHECKING = "checking"
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    REFUSED = "refused"
    HALTED = "halted"
    ABANDONED = "abandoned"


ENDED = frozenset({Phase.STOPPED, Phase.FINISHED, Phase.REFUSED, Phase.HALTED, Phase.ABANDONED})


class MeasureSeen(Model):
    """What a measure of a rule came to; without a value it is unknown, and `because` says why."""

    name: str
    value: int | None
    unit: str
    because: str = ""


class RuleSeen(Model):
    """What the rule of an instance says, and why.

    `version` counts the files of rules that were taken; `fault` is why a newer one, or the rules as a whole, are not
    in force.
    """

    may_run: bool
    because: str
    measures: list[MeasureSeen] = Field(default_factory=list)
    version: int = 1
    fault: str | None = None


class InstanceState(Model):
    """Times are nanoseconds UTC. `pid_started` tells the process from a later one with the same id (clock ticks)."""

    strategy: str
    instance: str
    phase: Phase
    because: str = ""
    mode: str = ""
    file: str = ""
    commander_pid: int
    pid: int | None = None
    pid_started: int | None = None
    started_at_ns: int | None = None
    version_written: int | None = None
    version_in_force: int | None = None
    reload_fault: str | None = None
    restarts: int = 0
    crashes: int = 0
    last_ending: str | None = None
    in_flight: list[dict[str, Any]] = Field(default_factory=list)
    lines: int = 0
    warnings: int = 0
    errors: int = 0
    rule: RuleSeen | None = None
    updated_at_ns: int


def write_state(folder: InstanceFolder, state: InstanceState) -> None:
    """Replace the file; it changes often, and means nothing after the machine was started anew: it is not synced.

    Raises Misconfigured `folder_unwritable`.
    """
    replace_file(folder.state, state.model_dump_json(indent=2).encode() + b"\n", durable=False)


def read_state(folder: InstanceFolder) -> InstanceState | None:
    """As it was written; None when it was not, or cannot be read."""
    try:
        return InstanceState.model_validate_json(folder.state.read_bytes())
    except (OSError, ValidationError):
        return None


def current_state(folder: InstanceFolder) -> InstanceState | None:
    """As `read_state`; where no commander holds the folder, one that had not ended is `abandoned`."""
    held = folder.is_locked()
    state = read_state(folder)
    if state is None or held or state.phase in ENDED:
        return state
    because = "its commander ended without a word"
    return state.model_copy(update={"phase": Phase.ABANDONED, "because": because})
