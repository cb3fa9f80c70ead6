# ruff: noqa: E501 (a table of mistakes, one a line)
"""The user's file: what is right is read the same in three formats; every mistake has its line and its remedy."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.unit.commander.strategy_files import DROP, MINT, RIGHT, changed, written
from tradewind.commander.strategy_file.mistake import MistakesInFile
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.strategy_file.searching import find_file, folders
from tradewind.errors import InvalidInput, Misconfigured

YAML = f"""\
strategy: arb
mode: paper
chain:
  chain_id: 101
  rpc:
    - http://127.0.0.1:8899
  websocket: ws://127.0.0.1:8900
  genesis_hash: 5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d
feeds: {{kind: websocket}}
inventory:
  programs: [675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8, pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA]
limits:
  max_trade_lamports: 1_000_000_000
blacklist: []
parameters: {{min_profit_lamports: 50000}}
commander:
  wallet: {builders.SOLANA_WALLET}
"""
TOML = f"""\
strategy = "arb"
mode = "paper"
blacklist = []

[chain]
chain_id = 101
rpc = ["http://127.0.0.1:8899"]
websocket = "ws://127.0.0.1:8900"
genesis_hash = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"

[feeds]
kind = "websocket"

[inventory]
programs = ["675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8", "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"]

[limits]
max_trade_lamports = 1_000_000_000

[parameters]
min_profit_lamports = 50000

