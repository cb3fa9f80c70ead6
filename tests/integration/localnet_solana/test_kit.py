"""The official client, `@solana/kit`, works against the local chain as against any other."""

import asyncio
import json
from pathlib import Path

from solders.keypair import Keypair

from tests.integration.localnet_solana.kit_packages import ensure_kit
from tradewind.localnet.packages import node as node_program
from tradewind.localnet.solana import NodeOptions, SolanaLocalnet


async def test_kit_reads_a_balance_sends_a_transfer_and_hears_of_its_signature(tmp_path: Path) -> None:
    folder = await asyncio.to_thread(ensure_kit)
    receiver, lamports = Keypair().pubkey(), 1_234_567
    async with SolanaLocalnet(options=NodeOptions(slot_ms=50), keys_folder=tmp_path, servers=()) as chain:
        script = await asyncio.create_subprocess_exec(
            node_program(),
            str(folder / "transfer.mjs"),
            chain.rpc_url,
            chain.ws_url,
            str(tmp_path / "trader.json"),
            str(receiver),
            str(lamports),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await script.communicate()
        assert script.returncode == 0, err.decode()
        told = json.loads(out)
        account = chain.node.account(receiver)
    assert account is not None
    assert account.lamports == lamports
    assert int(told["before"]) - int(told["after"]) == lamports + 5000
    assert (told["notified"], told["fee"], told["version"]) == (str(lamports), "5000", 0)
    assert told["status"] in ("confirmed", "finalized")
