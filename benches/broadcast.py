"""P9: from the POST of an intent to the first broadcast of its transaction, and where the time goes."""

import asyncio
import time
from collections.abc import Iterator
from uuid import UUID

from benches.deployment import BenchDeployment, deployed
from benches.disk import fdatasync_us
from benches.journey import Journey, retrace
from benches.paired import percentile
from benches.row import Row
from benches.rpc_tap import RpcTap
from tests.e2e.intents import acquire
from tradewind.localnet.evm import EvmLocalnet

INTENTS = 50
WARM_UP = 5
AMOUNT_WETH = "0.01"
NO_PEER = "no peer: there is no other pipeline to compare with yet"
STAGES = {
    "total": ("P9", "POST to first broadcast"),
    "accept": ("P9-accept", "... of it, POST to 202: the intent is on disk"),
    "receive": ("P9-receive", "... POST to the intent being read and checked"),
    "validate": ("P9-validate", "... intent on disk, validated with the chain, decomposed"),
    "plan": ("P9-plan", "... routed, priced and planned"),
    "sign": ("P9-sign", "... built, simulated, recorded and signed"),
    "send": ("P9-send", "... signed to handed to the chain"),
    "rpc": ("P9-rpc", "... of all this, waiting for the chain's answers"),
}


def run() -> Iterator[Row]:
    """The rows of P9."""
    journeys, sync_us = asyncio.run(_measure())
    for stage, (row_id, what) in STAGES.items():
        yield _row(stage, row_id, what, journeys, sync_us)


async def _measure() -> tuple[list[Journey], float]:
    """The journeys, and what one fdatasync of the same disk takes."""
    async with (
        EvmLocalnet() as chain,
        RpcTap(chain.port) as tap,
        deployed(rpc_url=tap.url) as deployment,
    ):
        journeys = [await _one(deployment, tap) for _ in range(WARM_UP + INTENTS)]
        return journeys[WARM_UP:], fdatasync_us(deployment.folder)


async def _one(deployment: BenchDeployment, tap: RpcTap) -> Journey:
    """One intent by itself, from nothing open to everything ended."""
    body = acquire(AMOUNT_WETH)
    posted_ns = time.time_ns()
    status, receipt = await deployment.request("POST", "/intents", body)
    accepted_ns = time.time_ns()
    if status != 202:
        raise RuntimeError(f"the intent was not accepted: {receipt}")
    view = await deployment.until_final(UUID(receipt["id"]))
    _, page = await deployment.request("GET", f"/intents/{receipt['id']}/events")
    return retrace(
        view,
        page["events"],
        deployment.log("service").splitlines(),
        tap.between(posted_ns, time.time_ns()),
        posted_ns=posted_ns,
        accepted_ns=accepted_ns,
    )


def _row(stage: str, row_id: str, what: str, journeys: list[Journey], sync_us: float) -> Row:
    times = [journey.stages_ms()[stage] for journey in journeys]
    notes = [f"p99 {percentile(times, 99):.4g} ms (of {len(times)} intents, one after the other)"]
    if stage == "total":
        notes += [
            NO_PEER,
            "chain: anvil on the same machine, through a relay that notes the times; the wallet pays by permit",
            f"journal and sign-gate commit durably on the way; one fdatasync of this disk takes {sync_us:.4g} us",
            "answers compared: the bytes on the wire are those of the journal, and the intent was filled",
        ]
    if stage == "accept":
        notes.append("overlaps the next stages: the service goes on while the answer travels")
    if stage == "rpc":
        requests = percentile([float(journey.rpc_requests) for journey in journeys], 50)
        calls = percentile([float(journey.rpc_calls) for journey in journeys], 50)
        notes.append(f"{requests:.0f} round trips with {calls:.0f} calls; overlapping ones count once; relay included")
    if stage in ("sign", "send"):
        notes.append("the moment of signing is known to the millisecond")
    return Row(
        id=row_id,
        what=what,
        input=f"buy {AMOUNT_WETH} WETH for USDC",
        ours=percentile(times, 50),
        unit="ms, p50",
        answers_compared=len(journeys),
        answers_equal=sum(journey.proven for journey in journeys),
        notes=tuple(notes),
    )
