"""Makes a report from the rows of a journal, and from what the wallets hold on chain."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import UUID

from tradewind.accounting.balance_book import AssetBook
from tradewind.accounting.ledger import Ledger, Snapshot
from tradewind.accounting.names import Names
from tradewind.accounting.portfolio_view import AssetView
from tradewind.accounting.report_view import (
    BalanceView,
    ReclaimedView,
    ReportView,
    SidesView,
    StepView,
    TotalsView,
    WalletSumView,
)
from tradewind.accounting.step_entry import Decimals, StepEntry
from tradewind.accounting.sums import Booked, StrategyKey, Sums
from tradewind.domain.amount import from_raw
from tradewind.domain.balances import WalletBalances
from tradewind.domain.plan import BlockRef, StepKind
from tradewind.observability.clock import NS_PER_MS, NS_PER_S
from tradewind.streaming.recorded import Recorded

Place = tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which steps: confirmed at `since_ns` or later and before `until_ns`, of this strategy, by this wallet.

    `steps` is how many of them are listed, the newest; None lists all. Totals count all of them anyway.
    """

    since_ns: int | None = None
    until_ns: int | None = None
    strategy_id: UUID | None = None
    wallet: str | None = None
    steps: int | None = None

    def has(self, entry: StepEntry) -> bool:
        """Whether the step is one of them."""
        return (
            (self.since_ns is None or entry.confirmed_at_ns >= self.since_ns)
            and (self.until_ns is None or entry.confirmed_at_ns < self.until_ns)
            and (self.strategy_id is None or entry.strategy_id == self.strategy_id)
            and (self.wallet is None or entry.wallet == self.wallet)
        )


@dataclass(frozen=True, slots=True)
class Held:
    """What a wallet holds on chain, or why that is not known."""

    balances: WalletBalances | None
    fault: str | None = None


