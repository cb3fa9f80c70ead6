"""Refusals without reason, and rate limits: error objects in the words of nodes and providers."""

from typing import Any

from tradewind.core import keccak256
from tradewind.localnet.strict.behaviour import Honest, Lie
from tradewind.localnet.strict.behaviours.transactions import SENDS
from tradewind.localnet.strict.json_rpc import METHOD_NOT_FOUND, REJECTED, SERVER_ERROR, Answer, Call, error

_STATE = frozenset(
    {"eth_call", "eth_estimateGas", "eth_getBalance", "eth_getCode", "eth_getStorageAt", "eth_getTransactionCount"}
)


class _Refuses(Lie):
    """Carries nothing out."""

    code = SERVER_ERROR
    message = ""
    data: Any = None

    async def answer(self, call: Call, honest: Honest) -> Answer:
        return error(self.code, self.message, self.data)


class AlreadyKnown(_Refuses):
    """The transaction is said to be in the pool; it is not."""

    about = SENDS
    message = "already known"


class NonceTooLow(_Refuses):
    """The nonce is said to be used; it is not."""

    about = SENDS
    message = "nonce too low: address 0x0000000000000000000000000000000000000000, tx: 0 state: 1"


class NonceTooHigh(_Refuses):
    """The nonce is said to have a gap before it; it has none."""

    about = SENDS
    message = "nonce too high: address 0x0000000000000000000000000000000000000000, tx: 1 state: 0"


class Underpriced(_Refuses):
    """The fee is said to be too low for a replacement, where nothing is replaced."""

    about = SENDS
    message = "replacement transaction underpriced"


class FeeTooLow(_Refuses):
    """The fee is said to be below the base fee; it is not."""

    about = SENDS
    message = "max fee per gas less than block base fee: maxFeePerGas: 1 baseFee: 2"


class InsufficientFunds(_Refuses):
    """The wallet is said to hold too little; it holds enough."""

    about = SENDS
    message = "insufficient funds for gas * price + value: balance 0, tx cost 1, overshot 1"


class QueueTimedOut(_Refuses):
    """The sequencer's queue is said to be too slow."""

    about = SENDS
    message = "context deadline exceeded"


class NoSequencer(_Refuses):
    """The sequencer is away."""

    about = SENDS
    message = "sequencer temporarily not available"


class ConditionNotMet(_Refuses):
    """A conditional send is rejected."""

    about = SENDS
    code = REJECTED
    message = "Storage slot value condition not met"


class InternalError(_Refuses):
    """-32603 without any explanation."""

    code = -32603
    message = "Internal error"


class InternalErrorWithText(_Refuses):
    """-32603 that quotes what broke inside."""

    code = -32603
    message = "failed to get block: connection refused (os error 111)"
    data = "trace 4bf92f3577b34da6"


class InternalErrorAsRevert(_Refuses):
    """-32603 whose message reads like a contract's refusal."""

    about = frozenset({"eth_call", "eth_estimateGas"})
    code = -32603
    message = "execution reverted"


class ExecutionTimedOut(_Refuses):
    """The node gives up on a call."""

    about = frozenset({"eth_call", "eth_estimateGas"})
    message = "execution aborted (timeout = 5s)"


class HeaderNotFound(_Refuses):
    """A block that the endpoint itself has just named is unknown to it."""

    about = _STATE
    message = "header not found"


class StateMissing(_Refuses):
    """The node has thrown the state away."""

    about = _STATE
    message = f"missing trie node {keccak256(b'').hex()} (path ) state is not available"


class RateLimited(_Refuses):
    """-32005, as nodes limit the rate of requests."""

    code = -32005
    message = "limit exceeded"


class RateLimitedByProvider(_Refuses):
    """The HTTP status as the code, in a body with status 200, as some providers do it."""

    code = 429
    message = "Your app has exceeded its compute units per second capacity."


class TooManyLogs(_Refuses):
    """The range of eth_getLogs is too wide."""

    about = frozenset({"eth_getLogs"})
    code = -32005
    message = "query returned more than 10000 results"


class MethodNotFound(_Refuses):
    """A method that exists does not."""

    code = METHOD_NOT_FOUND
    message = "the method does not exist/is not available"


class RevertedWithoutReason(_Refuses):
    """Every call reverts, without a word."""

    about = frozenset({"eth_call", "eth_estimateGas"})
    code = 3
    message = "execution reverted"
    data = "0x"
