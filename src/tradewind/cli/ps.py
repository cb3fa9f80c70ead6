"""`tradewind ps`: every instance that was run here, and where it stands."""

from tradewind.cli.instances import DEFAULT_DATA, DataFolder, shown, states_in
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output


def ps(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """Show every instance of every strategy, running or not.

    Example: `tradewind ps --json`
    """
    output = Output(as_json=as_json)
    states = states_in(data)
    document = {"instances": [state.model_dump(mode="json") for state in states]}
    output.emit(
        document, shown(states) if states else f"No strategy was run in {data} yet: tradewind run --strategy NAME"
    )
