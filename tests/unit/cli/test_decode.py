"""`tradewind decode`: against what ethers, viem and solders say of the same bytes."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.terminal import tradewind

FIXTURES = Path(__file__).parents[2] / "fixtures" / "decode"
EVM: list[dict[str, Any]] = json.loads((FIXTURES / "evm_transactions.json").read_text())["transactions"]
CALLS: list[dict[str, Any]] = json.loads((FIXTURES / "router_calls.json").read_text())["calls"]
SOLANA: list[dict[str, Any]] = json.loads((FIXTURES / "solana_transactions.json").read_text())["transactions"]
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@pytest.mark.parametrize("kind", sorted({sent["type"] for sent in EVM}))
def test_hash_and_sender_are_those_that_its_writer_recorded(kind: str) -> None:
    sent = next(sent for sent in EVM if sent["type"] == kind)
    said = tradewind("decode", sent["raw"], "--json").document
    assert (said["hash"], said["sender"]) == (sent["hash"], sent["sender"])
    shown = tradewind("decode", sent["raw"])
    assert (shown.exit_code, sent["sender"] in shown.stdout) == (0, True)


def test_the_swaps_of_every_recorded_router_call_are_shown() -> None:
    for call in CALLS[:60]:
        said = tradewind("decode", call["data"], "--json")
        assert said.exit_code == 0, said.stderr
        swaps = [step["swap"] for step in said.document["steps"] if step["swap"]]
        assert [swap["path"] for swap in swaps] == [swap["path"] for swap in call["swaps"]]
        assert [swap["exact"] for swap in swaps] == [swap["exact"] for swap in call["swaps"]]


def test_bytes_can_come_through_a_pipe_in_any_lines() -> None:
    raw = EVM[0]["raw"].removeprefix("0x")
    piped = "\n".join(raw[at : at + 64] for at in range(0, len(raw), 64))
    assert tradewind("decode", "-", "--json", stdin=piped).document["hash"] == EVM[0]["hash"]


def base58(data: bytes) -> str:
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def test_a_solana_transaction_reads_the_same_in_every_writing() -> None:
    raw = base64.b64decode(SOLANA[0]["raw"])
    writings = (SOLANA[0]["raw"], raw.hex(), base58(raw))
    documents = [tradewind("decode", "--solana", text, "--json").document for text in writings]
    assert documents[0] == documents[1] == documents[2]
    assert documents[0]["size_bytes"] == len(raw)
    assert documents[0]["signatures"][0] == raw[1:65].hex()


def test_accounts_behind_a_lookup_table_are_named_when_it_is_given(tmp_path: Path) -> None:
    sent = next(sent for sent in SOLANA if sent["tables"])
    hidden = tradewind("decode", "--solana", sent["raw"], "--json").document["accounts"]
    assert any(not account["resolved"] for account in hidden)
    file = tmp_path / "tables.json"
    file.write_text(json.dumps(sent["tables"]))
    whole = tradewind("decode", "--solana", sent["raw"], "--lookup-table", file, "--json").document["accounts"]
    assert [account["key"] for account in whole] == [key for key, *_ in sent["accounts"]]
    file.write_text("{}")
    missing = tradewind("decode", "--solana", sent["raw"], "--lookup-table", file, "--json")
    assert (missing.exit_code, missing.error["code"]) == (2, "lookup_table_missing")
    assert missing.error["faults"][0]["field"] == "--lookup-table"


@pytest.mark.parametrize(
    ("arguments", "field", "code"),
    [
        (("0x123",), "HEX", "bytes_malformed"),
        (("0xzz",), "HEX", "bytes_malformed"),
        (("0x12",), "HEX", "transaction_type_unsupported"),
        (("0x12345678", "--as", "calldata"), "HEX", "calldata_unknown"),
        (("--solana", "zz!"), "HEX", "bytes_malformed"),
        (("--solana", "00"), "HEX", "transaction_malformed"),
        (("0x12", "--lookup-table", "/nowhere"), "--lookup-table", "option_without_solana"),
        (("--solana", "00", "--lookup-table", "/nowhere"), "--lookup-table", "file_unreadable"),
        ((" ",), "HEX", "bytes_missing"),
    ],
)
def test_a_mistake_is_one_clear_error(arguments: tuple[str, ...], field: str, code: str) -> None:
    said = tradewind("decode", *arguments, "--json")
    assert (said.exit_code, said.error["code"]) == (2, code)
    assert said.error["faults"][0]["field"] == field


def test_what_is_cut_short_is_never_decoded() -> None:
    raw = EVM[0]["raw"]
    for end in range(4, len(raw), 34):
        assert tradewind("decode", raw[: end - end % 2], "--json").exit_code == 2
