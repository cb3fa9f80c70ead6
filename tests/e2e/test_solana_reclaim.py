"""The rents of receipts come back by themselves, and the report still adds up to the lamport."""

import asyncio
from pathlib import Path

from tests.e2e.solana_deployment import SolanaDeployment, deployed_on_solana
from tradewind.localnet.solana.faults import FaultSettings

RENT = 890_880
# Two steps are enough, and a blockhash here lives 150 slots of 50 ms: the signer's clock may be as fast.
AT_LEAST = 2


async def _prepared(solana: SolanaDeployment) -> None:
    service, signer = solana.folder / solana.config, solana.folder / "signer.toml"
    rpc = f'rpc_urls = ["{solana.chain.rpc_url}"'
    # What is dead for good takes the word of two endpoints.
    second = solana.chain.rpc_url.replace("127.0.0.1", "localhost")
    two = f'reclaim_at_least = {AT_LEAST}\nreclaim_every_s = 1\n{rpc}, "{second}"'
    service.write_text(service.read_text().replace(rpc, two))
    signer.write_text(signer.read_text().replace("blockhash_life_s = 120", "blockhash_life_s = 5"))
    await solana.start_signer()
    await solana.start_service()


async def _trade(solana: SolanaDeployment) -> None:
    intent_id = await solana.submit(solana.sells("1", "SOL", "USDC"))
    view = await solana.until_final(intent_id)
    assert view["status"] == "COMPLETED", view
    while not (await solana.request("GET", f"/intents/{intent_id}"))[1]["is_settled"]:
        await asyncio.sleep(0.05)


async def test_rents_come_back_once_no_second_copy_can_land_and_the_report_adds_up(
    tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed_on_solana(tmp_path, signer=signer_binary, start=False) as solana:
        await _prepared(solana)
        for _ in range(AT_LEAST):
            await _trade(solana)
        before, trades = solana.lamports(), len(await solana.landed())
        assert trades == AT_LEAST
        await solana.until_said("receipts_reclaimed")
        landed = await solana.landed()
        assert len(landed) == trades + 1
        assert landed[-1]["err"] is None
        fee = before + AT_LEAST * RENT - solana.lamports()
        # One signature, and less than a hundred lamports for its units.
        assert 5_000 <= fee < 5_100
        report = await solana.report()
        [wallet] = report["sums"]
        assert wallet["reclaimed"] == {
            "receipts": AT_LEAST,
            "lamports_back": str(AT_LEAST * RENT),
            "fee_lamports": str(fee),
        }
        held = {balance["asset"]["symbol"]: balance for balance in wallet["balances"]}
        assert int(held["SOL"]["chain_raw"]) == solana.lamports() + solana.account_raw("SOL")
        assert {name: one["unexplained_raw"] for name, one in held.items()} == dict.fromkeys(held, "0"), held
        assert report["is_explained"] is True
        # Nothing stands any more, and nothing is asked for again.
        await solana.kill(solana.service)
        await solana.start_service()
        await _trade(solana)
        assert len(await solana.landed()) == trades + 2
        assert (await solana.report())["is_explained"] is True


async def test_killed_behind_the_signature_the_service_takes_the_same_receipts_back_once(
    tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed_on_solana(tmp_path, signer=signer_binary, start=False) as solana:
        await _prepared(solana)
        for _ in range(AT_LEAST):
            await _trade(solana)
        # Nothing that is sent arrives until the service is dead.
        solana.chain.node.faults.set(FaultSettings(drop_share={"rpc": 1.0}))
        before = solana.lamports()
        await solana.until_said("upkeep_signed")
        await solana.kill(solana.service)
        assert solana.lamports() == before
        solana.chain.node.faults.clear()
        await solana.start_service()
        await solana.until_said("receipts_reclaimed")
        reclaims = (await solana.landed())[AT_LEAST:]
        assert [one["err"] for one in reclaims] == [None]
        assert before + AT_LEAST * RENT - 5_100 < solana.lamports() <= before + AT_LEAST * RENT - 5_000
        report = await solana.report()
        assert report["sums"][0]["reclaimed"]["receipts"] == AT_LEAST
        assert report["is_explained"] is True
