"""`tradewind rules`: looks at a file of market rules, and at what the rules of those that run say now."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from tradewind.cli.instances import DEFAULT_DATA, DataFolder, rule_shown, states_in
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output, table
from tradewind.commander.instance_state import ENDED, InstanceState, MeasureSeen
from tradewind.commander.rules.reading import read_rules_file
from tradewind.commander.rules.settings import Rule
from tradewind.commander.rules.settings import shown as number_shown
from tradewind.errors import NotFound

rules = typer.Typer(
    name="rules",
    no_args_is_help=True,
    help="Look at the rules that start and stop strategies by what the market does: `tradewind run --rules FILE`.",
)


@rules.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML, JSON or TOML.")],
    as_json: JsonFlag = False,
) -> None:
    """Check a file of rules, and say what it means. Every mistake is told with its line and its remedy.

    Example: `tradewind rules check configs/rules.yaml`
    """
    output = Output(as_json=as_json)
    settings = read_rules_file(file).settings
    document = {"file": str(file), "rules": [_document(rule) for rule in settings.rules]}
    columns = ("instance", "starts when", "stops when", "hours", "runs, rests at least")
    rows = [
        (
            Text(str(rule.name), style="bold"),
            Text("it is open" if rule.start_when is None else str(rule.start_when)),
            Text("it closes" if rule.stop_when is None else str(rule.stop_when)),
            Text(_hours(rule)),
            Text(f"{rule.run_at_least_s} s, {rule.cooldown_s} s"),
        )
        for rule in settings.rules
    ]
    output.emit(document, table(columns, rows, unbroken=("instance",)))


@rules.command()
def show(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """Show what is measured now, and why each instance under a rule runs or not.

    Example: `tradewind rules show`
    """
    output = Output(as_json=as_json)
    ruled = [state for state in states_in(data) if state.rule is not None and state.phase not in ENDED]
    if not ruled:
        raise NotFound(
            "rules_unknown", f"No instance in {data} runs under a rule.", remedy="tradewind run --rules FILE"
        )
    measures = {each.name: each for state in ruled if state.rule for each in state.rule.measures}
    document = {
        "measures": [each.model_dump(mode="json") for each in measures.values()],
        "instances": [
            {"instance": f"{state.strategy}/{state.instance}", "phase": state.phase.value, **_rule(state)}
            for state in ruled
        ],
    }
    output.emit(
        document,
        table(("measure", "now"), [(Text(name), _now(each)) for name, each in measures.items()]),
        Text(""),
        table(("instance", "phase", "rule"), [_row(state) for state in ruled], unbroken=("instance", "phase")),
    )


def _document(rule: Rule) -> dict[str, Any]:
    return {
        "instance": str(rule.name),
        "starts_when": None if rule.start_when is None else str(rule.start_when),
        "stops_when": None if rule.stop_when is None else str(rule.stop_when),
        "hours": _hours(rule),
        "run_at_least_s": rule.run_at_least_s,
        "cooldown_s": rule.cooldown_s,
    }


def _hours(rule: Rule) -> str:
    return f"{'; '.join(map(str, rule.windows))} {rule.time_zone}" if rule.windows else "all"


def _rule(state: InstanceState) -> dict[str, Any]:
    if state.rule is None:
        return {}
    rule = state.rule
    return {"may_run": rule.may_run, "because": rule.because, "version": rule.version, "fault": rule.fault}


def _now(measure: MeasureSeen) -> Text:
    if measure.value is None:
        return Text(f"unknown: {measure.because}", style="yellow")
    return Text(number_shown(measure.value, measure.unit))


def _row(state: InstanceState) -> tuple[Text, ...]:
    name = Text(f"{state.strategy}/{state.instance}", style="bold")
    return name, Text(state.phase.value), Text("" if state.rule is None else rule_shown(state.rule))
