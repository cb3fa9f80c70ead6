"""An EVM chain through its RPC endpoints: typed reads in integers, sending, receipts. Knows no venue."""

from collections.abc import Sequence
from typing import TypeVar

from tradewind import core
from tradewind.domain.plan import BlockRef
from tradewind.venues import abi, multicall, rpc_answer
from tradewind.venues.account import AccountState
from tradewind.venues.evm_block import BlockHeader, BlockTag, block_parameter, header_request, parse_header
from tradewind.venues.evm_questions import (
    count_at,
    header_at,
    height_of,
    present_header,
    receipt_of,
    require_asked,
    send,
    transaction_with_nonce,
)
from tradewind.venues.evm_receipt import Log, Receipt, parse_logs
from tradewind.venues.multicall import Call
from tradewind.venues.reading import Reading
from tradewind.venues.rpc import RpcClient, result_of
from tradewind.venues.rpc_error import Revert, RpcError
from tradewind.venues.send_outcome import SendOutcome, merged

_BALANCE_OF = bytes.fromhex("70a08231")
_ALLOWANCE = bytes.fromhex("dd62ed3e")
_PERMIT_NONCES = bytes.fromhex("7ecebe00")
# One aggregate3 stays far below the 50 million gas that nodes allow a call, and one HTTP body below 1 MiB.
_CALLS_PER_AGGREGATE = 1000
_AGGREGATES_PER_BATCH = 2

A = TypeVar("A")
B = TypeVar("B")


