"""Lies about the chain and its blocks: another chain, another head, other hashes, other logs, other finality."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tradewind.localnet.strict.behaviour import Honest, Lie
from tradewind.localnet.strict.block_tags import BLOCK_AT, RANGES, named_blocks, with_blocks
from tradewind.localnet.strict.json_rpc import Answer, Call, ok

BLOCK_BY_NUMBER = frozenset({"eth_getBlockByNumber"})
BLOCKS = frozenset({"eth_getBlockByNumber", "eth_getBlockByHash"})
_HEADS = {"latest", "pending"}
_PLACED = frozenset({"eth_getTransactionReceipt", "eth_getTransactionByHash", "eth_getBlockByHash"})
_RULED_BY_HEAD = frozenset({"eth_blockNumber"}) | frozenset(BLOCK_AT) | RANGES | _PLACED


class _BlockLie(Lie):
    """Changes blocks that exist."""

    about = BLOCKS

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        block = answer.get("result")
        return answer if block is None else ok(await self.changed(block, call, honest))

    @abstractmethod
    async def changed(self, block: dict[str, Any], call: Call, honest: Honest) -> Any: ...


async def head_number(honest: Honest) -> int:
    """The true head."""
    return int((await honest(Call("eth_blockNumber")))["result"], 16)


@dataclass
class WrongChainId(Lie):
    """The id of another chain (Arbitrum Nova)."""

    chain_id: int = 42170
    about = frozenset({"eth_chainId", "net_version"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        return ok(hex(self.chain_id) if call.method == "eth_chainId" else str(self.chain_id))


class WrongGenesis(_BlockLie):
    """The right chain id, but another first block: a fork, or somebody's test chain."""

    about = BLOCK_BY_NUMBER

    async def changed(self, block: dict[str, Any], call: Call, honest: Honest) -> Any:
        return block | {"hash": "0x" + "9e" * 32} if int(block["number"], 16) == 0 else block


class _OtherHead(Lie):
    """Serves the chain as if another block were its head; what is younger does not exist."""

    about = _RULED_BY_HEAD

    @abstractmethod
    async def head(self, call: Call, honest: Honest) -> int: ...

    async def answer(self, call: Call, honest: Honest) -> Answer:
        head = await self.head(call, honest)
        if call.method == "eth_blockNumber":
            return ok(hex(head))
        if call.method in _PLACED:
            answer = await honest(call)
            return ok(None) if _number(answer.get("result")) > head else answer
        tags = {tag: hex(head) for tag in _HEADS}
        beyond = {block: hex(head) for block in named_blocks(call) if _is_number(block) and int(block, 16) > head}
        if beyond and call.method in BLOCK_BY_NUMBER:
            return ok(None)
        return await honest(with_blocks(call, tags | beyond))


@dataclass
class StaleHead(_OtherHead):
    """A node that is `blocks` behind, in everything that it says."""

    blocks: int = 5

    async def head(self, call: Call, honest: Honest) -> int:
        return max(0, await head_number(honest) - self.blocks)


@dataclass
class FrozenHead(_OtherHead):
    """A node that stopped at the block it was first asked at."""

    stopped_at: int | None = None

    async def head(self, call: Call, honest: Honest) -> int:
        if self.stopped_at is None:
            self.stopped_at = await head_number(honest)
        return self.stopped_at


@dataclass
class HeadGoesBackwards(_OtherHead):
    """Each time that the head is asked for, it is one block lower than the time before."""

    behind: int = 0

    async def head(self, call: Call, honest: Honest) -> int:
        self.behind += call.method == "eth_blockNumber" or bool(_HEADS & set(named_blocks(call)))
        return max(0, await head_number(honest) - self.behind)


