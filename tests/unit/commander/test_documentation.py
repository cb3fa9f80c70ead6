"""The example in docs/commander.md is one that is taken."""

from pathlib import Path

import pytest

from tradewind.commander.rules.reading import read_rules_file
from tradewind.commander.strategy_file.mistake import MistakesInFile
from tradewind.commander.strategy_file.reading import read_strategy_file

PAGE = Path(__file__).parents[3] / "docs" / "commander.md"


def test_the_example_of_the_page_is_right(tmp_path: Path) -> None:
    text = PAGE.read_text().partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "arb.yaml"
    path.write_text(text)
    settings = read_strategy_file(path, strategy="arb").settings
    assert settings.limits == {"max_tip_lamports": "1000000", "max_slippage_bps": "50"}
    assert settings.commander.logs.telegram is not None


def test_the_rules_of_the_page_are_right(tmp_path: Path) -> None:
    text = PAGE.read_text().partition("## Market rules")[2].partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    assert [rule.instance for rule in read_rules_file(path).settings.rules] == ["arb/main", "sniper/launches"]


def test_the_mistakes_of_the_page_are_told_as_it_shows_them(tmp_path: Path) -> None:
    text = PAGE.read_text().partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "arb.yaml"
    path.write_text(text.replace("paper ", "papre ").replace("max_tip_lamports", "max_tip"))
    with pytest.raises(MistakesInFile) as raised:
        read_strategy_file(path)
    faults = [f"line {mistake.line}: {mistake.field}: {mistake.fault}" for mistake in raised.value.mistakes]
    assert faults == ['line 2: mode: is "papre".', "line 14: limits.max_tip: does not name its unit."]
