"""An intent over HTTP becomes a fill on the real contracts; every number is checked against the chain itself."""

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.builders import INTENT_JSON
from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.intents import acquire, dispose, intent, spec
from tradewind.localnet.evm import EvmLocalnet


def only_fill(url: str) -> dict[str, Any]:
    [receipt] = truth.trader_receipts(url)
    assert receipt["status"] == "0x1"
    return receipt


async def test_the_example_of_the_specification_is_filled_at_its_quote_to_the_wei(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    url = chain.rpc_url
    weth, usdc, wei = truth.balance(url, truth.WETH), truth.balance(url, truth.USDC), truth.ether(url)
    view = await deployment.until_final(await deployment.submit(INTENT_JSON))
    assert view["status"] == "COMPLETED", view["end"]
    [plan], [transaction], fill = view["plans"], view["transactions"], view["fill"]
    paid, got = int(fill["paid"]["raw"]), int(fill["got"]["raw"])
    # The chain's own account of it.
    receipt = only_fill(url)
    assert truth.balance(url, truth.WETH) - weth == got == 1_500_000_000_000_000_000
    assert usdc - truth.balance(url, truth.USDC) == paid == -truth.received(receipt, truth.USDC)
    gas_wei = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert wei - truth.ether(url) == gas_wei == int(fill["network_fee"]["raw"])
    assert transaction["tx_hash"] == receipt["transactionHash"]
    # Quoted, worst, simulated and filled agree, and the real quoter agrees with them.
    assert sum(int(leg["gets"]["raw"]) for leg in plan["legs"]) == got
    asked = truth.quoter_of_legs(url, "out", plan["legs"], hex(plan["quoted_at_block"]))
    assert paid == int(plan["quoted_pay"]["raw"]) == int(transaction["simulated_pay"]["raw"]) == asked
    assert int(plan["worst_pay"]["raw"]) == asked * 1_005 // 1_000
    # One transaction, and nothing left that anybody could spend.
    assert truth.nonce(url) == 1
    assert truth.allowance(url, truth.USDC) == int(plan["worst_pay"]["raw"]) - paid


async def test_a_disposal_sells_exactly_what_it_says(deployment: Deployment, chain: EvmLocalnet) -> None:
    url = chain.rpc_url
    weth, usdc = truth.balance(url, truth.WETH), truth.balance(url, truth.USDC)
    view = await deployment.until_final(await deployment.submit(dispose("0.7")))
    assert view["status"] == "COMPLETED", view["end"]
    assert weth - truth.balance(url, truth.WETH) == 700_000_000_000_000_000
    gained = truth.balance(url, truth.USDC) - usdc
    assert gained == int(view["fill"]["got"]["raw"]) == int(view["plans"][0]["quoted_get"]["raw"])


async def test_a_percentage_is_taken_of_what_the_wallet_holds(deployment: Deployment, chain: EvmLocalnet) -> None:
    url = chain.rpc_url
    weth = truth.balance(url, truth.WETH)
    quarter = intent("dispose", spec("WETH", percentage="12.5"), "USDC")
    view = await deployment.until_final(await deployment.submit(quarter))
    assert view["status"] == "COMPLETED", view["end"]
    assert truth.balance(url, truth.WETH) == weth - weth // 8


async def test_a_split_in_one_transaction_is_taken_when_it_beats_every_single_path(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    """For this size the market was made so that several ways cost less than any one; the quoter is the judge."""
    url = chain.rpc_url
    view = await deployment.until_final(await deployment.submit(dispose("12")))
    assert view["status"] == "COMPLETED", view["end"]
    [plan] = view["plans"]
    assert len(plan["legs"]) > 1
    assert 99 < float(plan["reached_percent"]) <= 100
    assert sum(Decimal(leg["share_percent"]) for leg in plan["legs"]) == 100
    assert sum(int(leg["worst_get"]["raw"]) for leg in plan["legs"]) == int(plan["worst_get"]["raw"])
    gained = truth.received(only_fill(url), truth.USDC)
    singles = [
        truth.quoter(url, "in", [truth.WETH, truth.USDC], [fee], 12 * 10**18, hex(plan["quoted_at_block"]))
        for fee in (100, 500, 3000, 10000)
    ]
    over_arb = [truth.WETH, truth.ARB, truth.USDC]
    singles.append(truth.quoter(url, "in", over_arb, [500, 500], 12 * 10**18, hex(plan["quoted_at_block"])))
    assert gained == int(plan["quoted_get"]["raw"]) > max(singles)


@pytest.mark.parametrize("body", [dispose("1000", "ARB"), acquire("0.1", paying="ARB")])
async def test_a_token_without_permits_is_approved_exactly_and_then_swapped(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path, body: dict[str, Any]
) -> None:
    """Configured without its permit domain, ARB needs an approval step before the swap."""
    url = chain.rpc_url
    no_permit = {'permit = { name = "Arbitrum", version = "1" }': ""}
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=no_permit) as deployment:
        view = await deployment.until_final(await deployment.submit(body))
    assert view["status"] == "COMPLETED", view["end"]
    [plan] = view["plans"]
    assert [step["kind"] for step in plan["steps"]] == ["approve", "swap"]
    assert [receipt["status"] for receipt in truth.trader_receipts(url)] == ["0x1", "0x1"]
    unused = int(plan["worst_pay"]["raw"]) - int(view["fill"]["paid"]["raw"])
    assert truth.allowance(url, truth.ARB) == unused


async def test_intents_of_one_wallet_are_filled_one_after_the_other_each_at_its_own_quote(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    ids = [await deployment.submit(acquire(f"0.{n}")) for n in range(1, 6)]
    views = [await deployment.until_final(intent_id) for intent_id in ids]
    assert [view["status"] for view in views] == ["COMPLETED"] * 5
    for view in views:
        assert view["fill"]["paid"]["raw"] == view["plans"][0]["quoted_pay"]["raw"]
    assert truth.nonce(chain.rpc_url) == 5


async def test_the_journal_tells_the_life_of_an_intent_in_order_and_verifies(deployment: Deployment) -> None:
    intent_id = await deployment.submit(acquire("0.1"))
    await deployment.until_final(intent_id)
    rows = sqlite3.connect(f"file:{deployment.folder}/data/journal.db?mode=ro", uri=True).execute(
        "SELECT type FROM events WHERE correlation_id = ? ORDER BY seq", (str(intent_id),)
    )
    assert [kind for (kind,) in rows] == [
        "IntentSubmitted",
        "IntentValidated",
        "IntentProcessed",
        "PlanCreated",
        "ExecutionStepSubmitted",
        "ExecutionStepConfirmed",
        "SliceEnded",
        "ExecutionCompleted",
    ]
