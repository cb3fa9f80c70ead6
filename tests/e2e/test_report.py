"""The report against the chain: what it says the wallet should hold is what anvil says it holds, to the unit."""

import asyncio
import csv
import json
import os
import random
import signal
import sqlite3
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from eth_abi import encode  # type: ignore[attr-defined]
from eth_utils.crypto import keccak

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.intents import acquire, dispose
from tests.e2e.reorganising import reorganise
from tradewind.localnet.addresses import MARKET_MAKER
from tradewind.localnet.evm import EvmLocalnet

SYMBOLS = {truth.WETH: "WETH", truth.USDC: "USDC", truth.ARB: "ARB"}
# WETH without permits: spending it needs an approval transaction of its own.
NO_WETH_PERMIT = {'permit = { name = "Wrapped Ether", version = "1" }\n': ""}


async def until_opened(deployment: Deployment) -> None:
    """Return once the wallet's opening balances are on record."""
    async with asyncio.timeout(30):
        while observed(deployment) == 0:
            await asyncio.sleep(0.05)


def observed(deployment: Deployment) -> int:
    """How often the wallet was read for the accounts."""
    return recorded(deployment, "BalancesObserved")


def recorded(deployment: Deployment, event_type: str) -> int:
    """How many events of a type are in the journal."""
    with closing(sqlite3.connect(deployment.folder / "data" / "journal.db")) as journal:
        counted = journal.execute("SELECT count(*) FROM events WHERE type = ?", (event_type,))
        return int(counted.fetchone()[0])


async def report(deployment: Deployment, *options: str) -> dict[str, Any]:
    """`tradewind report --json`."""
    return dict(json.loads(await printed(deployment, "--json", *options)))


async def printed(deployment: Deployment, *options: str) -> str:
    """What `tradewind report` writes to stdout."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "report", "--config", "arbitrum.toml", *options),
        cwd=deployment.folder,
        env={**os.environ, "COLUMNS": "100"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await process.communicate()
    said = stdout.decode()
    explained = "DIFFERENCE" not in said and '"is_explained": false' not in said
    assert process.returncode == (0 if explained else 1), stderr.decode()
    return said


def on_chain(url: str) -> dict[str, int]:
    """Everything that the trader holds, asked of anvil."""
    held = {symbol: truth.balance(url, token) for token, symbol in SYMBOLS.items()}
    return {"ETH": truth.ether(url), **held}


def summed(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The sum of the only wallet, by symbol."""
    [wallet] = document["sums"]
    assert wallet["fault"] is None, wallet
    return {balance["asset"]["symbol"]: balance for balance in wallet["balances"]}


async def fill(deployment: Deployment, intent: object) -> dict[str, Any]:
    view = await deployment.until_final(await deployment.submit(intent))
    assert view["status"] == "COMPLETED", view["end"]
    return view


async def revert(deployment: Deployment, chain: EvmLocalnet) -> None:
    """An intent whose price moves after it was signed and before it is included."""
    await chain.set_automine(on=False)
    intent_id = await deployment.submit(acquire("0.5", slippage="0.0001"))
    ours = await waiting_transaction(chain)
    raw = await chain.rpc.call("eth_getRawTransactionByHash", ours)
    for pool in chain.pools:
        if pool.quote.address == truth.USDC:
            await overtake(chain.rpc_url, pool.base.address, pool.fee_pips, 20_000 * 10**6)
    # First come, first served: taken out and put in again, it is behind the market.
    await chain.rpc.call("anvil_dropTransaction", ours)
    await chain.rpc.call("eth_sendRawTransaction", raw)
    await chain.mine()
    await chain.set_automine(on=True)
    view = await deployment.until_final(intent_id)
    assert view["status"] == "FAILED", view


async def waiting_transaction(chain: EvmLocalnet) -> str:
    """The hash of the transaction that waits to be included, once there is one."""
    async with asyncio.timeout(30):
        while not (pending := (await chain.rpc.call("txpool_content"))["pending"]):
            await asyncio.sleep(0.02)
    [by_nonce] = pending.values()
    [waiting] = by_nonce.values()
    return str(waiting["hash"])


async def overtake(url: str, token: str, fee_pips: int, usdc_raw: int) -> None:
    """The market buys a token for USDC, which makes it dearer."""
    swap = (truth.USDC, token, fee_pips, MARKET_MAKER, usdc_raw, 0, 0)
    kinds = ["address", "address", "uint24", "address", "uint256", "uint256", "uint160"]
    selector = keccak(text=f"exactInputSingle(({','.join(kinds)}))")[:4]
    data = selector + encode([f"({','.join(kinds)})"], [swap])
    await send_as_market(url, truth.ROUTER, data)


