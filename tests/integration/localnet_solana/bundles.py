"""Bundles for the tests: a node at rest, funded wallets, and transfers that pay a tip."""

import base64
import hashlib
import itertools
from typing import Any

import aiohttp
from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from tests.fake_clock import FakeClock
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.options import NodeOptions

SYSTEM = Pubkey.default()
SOL = 1_000_000_000
# The first of the eight, as Jito's documentation lists them.
TIP_ACCOUNT = Pubkey.from_string("96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5")
TIP_LAMPORTS = 10_000


class Desk:
    """A node that moves when a test says so, and wallets on it. Tip accounts exist, as on mainnet."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.node = SolanaNode(NodeOptions(), self.clock)
        self._limits = itertools.count(10_000)
        self.payer = self.wallet(1)
        self.node.set_account(TIP_ACCOUNT, Account(SOL, b"", SYSTEM))

    def wallet(self, number: int, lamports: int = 100 * SOL) -> Keypair:
        keypair = Keypair.from_seed(bytes([number]) * 32)
        self.node.set_account(keypair.pubkey(), Account(lamports, b"", SYSTEM))
        return keypair

    def balance(self, key: Pubkey) -> int:
        account = self.node.account(key)
        return 0 if account is None else account.lamports

    def wire(self, *instructions: Instruction, payer: Keypair | None = None, blockhash: Any = None) -> bytes:
        """A signed transaction; each is another one."""
        payer = payer or self.payer
        calls = [set_compute_unit_limit(next(self._limits)), *instructions]
        recent = blockhash or self.node.latest_blockhash().blockhash
        return bytes(VersionedTransaction(Message.new_with_blockhash(calls, payer.pubkey(), recent), [payer]))

    def pay(self, to: Pubkey, lamports: int, payer: Keypair | None = None) -> Instruction:
        source = (payer or self.payer).pubkey()
        return transfer(TransferParams(from_pubkey=source, to_pubkey=to, lamports=lamports))

    def tip(self, lamports: int = TIP_LAMPORTS, payer: Keypair | None = None) -> Instruction:
        return self.pay(TIP_ACCOUNT, lamports, payer)


def signature_of(wire: bytes) -> str:
    return str(VersionedTransaction.from_bytes(wire).signatures[0])


def id_of(wires: list[bytes]) -> str:
    """The id as Jito defines it."""
    return hashlib.sha256(",".join(map(signature_of, wires)).encode()).hexdigest()


def in_base64(wires: list[bytes]) -> list[str]:
    return [base64.b64encode(wire).decode() for wire in wires]


class Caller:
    """Calls a block engine's HTTP side as a client does."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def call(self, method: str, params: list[Any], path: str = "/api/v1/bundles", **headers: str) -> Any:
        """Status, headers and body of the answer."""
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        async with self.session.post(self.url + path, json=body, headers=headers) as response:
            return response.status, response.headers, await response.json()

    async def result(self, method: str, params: list[Any], path: str = "/api/v1/bundles") -> Any:
        status, _, body = await self.call(method, params, path)
        assert status == 200, body
        assert (body["jsonrpc"], body["id"]) == ("2.0", 7)
        return body["result"]

    async def error(self, method: str, params: list[Any], path: str = "/api/v1/bundles") -> tuple[int, int, str]:
        """HTTP status, JSON-RPC number and message."""
        status, _, body = await self.call(method, params, path)
        assert "error" in body, body
        return status, body["error"]["code"], body["error"]["message"]

    async def send(self, wires: list[bytes]) -> str:
        return str(await self.result("sendBundle", [in_base64(wires), {"encoding": "base64"}]))

    async def refused(self, wires: list[bytes]) -> tuple[int, int, str]:
        return await self.error("sendBundle", [in_base64(wires), {"encoding": "base64"}])

    async def inflight(self, bundle: str) -> tuple[str, int | None]:
        answer = await self.result("getInflightBundleStatuses", [[bundle]])
        (value,) = answer["value"]
        assert value["bundle_id"] == bundle
        return value["status"], value["landed_slot"]

    async def landed(self, bundle: str) -> Any:
        answer = await self.result("getBundleStatuses", [[bundle]])
        (value,) = answer["value"]
        return value
