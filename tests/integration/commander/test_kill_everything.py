"""Engine, signer, feed and commander are killed while it trades, in turn and together: reconciled, nothing twice."""

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.integration.commander.plant import PARTS, Plant, planted
from tradewind.commander.relaying import meanwhile
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.streaming.journal import Journal

# `make soak` asks for many more.
ROUNDS = int(os.environ.get("TRADEWIND_KILL_ROUNDS", "12"))
SEED = int(os.environ.get("TRADEWIND_KILL_SEED", "7"))


def victims(chance: random.Random, round_: int) -> set[str]:
    """Each part alone first, then any of them together."""
    if round_ < len(PARTS):
        return {PARTS[round_]}
    return set(chance.sample(PARTS, chance.randint(1, len(PARTS))))


async def one_round(plant: Plant, chance: random.Random, parts: set[str]) -> None:
    """Killed a little after it has sent something; then it trades again."""
    await plant.until_more("sent", len(plant.said("sent")))
    await plant.slots(chance.randint(0, 3))
    await plant.kill(parts)
    await plant.slots(chance.randint(0, 3))
    executed = len(plant.said("executed"))
    await plant.mend(parts)
    await plant.until_more("executed", executed)


def results(plant: Plant) -> list[ExecutionResultEvent]:
    """What the journal has, in its order."""
    journal = Journal.open(plant.folder.path / "journal.db")
    try:
        rows = journal.read(types=["ExecutionResultEvent"], limit=100_000)
        return [row.envelope.body for row in rows if isinstance(row.envelope.body, ExecutionResultEvent)]
    finally:
        journal.close()


def orphans(plant: Plant) -> list[str]:
    """Command lines of what still runs on the instance's files."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = path.read_bytes()
        except OSError:
            continue
        if str(plant.folder.path).encode() in said:
            found.append(said.decode(errors="replace"))
    return found


@pytest.mark.slow
@pytest.mark.timeout(max(420, ROUNDS * 60))
async def test_whatever_is_killed_while_it_trades_every_effect_is_told_once_and_nothing_is_left(
    tmp_path: Path,
) -> None:
    chance = random.Random(SEED)
    async with planted(tmp_path) as plant:
        deployment = plant.deployment
        tokens_raw, lamports = deployment.account_raw("SOL"), deployment.lamports()
        await plant.start_commander()
        async with meanwhile(plant.keep_swapping(chance)):
            for round_ in range(ROUNDS):
                await one_round(plant, chance, victims(chance, round_))
        assert len(orphans(plant)) == 1
        assert await plant.stop() == 0
        # One more life reconciles whatever is still open.
        starts = len(plant.said("engine_ready"))
        await plant.start_commander()
        await plant.until_more("engine_ready", starts)
        async with asyncio.timeout(60):
            while (state := plant.state()) is None or state.in_flight:
                await asyncio.sleep(0.02)
        assert await plant.stop() == 0
        assert plant.said("engine_stopped")[-1]["open"] == []

        landed = [one["signature"] for one in await deployment.landed()]
        told = [result for result in results(plant) if result.block_slot is not None]
        # Each transaction of the wallet has one result, and each plan at most one transaction.
        assert Counter(result.signature for result in told) == Counter(landed)
        assert Counter(result.plan_id for result in told).most_common(1)[0][1] == 1
        gained = sum(result.actual_profit or 0 for result in told)
        assert deployment.account_raw("SOL") - tokens_raw == gained > 0
        left = sum(result.execution_cost + result.locked_lamports for result in told)
        assert lamports - deployment.lamports() == left
        assert orphans(plant) == []
