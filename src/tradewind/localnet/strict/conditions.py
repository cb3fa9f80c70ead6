"""The conditions of eth_sendRawTransactionConditional: read strictly, checked against the chain, refused with -32003.

Sources: OffchainLabs/go-ethereum `arbitrum_types/txoptions.go`; OffchainLabs/nitro `tx_pre_checker.go`. Block numbers
are those of L1; anvil's EVM has one height, which serves as both.
"""

import time
from dataclasses import dataclass
from typing import Any

from tradewind.localnet.strict.json_rpc import INVALID_PARAMS, REJECTED, Refusal
from tradewind.localnet.strict.upstream import Upstream

_BOUNDS = {
    "blockNumberMin": ("l1BlockNumber", "BlockNumberMin"),
    "blockNumberMax": ("l1BlockNumber", "BlockNumberMax"),
    "timestampMin": ("timestamp", "TimestampMin"),
    "timestampMax": ("timestamp", "TimestampMax"),
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """Bounds by name; for each known account its storage root, or what its slots hold."""

    bounds: dict[str, int]
    accounts: dict[str, str | dict[str, str]]

    async def check_before_queueing(self, upstream: Upstream, *, age_s: float, max_blocks: int) -> None:
        """Refusal (-32003) unless they hold at the latest block, and held at the first that is `age_s` old.

        That one is looked for among the `max_blocks` before; the oldest of them stands in for it.
        """
        latest = await upstream.result("eth_getBlockByNumber", "latest", False)
        await self._check_at(upstream, latest)
        older = latest
        for number in range(int(latest["number"], 16) - 1, int(latest["number"], 16) - 1 - max_blocks, -1):
            if number < 0 or time.time() - int(older["timestamp"], 16) >= age_s:
                break
            older = await upstream.result("eth_getBlockByNumber", hex(number), False)
        if older is not latest:
            await self._check_at(upstream, older, "conditions check failed for old state:")

    async def check_in_turn(self, upstream: Upstream) -> None:
        """Refusal (-32003) unless they hold for the block that would take the transaction now."""
        upcoming = await upstream.result("eth_getBlockByNumber", "pending", False)
        self._check_bounds(upcoming)
        for account, known in self.accounts.items():
            await _check_account(upstream, account, known, "latest")

    async def _check_at(self, upstream: Upstream, block: dict[str, Any], context: str = "") -> None:
        try:
            self._check_bounds(block)
            for account, known in self.accounts.items():
                await _check_account(upstream, account, known, block["number"])
        except Refusal as refusal:
            raise Refusal(REJECTED, context + refusal.answer["error"]["message"]) from None

    def _check_bounds(self, block: dict[str, Any]) -> None:
        place = {"l1BlockNumber": int(block["number"], 16), "timestamp": int(block["timestamp"], 16)}
        for name, bound in self.bounds.items():
            of, shown = _BOUNDS[name]
            if place[of] < bound if name.endswith("Min") else place[of] > bound:
                raise Refusal(REJECTED, f"{shown} condition not met")


async def _check_account(upstream: Upstream, account: str, known: str | dict[str, str], block: str) -> None:
    if isinstance(known, str):
        proof = await upstream.result("eth_getProof", account, [], block)
        if int(proof["storageHash"], 16) != int(known, 16):
            raise Refusal(REJECTED, "Storage root hash condition not met")
        return
    for slot, value in known.items():
        stored = await upstream.result("eth_getStorageAt", account, slot, block)
        if int(stored, 16) != int(value, 16):
            raise Refusal(REJECTED, "Storage slot value condition not met")


def read_conditions(value: object) -> Conditions:
    """The second parameter of the request; Refusal (-32602) for what nitro does not know."""
    if not isinstance(value, dict) or not set(value) <= {"knownAccounts", *_BOUNDS}:
        raise _invalid("options")
    bounds = {name: _quantity(value[name], name) for name in _BOUNDS if value.get(name) is not None}
    accounts = value.get("knownAccounts", {})
    if not isinstance(accounts, dict):
        raise _invalid("knownAccounts")
    return Conditions(bounds, {_hex(account, 20): _known(known) for account, known in accounts.items()})


def _known(value: object) -> str | dict[str, str]:
    if isinstance(value, str):
        return _hex(value, 32)
    if not isinstance(value, dict):
        raise _invalid("knownAccounts")
    return {_hex(slot, 32): _hex(word, 32) for slot, word in value.items()}


def _quantity(value: object, name: str) -> int:
    try:
        return int(value, 16) if isinstance(value, str) and value.startswith("0x") else _not_a_quantity(name)
    except ValueError:
        raise _invalid(name) from None


def _not_a_quantity(name: str) -> int:
    raise _invalid(name)


def _hex(value: Any, size: int) -> str:
    if not isinstance(value, str) or value[:2] != "0x" or len(value) != 2 + 2 * size:
        raise _invalid(f"{value!r}")
    try:
        bytes.fromhex(value[2:])
    except ValueError:
        raise _invalid(f"{value!r}") from None
    return value


def _invalid(what: str) -> Refusal:
    return Refusal(INVALID_PARAMS, f"invalid argument 1: {what}")
