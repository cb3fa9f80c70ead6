"""A block's header, and how requests name a block."""

from dataclasses import dataclass

from tradewind.domain.plan import BlockRef
from tradewind.venues import rpc_answer

BlockTag = BlockRef | int | str


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """What is read of a block. `parent_hash` tells a reorganisation, `base_fee_wei` is the price of gas in it."""

    ref: BlockRef
    parent_hash: str
    base_fee_wei: int


def parse_header(value: object, field: str) -> BlockHeader | None:
    """The header in an answer to eth_getBlockBy…; None when the node has no such block."""
    if value is None:
        return None
    block = rpc_answer.mapping(value, field)
    return BlockHeader(
        BlockRef(
            number=rpc_answer.quantity(block.get("number"), f"{field}.number", bits=63),
            hash=rpc_answer.hash32(block.get("hash"), f"{field}.hash"),
            timestamp_s=rpc_answer.quantity(block.get("timestamp"), f"{field}.timestamp", bits=63),
        ),
        rpc_answer.hash32(block.get("parentHash"), f"{field}.parentHash"),
        rpc_answer.quantity(block.get("baseFeePerGas"), f"{field}.baseFeePerGas", bits=128),
    )


def header_request(block: BlockTag) -> tuple[str, list[object]]:
    """The request for a header by BlockRef, number, tag or hash (0x and 64 digits), without its transactions."""
    if isinstance(block, BlockRef):
        return "eth_getBlockByHash", [block.hash, False]
    if isinstance(block, str) and len(block) == 66:
        return "eth_getBlockByHash", [block, False]
    return "eth_getBlockByNumber", [block_parameter(block), False]


def block_parameter(block: BlockTag) -> object:
    """How a request names a block: a BlockRef by its hash (EIP-1898), refused by the node once it is reorganised."""
    if isinstance(block, BlockRef):
        return {"blockHash": block.hash, "requireCanonical": True}
    return hex(block) if isinstance(block, int) else block
