"""The result table on the screen."""

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benches.row import Row, rounded


def show(rows: Iterable[Row], console: Console) -> None:
    """Print the rows, and their notes below them."""
    listed = list(rows)
    table = Table(
        title="Ours and the peers, in one run", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 1, 0)
    )
    table.add_column("", no_wrap=True)
    table.add_column("what", ratio=1)
    for column in ("ours", "peer", "ratio", "goal"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in listed:
        table.add_row(
            row.id,
            Text.assemble(row.what, "\n", (f"{row.input}; {row.unit}", "dim")),
            _number(row.ours),
            _number(row.peer),
            _number(row.ratio, "x"),
            _verdict(row),
        )
    console.print(table)
    for row in listed:
        console.print(Text.assemble((row.id, "bold"), " ", "; ".join(row.as_json()["notes"])))


def _verdict(row: Row) -> Text:
    if not row.exact:
        return Text(f"WRONG\n{row.answers_equal} of {row.answers_compared}", "bold red")
    if not row.credible:
        return Text("not credible", "bold red")
    if row.met is None:
        return Text("reported", "dim")
    goals = [_number(row.goal, "x")] if row.goal is not None else []
    goals += [f"<= {_number(row.at_most)}"] if row.at_most is not None else []
    goal = "".join(f"{goal}\n" for goal in goals)
    return Text.assemble(goal, ("met", "green") if row.met else ("not met", "red"))


def _number(value: float | None, unit: str = "") -> str:
    shown = rounded(value)
    return "-" if shown is None else f"{shown:,g}{unit}"