async def send_as_market(url: str, to: str, data: bytes) -> str:
    """A transaction of somebody who is not the trader; its hash."""
    transaction = {"from": MARKET_MAKER, "to": to, "data": f"0x{data.hex()}", "gas": hex(3_000_000)}
    return str(truth.rpc(url, "eth_sendTransaction", transaction))


async def test_a_random_day_adds_up_to_what_the_chain_says(chain: EvmLocalnet, tmp_path: Path) -> None:
    """Buys, sells, approvals, two hops and a revert; then somebody sends 5 USDC, and they show as that."""
    url, dice = chain.rpc_url, random.Random(20_260_101)
    opened = on_chain(url)
    async with deployed(tmp_path, chain, replacements=NO_WETH_PERMIT) as deployment:
        await until_opened(deployment)
        for _ in range(6):
            size = f"{dice.randrange(1, 2_000) / 1_000}"
            await fill(deployment, dice.choice((acquire, dispose))(size, window_ms=60_000))
        await fill(deployment, acquire("3000", "ARB", paying="WETH", slippage="0.01"))
        await fill(deployment, acquire("12", slippage="0.01"))
        await revert(deployment, chain)
        document = await report(deployment)
        assert_adds_up(document, opened, url)
        assert_steps_are_the_receipts(document, url)
        _, answered = await deployment.request("GET", "/report?steps=1000")
        assert answered["totals"] == document["totals"]
        assert [step["tx_hash"] for step in answered["steps"]] == [step["tx_hash"] for step in document["steps"]]
        assert answered["is_explained"] is True
        assert_table_and_file(
            await printed(deployment, "--csv", str(tmp_path / "day.csv")), tmp_path / "day.csv", document
        )
        before = truth.rpc(url, "eth_blockNumber")
        await send_usdc(url, 5_000_000)
        assert_five_came_in(await report(deployment), int(before, 16))
        text = await printed(deployment)
        assert "5 USDC came in that no step of this service moved" in " ".join(text.split())


def assert_adds_up(document: dict[str, Any], opened: dict[str, int], url: str) -> None:
    now, sums = on_chain(url), summed(document)
    assert set(sums) == {"ETH", "WETH", "USDC", "ARB"}
    for symbol, balance in sums.items():
        moved = int(balance["in_raw"]) - int(balance["out_raw"]) - int(balance["gas_raw"])
        assert int(balance["opening_raw"]) == opened[symbol], symbol
        assert opened[symbol] + moved == int(balance["expected_raw"]) == int(balance["chain_raw"]) == now[symbol], (
            symbol
        )
        assert int(balance["unexplained_raw"]) == 0
    assert document["is_explained"] is True


def assert_steps_are_the_receipts(document: dict[str, Any], url: str) -> None:
    """Each step is one transaction of the trader; its gas and fill are what the receipt says."""
    receipts = {receipt["transactionHash"]: receipt for receipt in truth.trader_receipts(url)}
    steps = {step["tx_hash"]: step for step in document["steps"]}
    assert steps.keys() == receipts.keys()
    for tx_hash, step in steps.items():
        receipt = receipts[tx_hash]
        assert int(step["gas_wei"]) == int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        assert (step["outcome"] == "succeeded") == (receipt["status"] == "0x1")
        if filled := step["filled"]:
            assert -truth.received(receipt, step["pays"]["token"]) == int(filled["pay_raw"])
            assert truth.received(receipt, step["gets"]["token"]) == int(filled["get_raw"])
            assert step["simulated"] is not None
    [total] = document["totals"]
    kinds = [(step["kind"], step["outcome"]) for step in document["steps"]]
    assert total["fills"] == kinds.count(("swap", "succeeded"))
    assert total["approvals"] == kinds.count(("approve", "succeeded")) > 0
    assert total["reverted"] == kinds.count(("swap", "reverted")) == 1
    everything = sum(int(total[name]) for name in ("gas_wei", "approvals_wei", "failed_wei"))
    assert everything == int(summed(document)["ETH"]["gas_raw"])
    # WETH for USDC is worth its USDC; the pools stand near 3,000 USDC for one.
    paid = [
        step
        for step in document["steps"]
        if step["filled"] and "USDC" in (step["pays"]["symbol"], step["gets"]["symbol"])
    ]
    for step in paid:
        side = "pay" if step["pays"]["symbol"] == "USDC" else "get"
        assert Decimal(step["value_usd"]) == Decimal(step["filled"][side])
    assert all(step["gas_usd"] is not None for step in document["steps"])


