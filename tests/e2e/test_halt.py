"""The kill switch: after its answer nothing is signed, intents wait, and a resume lets them go on."""

import asyncio
import sqlite3

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment
from tests.e2e.intents import acquire
from tradewind.localnet.evm import EvmLocalnet


def signatures(deployment: Deployment) -> int:
    """How many signed attempts the gate has on record."""
    gate = sqlite3.connect(f"file:{deployment.folder}/gate.db?mode=ro", uri=True)
    return int(gate.execute("SELECT count(*) FROM attempts WHERE raw_tx IS NOT NULL").fetchone()[0])


async def test_intents_wait_while_halted_and_go_on_after_the_resume(deployment: Deployment, chain: EvmLocalnet) -> None:
    status, halted = await deployment.request("POST", "/halt", {"reason": "prices look wrong"})
    assert status == 200
    assert halted["halted"]
    intent_id = await deployment.submit(acquire("0.2"))
    async with asyncio.timeout(20):
        while '"code": "halted"' not in deployment.log("service"):
            await asyncio.sleep(0.02)
    assert (await deployment.request("GET", f"/intents/{intent_id}"))[1]["status"] == "PENDING"
    assert (signatures(deployment), truth.nonce(chain.rpc_url)) == (0, 0)
    wrong = {"kill_epoch": halted["kill_epoch"] + 1, "confirm": "resume"}
    assert (await deployment.request("POST", "/resume", wrong))[0] in (409, 422)
    resume = {"kill_epoch": halted["kill_epoch"], "confirm": "resume"}
    assert (await deployment.request("POST", "/resume", resume))[0] == 200
    assert (await deployment.until_final(intent_id))["status"] == "COMPLETED"


async def test_no_signature_is_made_after_the_answer_to_a_halt_under_load(deployment: Deployment) -> None:
    """Intents pour in; whatever the gate had signed when the halt was answered is all it will have signed."""
    for _ in range(3):
        for n in range(8):
            await deployment.submit(acquire(f"0.01{n}"))
        await asyncio.gather(*(deployment.submit(acquire(f"0.02{n}")) for n in range(4)))
        _, halted = await deployment.request("POST", "/halt", {"reason": "load"})
        at_the_answer = signatures(deployment)
        async with asyncio.timeout(20):
            before = deployment.log("service").count('"code": "halted"')
            while deployment.log("service").count('"code": "halted"') < before + 3:
                await asyncio.sleep(0.02)
        assert signatures(deployment) == at_the_answer
        await deployment.request("POST", "/resume", {"kill_epoch": halted["kill_epoch"], "confirm": "resume"})
    [last] = (await deployment.request("GET", "/intents?limit=1"))[1]["intents"]
    await deployment.until_final(last["id"], timeout_s=120)
