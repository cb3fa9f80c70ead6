"""Jito's own JavaScript client sends a bundle and a transaction, and learns what became of them."""

import asyncio
import json
from pathlib import Path

from solders.keypair import Keypair

from tests.integration.localnet_solana.bundles import SOL, Desk, id_of, in_base64, signature_of
from tests.integration.localnet_solana.test_block_engine_http import TIP_ACCOUNTS
from tradewind.localnet.packages import ensure_locked, node
from tradewind.localnet.solana.block_engine.options import BlockEngineOptions
from tradewind.localnet.solana.block_engine.server import serve_block_engine

FOLDER = Path(__file__).parent / "jito"
PATIENCE_S = 60


async def test_jitos_client_sends_confirms_and_asks() -> None:
    packages = await asyncio.to_thread(ensure_locked, FOLDER, "jito")
    desk = Desk()
    first, second = Keypair().pubkey(), Keypair().pubkey()
    wires = [desk.wire(desk.pay(first, SOL), desk.tip()), desk.wire(desk.pay(second, SOL))]
    single = desk.wire(desk.pay(second, SOL), desk.tip())
    async with await serve_block_engine(desk.node, BlockEngineOptions(requests_per_second=None)) as served:
        process = await asyncio.create_subprocess_exec(
            node(),
            str(FOLDER / "client.cjs"),
            str(packages),
            f"{served.url}/api/v1",
            json.dumps(in_base64(wires)),
            in_base64([single])[0],
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
        served.engine.auction()
    told = json.loads(output)
    assert "failed" not in told, told
    assert told["accounts"]["result"] == TIP_ACCOUNTS
    assert told["sent"]["result"] == id_of(wires)
    assert told["confirmed"]["bundle_id"] == id_of(wires)
    assert told["confirmed"]["transactions"] == [signature_of(wire) for wire in wires]
    assert told["status"]["result"]["value"][0]["confirmation_status"] == "processed"
    assert told["single"]["result"] == signature_of(single)
    assert (desk.balance(first), desk.balance(second)) == (SOL, 2 * SOL)
    desk.node.close()
