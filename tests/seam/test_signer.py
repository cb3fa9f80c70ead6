"""The signer's own binary, compared with eth-account: the same keys, transactions and permits give the same bytes."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from tradewind import core

ROOT = Path(__file__).parents[2]
# The first account of the public test mnemonic "test test test … junk".
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
WALLET = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ROUTER = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
USDC = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
WETH = "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"
CHAIN_ID = 42161
FIRST_NONCE = 7
IMPORT = ("--keys", "keys.age", "--key-file", "key.hex", "--work-factor", "2")
PASSPHRASE = ("--passphrase-file", "passphrase")

CONFIG = f"""
socket = "run/signer.sock"
gate = "gate.db"
key_file = "keys.age"
[[wallets]]
address = "{WALLET}"
chains = [{CHAIN_ID}]
[chains.{CHAIN_ID}]
routers = ["{ROUTER}"]
max_gas_limit = 5000000
max_fee_per_gas_wei = "10000000000"
max_transaction_fee_wei = "5000000000000000"
max_slippage_bps = 100
max_validity_s = 3600
[[chains.{CHAIN_ID}.tokens]]
symbol = "USDC"
address = "{USDC}"
decimals = 6
max_per_transaction = "50000"
max_per_day = "200000"
permit = {{ name = "USD Coin", version = "2" }}
[[chains.{CHAIN_ID}.tokens]]
symbol = "WETH"
address = "{WETH}"
decimals = 18
max_per_transaction = "10"
max_per_day = "40"
"""


def binary() -> Path:
    named = os.environ.get("TRADEWIND_SIGNER_BIN")
    path = Path(named) if named else ROOT / "target" / "debug" / "tradewind-signer"
    if not path.is_file():
        pytest.fail(f"{path} is missing; build it with: cargo build -p tradewind-signer")
    return path


def write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


class Signer:
    """One connection to a running signer."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(10)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def ask(self, op: str, **fields: object) -> dict[str, Any]:
        self._socket.sendall(json.dumps({"op": op, **fields}).encode() + b"\n")
        answer = json.loads(self._lines.readline())
        assert "ok" in answer, answer
        return dict(answer["ok"])

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    folder = tmp_path_factory.mktemp("signer")
    write_private(folder / "passphrase", "only for this test")
    write_private(folder / "key.hex", KEY)
    (folder / "signer.toml").write_text(CONFIG)
    imported = subprocess.run(
        [str(binary()), "key", "import", *IMPORT, *PASSPHRASE],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    assert json.loads(imported.stdout)["address"] == Account.from_key(KEY).address
    command = [str(binary()), "run", "--config", "signer.toml", *PASSPHRASE]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        ready = json.loads(process.stderr.readline())
        assert ready["event"] == "ready"
        connection = Signer(Path(ready["socket"]))
        yield connection
        connection.close()
        process.terminate()
        assert process.wait(10) == 0


def permit_request(intent_id: str, amount_raw: int, deadline_s: int, permit_nonce: int = 0) -> dict[str, Any]:
    return {
        "intent_id": intent_id,
        "step": 0,
        "strategy_id": None,
        "wallet": WALLET,
        "chain_id": CHAIN_ID,
        "token": USDC,
        "spender": ROUTER,
        "value_raw": str(amount_raw),
        "permit_nonce": str(permit_nonce),
        "deadline_s": deadline_s,
    }


def sign_request(intent_id: str, tx: core.Eip1559Transaction, quoted: tuple[int, int]) -> dict[str, Any]:
    return {
        "intent_id": intent_id,
        "step": 0,
        "attempt": 1,
        "strategy_id": None,
        "wallet": WALLET,
        "chain_id": tx.chain_id,
        "unsigned_tx": "0x" + tx.encode_unsigned().hex(),
        "quoted": {"amount_in_raw": str(quoted[0]), "amount_out_raw": str(quoted[1])},
        "evidence": {
            "latest_nonce": tx.nonce,
            "block_number": 1,
            "block_hash": "0x" + "ab" * 32,
            "base_fee_wei": "20000000",
            "endpoints": ["http://127.0.0.1:8545"],
        },
    }


def transaction(nonce: int, **changes: Any) -> core.Eip1559Transaction:
    plain: dict[str, Any] = {
        "chain_id": CHAIN_ID,
        "nonce": nonce,
        "max_priority_fee_per_gas_wei": nonce,
        "max_fee_per_gas_wei": 100_000_000 + nonce,
        "gas_limit": 400_000,
        "value_wei": 0,
    }
    return core.Eip1559Transaction(**{**plain, **changes})


def signed_by_eth_account(tx: core.Eip1559Transaction) -> Any:
    return Account.sign_transaction(
        {
            "type": 2,
            "chainId": tx.chain_id,
            "nonce": tx.nonce,
            "maxPriorityFeePerGas": tx.max_priority_fee_per_gas_wei,
            "maxFeePerGas": tx.max_fee_per_gas_wei,
            "gas": tx.gas_limit,
            "to": tx.to,
            "value": tx.value_wei,
            "data": tx.data,
        },
        KEY,
    )


def test_transactions_are_signed_to_the_bytes_of_eth_account(signer: Signer) -> None:
    deadline_s = int(time.time()) + 600
    for nonce in range(FIRST_NONCE, FIRST_NONCE + 30):
        amounts = (1_000_000 + nonce, 10**15)
        swap = core.RouterSwap(
            exact="in",
            path=[USDC, WETH],
            fees_pips=[500],
            recipient=WALLET,
            amount_in_raw=amounts[0],
            amount_out_raw=amounts[1],
            deadline_s=deadline_s,
        )
        approve = nonce % 3 == 0
        data = core.encode_approve(ROUTER, amounts[0]) if approve else swap.encode()
        tx = transaction(nonce, to=USDC if approve else ROUTER, data=data)
        answer = signer.ask("sign", **sign_request(f"kat-{nonce}", tx, amounts))
        expected = signed_by_eth_account(tx)
        assert answer["raw_tx"] == "0x" + bytes(expected.raw_transaction).hex()
        assert answer["tx_hash"] == "0x" + bytes(expected.hash).hex()
        assert answer["nonce"] == nonce
    assert signer.ask("next_nonce", wallet=WALLET, chain_id=CHAIN_ID) == {"next_nonce": FIRST_NONCE + 30}


@pytest.mark.parametrize(("amount_raw", "permit_nonce"), [(1, 0), (3_000_000_001, 1), (50_000_000_000, 2**200)])
def test_permits_are_signed_to_the_bytes_of_eth_account(signer: Signer, amount_raw: int, permit_nonce: int) -> None:
    deadline_s = int(time.time()) + 600
    request = permit_request(f"permit-{amount_raw}", amount_raw, deadline_s, permit_nonce)
    answer = signer.ask("permit", **request)
    fields = [("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256")]
    expected = Account.sign_message(
        encode_typed_data(
            {"name": "USD Coin", "version": "2", "chainId": CHAIN_ID, "verifyingContract": USDC},
            {"Permit": [{"name": n, "type": t} for n, t in [*fields, ("deadline", "uint256")]]},
            {
                "owner": WALLET,
                "spender": ROUTER,
                "value": amount_raw,
                "nonce": permit_nonce,
                "deadline": deadline_s,
            },
        ),
        KEY,
    )
    assert answer == {
        "value_raw": str(amount_raw),
        "deadline_s": deadline_s,
        "v": expected.v,
        "r": f"0x{expected.r:064x}",
        "s": f"0x{expected.s:064x}",
    }
