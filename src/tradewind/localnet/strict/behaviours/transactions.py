"""Lies about transactions: receipts hidden, invented and changed; sends accepted that were not, and the reverse."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from tradewind.core import keccak256
from tradewind.localnet.addresses import SWAP_ROUTER_02, TRADER
from tradewind.localnet.strict.behaviour import Honest, Lie
from tradewind.localnet.strict.json_rpc import SERVER_ERROR, Answer, Call, error, ok

RECEIPT = frozenset({"eth_getTransactionReceipt"})
SENDS = frozenset({"eth_sendRawTransaction", "eth_sendRawTransactionConditional"})
_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


class _ReceiptLie(Lie):
    """Changes receipts that exist."""

    about = RECEIPT

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        receipt = answer.get("result")
        return answer if receipt is None else ok(self.changed(receipt))

    @abstractmethod
    def changed(self, receipt: dict[str, Any]) -> Any: ...


class ReceiptHidden(_ReceiptLie):
    """What is included has no receipt."""

    def changed(self, receipt: dict[str, Any]) -> Any:
        return None


class ReceiptStatusSwapped(_ReceiptLie):
    """Success is told as failure, failure as success."""

    def changed(self, receipt: dict[str, Any]) -> Any:
        return receipt | {"status": "0x0" if receipt["status"] == "0x1" else "0x1"}


class ReceiptInAnotherBlock(_ReceiptLie):
    """The receipt's block is not the one that the chain has at that height."""

    def changed(self, receipt: dict[str, Any]) -> Any:
        elsewhere = "0x" + "0b" * 32
        logs = [log | {"blockHash": elsewhere} for log in receipt["logs"]]
        return receipt | {"blockHash": elsewhere, "logs": logs}


class ReceiptInAFutureBlock(_ReceiptLie):
    """The receipt's block has a number that the chain has not reached."""

    def changed(self, receipt: dict[str, Any]) -> Any:
        return receipt | {"blockNumber": hex(int(receipt["blockNumber"], 16) + 1_000_000)}


class ReceiptOfAnother(_ReceiptLie):
    """The receipt bears the hash of another transaction."""

    def changed(self, receipt: dict[str, Any]) -> Any:
        return receipt | {"transactionHash": "0x" + "a1" * 32}


class ReceiptWithoutLogs(_ReceiptLie):
    """A success that moved nothing."""

    def changed(self, receipt: dict[str, Any]) -> Any:
        return receipt | {"logs": []}


class ReceiptLogsTwice(_ReceiptLie):
    """Every log of the receipt comes twice."""

    def changed(self, receipt: dict[str, Any]) -> Any:
        return receipt | {"logs": [log for log in receipt["logs"] for _ in range(2)]}


class ReceiptAmountsDoubled(_ReceiptLie):
    """Every Transfer in the receipt is of twice the amount."""

    def changed(self, receipt: dict[str, Any]) -> Any:
        logs = [
            log | {"data": f"0x{2 * int(log['data'], 16):064x}"} if log["topics"][:1] == [_TRANSFER] else log
            for log in receipt["logs"]
        ]
        return receipt | {"logs": logs}


@dataclass
class ReceiptGasWrong(_ReceiptLie):
    """The receipt says that it used `gas_used` gas."""

    gas_used: int = 1

    def changed(self, receipt: dict[str, Any]) -> Any:
        return receipt | {"gasUsed": hex(self.gas_used)}


@dataclass
class ReceiptFabricated(Lie):
    """A transaction that was never included gets a receipt of success in the latest block, without any logs."""

    sender: str = TRADER
    to: str = SWAP_ROUTER_02
    gas_used: int = 100_000
    about = RECEIPT

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        if answer.get("result") is not None or "error" in answer:
            return answer
        block = (await honest(Call("eth_getBlockByNumber", ["latest", False])))["result"]
        return ok(
            {
                "type": "0x2",
                "status": "0x1",
                "transactionHash": call.params[0],
                "transactionIndex": "0x0",
                "blockHash": block["hash"],
                "blockNumber": block["number"],
                "from": self.sender,
                "to": self.to,
                "contractAddress": None,
                "cumulativeGasUsed": hex(self.gas_used),
                "gasUsed": hex(self.gas_used),
                "effectiveGasPrice": block["baseFeePerGas"],
                "gasUsedForL1": "0x0",
                "l1BlockNumber": block["number"],
                "logs": [],
                "logsBloom": "0x" + "00" * 256,
            }
        )


class TransactionHidden(Lie):
    """A transaction that is included is not found by its hash."""

    about = frozenset({"eth_getTransactionByHash"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        return ok(None)


class SendDropped(Lie):
    """A send is answered with its hash, and nothing is sent."""

    about = SENDS

    async def answer(self, call: Call, honest: Honest) -> Answer:
        return ok(f"0x{keccak256(bytes.fromhex(call.params[0][2:])).hex()}")


@dataclass
class SendOfAnother(Lie):
    """A send is carried out, and answered with the hash of another transaction."""

    tx_hash: str = "0x" + "5e" * 32
    about = SENDS

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        return answer if "error" in answer else ok(self.tx_hash)


class SentButRefused(Lie):
    """A send is carried out, and answered with an internal error."""

    about = SENDS

    async def answer(self, call: Call, honest: Honest) -> Answer:
        await honest(call)
        return error(-32603, "internal error")


class SentButTimedOut(Lie):
    """A send is carried out, and answered as not accepted."""

    about = SENDS

    async def answer(self, call: Call, honest: Honest) -> Answer:
        await honest(call)
        return error(SERVER_ERROR, "context deadline exceeded")
