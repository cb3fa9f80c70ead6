"""The ledger: a pure fold of the journal into sums, positions and expected balances.

Final steps are folded into sums. Those that a reorganisation can still take back wait in the order in which they were
confirmed, and are booked on a copy whenever somebody asks: so taking one back undoes it exactly, also in the average
cost of what followed. Memory grows with what is not final, never with history.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from tradewind.accounting import step_book
from tradewind.accounting.accounts import Accounts
from tradewind.accounting.balance_book import AssetBook, BalanceBook, Reclaimed
from tradewind.accounting.step_book import Final, Stands, StepBook, StepKey, TakenBack
from tradewind.accounting.step_entry import Decimals, StepEntry
from tradewind.accounting.sums import Booked
from tradewind.domain.events import BalancesObserved, ReceiptsReclaimed, WalletToppedUp
from tradewind.domain.plan import BlockRef
from tradewind.streaming.recorded import Recorded

# The types of events that change the ledger.
_OWN = (BalancesObserved, ReceiptsReclaimed, WalletToppedUp)
TYPES: tuple[str, ...] = (*step_book.TYPES, *(event.type_name() for event in _OWN))


@dataclass(slots=True)
class _Waiting:
    entry: StepEntry
    final: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The ledger as it was after row `seq`; one that goes on from it needs every row after `read_after`.

    `newest_ns` is the latest time of any row so far.
    """

    seq: int
    read_after: int
    newest_ns: int
    accounts: Accounts
    balances: BalanceBook
    waiting: tuple[tuple[StepEntry, bool], ...]


class Ledger:
    """Give `apply` every row in order, once; rows of other types than TYPES may be left out.

    `on_final` is called with each step that is folded into the sums for good.
    """

    def __init__(
        self,
        decimals: Decimals,
        on_final: Callable[[Booked], None] | None = None,
        start: Snapshot | None = None,
    ) -> None:
        """With `start` it goes on from there."""
        self._steps = StepBook()
        self._accounts = start.accounts.copy() if start else Accounts(decimals)
        self._balances = start.balances.copy() if start else BalanceBook()
        self._waiting: dict[StepKey, _Waiting] = {
            (entry.intent_id, entry.step): _Waiting(entry, final) for entry, final in (start.waiting if start else ())
        }
        self._on_final = on_final or (lambda _: None)
        self._known_until = start.seq if start else 0
        self._newest_ns = start.newest_ns if start else 0
        self.seq = start.read_after if start else 0

    def apply(self, recorded: Recorded) -> None:
        """Fold a row in; one that is known already changes nothing."""
        if recorded.seq <= self.seq:
            return
        self.seq = recorded.seq
        self._newest_ns = max(self._newest_ns, recorded.envelope.occurred_at)
        if recorded.seq <= self._known_until:
            # Booked before the start; only what can still change has to be known of it.
            self._steps.apply(recorded)
            return
        body = recorded.envelope.body
        if isinstance(body, BalancesObserved):
            self._balances.observe(body.balances, opening=body.opening, pending=self.not_final())
            return
        if isinstance(body, ReceiptsReclaimed):
            # In a final block: nothing takes it back.
            self._balances.reclaim(body)
            return
        if isinstance(body, WalletToppedUp):
            self._balances.top_up(body)
            return
        match self._steps.apply(recorded):
            case Stands(entry):
                # Confirmed anew, it stands behind what was confirmed meanwhile.
                self._waiting.pop((entry.intent_id, entry.step), None)
                self._waiting[entry.intent_id, entry.step] = _Waiting(entry)
            case TakenBack(key):
                self._waiting.pop(key, None)
            case Final(key) if key in self._waiting:
                self._waiting[key].final = True
            case _:
                return
        self._fold_final()

    def _fold_final(self) -> None:
        """Book what is final and has nothing before it that is not: the order is part of the result."""
        while self._waiting and (first := next(iter(self._waiting.values()))).final:
            del self._waiting[first.entry.intent_id, first.entry.step]
            self._balances.add(first.entry)
            self._on_final(self._accounts.book(first.entry))

    @property
    def booked(self) -> int:
        """How many steps are in the sums for good."""
        return self._accounts.steps()

    def booked_of(self, strategy_id: UUID | None) -> int:
        """The same, of one strategy; None: of all."""
        return self._accounts.steps(strategy_id)

    def snapshot(self) -> Snapshot:
        """How it stands."""
        oldest = self._steps.oldest_seq()
        return Snapshot(
            seq=self.seq,
            read_after=self.seq if oldest is None else oldest - 1,
            newest_ns=self._newest_ns,
            accounts=self._accounts.copy(),
            balances=self._balances.copy(),
            waiting=tuple((waiting.entry, waiting.final) for waiting in self._waiting.values()),
        )

    def not_final(self) -> list[StepEntry]:
        """The steps that stand and are not in the sums for good, oldest first."""
        return [waiting.entry for waiting in self._waiting.values()]

    def reversible(self) -> list[StepEntry]:
        """The steps that stand and that a reorganisation can still take back."""
        return [waiting.entry for waiting in self._waiting.values() if not waiting.final]

    def accounts(self) -> Accounts:
        """Sums and positions of everything that stands."""
        return self._with_waiting()[0]

    def booked_not_final(self) -> list[Booked]:
        """What `on_final` was not called for yet, booked behind what it was."""
        return self._with_waiting()[1]

    def _with_waiting(self) -> tuple[Accounts, list[Booked]]:
        accounts = self._accounts.copy()
        return accounts, [accounts.book(entry) for entry in self.not_final()]

    def expected(self, chain_id: int, wallet: str, *, at_block: int) -> dict[str | None, AssetBook]:
        """What the wallet should hold in the state after `at_block`, by token; nothing before it was first read."""
        balances = self._balances.copy()
        for entry in self.not_final():
            if entry.block.number <= at_block:
                balances.add(entry)
        return balances.of_wallet(chain_id, wallet)

    def reclaimed(self, chain_id: int, wallet: str) -> Reclaimed:
        """What came back from receipts of the wallet since its accounts began, and what that cost."""
        return self._balances.reclaimed(chain_id, wallet)

    def topped_up(self, chain_id: int, wallet: str) -> int:
        """What a treasury gave the wallet since its accounts began, in lamports."""
        return self._balances.topped_up(chain_id, wallet)

    def opening(self, chain_id: int, wallet: str) -> BlockRef | None:
        """The block that the accounts of a wallet start at; None before it was first read."""
        return self._balances.opening(chain_id, wallet)

    @property
    def opened_again(self) -> int:
        """How often accounts had to start anew, because a reorganisation took the block of an opening."""
        return self._balances.opened_again

    def on_their_way(self, chain_id: int, wallet: str) -> int:
        """How many steps of the wallet were sent and not confirmed."""
        return self._steps.on_their_way(chain_id, wallet)

    @property
    def open_count(self) -> int:
        """How many intents are remembered because something of them can still change."""
        return len(self._steps)
