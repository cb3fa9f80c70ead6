"""What a public Arbitrum endpoint answers: public methods alone, and Arbitrum's meaning of tags, fees and pool."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from tradewind.localnet.addresses import NODE_INTERFACE
from tradewind.localnet.strict import l1_gas
from tradewind.localnet.strict.block_tags import BLOCK_AT, RANGES, Resolved, named_blocks, with_blocks
from tradewind.localnet.strict.conditions import read_conditions
from tradewind.localnet.strict.json_rpc import INVALID_PARAMS, METHOD_NOT_FOUND, Answer, Call, Refusal, ok
from tradewind.localnet.strict.rules import Rules
from tradewind.localnet.strict.sequencer import Sequencer
from tradewind.localnet.strict.upstream import Upstream

CLIENT_VERSION = "nitro/strict-localnet"

# Passed on; everything that is in neither table does not exist here.
_READS = (
    frozenset(BLOCK_AT)
    | RANGES
    | {
        "eth_blockNumber",
        "eth_chainId",
        "eth_getBlockByHash",
        "eth_getBlockTransactionCountByHash",
        "eth_getFilterChanges",
        "eth_getFilterLogs",
        "eth_getTransactionByBlockHashAndIndex",
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
        "eth_newBlockFilter",
        "eth_syncing",
        "eth_uninstallFilter",
        "net_listening",
        "net_version",
    }
)

Own = Callable[[Call], Awaitable[Any]]


class StrictNode:
    """Answers calls in order. UpstreamGone when there is no anvil."""

    def __init__(self, upstream: Upstream, rules: Rules) -> None:
        self._upstream = upstream
        self._rules = rules
        self.sequencer = Sequencer(upstream, rules)
        self._own: dict[str, Own] = {
            "eth_accounts": self._nothing,
            "eth_gasPrice": self._gas_price,
            "eth_maxPriorityFeePerGas": self._no_tip,
            "eth_sendRawTransaction": self._send,
            "eth_sendRawTransactionConditional": self._send_conditional,
            "web3_clientVersion": self._client_version,
        }

    async def answer(self, calls: Sequence[Call]) -> list[Answer]:
        """One answer for each call. What is read is read in one round trip, as one client's batch is."""
        own = [(at, self._own_answer(call)) for at, call in enumerate(calls)]
        passed = [at for at, answer in own if answer is None]
        mine = {at: asyncio.create_task(answer) for at, answer in own if answer is not None}
        try:
            reads = await self._read([calls[at] for at in passed])
            done = dict(zip(passed, reads, strict=True))
            for at, task in mine.items():
                done[at] = await task
        finally:
            for task in mine.values():
                task.cancel()
        return [done[at] for at in range(len(calls))]

    def _own_answer(self, call: Call) -> Coroutine[Any, Any, Answer] | None:
        if call.method in self._own:
            return _as_answer(self._own[call.method], call)
        if call.method == "eth_call" and _is_to_node_interface(call):
            return _as_answer(self._node_interface, call)
        if call.method == "eth_estimateGas" and self._rules.l1_base_fee_wei:
            return _as_answer(self._estimate, call)
        if call.method in _READS:
            return None
        return _as_answer(self._unknown, call)

    async def _read(self, calls: Sequence[Call]) -> list[Answer]:
        meaning = await self._meaning_of_tags(calls)
        resolved = [with_blocks(call, meaning) for call in calls]
        answers = await self._upstream.ask([(call.method, call.params) for call in resolved])
        return [_as_on_arbitrum(call, answer) for call, answer in zip(calls, answers, strict=True)]

    async def _meaning_of_tags(self, calls: Sequence[Call]) -> Resolved:
        meaning = {"pending": "latest"}
        if {"safe", "finalized"} & {block for call in calls for block in named_blocks(call)}:
            latest = int(await self._upstream.result("eth_blockNumber"), 16)
            safe_depth = min(self._rules.safe_depth, self._rules.finalized_depth)
            meaning["safe"] = hex(max(0, latest - safe_depth))
            meaning["finalized"] = hex(max(0, latest - self._rules.finalized_depth))
        return meaning

    # What is answered here

    async def _unknown(self, call: Call) -> Any:
        raise Refusal(METHOD_NOT_FOUND, f"the method {call.method} does not exist/is not available")

    async def _nothing(self, _: Call) -> list[Any]:
        return []

    async def _no_tip(self, _: Call) -> str:
        return "0x0"

    async def _client_version(self, _: Call) -> str:
        return CLIENT_VERSION

    async def _gas_price(self, _: Call) -> str:
        return hex(await self._base_fee())

    async def _send(self, call: Call) -> str:
        if len(call.params) != 1:
            raise Refusal(INVALID_PARAMS, "missing value for required argument 0")
        return await self.sequencer.send(call.params[0])

    async def _send_conditional(self, call: Call) -> str:
        if len(call.params) != 2:
            raise Refusal(INVALID_PARAMS, "missing value for required argument 1")
        return await self.sequencer.send(call.params[0], read_conditions(call.params[1]))

    async def _estimate(self, call: Call) -> str:
        wanted = call.params[0] if call.params and isinstance(call.params[0], dict) else {}
        estimated = await self._estimated(call)
        return hex(estimated + await self._share(bytes.fromhex(str(wanted.get("data", wanted.get("input", "0x")))[2:])))

    async def _estimated(self, call: Call) -> int:
        resolved = with_blocks(call, await self._meaning_of_tags([call]))
        return int(await self._upstream.result("eth_estimateGas", *resolved.params), 16)

    async def _node_interface(self, call: Call) -> str:
        transaction = call.params[0]
        selector, to, data = l1_gas.read_question(str(transaction.get("data", transaction.get("input", "0x"))))
        base_fee, share, price = await self._base_fee(), await self._share(data), self._rules.l1_base_fee_wei
        if selector == l1_gas.L1_COMPONENT:
            return l1_gas.l1_component(share, base_fee, price)
        question = {key: transaction[key] for key in ("from", "value") if key in transaction}
        question |= {"to": to, "data": f"0x{data.hex()}"}
        estimated = await self._estimated(Call("eth_estimateGas", [question, *call.params[1:2]]))
        return l1_gas.components(estimated + share, share, base_fee, price)

    async def _share(self, data: bytes) -> int:
        price = self._rules.l1_base_fee_wei
        return l1_gas.l1_share(data, l1_base_fee_wei=price, base_fee_wei=await self._base_fee()) if price else 0

    async def _base_fee(self) -> int:
        block = await self._upstream.result("eth_getBlockByNumber", "latest", False)
        return int(block["baseFeePerGas"], 16)


