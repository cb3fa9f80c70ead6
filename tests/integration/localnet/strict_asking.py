"""A plain client of the strict endpoint, and transactions signed by eth-account: nothing of the code under test."""

import io
import json
from dataclasses import dataclass
from typing import Any

import aiohttp
from eth_account.account import Account

from tradewind.localnet import addresses as at

GWEI = 10**9


@dataclass(frozen=True, slots=True)
class Said:
    """An HTTP answer."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def result(self) -> Any:
        assert "error" not in self.document, self.document
        return self.document["result"]

    @property
    def error(self) -> Any:
        assert "result" not in self.document, self.document
        return self.document["error"]


def request(method: str, *params: Any, number: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


async def post(url: str, body: Any, *, timeout_s: float = 20) -> Said:
    """Post JSON, or bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    headers = {"Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(url, data=io.BytesIO(content), headers=headers, allow_redirects=False) as response,
    ):
        return Said(response.status, await response.read(), {k: str(v) for k, v in response.headers.items()})


async def ask(url: str, method: str, *params: Any, timeout_s: float = 20) -> Said:
    return await post(url, request(method, *params), timeout_s=timeout_s)


def signed(key: str = at.TRADER_PRIVATE_KEY, **changes: Any) -> tuple[str, str]:
    """Raw bytes and hash of a transfer of nothing to oneself, with `changes` (None takes a field away)."""
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": 42161,
        "nonce": 0,
        "maxPriorityFeePerGas": 0,
        "maxFeePerGas": GWEI,
        "gas": 100_000,
        "to": at.TRADER,
        "value": 0,
        "data": b"",
    } | changes
    done = Account.sign_transaction({k: v for k, v in fields.items() if v is not None}, key)
    return "0x" + done.raw_transaction.hex(), "0x" + done.hash.hex()
