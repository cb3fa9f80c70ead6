"""What a wallet should hold: its balances when it was first read, and every step since, exact to the unit.

`opening + in - out - gas = expected`. A step counts if its block is behind the one that the opening was read at: what
happened before is in the opening already. The first reading of an asset is its opening; later ones are checkpoints,
which tell since when a difference has been there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tradewind.accounting.step_entry import StepEntry
from tradewind.domain.balances import WalletBalances
from tradewind.domain.chain import held_as
from tradewind.domain.events import ReceiptsReclaimed, WalletToppedUp
from tradewind.domain.plan import BlockRef

AssetKey = tuple[int, str, str | None]


@dataclass(frozen=True, slots=True)
class Flow:
    """What a step moved of one asset, in smallest units; `gas` of the native coin only."""

    incoming: int = 0
    outgoing: int = 0
    gas: int = 0

    def __add__(self, other: "Flow") -> "Flow":
        return Flow(self.incoming + other.incoming, self.outgoing + other.outgoing, self.gas + other.gas)

    @property
    def net(self) -> int:
        """The change of the balance."""
        return self.incoming - self.outgoing - self.gas


def flows(entry: StepEntry) -> Iterator[tuple[str | None, Flow]]:
    """What one confirmed step did to its wallet. What it locked up left the wallet as well."""
    yield None, Flow(gas=entry.fee_raw, outgoing=max(0, entry.locked_raw), incoming=max(0, -entry.locked_raw))
    if entry.fill is not None:
        token_in, token_out = (held_as(entry.chain_id, token) for token in (entry.fill.token_in, entry.fill.token_out))
        yield token_in, Flow(outgoing=entry.fill.amount_in_raw)
        yield token_out, Flow(incoming=entry.fill.amount_out_raw)


@dataclass(frozen=True, slots=True)
class Reclaimed:
    """Rents of receipts that came back to a wallet, in lamports, and what taking them back cost."""

    receipts: int = 0
    lamports_back: int = 0
    fee_lamports: int = 0

    def __add__(self, other: "Reclaimed") -> "Reclaimed":
        return Reclaimed(
            self.receipts + other.receipts,
            self.lamports_back + other.lamports_back,
            self.fee_lamports + other.fee_lamports,
        )


@dataclass(slots=True)
class AssetBook:
    """One asset of one wallet. `explained_until` is the last block at which the balance was known to be as expected."""

    opening_raw: int
    opening_block: int
    explained_until: int
    total: Flow = field(default_factory=Flow)
    checkpoint_raw: int | None = None
    checkpoint_block: int = 0
    until_checkpoint: Flow = field(default_factory=Flow)

    @property
    def expected_raw(self) -> int:
        """What the wallet should hold after everything that was added."""
        return self.opening_raw + self.total.net

    def unexplained_since(self, at_block: int) -> int:
        """The block after which the first difference came about that is there at `at_block`."""
        if self.checkpoint_raw is None or self.checkpoint_block > at_block or not self._checkpoint_explained():
            return self.explained_until
        return self.checkpoint_block

    def add(self, block_number: int, flow: Flow) -> None:
        """Count what a step moved, unless the opening has it."""
        if block_number <= self.opening_block:
            return
        self.total += flow
        if self.checkpoint_raw is not None and block_number <= self.checkpoint_block:
            self.until_checkpoint += flow

    def check(self, balance_raw: int, block_number: int, pending: Flow) -> None:
        """A later reading. `pending`: what moved up to the checkpoint before and is not added yet."""
        if self.checkpoint_raw is not None and self._checkpoint_explained(pending):
            self.explained_until = self.checkpoint_block
        self.checkpoint_raw, self.checkpoint_block = balance_raw, block_number
        # Whatever is added already is final, so it is in a block before this one.
        self.until_checkpoint = self.total

    def _checkpoint_explained(self, pending: Flow | None = None) -> bool:
        net = self.until_checkpoint.net + (pending.net if pending else 0)
        return self.checkpoint_raw == self.opening_raw + net


class BalanceBook:
    """Every asset of every wallet that was read. An asset that never was has no opening, and is in no sum."""

    def __init__(self) -> None:
        self._assets: dict[AssetKey, AssetBook] = {}
        self._openings: dict[tuple[int, str], BlockRef] = {}
        self._reclaimed: dict[tuple[int, str], Reclaimed] = {}
        self._topped_up: dict[tuple[int, str], int] = {}
        self.opened_again = 0

    def of_wallet(self, chain_id: int, wallet: str) -> dict[str | None, AssetBook]:
        """The assets of one wallet."""
        return {key[2]: book for key, book in self._assets.items() if key[:2] == (chain_id, wallet)}

    def opening(self, chain_id: int, wallet: str) -> BlockRef | None:
        """The block that the accounts of a wallet start at."""
        return self._openings.get((chain_id, wallet))

    def add(self, entry: StepEntry) -> None:
        """Count a step."""
        for token, flow in flows(entry):
            book = self._assets.get((entry.chain_id, entry.wallet, token))
            if book is not None:
                book.add(entry.block.number, flow)

    def reclaim(self, event: ReceiptsReclaimed) -> None:
        """Count rents that came back, unless the opening has them."""
        place, number = (event.chain_id, event.wallet), event.block.number
        book = self._assets.get((*place, None))
        if book is None or number <= book.opening_block:
            return
        book.add(number, Flow(incoming=event.lamports_back, gas=event.fee_lamports))
        self._reclaimed[place] = self.reclaimed(*place) + Reclaimed(
            event.receipts, event.lamports_back, event.fee_lamports
        )

    def top_up(self, event: WalletToppedUp) -> None:
        """Count what a treasury gave, for both, unless their openings have it."""
        place, number = (event.chain_id, event.wallet), event.block.number
        given = Flow(outgoing=event.lamports, gas=event.fee_lamports)
        if (book := self._assets.get((event.chain_id, event.treasury, None))) is not None:
            book.add(number, given)
        book = self._assets.get((*place, None))
        if book is not None and number > book.opening_block:
            book.add(number, Flow(incoming=event.lamports))
            self._topped_up[place] = self.topped_up(*place) + event.lamports

    def topped_up(self, chain_id: int, wallet: str) -> int:
        """What a treasury gave a wallet, in lamports."""
        return self._topped_up.get((chain_id, wallet), 0)

    def reclaimed(self, chain_id: int, wallet: str) -> Reclaimed:
        """What came back from receipts of a wallet."""
        return self._reclaimed.get((chain_id, wallet), Reclaimed())

    def observe(self, balances: WalletBalances, *, opening: bool, pending: list[StepEntry]) -> None:
        """A reading of a wallet; `pending` are the steps that stand and are not added yet."""
        place = (balances.chain_id, balances.wallet)
        if opening or place not in self._openings:
            self.opened_again += place in self._openings
            self._openings[place] = balances.block
            self._reclaimed.pop(place, None)
            self._topped_up.pop(place, None)
        for token, balance_raw in balances.by_asset().items():
            key = (balances.chain_id, balances.wallet, token)
            book = self._assets.get(key)
            number = balances.block.number
            if book is None or opening:
                self._assets[key] = AssetBook(balance_raw, number, explained_until=number)
            else:
                book.check(balance_raw, number, _moved(pending, key, book))

    def copy(self) -> "BalanceBook":
        """The same, to add to without changing this."""
        other = BalanceBook()
        other._assets = {key: replace(book) for key, book in self._assets.items()}
        other._openings = dict(self._openings)
        other._reclaimed = dict(self._reclaimed)
        other._topped_up = dict(self._topped_up)
        other.opened_again = self.opened_again
        return other


def _moved(pending: list[StepEntry], key: AssetKey, book: AssetBook) -> Flow:
    """What pending steps did to an asset between its opening and its last checkpoint."""
    total = Flow()
    for entry in pending:
        if (entry.chain_id, entry.wallet) != key[:2]:
            continue
        if book.opening_block < entry.block.number <= book.checkpoint_block:
            for token, flow in flows(entry):
                if token == key[2]:
                    total += flow
    return total
