"""Intents on Solana, from HTTP to a fill on the real programs, read back from the chain itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from solders.pubkey import Pubkey

from tests.e2e.solana_deployment import SolanaDeployment, deployed_on_solana


@pytest_asyncio.fixture
async def solana(tmp_path: Path, signer_binary: Path) -> AsyncIterator[SolanaDeployment]:
    async with deployed_on_solana(tmp_path, signer=signer_binary) as running:
        yield running


def held_raw(solana: SolanaDeployment, symbol: str) -> int:
    """What the wallet holds by the node's own state."""
    place = solana.wallet.token_accounts.get(symbol)
    account = None if place is None else solana.chain.node.account(Pubkey.from_string(place), "confirmed")
    return 0 if account is None else int.from_bytes(account.data[64:72], "little")


def lamports(solana: SolanaDeployment) -> int:
    account = solana.chain.node.account(Pubkey.from_string(solana.wallet.address), "confirmed")
    assert account is not None
    return account.lamports


@pytest.mark.slow
async def test_selling_two_sol_brings_what_the_chain_says_it_brought(solana: SolanaDeployment) -> None:
    before, sol_before = held_raw(solana, "USDC"), lamports(solana)
    view = await solana.until_final(await solana.submit(solana.sells("2", "SOL", "USDC")))
    assert view["status"] == "COMPLETED", view
    assert int(view["fill"]["got"]["raw"]) == held_raw(solana, "USDC") - before > 0
    assert int(view["fill"]["paid"]["raw"]) == 2 * 10**9
    # Fees and the receipt's rent leave beside what was sold.
    assert 2 * 10**9 < sol_before - lamports(solana) < 2 * 10**9 + 10**7
