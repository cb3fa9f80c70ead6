"""What can come between a plan and its signature: another gate, a lost request, a stranger's transaction, dear gas."""

import asyncio
import shutil
from pathlib import Path

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.held_signer import holding
from tests.e2e.intents import acquire, dispose
from tradewind.localnet.evm import EvmLocalnet
from tradewind.localnet.strict.behaviours.transport import Held


async def until_logged(deployment: Deployment, word: str) -> None:
    async with asyncio.timeout(30):
        while word not in deployment.log("service"):
            await asyncio.sleep(0.02)


async def test_a_step_whose_gate_was_lost_is_not_signed_a_second_time(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    for boundary in ("sent", "submitted"):
        folder = tmp_path / boundary
        folder.mkdir()
        sent_before = truth.nonce(chain.rpc_url)
        async with deployed(folder, chain, signer=signer_binary, start=False) as deployment:
            await deployment.start_signer()
            await deployment.start_service(kill_at=boundary)
            intent_id = await deployment.submit(acquire("0.1"))
            await deployment.until_dead(deployment.service)
            await deployment.kill(deployment.signer)
            for file in folder.glob("gate.db*"):
                file.unlink()
            await deployment.start_signer()
            await deployment.start_service()
            await until_logged(deployment, "gate_replaced")
            assert (await deployment.request("GET", f"/intents/{intent_id}"))[1]["status"] == "PROCESSING"
            assert truth.nonce(chain.rpc_url) == sent_before + 1


async def test_a_gate_that_is_put_back_lets_the_intent_end(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, start=False) as deployment:
        await deployment.start_signer()
        await deployment.start_service(kill_at="sent")
        intent_id = await deployment.submit(acquire("0.1"))
        await deployment.until_dead(deployment.service)
        await deployment.kill(deployment.signer)
        (tmp_path / "safe").mkdir()
        for file in list(tmp_path.glob("gate.db*")):
            shutil.move(file, tmp_path / "safe" / file.name)
        await deployment.start_signer()
        await deployment.start_service()
        await until_logged(deployment, "gate_replaced")
        await deployment.kill(deployment.signer)
        for file in list(tmp_path.glob("gate.db*")):
            file.unlink()
        for file in list((tmp_path / "safe").iterdir()):
            shutil.move(file, tmp_path / file.name)
        await deployment.start_signer()
        view = await deployment.until_final(intent_id)
    assert view["status"] == "COMPLETED", view["end"]
    assert truth.nonce(chain.rpc_url) == 1


async def test_a_lost_request_cannot_be_signed_after_its_intent_has_expired(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    """The request to sign waits in a queue until after the service gave up on it: the gate has closed the step."""
    through = {'signer_socket = "signer.sock"': 'signer_socket = "held.sock"'}
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=through, start=False) as deployment:
        await deployment.start_signer()
        async with holding(tmp_path, "sign") as signer:
            await deployment.start_service()
            intent_id = await deployment.submit(acquire("0.1", window_ms=9_000))
            async with asyncio.timeout(20):
                await signer.arrived.wait()
            view = await deployment.until_final(intent_id)
            assert (view["status"], view["end"]["code"]) == ("EXPIRED", "deadline_passed")
            signer.release.set()
            async with asyncio.timeout(10):
                while not signer.answers:
                    await asyncio.sleep(0.02)
            [answer] = signer.answers
            assert answer["refused"]["rule"] == "step_closed"  # type: ignore[index]
            after = await deployment.until_final(await deployment.submit(acquire("0.2")))
    assert after["status"] == "COMPLETED", after["end"]
    assert truth.nonce(chain.rpc_url) == 1


async def test_a_strangers_transaction_stops_the_wallet_until_an_operator_adopts_it(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    first = await deployment.until_final(await deployment.submit(acquire("0.1")))
    assert first["status"] == "COMPLETED", first["end"]
    await chain.rpc.call("eth_sendTransaction", {"from": truth.TRADER, "to": truth.TRADER, "gas": "0x5208"})
    await chain.mine()
    refused = await deployment.until_final(await deployment.submit(acquire("0.1")))
    assert (refused["status"], refused["end"]["code"]) == ("FAILED", "nonce_foreign")
    assert "adopt-nonce" in refused["end"]["message"]
    _, halted = await deployment.request("POST", "/halt", {"reason": "it was me"})
    adopt = ("adopt-nonce", "--config", "signer.toml", "--wallet", truth.TRADER, "--chain", "42161", "--nonce", "2")
    await deployment.run_signer(*adopt)
    # Besides the operator's halt there is that of the wallet, which the service made.
    [own] = [halt for halt in (await deployment.request("GET", "/halt"))[1]["halts"] if halt["wallet"]]
    assert own["wallet"] == truth.TRADER
    for epoch in (halted["kill_epoch"], own["kill_epoch"]):
        await deployment.request("POST", "/resume", {"kill_epoch": epoch, "confirm": "resume"})
    third = await deployment.until_final(await deployment.submit(acquire("0.1")))
    assert third["status"] == "COMPLETED", third["end"]


async def test_a_nonce_that_somebody_else_used_ends_the_intent_only_by_proof(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    """Another transaction is sequenced before ours, with its nonce; finality is 64 blocks away."""
    url = chain.rpc_url
    weth = truth.balance(url, truth.WETH)
    held = Held()
    deployment.strict.misbehave(held, methods={"eth_sendRawTransaction"})
    intent_id = await deployment.submit(acquire("0.1"))
    async with asyncio.timeout(20):
        await held.arrived.wait()
    usurper = {"from": truth.TRADER, "to": truth.TRADER, "gas": "0x5208", "nonce": "0x0", "maxFeePerGas": hex(10**10)}
    await chain.rpc.call("eth_sendTransaction", usurper)
    async with asyncio.timeout(20):
        while truth.nonce(url) == 0:
            await asyncio.sleep(0.02)
    held.release.set()
    assert (await deployment.request("GET", f"/intents/{intent_id}"))[1]["status"] == "PROCESSING"
    await chain.mine(70)
    view = await deployment.until_final(intent_id)
    assert (view["status"], view["end"]["code"]) == ("FAILED", "nonce_used_elsewhere")
    assert truth.balance(url, truth.WETH) == weth


async def test_nothing_is_signed_that_could_not_pay_for_its_gas(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    """Gas becomes dearer between plan and signature: no nonce is given away, and it goes on when it can."""
    async with deployed(tmp_path, chain, signer=signer_binary, start=False) as deployment:
        await deployment.start_signer()
        await deployment.start_service(kill_at="planned")
        intent_id = await deployment.submit(acquire("0.1"))
        await deployment.until_dead(deployment.service)
        await chain.set_base_fee(100_000_000)
        await chain.mine()
        await deployment.start_service()
        await until_logged(deployment, "base_fee_above_offer")
        assert truth.nonce(chain.rpc_url) == 0
        await chain.set_base_fee(20_000_000)
        await chain.mine()
        view = await deployment.until_final(intent_id)
    assert view["status"] == "COMPLETED", view["end"]


async def test_a_window_longer_than_the_signer_signs_for_is_no_obstacle(deployment: Deployment) -> None:
    view = await deployment.until_final(await deployment.submit(acquire("0.1", window_ms=2 * 24 * 3_600 * 1_000)))
    assert view["status"] == "COMPLETED", view["end"]


async def test_an_expiry_behind_an_included_approval_says_what_it_cost(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    no_permit = {'permit = { name = "Arbitrum", version = "1" }': ""}
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=no_permit, start=False) as deployment:
        await deployment.start_signer()
        await deployment.start_service(kill_at="confirmed")
        intent_id = await deployment.submit(dispose("1000", "ARB", window_ms=9_000))
        await deployment.until_dead(deployment.service)
        await deployment.run_signer("halt", "--config", "signer.toml")
        wei = truth.ether(chain.rpc_url)
        await deployment.start_service()
        view = await deployment.until_final(intent_id)
    assert (view["status"], view["end"]["code"]) == ("FAILED", "deadline_passed")
    assert "approval" in view["end"]["message"]
    assert 10**19 - wei == int(view["transactions"][0]["network_fee"]["raw"])


async def test_a_halt_gets_through_when_strangers_hold_every_connection(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    socket = str(deployment.folder / "signer.sock")
    idle = [await asyncio.open_unix_connection(socket) for _ in range(80)]
    status, halted = await deployment.request("POST", "/halt", {"reason": "crowded"})
    assert (status, halted["halted"]) == (200, True)
    for _, writer in idle:
        writer.close()
    intent_id = await deployment.submit(acquire("0.1"))
    await until_logged(deployment, '"code": "halted"')
    assert (await deployment.request("GET", f"/intents/{intent_id}"))[1]["status"] == "PENDING"
    assert truth.nonce(chain.rpc_url) == 0
