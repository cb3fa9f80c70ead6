"""A whole deployment on a local Solana: the real programs, the real signer and the real service.

The node runs in the tests' own process, so that a test can look at it, and move it, without asking it anything.
"""

import asyncio
import base64
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from solders.pubkey import Pubkey
from solders.signature import Signature

from tests.e2e.deployment import NO_RATES, Deployment
from tradewind import core
from tradewind.localnet.solana.configuration import STRATEGY_ID, service_toml, signer_toml
from tradewind.localnet.solana.localnet import SolanaLocalnet
from tradewind.localnet.solana.options import NodeOptions

SLOT_MS = 50


class SolanaDeployment(Deployment):
    """As `Deployment`, with the first wallet of the market."""

    def __init__(self, folder: Path, chain: SolanaLocalnet, *, signer: Path, lane: str) -> None:
        super().__init__(folder, [chain.rpc_url], signer=signer, replacements={})
        self.chain = chain
        self.wallet = chain.description.wallets[0]
        self.config = "solana.toml"
        self.lane = lane

    async def prepare(self) -> None:
        """Write the configurations and the key file, and end the wallet's cold start."""
        os.chmod(self.folder, 0o700)
        self._write_private("passphrase", secrets.token_hex(16))
        described, wallet = self.chain.description, self.wallet.address
        service = service_toml(described, wallet=wallet, port=0, lane=self.lane)
        rates = "".join(f"{new}\n" for new in NO_RATES.values())
        (self.folder / "solana.toml").write_text(service.replace("port = 0\n", f"port = 0\n{rates}"))
        (self.folder / "signer.toml").write_text(signer_toml(described, wallet=wallet))
        assert self.wallet.key_file is not None
        arguments = ["key", "import", "--keys", "keys.age", "--solana-file", self.wallet.key_file]
        await self.run_signer(*arguments, "--passphrase-file", "passphrase", "--work-factor", "2")
        await self.run_signer("adopt-wallet", "--config", "signer.toml", "--wallet", wallet, "--chain", "101")

    def account_raw(self, symbol: str) -> int:
        """What the wallet's own account of a token holds, by the node's own state."""
        account = self.chain.node.account(self._key(self.wallet.token_accounts[symbol]), "confirmed")
        return 0 if account is None else int.from_bytes(account.data[64:72], "little")

    def lamports(self) -> int:
        """The wallet's lamports, by the node's own state."""
        account = self.chain.node.account(self._key(self.wallet.address), "confirmed")
        return 0 if account is None else account.lamports

    async def landed(self) -> list[dict[str, Any]]:
        """Every transaction of the wallet that landed, oldest first, by the node's own record."""
        options = {"commitment": "confirmed", "limit": 1000}
        return list(reversed(await self._node("getSignaturesForAddress", self.wallet.address, options)))

    async def transaction(self, signature: str) -> bytes:
        """The bytes of one that landed."""
        options = {"commitment": "confirmed", "encoding": "base64", "maxSupportedTransactionVersion": 0}
        return base64.b64decode((await self._node("getTransaction", signature, options))["transaction"][0])

    async def _node(self, method: str, *params: object) -> Any:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with httpx.AsyncClient() as client:
            return (await client.post(self.chain.rpc_url, json=question)).json()["result"]

    async def until_said(self, event: str, *, times: int = 1, timeout_s: float = 60) -> None:
        """Return once the service's log has the event so many times."""
        async with asyncio.timeout(timeout_s):
            while self.log("service").count(f'"event": "{event}"') < times:
                await asyncio.sleep(0.02)

    async def report(self) -> dict[str, Any]:
        """`tradewind report --json`, which asks the chain itself."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tradewind.cli", "report", "--config", self.config, "--json"),
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await process.communicate()
        report: dict[str, Any] = json.loads(told)
        return report

    def wire_of(self, signature: str) -> bytes:
        """A transaction that landed, as it travelled."""
        event = self.chain.node.transaction(Signature.from_string(signature))
        assert event is not None
        return bytes(event.wire)

    def tip_of(self, signature: str) -> int:
        """What a transaction that landed gave to Jito's tip accounts, by the node's balances before and after."""
        event = self.chain.node.transaction(Signature.from_string(signature))
        assert event is not None
        meta = event.meta
        moved = zip(meta.account_keys, meta.pre_balances, meta.post_balances, strict=True)
        return sum(after - before for key, before, after in moved if str(key) in core.JITO_TIP_ACCOUNTS)

    @staticmethod
    def _key(address: str) -> Pubkey:
        return Pubkey.from_string(address)

    def mint(self, symbol: str) -> dict[str, Any]:
        """The asset of a symbol, as intents name it."""
        found = next(mint for mint in self.chain.description.mints if mint.symbol == symbol)
        return {"symbol": symbol, "address": found.mint, "decimals": found.decimals, "chain_id": 101}

    def sells(self, amount: str, symbol: str, counter: str, **constraints: Any) -> dict[str, Any]:
        """An intent that disposes of so much of a token."""
        return self._intent("dispose", amount, symbol, counter, constraints)

    def buys(self, amount: str, symbol: str, counter: str, **constraints: Any) -> dict[str, Any]:
        """An intent that acquires so much of a token."""
        return self._intent("acquire", amount, symbol, counter, constraints)

    def _intent(self, kind: str, amount: str, symbol: str, counter: str, constraints: dict[str, Any]) -> dict[str, Any]:
        return {
            "strategy_id": str(STRATEGY_ID),
            "intent_type": kind,
            "assets": [{"asset": self.mint(symbol), "amount": str(Decimal(amount))}, {"asset": self.mint(counter)}],
            "constraints": {"max_slippage": "0.005", "time_window_ms": 60_000, **constraints},
        }


@asynccontextmanager
async def deployed_on_solana(
    folder: Path, *, signer: Path, start: bool = True, lane: str = "rpc", **options: Any
) -> AsyncIterator[SolanaDeployment]:
    """A chain whose slots pass by themselves, with everything started unless `start` is off."""
    async with AsyncExitStack() as stack:
        keys = folder / "wallets"
        chain = await stack.enter_async_context(
            SolanaLocalnet(options=NodeOptions(slot_ms=SLOT_MS, **options), keys_folder=keys)
        )
        running = SolanaDeployment(folder, chain, signer=signer, lane=lane)
        stack.push_async_callback(running.stop)
        await running.prepare()
        if start:
            await running.start_signer()
            await running.start_service()
        yield running
