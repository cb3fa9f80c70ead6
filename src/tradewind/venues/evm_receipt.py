"""Receipts and logs of an EVM chain, read from an endpoint's answer."""

from dataclasses import dataclass

from tradewind.domain.plan import BlockRef
from tradewind.venues import rpc_answer

_MAX_LOGS = 100_000


@dataclass(frozen=True, slots=True)
class Log:
    """One event of a contract: 32 byte topics (the first tells its kind) and ABI words as data."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: str
    log_index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a transaction ended in `block`. `gas_price_wei` is the price paid; a failed one has no logs."""

    tx_hash: str
    block: BlockRef
    sender: str
    target: str | None
    succeeded: bool
    gas_used: int
    gas_price_wei: int
    logs: tuple[Log, ...]

    @property
    def fee_wei(self) -> int:
        """What the transaction cost."""
        return self.gas_used * self.gas_price_wei


def parse_log(value: object, field: str) -> Log:
    """One entry of a receipt's logs or of an answer to eth_getLogs."""
    log = rpc_answer.mapping(value, field)
    if log.get("removed") not in (None, False):
        rpc_answer.refuse(f"{field}.removed", "says that the log is no longer part of the chain")
    topics = rpc_answer.sequence(log.get("topics"), f"{field}.topics", at_most=4)
    return Log(
        rpc_answer.address(log.get("address"), f"{field}.address"),
        tuple(rpc_answer.data(topic, f"{field}.topics", size=32) for topic in topics),
        rpc_answer.data(log.get("data"), f"{field}.data"),
        rpc_answer.quantity(log.get("blockNumber"), f"{field}.blockNumber", bits=63),
        rpc_answer.hash32(log.get("blockHash"), f"{field}.blockHash"),
        rpc_answer.quantity(log.get("logIndex"), f"{field}.logIndex", bits=32),
    )


def parse_logs(value: object, field: str) -> tuple[Log, ...]:
    """An array of logs in the order of the chain; the same log twice is refused."""
    entries = rpc_answer.sequence(value, field, at_most=_MAX_LOGS)
    logs = sorted(
        (parse_log(entry, f"{field}[{index}]") for index, entry in enumerate(entries)),
        key=lambda log: (log.block_number, log.log_index),
    )
    places = {(log.block_number, log.log_index) for log in logs}
    if len(places) != len(logs):
        rpc_answer.refuse(field, "holds the same log twice")
    return tuple(logs)


def receipt_place(value: object, tx_hash: str) -> tuple[int, str]:
    """The number and hash of the block a receipt claims; a receipt of another transaction is refused."""
    receipt = rpc_answer.mapping(value, "receipt")
    if rpc_answer.hash32(receipt.get("transactionHash"), "receipt.transactionHash") != tx_hash:
        rpc_answer.refuse("receipt.transactionHash", "is not the hash that was asked for")
    return (
        rpc_answer.quantity(receipt.get("blockNumber"), "receipt.blockNumber", bits=63),
        rpc_answer.hash32(receipt.get("blockHash"), "receipt.blockHash"),
    )


def parse_receipt(value: object, block: BlockRef) -> Receipt:
    """A receipt whose block has been looked up; logs of another block are refused."""
    receipt = rpc_answer.mapping(value, "receipt")
    target = receipt.get("to")
    logs = parse_logs(receipt.get("logs"), "receipt.logs")
    if any(log.block_hash != block.hash for log in logs):
        rpc_answer.refuse("receipt.logs", "belong to another block than the receipt")
    succeeded = rpc_answer.flag(receipt.get("status"), "receipt.status")
    if logs and not succeeded:
        rpc_answer.refuse("receipt.logs", "exist although the transaction failed")
    return Receipt(
        rpc_answer.hash32(receipt.get("transactionHash"), "receipt.transactionHash"),
        block,
        rpc_answer.address(receipt.get("from"), "receipt.from"),
        None if target is None else rpc_answer.address(target, "receipt.to"),
        succeeded,
        rpc_answer.quantity(receipt.get("gasUsed"), "receipt.gasUsed", bits=63),
        rpc_answer.quantity(receipt.get("effectiveGasPrice"), "receipt.effectiveGasPrice", bits=128),
        logs,
    )
