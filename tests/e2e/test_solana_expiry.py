"""What no lane delivers expires by proof, and only then is the trade signed anew: one effect, whatever was dropped."""

from pathlib import Path

from tests.e2e.solana_deployment import deployed_on_solana
from tradewind.localnet.solana.faults import FaultSettings


async def test_a_dropped_transaction_is_signed_anew_once_it_can_never_land(tmp_path: Path, signer_binary: Path) -> None:
    async with deployed_on_solana(tmp_path, signer=signer_binary) as solana:
        node = solana.chain.node
        node.faults.set(FaultSettings(drop_share={"rpc": 1.0}))
        intent_id = await solana.submit(solana.sells("1", "SOL", "USDC"))
        await solana.until_said("attempt_expired")
        assert await solana.landed() == []
        node.faults.clear()
        view = await solana.until_final(intent_id, timeout_s=60)
        assert view["status"] == "COMPLETED", view
        [landed] = await solana.landed()
        [transaction] = view["transactions"]
        assert (transaction["tx_hash"], transaction["attempt"]) == (landed["signature"], 2)


async def test_lies_about_heights_and_hidden_statuses_lead_to_no_second_effect(
    tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed_on_solana(tmp_path, signer=signer_binary) as solana:
        node = solana.chain.node
        node.faults.set(FaultSettings(delay_slots={"rpc": 8}, hide_status_share=1.0))
        intent_id = await solana.submit(solana.sells("1", "SOL", "USDC"))
        await solana.until_said("plan_sent")
        # The one endpoint says that everything has expired, and shows no signature; the transaction lands meanwhile.
        node.faults.set(FaultSettings(delay_slots={"rpc": 8}, block_height_lie=10_000, hide_status_share=1.0))
        await solana.until_said("attempt_expired")
        node.faults.clear()
        view = await solana.until_final(intent_id, timeout_s=60)
        landed = [one for one in await solana.landed() if one["err"] is None]
        assert len(landed) == 1
        assert view["status"] == "COMPLETED", view
        assert landed[0]["signature"] in [sent["tx_hash"] for sent in view["transactions"]]
