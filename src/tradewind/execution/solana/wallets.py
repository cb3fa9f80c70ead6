"""The wallets of an executor: what is free of each, by balances that are read again and again."""

from collections.abc import Sequence

from tradewind import core
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.plan import Exact
from tradewind.errors import Refused, TradewindError, Unavailable
from tradewind.execution.executors.ports import Reservation
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.venues.solana.wallets import NATIVE_MINT, SolanaWallets


class SolanaWalletPool:
    """Implements `Wallets` over the core's WalletManager. `run` it for as long as the executor lives."""

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
    ) -> None:
        self._manager = manager
        self._reader = reader
        self._wallets = tuple(wallets)
        self._mints = tuple(mints)
        self._fee_lamports = fee_lamports
        self._clock = clock
        self._every_s = every_s

    async def run(self) -> None:
        """Read the wallets again and again; one that cannot be read keeps what was known of it."""
        while True:
            for wallet in self._wallets:
                await self._observe(wallet)
            await self._clock.sleep(self._every_s)

    async def _observe(self, wallet: str) -> None:
        try:
            held = await self._reader.read(wallet, self._mints)
        except TradewindError as error:
            observe.wallet_not_read(wallet=wallet, code=error.code, message=str(error))
            return
        slot = held.block.number
        self._manager.observe_lamports(wallet, held.lamports, slot)
        for mint, token in held.tokens.items():
            amount_raw = token.amount_raw + (held.spendable_lamports if mint == NATIVE_MINT else 0)
            self._manager.observe_tokens(wallet, mint, amount_raw, slot)

    def low(self) -> dict[str, int]:
        """What the wallets hold that are too low to trade, in lamports."""
        return {one.wallet: one.lamports or 0 for one in self._manager.low_wallets()}

    async def reserve(self, plan: ExecutionPlanEvent) -> Reservation:
        """The plan's own wallet, or the next healthy one with what the plan takes."""
        if plan.wallet is not None and plan.wallet not in self._wallets:
            raise Refused("wallet_unknown", f"The wallet {plan.wallet} is none of this executor's.")
        for wallet in self._wallets if plan.wallet is None else (plan.wallet,):
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
        if plan.input_token == NATIVE_MINT:
            return core.WalletRequirement(lamports=self._fee_lamports + most_in)
        return core.WalletRequirement(lamports=self._fee_lamports, tokens={plan.input_token: most_in})

    async def settle(self, reservation: Reservation, *, slot: int, succeeded: bool) -> None:
        """What it took is free again once the balances of that slot are read."""
        if isinstance(reservation.token, core.WalletReservation):
            self._manager.settle(reservation.token, slot=slot, succeeded=succeeded)

    async def release(self, reservation: Reservation, *, failed: bool) -> None:
        """Nothing was spent, and nothing can be any more."""
        if isinstance(reservation.token, core.WalletReservation):
            self._manager.release(reservation.token, failed=failed)

    def owns(self, wallet: str) -> bool:
        """Whether it is one of this executor's."""
        return wallet in self._wallets
