"""Makes the transaction of a plan: the swaps of its routes between the accounts of its wallet, in one message.

The pools are read again for it: a swap names tick and bin arrays by where the price is now. The amounts and limits are
the plan's.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradewind import core
from tradewind.domain.chain import WRAPPED_SOL
from tradewind.domain.execution_plan_event import ExecutionPlanEvent, SwapRoute
from tradewind.domain.plan import Exact
from tradewind.errors import Refused
from tradewind.execution.executors.ports import BuildRequest, UnsignedTransaction
from tradewind.execution.solana.flash_loan import Loan, loan_of
from tradewind.venues.solana.cluster import CLOCK, Account, Accounts, SolanaCluster
from tradewind.venues.solana.lookup_tables import LookupTables
from tradewind.venues.solana.wallets import SolanaWallets

# A signature that is not there yet.
_BLANK = bytes(64)
# Every seed is as long: what fits with this one fits with the one that is drawn.
_ANY_SEED = "0" * 32


@dataclass(frozen=True, slots=True)
class _Places:
    """The wallet's token accounts: `(mint, account, token program)` by mint.

    `unwraps`: its account of wrapped SOL is made for this transaction and closed by it. One that is there is the
    wallet's own affair: what comes to it stays wrapped. `uses`: mints whose accounts a round trip trades out of as they
    are, neither making nor filling them; it was planned by what they hold.
    """

    wallet: str
    sides: Mapping[str, tuple[str, str, str]]
    unwraps: bool
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a transaction is made of."""

    request: BuildRequest
    places: _Places
    swaps: Sequence[core.SwapInstructions]
    tables: Mapping[str, Sequence[str]]
    size_limit_bytes: int
    loan: Loan | None = None


class SolanaBuilder:
    """Implements `Builder` over one cluster. `tables` are lookup tables by address, used where they make it smaller."""

    def __init__(
        self,
        cluster: SolanaCluster,
        wallets: SolanaWallets,
        *,
        options: core.VenueOptions,
        tables: LookupTables,
        size_limit_bytes: int,
    ) -> None:
        self._cluster = cluster
        self._wallets = wallets
        self._options = options
        self._tables = tables
        self._size_limit_bytes = size_limit_bytes

    async def build(self, request: BuildRequest) -> UnsignedTransaction:
        """With the receipt where it fits; Refused with the core's code when the plan cannot be a transaction."""
        # None of these waits for another's answer.
        places, read, tables = await asyncio.gather(
            self._places(request), self._cluster.accounts(_read_for(request.plan)), self._tables.read()
        )
        swaps = self._swaps(request, places, read)
        loan = await loan_of(request, places.sides, self._cluster)
        try:
            return await _fitting(_Parts(request, places, swaps, tables, self._size_limit_bytes, loan))
        except core.CoreError as error:
            raise Refused(error.code, str(error)) from None

    async def _places(self, request: BuildRequest) -> _Places:
        mints = dict.fromkeys(mint for route in request.plan.routes for mint in (route.input_mint, route.output_mint))
        sides = {}
        for mint in mints:
            program = await self._wallets.program_of(mint)
            sides[mint] = (mint, core.token_account_address(request.wallet, mint, program), program)
        returns = request.plan.input_token == request.plan.output_token
        asked = list(sides) if returns else [WRAPPED_SOL] if WRAPPED_SOL in sides else []
        there = await self._there(request.wallet, asked)
        unwraps = WRAPPED_SOL in sides and WRAPPED_SOL not in there
        return _Places(request.wallet, sides, unwraps, there if returns else frozenset())

    async def _there(self, wallet: str, mints: Sequence[str]) -> frozenset[str]:
        """Those of which the wallet has an account."""
        if not mints:
            return frozenset()
        held = await self._wallets.read(wallet, mints)
        return frozenset(mint for mint, token in held.tokens.items() if token.exists)

    def _swaps(self, request: BuildRequest, places: _Places, read: Accounts) -> list[core.SwapInstructions]:
        """One for each route, from the pools as they are now."""
        swaps = []
        for route in request.plan.routes:
            try:
                swaps.append(self._swap(route, read, places))
            except core.CoreError as error:
                raise Refused(error.code, str(error)) from None
        return swaps

    def _swap(self, route: SwapRoute, read: Accounts, places: _Places) -> core.SwapInstructions:
        clock = read.clock
        held = [(address, a.owner, a.data) for address, a in _of(route, read) if a is not None]
        graph = core.PoolGraph()
        graph.add(
            core.pool_from_accounts(
                route.pool, held, slot=clock.slot, epoch=clock.epoch, unix_timestamp=clock.unix_timestamp
            )
        )
        exact_in = route.exact is Exact.IN
        return core.swap_instruction(
            graph,
            route.pool,
            core.SwapAccounts(graph, route.pool, held),
            trader=places.wallet,
            source=places.sides[route.input_mint],
            destination=places.sides[route.output_mint],
            exact=route.exact.value,
            amount_raw=route.input_amount if exact_in else route.output_amount,
            limit_raw=route.limit_amount,
            options=self._options,
        )


