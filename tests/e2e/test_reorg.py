"""Reorganisations: what the chain took back is sent again as the same bytes, and has one effect, by the chain alone."""

import asyncio
import secrets
from pathlib import Path
from uuid import UUID

import pytest

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.intents import acquire, dispose
from tests.e2e.reorganising import (
    QUICK,
    View,
    conflicting_transaction,
    effects,
    landed,
    mine_at_constant_fee,
    raw_transaction,
    receipt,
    reorganise,
    rounds,
    until_completed_again,
    until_finalized,
    until_view,
)
from tradewind.execution.signer_client import SignerClient
from tradewind.localnet.evm import EvmLocalnet

WETH_RAW = 10**17


async def completed_under(
    deployment: Deployment, chain: EvmLocalnet, depth: int, amount: str = "0.1"
) -> tuple[UUID, View]:
    """An intent that ended `depth` blocks below the head, its own block included."""
    intent_id = await deployment.submit(acquire(amount))
    view = await until_view(deployment, intent_id, lambda view: bool(view["is_final"]))
    assert view["status"] == "COMPLETED", view["end"]
    head = await chain.block_number()
    if (missing := depth - 1 - (head - landed(view)["block_number"])) > 0:
        await mine_at_constant_fee(chain, missing)
    return intent_id, view


