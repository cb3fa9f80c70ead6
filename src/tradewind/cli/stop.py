"""`tradewind stop`: ends instances in good order."""

from typing import Annotated

import typer

from tradewind.cli.instances import DEFAULT_DATA, DataFolder, folder_of
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output
from tradewind.cli.wishing import wait_until, wish_for
from tradewind.commander.instance_folder import folders_in
from tradewind.commander.instance_state import current_state
from tradewind.errors import InvalidInput

Within = Annotated[float, typer.Option("--within", min=0.1, max=86_400, metavar="SECONDS", help="How long to wait.")]


def stop(
    names: Annotated[list[str] | None, typer.Argument(metavar="[STRATEGY[/INSTANCE]]...", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="Every instance that runs.")] = False,
    within: Within = 60.0,
    data: DataFolder = DEFAULT_DATA,
    as_json: JsonFlag = False,
) -> None:
    """Stop instances: no new work, what is in flight is brought to its end within the bound of its file, then it ends.

    One that does not run is left as it is, and that is no error.

    Example: `tradewind stop arb/main`
    """
    output = Output(as_json=as_json)
    if bool(names) is every:
        raise InvalidInput.one("names", "instances_missing", "Name instances, or give --all.", what="command line")
    folders = folders_in(data) if every else [folder_of(data, name) for name in names or ()]
    running = [folder for folder in folders if folder.is_locked()]
    for folder in running:
        wish_for(folder, "stop")
    for folder in folders:
        wait_until(folder, lambda _, one=folder: not one.is_locked(), what="stopped", within_s=within)  # type: ignore[misc]
    documents = []
    for folder in folders:
        state = current_state(folder)
        documents.append(
            {"instance": str(folder.name), "was_running": folder in running, "phase": state and state.phase}
        )
    said = [f"{each['instance']} {'stopped' if each['was_running'] else 'was not running'}" for each in documents]
    output.emit({"instances": documents}, *(said or ["nothing runs"]))
