"""What a crash leaves half done at the gate is finished from its record, never done anew and never given up."""

import asyncio
import sqlite3
from pathlib import Path

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.intents import acquire
from tradewind.core import Permit
from tradewind.domain.events import Envelope, PlanCreated
from tradewind.domain.plan import ExecutionPlan
from tradewind.execution.signer_client import SignerClient
from tradewind.localnet.addresses import MARKET_MAKER
from tradewind.localnet.evm import EvmLocalnet


def recorded_plan(deployment: Deployment) -> ExecutionPlan:
    journal = sqlite3.connect(f"file:{deployment.folder}/data/journal.db?mode=ro", uri=True)
    [(text,)] = journal.execute("SELECT envelope FROM events WHERE type = 'PlanCreated'").fetchall()
    body = Envelope.from_json(text).body
    assert isinstance(body, PlanCreated)
    return body.plan


async def use_permit_on_chain(chain: EvmLocalnet, permit: Permit) -> None:
    """Anybody who sees a permit may hand it to the token."""
    signature = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
    types = signature[len("permit(") : -1].split(",")
    values = [truth.TRADER, truth.ROUTER, permit.value_raw, permit.deadline_s, permit.v, permit.r, permit.s]
    data = "0x" + (keccak(text=signature)[:4] + encode(types, values)).hex()
    await chain.rpc.call(
        "eth_sendTransaction", {"from": MARKET_MAKER, "to": truth.USDC, "data": data, "gas": "0x30d40"}
    )
    await chain.mine()


async def test_a_permit_made_before_a_crash_is_used_even_if_somebody_has_already_handed_it_in(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, start=False) as deployment:
        await deployment.start_signer()
        await deployment.start_service(kill_at="planned")
        intent_id = await deployment.submit(acquire("0.3"))
        await deployment.until_dead(deployment.service)
        # As far as the service got before the crash, and a stranger in between.
        plan = recorded_plan(deployment)
        signer = SignerClient(tmp_path / "signer.sock")
        permit = await signer.permit(plan, plan.steps[0], permit_nonce=0)
        await use_permit_on_chain(chain, permit)
        assert truth.allowance(chain.rpc_url, truth.USDC) == plan.worst_in_raw
        await deployment.start_service()
        view = await deployment.until_final(intent_id)
    assert view["status"] == "COMPLETED", view["end"]
    assert truth.nonce(chain.rpc_url) == 1


async def test_an_attempt_on_record_outlives_its_deadline_and_a_halt_and_ends_by_the_chain(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    """It owns a nonce: calling the intent expired would leave a gap in front of every later transaction."""
    async with deployed(tmp_path, chain, signer=signer_binary, start=False) as deployment:
        await deployment.start_signer({"TRADEWIND_SIGNER_KILL_AT": "gate_committed:2"})
        await deployment.start_service()
        intent_id = await deployment.submit(acquire("0.3", window_ms=8_000))
        await deployment.until_dead(deployment.signer)
        await deployment.run_signer("halt", "--config", "signer.toml", "--reason", "test")
        await deployment.start_signer()
        view = (await deployment.request("GET", f"/intents/{intent_id}"))[1]
        while view["time_left_ms"]:
            await asyncio.sleep(0.1)
            view = (await deployment.request("GET", f"/intents/{intent_id}"))[1]
        await chain.set_next_timestamp(await chain.timestamp_s() + 60)
        assert view["status"] == "PROCESSING"
        _, halted = await deployment.request("GET", "/halt")
        await deployment.request("POST", "/resume", {"kill_epoch": halted["kill_epoch"], "confirm": "resume"})
        view = await deployment.until_final(intent_id)
        assert (view["status"], view["end"]["code"]) == ("FAILED", "deadline_passed")
        assert truth.nonce(chain.rpc_url) == 1
        after = await deployment.until_final(await deployment.submit(acquire("0.2")))
        assert after["status"] == "COMPLETED", after["end"]
