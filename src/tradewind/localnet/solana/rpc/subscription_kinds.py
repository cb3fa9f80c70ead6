"""The kinds of subscriptions: each turns a node's events into the results that its subscriber is told."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import partial
from typing import ClassVar, TypeAlias

from solders.account import Account
from solders.pubkey import Pubkey
from solders.signature import Signature

from tradewind.localnet.solana.chain import Commitment
from tradewind.localnet.solana.events import AccountUpdate, NodeEvent, SlotEvent, TransactionEvent
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.rpc.account_methods import Filter, account_filters
from tradewind.localnet.solana.rpc.account_view import AccountView
from tradewind.localnet.solana.rpc.answers import with_context
from tradewind.localnet.solana.rpc.errors import invalid_params
from tradewind.localnet.solana.rpc.params import Params, pubkeys, signature

Results: TypeAlias = Iterable[object]
_LEVELS: tuple[Commitment, ...] = ("processed", "confirmed", "finalized")


class Kind(ABC):
    """One subscription. `notification` is the method of what it is told; `ended` once nothing more comes."""

    notification: ClassVar[str]

    def __init__(self) -> None:
        self.ended = False

    @abstractmethod
    def on(self, event: NodeEvent) -> Results:
        """What to tell because of this event."""
        ...

    def at_once(self) -> Results:
        """What to tell right after the subscription."""
        return ()


class Slots(Kind):
    """`slotSubscribe`: each slot as it begins."""

    notification = "slotNotification"

    def on(self, event: NodeEvent) -> Results:
        """A new slot."""
        if isinstance(event, SlotEvent) and event.status == "created":
            yield {"slot": event.slot, "parent": event.parent, "root": event.root}


class Roots(Kind):
    """`rootSubscribe`: each slot as it is finalized."""

    notification = "rootNotification"

    def on(self, event: NodeEvent) -> Results:
        """A finalized slot."""
        if isinstance(event, SlotEvent) and event.status == "finalized":
            yield event.slot


class SlotUpdates(Kind):
    """`slotsUpdatesSubscribe`: every step in the life of a slot."""

    notification = "slotsUpdatesNotification"

    def __init__(self, node: SolanaNode) -> None:
        super().__init__()
        self._node = node

    def on(self, event: NodeEvent) -> Results:
        """A step."""
        if not isinstance(event, SlotEvent):
            return
        told = {"slot": event.slot, "timestamp": self._node.unix_timestamp_s * 1000}
        match event.status:
            case "created":
                yield told | {"type": "firstShredReceived"}
                yield told | {"type": "createdBank", "parent": event.parent}
            case "completed":
                yield told | {"type": "completed"}
            case "processed":
                slot = self._node.chain.slot(event.slot)
                landed = [] if slot is None else slot.transactions
                failed = sum(item.err is not None for item in landed)
                stats = {
                    "numTransactionEntries": len(landed),
                    "numSuccessfulTransactions": len(landed) - failed,
                    "numFailedTransactions": failed,
                    "maxTransactionsPerEntry": min(1, len(landed)),
                }
                yield told | {"type": "frozen", "stats": stats}
            case "confirmed":
                yield told | {"type": "optimisticConfirmation"}
            case "finalized":
                yield told | {"type": "root"}
            case "dead":
                yield told | {"type": "dead", "err": "the slot was abandoned for another fork"}


class Leveled(Kind):
    """Told once what it is about has reached a commitment level; what dies before is never told."""

    def __init__(self, commitment: Commitment) -> None:
        super().__init__()
        self._commitment = commitment
        self._waiting: dict[int, dict[object, NodeEvent]] = {}

    def on(self, event: NodeEvent) -> Results:
        """Keep what it is about until its slot is firm enough."""
        if isinstance(event, SlotEvent):
            if event.status == "dead":
                self._waiting.pop(event.slot, None)
            elif event.status == self._commitment:
                for waiting in self._waiting.pop(event.slot, {}).values():
                    yield from self.show(waiting)
            return
        name = self.wanted(event)
        if name is None:
            return
        if self._commitment == "processed":
            yield from self.show(event)
        elif isinstance(event, AccountUpdate | TransactionEvent):
            self._waiting.setdefault(event.slot, {})[name] = event

    @abstractmethod
    def wanted(self, event: NodeEvent) -> object:
        """None when the event is not wanted; else its name: of two with one name in a slot, the later is told."""
        ...

    @abstractmethod
    def show(self, event: NodeEvent) -> Results:
        """What is told of it."""
        ...


class AccountChanges(Leveled):
    """`accountSubscribe`: one account."""

    notification = "accountNotification"

    def __init__(self, key: Pubkey, view: AccountView, commitment: Commitment) -> None:
        super().__init__(commitment)
        self._key = key
        self._view = view

    def wanted(self, event: NodeEvent) -> object:
        """A write of the account."""
        return self._key if isinstance(event, AccountUpdate) and event.pubkey == self._key else None

    def show(self, event: NodeEvent) -> Results:
        """The account."""
        if isinstance(event, AccountUpdate):
            yield with_context(event.slot, self._view.show(_account(event)))


class ProgramChanges(Leveled):
    """`programSubscribe`: the accounts of a program."""

    notification = "programNotification"

    def __init__(self, program: Pubkey, view: AccountView, filters: list[Filter], commitment: Commitment) -> None:
        super().__init__(commitment)
        self._program = program
        self._view = view
        self._filters = filters

    def wanted(self, event: NodeEvent) -> object:
        """A write of an account of the program that passes the filters."""
        if not isinstance(event, AccountUpdate) or event.owner != self._program:
            return None
        account = _account(event)
        return event.pubkey if all(passes(account) for passes in self._filters) else None

    def show(self, event: NodeEvent) -> Results:
        """The account and its address."""
        if isinstance(event, AccountUpdate):
            shown = {"pubkey": str(event.pubkey), "account": self._view.show(_account(event))}
            yield with_context(event.slot, shown)


class Logs(Leveled):
    """`logsSubscribe`: the logs of transactions, all or those that name an account."""

    notification = "logsNotification"

    def __init__(self, mentioned: Pubkey | None, commitment: Commitment) -> None:
        super().__init__(commitment)
        self._mentioned = mentioned

    def wanted(self, event: NodeEvent) -> object:
        """A transaction that names the account."""
        if not isinstance(event, TransactionEvent):
            return None
        return event.signature if self._mentioned is None or self._mentioned in event.meta.account_keys else None

    def show(self, event: NodeEvent) -> Results:
        """Its logs."""
        if isinstance(event, TransactionEvent):
            yield with_context(
                event.slot, {"signature": str(event.signature), "err": event.err, "logs": list(event.logs)}
            )


class SignatureResult(Kind):
    """`signatureSubscribe`: told once, when the transaction has reached the level; then it is over."""

    notification = "signatureNotification"

    def __init__(self, node: SolanaNode, wanted: Signature, commitment: Commitment, *, received: bool) -> None:
        super().__init__()
        self._node = node
        self._wanted = wanted
        self._commitment = commitment
        self._tell_received = received

    def on(self, event: NodeEvent) -> Results:
        """Look again when it may have changed."""
        if isinstance(event, SlotEvent) or (isinstance(event, TransactionEvent) and event.signature == self._wanted):
            yield from self.at_once()

    def at_once(self) -> Results:
        """What is known now."""
        if self.ended or self._node.faults.hides(bytes(self._wanted)):
            return
        status = self._node.signature_status(self._wanted)
        if status is None:
            return
        if self._tell_received:
            self._tell_received = False
            yield with_context(status.slot, "receivedSignature")
        if _LEVELS.index(status.commitment) >= _LEVELS.index(self._commitment):
            self.ended = True
            yield with_context(status.slot, {"err": status.err})


def open_kind(node: SolanaNode, method: str, params: Params) -> Kind | None:  # noqa: PLR0911 (one return a kind)
    """The subscription that a request opens; None for a method that opens none."""
    match method:
        case "slotSubscribe":
            params.at_most(0)
            return Slots()
        case "rootSubscribe":
            params.at_most(0)
            return Roots()
        case "slotsUpdatesSubscribe":
            params.at_most(0)
            return SlotUpdates(node)
        case "accountSubscribe" | "programSubscribe":
            return _of_accounts(node, method, params)
        case "logsSubscribe":
            return Logs(_mentioned(params), params.config(1).commitment())
        case "signatureSubscribe":
            config = params.config(1)
            wanted = signature(params.text(0, "signature"))
            received = config.flag("enableReceivedNotification")
            return SignatureResult(node, wanted, config.commitment(), received=received)
        case _:
            return None


def _of_accounts(node: SolanaNode, method: str, params: Params) -> Kind:
    key, config = params.pubkey(0), params.config(1)
    commitment = config.commitment()
    view = AccountView.of(config, partial(node.account, commitment=commitment))
    if method == "accountSubscribe":
        return AccountChanges(key, view, commitment)
    return ProgramChanges(key, view, account_filters(config), commitment)


def _mentioned(params: Params) -> Pubkey | None:
    if params.is_text(0):
        if params.text(0, "filter") not in ("all", "allWithVotes"):
            raise invalid_params("Invalid params: `filter` is `all`, `allWithVotes` or an object with `mentions`.")
        return None
    mentions = params.object(0).get("mentions")
    if not isinstance(mentions, list) or len(mentions) != 1:
        raise invalid_params("Invalid Request: Only 1 address supported")
    return pubkeys(mentions, "mentions", most=1)[0]


def _account(event: AccountUpdate) -> Account:
    return Account(event.lamports, event.data, event.owner, event.executable, event.rent_epoch)
