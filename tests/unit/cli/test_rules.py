"""What people are shown of market rules: what a file means, what is measured, and why an instance runs or not."""

import io
import json
from pathlib import Path

from rich.console import Console

from tests.unit.cli.terminal import tradewind
from tests.unit.commander.rules.rule_files import changed, written
from tradewind.cli.instances import shown
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.instance_state import InstanceState, MeasureSeen, Phase, RuleSeen, write_state

WHY = "spread.wind unknown (no fresh price for 12 s); not known, so it waits: starts when spread.wind ≥ 5,000 ppm"


def waiting(**changes: object) -> InstanceState:
    measure = MeasureSeen(name="spread.wind", value=None, unit="ppm", because="no fresh price for 12 s")
    state = InstanceState(
        strategy="arb", instance="main", phase=Phase.WAITING, commander_pid=1, updated_at_ns=1, rule=None
    )
    return state.model_copy(update={"rule": RuleSeen(may_run=False, because=WHY, measures=[measure]), **changes})


def test_the_table_says_why_each_instance_runs_or_not() -> None:
    file = io.StringIO()
    Console(file=file, width=300).print(shown([waiting(), waiting(instance="free", rule=None)]))
    heading, first, second = file.getvalue().splitlines()
    assert heading.split()[-1] == "rule"
    assert WHY in first
    assert "none: it runs all the time" in second


def test_without_rules_the_table_has_no_column_for_them() -> None:
    file = io.StringIO()
    Console(file=file, width=300).print(shown([waiting(rule=None)]))
    assert file.getvalue().split("\n")[0].split()[-1] == "because"


def test_a_file_is_told_in_words_and_a_wrong_one_by_its_mistakes(tmp_path: Path) -> None:
    path = written(tmp_path, changed())
    [rule] = tradewind("rules", "check", path, "--json").document["rules"]
    assert rule["starts_when"] == "spread.wind ≥ 5,000 ppm"
    assert rule["stops_when"] == "spread.wind ≤ 1,000 ppm for 30 s"
    wrong = tradewind("rules", "check", written(tmp_path, changed(rules=[])), "--json")
    assert (wrong.exit_code, wrong.error["faults"][0]["code"]) == (2, "value_out_of_range")


def test_what_is_measured_is_shown_of_those_that_run_under_a_rule(tmp_path: Path) -> None:
    nobody = tradewind("rules", "show", "--data", tmp_path, "--json")
    assert (nobody.exit_code, nobody.error["code"]) == (1, "rules_unknown")
    folder = InstanceFolder(tmp_path, InstanceName("arb"))
    with folder.locked():
        write_state(folder, waiting())
        told = tradewind("rules", "show", "--data", tmp_path, "--json").document
        assert told["measures"][0]["because"] == "no fresh price for 12 s"
        [instance] = told["instances"]
        assert (instance["phase"], instance["may_run"], instance["because"]) == ("waiting", False, WHY)
        plain = tradewind("rules", "show", "--data", tmp_path).stdout
        assert "unknown: no fresh price for 12 s" in plain
    # Who does not run is not shown.
    assert tradewind("rules", "show", "--data", tmp_path, "--json").error["code"] == "rules_unknown"
    assert json.loads(folder.state.read_text())["rule"]["may_run"] is False


def test_run_needs_a_strategy_or_rules() -> None:
    assert tradewind("run", "--json").error["code"] == "strategies_missing"