async def _as_answer(own: Own, call: Call) -> Answer:
    try:
        return ok(await own(call))
    except Refusal as refusal:
        return refusal.answer


def _is_to_node_interface(call: Call) -> bool:
    wanted = call.params[0] if call.params else None
    return isinstance(wanted, dict) and str(wanted.get("to", "")).lower() == NODE_INTERFACE.lower()


def _as_on_arbitrum(call: Call, answer: Answer) -> Answer:
    result = answer.get("result")
    if result is None or call.method not in _CHANGED:
        return answer
    return ok(_CHANGED[call.method](result))


def _transaction(found: dict[str, Any]) -> dict[str, Any] | None:
    # Nothing is known of a transaction before it is sequenced.
    return None if found.get("blockNumber") is None else found


def _block(block: dict[str, Any]) -> dict[str, Any]:
    return block | {"l1BlockNumber": block["number"]}


def _receipt(receipt: dict[str, Any]) -> dict[str, Any]:
    # Anvil charges nothing for L1, and a receipt must say what was charged.
    return receipt | {"gasUsedForL1": "0x0", "l1BlockNumber": receipt["blockNumber"]}


def _receipts(receipts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_receipt(receipt) for receipt in receipts]


def _fee_history(history: dict[str, Any]) -> dict[str, Any]:
    rewards = history.get("reward")
    return history if rewards is None else history | {"reward": [["0x0"] * len(row) for row in rewards]}


_CHANGED: dict[str, Callable[[Any], Any]] = {
    "eth_feeHistory": _fee_history,
    "eth_getBlockByHash": _block,
    "eth_getBlockByNumber": _block,
    "eth_getBlockReceipts": _receipts,
    "eth_getTransactionByHash": _transaction,
    "eth_getTransactionReceipt": _receipt,
}
