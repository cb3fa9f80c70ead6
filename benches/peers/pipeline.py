"""The intent pipeline written in Node: fastify, @uniswap/v3-sdk and viem in one process, on the same local chain."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from benches.peers.packages import ensure_peers
from tradewind.localnet import addresses as at
from tradewind.localnet.evm import EvmLocalnet
from tradewind.localnet.market import POOLS
from tradewind.localnet.packages import node

SCRIPT = Path(__file__).with_suffix(".cjs")
START_S = 60
FINAL = {"COMPLETED", "FAILED"}
TOKEN = "a-token-for-the-bench"  # noqa: S105 - of a process that lives for the bench alone
# The second account of anvil's public test mnemonic: the first one is the service's.
WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
PRIVATE_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
PERMITS = {
    "USDC": {"name": "USD Coin", "version": "2"},
    "WETH": {"name": "Wrapped Ether", "version": "1"},
    "ARB": {"name": "Arbitrum", "version": "1"},
}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A running peer."""

    url: str
    session: aiohttp.ClientSession
    wallet: str = WALLET

    async def submit(self, intent: object) -> str:
        """The id of an accepted intent."""
        async with self.session.post(f"{self.url}/intents", json=intent) as response:
            answer: dict[str, Any] = await response.json()
            if response.status != 202:
                raise RuntimeError(f"the peer did not accept the intent: {answer}")
            return str(answer["id"])

    async def until_final(self, intent_id: str) -> dict[str, Any]:
        """What became of it."""
        async with asyncio.timeout(30):
            while True:
                async with self.session.get(f"{self.url}/intents/{intent_id}") as response:
                    answer: dict[str, Any] = await response.json()
                if answer["status"] in FINAL:
                    return answer
                await asyncio.sleep(0.02)


@asynccontextmanager
async def pipeline(chain: EvmLocalnet, rpc_url: str, folder: Path) -> AsyncIterator[Pipeline]:
    """The peer with a funded wallet of its own, speaking to the chain at `rpc_url`; its log lies in `folder`."""
    await chain.fund_eth(WALLET, 10 * 10**18)
    await chain.fund(WALLET, at.USDC.address, 50_000 * 10**6)
    config = folder / "pipeline.json"
    config.write_text(json.dumps(_config(rpc_url, folder)))
    process = await asyncio.create_subprocess_exec(
        *(node(), str(SCRIPT), str(ensure_peers()), str(config)), stdout=asyncio.subprocess.PIPE
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            line = await process.stdout.readline()
        if not line:
            raise RuntimeError("the peer pipeline did not start")
        async with aiohttp.ClientSession(headers=headers) as session:
            yield Pipeline(json.loads(line)["url"], session)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _config(rpc_url: str, folder: Path) -> dict[str, object]:
    return {
        "rpc_url": rpc_url,
        "chain_id": 42161,
        "multicall": at.MULTICALL3,
        "router": at.SWAP_ROUTER_02,
        "private_key": PRIVATE_KEY,
        "token": TOKEN,
        "log": str(folder / "pipeline.log"),
        "tokens": [
            {"address": token.address, "decimals": token.decimals, "permit": PERMITS[token.symbol]}
            for token in at.TOKENS.values()
        ],
        "pools": [
            {
                "address": pool.address,
                "token0": pool.base.address,
                "token1": pool.quote.address,
                "fee_pips": pool.fee_pips,
                "ticks": sorted({tick for span in pool.ranges for tick in pool.ticks(span)}),
            }
            for pool in POOLS
        ],
    }
