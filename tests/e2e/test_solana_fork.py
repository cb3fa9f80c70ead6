"""A fork takes a confirmed trade back: the same bytes land again, and the trade has its one effect."""

import asyncio
from pathlib import Path

from tests.e2e.solana_deployment import deployed_on_solana


async def test_a_trade_that_a_fork_took_back_lands_again_as_the_same_transaction(
    tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed_on_solana(tmp_path, signer=signer_binary, finalized_after=64) as solana:
        before = solana.account_raw("USDC")
        intent_id = await solana.submit(solana.sells("1", "SOL", "USDC"))
        view = await solana.until_final(intent_id)
        assert view["status"] == "COMPLETED", view
        [landed] = await solana.landed()
        got_raw = solana.account_raw("USDC") - before
        depth = solana.chain.node.slot_at("processed").number - landed["slot"] + 1
        solana.chain.node.rollback(depth)
        assert solana.account_raw("USDC") == before
        async with asyncio.timeout(120):
            while not (await solana.request("GET", f"/intents/{intent_id}"))[1]["is_settled"]:
                await asyncio.sleep(0.05)
        _, view = await solana.request("GET", f"/intents/{intent_id}")
        assert view["status"] == "COMPLETED"
        assert "ExecutionStepReorganised" in [moment["event"] for moment in view["timeline"]]
        assert [again["signature"] for again in await solana.landed()] == [landed["signature"]]
        assert solana.account_raw("USDC") - before == got_raw
