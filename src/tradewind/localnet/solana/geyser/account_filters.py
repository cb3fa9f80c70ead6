"""Which accounts a subscriber wants: by key, by owner, and by what is in them."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from tradewind.domain.base58 import from_base58
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.events import AccountUpdate
from tradewind.localnet.solana.geyser.options import GeyserOptions
from tradewind.localnet.solana.protocol import geyser_pb2 as messages

MOST_CONDITIONS = 4
MOST_MEMCMP_BYTES = 128
_TOKEN_ACCOUNT_BYTES = 165
_TOKEN_STATE_OFFSET = 108

Condition = Callable[[AccountUpdate], bool]


def bad_filter(what: str) -> LocalnetError:
    """A filter that cannot be used, in Yellowstone's words."""
    return LocalnetError("invalid_filter", f"failed to create filter: {what}")


def read_keys(texts: Sequence[str], where: str, options: GeyserOptions) -> frozenset[Pubkey]:
    """The keys of a filter's list; each must be base58 of 32 bytes."""
    if len(texts) > options.max_keys_per_filter:
        raise bad_filter(f"{where} has {len(texts)} keys; at most {options.max_keys_per_filter} are taken")
    keys = set()
    for text in texts:
        try:
            keys.add(Pubkey.from_string(text))
        except ValueError as error:
            raise bad_filter(f"{where}: invalid pubkey {text[:64]!r}") from error
    return frozenset(keys)


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """All that is set must hold; within a list, one key is enough."""

    accounts: frozenset[Pubkey]
    owners: frozenset[Pubkey]
    conditions: tuple[Condition, ...]

    def wants(self, update: AccountUpdate) -> bool:
        """Whether the account passes."""
        if self.accounts and update.pubkey not in self.accounts:
            return False
        if self.owners and update.owner not in self.owners:
            return False
        return all(condition(update) for condition in self.conditions)


def read_account_filter(
    name: str, asked: messages.SubscribeRequestFilterAccounts, options: GeyserOptions
) -> AccountFilter:
    """The filter of this name; LocalnetError `invalid_filter` says what is wrong with it."""
    if asked.HasField("cuckoo_accounts_filter"):
        raise bad_filter(f"accounts.{name}: cuckoo filters are not understood here; list the accounts")
    if len(asked.filters) > MOST_CONDITIONS:
        raise bad_filter(f"accounts.{name}.filters has {len(asked.filters)} parts; at most {MOST_CONDITIONS} are taken")
    conditions = [_condition(f"accounts.{name}.filters[{place}]", one) for place, one in enumerate(asked.filters)]
    if asked.HasField("nonempty_txn_signature"):
        signed = asked.nonempty_txn_signature
        conditions.append(lambda update: (update.txn_signature is not None) == signed)
    return AccountFilter(
        read_keys(asked.account, f"accounts.{name}.account", options),
        read_keys(asked.owner, f"accounts.{name}.owner", options),
        tuple(conditions),
    )


def _condition(where: str, asked: messages.SubscribeRequestFilterAccountsFilter) -> Condition:
    match asked.WhichOneof("filter"):
        case "memcmp":
            return _memcmp(where, asked.memcmp)
        case "datasize":
            size = asked.datasize
            return lambda update: len(update.data) == size
        case "token_account_state":
            wanted = asked.token_account_state
            return lambda update: _is_token_account(update.data) == wanted
        case "lamports":
            return _lamports(where, asked.lamports)
        case _:
            raise bad_filter(f"{where} is empty: say memcmp, datasize, token_account_state or lamports")


def _memcmp(where: str, asked: messages.SubscribeRequestFilterAccountsFilterMemcmp) -> Condition:
    start, pattern = asked.offset, _pattern(where, asked)
    if len(pattern) > MOST_MEMCMP_BYTES:
        raise bad_filter(f"{where}.memcmp has {len(pattern)} bytes; at most {MOST_MEMCMP_BYTES} are compared")
    return lambda update: update.data[start : start + len(pattern)] == pattern


def _pattern(where: str, asked: messages.SubscribeRequestFilterAccountsFilterMemcmp) -> bytes:
    kind = asked.WhichOneof("data")
    text = asked.base58 if kind == "base58" else asked.base64
    if len(text) > 2 * MOST_MEMCMP_BYTES:
        raise bad_filter(f"{where}.memcmp.{kind} has {len(text)} letters: more than {MOST_MEMCMP_BYTES} bytes")
    try:
        match kind:
            case "bytes":
                return bytes(asked.bytes)
            case "base58":
                return from_base58(text)
            case "base64":
                return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise bad_filter(f"{where}.memcmp is not {kind}: {error}") from error
    raise bad_filter(f"{where}.memcmp has no data: say bytes, base58 or base64")


def _lamports(where: str, asked: messages.SubscribeRequestFilterAccountsFilterLamports) -> Condition:
    match asked.WhichOneof("cmp"):
        case "eq":
            return lambda update: update.lamports == asked.eq
        case "ne":
            return lambda update: update.lamports != asked.ne
        case "lt":
            return lambda update: update.lamports < asked.lt
        case "gt":
            return lambda update: update.lamports > asked.gt
        case _:
            raise bad_filter(f"{where}.lamports is empty: say eq, ne, lt or gt")


def _is_token_account(data: bytes) -> bool:
    return len(data) == _TOKEN_ACCOUNT_BYTES and data[_TOKEN_STATE_OFFSET] != 0
