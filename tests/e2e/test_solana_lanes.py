"""The same intent over each lane of a local Solana: one effect, and a tip only where one is taken."""

from pathlib import Path

import pytest

from tests.e2e.solana_deployment import deployed_on_solana

RECEIPT_RENT = 890_880


@pytest.mark.parametrize("lane", ["rpc", "tpu", "jito"])
async def test_each_lane_lands_the_trade_once(tmp_path: Path, signer_binary: Path, lane: str) -> None:
    async with deployed_on_solana(tmp_path, signer=signer_binary, lane=lane) as solana:
        before, lamports = solana.account_raw("USDC"), solana.lamports()
        view = await solana.until_final(await solana.submit(solana.sells("1", "SOL", "USDC")))
        assert view["status"] == "COMPLETED", view
        [landed] = await solana.landed()
        assert landed["err"] is None
        assert int(view["fill"]["got"]["raw"]) == solana.account_raw("USDC") - before
        tip = solana.tip_of(landed["signature"])
        assert (tip > 0) is (lane == "jito")
        fee = int(view["fill"]["network_fee"]["raw"])
        assert lamports - solana.lamports() == 10**9 + fee + RECEIPT_RENT
        assert fee >= tip
        # Slots and the wallet are told, and over Jito the tips and what became of the bundle.
        await solana.until_said("feed_changed", times=4 if lane == "jito" else 2)
        if lane == "jito":
            await solana.until_said("bundle_told")
