"""Reports on demand: reads the wallets, then the journal, and holds one against the other."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from tradewind.accounting.balance_watch import BalanceReader
from tradewind.accounting.ledger import TYPES, Snapshot
from tradewind.accounting.names import Names
from tradewind.accounting.report import Held, Place, ReportMaker, Selection
from tradewind.accounting.report_view import ReportView
from tradewind.accounting.step_entry import Decimals
from tradewind.domain.address import is_evm_address
from tradewind.domain.chain import is_evm
from tradewind.errors import TradewindError
from tradewind.streaming.typed_rows import read_typed

_OPENING_GONE = (
    "A reorganisation took the block that the accounts of this wallet began at. The running service reads the wallet "
    "anew within an hour, or when it starts."
)


class Log(Protocol):
    """A journal that is read off the event loop."""

    async def read(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Run `work` on a connection of its own."""
        ...


class Starts(Protocol):
    """Knows from where a report can go on."""

    def best(self, selection: Selection) -> Snapshot | None:
        """None: it has to read everything."""
        ...


class Reports:
    """Reads the journal for each report, all of it, since a profit rests on everything that was bought before.

    With `starts` it goes on from a snapshot that holds what was before.
    """

    def __init__(
        self,
        *,
        log: Log,
        readers: Mapping[int, BalanceReader],
        wallets: Sequence[str],
        names: Names,
        decimals: Decimals,
        starts: Starts | None = None,
    ) -> None:
        self._log = log
        self._readers = readers
        self._wallets = tuple(wallets)
        self._names = names
        self._decimals = decimals
        self._starts = starts

    async def report(self, selection: Selection, *, compare: bool) -> ReportView:
        """The report; with `compare` the wallets are read on chain and held against the sums.

        The wallets are read first: what they show is then in the journal, or on its way there.
        """
        wanted = [wallet for wallet in self._wallets if selection.wallet in (None, wallet)] if compare else []
        places = [
            (chain_id, wallet)
            for chain_id in self._readers
            for wallet in wanted
            if is_evm_address(wallet) is is_evm(chain_id)
        ]
        held = dict(zip(places, await asyncio.gather(*map(self._held, places)), strict=True))
        start = self._starts.best(selection) if self._starts else None
        maker = ReportMaker(selection, self._names, self._decimals, start)
        after_seq = start.read_after if start else 0
        await self._log.read(lambda log: maker.add(read_typed(log, TYPES, after_seq=after_seq)))
        return maker.report({place: await self._checked(place, maker, found) for place, found in held.items()})

    async def _held(self, place: Place) -> Held:
        chain_id, wallet = place
        try:
            return Held(await self._readers[chain_id].read(wallet))
        except TradewindError as error:
            return Held(None, str(error))

    async def _checked(self, place: Place, maker: ReportMaker, held: Held) -> Held:
        """The sums mean nothing on a chain that does not hold the block that they start from."""
        opening = maker.opening(place)
        if held.balances is None or opening is None:
            return held
        try:
            stands = await self._readers[place[0]].holds(opening)
        except TradewindError as error:
            return Held(None, str(error))
        if stands is None:
            return Held(None, f"The endpoint does not have block {opening.number}, which the accounts began at.")
        return held if stands else Held(None, _OPENING_GONE)
