"""The file that the engine reads: the contract's keys, a version that grows, and what may not change while it runs."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.unit.commander.strategy_files import GENESIS, MINT, PUMPSWAP, RAYDIUM_AMM_V4, changed, written
from tradewind.commander import resolved
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.errors import Conflict, Misconfigured


def content(folder: Path, **changes: Any) -> dict[str, Any]:
    """What the engine is told of the right file with something changed."""
    return resolved.content_of(
        read_strategy_file(written(folder, changed(**changes))).settings, instance="a", folder=folder
    )


def test_it_has_the_keys_of_the_contract_and_nothing_of_the_commanders(tmp_path: Path) -> None:
    made = json.loads(resolved.Resolved(3, content(tmp_path)).to_json())
    assert made == {
        "version": 3,
        "strategy": "arb",
        "instance": "a",
        "folder": str(tmp_path),
        "chain": {
            "chain_id": 101,
            "rpc": ["http://127.0.0.1:8899"],
            "requests_per_s": 200,
            "websocket": "ws://127.0.0.1:8900",
            "yellowstone": None,
            "yellowstone_token_file": None,
            "yellowstone_ca_file": None,
            "shredstream": None,
            "genesis_hash": GENESIS,
        },
        "signer": {"socket": str(tmp_path / "signer.sock")},
        "feeds": {"kind": "websocket"},
        "inventory": {"snapshot": None, "programs": [RAYDIUM_AMM_V4, PUMPSWAP]},
        "mode": "paper",
        "executes": "engine",
        "python": None,
        "lanes": {"rpc": True, "tpu": False, "jito": None, "race": False, "private_above_lamports": None},
        "simulate": None,
        "usd_mints": [],
        "quotes": None,
        "limits": {"max_trade_lamports": "1000000000"},
        "blacklist": [],
        "parameters": {"min_profit_lamports": "50000"},
    }


def test_whole_numbers_of_parameters_become_text_wherever_they_are(tmp_path: Path) -> None:
    asked = {"bases": [{"mint": MINT, "min_profit_raw": 2**70}], "fast": True, "name": "x"}
    made = content(tmp_path, parameters=asked)["parameters"]
    assert made == {"bases": [{"mint": MINT, "min_profit_raw": str(2**70)}], "fast": True, "name": "x"}


def test_the_version_grows_with_each_change_and_stays_without_one(tmp_path: Path) -> None:
    for changes, version in (({}, 1), ({}, 1), ({"blacklist": [MINT]}, 2), ({}, 3)):
        made = resolved.next_version(tmp_path, content(tmp_path, **changes), running=True)
        assert made.version == version
        resolved.write(tmp_path, made)


def test_what_needs_a_restart_is_named_and_not_written_under_a_running_engine(tmp_path: Path) -> None:
    resolved.write(tmp_path, resolved.next_version(tmp_path, content(tmp_path), running=False))
    after = content(tmp_path, mode="replay", chain__rpc=["http://other.example"], blacklist=[MINT])
    with pytest.raises(Conflict, match=r"chain\.rpc, mode cannot change while the engine runs") as raised:
        resolved.next_version(tmp_path, after, running=True)
    assert raised.value.remedy == "Change it back, or: tradewind restart arb/a"
    assert resolved.next_version(tmp_path, after, running=False).version == 2


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    seen: set[int] = set()
    ended = threading.Event()
    resolved.write(tmp_path, resolved.Resolved(1, {"filler": "x" * 100_000}))

    def read() -> None:
        while not ended.is_set():
            seen.add(json.loads((tmp_path / resolved.NAME).read_bytes())["version"])

    reader = threading.Thread(target=read)
    reader.start()
    for version in range(2, 40):
        resolved.write(tmp_path, resolved.Resolved(version, {"filler": "x" * 100_000}))
    ended.set()
    reader.join()
    assert seen <= set(range(1, 40))
    assert [path.name for path in tmp_path.iterdir()] == [resolved.NAME]
    assert (tmp_path / resolved.NAME).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be written: No such file or directory"):
        resolved.write(tmp_path / "none", resolved.Resolved(1, {}))
