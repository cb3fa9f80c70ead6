"""SIGKILL at every named boundary, a hundred times: no duplicate effect, no lost intent, by chain and journal alone."""

import contextlib
import os
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import aiohttp
import pytest

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.intents import acquire
from tests.e2e.killable_service import BOUNDARIES
from tradewind.localnet.evm import EvmLocalnet

# `make soak` asks for many more.
KILLS = int(os.environ.get("TRADEWIND_KILL_ROUNDS", "9")) * 12
# The first of each is about the permit, the second about the transaction.
SIGNER_BOUNDARIES = ("gate_committed", "gate_committed:2", "signed", "signed:2")
ENDS = """SELECT correlation_id FROM events
          WHERE type IN ('ExecutionCompleted', 'ExecutionFailed', 'IntentRejected', 'IntentExpired')"""


@dataclass
class Run:
    """What was asked for: each intent acquires an amount of its own, so that the chain tells them apart."""

    amounts: dict[str, int] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    sent: int = 0

    def next_amount(self) -> str:
        self.sent += 1
        return f"0.01{self.sent:04d}1"


async def submit(deployment: Deployment, run: Run) -> None:
    amount = run.next_amount()
    intent_id = await deployment.submit(acquire(amount))
    run.amounts[str(intent_id)] = int(amount.replace("0.", "").ljust(18, "0"))


async def kill_service(deployment: Deployment, run: Run, boundary: str) -> None:
    """One life of the service: it recovers the intent before, takes a new one, and dies at the boundary."""
    await deployment.start_service(kill_at=boundary)
    if deployment.service is not None and deployment.service.returncode is None:
        # Recovering the intent before may lead it past the boundary, and then it dies there instead.
        with contextlib.suppress(OSError, AssertionError, aiohttp.ClientError):
            await submit(deployment, run)
    await deployment.until_dead(deployment.service)
    run.kills[f"service:{boundary}"] += 1


async def kill_signer(deployment: Deployment, run: Run, boundary: str) -> None:
    """The signer dies in the middle of a request; the service goes on asking until it is back."""
    await deployment.kill(deployment.signer)
    await deployment.start_signer({"TRADEWIND_SIGNER_KILL_AT": boundary})
    await deployment.start_service()
    await submit(deployment, run)
    await deployment.until_dead(deployment.signer)
    run.kills[f"signer:{boundary}"] += 1
    await deployment.start_signer()
    await deployment.kill(deployment.service)


async def finish(deployment: Deployment, run: Run) -> None:
    """A last life in which nothing dies: every intent must come to its end."""
    await deployment.start_service()
    for intent_id in recorded_intents(deployment):
        await deployment.until_final(intent_id, timeout_s=60)  # type: ignore[arg-type]


def rows(deployment: Deployment, sql: str) -> list[tuple[str, ...]]:
    journal = sqlite3.connect(f"file:{deployment.folder}/data/journal.db?mode=ro", uri=True)
    return journal.execute(sql).fetchall()


def recorded_intents(deployment: Deployment) -> list[str]:
    return [i for (i,) in rows(deployment, "SELECT correlation_id FROM events WHERE type = 'IntentSubmitted'")]


def effects(url: str) -> Counter[int]:
    """How often each amount of WETH came to the trader, by the chain alone."""
    receipts = [receipt for receipt in truth.trader_receipts(url) if receipt["status"] == "0x1"]
    return Counter(truth.received(receipt, truth.WETH) for receipt in receipts)


def duplicates(url: str) -> int:
    return sum(count - 1 for count in effects(url).values())


@pytest.mark.timeout(max(420, KILLS * 10))
async def test_a_hundred_kills_leave_no_duplicate_and_no_lost_intent(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    run = Run()
    plan = [(kill_service, name) for name in BOUNDARIES] + [(kill_signer, name) for name in SIGNER_BOUNDARIES]
    async with deployed(tmp_path, chain, signer=signer_binary, start=False) as deployment:
        await deployment.start_signer()
        for (kill, boundary), _ in zip(cycle(plan), range(KILLS), strict=False):
            await kill(deployment, run, boundary)
        await finish(deployment, run)
        ended = Counter(i for (i,) in rows(deployment, ENDS))
        assert run.kills.total() == KILLS
        # No lost intent: every one that was acknowledged has exactly one end.
        assert set(run.amounts) <= set(ended)
        assert set(ended.values()) == {1}
        # No duplicate effect, and each completed intent has its one effect.
        completed = rows(deployment, "SELECT correlation_id FROM events WHERE type = 'ExecutionCompleted'")
        assert duplicates(chain.rpc_url) == 0
        assert effects(chain.rpc_url).total() == len(completed) == len(recorded_intents(deployment))
        for intent_id, amount_raw in run.amounts.items():
            assert effects(chain.rpc_url)[amount_raw] == 1, intent_id


async def test_without_the_gate_the_same_kills_do_duplicate(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    """The harness can fail: with the gate switched off, a service that dies after sending sends a second time."""
    run = Run()
    async with deployed(tmp_path, chain, signer=signer_binary, start=False) as deployment:
        await deployment.start_signer({"TRADEWIND_SIGNER_WITHOUT_GATE": "1"})
        for _ in range(3):
            await kill_service(deployment, run, "sent")
        await finish(deployment, run)
        assert duplicates(chain.rpc_url) > 0
