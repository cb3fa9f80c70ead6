"""The example of docs/strategies.md runs as it stands there, and so does its test."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "strategies.md"


def test_the_strategy_and_the_test_of_the_page_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strategy, test = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "gap.py").write_text(strategy)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(test, str(PAGE), "exec"), names)  # noqa: S102 (the page's own text)
    assert names["wishes"]
