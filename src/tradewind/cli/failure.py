"""How an error is shown: what, which field, what to do about it, and its code. Never a traceback."""

import json

from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from tradewind.cli.output import console
from tradewind.errors import InvalidInput, TradewindError


def show(error: TradewindError, *, as_json: bool) -> None:
    """Write the error to stderr: a JSON line for programs, a panel on a terminal, a plain block elsewhere."""
    target = console(stderr=True)
    if as_json:
        target.file.write(json.dumps({"error": document(error)}) + "\n")
        return
    lines = _lines(error)
    if target.is_terminal:
        target.print(Panel(Group(*lines), title="not done", title_align="left", border_style="red", padding=(0, 1)))
    else:
        target.print(Text("error: ").append_text(Text("\n  ").join(lines)))


def document(error: TradewindError) -> dict[str, object]:
    """The error as JSON values."""
    made: dict[str, object] = {"code": error.code, "message": error.message}
    if error.remedy:
        made["remedy"] = error.remedy
    if isinstance(error, InvalidInput):
        made["faults"] = [{"field": f.field, "code": f.code, "message": f.message} for f in error.faults]
    return made


def _lines(error: TradewindError) -> list[Text]:
    if isinstance(error, InvalidInput):
        what = error.message.partition(f": {error.faults[0].field}: ")[0]
        lines = [Text(f"The {what} is not right.") if " " not in what and "/" not in what else Text(f"{what}:")]
        lines += [Text.assemble((fault.field, "bold"), f": {fault.message}") for fault in error.faults]
    else:
        lines = [Text(error.message)]
    if error.remedy:
        lines.append(Text.assemble(("remedy: ", "green"), error.remedy))
    lines.append(Text(f"code: {error.code}", style="dim"))
    return lines
