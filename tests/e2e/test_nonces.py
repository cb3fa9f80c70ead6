"""One nonce a step for ever: what the gate gave away reaches the chain again, gaps are filled, dear gas is outbid."""

import asyncio
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.builders import BLOCK
from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.intents import acquire
from tests.e2e.reorganising import (
    QUICK,
    View,
    effects,
    landed,
    receipt,
    reorganise,
    until_finalized,
    until_view,
)
from tradewind.core import Eip1559Transaction
from tradewind.execution.signer_answers import gap_id
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.signer_questions import ChainEvidence
from tradewind.localnet.evm import EvmLocalnet

WETH_RAW = 10**17
DEAR_WEI = 200_000_000
USUAL_WEI = 20_000_000


async def until_logged(deployment: Deployment, word: str) -> None:
    async with asyncio.timeout(30):
        while word not in deployment.log("service"):
            await asyncio.sleep(0.02)


async def signed_before_gas_became_dear(deployment: Deployment, chain: EvmLocalnet, **limits: Any) -> UUID:
    """An intent whose transaction was signed by a service that then died; meanwhile gas became ten times as dear."""
    await deployment.start_signer()
    await deployment.start_service(kill_at="signed")
    intent_id = await deployment.submit(acquire("0.1", **limits))
    await deployment.until_dead(deployment.service)
    await chain.set_base_fee(DEAR_WEI)
    await chain.mine()
    return intent_id


async def stuck_in_the_pool(deployment: Deployment, chain: EvmLocalnet) -> tuple[UUID, View]:
    """An intent whose transaction was sent, and waits in the node's pool for the base fee to come down."""
    await chain.set_automine(on=False)
    intent_id = await deployment.submit(acquire("0.1"))
    view = await until_view(deployment, intent_id, lambda view: bool(view["transactions"]))
    await chain.set_base_fee(DEAR_WEI)
    await chain.mine()
    return intent_id, view


async def next_base_fee(chain: EvmLocalnet) -> int:
    """What the chain itself will ask for; the service cannot see it."""
    block = await chain.rpc.call("eth_getBlockByNumber", "pending", False)
    return int(block["baseFeePerGas"], 16)


async def until_a_second_was_sent(deployment: Deployment, intent_id: UUID) -> View:
    return await until_view(deployment, intent_id, lambda view: len(view["transactions"]) == 2)


async def test_an_offer_that_is_refused_as_too_low_is_raised_under_the_same_nonce(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK, start=False) as deployment:
        intent_id = await signed_before_gas_became_dear(deployment, chain)
        await deployment.start_service()
        ended = await deployment.until_final(intent_id)
        assert ended["status"] == "COMPLETED", ended["end"]
        assert (landed(ended)["attempt"], landed(ended)["nonce"]) == (2, 0)
        final = await until_finalized(deployment, chain, intent_id)
        assert landed(final)["level"] == "finalized"
    assert effects(chain.rpc_url) == {WETH_RAW: 1}
    assert truth.nonce(chain.rpc_url) == 1


