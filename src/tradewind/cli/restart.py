"""`tradewind restart`: ends an engine in good order and starts it again with the file as it is now."""

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.instances import DEFAULT_DATA, DataFolder, folder_of
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output
from tradewind.cli.stop import Within
from tradewind.cli.wishing import wait_until, wish_for
from tradewind.commander.instance_state import ENDED, InstanceState, Phase, current_state
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.errors import Conflict


def restart(
    name: Annotated[str, typer.Argument(metavar="STRATEGY[/INSTANCE]")],
    within: Within = 120.0,
    data: DataFolder = DEFAULT_DATA,
    as_json: JsonFlag = False,
) -> None:
    """Restart an instance that runs, with its file as it is now. A file with mistakes is refused, and nothing stops.

    Example: `tradewind restart arb/main`
    """
    output = Output(as_json=as_json)
    folder = folder_of(data, name)
    before = current_state(folder)
    if before is None or not folder.is_locked():
        raise Conflict(
            "instance_not_running", f"{folder.name} does not run.", remedy=f"tradewind run --strategy {folder.name}"
        )
    read_strategy_file(Path(before.file), strategy=folder.name.strategy)
    if before.phase is Phase.WAITING:
        because = "" if before.rule is None else f": {before.rule.because}"
        remedy = "It takes its file as it is then when its rule starts it."
        raise Conflict("instance_waiting", f"{folder.name} waits for its rule{because}.", remedy=remedy)
    wish_for(folder, "restart")

    def is_again(state: InstanceState | None) -> bool:
        if state is None or state.phase in ENDED:
            return True
        return state.phase is Phase.RUNNING and (state.pid, state.started_at_ns) != (before.pid, before.started_at_ns)

    state = wait_until(folder, is_again, what="started again", within_s=within)
    if state is None or state.phase is not Phase.RUNNING:
        because = state.because if state else "its state is gone"
        raise Conflict(
            "not_restarted", f"{folder.name} did not start again: {because}.", remedy=f"tradewind logs {folder.name}"
        )
    output.emit(state.model_dump(mode="json"), f"{folder.name} runs again, process {state.pid}")
