"""When a wallet is read for the accounts: once to begin with, then to check, however long the chain takes to answer."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests.builders import ARBITRUM, WALLET
from tests.fake_clock import FakeClock
from tests.unit.accounting.journal_rows import DECIMALS, block
from tradewind.accounting.balance_watch import CHECKPOINT_EVERY_S, BalanceWatch
from tradewind.accounting.ledger import Ledger
from tradewind.domain.balances import WalletBalances
from tradewind.domain.events import BalancesObserved
from tradewind.domain.plan import BlockRef
from tradewind.errors import Unavailable
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal


@dataclass
class AChain:
    """Holds the blocks up to `head`; fails as often as `failures` says."""

    head: int = 100
    failures: int = 0
    replaced: set[int] = field(default_factory=set)

    async def read(self, wallet: str) -> WalletBalances:
        if self.failures:
            self.failures -= 1
            raise Unavailable("rpc_unreachable", "nobody answers.")
        return WalletBalances(chain_id=ARBITRUM, wallet=wallet, block=self._block(self.head), native_raw=5, tokens=())

    async def holds(self, asked: BlockRef) -> bool | None:
        return None if asked.number > self.head else self._block(asked.number).hash == asked.hash

    def _block(self, number: int) -> BlockRef:
        return block(number + 10**6).model_copy(update={"number": number}) if number in self.replaced else block(number)


@dataclass
class Watched:
    chain: AChain
    clock: FakeClock
    journal: Journal
    ledger: Ledger
    stream: EmbeddedEventStream
    watch: BalanceWatch

    def readings(self) -> list[tuple[int, bool]]:
        """Block and kind of each reading on record."""
        rows = self.journal.read(types=[BalancesObserved.type_name()])
        bodies = [row.envelope.body for row in rows]
        return [(b.balances.block.number, b.opening) for b in bodies if isinstance(b, BalancesObserved)]


def watched(folder: Path, chain: AChain) -> Watched:
    clock, journal, ledger = FakeClock(), Journal.open(folder / "journal.db"), Ledger(DECIMALS)
    stream = EmbeddedEventStream(journal, clock)
    stream.tap(ledger.apply)
    for row in journal.read():
        ledger.apply(row)
    watch = BalanceWatch(
        ledger=ledger,
        readers={ARBITRUM: chain},
        wallets=[WALLET, WALLET],
        stream=stream,
        clock=clock,
        run_id=uuid4(),
    )
    return Watched(chain, clock, journal, ledger, stream, watch)


async def run_until(house: Watched, count: int) -> None:
    """Let it watch until `count` readings are on record; retries come at once, checkpoints when they are due."""
    task = asyncio.create_task(house.watch.run())
    try:
        async with asyncio.timeout(10):
            while len(house.readings()) < count:
                await house.clock.until_asleep()
                await house.clock.advance(CHECKPOINT_EVERY_S)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_first_reading_opens_and_the_next_ones_check(tmp_path: Path) -> None:
    house = watched(tmp_path, AChain())
    await run_until(house, 3)
    assert house.readings()[:3] == [(100, True), (100, False), (100, False)]
    assert house.ledger.opening(ARBITRUM, WALLET) == block(100)
    house.journal.close()


async def test_a_chain_that_does_not_answer_is_asked_until_it_does(tmp_path: Path) -> None:
    house = watched(tmp_path, AChain(failures=5))
    await run_until(house, 1)
    assert house.readings()[0] == (100, True)
    assert house.chain.failures == 0
    house.journal.close()


async def test_no_chain_waits_for_another_that_does_not_answer(tmp_path: Path) -> None:
    house = watched(tmp_path, AChain())
    silent = AChain(failures=10**9)
    house.watch = BalanceWatch(
        ledger=house.ledger,
        readers={1: silent, ARBITRUM: house.chain},
        wallets=[WALLET],
        stream=house.stream,
        clock=house.clock,
        run_id=uuid4(),
    )
    await run_until(house, 2)
    assert house.readings()[:2] == [(100, True), (100, False)]
    house.journal.close()


async def test_a_restart_checks_and_does_not_open_again(tmp_path: Path) -> None:
    before = watched(tmp_path, AChain())
    await before.watch.observe(ARBITRUM, WALLET)
    before.journal.close()
    after = watched(tmp_path, AChain(head=200))
    await after.watch.observe(ARBITRUM, WALLET)
    assert after.readings() == [(100, True), (200, False)]
    after.journal.close()


async def test_an_opening_that_the_chain_took_back_is_made_again(tmp_path: Path) -> None:
    house = watched(tmp_path, AChain())
    await house.watch.observe(ARBITRUM, WALLET)
    house.chain.head, house.chain.replaced = 105, {100}
    await house.watch.observe(ARBITRUM, WALLET)
    assert house.readings() == [(100, True), (105, True)]
    assert house.ledger.opened_again == 1
    house.journal.close()


async def test_an_endpoint_that_lags_behind_the_opening_is_not_believed_about_it(tmp_path: Path) -> None:
    house = watched(tmp_path, AChain())
    await house.watch.observe(ARBITRUM, WALLET)
    house.chain.head = 99
    assert await house.watch.observe(ARBITRUM, WALLET) is False
    assert house.readings() == [(100, True)]
    house.journal.close()
