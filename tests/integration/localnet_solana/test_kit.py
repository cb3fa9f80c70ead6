"""The official client, `@solana/kit`, works against the local chain as against any other."""

import asyncio
import json
from pathlib import Path

from solders.keypair import Keypair

from tradewind.localnet.packages import ensure_locked
from tradewind.localnet.packages import node as node_program
from tradewind.localnet.solana import NodeOptions, SolanaLocalnet

KIT = Path(__file__).parent / "kit"


async def test_kit_reads_a_balance_sends_a_transfer_and_hears_of_its_signature(tmp_path: Path) -> None:
    packages = await asyncio.to_thread(ensure_locked, KIT, "solana-kit")
    receiver, lamports = Keypair().pubkey(), 1_234_567
    async with SolanaLocalnet(options=NodeOptions(slot_ms=50), keys_folder=tmp_path, servers=()) as chain:
        script = await asyncio.create_subprocess_exec(
            node_program(),
            str(KIT / "transfer.mjs"),
            str(packages),
            chain.rpc_url,
            chain.ws_url,
            str(tmp_path / "trader.json"),
            str(receiver),
            str(lamports),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(60):
                out, err = await script.communicate()
        finally:
            if script.returncode is None:
                script.kill()
                await script.communicate()
        assert script.returncode == 0, err.decode()
        told = json.loads(out)
        account = chain.node.account(receiver)
    assert account is not None
    assert account.lamports == lamports
    assert int(told["before"]) - int(told["after"]) == lamports + 5000
    assert (told["notified"], told["fee"], told["version"]) == (str(lamports), "5000", 0)
    assert told["status"] in ("confirmed", "finalized")