@pytest.mark.parametrize("depth", [1, 2, 7, 64])
async def test_a_transaction_that_vanished_is_sent_again_and_takes_effect_once(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path, depth: int
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        intent_id, first = await completed_under(deployment, chain, depth)
        await reorganise(deployment, chain, depth)
        again = await until_completed_again(deployment, intent_id)
        assert landed(again)["tx_hash"] == landed(first)["tx_hash"]
        assert landed(again)["block_hash"] != landed(first)["block_hash"]
        assert landed(again)["level"] == "confirmed"
        final = await until_finalized(deployment, chain, intent_id)
        assert (final["status"], landed(final)["level"]) == ("COMPLETED", "finalized")
    found = receipt(chain.rpc_url, landed(final)["tx_hash"])
    assert found is not None
    assert found["blockHash"] == landed(final)["block_hash"]
    assert effects(chain.rpc_url) == {WETH_RAW: 1}
    assert truth.nonce(chain.rpc_url) == 1


@pytest.mark.parametrize("depth", [1, 2, 7, 64])
async def test_a_transaction_that_moved_to_another_block_is_found_there(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path, depth: int
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        intent_id, first = await completed_under(deployment, chain, depth)
        same = await raw_transaction(chain, landed(first)["tx_hash"])
        await reorganise(deployment, chain, depth, [(same, depth - 1)])
        again = await until_completed_again(deployment, intent_id)
        final = await until_finalized(deployment, chain, intent_id)
    assert landed(again)["tx_hash"] == landed(first)["tx_hash"]
    found = receipt(chain.rpc_url, landed(first)["tx_hash"])
    assert found is not None
    assert landed(first)["block_hash"] != found["blockHash"] == landed(final)["block_hash"]
    assert effects(chain.rpc_url) == {WETH_RAW: 1}
    assert truth.nonce(chain.rpc_url) == 1


@pytest.mark.parametrize("depth", [1, 7, 64])
async def test_a_conflicting_transaction_ends_the_intent_once_it_is_final_and_halts_the_wallet(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path, depth: int
) -> None:
    weth = truth.balance(chain.rpc_url, truth.WETH)
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        intent_id, _ = await completed_under(deployment, chain, depth)
        await reorganise(deployment, chain, depth, [(await conflicting_transaction(chain, 0), 0)])
        reopened = await until_view(deployment, intent_id, lambda view: rounds(view) == 1)
        # Until the other one is final, nothing is decided.
        assert reopened["status"] == "PROCESSING"
        assert reopened["fill"] is None
        await chain.mine(66)
        ended = await deployment.until_final(intent_id)
        assert (ended["status"], ended["end"]["code"]) == ("FAILED", "nonce_used_elsewhere")
        [halt] = (await SignerClient(tmp_path / "signer.sock").hello()).halts
        assert (halt.wallet, halt.by) == (truth.TRADER, "service")
        _, ready = await deployment.request("GET", "/readyz")
        assert truth.TRADER in next(check for check in ready["checks"] if check["name"] == "signer")["detail"]
    assert truth.balance(chain.rpc_url, truth.WETH) == weth
    assert effects(chain.rpc_url) == {}


@pytest.mark.parametrize("smallest", range(1, 6))
async def test_every_depth_from_1_to_64_leaves_one_effect_of_each_intent(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path, smallest: int
) -> None:
    """Every fifth depth on a chain of its own: anvil loses states after some 900 blocks."""
    depths = range(smallest, 65, 5)
    amounts: list[int] = []
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        for depth in depths:
            amount_raw = 10**16 + secrets.randbelow(10**6) * 10**6 + depth
            amounts.append(amount_raw)
            intent_id, first = await completed_under(deployment, chain, depth, f"0.0{amount_raw:017d}")
            await reorganise(deployment, chain, depth)
            again = await until_completed_again(deployment, intent_id)
            assert landed(again)["tx_hash"] == landed(first)["tx_hash"]
        await chain.mine(66)
        await until_view(deployment, intent_id, lambda view: landed(view)["level"] == "finalized")
    assert effects(chain.rpc_url) == dict.fromkeys(amounts, 1)
    assert truth.nonce(chain.rpc_url) == len(depths)


async def test_two_intents_in_a_row_that_vanished_together_come_back_in_their_order(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        first = await deployment.submit(acquire("0.1"))
        second = await deployment.submit(acquire("0.2"))
        views = [await deployment.until_final(intent_id) for intent_id in (first, second)]
        assert [view["status"] for view in views] == ["COMPLETED"] * 2
        depth = await chain.block_number() - min(landed(view)["block_number"] for view in views) + 1
        await reorganise(deployment, chain, depth)
        again = [await until_completed_again(deployment, intent_id) for intent_id in (first, second)]
        assert [landed(view)["tx_hash"] for view in again] == [landed(view)["tx_hash"] for view in views]
        await until_finalized(deployment, chain, second)
    assert effects(chain.rpc_url) == {WETH_RAW: 1, 2 * WETH_RAW: 1}
    assert truth.nonce(chain.rpc_url) == 2


async def test_an_approval_and_its_swap_that_vanished_together_come_back(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    no_permit = {'permit = { name = "Arbitrum", version = "1" }': "", **QUICK}
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=no_permit) as deployment:
        intent_id = await deployment.submit(dispose("1000", "ARB"))
        first = await deployment.until_final(intent_id)
        assert first["status"] == "COMPLETED", first["end"]
        blocks = [sent["block_number"] for sent in first["transactions"]]
        await reorganise(deployment, chain, await chain.block_number() - min(blocks) + 1)
        again = await until_completed_again(deployment, intent_id, after_rounds=2)
        hashes = [[sent["tx_hash"] for sent in view["transactions"]] for view in (first, again)]
        assert hashes[0] == hashes[1]
        await until_finalized(deployment, chain, intent_id)
    assert truth.nonce(chain.rpc_url) == 2


@pytest.mark.parametrize("boundary", ["reorganised", "sent", "confirmed"])
async def test_a_service_killed_on_the_way_back_sends_the_same_bytes_after_its_start(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path, boundary: str
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        intent_id, first = await completed_under(deployment, chain, 3)
        await deployment.kill(deployment.service)
        # The chain is reorganised while nobody looks; the next life notices it and dies at the boundary.
        await reorganise(deployment, chain, 3)
        await deployment.start_service(kill_at=boundary)
        await deployment.until_dead(deployment.service)
        await deployment.start_service()
        again = await until_completed_again(deployment, intent_id)
        assert landed(again)["tx_hash"] == landed(first)["tx_hash"]
        await until_finalized(deployment, chain, intent_id)
    assert effects(chain.rpc_url) == {WETH_RAW: 1}
    assert truth.nonce(chain.rpc_url) == 1


async def test_reorganisations_again_and_again_leave_one_effect(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        intent_id, view = await completed_under(deployment, chain, 2)
        for number in range(1, 6):
            await reorganise(deployment, chain, await chain.block_number() - landed(view)["block_number"] + 1)
            view = await until_completed_again(deployment, intent_id, after_rounds=number)
        await until_finalized(deployment, chain, intent_id)
    assert effects(chain.rpc_url) == {WETH_RAW: 1}
    assert truth.nonce(chain.rpc_url) == 1


async def test_a_step_settled_at_the_gate_but_not_in_the_journal_is_settled_again(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK, start=False) as deployment:
        await deployment.start_signer()
        await deployment.start_service(kill_at="settled")
        intent_id = await deployment.submit(acquire("0.1"))
        await deployment.until_final(intent_id)
        await chain.mine(66)
        await deployment.until_dead(deployment.service)
        recorded = await SignerClient(tmp_path / "signer.sock").step(intent_id, 0)
        assert recorded.outcome == "succeeded"
        await deployment.start_service()
        view = await until_view(deployment, intent_id, lambda view: landed(view)["level"] == "finalized")
    assert [moment["event"] for moment in view["timeline"]].count("ExecutionStepFinalized") == 1


async def test_what_is_not_final_is_not_settled_with_the_gate(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        intent_id, _ = await completed_under(deployment, chain, 30)
        signer = SignerClient(tmp_path / "signer.sock")
        await asyncio.sleep(2)
        assert (await signer.step(intent_id, 0)).outcome is None
        await until_finalized(deployment, chain, intent_id)
        assert (await signer.step(intent_id, 0)).outcome == "succeeded"


async def test_with_more_confirmations_a_transaction_is_seen_before_it_is_confirmed(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    three = {"confirmations = 1 ": "confirmations = 3 ", **QUICK}
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=three) as deployment:
        intent_id = await deployment.submit(acquire("0.1"))
        seen = await until_view(
            deployment, intent_id, lambda view: any(sent["level"] == "seen" for sent in view["transactions"])
        )
        assert seen["status"] == "PROCESSING"
        # What was only seen is taken back as well when its block goes.
        await reorganise(deployment, chain, 1)
        await until_view(
            deployment,
            intent_id,
            lambda view: rounds(view) == 1 and any(sent["level"] == "seen" for sent in view["transactions"]),
        )
        await chain.mine(2)
        ended = await deployment.until_final(intent_id)
        assert (ended["status"], landed(ended)["level"]) == ("COMPLETED", "confirmed")
    assert effects(chain.rpc_url) == {WETH_RAW: 1}
