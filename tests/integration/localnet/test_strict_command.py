"""`tradewind localnet evm --strict` as a person runs it."""

import asyncio
import json
import signal
import sys

from tests.integration.localnet.strict_asking import ask, signed


async def test_the_command_serves_the_strict_endpoint_and_names_the_node_behind_it() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "localnet", "evm", "--port", "0", "--strict", "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        document = json.loads(await process.stdout.readline())
    url, node = document["rpc_url"], document["node_url"]
    assert url != node
    raw, tx_hash = signed()
    assert (await ask(url, "eth_sendRawTransaction", raw)).result == tx_hash
    # It is in a block by now, anvil shows the same, and only anvil can be controlled.
    assert (await ask(node, "eth_getTransactionReceipt", tx_hash)).result["status"] == "0x1"
    assert (await ask(url, "anvil_mine", "0x1")).error["code"] == -32601
    assert "result" in (await ask(node, "anvil_mine", "0x1")).document
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(60):
        assert await process.wait() == 0