async def test_an_offer_is_doubled_when_nothing_says_how_much_is_asked_for(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    """The newest block was cheap, and the next one will not be: only the refusals tell."""
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        await chain.set_base_fee(USUAL_WEI // 10)
        await chain.mine()
        async with asyncio.timeout(10):
            # The keeper of the base fee may just be repeating the lower one.
            while await next_base_fee(chain) != USUAL_WEI:
                await chain.set_base_fee(USUAL_WEI)
                await asyncio.sleep(0.2)
        intent_id = await deployment.submit(acquire("0.1"))
        ended = await until_view(deployment, intent_id, lambda view: bool(view["is_final"]), timeout_s=60)
    assert ended["status"] == "COMPLETED", ended["end"]
    # Of what the next block asks for, 20 % were offered first, then 40, 80 and 160.
    assert landed(ended)["attempt"] == 4
    assert effects(chain.rpc_url) == {WETH_RAW: 1}


async def test_in_a_mempool_a_dearer_transaction_takes_the_place_of_one_that_cannot_be_included(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    mempool = {"has_mempool = false": "has_mempool = true", **QUICK}
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=mempool, strict=False) as deployment:
        intent_id, first = await stuck_in_the_pool(deployment, chain)
        await until_a_second_was_sent(deployment, intent_id)
        await chain.mine()
        ended = await deployment.until_final(intent_id)
        assert ended["status"] == "COMPLETED", ended["end"]
        outcomes = {sent["attempt"]: sent["outcome"] for sent in ended["transactions"]}
        assert outcomes == {1: "superseded", 2: "succeeded"}
        assert {sent["nonce"] for sent in ended["transactions"]} == {0}
        assert landed(ended)["tx_hash"] != first["transactions"][0]["tx_hash"]
    assert effects(chain.rpc_url) == {WETH_RAW: 1}
    assert truth.nonce(chain.rpc_url) == 1


async def test_in_a_mempool_a_cancel_takes_the_place_of_a_trade_that_is_still_pending(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    weth = truth.balance(chain.rpc_url, truth.WETH)
    mempool = {"has_mempool = false": "has_mempool = true", **QUICK}
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=mempool, strict=False) as deployment:
        await chain.set_automine(on=False)
        intent_id = await deployment.submit(acquire("0.1"))
        await until_view(deployment, intent_id, lambda view: bool(view["transactions"]))
        await deployment.request("POST", f"/intents/{intent_id}/cancel", {"reason": "the signal is gone"})
        await until_a_second_was_sent(deployment, intent_id)
        await chain.mine()
        ended = await deployment.until_final(intent_id)
        assert ended["status"] == "CANCELLED", ended["end"]
    assert truth.balance(chain.rpc_url, truth.WETH) == weth
    assert truth.nonce(chain.rpc_url) == 1


async def test_the_first_attempt_may_still_land_after_a_dearer_one_was_signed(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    """All attempts are watched: the chain decides which one it is."""
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK, strict=False) as deployment:
        intent_id, first = await stuck_in_the_pool(deployment, chain)
        tx_hash = first["transactions"][0]["tx_hash"]
        raw = (await SignerClient(tmp_path / "signer.sock").step(intent_id, 0)).attempts[0].raw_tx
        await until_a_second_was_sent(deployment, intent_id)
        await deployment.kill(deployment.service)
        await chain.rpc.call("anvil_dropAllTransactions")
        await chain.set_base_fee(USUAL_WEI)
        await chain.mine()
        await chain.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        await chain.mine()
        await deployment.start_service()
        ended = await deployment.until_final(intent_id)
    assert (ended["status"], landed(ended)["attempt"]) == ("COMPLETED", 1)
    assert landed(ended)["tx_hash"] == tx_hash
    assert effects(chain.rpc_url) == {WETH_RAW: 1}


async def test_a_service_killed_behind_a_replacement_goes_on_with_it(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK, start=False) as deployment:
        intent_id = await signed_before_gas_became_dear(deployment, chain)
        await deployment.start_service(kill_at="replaced")
        await deployment.until_dead(deployment.service)
        await deployment.start_service()
        ended = await deployment.until_final(intent_id)
    assert (ended["status"], landed(ended)["attempt"]) == ("COMPLETED", 2)
    assert effects(chain.rpc_url) == {WETH_RAW: 1}
    assert truth.nonce(chain.rpc_url) == 1


async def test_a_cancel_of_what_cannot_land_uses_its_nonce_up_and_trades_nothing(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    weth = truth.balance(chain.rpc_url, truth.WETH)
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK, start=False) as deployment:
        intent_id = await signed_before_gas_became_dear(deployment, chain)
        await deployment.start_service()
        await deployment.request("POST", f"/intents/{intent_id}/cancel", {"reason": "the signal is gone"})
        ended = await deployment.until_final(intent_id)
        assert ended["status"] == "CANCELLED", ended["end"]
        assert landed(ended)["outcome"] == "cancelled"
        own = receipt(chain.rpc_url, landed(ended)["tx_hash"])
        assert own is not None
        assert (own["to"].lower(), own["logs"]) == (truth.TRADER.lower(), [])
        await chain.set_base_fee(USUAL_WEI)
        final = await until_finalized(deployment, chain, intent_id)
        assert landed(final)["level"] == "finalized"
        assert (await SignerClient(tmp_path / "signer.sock").step(intent_id, 0)).outcome == "cancelled"
        after = await deployment.until_final(await deployment.submit(acquire("0.2")))
        assert after["status"] == "COMPLETED", after["end"]
    assert truth.balance(chain.rpc_url, truth.WETH) == weth + 2 * WETH_RAW
    assert truth.nonce(chain.rpc_url) == 2


async def test_a_trade_whose_deadline_passed_before_it_could_land_makes_way(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK, start=False) as deployment:
        window_s = 8
        intent_id = await signed_before_gas_became_dear(deployment, chain, window_ms=window_s * 1_000)
        await asyncio.sleep(window_s)
        await deployment.start_service()
        ended = await deployment.until_final(intent_id)
        assert ended["status"] == "FAILED", ended["end"]
        assert (landed(ended)["outcome"], landed(ended)["attempt"]) == ("cancelled", 2)
    assert effects(chain.rpc_url) == {}
    assert truth.nonce(chain.rpc_url) == 1


async def test_a_gap_that_no_step_owns_is_filled_so_that_trading_goes_on(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    """Somebody adopted more nonces than the chain has."""
    await deployment.run_signer("halt", "--config", "signer.toml", "--reason", "adopting")
    adopt = ("adopt-nonce", "--config", "signer.toml", "--wallet", truth.TRADER, "--chain", "42161", "--nonce", "3")
    await deployment.run_signer(*adopt)
    _, halted = await deployment.request("GET", "/halt")
    await deployment.request("POST", "/resume", {"kill_epoch": halted["kill_epoch"], "confirm": "resume"})
    intent_id = await deployment.submit(acquire("0.1"))
    ended = await deployment.until_final(intent_id)
    assert ended["status"] == "COMPLETED", ended["end"]
    assert landed(ended)["nonce"] == 3
    sent = truth.trader_receipts(chain.rpc_url)
    assert [own["to"].lower() == truth.TRADER.lower() for own in sent] == [True, True, True, False]
    assert effects(chain.rpc_url) == {WETH_RAW: 1}


async def test_the_filling_of_a_gap_is_outbid_as_well_when_gas_becomes_dear(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK, start=False) as deployment:
        await deployment.start_signer()
        await deployment.run_signer("halt", "--config", "signer.toml", "--reason", "adopting")
        adopt = ("adopt-nonce", "--config", "signer.toml", "--wallet", truth.TRADER, "--chain", "42161", "--nonce", "1")
        await deployment.run_signer(*adopt)
        signer = SignerClient(tmp_path / "signer.sock")
        await signer.resume(kill_epoch=(await signer.hello()).kill_epoch, by="test")
        # The gap has its transaction, made while gas was cheap, and nobody has sent it.
        await signer.sign_noop(
            gap_id(chain.chain_id, truth.TRADER, 0),
            0,
            attempt=1,
            strategy_id=None,
            wallet=truth.TRADER,
            chain_id=chain.chain_id,
            unsigned_tx=a_transaction_that_does_nothing(chain, max_fee_wei=USUAL_WEI // 2).encode_unsigned(),
            evidence=ChainEvidence(latest_nonce=0, block=BLOCK, base_fee_wei=1, endpoints=(chain.rpc_url,)),
        )
        await deployment.start_service()
        ended = await deployment.until_final(await deployment.submit(acquire("0.1")))
    assert (ended["status"], landed(ended)["nonce"]) == ("COMPLETED", 1), ended["end"]
    assert truth.nonce(chain.rpc_url) == 2


def a_transaction_that_does_nothing(chain: EvmLocalnet, *, max_fee_wei: int) -> Eip1559Transaction:
    return Eip1559Transaction(
        chain_id=chain.chain_id,
        nonce=0,
        max_priority_fee_per_gas_wei=0,
        max_fee_per_gas_wei=max_fee_wei,
        gas_limit=50_000,
        to=truth.TRADER,
        value_wei=0,
        data=b"",
    )


async def test_what_a_lost_journal_no_longer_knows_is_sent_again_from_the_gate(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    """A reorganisation takes two trades back while the journal is lost: the gate still owns their nonces."""
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        for amount in ("0.1", "0.2"):
            view = await deployment.until_final(await deployment.submit(acquire(amount)))
            assert view["status"] == "COMPLETED", view["end"]
        await deployment.kill(deployment.service)
        for file in (tmp_path / "data").glob("journal.db*"):
            file.unlink()
        await reorganise(deployment, chain, 2)
        assert truth.nonce(chain.rpc_url) == 0
        await deployment.start_service()
        view = await deployment.until_final(await deployment.submit(acquire("0.3")))
        assert view["status"] == "COMPLETED", view["end"]
        assert landed(view)["nonce"] == 2
    assert effects(chain.rpc_url) == {WETH_RAW: 1, 2 * WETH_RAW: 1, 3 * WETH_RAW: 1}
    assert truth.nonce(chain.rpc_url) == 3


async def test_a_gate_file_that_was_copied_back_is_not_believed(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    """The copy has the same id and fewer records: what was signed since, it cannot know."""
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK, start=False) as deployment:
        await deployment.start_signer()
        await deployment.kill(deployment.signer)
        (tmp_path / "old").mkdir()
        for file in tmp_path.glob("gate.db*"):
            shutil.copy(file, tmp_path / "old" / file.name)
        await deployment.start_signer()
        await deployment.start_service()
        first = await deployment.until_final(await deployment.submit(acquire("0.1")))
        assert first["status"] == "COMPLETED", first["end"]
        await deployment.kill(deployment.service)
        await deployment.start_service(kill_at="planned")
        second = await deployment.submit(acquire("0.2"))
        await deployment.until_dead(deployment.service)
        await deployment.kill(deployment.signer)
        for file in list(tmp_path.glob("gate.db*")):
            file.unlink()
        for file in (tmp_path / "old").iterdir():
            shutil.move(file, tmp_path / file.name)
        await deployment.start_signer()
        await deployment.start_service()
        await until_logged(deployment, "gate_replaced")
        assert (await deployment.request("GET", f"/intents/{second}"))[1]["status"] == "PROCESSING"
    assert truth.nonce(chain.rpc_url) == 1


async def test_a_foreign_nonce_halts_the_wallet_and_nothing_else(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK) as deployment:
        first = await deployment.until_final(await deployment.submit(acquire("0.1")))
        assert first["status"] == "COMPLETED", first["end"]
        await chain.rpc.call("eth_sendTransaction", {"from": truth.TRADER, "to": truth.TRADER, "gas": "0x5208"})
        await chain.mine()
        refused = await deployment.until_final(await deployment.submit(acquire("0.1")))
        assert (refused["status"], refused["end"]["code"]) == ("FAILED", "nonce_foreign")
        state = await SignerClient(tmp_path / "signer.sock").hello()
        assert not state.halted
        assert [(halt.wallet, halt.by) for halt in state.halts] == [(truth.TRADER, "service")]
        # What had been confirmed before is settled all the same.
        settled = await until_finalized(deployment, chain, first["id"])
        assert landed(settled)["level"] == "finalized"
        # And what waits behind the halt can be cancelled.
        waiting = await deployment.submit(acquire("0.1"))
        await until_logged(deployment, '"code": "halted"')
        await deployment.request("POST", f"/intents/{waiting}/cancel", {"reason": "no longer wanted"})
        assert (await deployment.until_final(waiting))["status"] == "CANCELLED"
    assert truth.nonce(chain.rpc_url) == 2
