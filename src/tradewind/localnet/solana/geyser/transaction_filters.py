"""Which transactions a subscriber wants: by outcome, by signature, and by the accounts that they touch."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from solders.pubkey import Pubkey
from solders.signature import Signature

from tradewind.localnet.solana.events import TransactionEvent
from tradewind.localnet.solana.geyser.account_filters import bad_filter, read_keys
from tradewind.localnet.solana.geyser.options import GeyserOptions
from tradewind.localnet.solana.protocol import geyser_pb2 as messages


@dataclass(frozen=True, slots=True)
class TransactionFilter:
    """All that is set must hold; of `include` one account is enough, of `required` all, of `exclude` none."""

    vote: bool | None
    failed: bool | None
    signature: Signature | None
    include: frozenset[Pubkey]
    exclude: frozenset[Pubkey]
    required: frozenset[Pubkey]
    owners: int | None

    def wants(self, event: TransactionEvent) -> bool:
        """Whether the transaction passes. The node has no votes."""
        if self.vote or (self.failed is not None and self.failed != (event.err is not None)):
            return False
        if self.signature is not None and self.signature != event.signature:
            return False
        if not (self.include or self.exclude or self.required):
            return True
        touched = set(event.meta.account_keys) | self._owners_of(event)
        if self.include and not self.include & touched:
            return False
        return not self.exclude & touched and self.required <= touched

    def _owners_of(self, event: TransactionEvent) -> AbstractSet[Pubkey]:
        before = {balance.account_index: balance for balance in event.meta.pre_token_balances}
        after = {balance.account_index: balance for balance in event.meta.post_token_balances}
        if self.owners == messages.ALL:
            return {balance.owner for balance in (*before.values(), *after.values())}
        if self.owners != messages.BALANCE_CHANGED:
            return set()
        changed: set[Pubkey] = set()
        for index in before.keys() | after.keys():
            old, new = before.get(index), after.get(index)
            if (old.amount_raw if old else None) != (new.amount_raw if new else None):
                changed.update(balance.owner for balance in (old, new) if balance)
        return changed


def read_transaction_filter(
    where: str, asked: messages.SubscribeRequestFilterTransactions, options: GeyserOptions
) -> TransactionFilter:
    """The filter; LocalnetError `invalid_filter` says what is wrong with it."""
    if asked.HasField("cuckoo_account_include"):
        raise bad_filter(f"{where}: cuckoo filters are not understood here; list the accounts")
    owners = asked.token_accounts if asked.HasField("token_accounts") else None
    if owners not in (None, messages.ALL, messages.BALANCE_CHANGED):
        raise bad_filter(f"{where}.token_accounts: {owners} is neither ALL nor BALANCE_CHANGED")
    return TransactionFilter(
        vote=asked.vote if asked.HasField("vote") else None,
        failed=asked.failed if asked.HasField("failed") else None,
        signature=_signature(where, asked.signature) if asked.HasField("signature") else None,
        include=read_keys(asked.account_include, f"{where}.account_include", options),
        exclude=read_keys(asked.account_exclude, f"{where}.account_exclude", options),
        required=read_keys(asked.account_required, f"{where}.account_required", options),
        owners=owners,
    )


def _signature(where: str, text: str) -> Signature:
    try:
        return Signature.from_string(text)
    except ValueError as error:
        raise bad_filter(f"{where}.signature: invalid signature {text[:96]!r}") from error
