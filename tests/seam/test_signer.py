"""The signer's own binary: its bytes compared with eth-account's, and its answers read by the service's own client."""

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
from tradewind.domain.fill import StepOutcome, StepResult
from tradewind.domain.plan import BlockRef
from tradewind.errors import Halted, Refused
from tradewind.execution.signer_answers import gap_id
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.signer_questions import ChainEvidence

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

    @property
    def client(self) -> SignerClient:
        """The service's own client of the same signer."""
        return SignerClient(Path(self._socket.getpeername()))

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    yield from running(tmp_path_factory.mktemp("signer"))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Signer]:
    """A signer without history."""
    yield from running(tmp_path)


def running(folder: Path) -> Iterator[Signer]:
    """Run a signer in an empty folder."""
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
            legs=[
                core.SwapLeg(path=[USDC, WETH], fees_pips=[500], amount_in_raw=amounts[0], amount_out_raw=amounts[1])
            ],
            recipient=WALLET,
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


def noop(nonce: int, fee_raw: int = 100_000_000) -> core.Eip1559Transaction:
    return transaction(nonce, to=WALLET, data=b"", max_fee_per_gas_wei=fee_raw, max_priority_fee_per_gas_wei=0)


def swap(nonce: int, amount_raw: int) -> core.Eip1559Transaction:
    call = core.RouterSwap(
        exact="in",
        legs=[core.SwapLeg(path=[USDC, WETH], fees_pips=[500], amount_in_raw=amount_raw, amount_out_raw=10**15)],
        recipient=WALLET,
        deadline_s=int(time.time()) + 600,
    )
    return transaction(nonce, to=ROUTER, data=call.encode())


def evidence(latest_nonce: int) -> ChainEvidence:
    block = BlockRef(number=1, hash="0x" + "ab" * 32, timestamp_s=1)
    return ChainEvidence(latest_nonce=latest_nonce, block=block, base_fee_wei=1, endpoints=("a",))


def result(outcome: StepOutcome, tx_hash: str, nonce: int) -> StepResult:
    return StepResult(
        step=0,
        attempt=1,
        outcome=outcome,
        tx_hash=tx_hash,
        nonce=nonce,
        block=BlockRef(number=5, hash="0x" + "cd" * 32, timestamp_s=5),
        gas_used=21_000,
        gas_price_wei=1,
        fee_raw=21_000,
    )


def at_nonce(tx: core.Eip1559Transaction) -> dict[str, Any]:
    return {
        "attempt": 2,
        "strategy_id": None,
        "wallet": WALLET,
        "chain_id": CHAIN_ID,
        "unsigned_tx": tx.encode_unsigned(),
    }


async def test_a_step_is_ended_by_a_no_op_and_its_budget_given_back_when_that_is_final(fresh: Signer) -> None:
    client, amount_raw = fresh.client, 7_000_000
    fresh.ask("sign", **sign_request("ended", swap(FIRST_NONCE, amount_raw), (amount_raw, 10**15)))
    [used] = [b.used_raw for b in await client.budgets() if (b.token, b.window) == (USDC, "day")]
    assert used == amount_raw
    tx = noop(FIRST_NONCE, 200_000_000)
    signed = await client.sign_noop("ended", 0, **at_nonce(tx), evidence=evidence(FIRST_NONCE))
    assert signed.noop
    assert signed.raw_tx == bytes(signed_by_eth_account(tx).raw_transaction)
    [step] = await client.signed(WALLET, CHAIN_ID, from_nonce=FIRST_NONCE)
    assert (step.intent_id, step.kind, step.outcome) == ("ended", "swap", None)
    assert [(a.attempt, a.noop) for a in step.attempts] == [(1, False), (2, True)]
    cancelled = result(StepOutcome.CANCELLED, signed.tx_hash, FIRST_NONCE)
    final = BlockRef(number=5, hash="0x" + "cd" * 32, timestamp_s=5)
    for finalized, expected in ((None, amount_raw), (final, 0)):
        await client.settle("ended", cancelled, endpoints=("a",), finalized=finalized)
        [used] = [b.used_raw for b in await client.budgets() if (b.token, b.window) == (USDC, "day")]
        assert used == expected
    [gross] = [b.used_raw for b in await client.budgets() if (b.token, b.window) == (USDC, "signed_per_day")]
    assert gross == amount_raw
    [step] = await client.signed(WALLET, CHAIN_ID, from_nonce=0)
    assert step.outcome is StepOutcome.CANCELLED


