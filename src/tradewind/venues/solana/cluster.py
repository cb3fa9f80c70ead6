"""Reads a Solana cluster: accounts of one slot, heights, transactions. Sends nothing."""

import base64
import binascii
import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tradewind import core
from tradewind.domain.plan import BlockRef
from tradewind.errors import Unavailable
from tradewind.venues import rpc_answer

Commitment = Literal["processed", "confirmed", "finalized"]
CLOCK = "SysvarC1ock11111111111111111111111111111111"
# Agave answers getMultipleAccounts for at most so many.
_ACCOUNTS_A_REQUEST = 100
# Accounts that do not fit into one request have to be of one slot all the same: a slot lasts long enough for it.
_TRIES = 8


class SolanaRpc(Protocol):
    """The endpoints of one cluster; `core.RPCConnectionPool` is one."""

    def call(self, method: str, params_json: str = "[]") -> Awaitable[str]:
        """The `result` of the best endpoint that answers, as JSON text."""
        ...

    def agree(self, method: str, params_json: str = "[]", *, quorum: int | None = None) -> Awaitable[str]:
        """The `result` that a quorum of endpoints gave."""
        ...

    def agreed(self, method: str, params_json: str = "[]") -> Awaitable[tuple[str, Sequence[str]]]:
        """The same, with the endpoints that gave it."""
        ...

    def height(self, commitment: Commitment) -> Awaitable[tuple[int, Sequence[str]]]:
        """The highest block height that a quorum has reached, and the endpoints that have."""
        ...


@dataclass(frozen=True, slots=True)
class Height:
    """A block height that a quorum has reached, and who told it or a higher one."""

    blocks: int
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """An account's state."""

    owner: str
    lamports: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Clock:
    """What the chain's own clock shows."""

    slot: int
    epoch: int
    unix_timestamp: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts as of one slot; None where there is none."""

    slot: int
    by_address: Mapping[str, Account | None]

    @property
    def clock(self) -> Clock:
        """The clock of that slot, if it was asked for."""
        account = self.by_address.get(CLOCK)
        # Clock: slot u64, epoch_start_timestamp i64, epoch u64, leader_schedule_epoch u64, unix_timestamp i64.
        if account is None or len(account.data) != 40:
            rpc_answer.refuse("the clock", f"is no account of 40 bytes: {account!r:.80}")
        words = [account.data[at : at + 8] for at in range(0, 40, 8)]
        slot, _, epoch, _, unix = (int.from_bytes(word, "little", signed=at in {1, 4}) for at, word in enumerate(words))
        return Clock(slot, epoch, unix)


class SolanaCluster:
    """One cluster, whose genesis hash `rpc` pins. Errors: those of `rpc`, and Unavailable for an unreadable answer."""

    def __init__(self, rpc: SolanaRpc, *, chain_id: int) -> None:
        self.rpc = rpc
        self.chain_id = chain_id

    async def ask(self, method: str, *params: object) -> Any:
        """The `result` of one question, parsed."""
        try:
            return json.loads(await self.rpc.call(method, json.dumps(params)))
        except core.CoreError as error:
            raise Unavailable(error.code, f"{method}: {error}") from None

    async def agree(self, method: str, *params: object) -> Any:
        """The same as a quorum of endpoints answers it."""
        try:
            return json.loads(await self.rpc.agree(method, json.dumps(params)))
        except core.CoreError as error:
            raise Unavailable(error.code, f"{method}: {error}") from None

    async def agreed(self, method: str, *params: object) -> tuple[Any, tuple[str, ...]]:
        """The same, with the endpoints that answer so."""
        try:
            told, endpoints = await self.rpc.agreed(method, json.dumps(params))
        except core.CoreError as error:
            raise Unavailable(error.code, f"{method}: {error}") from None
        return json.loads(told), tuple(endpoints)

    async def accounts(self, addresses: Sequence[str], *, commitment: str = "confirmed") -> Accounts:
        """All of them as of one slot."""
        wanted = list(dict.fromkeys(addresses))
        chunks = [wanted[at : at + _ACCOUNTS_A_REQUEST] for at in range(0, len(wanted), _ACCOUNTS_A_REQUEST)]
        for _ in range(_TRIES):
            answers = [await self._chunk(chunk, commitment) for chunk in chunks]
            slots = {slot for slot, _ in answers}
            if len(slots) == 1:
                found = {address: account for _, part in answers for address, account in part.items()}
                return Accounts(slots.pop(), found)
        raise Unavailable(
            "accounts_of_different_slots",
            f"{len(wanted)} accounts could not be read within one slot, {_TRIES} times.",
            remedy="Configure fewer pools, or an endpoint that is nearer.",
        )

    async def _chunk(self, addresses: Sequence[str], commitment: str) -> tuple[int, dict[str, Account | None]]:
        answer = await self.ask(
            "getMultipleAccounts", list(addresses), {"encoding": "base64", "commitment": commitment}
        )
        what = "getMultipleAccounts"
        slot = _slot(answer, what)
        values = rpc_answer.mapping(answer, what).get("value")
        if not isinstance(values, list) or len(values) != len(addresses):
            rpc_answer.refuse(what, f"does not have {len(addresses)} accounts")
        return slot, {address: _account(value, what) for address, value in zip(addresses, values, strict=True)}

    async def head(self) -> BlockRef:
        """The newest confirmed slot, by the chain's own clock."""
        return block_of((await self.accounts([CLOCK])).clock)

    async def height(self, commitment: str) -> int:
        """The block height that one endpoint tells: blocks, where slots without one are not counted."""
        return rpc_answer.integer(await self.ask("getBlockHeight", {"commitment": commitment}), "getBlockHeight")

    async def reached(self, commitment: Commitment) -> Height:
        """The block height that a quorum has reached, for what must not rest on one endpoint's word."""
        try:
            blocks, endpoints = await self.rpc.height(commitment)
        except core.CoreError as error:
            raise Unavailable(error.code, f"getBlockHeight: {error}") from None
        return Height(blocks, tuple(endpoints))


def block_of(clock: Clock) -> BlockRef:
    """A slot as plans name it. A slot has one block at most, so its number is its name."""
    return BlockRef(number=clock.slot, hash=f"slot {clock.slot}", timestamp_s=clock.unix_timestamp)


def _slot(answer: object, what: str) -> int:
    context = rpc_answer.mapping(rpc_answer.mapping(answer, what).get("context"), f"{what}.context")
    return rpc_answer.integer(context.get("slot"), f"{what}.context.slot")


def _account(value: object, what: str) -> Account | None:
    if value is None:
        return None
    fields = rpc_answer.mapping(value, what)
    data, owner = fields.get("data"), fields.get("owner")
    if not isinstance(owner, str) or not isinstance(data, list) or data[1:] != ["base64"]:
        rpc_answer.refuse(what, "has an account without owner or base64 data")
    try:
        raw = base64.b64decode(data[0], validate=True)
    except (binascii.Error, TypeError, ValueError):
        rpc_answer.refuse(what, "has data that is not base64")
    return Account(owner, rpc_answer.integer(fields.get("lamports"), f"{what}.lamports"), raw)
