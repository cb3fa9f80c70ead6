"""The file of the market rules: what is wrong in it is told with line, field, fault and remedy; nothing else passes."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.commander.rules.rule_files import changed, written
from tests.unit.commander.strategy_files import DROP, RAYDIUM_AMM_V4
from tradewind.commander.rules.reading import read_rules_file
from tradewind.commander.strategy_file.mistake import MistakesInFile

SPREAD = "measures__spread__wind__pools"
START, STOP = "rules__0__start_when", "rules__0__stop_when"

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"chain__rpc": []}, "chain.rpc", "value_out_of_range"),
    ({"chain__rpc": ["http://ana:hunter2@127.0.0.1:8899"]}, "chain.rpc[0]", "url_credentials"),
    ({"look_every_ms": 1}, "look_every_ms", "value_out_of_range"),
    ({"fresh_within_ms": 1500}, "fresh_within_ms", "never_fresh"),
    ({"rules": []}, "rules", "value_out_of_range"),
    ({"rules__0__instance": "Arb!"}, "rules[0].instance", "instance_malformed"),
    ({"rules__0__instanse": "arb"}, "rules[0].instanse", "unknown_field"),
    ({"rules__0__time_zone": "Europe/Berlim"}, "rules[0].time_zone", "zone_unknown"),
    ({"rules__0__cooldown_s": 0}, "rules[0].cooldown_s", "value_out_of_range"),
    ({"rules__0__run_at_least_s": 1.5}, "rules[0].run_at_least_s", "wrong_type"),
    ({START: DROP}, "rules[0]", "start_when_missing"),
    ({STOP: DROP}, "rules[0]", "stop_when_missing"),
    ({START: {}}, "rules[0].start_when", "conditions_unclear"),
    (
        {f"{START}__all": [{"measure": "spread.wind", "at_least_ppm": 9}]},
        "rules[0].start_when",
        "conditions_unclear",
    ),
    ({f"{START}__any__0__measure": "spread.wnd"}, "rules[0].start_when.any[0].measure", "measure_unknown"),
    ({f"{START}__any__0__measure": "price.wind"}, "rules[0].start_when.any[0].measure", "measure_malformed"),
    ({f"{START}__any__0__at_most_ppm": 3}, "rules[0].start_when.any[0]", "threshold_count"),
    ({f"{START}__any__0__at_least_ppm": DROP}, "rules[0].start_when.any[0]", "threshold_count"),
    (
        {f"{START}__any": [{"measure": "spread.wind", "at_least_per_min": 3}]},
        "rules[0].start_when.any[0].at_least_per_min",
        "unit_differs",
    ),
    ({f"{STOP}__all__0__at_most_ppm": 5000}, "rules[0].stop_when.all[0]", "rule_flaps"),
    ({f"{STOP}__all__0__at_most_ppm": -1}, "rules[0].stop_when.all[0].at_most_ppm", "value_out_of_range"),
    ({"rules__0__windows": [{"opens": "9:00", "closes": "17:00"}]}, "rules[0].windows[0].opens", "time_malformed"),
    ({"rules__0__windows": [{"opens": "09:00", "closes": "09:00"}]}, "rules[0].windows[0]", "window_empty"),
    (
        {"rules__0__windows": [{"opens": "09:00", "closes": "17:00", "days": ["monday"]}]},
        "rules[0].windows[0].days[0]",
        "value_not_allowed",
    ),
    ({SPREAD: [RAYDIUM_AMM_V4]}, "measures.spread.wind.pools[1]", "field_missing"),
    ({SPREAD: [RAYDIUM_AMM_V4, RAYDIUM_AMM_V4]}, "measures.spread.wind.pools", "listed_twice"),
    ({"measures__volatility__wind__pool": "here"}, "measures.volatility.wind.pool", "address_malformed"),
    ({"measures__volatility__wind__windows_s": 3}, "measures.volatility.wind.windows_s", "unknown_field"),
    (
        {"measures__launches__pump__program": "11111111111111111111111111111111"},
        "measures.launches.pump.program",
        "instructions_missing",
    ),
    ({"chain__websocket": DROP}, "chain.websocket", "websocket_missing"),
    ({"chain__private_key": "x"}, "chain.private_key", "secret_in_file"),
]


@pytest.mark.parametrize(("changes", "field", "code"), WRONG, ids=[f"{field} {code}" for _, field, code in WRONG])
def test_a_mistake_is_told_with_its_field_and_its_remedy(
    changes: dict[str, Any], field: str, code: str, tmp_path: Path
) -> None:
    with pytest.raises(MistakesInFile) as raised:
        read_rules_file(written(tmp_path, changed(**changes)))
    assert [(each.field, each.code) for each in raised.value.mistakes] == [(field, code)]
    [mistake] = raised.value.mistakes
    assert mistake.fault
    assert mistake.remedy


def test_the_line_of_a_mistake_is_where_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path, changed(rules__0__start_when__any__0__at_least_pm=3))
    with pytest.raises(MistakesInFile) as raised:
        read_rules_file(path)
    [mistake] = raised.value.mistakes
    lines = path.read_text().splitlines()
    assert [number for number, line in enumerate(lines, start=1) if "at_least_pm" in line] == [mistake.line]
    assert 'Did you mean "at_least_ppm"?' in mistake.remedy


def test_two_rules_for_one_instance_are_refused(tmp_path: Path) -> None:
    data = changed()
    data["rules"].append({**data["rules"][0], "instance": "arb/main"})
    with pytest.raises(MistakesInFile, match=r"rules\[1\].instance: has a second rule for arb/main"):
        read_rules_file(written(tmp_path, data))


@pytest.mark.parametrize("name", ["rules.yaml", "rules.toml"])
def test_yaml_and_toml_mean_the_same(name: str, tmp_path: Path) -> None:
    texts = {
        "rules.yaml": """
chain: {chain_id: 101, rpc: ["http://127.0.0.1:8899"], genesis_hash: 5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d}
rules:
  - instance: arb
    windows: [{days: [mon, fri], opens: 09:30, closes: "17:00"}]
    time_zone: America/New_York
""",
        "rules.toml": """
[chain]
chain_id = 101
rpc = ["http://127.0.0.1:8899"]
genesis_hash = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
[[rules]]
instance = "arb"
windows = [{days = ["mon", "fri"], opens = "09:30", closes = "17:00"}]
time_zone = "America/New_York"
""",
    }
    (tmp_path / name).write_text(texts[name])
    [rule] = read_rules_file(tmp_path / name).settings.rules
    assert (str(rule.name), str(rule.windows[0]), rule.time_zone) == (
        "arb/main",
        "mon, fri 09:30–17:00",
        "America/New_York",
    )
