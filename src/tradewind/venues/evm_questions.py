"""Questions to an EVM chain that take several requests, all of which have to go to the same endpoint.

Each takes `ask`, which sends one request: to the best endpoint (`RpcClient.call`), or to one of those that are
compared with each other (`RpcClient.agree`).
"""

from tradewind.errors import Unavailable
from tradewind.venues import rpc_answer
from tradewind.venues.evm_block import BlockHeader, BlockTag, block_parameter, header_request, parse_header
from tradewind.venues.evm_receipt import Receipt, parse_receipt, receipt_place
from tradewind.venues.rpc import Ask
from tradewind.venues.rpc_error import RpcError
from tradewind.venues.send_outcome import SendAnswer, SendOutcome, judge_send_error

_MAX_TRANSACTIONS = 100_000


def present_header(answer: object) -> BlockHeader:
    """The header in an answer; raises Unavailable when there is none, as is never so of the newest block."""
    header = parse_header(answer, "block")
    if header is None:
        rpc_answer.refuse("block", "is missing")
    return header


def require_asked(header: BlockHeader | None, block: BlockTag) -> BlockHeader | None:
    """The header, if it is that of the block that was asked for by number or hash; raises Unavailable if not."""
    if header is not None and isinstance(block, int) and header.ref.number != block:
        rpc_answer.refuse("block.number", f"is {header.ref.number}, while {block} was asked for")
    if header is not None and isinstance(block, str) and len(block) == 66 and header.ref.hash != block.lower():
        rpc_answer.refuse("block.hash", f"is {header.ref.hash}, while {block} was asked for")
    return header


async def header_at(ask: Ask, block: BlockTag) -> BlockHeader:
    """The header of a block that must exist."""
    header = present_header(await ask(*header_request(block)))
    require_asked(header, block)
    return header


async def hash_at(ask: Ask, number: int) -> str | None:
    """The hash of the block of this number; None while there is none."""
    header = require_asked(parse_header(await ask(*header_request(number)), "block"), number)
    return None if header is None else header.ref.hash


async def height_of(ask: Ask, tag: str) -> int:
    """The number of the block that a tag names now."""
    return (await header_at(ask, tag)).ref.number


async def count_at(ask: Ask, address: str, block: BlockTag) -> int:
    """How many transactions of `address` are included as of a block."""
    answer = await ask("eth_getTransactionCount", [address, block_parameter(block)])
    return rpc_answer.quantity(answer, "eth_getTransactionCount", bits=63)


async def receipt_of(ask: Ask, tx_hash: str) -> Receipt | None:
    """How a transaction ended; None while it is in no block of the endpoint's own chain."""
    answer = await ask("eth_getTransactionReceipt", [tx_hash])
    if answer is None:
        return None
    number, block_hash = receipt_place(answer, tx_hash.lower())
    header = require_asked(parse_header(await ask(*header_request(number)), "block"), number)
    if header is None or header.ref.hash != block_hash:
        return None
    return parse_receipt(answer, header.ref)


async def transaction_with_nonce(ask: Ask, sender: str, nonce: int, since_block: int) -> str | None:
    """The hash of the included transaction of `sender` with this nonce, looked for from `since_block` on."""
    low, high = since_block, await height_of(ask, "latest")
    if not await count_at(ask, sender, low) <= nonce < await count_at(ask, sender, high):
        return None
    while low + 1 < high:
        middle = (low + high) // 2
        if await count_at(ask, sender, middle) > nonce:
            high = middle
        else:
            low = middle
    block = rpc_answer.mapping(await ask("eth_getBlockByNumber", [hex(high), True]), "block")
    for entry in rpc_answer.sequence(block.get("transactions"), "block.transactions", at_most=_MAX_TRANSACTIONS):
        found = rpc_answer.mapping(entry, "block.transactions")
        same_sender = rpc_answer.address(found.get("from"), "transaction.from") == sender
        if same_sender and rpc_answer.quantity(found.get("nonce"), "transaction.nonce", bits=64) == nonce:
            return rpc_answer.hash32(found.get("hash"), "transaction.hash")
    return None


async def send(ask: Ask, raw: bytes, tx_hash: str) -> SendOutcome:
    """What the endpoint says to signed bytes. Raises Misconfigured for an endpoint of another chain."""
    try:
        answer = await ask("eth_sendRawTransaction", [f"0x{raw.hex()}"])
        if rpc_answer.hash32(answer, "eth_sendRawTransaction") != tx_hash:
            rpc_answer.refuse("eth_sendRawTransaction", "is the hash of another transaction")
    except RpcError as error:
        return judge_send_error(error, tx_hash)
    except Unavailable as failure:
        return SendOutcome(SendAnswer.UNKNOWN, tx_hash, failure.code, failure.message)
    return SendOutcome(SendAnswer.ACCEPTED, tx_hash, "accepted", "accepted")