async def test_a_gap_is_filled_under_the_name_that_the_client_gives_it(fresh: Signer) -> None:
    client = fresh.client
    fields = at_nonce(noop(FIRST_NONCE)) | {"attempt": 1}
    with pytest.raises(Refused) as caught:
        await client.sign_noop("gap", 0, **fields, evidence=evidence(FIRST_NONCE))
    assert caught.value.rule == "noop_not_allowed"
    name = gap_id(CHAIN_ID, WALLET, FIRST_NONCE)
    filled = await client.sign_noop(name, 0, **fields, evidence=evidence(FIRST_NONCE))
    assert filled.nonce == FIRST_NONCE


async def test_a_page_of_signed_steps_is_followed_by_the_next_until_the_end(fresh: Signer) -> None:
    last = FIRST_NONCE + 260
    for nonce in range(FIRST_NONCE, last):
        fresh.ask("sign", **sign_request(f"page-{nonce}", swap(nonce, 1), (1, 10**15)))
    steps = await fresh.client.signed(WALLET, CHAIN_ID, from_nonce=FIRST_NONCE)
    assert [step.nonce for step in steps] == list(range(FIRST_NONCE, last))


async def test_scoped_halts_are_listed_refuse_and_are_ended_one_by_one(fresh: Signer) -> None:
    client = fresh.client
    before = await client.hello()
    of_wallet = await client.halt(reason="foreign nonce", by="test", wallet=WALLET)
    of_strategy = await client.halt(reason="loses money", by="test", strategy_id="other")
    state = await client.hello()
    assert not state.halted
    assert state.records > before.records
    assert [(h.kill_epoch, h.wallet, h.strategy_id) for h in state.halts] == [
        (of_wallet, WALLET, None),
        (of_strategy, None, "other"),
    ]
    verdict = await checked(client, 1)
    assert (verdict.passed, verdict.rule) == (False, "halted")
    with pytest.raises(Halted, match="foreign nonce"):
        await client.sign_noop("x", 0, **at_nonce(noop(FIRST_NONCE)), evidence=evidence(FIRST_NONCE))
    await client.resume(kill_epoch=of_wallet, by="test")
    assert (await checked(client, 1)).passed


async def checked(client: SignerClient, amount_raw: int) -> Any:
    return await client.check(
        strategy_id=None,
        wallet=WALLET,
        chain_id=CHAIN_ID,
        unsigned_tx=swap(FIRST_NONCE, amount_raw).encode_unsigned(),
        quoted_in_raw=amount_raw,
        quoted_out_raw=10**15,
    )


async def test_a_limit_is_lowered_at_once_and_a_raise_waits_and_can_be_cancelled(fresh: Signer) -> None:
    client, key = fresh.client, f"chain.{CHAIN_ID}.token.{USDC}.max_per_transaction"
    assert not (await client.set_limit(key=key, value=10, by="test")).pending
    assert (await checked(client, 11)).rule == "amount_per_transaction"
    raised = await client.set_limit(key=key, value=20, by="test")
    limits = await client.limits()
    assert raised.pending
    assert 0 < raised.effective_at_ms - limits.now_ms <= 600_000
    [limit] = [limit for limit in limits.limits if limit.key == key]
    assert (limit.value, limit.ceiling, limit.by) == ("10", "50000000000", "test")
    assert [(waits.value, waits.effective_at_ms) for waits in limit.pending] == [("20", raised.effective_at_ms)]
    assert (await checked(client, 11)).rule == "amount_per_transaction"
    await client.cancel_raise(key=key, by="test")
    with pytest.raises(Refused) as caught:
        await client.cancel_raise(key=key, by="test")
    assert caught.value.rule == "raise_unknown"
    with pytest.raises(Refused) as caught:
        await client.set_limit(key=key, value=50_000_000_001, by="test")
    assert caught.value.rule == "limit_ceiling"