def assert_table_and_file(text: str, path: Path, document: dict[str, Any]) -> None:
    assert "Every unit is explained" in text
    with path.open() as file:
        lines = list(csv.DictReader(file))
    assert [line["tx_hash"] for line in lines] == [step["tx_hash"] for step in document["steps"]]
    assert [line["filled_pay"] for line in lines if line["filled_pay"]] == [
        step["filled"]["pay"] for step in document["steps"] if step["filled"]
    ]


def assert_five_came_in(document: dict[str, Any], after_block: int) -> None:
    sums = summed(document)
    assert {symbol: int(balance["unexplained_raw"]) for symbol, balance in sums.items()} == {
        "ETH": 0,
        "WETH": 0,
        "ARB": 0,
        "USDC": 5_000_000,
    }
    assert sums["USDC"]["unexplained"] == "5"
    assert sums["USDC"]["since_block"] <= after_block
    assert document["is_explained"] is False


async def send_usdc(url: str, amount_raw: int) -> None:
    """Somebody who is not the trader sends USDC to it."""
    data = keccak(text="transfer(address,uint256)")[:4]
    data += encode(["address", "uint256"], [truth.TRADER, amount_raw])
    tx_hash = await send_as_market(url, truth.USDC, data)
    async with asyncio.timeout(10):
        while truth.rpc(url, "eth_getTransactionReceipt", tx_hash) is None:
            await asyncio.sleep(0.05)


async def test_a_restart_is_a_checkpoint_that_says_since_when_money_is_there(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    url = chain.rpc_url
    await until_opened(deployment)
    await fill(deployment, acquire("0.25"))
    await deployment.kill(deployment.service)
    await send_usdc(url, 7_000_000)
    paid_in = int(truth.rpc(url, "eth_blockNumber"), 16)
    await deployment.start_service()
    async with asyncio.timeout(30):
        while observed(deployment) < 2:
            await asyncio.sleep(0.05)
    await fill(deployment, dispose("0.1"))
    sums = summed(await report(deployment))
    assert {symbol: int(balance["unexplained_raw"]) for symbol, balance in sums.items()} == {
        "ETH": 0,
        "WETH": 0,
        "ARB": 0,
        "USDC": 7_000_000,
    }
    assert sums["USDC"]["since_block"] < paid_in
    # Nothing is lost and nothing counted twice in the service's own memory, either.
    _, answered = await deployment.request("GET", "/report")
    assert answered["totals"][0]["fills"] == 2
    _, portfolio = await deployment.request("GET", "/portfolio")
    held = {holding["asset"]["symbol"]: int(holding["balance_raw"]) for holding in portfolio["wallets"][0]["holdings"]}
    assert held == on_chain(url)


async def test_offline_it_asks_no_chain(deployment: Deployment, chain: EvmLocalnet) -> None:
    await until_opened(deployment)
    await fill(deployment, acquire("0.25"))
    os.kill(chain.pid, signal.SIGSTOP)
    try:
        document = await report(deployment, "--offline")
    finally:
        os.kill(chain.pid, signal.SIGCONT)
    assert (document["sums"], document["is_explained"]) == ([], None)
    assert len(document["steps"]) == 1


async def test_what_a_reorganisation_took_back_and_gave_again_counts_once(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    url, opened = chain.rpc_url, on_chain(chain.rpc_url)
    await until_opened(deployment)
    await fill(deployment, acquire("0.25"))
    await reorganise(deployment, chain, 1)
    async with asyncio.timeout(60):
        while recorded(deployment, "ExecutionStepConfirmed") < 2:
            await asyncio.sleep(0.1)
    assert recorded(deployment, "ExecutionStepReorganised") == 1
    document = await report(deployment)
    assert_adds_up(document, opened, url)
    [step] = document["steps"]
    assert document["totals"][0]["fills"] == 1
    [receipt] = truth.trader_receipts(url)
    assert (step["tx_hash"], step["block_number"]) == (receipt["transactionHash"], int(receipt["blockNumber"], 16))
    # The service's own memory says the same as a fresh reading of the journal.
    _, portfolio = await deployment.request("GET", "/portfolio")
    [strategy] = portfolio["strategies"]
    assert {change["asset"]["symbol"]: change["raw"] for change in strategy["position"]} == {"WETH": str(25 * 10**16)}