[commander]
wallet = "{builders.SOLANA_WALLET}"
"""
KEY_PAIR = "".join(["5" * 44, "3" * 43])
SECRET_REMEDY = "Remove it, and import the key: tradewind keys import --keys keys.age --solana-file id.json --delete"
UNITS = (
    "Rename it so that it ends with one of _lamports, _micro_lamports, _raw, _bps, _ppm, _ms, _ns, _s, _slots, _units, "
    "_bytes, _count, _usd_micros."
)
WHOLE = "Write a whole number, such as 5000000, in the unit that its name ends with."
ADDRESS = "Write base58 of 32 bytes, as explorers show it."
LISTEN = "Write one such as 127.0.0.1:7010."
HTTP = "Write it as http://host:port or https://host/path."
SECTION = "Write keys and values below it."

MISTAKES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"strategy": DROP}, "strategy", "field_missing", "Add strategy: arb"),
    ({"strategy": "Arb!"}, "strategy", "name_malformed", "Write 1 to 64 lower-case letters, digits, - or _, a letter or digit first."),
    ({"strategy": "sniper"}, "strategy", "strategy_differs", "Write strategy: arb, or run another strategy."),
    ({"chain": DROP}, "chain", "field_missing", "Add chain: with chain_id, rpc and genesis_hash"),
    ({"chain": 5}, "chain", "wrong_type", SECTION),
    ({"chain__chain_id": 42161}, "chain.chain_id", "chain_unsupported", "Write 101, which is Solana."),
    ({"chain__rpc": DROP}, "chain.rpc", "field_missing", 'Add rpc: ["http://127.0.0.1:8899"]'),
    ({"chain__rpc": []}, "chain.rpc", "value_out_of_range", "List at least 1."),
    ({"chain__rpc": "http://127.0.0.1:8899"}, "chain.rpc", "wrong_type", "Write a list, such as [first, second]."),
    ({"chain__rpc": ["127.0.0.1:8899"]}, "chain.rpc[0]", "url_malformed", HTTP),
    ({"chain__rpc": ["http://a.example", "http://a.example"]}, "chain.rpc", "listed_twice", "Remove one of them."),
    ({"chain__websocket": "http://127.0.0.1:8900"}, "chain.websocket", "url_malformed", "Write it as ws://host:port or wss://host/path."),
    ({"chain__websocket": DROP}, "feeds.kind", "feed_without_url", "Add chain.websocket, or choose another kind."),
    ({"chain__yellowstone": "grpc.example:443"}, "chain.yellowstone", "url_malformed", HTTP),
    ({"chain__genesis_hash": DROP}, "chain.genesis_hash", "field_missing", "Add genesis_hash: what getGenesisHash answers on that network"),
    ({"chain__genesis_hash": "mainnet"}, "chain.genesis_hash", "address_malformed", ADDRESS),
    ({"signer": {"socket": "x" * 200}}, "signer.socket", "socket_path_too_long", "Choose a shorter folder."),
    ({"signer": {"socket": 7}}, "signer.socket", "wrong_type", "Write text, in quotes when it looks like a number."),
    ({"feeds__kind": "yellowstone"}, "feeds.kind", "feed_without_url", "Add chain.yellowstone, or choose another kind."),
    ({"feeds__kind": "shredstream"}, "feeds.kind", "feed_without_url", "Add chain.shredstream, or choose another kind."),
    ({"feeds__kind": "shredstream", "chain__shredstream": "http://127.0.0.1:1", "chain__websocket": DROP}, "feeds.kind", "feed_without_url", "Add chain.websocket or chain.yellowstone."),
    ({"feeds__kind": "websockets"}, "feeds.kind", "value_not_allowed", 'Write one of websocket, yellowstone, shredstream. Did you mean "websocket"?'),
    ({"feeds": DROP}, "feeds", "field_missing", "Add feeds: {kind: websocket}"),
    ({"inventory": DROP}, "inventory", "inventory_empty", "Add snapshot: FILE, or programs: [PROGRAM ID]."),
    ({"inventory__programs": ["pumpswap"]}, "inventory.programs[0]", "address_malformed", ADDRESS),
    ({"inventory__snapshot": 5}, "inventory.snapshot", "wrong_type", "Write text, in quotes when it looks like a number."),
    ({"mode": "livee"}, "mode", "value_not_allowed", 'Write one of live, paper, replay. Did you mean "live"?'),
    ({"mode": DROP}, "mode", "field_missing", "Add mode: paper"),
    ({"mode": True}, "mode", "value_not_allowed", "Write one of live, paper, replay."),
    ({"mode": "live", "commander__wallet": DROP}, "commander.wallet", "wallet_missing", "Add the address of the wallet that it trades with."),
    ({"quotes": {"listen": "localhost:7010"}}, "quotes.listen", "listen_malformed", LISTEN),
    ({"quotes": {"listen": "127.0.0.1"}}, "quotes.listen", "listen_malformed", LISTEN),
    ({"quotes": {"listen": "127.0.0.1:65536"}}, "quotes.listen", "listen_malformed", LISTEN),
    ({"quotes": {"listen": "::1:7010"}}, "quotes.listen", "listen_malformed", LISTEN),
    ({"quotes": {"listen": "0.0.0.0:7010"}}, "quotes.listen", "bind_not_loopback", "Write a loopback address, or add quotes.beyond_loopback: true."),
    ({"quotes": {"listen": "[::]:7010", "beyond_loopback": False}}, "quotes.listen", "bind_not_loopback", "Write a loopback address, or add quotes.beyond_loopback: true."),
    ({"executes": "both"}, "executes", "value_not_allowed", "Write one of engine, service."),
    ({"limits__max_trade": 5}, "limits.max_trade", "unit_missing", UNITS),
    ({"limits__max_trade_lamports": 0.5}, "limits.max_trade_lamports", "limit_not_whole", WHOLE),
    ({"limits__max_trade_lamports": "1e9"}, "limits.max_trade_lamports", "limit_not_whole", WHOLE),
    ({"limits__max_trade_lamports": True}, "limits.max_trade_lamports", "limit_not_whole", WHOLE),
    ({"limits__max_trade_lamports": -1}, "limits.max_trade_lamports", "limit_negative", "Write 0 or more."),
    ({"limits__max_trade_lamports": 2**128}, "limits.max_trade_lamports", "value_out_of_range", "Write a smaller number."),
    ({"limits": ["max_trade_lamports"]}, "limits", "wrong_type", SECTION),
    ({"blacklist": ["BONK"]}, "blacklist[0]", "address_malformed", ADDRESS),
    ({"blacklist": [MINT, MINT]}, "blacklist", "listed_twice", "Remove one of them."),
    ({"parameters__min_profit": 0.5}, "parameters.min_profit", "number_not_whole", "Write a whole number of a smaller unit, or put it in quotes."),
    ({"parameters__private_key": "x"}, "parameters.private_key", "secret_in_file", SECRET_REMEDY),
    ({"parameters__wallet": KEY_PAIR}, "parameters.wallet", "secret_in_file", SECRET_REMEDY),
    ({"parameters__wallet": list(range(64))}, "parameters.wallet", "secret_in_file", SECRET_REMEDY),
    ({"mod": "paper"}, "mod", "unknown_field", 'Did you mean "mode"?'),
    ({"chain__websockets": "x"}, "chain.websockets", "unknown_field", 'Did you mean "websocket"?'),
    ({"commander__restart__policy": "sometimes"}, "commander.restart.policy", "value_not_allowed", "Write one of always, on-failure, never."),
    ({"commander__restart__most_crashes": 0}, "commander.restart.most_crashes", "value_out_of_range", "Write 1 or more."),
    ({"commander__restart__most_crashes": "5"}, "commander.restart.most_crashes", "wrong_type", "Write a whole number without quotes, such as 5000."),
    ({"commander__restart": {"first_pause_ms": 500, "longest_pause_ms": 100}}, "commander.restart.longest_pause_ms", "bounds_crossed", "Raise it, or lower the other."),
    ({"commander__stop_within_ms": 10**9}, "commander.stop_within_ms", "value_out_of_range", "Write 86400000 or less."),
    ({"commander__environment": ["RUST LOG"]}, "commander.environment[0]", "variable_malformed", "Write a name such as RUST_BACKTRACE."),
    ({"commander__wallet": "mine"}, "commander.wallet", "address_malformed", ADDRESS),
    ({"commander__preflight__pools": ["x"]}, "commander.preflight.pools[0]", "address_malformed", ADDRESS),
    ({"lanes": {"rpc": False}}, "lanes", "lanes_off", "Switch rpc or tpu on, or name the regions of jito."),
    ({"lanes": {"private_above_lamports": 1}}, "lanes", "no_private_lane", "Name the regions of jito, or take private_above_lamports out."),
    ({"lanes": {"private_above_lamports": -1}}, "lanes.private_above_lamports", "limit_negative", "Write 0 or more."),
]  # fmt: skip


def mistakes_in(path: Path, strategy: str = "arb") -> MistakesInFile:
    """The error that reading it raises."""
    with pytest.raises(MistakesInFile) as raised:
        read_strategy_file(path, strategy=strategy)
    return raised.value


@pytest.mark.parametrize(
    ("change", "field", "code", "remedy"),
    MISTAKES,
    ids=[f"{field}-{code}-{n}" for n, (_, field, code, _) in enumerate(MISTAKES)],
)
def test_each_mistake_is_told_with_its_field_its_line_and_its_remedy(
    tmp_path: Path, change: dict[str, Any], field: str, code: str, remedy: str
) -> None:
    path = written(tmp_path, changed(**change))
    [mistake] = mistakes_in(path).mistakes
    assert (mistake.field, mistake.code, mistake.remedy) == (field, code, remedy)
    lines = path.read_text().splitlines()
    last = field.rpartition(".")[2].partition("[")[0]
    if code != "field_missing" and not any(value is DROP for value in change.values()):
        shown = lines[mistake.line - 1]
        assert f'"{last}"' in shown or "[" in field
    assert 1 <= mistake.line <= len(lines)
    assert str(mistake) == f"{path}:{mistake.line}: {field}: {mistake.fault} {remedy}"


def test_there_are_thirty_kinds_of_mistake_or_more() -> None:
    assert len({(field, code) for _, field, code, _ in MISTAKES}) >= 30


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "arb.yaml"
    path.write_text(YAML.replace("mode: paper", "mode: papre").replace("101", "1").replace("1_000_000_000", "lots"))
    assert [(mistake.line, mistake.field) for mistake in mistakes_in(path).mistakes] == [
        (2, "mode"),
        (4, "chain.chain_id"),
        (13, "limits.max_trade_lamports"),
    ]


@pytest.mark.parametrize(("name", "text"), [("arb.yaml", YAML), ("arb.yml", YAML), ("arb.toml", TOML)])
def test_the_three_formats_mean_the_same(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    as_json = read_strategy_file(written(tmp_path, RIGHT), strategy="arb").settings
    assert read_strategy_file(path, strategy="arb").settings == as_json
    assert as_json.limits == {"max_trade_lamports": "1000000000"}


def test_toml_mistakes_have_the_lines_of_their_keys(tmp_path: Path) -> None:
    path = tmp_path / "arb.toml"
    path.write_text(TOML.replace('"websocket"', '"carrier pigeon"'))
    [mistake] = mistakes_in(path).mistakes
    assert (mistake.line, mistake.field) == (12, "feeds.kind")


@pytest.mark.parametrize(
    ("name", "text", "line", "fault"),
    [
        ("arb.yaml", "mode: [paper\n", 2, "is not YAML: expected ',' or ']', but got '<stream end>'."),
        ("arb.yaml", "a: &x 1\nb: *x\n", 1, "has an anchor (&) or an alias (*)."),
        ("arb.yaml", "a: 1\nb: !!python/object:os.system x\n", 2, "has the tag python/object:os.system."),
        ("arb.yaml", "{[1]: 2}", 1, "has a key that is not a word."),
        ("arb.json", '{"mode": "paper",\n}', 1, "is not JSON: Illegal trailing comma before end of object."),
        ("arb.json", '{"a": NaN}', 1, "is not JSON: NaN is no number."),
        ("arb.toml", 'mode = "paper"\nmode = "live"\n', 2, "is not TOML: Cannot overwrite a value."),
        ("arb.yaml", "", 1, "holds no keys."),
        ("arb.json", "[" * 100_000, 1, "is nested deeper than 64 levels."),
        ("arb.yaml", "a: 1\nb: " + "[" * 5_000, 2, "is nested deeper than 64 levels."),
        ("arb.toml", "a = " + "[" * 5_000, 1, "is nested deeper than 64 levels."),
    ],
)
def test_text_that_is_not_of_its_format_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, line: int, fault: str | None
) -> None:
    path = tmp_path / name
    path.write_text(text)
    [mistake] = mistakes_in(path).mistakes
    if fault is not None and not (name == "arb.json" and "trailing" in fault):
        assert (mistake.line, mistake.fault) == (line, fault)
    assert mistake.remedy


def test_a_file_that_is_not_utf_8_or_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "arb.yaml"
    path.write_bytes(b"mode: paper\nname: \xff\n")
    assert mistakes_in(path).mistakes[0].line == 2
    path.write_bytes(b"#" * (5 << 20))
    assert "larger than 4 MiB" in mistakes_in(path).mistakes[0].fault


@pytest.mark.parametrize("name", ["arb.yaml", "arb.json"])
def test_a_key_that_is_written_twice_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text = json.dumps(RIGHT, indent=1).replace('"mode": "paper",', '"mode": "paper",\n "mode": "live",')
    path.write_text(text)
    twice = [mistake for mistake in mistakes_in(path).mistakes if mistake.code == "key_twice"]
    assert [(mistake.field, mistake.line) for mistake in twice] == [
        ("mode", next(n for n, line in enumerate(text.splitlines(), 1) if "live" in line))
    ]


def test_a_word_of_yaml_that_other_readers_take_for_a_truth_is_a_word(tmp_path: Path) -> None:
    path = tmp_path / "arb.yaml"
    path.write_text(YAML + "executes: no\n")
    [mistake] = mistakes_in(path).mistakes
    assert (mistake.field, mistake.fault) == ("executes", 'is "no".')


def test_no_mistake_repeats_what_may_be_a_secret(tmp_path: Path) -> None:
    secret = "ftp://user:hunter2@rpc.example/0123456789abcdef"
    path = written(tmp_path, changed(chain__rpc=[secret], parameters__api_secret="hunter2"))
    assert "hunter2" not in str(mistakes_in(path).mistakes) + str(mistakes_in(path))


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, changed(inventory__snapshot="pools.json"))
    settings = read_strategy_file(path).settings
    assert (settings.signer.socket, settings.inventory.snapshot) == (tmp_path / "signer.sock", tmp_path / "pools.json")


def test_a_strategy_is_found_in_the_projects_folder_before_the_users(tmp_path: Path) -> None:
    searched = folders({"HOME": str(tmp_path / "home")}, here=tmp_path)
    for folder in searched:
        folder.mkdir(parents=True)
        (folder / "arb.toml").write_text("")
    assert find_file("arb", searched) == tmp_path / "configs/strategies/arb.toml"
    (tmp_path / "configs/strategies/arb.toml").unlink()
    assert find_file("arb", searched) == tmp_path / "home/.config/tradewind/strategies/arb.toml"


def test_two_files_of_one_name_in_one_folder_are_refused(tmp_path: Path) -> None:
    for name in ("arb.yaml", "arb.toml"):
        (tmp_path / name).write_text("")
    with pytest.raises(InvalidInput, match=r"is arb\.yaml and arb\.toml in .*Keep one"):
        find_file("arb", [tmp_path])


def test_a_file_that_is_not_there_names_the_folders_that_were_searched(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"There is no arb\.yaml") as raised:
        find_file("arb", [tmp_path])
    written = f"or write {tmp_path / 'arb'}.yaml as docs/commander.md shows, or give a file: --config PATH"
    local = "Begin on a local chain, with the files that a desk needs: tradewind localnet solana --desk ."
    assert raised.value.remedy == f"{local}; {written}"
    with pytest.raises(Misconfigured, match="with a strategy of your own: tradewind new strategy mine;"):
        find_file("mine", [tmp_path])
    with pytest.raises(Misconfigured, match="does not exist"):
        find_file(str(tmp_path / "none.yaml"), [])
    with pytest.raises(InvalidInput, match="Name it"):
        find_file(str(tmp_path / "arb.ini"), [])