class ReportMaker:
    """Feed it rows in order, then take the report. Keeps the listed steps and sums, not the rows.

    With `start`, which must suit the selection, it needs only the rows after `start.read_after`.
    """

    def __init__(self, selection: Selection, names: Names, decimals: Decimals, start: Snapshot | None = None) -> None:
        self._selection = selection
        self._names = names
        self._steps: deque[StepView] = deque(maxlen=selection.steps)
        self._count = 0
        self._sums: dict[StrategyKey, Sums] = {}
        if start is not None and selection.since_ns is None:
            wanted = start.accounts.copy().sums.items()
            self._sums = {key: sums for key, sums in wanted if selection.strategy_id in (None, key[0])}
            self._count = sum(sums.steps for sums in self._sums.values())
        self._ledger = Ledger(decimals, on_final=lambda booked: self._take(booked, is_final=True), start=start)

    def add(self, rows: Iterable[Recorded]) -> None:
        """Read rows; those of types that accounts do not need may be left out."""
        for row in rows:
            self._ledger.apply(row)

    def report(self, held: Mapping[Place, Held]) -> ReportView:
        """The report; call it once, at the end. `held` may be empty: then nothing is compared."""
        reversible = {entry.seq for entry in self._ledger.reversible()}
        for booked in self._ledger.booked_not_final():
            self._take(booked, is_final=booked.entry.seq not in reversible)
        sums = tuple(self._wallet_sum(place, found) for place, found in held.items())
        return ReportView(
            since=_moment(self._selection.since_ns),
            until=_moment(self._selection.until_ns),
            steps=tuple(self._steps),
            steps_left_off=self._count - len(self._steps),
            totals=tuple(self._totals(key, total) for key, total in self._sums.items()),
            sums=sums,
            is_explained=_all_explained(sums),
            opened_again=self._ledger.opened_again,
        )

    def opening(self, place: Place) -> BlockRef | None:
        """The block that the accounts of a wallet start at."""
        return self._ledger.opening(*place)

    def _take(self, booked: Booked, *, is_final: bool) -> None:
        entry = booked.entry
        if not self._selection.has(entry):
            return
        self._count += 1
        self._sums.setdefault((entry.strategy_id, entry.chain_id), Sums()).add(booked)
        self._steps.append(self._step(booked, is_final=is_final))

    def _step(self, booked: Booked, *, is_final: bool) -> StepView:
        entry = booked.entry
        pays, gets = (self._names.asset(entry.chain_id, token) for token in (entry.token_in, entry.token_out))
        swap = entry.kind is StepKind.SWAP
        fill = entry.fill
        return StepView(
            at=_moment(entry.confirmed_at_ns) or "",
            at_ns=entry.confirmed_at_ns,
            intent_id=entry.intent_id,
            step=entry.step,
            attempt=entry.attempt,
            strategy_id=entry.strategy_id,
            strategy=self._names.strategy(entry.strategy_id),
            chain_id=entry.chain_id,
            wallet=entry.wallet,
            kind=entry.kind,
            outcome=entry.outcome,
            code=entry.code,
            exact=entry.exact,
            pays=pays,
            gets=gets,
            quoted=_sides(pays, gets, entry.quoted_in_raw, entry.quoted_out_raw) if swap else None,
            simulated=_sides(pays, gets, entry.simulated_in_raw, entry.simulated_out_raw),
            filled=_sides(pays, gets, fill.amount_in_raw, fill.amount_out_raw) if fill else None,
            slippage_bps=entry.slippage_bps,
            value_usd=booked.value_usd,
            pool_fee_usd=booked.pool_fee_usd,
            gas_wei=entry.fee_raw,
            gas_usd=booked.gas_usd,
            realised_usd=booked.realised_usd,
            tx_hash=entry.tx_hash,
            nonce=entry.nonce,
            block_number=entry.block.number,
            is_final=is_final,
        )

    def _totals(self, key: StrategyKey, sums: Sums) -> TotalsView:
        strategy_id, chain_id = key
        return TotalsView(
            strategy_id=strategy_id,
            strategy=self._names.strategy(strategy_id),
            chain_id=chain_id,
            net_usd=sums.net_usd,
            **asdict(sums),
        )

    def _wallet_sum(self, place: Place, held: Held) -> WalletSumView:
        chain_id, wallet = place
        opening, fault = self._ledger.opening(chain_id, wallet), held.fault
        if held.balances is not None and opening is None:
            fault = "The service has not read this wallet yet, so there is nothing to start from. Start it once."
        balances: tuple[BalanceView, ...] = ()
        unread: tuple[str, ...] = ()
        if held.balances is not None and opening is not None:
            number = held.balances.block.number
            books = self._ledger.expected(chain_id, wallet, at_block=number)
            on_chain = held.balances.by_asset()
            balances = tuple(
                self._balance(chain_id, token, book, on_chain[token], number)
                for token, book in books.items()
                if token in on_chain
            )
            unread = tuple(self._names.asset(chain_id, token).symbol for token in books if token not in on_chain)
        return WalletSumView(
            chain_id=chain_id,
            chain=self._names.chain(chain_id),
            wallet=wallet,
            opening_block=opening.number if opening else None,
            at_block=held.balances.block.number if held.balances else None,
            balances=balances,
            unread=unread,
            on_their_way=self._ledger.on_their_way(chain_id, wallet),
            topped_up_lamports=self._ledger.topped_up(chain_id, wallet),
            reclaimed=ReclaimedView(**asdict(self._ledger.reclaimed(chain_id, wallet))),
            is_explained=_is_explained(balances, known=not fault and not unread),
            fault=fault,
        )

    def _balance(self, chain_id: int, token: str | None, book: AssetBook, chain_raw: int, at_block: int) -> BalanceView:
        asset, unexplained_raw = self._names.asset(chain_id, token), chain_raw - book.expected_raw
        return BalanceView(
            asset=asset,
            opening_raw=book.opening_raw,
            in_raw=book.total.incoming,
            out_raw=book.total.outgoing,
            gas_raw=book.total.gas,
            expected_raw=book.expected_raw,
            chain_raw=chain_raw,
            unexplained_raw=unexplained_raw,
            unexplained=from_raw(unexplained_raw, asset.decimals),
            since_block=book.unexplained_since(at_block) if unexplained_raw else None,
        )


def _is_explained(balances: Sequence[BalanceView], *, known: bool) -> bool | None:
    if any(balance.unexplained_raw for balance in balances):
        return False
    return True if known else None


def _all_explained(sums: Sequence[WalletSumView]) -> bool | None:
    if any(one.is_explained is False for one in sums):
        return False
    return True if sums and all(one.is_explained for one in sums) else None


def _sides(pays: AssetView, gets: AssetView, pay_raw: int | None, get_raw: int | None) -> SidesView | None:
    if pay_raw is None or get_raw is None:
        return None
    return SidesView(
        pay_raw=pay_raw,
        pay=from_raw(pay_raw, pays.decimals),
        get_raw=get_raw,
        get=from_raw(get_raw, gets.decimals),
    )


def _moment(at_ns: int | None) -> str | None:
    if at_ns is None:
        return None
    seconds, rest_ns = divmod(at_ns, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // NS_PER_MS:03d}Z"