async def _fitting(parts: _Parts) -> UnsignedTransaction:
    seed = await _drawn(parts)
    unsigned = _builder(parts, receipt_seed=seed).build()
    return UnsignedTransaction(
        message=unsigned.to_wire([_BLANK for _ in unsigned.signers]),
        size_bytes=unsigned.size_bytes,
        blockhash=parts.request.blockhash,
        has_receipt=seed is not None,
        lookup_tables={table: tuple(parts.tables[table]) for table in unsigned.lookup_tables},
    )


async def _drawn(parts: _Parts) -> str | None:
    """The receipt is the one part that a transaction can do without, where nothing else fits beside it."""
    draw = parts.request.receipt
    if draw is None or not _builder(parts, receipt_seed=_ANY_SEED).planned_size().fits:
        return None
    return await draw()


def _builder(parts: _Parts, *, receipt_seed: str | None) -> core.TransactionBuilder:
    request, wallet, budget = parts.request, parts.request.wallet, parts.request.compute_budget
    builder = (
        core.TransactionBuilder()
        .set_fee_payer(wallet)
        .set_recent_blockhash(request.blockhash.hash)
        .size_limit(parts.size_limit_bytes)
    )
    for table, addresses in parts.tables.items():
        builder.add_lookup_table(table, addresses)
    # What the policy reads of the wallet has to stand in the transaction itself.
    sides = parts.places.sides
    for account in (wallet, *sides, *(part for side in sides.values() for part in side[1:])):
        builder.keep_static(account)
    receipt = [] if receipt_seed is None else [core.receipt_instruction(wallet, receipt_seed)]
    if parts.loan is not None:
        # Behind the repayment: nothing may come in front of the loan.
        builder.add_instructions([*parts.loan.around(request, _inside(parts, parts.loan)), *receipt])
    else:
        builder.set_compute_budget(
            unit_limit=budget.unit_limit, micro_lamports_per_unit=budget.unit_price_micro_lamports
        )
        builder.add_instructions([*receipt, *_around(request, parts.places, parts.swaps)])
    if request.tip is not None:
        builder.add_instruction(core.jito_tip(wallet, request.tip.account, request.tip.lamports))
    return builder


def _inside(parts: _Parts, loan: Loan) -> list[core.SolanaInstruction]:
    """The accounts that the swaps need beside the borrowed one, and the swaps."""
    wallet = parts.places.wallet
    made = [
        core.create_token_account(payer=wallet, owner=wallet, mint=mint, token_program=program)
        for mint, account, program in parts.places.sides.values()
        if account != loan.token_account and mint not in parts.places.uses
    ]
    return [*made, *(step for swap in parts.swaps for step in swap.instructions)]


def _read_for(plan: ExecutionPlanEvent) -> list[str]:
    wanted = {address for route in plan.routes for address in (route.pool, *route.accounts.values())}
    return [CLOCK, *sorted(wanted)]


def _of(route: SwapRoute, read: Accounts) -> list[tuple[str, Account | None]]:
    return [(address, read.by_address[address]) for address in dict.fromkeys((route.pool, *route.accounts.values()))]


def _around(
    request: BuildRequest, places: _Places, swaps: Sequence[core.SwapInstructions]
) -> list[core.SolanaInstruction]:
    """The swaps, between making the accounts that they need and unwrapping what is left of SOL."""
    wallet, plan = request.wallet, request.plan
    wraps = not all(swap.moves_native_sol for swap in swaps)
    made = [
        core.create_token_account(payer=wallet, owner=wallet, mint=mint, token_program=program)
        for mint, (_, _, program) in places.sides.items()
        if (wraps or mint != WRAPPED_SOL) and mint not in places.uses
    ]
    wrapping: list[core.SolanaInstruction] = []
    if plan.input_token == WRAPPED_SOL and wraps and WRAPPED_SOL not in places.uses:
        wrapping = core.wrap_sol(wallet, _most_in(plan.routes))
    unwrapping = (
        [core.close_token_account(account=places.sides[WRAPPED_SOL][1], destination=wallet, owner=wallet)]
        if places.unwraps and wraps
        else []
    )
    return [*made, *wrapping, *(step for swap in swaps for step in swap.instructions), *unwrapping]


def _most_in(routes: Sequence[SwapRoute]) -> int:
    """What the swaps that spend the plan's own input can take at most."""
    first = routes[0].input_mint
    return sum(
        route.input_amount if route.exact is Exact.IN else route.limit_amount
        for route in routes
        if route.input_mint == first
    )
