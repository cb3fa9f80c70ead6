"""Takes signed transactions as Arbitrum's sequencer does: no pool, no replacement, an answer once they are in a block.

Anvil mines them. When it does not mine by itself, a transaction waits in anvil's own pool until somebody mines, or is
taken out of it and given back as not accepted. A tip, which Arbitrum would not take, is charged by anvil, and its
receipts say so.
"""

import asyncio
from typing import Any

from tradewind.localnet.strict.conditions import Conditions
from tradewind.localnet.strict.json_rpc import INVALID_PARAMS, SERVER_ERROR, Answer, Refusal, result_of
from tradewind.localnet.strict.l1_gas import l1_share
from tradewind.localnet.strict.rules import Rules
from tradewind.localnet.strict.signed_transaction import SignedTransaction, read_signed
from tradewind.localnet.strict.upstream import Upstream
from tradewind.localnet.strict.waiting import Senders, Waiting

_ECRECOVER = "0x0000000000000000000000000000000000000001"
_TIMED_OUT = "context deadline exceeded"
# Anvil counts a transaction before it shows its receipt.
_RECEIPT_LAG_S = 1.0


class Sequencer:
    """One queue: the first valid transaction of a nonce wins, in the order of arrival."""

    def __init__(self, upstream: Upstream, rules: Rules) -> None:
        self._upstream = upstream
        self._rules = rules
        self._turn = asyncio.Lock()
        self._senders = Senders()
        self.chain_id = 0

    async def send(self, raw_hex: object, conditions: Conditions | None = None) -> str:
        """The hash, once the transaction is in a block; Refusal with nitro's code and wording otherwise."""
        waiting = Waiting(self._rules)
        raw = _bytes(raw_hex)
        transaction = read_signed(raw)
        self._check_form(transaction, size=len(raw))
        sender = await self._sender(transaction)
        await self._check_state(transaction, sender)
        if conditions is not None:
            age_s, max_blocks = self._rules.condition_age_s, self._rules.condition_max_blocks
            await conditions.check_before_queueing(self._upstream, age_s=age_s, max_blocks=max_blocks)
        with self._senders.present(sender, transaction.nonce):
            await self._hand_over(transaction, raw, sender, conditions, waiting)
            self._senders.move(sender)
            await self._until_included(transaction, sender, waiting)
        return transaction.hash

    def _check_form(self, transaction: SignedTransaction, *, size: int) -> None:
        if size > self._rules.max_transaction_bytes:
            raise Refusal(SERVER_ERROR, "oversized data")
        if transaction.chain_id is None:
            raise Refusal(SERVER_ERROR, "only replay-protected (EIP-155) transactions allowed over RPC")
        if transaction.chain_id != self.chain_id:
            raise Refusal(
                SERVER_ERROR, f"invalid chain id for signer: have {transaction.chain_id} want {self.chain_id}"
            )
        if transaction.gas_limit > (cap := self._rules.max_transaction_gas):
            raise Refusal(SERVER_ERROR, f"transaction gas limit too high (cap: {cap}, tx: {transaction.gas_limit})")

    async def _sender(self, transaction: SignedTransaction) -> str:
        """The signer, recovered by the chain's own precompile."""
        numbers = (transaction.y_parity + 27, transaction.r, transaction.s)
        data = transaction.signing_hash + b"".join(number.to_bytes(32) for number in numbers)
        answer = await self._upstream.result("eth_call", {"to": _ECRECOVER, "data": f"0x{data.hex()}"}, "latest")
        if len(answer) != 66:
            raise Refusal(SERVER_ERROR, "invalid transaction v, r, s values")
        return f"0x{answer[-40:]}"

    async def _check_state(self, transaction: SignedTransaction, sender: str) -> None:
        block, balance, nonce = await self._upstream.results(
            ("eth_getBlockByNumber", ("latest", False)),
            ("eth_getBalance", (sender, "latest")),
            ("eth_getTransactionCount", (sender, "latest")),
        )
        base_fee, held, state = int(block["baseFeePerGas"], 16), int(balance, 16), int(nonce, 16)
        offered = transaction.max_fee_per_gas_wei
        if offered < base_fee:
            raise Refusal(
                SERVER_ERROR,
                f"max fee per gas less than block base fee: address {sender}, maxFeePerGas: {offered} "
                f"baseFee: {base_fee}",
            )
        if transaction.nonce < state:
            raise _nonce_refused("low", sender, transaction.nonce, state)
        if held < transaction.cost_wei:
            raise Refusal(
                SERVER_ERROR,
                f"insufficient funds for gas * price + value: address {sender} have {held} want {transaction.cost_wei}",
            )
        share = l1_share(transaction.data, l1_base_fee_wei=self._rules.l1_base_fee_wei, base_fee_wei=base_fee)
        if transaction.gas_limit < transaction.intrinsic_gas + share:
            raise Refusal(SERVER_ERROR, "intrinsic gas too low")

    async def _hand_over(
        self,
        transaction: SignedTransaction,
        raw: bytes,
        sender: str,
        conditions: Conditions | None,
        waiting: Waiting,
    ) -> None:
        """Give the bytes to anvil as soon as their nonce is the next one that nothing in the queue has."""
        while True:
            state, queued = await self._nonces(sender)
            if transaction.nonce < state:
                raise _nonce_refused("low", sender, transaction.nonce, state)
            if transaction.nonce == queued and await self._take_turn(transaction, raw, sender, conditions):
                return
            if transaction.nonce > queued and self._is_held_in_vain(transaction, sender, waiting):
                raise _nonce_refused("high", sender, transaction.nonce, queued)
            if waiting.queue_time_is_over:
                raise Refusal(SERVER_ERROR, _TIMED_OUT)
            await self._senders.moved(sender, at_most_s=waiting.next_pause_s())

    async def _take_turn(
        self, transaction: SignedTransaction, raw: bytes, sender: str, conditions: Conditions | None
    ) -> bool:
        """One at a time; False when the nonce was taken in the meantime, so that it must be looked at anew."""
        async with self._turn:
            _, queued = await self._nonces(sender)
            if transaction.nonce != queued:
                return False
            if conditions is not None:
                await conditions.check_in_turn(self._upstream)
            (answer,) = await self._upstream.ask([("eth_sendRawTransaction", [f"0x{raw.hex()}"])])
            return _taken(answer)

    def _is_held_in_vain(self, transaction: SignedTransaction, sender: str, waiting: Waiting) -> bool:
        is_over = waiting.nonce_hold_is_over()
        return is_over and not self._senders.is_present(sender, transaction.nonce - 1)

    async def _until_included(self, transaction: SignedTransaction, sender: str, waiting: Waiting) -> None:
        used_since_s: float | None = None
        while not await self._is_included(transaction):
            state, _ = await self._nonces(sender)
            if transaction.nonce >= state:
                used_since_s = None
            elif used_since_s is None:
                used_since_s = waiting.now_s
            elif waiting.now_s - used_since_s > _RECEIPT_LAG_S:
                raise _nonce_refused("low", sender, transaction.nonce, state)
            if waiting.queue_time_is_over:
                await self._upstream.ask([("anvil_dropTransaction", [transaction.hash])])
                if not await self._is_included(transaction):
                    raise Refusal(SERVER_ERROR, _TIMED_OUT)
                return
            await asyncio.sleep(waiting.next_pause_s())

    async def _is_included(self, transaction: SignedTransaction) -> bool:
        return await self._upstream.result("eth_getTransactionReceipt", transaction.hash) is not None

    async def _nonces(self, sender: str) -> tuple[int, int]:
        """The next nonce by the latest block, and by it and what is queued in order."""
        latest, pending = await self._upstream.results(
            *(("eth_getTransactionCount", (sender, tag)) for tag in ("latest", "pending"))
        )
        return int(latest, 16), int(pending, 16)


def _taken(answer: Answer) -> bool:
    """False when another endpoint of the same chain was faster with this nonce, so that it must be looked at anew."""
    try:
        result_of(answer)
    except Refusal as refusal:
        refused: dict[str, Any] = refusal.answer["error"]
        text = refused["message"]
        if "replacement transaction underpriced" in text or "nonce too low" in text:
            return False
        if "already imported" in text:
            return True
        raise Refusal(SERVER_ERROR, text[:1].lower() + text[1:]) from None
    return True


def _nonce_refused(how: str, sender: str, nonce: int, state: int) -> Refusal:
    return Refusal(SERVER_ERROR, f"nonce too {how}: address {sender}, tx: {nonce} state: {state}")


def _bytes(value: object) -> bytes:
    if not isinstance(value, str) or value[:2] != "0x":
        raise Refusal(INVALID_PARAMS, "invalid argument 0: json: cannot unmarshal hex string without 0x prefix")
    try:
        return bytes.fromhex(value[2:])
    except ValueError:
        raise Refusal(INVALID_PARAMS, "invalid argument 0: json: cannot unmarshal invalid hex string") from None