@dataclass
class FutureHead(Lie):
    """A head that does not exist yet: number and timestamp are ahead, and its own hash finds nothing."""

    blocks: int = 1_000
    about = frozenset({"eth_blockNumber", "eth_getBlockByNumber"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        if call.method == "eth_blockNumber":
            return ok(hex(int(answer["result"], 16) + self.blocks))
        if not _HEADS & set(named_blocks(call)) or answer.get("result") is None:
            return answer
        block = answer["result"]
        ahead = {name: hex(int(block[name], 16) + self.blocks) for name in ("number", "timestamp")}
        return ok(block | ahead | {"hash": "0x" + "f0" * 32})


@dataclass
class ChangingBlockHash(_BlockLie):
    """The hash of a block is another one each time, as behind a balancer whose nodes disagree."""

    asked: int = 0

    async def changed(self, block: dict[str, Any], call: Call, honest: Honest) -> Any:
        self.asked += 1
        return block | {"hash": f"0x{self.asked:064x}"}


class BrokenParent(_BlockLie):
    """Blocks whose parent is not the block before."""

    async def changed(self, block: dict[str, Any], call: Call, honest: Honest) -> Any:
        return block | {"parentHash": "0x" + "bb" * 32}


class MissingBlock(_BlockLie):
    """Blocks that exist are not known."""

    async def changed(self, block: dict[str, Any], call: Call, honest: Honest) -> Any:
        return None


class AnotherBlock(_BlockLie):
    """The block before the one that was asked for."""

    about = BLOCK_BY_NUMBER

    async def changed(self, block: dict[str, Any], call: Call, honest: Honest) -> Any:
        before = hex(max(0, int(block["number"], 16) - 1))
        return (await honest(Call("eth_getBlockByNumber", [before, *call.params[1:]])))["result"]


@dataclass
class BaseFee(_BlockLie):
    """A base fee of the liar's choice: nothing at all unless told otherwise."""

    base_fee_wei: int = 0

    async def changed(self, block: dict[str, Any], call: Call, honest: Honest) -> Any:
        return block | {"baseFeePerGas": hex(self.base_fee_wei)}


@dataclass
class HugeBaseFee(BaseFee):
    """A base fee that no wallet could pay."""

    base_fee_wei: int = 10**30


class NoBaseFee(_BlockLie):
    """Blocks from before EIP-1559."""

    async def changed(self, block: dict[str, Any], call: Call, honest: Honest) -> Any:
        return {key: value for key, value in block.items() if key != "baseFeePerGas"}


@dataclass
class WrongTime(_BlockLie):
    """Timestamps that are off by `seconds`."""

    seconds: int = 86_400

    async def changed(self, block: dict[str, Any], call: Call, honest: Honest) -> Any:
        return block | {"timestamp": hex(max(0, int(block["timestamp"], 16) + self.seconds))}


@dataclass
class FinalizedAheadOfLatest(Lie):
    """Says that blocks are final which do not exist yet: the finalized one is the head, numbered `blocks` higher."""

    blocks: int = 10
    about = BLOCK_BY_NUMBER

    async def answer(self, call: Call, honest: Honest) -> Answer:
        if "finalized" not in named_blocks(call):
            return await honest(call)
        block = (await honest(with_blocks(call, {"finalized": "latest"})))["result"]
        return ok(block | {"number": hex(int(block["number"], 16) + self.blocks)})


class EverythingIsFinal(Lie):
    """Whatever is in the latest block counts as finalized and as safe."""

    about = frozenset(BLOCK_AT) | RANGES

    async def answer(self, call: Call, honest: Honest) -> Answer:
        return await honest(with_blocks(call, {"finalized": "latest", "safe": "latest"}))


class NothingIsFinal(Lie):
    """The finalized and the safe block stay the first one for ever."""

    about = frozenset(BLOCK_AT) | RANGES

    async def answer(self, call: Call, honest: Honest) -> Answer:
        return await honest(with_blocks(call, {"finalized": "0x0", "safe": "0x0"}))


@dataclass
class FinalizedReorg(Lie):
    """A finalized block is replaced: it has another hash each time, by its tag and by its number."""

    asked: int = 0
    about = BLOCK_BY_NUMBER

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        final = (await honest(Call("eth_getBlockByNumber", ["finalized", False])))["result"]
        block = answer.get("result")
        if block is None or int(block["number"], 16) > int(final["number"], 16):
            return answer
        self.asked += 1
        return ok(block | {"hash": f"0x{self.asked:02x}{'fe' * 31}"})


class LogsDropped(Lie):
    """eth_getLogs finds nothing."""

    about = frozenset({"eth_getLogs"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        return answer if "error" in answer else ok([])


class LogsDuplicated(Lie):
    """eth_getLogs finds everything twice."""

    about = frozenset({"eth_getLogs"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        return answer if "error" in answer else ok([log for log in answer["result"] for _ in range(2)])


@dataclass
class LogsOfAnotherContract(Lie):
    """eth_getLogs finds the logs asked for, under an address that was not asked for."""

    address: str = "0x" + "ad" * 20
    about = frozenset({"eth_getLogs"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        return answer if "error" in answer else ok([log | {"address": self.address} for log in answer["result"]])


@dataclass
class LogsRemoved(Lie):
    """eth_getLogs marks its logs as removed by a reorganisation, though their block stands."""

    extra: Mapping[str, Any] = field(default_factory=lambda: {"removed": True})
    about = frozenset({"eth_getLogs"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        return answer if "error" in answer else ok([log | self.extra for log in answer["result"]])


def _is_number(block: str) -> bool:
    return block[:2] == "0x" and len(block) < 66


def _number(placed: Any) -> int:
    """The block in which something stands; -1 for nothing."""
    if not isinstance(placed, dict):
        return -1
    return int(placed.get("blockNumber") or placed.get("number") or "-0x1", 16)
