"""`tradewind executor` and what `doctor` says of its variables."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from tests import builders
from tests.unit.cli.terminal import tradewind
from tradewind.cli.doctor.executor import check_executor
from tradewind.cli.doctor.finding import Verdict
from tradewind.cli.executor import text_of
from tradewind.execution.executor_settings import variables

LEAST = {
    "EXECUTOR_NAME": "executor-1",
    "WALLETS": builders.SOLANA_WALLET,
    "RPC_ENDPOINT": "https://rpc.example/secret-key-0123456789",
}


def test_it_does_not_start_while_private_keys_are_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**LEAST, "WALLET_2": "5JSecretSecret"}.items():
        monkeypatch.setenv(name, value)
    said = tradewind("executor", "--json")
    error = json.loads(said.stderr)["error"]
    assert (said.exit_code, error["code"]) == (3, "wallet_keys_in_environment")
    assert "tradewind keys import --keys keys.age --solana-file id.json --delete" in error["remedy"]
    assert "5JSecretSecret" not in said.stdout + said.stderr


def test_what_is_missing_is_named_with_its_variable() -> None:
    said = tradewind("executor", "--json")
    faults = json.loads(said.stderr)["error"]["faults"]
    assert said.exit_code == 2
    assert {fault["field"] for fault in faults} == {
        "executor_name (EXECUTOR_NAME)",
        "wallets (WALLETS)",
        "rpc_endpoint (RPC_ENDPOINT)",
    }


def test_an_executor_that_is_switched_off_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**LEAST, "EXECUTOR_ENABLED": "false"}.items():
        monkeypatch.setenv(name, value)
    said = tradewind("executor", "--json")
    assert (said.exit_code, json.loads(said.stdout)) == (0, {"executor": "executor-1", "enabled": False})


def test_its_help_names_every_variable() -> None:
    said = tradewind("executor", "--help").stdout
    assert [name for name in variables() if not re.search(rf"\b{name}\b", said)] == []


def test_lists_are_shown_with_commas() -> None:
    assert text_of(["one", "two"]) == "one, two"
    assert text_of(9_090) == "9090"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = tradewind("executor", "--config", str(tmp_path / "none.toml"), "--json")
    assert (said.exit_code, json.loads(said.stderr)["error"]["code"]) == (3, "config_missing")


def test_doctor_says_nothing_of_an_executor_where_none_is_configured() -> None:
    assert asyncio.run(check_executor({"PATH": "/usr/bin"})) == []


def test_doctor_shows_the_variables_without_their_secrets() -> None:
    findings = asyncio.run(check_executor({**LEAST, "JITO_UUID": "uuid-of-mine"}))
    seen = {finding.name: finding for finding in findings}
    assert "RPC_ENDPOINT=https://rpc.example/***" in seen["executor variables"].seen
    assert "uuid-of-mine" not in seen["executor variables"].seen
    assert seen["executor"].verdict is Verdict.OK
    assert "executor-1" in seen["executor"].seen


def test_doctor_calls_a_wrong_value_and_a_private_key_wrong() -> None:
    findings = asyncio.run(check_executor({**LEAST, "METRICS_PORT": "ninety", "WALLET_1": "5J"}))
    wrong = {finding.name for finding in findings if finding.verdict is Verdict.WRONG}
    assert wrong == {"wallet keys", "executor"}


def test_doctor_says_that_the_bus_does_not_answer() -> None:
    findings = asyncio.run(check_executor({**LEAST, "NATS_URL": "nats://127.0.0.1:1"}))
    [bus] = [finding for finding in findings if finding.name == "bus"]
    assert bus.verdict is Verdict.WRONG
    assert "nats-server -js" in bus.remedy
