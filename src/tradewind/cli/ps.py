"""`tradewind ps`: every instance that was run here, and where it stands."""

from tradewind.cli.instances import DEFAULT_DATA, DataFolder, shown_or_none, states_in
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output


def ps(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """Show every instance of every strategy, running or not.

    Example: `tradewind ps --json`
    """
    output = Output(as_json=as_json)
    states = states_in(data)
    document = {"instances": [state.model_dump(mode="json") for state in states]}
    output.emit(document, shown_or_none(states, data))
