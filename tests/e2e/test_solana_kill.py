"""SIGKILL at every boundary of a step on Solana: no duplicate effect and no lost intent, by chain and journal alone."""

import contextlib
import os
from collections import Counter
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from tests.e2e.killable_service import EXECUTOR_BOUNDARIES
from tests.e2e.solana_deployment import SolanaDeployment, deployed_on_solana
from tests.e2e.test_kill import recorded_intents
from tradewind import core
from tradewind.domain.chain import SYSTEM_PROGRAM

# A swap takes 552, and 713 with its receipt.
SWAP_BYTES = 600
# As bincode writes the system program's number for it.
CREATE_WITH_SEED = (3).to_bytes(4, "little")
# What one life leaves waits for the next ones.
LONG_MS = 3_600_000
# `make soak` asks for many more.
ROUNDS = int(os.environ.get("TRADEWIND_KILL_ROUNDS", "20"))


def leave_no_room_for_a_receipt(solana: SolanaDeployment) -> None:
    """Its 161 bytes do not fit any more; the swap itself does."""
    config = solana.folder / solana.config
    config.write_text(config.read_text().replace("[solana]\n", f"[solana]\nmax_transaction_bytes = {SWAP_BYTES}\n"))


def makes_a_receipt(transaction: bytes) -> bool:
    instructions = core.decode_solana_transaction(transaction).instructions
    return any(one.program == SYSTEM_PROGRAM and one.data[:4] == CREATE_WITH_SEED for one in instructions)


async def one_life(solana: SolanaDeployment, boundary: str, amount: str) -> set[str]:
    """The service recovers what is open, takes one more intent, and dies at the boundary. What it acknowledged."""
    await solana.start_service(kill_at=boundary)
    if solana.service is not None and solana.service.returncode is None:
        # Recovering may lead it past the boundary, and then it dies there instead.
        with contextlib.suppress(OSError, AssertionError, aiohttp.ClientError):
            acknowledged = await solana.submit(solana.sells(amount, "SOL", "USDC", time_window_ms=LONG_MS))
            await solana.until_dead(solana.service)
            return {str(acknowledged)}
    await solana.until_dead(solana.service)
    return set()


@pytest.mark.slow
@pytest.mark.timeout(max(420, ROUNDS * 120))
@pytest.mark.parametrize("has_receipt", [True, False], ids=["with the receipt", "without"])
async def test_kills_at_each_boundary_leave_no_duplicate_and_no_lost_intent(
    tmp_path: Path, signer_binary: Path, has_receipt: bool
) -> None:
    async with deployed_on_solana(tmp_path, signer=signer_binary, start=False) as solana:
        if not has_receipt:
            leave_no_room_for_a_receipt(solana)
        await solana.start_signer()
        lives = [boundary for _ in range(ROUNDS) for boundary in EXECUTOR_BOUNDARIES]
        acknowledged: set[str] = set()
        for number, boundary in enumerate(lives):
            acknowledged |= await one_life(solana, boundary, f"0.1{number:03d}1")
        await solana.start_service()
        ends = {intent: (await solana.until_final(UUID(intent), timeout_s=60)) for intent in recorded_intents(solana)}
        completed = [view for view in ends.values() if view["status"] == "COMPLETED"]
        landed = await solana.landed()
        assert acknowledged <= set(ends)
        assert len(completed) == len(ends) > len(lives) // 2
        # Each intent has its one transaction, and the wallet has no other.
        told = Counter(sent["tx_hash"] for view in completed for sent in view["transactions"])
        assert told == Counter(one["signature"] for one in landed)
        assert set(told.values()) == {1}
        assert all(one["err"] is None for one in landed)
        for one in landed:
            assert makes_a_receipt(await solana.transaction(one["signature"])) is has_receipt


@pytest.mark.slow
@pytest.mark.parametrize("boundary", ["gate_committed", "signed"])
async def test_a_signer_that_dies_in_the_middle_signs_once(tmp_path: Path, signer_binary: Path, boundary: str) -> None:
    async with deployed_on_solana(tmp_path, signer=signer_binary, start=False) as solana:
        await solana.start_signer({"TRADEWIND_SIGNER_KILL_AT": boundary})
        await solana.start_service()
        intent_id = await solana.submit(solana.sells("1", "SOL", "USDC"))
        await solana.until_dead(solana.signer)
        await solana.start_signer()
        view = await solana.until_final(intent_id, timeout_s=60)
        assert view["status"] == "COMPLETED", view
        assert len(await solana.landed()) == 1
