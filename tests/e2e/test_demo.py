"""`tradewind demo` as a newcomer runs it: one process, one exit code, and claims that are checked again here."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_utils import keccak  # type: ignore[attr-defined]

from tradewind.core import RouterSwap, decode_eip1559
from tradewind.domain.base58 import from_base58 as base58_bytes

WETH = "0x82af49447d8a07e3bd95bd0d56f35241523fbab1"
USDC = "0xaf88d065e77c8cc2239327c5edb3a432268e5831"
WALLET = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
WANTED_RAW = 1_500_000_000_000_000_000
PUBLIC_TEST_KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the demo, and what it left behind."""

    exit_code: int
    document: dict[str, Any]
    stderr: str
    folder: Path
    picture: Path

    @property
    def chain(self) -> dict[str, Any]:
        whole: dict[str, Any] = self.document["chain"]
        return whole

    def change(self, name: str) -> int:
        return int(self.chain["after"][name]) - int(self.chain["before"][name])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("demo")
    picture = folder / "demo.svg"
    command = ["demo", "--json", "--dir", str(folder / "scratch"), "--svg", str(picture)]
    done = subprocess.run(
        [sys.executable, "-m", "tradewind.cli", *command], capture_output=True, text=True, timeout=400, check=False
    )
    assert done.stdout, done.stderr
    return Run(done.returncode, json.loads(done.stdout), done.stderr, folder / "scratch", picture)


def test_every_statement_of_the_verdict_holds_and_the_exit_code_says_so(demo: Run) -> None:
    assert {check["name"]: check["seen"] for check in demo.document["verdict"] if not check["holds"]} == {}
    assert len(demo.document["verdict"]) == 7
    assert (demo.document["proven"], demo.exit_code) == (True, 0)


def test_the_exit_code_is_zero_exactly_when_every_statement_holds(demo: Run) -> None:
    holds = all(check["holds"] for check in demo.document["verdict"])
    assert (demo.document["proven"], demo.exit_code) == (holds, 0 if holds else 1)


def test_the_balances_moved_by_the_fill_and_the_gas_and_nothing_else(demo: Run) -> None:
    paid = int(demo.document["completed"]["filled_in_raw"])
    fee = sum(tx["gas_used"] * int(tx["gas_price_wei"]) for tx in demo.chain["transactions"])
    assert demo.change("token_out_raw") == WANTED_RAW
    assert demo.change("token_in_raw") == -paid == -int(demo.document["plan"]["quoted_in_raw"])
    assert demo.change("native_raw") == -fee
    assert demo.change("nonce") == 1


def test_the_logs_bear_the_fill_out(demo: Run) -> None:
    (transaction,) = demo.chain["transactions"]
    moved: dict[tuple[str, str], int] = {}
    for move in transaction["transfers"]:
        for side in ("sender", "recipient"):
            if move[side] == WALLET.lower():
                moved[move["token"], side] = moved.get((move["token"], side), 0) + int(move["amount_raw"])
    assert moved == {
        (WETH, "recipient"): WANTED_RAW,
        (USDC, "sender"): int(demo.document["completed"]["filled_in_raw"]),
    }


def test_the_signed_transaction_in_the_gate_is_the_one_on_chain_and_carries_the_limit(demo: Run) -> None:
    with sqlite3.connect(f"file:{demo.folder / 'gate.db'}?mode=ro", uri=True) as gate:
        ((raw,),) = gate.execute("SELECT raw_tx FROM attempts").fetchall()
    gate.close()
    raw_bytes = raw if isinstance(raw, bytes) else bytes.fromhex(raw.removeprefix("0x"))
    assert "0x" + keccak(raw_bytes).hex() == demo.chain["transactions"][0]["tx_hash"]
    swap = RouterSwap.decode(decode_eip1559(raw_bytes).transaction.data)
    quoted = int(demo.document["plan"]["quoted_in_raw"])
    assert (swap.amount_out_raw, swap.recipient) == (WANTED_RAW, WALLET)
    assert swap.amount_in_raw == quoted * 1_005 // 1_000


