"""Slices on the real chain: scheduled, filled one by one, partly, and over a kill; amounts by the chain alone."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.intents import acquire, dispose
from tradewind.localnet.evm import EvmLocalnet
from tradewind.localnet.strict.behaviours.transport import Held

# Three slices, and a market that recovers so fast that they pay.
THREE_SLICES = {
    "max_slices = 8 ": "max_slices = 3 ",
    "min_slice_interval_ms = 10000": "min_slice_interval_ms = 2000",
    "recovery_half_life_ms = 60000": "recovery_half_life_ms = 1000",
}
HALF_ETHER = 5 * 10**17


@pytest.fixture
async def slicing(chain: EvmLocalnet, tmp_path: Path, signer_binary: Path) -> AsyncIterator[Deployment]:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=THREE_SLICES) as running:
        yield running


def passive(amount: str = "1.5", *, window_ms: int = 26_000, **limits: Any) -> dict[str, Any]:
    return acquire(amount, window_ms=window_ms, style="passive", **limits)


def facts(deployment: Deployment, intent_id: UUID, kind: str) -> list[dict[str, Any]]:
    """The bodies of the intent's events of one type, as they are on disk, with the time at which each happened."""
    journal = sqlite3.connect(f"file:{deployment.folder}/data/journal.db?mode=ro", uri=True)
    rows = journal.execute(
        "SELECT envelope FROM events WHERE correlation_id = ? AND type = ? ORDER BY seq", (str(intent_id), kind)
    )
    envelopes = [json.loads(text) for (text,) in rows]
    return [{**envelope["body"], "at_ns": envelope["occurred_at"]} for envelope in envelopes]


async def until_ended(deployment: Deployment, intent_id: UUID, slices: int) -> None:
    async with asyncio.timeout(60):
        while len(facts(deployment, intent_id, "SliceEnded")) < slices:
            await asyncio.sleep(0.05)


def fills(url: str) -> list[int]:
    """WETH that each transaction of the trader brought it, oldest first; 0 for one that reverted."""
    return [truth.received(receipt, truth.WETH) for receipt in truth.trader_receipts(url)]


async def move_the_market_away(chain: EvmLocalnet) -> None:
    """WETH becomes dearer in every pool, by far more than any slippage."""
    for fee in (100, 500, 3000):
        await chain.swap_as_market(truth.USDC, truth.WETH, fee, 300_000 * 10**6)


async def test_a_passive_intent_is_filled_in_slices_spread_over_its_window_for_less_than_at_once(
    slicing: Deployment, chain: EvmLocalnet
) -> None:
    """Somebody sells back what each slice bought, as arbitrage does; the quoter says what one transaction had cost."""
    url = chain.rpc_url
    weth, usdc = truth.balance(url, truth.WETH), truth.balance(url, truth.USDC)
    block = truth.rpc(url, "eth_blockNumber")
    at_once = truth.quoter(url, "out", [truth.USDC, truth.WETH], [500], 3 * HALF_ETHER, block)
    intent_id = await slicing.submit(passive())
    for slices in (1, 2):
        await until_ended(slicing, intent_id, slices)
        [plan] = [p for p in facts(slicing, intent_id, "PlanCreated") if p["plan"]["slice_index"] == slices - 1]
        for leg in plan["plan"]["legs"]:
            [hop] = leg["hops"]
            await chain.swap_as_market(truth.WETH, truth.USDC, hop["fee_pips"], int(leg["amount_out_raw"]))
    view = await slicing.until_final(intent_id, timeout_s=60)
    assert view["status"] == "COMPLETED", view["end"]
    assert fills(url) == [HALF_ETHER] * 3
    assert truth.balance(url, truth.WETH) - weth == 3 * HALF_ETHER
    paid = usdc - truth.balance(url, truth.USDC)
    assert paid == int(view["fill"]["paid"]["raw"]) < at_once
    # Each in its time: at once, after a third and after two thirds of what was left of 24 s.
    [decomposed] = facts(slicing, intent_id, "IntentProcessed")
    due_ns = [part["not_before_ns"] for part in decomposed["slices"]]
    assert due_ns[0] == 0
    assert 6 * 10**9 < due_ns[2] - due_ns[1] <= 8 * 10**9
    planned_ns = [plan["at_ns"] for plan in facts(slicing, intent_id, "PlanCreated")]
    assert all(due <= planned for due, planned in zip(due_ns, planned_ns, strict=True))
    assert decomposed["because"].startswith("3 slices, one every ")
    assert decomposed["slicing"]["chosen"] == 3


async def test_a_disposal_is_sliced_as_well(slicing: Deployment, chain: EvmLocalnet) -> None:
    weth = truth.balance(chain.rpc_url, truth.WETH)
    body = dispose("1.5", window_ms=20_000, style="passive")
    view = await slicing.until_final(await slicing.submit(body), timeout_s=60)
    assert view["status"] == "COMPLETED", view["end"]
    assert fills(chain.rpc_url) == [-HALF_ETHER] * 3
    assert weth - truth.balance(chain.rpc_url, truth.WETH) == 3 * HALF_ETHER


