"""A client of Solana's JSON-RPC by hand: requests as solana-py writes them, answers as they come."""

import base64
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.transaction import VersionedTransaction

PROCESSED = {"commitment": "processed"}
CONFIRMED = {"commitment": "confirmed"}


@dataclass(frozen=True)
class RpcFailure(Exception):
    """An error object."""

    code: int
    message: str
    data: Any


@dataclass(frozen=True)
class Answered:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    document: Any


class Asking:
    """`await rpc("getSlot")` gives the result, or raises RpcFailure."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def post(self, body: Any) -> Answered:
        content = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with self._session.post(self._url, **content, headers={"Content-Type": "application/json"}) as answer:
            text = await answer.read()
            document = await answer.json() if text else None
            return Answered(answer.status, dict(answer.headers), document)

    async def __call__(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        document = (await self.post(body)).document
        assert document["jsonrpc"] == "2.0"
        assert document["id"] == 7
        if "error" in document:
            error = document["error"]
            raise RpcFailure(error["code"], error["message"], error.get("data"))
        return document["result"]

    async def value(self, method: str, *params: Any) -> Any:
        """The value of an answer that has a context."""
        return (await self(method, *params))["value"]

    async def signed(self, instructions: list[Instruction], *signers: Keypair) -> bytes:
        """A version 0 transaction with a fresh blockhash; the first signer pays."""
        latest = await self.value("getLatestBlockhash", PROCESSED)
        blockhash = Hash.from_string(latest["blockhash"])
        message = MessageV0.try_compile(signers[0].pubkey(), instructions, [], blockhash)
        return bytes(VersionedTransaction(message, list(signers)))

    async def send(self, wire: bytes, **config: Any) -> str:
        """Send a transaction in base64; its signature."""
        text = base64.b64encode(wire).decode()
        config = {"encoding": "base64", "preflightCommitment": "processed", **config}
        return str(await self("sendTransaction", text, config))

    async def status(self, signature: str) -> Any:
        """The status of one signature."""
        (status,) = await self.value("getSignatureStatuses", [signature])
        return status
