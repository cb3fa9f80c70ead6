"""Intents on Solana, from HTTP to a fill on the real programs, read back from the chain itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.e2e.solana_deployment import SolanaDeployment, deployed_on_solana

SOL = 10**9


@pytest_asyncio.fixture
async def solana(tmp_path: Path, signer_binary: Path) -> AsyncIterator[SolanaDeployment]:
    async with deployed_on_solana(tmp_path, signer=signer_binary) as running:
        yield running


async def test_selling_two_sol_brings_what_the_chain_says_it_brought(solana: SolanaDeployment) -> None:
    before, lamports = solana.account_raw("USDC"), solana.lamports()
    view = await solana.until_final(await solana.submit(solana.sells("2", "SOL", "USDC")))
    assert view["status"] == "COMPLETED", view
    assert int(view["fill"]["got"]["raw"]) == solana.account_raw("USDC") - before > 0
    assert int(view["fill"]["paid"]["raw"]) == 2 * SOL
    # Beside what was sold only the fee and the receipt's rent leave.
    [transaction] = view["transactions"]
    assert lamports - solana.lamports() == 2 * SOL + int(view["fill"]["network_fee"]["raw"]) + 890_880
    assert [landed["signature"] for landed in await solana.landed()] == [transaction["tx_hash"]]


async def test_a_token_is_bought_to_the_unit(solana: SolanaDeployment) -> None:
    before = solana.account_raw("USDC")
    view = await solana.until_final(await solana.submit(solana.buys("25.5", "USDC", "SOL")))
    assert view["status"] == "COMPLETED", view
    assert solana.account_raw("USDC") - before == 25_500_000 == int(view["fill"]["got"]["raw"])


async def test_a_quote_says_what_the_signer_would_say_and_leaves_nothing_behind(solana: SolanaDeployment) -> None:
    status, quote = await solana.request("POST", "/quotes", solana.sells("2", "SOL", "USDC"))
    assert status == 200, quote
    assert [step["policy"]["verdict"] for step in quote["route"]["transactions"]] == ["passed"], quote
    assert await solana.landed() == []


async def test_an_intent_that_would_move_the_price_too_far_is_refused(solana: SolanaDeployment) -> None:
    view = await solana.until_final(await solana.submit(solana.sells("100000", "SOL", "USDC")))
    assert (view["status"], view["end"]["code"]) == ("REJECTED", "price_impact_too_high"), view
    assert await solana.landed() == []


async def test_a_halt_lets_nothing_be_signed_and_its_end_lets_it_go_on(solana: SolanaDeployment) -> None:
    status, halted = await solana.request("POST", "/halt", {"reason": "test"})
    assert status == 200
    intent_id = await solana.submit(solana.sells("1", "SOL", "USDC"))
    await solana.until(intent_id, "PENDING", "PROCESSING")
    assert await solana.landed() == []
    status, answer = await solana.request("POST", "/resume", {"kill_epoch": halted["kill_epoch"], "confirm": "resume"})
    assert status == 200, answer
    assert (await solana.until_final(intent_id))["status"] == "COMPLETED"


async def test_a_step_becomes_final_and_the_gate_gives_back_what_was_not_spent(solana: SolanaDeployment) -> None:
    intent_id = await solana.submit(solana.sells("1", "SOL", "USDC"))
    await solana.until_final(intent_id)
    while not (await solana.request("GET", f"/intents/{intent_id}"))[1]["is_settled"]:
        await asyncio.sleep(0.05)
    assert "step_settled" in solana.log("service")


async def test_the_report_adds_up_to_the_lamport(solana: SolanaDeployment) -> None:
    for intent in (
        solana.sells("2", "SOL", "USDC"),
        solana.buys("1000", "WIND", "SOL"),
        solana.sells("0.5", "SOL", "GALE"),
        solana.sells("10", "USDC", "SOL"),
    ):
        intent_id = await solana.submit(intent)
        view = await solana.until_final(intent_id)
        assert view["status"] == "COMPLETED", view
        while not (await solana.request("GET", f"/intents/{intent_id}"))[1]["is_settled"]:
            await asyncio.sleep(0.05)
    # The gate took what each step spent, also of the one that paid lamports to a curve.
    assert '"what": "settlement"' not in solana.log("service")
    status, report = await solana.request("GET", "/report")
    assert status == 200, report
    [wallet] = report["sums"]
    held = {balance["asset"]["symbol"]: balance for balance in wallet["balances"]}
    assert {symbol: balance["unexplained_raw"] for symbol, balance in held.items()} == dict.fromkeys(held, "0"), held
    assert report["is_explained"] is True
    assert int(held["SOL"]["chain_raw"]) == solana.lamports() + solana.account_raw("SOL")
    assert len(report["steps"]) == 4
    assert (await solana.report())["sums"][0]["balances"] == wallet["balances"]


async def test_a_trade_that_leaves_no_room_for_its_receipt_goes_without(solana: SolanaDeployment) -> None:
    view = await solana.until_final(await solana.submit(solana.sells("1", "SOL", "USDC")))
    whole = solana.wire_of(view["transactions"][0]["tx_hash"])
    await solana.kill(solana.service)
    config = solana.folder / solana.config
    limit = f"[solana]\nmax_transaction_bytes = {len(whole) - 1}\n"
    config.write_text(config.read_text().replace("[solana]\n", limit))
    await solana.start_service()
    before = solana.lamports()
    view = await solana.until_final(await solana.submit(solana.sells("1", "SOL", "USDC")))
    assert view["status"] == "COMPLETED", view
    assert len(solana.wire_of(view["transactions"][0]["tx_hash"])) < len(whole)
    assert before - solana.lamports() == SOL + int(view["fill"]["network_fee"]["raw"])
