"""P9: from the POST of an intent to the first broadcast of its transaction, and where the time goes.

Ours and a Node pipeline take turns on one chain, each with a wallet of its own and each through a relay that notes when
it waits for the chain. What is compared is the time that each spends itself: all but that waiting.
"""

import asyncio
import time
from collections.abc import Iterator
from uuid import UUID

from benches.deployment import BenchDeployment, deployed
from benches.disk import fdatasync_us
from benches.journey import NS_PER_MS, Journey, retrace
from benches.paired import Paired, percentile
from benches.peers.pipeline import Pipeline, pipeline
from benches.row import Row
from benches.rpc_tap import RpcTap, waited_ns
from tests.e2e import chain_truth as truth
from tests.e2e.intents import acquire
from tradewind.localnet.evm import EvmLocalnet

INTENTS = 50
WARM_UP = 5
AMOUNT_WETH = "0.01"
AMOUNT_RAW = 10**16
GOAL = 20
STAGES = {
    "total": ("P9-total", "POST to first broadcast"),
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
    journeys, paired, peers_right, sync_us = asyncio.run(_measure())
    yield _compared(journeys, paired, peers_right, sync_us)
    for stage, (row_id, what) in STAGES.items():
        yield _row(stage, row_id, what, journeys)


async def _measure() -> tuple[list[Journey], Paired, int, float]:
    """Our journeys, both sides' own milliseconds, how many fills of the peer were right, and one fdatasync."""
    paired, journeys, peers_right = Paired("lower"), [], 0
    async with (
        EvmLocalnet() as chain,
        RpcTap(chain.port) as tap,
        RpcTap(chain.port) as peers_tap,
        deployed(rpc_url=tap.url) as deployment,
        pipeline(chain, peers_tap.url, deployment.folder) as peer,
    ):
        for number in range(WARM_UP + INTENTS):
            journey = await _one(deployment, tap)
            peer_ms, right = await _one_of_the_peer(peer, peers_tap, chain)
            if number >= WARM_UP:
                journeys.append(journey)
                paired.add(ours=journey.own_ms, peer=peer_ms)
                peers_right += right
        return journeys, paired, peers_right, fdatasync_us(deployment.folder)


async def _one(deployment: BenchDeployment, tap: RpcTap) -> Journey:
    """One intent by itself, from nothing open to everything ended."""
    body = acquire(AMOUNT_WETH)
    posted_ns = time.time_ns()
    status, receipt = await deployment.request("POST", "/intents", body)
    accepted_ns = time.time_ns()
    if status != 202:
        raise RuntimeError(f"the intent was not accepted: {receipt}")
    await tap.until_sent(posted_ns)
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


async def _one_of_the_peer(peer: Pipeline, tap: RpcTap, chain: EvmLocalnet) -> tuple[float, bool]:
    """The milliseconds that the peer spent itself, and whether its wallet got exactly what was asked for."""
    before_raw = truth.balance(chain.rpc_url, truth.WETH, peer.wallet)
    posted_ns = time.time_ns()
    intent_id = await peer.submit(acquire(AMOUNT_WETH))
    await tap.until_sent(posted_ns)
    ended = await peer.until_final(intent_id)
    seen = tap.between(posted_ns, time.time_ns())
    sent_ns = next(one for one in seen if one.sent_transactions).asked_ns
    asked = [one for one in seen if one.asked_ns < sent_ns]
    own_ms = (sent_ns - posted_ns - waited_ns(asked, posted_ns, sent_ns)) / NS_PER_MS
    gained_raw = truth.balance(chain.rpc_url, truth.WETH, peer.wallet) - before_raw
    return own_ms, ended["status"] == "COMPLETED" and gained_raw == AMOUNT_RAW


def _compared(journeys: list[Journey], paired: Paired, peers_right: int, sync_us: float) -> Row:
    return Row(
        id="P9",
        what="POST to first broadcast, without waiting for the chain's answers",
        input=f"buy {AMOUNT_WETH} WETH for USDC",
        ours=percentile(paired.ours, 50),
        peer=percentile(paired.peer, 50),
        ratio=paired.ratio,
        goal=GOAL,
        unit="ms, p50",
        answers_compared=2 * len(journeys),
        answers_equal=sum(journey.proven for journey in journeys) + peers_right,
        notes=(
            f"p99: ours {percentile(paired.ours, 99):.4g} ms, peer {percentile(paired.peer, 99):.4g} ms",
            paired.spread,
            "goal for ours: p50 at most 5 ms, p99 at most 20 ms",
            "peer: fastify, @uniswap/v3-sdk and viem in one Node process; it writes to disk twice on the way, and has "
            "no policy, no signer process and no recovery",
            "chain: anvil on the same machine, through a relay that notes the times; both wallets pay by permit",
            f"ours: journal and sign-gate commit durably on the way; one fdatasync of this disk takes {sync_us:.4g} us",
            "answers compared: ours, the bytes on the wire are those of the journal and the intent was filled; the "
            "peer's, its wallet got exactly what was asked for",
        ),
    )


def _row(stage: str, row_id: str, what: str, journeys: list[Journey]) -> Row:
    times = [journey.stages_ms()[stage] for journey in journeys]
    notes = [f"p99 {percentile(times, 99):.4g} ms (of {len(times)} intents, one after the other)"]
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