def test_the_journal_left_behind_is_an_unbroken_chain_that_ends_in_the_fill(demo: Run) -> None:
    with sqlite3.connect(f"file:{demo.folder / 'data' / 'journal.db'}?mode=ro", uri=True) as journal:
        rows = journal.execute("SELECT envelope, prev_hash, hash FROM events ORDER BY seq").fetchall()
    journal.close()
    head = "0" * 64
    for envelope, previous, own in rows:
        assert previous == head
        head = hashlib.sha256((previous + envelope).encode()).hexdigest()
        assert own == head
    # A wallet is read for the accounts beside all this.
    types = [kind for kind in (json.loads(row[0])["type"] for row in rows) if kind != "BalancesObserved"]
    assert types[-2:] == ["ExecutionCompleted", "ServiceStopped"]


def test_the_stages_follow_each_other_and_each_has_its_time(demo: Run) -> None:
    stages = demo.document["stages"]
    starts = [stage["started_ns"] for stage in stages]
    assert len(stages) == 6
    # The service receives an intent before its sender hears that it was accepted, so only the starts are in order.
    assert starts == sorted(starts)
    assert all(stage["duration_ns"] >= 0 for stage in stages)


def test_only_ports_and_endpoints_of_the_shipped_configuration_were_changed(demo: Run) -> None:
    shipped = Path(__file__).resolve().parents[2] / "src" / "tradewind" / "configs"
    assert (demo.folder / "signer.toml").read_text() == (shipped / "signer.toml").read_text()
    before, after = ((path / "arbitrum.toml").read_text().splitlines() for path in (shipped, demo.folder))
    changed = [old.split(" = ")[0] for old, new in zip(before, after, strict=True) if old != new]
    assert changed == ["port", "rpc_urls"]


def test_the_passphrase_is_private_and_the_test_key_lies_nowhere_in_the_clear(demo: Run) -> None:
    assert (demo.folder / "passphrase").stat().st_mode & 0o777 == 0o600
    for path in demo.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert PUBLIC_TEST_KEY.encode() not in content
            assert bytes.fromhex(PUBLIC_TEST_KEY) not in content


def test_no_process_is_left_behind(demo: Run) -> None:
    scratch = str(demo.folder).encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            assert scratch not in command


def test_the_picture_is_an_svg_that_fetches_nothing(demo: Run) -> None:
    text = demo.picture.read_text()
    root = ET.fromstring(text)  # noqa: S314 (our own file)
    assert root.tag.endswith("svg")
    assert "Proven" in text or "proven" in text
    assert text.replace("http://www.w3.org/2000/svg", "").count("http") == 0


def test_the_arbitrage_at_its_end_is_proven_and_bears_looking_at(demo: Run) -> None:
    arb = demo.document["arb"]
    assert {check["name"]: check["seen"] for check in arb["verdict"] if not check["holds"]} == {}
    assert (len(arb["verdict"]), arb["proven"], len(arb["moves"])) == (7, True, 1)
    # Somebody moved the market, and what was taken then is a trade of its own.
    [move] = arb["moves"]
    taken = [trade for trade in arb["trades"] if trade["planned_ns"] > move["at_ns"]]
    assert taken
    for trade in taken:
        assert trade["status"] == "success"
        assert move["at_ns"] < trade["planned_ns"] <= trade["sent_ns"] < trade["ended_ns"]
        assert len(base58_bytes(trade["signature"])) == 64
    assert arb["spread_ppm"] < move["spread_ppm"]
    assert {"quote", "scanner", "planner", "build", "gate", "whole"} <= set(arb["stages"])


def test_the_arbitrages_journal_tells_what_it_gained(demo: Run) -> None:
    path = demo.folder / "arb" / "commander-data" / "arb" / "demo" / "journal.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as journal:
        rows = journal.execute("SELECT envelope FROM events WHERE type = 'ExecutionResultEvent'").fetchall()
    journal.close()
    gained = [int(json.loads(envelope)["body"]["actualProfit"]) for (envelope,) in rows]
    assert sum(gained) == sum(int(trade["profit_raw"]) for trade in demo.document["arb"]["trades"]) > 0


def test_the_arbitrage_alone_is_told_in_plain_lines_where_there_is_no_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tradewind.cli", "demo", "arb", "--once"],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    moved = next(at for at, line in enumerate(lines) if line.startswith("somebody sold 40 SOL to Raydium"))
    assert any(line.startswith("success: ") for line in lines[moved:])
    assert "Proven from the chain" in done.stdout


def test_progress_goes_to_stderr(demo: Run) -> None:
    assert "Starting the service" in demo.stderr
    assert str(demo.folder) in demo.stderr