class EvmChain:
    """Reads and sends. Amounts are integers of the smallest unit.

    A `block` is a BlockRef (that very block, refused once it is no longer part of the chain), a number or a tag.
    Errors: those of RpcClient; a call that reverts raises RpcError, whose `revert` is set, except in `try_call`
    and `estimate_gas`, which return the Revert.
    """

    def __init__(self, rpc: RpcClient, *, chain_id: int, multicall: str) -> None:
        self.rpc = rpc
        self.chain_id = chain_id
        self._multicall = multicall

    async def connect(self) -> None:
        """Check that the endpoints serve this chain."""
        await self.rpc.connect()

    async def header(self, block: int | str) -> BlockHeader | None:
        """The header by number, tag or 0x-hash of 32 bytes; None when there is no such block."""
        method, params = header_request(block)
        return require_asked(parse_header(await self.rpc.call(method, params), "block"), block)

    async def head_header(self) -> BlockHeader:
        """The header of the newest block, of an endpoint that is not far behind the others."""
        method, params = header_request("latest")
        return await self.rpc.newest(method, params, present_header, lambda header: header.ref.number)

    async def head(self) -> BlockRef:
        """The newest block."""
        return (await self.head_header()).ref

    async def head_with(self, reading: Reading[A], block: BlockRef) -> tuple[BlockHeader, A | None]:
        """The newest header, and what `reading` tells as of `block`, in one round trip.

        None instead of it when the newest block is another one: the reading is out of date then.
        """

        def read(answers: Sequence[object]) -> tuple[BlockHeader, A | None]:
            header = present_header(result_of(answers[0]))
            return header, reading.parse(answers[1:]) if header.ref.hash == block.hash else None

        requests = (header_request("latest"), *reading.requests)
        return await self.rpc.newest_with(requests, read, lambda told: told[0].ref.number)

    async def read(self, reading: Reading[A]) -> A:
        """What `reading` tells, in one round trip."""
        return reading.parse(await self.rpc.batch(reading.requests))

    async def read_both(self, one: Reading[A], other: Reading[B]) -> tuple[A, B]:
        """What two readings tell, in one round trip."""
        answers = await self.rpc.batch((*one.requests, *other.requests))
        return one.parse(answers[: len(one.requests)]), other.parse(answers[len(one.requests) :])

    async def block(self, block: int | str) -> BlockRef | None:
        """A block by number, tag or hash; None when there is none."""
        header = await self.header(block)
        return None if header is None else header.ref

    async def base_fee(self) -> int:
        """The base fee of the newest block, in wei per gas."""
        return (await self.head_header()).base_fee_wei

    async def next_base_fee(self) -> int:
        """What the next block asks for one gas, as far as the endpoint knows; not less than the newest block asked."""
        answers = await self.rpc.batch([header_request("latest"), header_request("pending")])
        newest = present_header(result_of(answers[0])).base_fee_wei
        # A block that does not exist yet has no hash, and not every node builds one.
        if isinstance(answers[1], RpcError) or answers[1] is None:
            return newest
        pending = rpc_answer.mapping(answers[1], "pending block").get("baseFeePerGas")
        return max(newest, rpc_answer.quantity(pending, "pending block.baseFeePerGas", bits=128))

    async def nonce(self, address: str, tag: BlockTag = "latest") -> int:
        """How many transactions of `address` are included as of `tag`."""
        return await count_at(self.rpc.call, address, tag)

    async def balance(self, address: str, block: BlockTag = "latest") -> int:
        """The native balance in wei."""
        return rpc_answer.quantity(
            await self.rpc.call("eth_getBalance", [address, block_parameter(block)]), "eth_getBalance"
        )

    async def erc20_balance(self, token: str, owner: str, block: BlockTag = "latest") -> int:
        """How much of `token` the owner holds."""
        return await self._read_word(token, _BALANCE_OF + abi.address_word(owner), block, f"balanceOf of {token}")

    async def allowance(self, token: str, owner: str, spender: str, block: BlockTag = "latest") -> int:
        """How much of the owner's `token` the spender may take."""
        data = _ALLOWANCE + abi.address_word(owner) + abi.address_word(spender)
        return await self._read_word(token, data, block, f"allowance of {token}")

    async def permit_nonce(self, token: str, owner: str, block: BlockTag = "latest") -> int:
        """The owner's next EIP-2612 nonce in `token`."""
        return await self._read_word(token, _PERMIT_NONCES + abi.address_word(owner), block, f"nonces of {token}")

    async def account(self, wallet: str, token: str, spender: str, block: BlockTag = "latest") -> AccountState:
        """Everything a swap of `token` needs to know of its wallet, as of one block, in one round trip."""
        return await self.read(self.account_reading(wallet, token, spender, block))

    def account_reading(self, wallet: str, token: str, spender: str, block: BlockTag) -> Reading[AccountState]:
        """As `account`, to be asked together with something else."""
        at, owner = block_parameter(block), abi.address_word(wallet)
        allowance = _ALLOWANCE + owner + abi.address_word(spender)
        reads = (_BALANCE_OF + owner, allowance, _PERMIT_NONCES + owner)

        def parse(answers: Sequence[object]) -> AccountState:
            balance, allowed, permit = self._aggregated(answers[2], 3)
            return AccountState(
                native_balance_raw=rpc_answer.quantity(result_of(answers[0]), "eth_getBalance"),
                nonce=rpc_answer.quantity(result_of(answers[1]), "eth_getTransactionCount", bits=63),
                token_balance_raw=_word(balance, f"balanceOf of {token}"),
                allowance_raw=_word(allowed, f"allowance of {token}"),
                permit_nonce=int.from_bytes(permit) if permit is not None and len(permit) == 32 else None,
            )

        requests = (
            ("eth_getBalance", [wallet, at]),
            ("eth_getTransactionCount", [wallet, at]),
            self._aggregate([Call(token, data) for data in reads], block),
        )
        return Reading(requests, parse)

    async def call(
        self, to: str, data: bytes, *, block: BlockTag = "latest", sender: str | None = None, gas: int | None = None
    ) -> bytes:
        """What a contract answers; a revert raises RpcError."""
        request = _transaction(to, data, sender, gas)
        return rpc_answer.data(await self.rpc.call("eth_call", [request, block_parameter(block)]), "eth_call")

    async def try_call(
        self, to: str, data: bytes, *, block: BlockTag = "latest", sender: str | None = None, gas: int | None = None
    ) -> bytes | Revert:
        """What a contract answers, or why it reverts."""
        try:
            return await self.call(to, data, block=block, sender=sender, gas=gas)
        except RpcError as error:
            if error.revert is None:
                raise
            return error.revert

    async def multicall(self, calls: Sequence[Call], block: BlockTag) -> list[bytes | None]:
        """Many reads of one block, in order; None where a call reverted."""
        chunks = [calls[start : start + _CALLS_PER_AGGREGATE] for start in range(0, len(calls), _CALLS_PER_AGGREGATE)]
        results: list[bytes | None] = []
        for start in range(0, len(chunks), _AGGREGATES_PER_BATCH):
            batch = chunks[start : start + _AGGREGATES_PER_BATCH]
            answers = await self.rpc.batch([self._aggregate(chunk, block) for chunk in batch])
            for chunk, answer in zip(batch, answers, strict=True):
                results += self._aggregated(answer, len(chunk))
        return results

    def multicall_reading(self, calls: Sequence[Call], block: BlockTag) -> Reading[list[bytes | None]]:
        """As `multicall`, to be asked together with something else: for few calls, which fit into one request."""
        return Reading((self._aggregate(calls, block),), lambda answers: self._aggregated(answers[0], len(calls)))

    async def estimate_gas(self, to: str, data: bytes, *, sender: str, block: BlockTag = "latest") -> int | Revert:
        """The gas the transaction would use now (on Arbitrum with its share for L1 data), or why it reverts."""
        try:
            answer = await self.rpc.call(
                "eth_estimateGas", [_transaction(to, data, sender, None), block_parameter(block)]
            )
        except RpcError as error:
            if error.revert is None:
                raise
            return error.revert
        return rpc_answer.quantity(answer, "eth_estimateGas", bits=63)

    async def logs_since(
        self, last: BlockRef, head: BlockRef, *, addresses: Sequence[str], topics: Sequence[bytes]
    ) -> tuple[Log, ...] | None:
        """Logs after `last` up to `head`, of any of the first topics; None when either block was reorganised away."""
        return await self.read(self.logs_reading(last, head, addresses=addresses, topics=topics))

    def logs_reading(
        self, last: BlockRef, head: BlockRef, *, addresses: Sequence[str], topics: Sequence[bytes]
    ) -> Reading[tuple[Log, ...] | None]:
        """As `logs_since`, to be asked together with something else."""
        wanted = {
            "fromBlock": hex(last.number + 1),
            "toBlock": hex(head.number),
            "address": list(addresses),
            "topics": [[f"0x{topic.hex()}" for topic in topics]],
        }
        # The headers are asked for after the logs, so that a reorganisation in between shows in them.
        requests = (("eth_getLogs", [wanted]), header_request(last.number), header_request(head.number))
        return Reading(requests, lambda answers: _logs_between(answers, last, head))

    async def finalized_header(self) -> tuple[BlockHeader, tuple[str, ...]]:
        """The newest block that a quorum of endpoints calls final, and the endpoints that tell the same of it."""
        block: int | str = "finalized"
        if self.rpc.quorum > 1:
            # Endpoints learn of a new final block one after the other: what the quorum has reached is agreed upon.
            told = await self.rpc.reached(lambda ask: height_of(ask, "finalized"), what="the newest finalized block")
            block = told.answer
        agreed = await self.rpc.agree(lambda ask: header_at(ask, block), what=f"the header of block {block}")
        return agreed.answer, agreed.endpoints

    async def finalized_nonce(self, address: str) -> int:
        """How many transactions of `address` are included for good: as many as a quorum of endpoints has reached."""
        told = await self.rpc.reached(lambda ask: count_at(ask, address, "finalized"), what=f"the nonce of {address}")
        return told.answer

    async def agreed_nonce(self, address: str) -> int:
        """How many transactions of `address` are included now: as many as a quorum of endpoints has reached."""
        told = await self.rpc.reached(lambda ask: count_at(ask, address, "latest"), what=f"the nonce of {address}")
        return told.answer

    async def agreed_receipt(self, tx_hash: str) -> tuple[Receipt | None, tuple[str, ...]]:
        """As `receipt`, but as a quorum of endpoints has it; None when a quorum has none in its own chain."""
        agreed = await self.rpc.agree(lambda ask: receipt_of(ask, tx_hash), what=f"the receipt of {tx_hash}")
        return agreed.answer, agreed.endpoints

    async def agreed_transaction_with_nonce(
        self, sender: str, nonce: int, *, since_block: int
    ) -> tuple[str | None, tuple[str, ...]]:
        """As `transaction_with_nonce`, but as a quorum of endpoints has it."""
        agreed = await self.rpc.agree(
            lambda ask: transaction_with_nonce(ask, sender, nonce, since_block),
            what=f"the transaction of {sender} with nonce {nonce}",
        )
        return agreed.answer, agreed.endpoints

    async def send_raw(self, raw: bytes, *, everywhere: bool = False) -> SendOutcome:
        """Hand signed bytes to the chain; sending the same bytes again is harmless.

        With `everywhere` all endpoints get them at once, and the outcome is `send_outcome.merged`.
        """
        tx_hash = f"0x{core.keccak256(raw).hex()}"
        if not everywhere:
            return await send(self.rpc.call, raw, tx_hash)
        said = await self.rpc.everywhere(
            lambda ask: send(ask, raw, tx_hash), enough=lambda outcome: outcome.on_its_way, sending=True
        )
        return merged(tx_hash, said)

    async def receipt(self, tx_hash: str) -> Receipt | None:
        """How a transaction ended; None while it is in no block of the best endpoint's own chain, nor of another's."""
        return await self.rpc.found(lambda ask: receipt_of(ask, tx_hash))

    async def transaction_with_nonce(self, sender: str, nonce: int, *, since_block: int) -> str | None:
        """The hash of the included transaction of `sender` with this nonce, looked for from `since_block` on.

        None when it is not there. Needs the states of the blocks between: a node without them raises RpcError.
        """
        return await transaction_with_nonce(self.rpc.call, sender, nonce, since_block)

    async def revert_reason(self, receipt: Receipt, tx: core.Eip1559Transaction) -> Revert:
        """Why a mined transaction failed: what a replay in the state before its block answers, else at its block.

        A Revert without reason and data when no replay fails.
        """
        for number in (receipt.block.number - 1, receipt.block.number):
            try:
                await self.call(tx.to, tx.data, block=number, sender=receipt.sender, gas=tx.gas_limit)
            except RpcError as error:
                return error.revert or Revert(error.rpc_message, b"")
        return Revert(None, b"")

    def _aggregate(self, calls: Sequence[Call], block: BlockTag) -> tuple[str, list[object]]:
        return "eth_call", [_transaction(self._multicall, multicall.encode(calls), None, None), block_parameter(block)]

    def _aggregated(self, answer: object, count: int) -> list[bytes | None]:
        return multicall.decode(rpc_answer.data(result_of(answer), "aggregate3"), count=count, field="aggregate3")

    async def _read_word(self, to: str, data: bytes, block: BlockTag, field: str) -> int:
        return _word(await self.call(to, data, block=block), field)


def _word(answer: bytes | None, field: str) -> int:
    if answer is None:
        rpc_answer.refuse(field, "reverts")
    return abi.Words(answer, field, count=1).unsigned(0)


def _transaction(to: str, data: bytes, sender: str | None, gas: int | None) -> dict[str, str]:
    request = {"to": to, "data": f"0x{data.hex()}"}
    if sender is not None:
        request["from"] = sender
    if gas is not None:
        request["gas"] = hex(gas)
    return request


def _logs_between(answers: Sequence[object], last: BlockRef, head: BlockRef) -> tuple[Log, ...] | None:
    before = parse_header(result_of(answers[1]), "block")
    after = parse_header(result_of(answers[2]), "block")
    if before is None or after is None or (before.ref.hash, after.ref.hash) != (last.hash, head.hash):
        return None
    logs = parse_logs(result_of(answers[0]), "eth_getLogs")
    for log in logs:
        if not last.number < log.block_number <= head.number:
            rpc_answer.refuse("eth_getLogs", f"holds a log of block {log.block_number}, which was not asked for")
        if log.block_number == head.number and log.block_hash != head.hash:
            return None
    return logs
