"""The wallets of an executor: what is free of each, by balances that are read when they change, and again and again."""

import asyncio
from collections.abc import Sequence

from tradewind import core
from tradewind.domain.chain import WRAPPED_SOL
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.plan import Exact
from tradewind.errors import Refused, TradewindError, Unavailable
from tradewind.execution.executors.ports import Reservation
from tradewind.execution.solana.feeds import say_standing
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.venues.solana.wallets import SolanaWallets

# An endpoint may be behind the one that told of a change: it is asked again, so often and so much later.
_READS_OF_A_CHANGE = 5
_BETWEEN_READS_S = 0.4
_MOST_ACCOUNTS = 1_000


class SolanaWalletPool:
    """Implements `Wallets` over the core's WalletManager. `run` it for as long as the executor lives.

    With `websocket_urls` a wallet is read when one of its accounts was written. What is told is only a reason to ask:
    the balances of several accounts belong together in an answer alone. A wallet of which nothing new was told is not
    read again for a reservation.
    """

    def __init__(
        self,
        manager: core.WalletManager,
        reader: SolanaWallets,
        wallets: Sequence[str],
        mints: Sequence[str],
        *,
        fee_lamports: int,
        clock: Clock,
        every_s: float,
        websocket_urls: Sequence[str] = (),
    ) -> None:
        self._manager = manager
        self._reader = reader
        self._wallets = tuple(wallets)
        self._mints = tuple(mints)
        self._fee_lamports = fee_lamports
        self._clock = clock
        self._every_s = every_s
        self._websocket_urls = tuple(websocket_urls)
        self._wallet_of: dict[str, str] = {}
        self._told_slot: dict[str, int] = {}
        self._read_slot: dict[str, int] = {}
        self._live = False
        self._lives = 0
        self._followed: set[str] = set()
        self._current: set[str] = set()

    async def run(self) -> None:
        """Read the wallets again and again; one that cannot be read keeps what was known of it."""
        await asyncio.gather(self._by_the_clock(), *((self._as_told(),) if self._websocket_urls else ()))

    async def _by_the_clock(self) -> None:
        while True:
            for wallet in self._wallets:
                await self._observe(wallet)
            await self._clock.sleep(self._every_s)

    async def _as_told(self) -> None:
        while len(set(self._wallet_of.values())) < len(self._wallets):
            # The accounts of a wallet are known once it was read.
            await self._clock.sleep(_BETWEEN_READS_S)
        feed = core.AccountFeed(list(self._websocket_urls), self._accounts())
        try:
            await asyncio.gather(self._read_what_is_told(feed), self._follow(feed))
        finally:
            feed.close()

    def _accounts(self) -> list[str]:
        """Those of as many wallets as one feed takes; the others are read by the clock, and for each reservation."""
        accounts: list[str] = []
        for wallet in self._wallets:
            own = [account for account, owner in self._wallet_of.items() if owner == wallet]
            if len(accounts) + len(own) > _MOST_ACCOUNTS:
                observe.wallet_not_followed(wallet=wallet, most_accounts=_MOST_ACCOUNTS)
                continue
            accounts += own
            self._followed.add(wallet)
        return accounts

    async def _follow(self, feed: core.AccountFeed) -> None:
        """What was written while the feed did not tell has to be read once it does."""
        standing = feed.standing()
        while True:
            say_standing("wallets", standing)
            self._live = standing.state == "live"
            self._lives += 1
            self._current.clear()
            for wallet in self._followed if self._live else ():
                await self._observe(wallet)
            standing = await feed.next_standing()

    async def _read_what_is_told(self, feed: core.AccountFeed) -> None:
        while True:
            written = set()
            for account, slot in await feed.changes():
                written.add(self._wallet_of[account])
                self._told(self._wallet_of[account], slot)
            for wallet in written:
                await self._read_change(wallet)

    async def _read_change(self, wallet: str) -> None:
        for _ in range(_READS_OF_A_CHANGE):
            await self._observe(wallet)
            if wallet in self._current or not self._live:
                return
            await self._clock.sleep(_BETWEEN_READS_S)

    def _told(self, wallet: str, slot: int) -> None:
        self._told_slot[wallet] = max(slot, self._told_slot.get(wallet, 0))
        self._current.discard(wallet)

    async def _observe(self, wallet: str) -> None:
        lives = self._lives
        try:
            held = await self._reader.read(wallet, self._mints)
        except TradewindError as error:
            observe.wallet_not_read(wallet=wallet, code=error.code, message=str(error))
            return
        slot = held.block.number
        self._read_slot[wallet] = max(slot, self._read_slot.get(wallet, 0))
        self._manager.observe_lamports(wallet, held.lamports, slot)
        for mint, token in held.tokens.items():
            amount_raw = token.amount_raw + (held.spendable_lamports if mint == WRAPPED_SOL else 0)
            self._manager.observe_tokens(wallet, mint, amount_raw, slot)
        self._wallet_of |= dict.fromkeys((wallet, *(token.account for token in held.tokens.values())), wallet)
        # Only a read that began under this feed, and saw what it told, will be outdated by what it tells.
        saw_all = lives == self._lives and slot >= self._told_slot.get(wallet, 0)
        if self._live and wallet in self._followed and saw_all:
            self._current.add(wallet)

    def low(self) -> dict[str, int]:
        """What the wallets hold that are too low to trade, in lamports."""
        return {one.wallet: one.lamports or 0 for one in self._manager.low_wallets()}

    async def reserve(self, plan: ExecutionPlanEvent) -> Reservation:
        """The plan's own wallet, or the next healthy one with what the plan takes."""
        if plan.wallet is not None and plan.wallet not in self._wallets:
            raise Refused("wallet_unknown", f"The wallet {plan.wallet} is none of this executor's.")
        for wallet in self._wallets if plan.wallet is None else (plan.wallet,):
            if wallet not in self._current:
                await self._observe(wallet)
        try:
            reserved = self._manager.reserve(self._requirement(plan), wallet=plan.wallet)
        except core.CoreError as error:
            raise Unavailable("no_wallet_free", f"No wallet can carry the plan now: {error}") from None
        return Reservation(reserved.wallet, reserved)

    def _requirement(self, plan: ExecutionPlanEvent) -> core.WalletRequirement:
        most_in = sum(
            route.input_amount if route.exact is Exact.IN else route.limit_amount
            for route in plan.routes
            if route.input_mint == plan.input_token
        )
        if plan.flash_loan is not None:
            return core.WalletRequirement(lamports=self._fee_lamports)
        if plan.input_token == WRAPPED_SOL:
            return core.WalletRequirement(lamports=self._fee_lamports + most_in)
        return core.WalletRequirement(lamports=self._fee_lamports, tokens={plan.input_token: most_in})

    async def settle(self, reservation: Reservation, *, slot: int, succeeded: bool) -> None:
        """What it took is free again once the balances of that slot are read."""
        if isinstance(reservation.token, core.WalletReservation):
            self._manager.settle(reservation.token, slot=slot, succeeded=succeeded)
            # The feed may have told of it before, and been followed.
            if slot > self._read_slot.get(reservation.wallet, -1):
                self._told(reservation.wallet, slot)

    async def release(self, reservation: Reservation, *, failed: bool) -> None:
        """Nothing was spent, and nothing can be any more."""
        if isinstance(reservation.token, core.WalletReservation):
            self._manager.release(reservation.token, failed=failed)

    def owns(self, wallet: str) -> bool:
        """Whether it is one of this executor's."""
        return wallet in self._wallets
