"""Reads the chain with raw JSON-RPC of its own, so that the verdict owes nothing to the code that it judges."""

from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from tradewind.errors import Unavailable

_BALANCE_OF = "0x70a08231"
_ALLOWANCE = "0xdd62ed3e"
_QUOTE_EXACT_OUTPUT = "0x2f80bb1d"
_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class WalletState:
    """What the chain says of the wallet at one block."""

    block: int
    native_raw: int
    nonce: int
    token_in_raw: int
    token_out_raw: int
    allowance_in_raw: int
    allowance_out_raw: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """One ERC-20 Transfer log."""

    token: str
    sender: str
    recipient: str
    amount_raw: int


@dataclass(frozen=True, slots=True)
class SeenTransaction:
    """One included transaction, from its receipt and its own fields."""

    tx_hash: str
    sender: str
    nonce: int
    succeeded: bool
    block: int
    gas_used: int
    gas_price_wei: int
    transfers: tuple[Transfer, ...]


class Witness:
    """Asks one node. Addresses are compared in lower case."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def wallet(self, wallet: str, *, token_in: str, token_out: str, router: str) -> WalletState:
        """Everything about the wallet that a swap may change, all at the newest block."""
        block = int(await self._ask("eth_blockNumber"), 16)
        at = hex(block)
        approved = _ALLOWANCE + _word(wallet) + _word(router)
        return WalletState(
            block=block,
            native_raw=int(await self._ask("eth_getBalance", wallet, at), 16),
            nonce=int(await self._ask("eth_getTransactionCount", wallet, at), 16),
            token_in_raw=await self._number(token_in, _BALANCE_OF + _word(wallet), at),
            token_out_raw=await self._number(token_out, _BALANCE_OF + _word(wallet), at),
            allowance_in_raw=await self._number(token_in, approved, at),
            allowance_out_raw=await self._number(token_out, approved, at),
        )

    async def transactions_from(
        self, wallet: str, *, after_block: int, up_to_block: int
    ) -> tuple[SeenTransaction, ...]:
        """Every transaction that the wallet sent in a range of blocks, found by reading those blocks whole."""
        found: list[SeenTransaction] = []
        for number in range(after_block + 1, up_to_block + 1):
            block = await self._ask("eth_getBlockByNumber", hex(number), True)
            found += [await self._seen(tx) for tx in block["transactions"] if tx["from"].lower() == wallet.lower()]
        return tuple(found)

    async def quote_exact_output(
        self, quoter: str, *, path: list[str], fees_pips: list[int], amount_out_raw: int, block: int
    ) -> int:
        """What the venue's own QuoterV2 asks for an exact output at `block`. `path` runs in trade order.

        `quoteExactOutput(bytes path, uint256 amountOut)`; its path runs backwards: token, 3 bytes of fee, token.
        """
        encoded = path[-1][2:]
        for token, fee in zip(reversed(path[:-1]), reversed(fees_pips), strict=True):
            encoded += fee.to_bytes(3).hex() + token[2:]
        length = len(encoded) // 2
        padded = encoded + "0" * (-len(encoded) % 64)
        data = f"{_QUOTE_EXACT_OUTPUT}{64:064x}{amount_out_raw:064x}{length:064x}{padded.lower()}"
        answer = await self._ask("eth_call", {"to": quoter, "data": data}, hex(block))
        return int(answer[2:66], 16)

    async def _seen(self, tx: dict[str, Any]) -> SeenTransaction:
        receipt = await self._ask("eth_getTransactionReceipt", tx["hash"])
        return SeenTransaction(
            tx_hash=receipt["transactionHash"],
            sender=receipt["from"],
            nonce=int(tx["nonce"], 16),
            succeeded=receipt["status"] == "0x1",
            block=int(receipt["blockNumber"], 16),
            gas_used=int(receipt["gasUsed"], 16),
            gas_price_wei=int(receipt["effectiveGasPrice"], 16),
            transfers=tuple(
                Transfer(
                    log["address"], f"0x{log['topics'][1][26:]}", f"0x{log['topics'][2][26:]}", int(log["data"], 16)
                )
                for log in receipt["logs"]
                if log["topics"][:1] == [_TRANSFER] and len(log["topics"]) == 3
            ),
        )

    async def _number(self, to: str, data: str, block: str) -> int:
        return int(await self._ask("eth_call", {"to": to, "data": data}, block), 16)

    async def _ask(self, method: str, *params: object) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        try:
            async with self._session.post(self._url, json=body) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable("chain_unreachable", f"The chain at {self._url} does not answer: {error!r}.") from None
        if not isinstance(answer, dict) or "result" not in answer:
            raise Unavailable("chain_refused", f"The chain answered {method} with {str(answer)[:200]}.")
        return answer["result"]


def _word(address: str) -> str:
    return address[2:].lower().rjust(64, "0")
