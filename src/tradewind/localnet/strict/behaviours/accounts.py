"""Lies about accounts and contracts: nonces, balances, allowances, quotes, code, gas."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from tradewind.localnet.abi import SELECTORS, encode
from tradewind.localnet.addresses import QUOTER_V2
from tradewind.localnet.strict.behaviour import Honest, Lie
from tradewind.localnet.strict.behaviours.multicall import altered
from tradewind.localnet.strict.json_rpc import Answer, Call, ok

_PERMIT_NONCE = "0x7ecebe00"
_UNLIMITED = (1 << 256) - 1


@dataclass
class WrongNonce(Lie):
    """The transaction count is off by `by`: behind unless told otherwise, so that a used nonce looks free."""

    by: int = -1
    about = frozenset({"eth_getTransactionCount"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        return answer if "error" in answer else ok(hex(max(0, int(answer["result"], 16) + self.by)))


@dataclass
class NonceAhead(WrongNonce):
    """The transaction count is too high, as if something unknown had been sent."""

    by: int = 1


@dataclass
class WrongBalance(Lie):
    """The wallet's ETH is `wei`: nothing unless told otherwise."""

    wei: int = 0
    about = frozenset({"eth_getBalance"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        return ok(hex(self.wei))


class CodeMissing(Lie):
    """No address has code."""

    about = frozenset({"eth_getCode"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        return ok("0x")


class _CallLie(Lie):
    """Changes what a contract answers, also where it is asked through Multicall3."""

    about = frozenset({"eth_call"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        answer = await honest(call)
        return answer if "error" in answer else ok(altered(call.params[0], answer["result"], self.alter))

    @abstractmethod
    def alter(self, to: str, data: str, returned: bytes) -> bytes:
        """What is said to have been returned; `to` and `data` are lower-case hexadecimal."""
        ...


@dataclass
class _WordLie(_CallLie):
    """Changes the first word that one function returns."""

    value: int = 0
    selector = ""

    def alter(self, to: str, data: str, returned: bytes) -> bytes:
        return encode(self.value) + returned[32:] if returned and data.startswith(self.selector) else returned


@dataclass
class WrongTokenBalance(_WordLie):
    """Every token balance is `value`: nothing unless told otherwise."""

    selector = SELECTORS["balanceOf(address)"]


@dataclass
class AllowanceLie(_WordLie):
    """Every allowance is `value`: unlimited unless told otherwise, so that no approval seems to be needed."""

    value: int = _UNLIMITED
    selector = SELECTORS["allowance(address,address)"]


@dataclass
class PermitNonceLie(_WordLie):
    """Every permit nonce is `value`, under which no permit is valid."""

    value: int = 7
    selector = _PERMIT_NONCE


@dataclass
class PoolPriceLie(_WordLie):
    """Every pool's sqrtPriceX96 is `value`: the lowest that a pool can have."""

    value: int = 4295128739
    selector = SELECTORS["slot0()"]


@dataclass
class QuoteAltered(_CallLie):
    """The quoter's amounts are multiplied by `numerator` / `denominator`."""

    numerator: int = 2
    denominator: int = 1

    def alter(self, to: str, data: str, returned: bytes) -> bytes:
        if to != QUOTER_V2.lower() or not returned:
            return returned
        amount = int.from_bytes(returned[:32]) * self.numerator // self.denominator
        return encode(amount) + returned[32:]


class EmptyReturn(_CallLie):
    """Every contract answers with nothing, as where there is no contract."""

    def alter(self, to: str, data: str, returned: bytes) -> bytes:
        return b""


class ShortReturn(_CallLie):
    """The last byte of what a contract returned is missing."""

    def alter(self, to: str, data: str, returned: bytes) -> bytes:
        return returned[:-1]


@dataclass
class FlippedBit(_CallLie):
    """One bit of what a contract returned is another: the lowest of the first word."""

    def alter(self, to: str, data: str, returned: bytes) -> bytes:
        return returned[:31] + bytes([returned[31] ^ 1]) + returned[32:] if len(returned) >= 32 else returned


@dataclass
class AbsurdGasEstimate(Lie):
    """A gas estimate beyond every limit."""

    gas: int = (1 << 63) - 1
    about = frozenset({"eth_estimateGas"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        return ok(hex(self.gas))


@dataclass
class TinyGasEstimate(AbsurdGasEstimate):
    """A gas estimate with which every contract call runs out of gas."""

    gas: int = 21_000


@dataclass
class WrongStorage(Lie):
    """Every storage slot holds `value`."""

    value: int = 0
    about = frozenset({"eth_getStorageAt"})

    async def answer(self, call: Call, honest: Honest) -> Answer:
        return ok(_word(self.value))


def _word(value: int) -> Any:
    return f"0x{value:064x}"