async def test_an_aggressive_intent_is_one_transaction(slicing: Deployment, chain: EvmLocalnet) -> None:
    view = await slicing.until_final(await slicing.submit(acquire("1.5")))
    assert view["status"] == "COMPLETED", view["end"]
    assert fills(chain.rpc_url) == [3 * HALF_ETHER]


async def test_a_price_that_moves_away_between_slices_ends_in_a_partial_completion(
    slicing: Deployment, chain: EvmLocalnet
) -> None:
    """The later slices would pay more than their part of what the whole was allowed to cost: they are not made."""
    url = chain.rpc_url
    usdc = truth.balance(url, truth.USDC)
    intent_id = await slicing.submit(passive(window_ms=20_000))
    await until_ended(slicing, intent_id, 1)
    await move_the_market_away(chain)
    view = await slicing.until_final(intent_id, timeout_s=60)
    assert (view["status"], view["end"]["code"]) == ("PARTIALLY_COMPLETED", "price_beyond_limit")
    assert "1 of 3 slices were filled" in view["end"]["message"]
    assert fills(url) == [HALF_ETHER]
    assert usdc - truth.balance(url, truth.USDC) == int(view["fill"]["paid"]["raw"])
    outcomes = [end["outcome"] for end in facts(slicing, intent_id, "SliceEnded")]
    assert outcomes == ["filled", "expired", "expired"]


async def test_a_slice_that_reverts_on_chain_does_not_end_the_others(slicing: Deployment, chain: EvmLocalnet) -> None:
    """The market moves away while the second slice is on its way, and comes back for the third."""
    url = chain.rpc_url
    intent_id = await slicing.submit(passive(window_ms=45_000))
    await until_ended(slicing, intent_id, 1)
    held = Held()
    slicing.strict.misbehave(held, methods={"eth_sendRawTransaction"})
    async with asyncio.timeout(40):
        await held.arrived.wait()
    snapshot = [await chain.swap_as_market(truth.USDC, truth.WETH, fee, 300_000 * 10**6) for fee in (100, 500, 3000)]
    held.release.set()
    await until_ended(slicing, intent_id, 2)
    for fee, swap in zip((100, 500, 3000), snapshot, strict=True):
        await chain.swap_as_market(truth.WETH, truth.USDC, fee, swap.amount_out_raw)
    view = await slicing.until_final(intent_id, timeout_s=60)
    assert view["status"] == "PARTIALLY_COMPLETED", view["end"]
    assert fills(url) == [HALF_ETHER, 0, HALF_ETHER]
    assert [end["outcome"] for end in facts(slicing, intent_id, "SliceEnded")] == ["filled", "failed", "filled"]


async def test_another_intent_of_the_wallet_goes_between_two_slices(slicing: Deployment, chain: EvmLocalnet) -> None:
    slow = await slicing.submit(passive(window_ms=35_000))
    await until_ended(slicing, slow, 1)
    quick = await slicing.until_final(await slicing.submit(acquire("0.2")))
    assert quick["status"] == "COMPLETED", quick["end"]
    assert len(facts(slicing, slow, "SliceEnded")) == 1
    view = await slicing.until_final(slow, timeout_s=60)
    assert view["status"] == "COMPLETED", view["end"]
    assert fills(chain.rpc_url) == [HALF_ETHER, 2 * 10**17, HALF_ETHER, HALF_ETHER]


async def test_a_kill_in_the_middle_of_a_schedule_loses_no_slice_and_makes_none_twice(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    """Killed between two slices, then with the second one sent and nothing of it on record."""
    url = chain.rpc_url
    weth = truth.balance(url, truth.WETH)
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=THREE_SLICES) as deployment:
        intent_id = await deployment.submit(passive(window_ms=40_000))
        await until_ended(deployment, intent_id, 1)
        await deployment.kill(deployment.service)
        [before] = facts(deployment, intent_id, "IntentProcessed")
        await deployment.start_service(kill_at="sent")
        await deployment.until_dead(deployment.service)
        await deployment.start_service()
        view = await deployment.until_final(intent_id, timeout_s=60)
        assert view["status"] == "COMPLETED", view["end"]
        assert facts(deployment, intent_id, "IntentProcessed") == [before]
        planned = facts(deployment, intent_id, "PlanCreated")
    assert fills(url) == [HALF_ETHER] * 3
    assert truth.nonce(url) == 3
    assert truth.balance(url, truth.WETH) - weth == 3 * HALF_ETHER
    assert [plan["plan"]["slice_index"] for plan in planned] == [0, 1, 2]
    assert [step["index"] for plan in planned for step in plan["plan"]["steps"]] == [0, 1, 2]
    assert all(p["at_ns"] >= part["not_before_ns"] for p, part in zip(planned, before["slices"], strict=True))
