"""The portfolio: the chain's balances, the journal's obligations, and prices where they are known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests import builders
from tests.builders import ARBITRUM, STRATEGY_ID, USDC, WALLET, WETH
from tests.fake_clock import FakeClock
from tests.unit.accounting.journal_rows import DECIMALS, DOLLAR, ETHER, block, buy
from tradewind.accounting.ledger import Ledger
from tradewind.accounting.names import ChainNames, Names
from tradewind.accounting.portfolio import Portfolio
from tradewind.accounting.portfolio_view import PortfolioView
from tradewind.accounting.reference_price import PricedChain, ReferencePrices
from tradewind.domain.balances import WalletBalances
from tradewind.domain.chain import SOLANA_MAINNET, WRAPPED_SOL
from tradewind.domain.events import IntentEvent
from tradewind.domain.plan import BlockRef
from tradewind.domain.reference_price import PoolPrice
from tradewind.domain.strategy import Strategy
from tradewind.domain.token_list import Token, TokenList
from tradewind.errors import Unavailable
from tradewind.state.coordinator import StateCoordinator
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal

TOKENS = TokenList(
    (ARBITRUM, Token(symbol=asset.symbol, address=asset.address, decimals=asset.decimals)) for asset in (USDC, WETH)
)
STRATEGY = Strategy(name="example", id=STRATEGY_ID, wallet=WALLET)


@dataclass
class AVenue:
    """WETH costs 2,000 USDC in one deep pool, unless there is none."""

    name: str = "a_venue"
    block: BlockRef = field(default_factory=lambda: block(0))
    deep: bool = True

    def pool_prices(self, token: str, against: str, probe_raw: int) -> Sequence[PoolPrice]:
        if not self.deep or (token, against) != (WETH.address, USDC.address):
            return []
        return [PoolPrice(pool=builders.POOL, fee_pips=500, price=Decimal(2000), move_ppm=1, cost_ppm=501)]


@dataclass
class AChain:
    """The wallet of the builders, or silence."""

    answers: bool = True
    silent: tuple[str, ...] = ()

    async def read(self, wallet: str) -> WalletBalances:
        if not self.answers:
            raise Unavailable("rpc_unreachable", "The endpoint cannot be reached.")
        found = builders.balances_observed(wallet=wallet).balances
        told = tuple(held for held in found.tokens if held.token not in self.silent)
        return found.model_copy(update={"tokens": told})

    async def holds(self, block: BlockRef) -> bool | None:
        return True


class ASolana:
    """Three SOL, wrapped ones among them, and no word of any token."""

    async def read(self, wallet: str) -> WalletBalances:
        return WalletBalances(chain_id=SOLANA_MAINNET, wallet=wallet, block=block(0), native_raw=3 * 10**9, tokens=())

    async def holds(self, block: BlockRef) -> bool | None:
        return True


async def shown(folder: Path, bodies: Sequence[IntentEvent], *, chain: AChain | None = None, **venue: Any) -> Any:
    clock, journal = FakeClock(), Journal.open(folder / "journal.db")
    stream, state, ledger = EmbeddedEventStream(journal, clock), StateCoordinator(journal), Ledger(DECIMALS)
    for tap in (state.apply, ledger.apply):
        stream.tap(tap)
    for body in bodies:
        await stream.publish(builders.envelope(body))
    priced = PricedChain(
        venues=[AVenue(**venue)],
        stables=frozenset({USDC.address}),
        wrapped_native=WETH.address,
        probe_usd=10_000,
    )
    portfolio = Portfolio(
        state=state,
        ledger=ledger,
        prices=ReferencePrices({ARBITRUM: priced}, TOKENS),
        readers={ARBITRUM: chain or AChain()},
        names=Names(TOKENS, {ARBITRUM: ChainNames("Arbitrum One", "ETH")}, [STRATEGY]),
        strategies=[STRATEGY],
        clock=clock,
    )
    view = await portfolio.portfolio()
    journal.close()
    # As a client reads it.
    assert PortfolioView.model_validate_json(view.model_dump_json(), strict=False) == view
    return view


async def test_holdings_have_their_value_and_say_how_old_the_price_is(tmp_path: Path) -> None:
    view = await shown(tmp_path, [])
    [wallet] = view.wallets
    held = {holding.asset.symbol: holding for holding in wallet.holdings}
    assert {symbol: holding.usd for symbol, holding in held.items()} == {
        "ETH": Decimal(20_000),
        "USDC": Decimal(50_000),
        "WETH": Decimal(4_000),
    }
    assert (wallet.total_usd, view.total_usd, wallet.unpriced) == (Decimal(74_000), Decimal(74_000), ())
    assert held["WETH"].price.source == f"a_venue pool {builders.POOL} against USDC"
    assert held["WETH"].price.age_s == 0
    assert (wallet.block, wallet.fault) == (builders.BLOCK, None)


async def test_what_has_no_price_is_named_and_in_no_sum(tmp_path: Path) -> None:
    [wallet] = (await shown(tmp_path, [], deep=False)).wallets
    assert wallet.unpriced == ("ETH", "WETH")
    assert wallet.total_usd == Decimal(50_000)


async def test_a_token_that_does_not_tell_its_balance_is_named_and_not_left_out_in_silence(tmp_path: Path) -> None:
    [wallet] = (await shown(tmp_path, [], chain=AChain(silent=(WETH.address,)))).wallets
    assert [holding.asset.symbol for holding in wallet.holdings] == ["ETH", "USDC"]
    assert (wallet.unread, wallet.fault) == (("WETH",), None)
    [wallet] = (await shown(tmp_path, [])).wallets
    assert wallet.unread == ()


async def test_wrapped_sol_is_told_with_the_wallets_own_and_not_named_as_untold(tmp_path: Path) -> None:
    mint = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
    listed = TokenList(
        (SOLANA_MAINNET, Token(symbol=symbol, address=address, decimals=decimals))
        for symbol, address, decimals in (("SOL", WRAPPED_SOL, 9), ("USDC", mint, 6))
    )
    strategy = Strategy(name="example", id=STRATEGY_ID, wallet=builders.SOLANA_WALLET)
    journal = Journal.open(tmp_path / "journal.db")
    portfolio = Portfolio(
        state=StateCoordinator(journal),
        ledger=Ledger(DECIMALS),
        prices=ReferencePrices({}, listed),
        readers={SOLANA_MAINNET: ASolana()},
        names=Names(listed, {SOLANA_MAINNET: ChainNames("Solana", "SOL")}, [strategy]),
        strategies=[strategy],
        clock=FakeClock(),
    )
    [wallet] = (await portfolio.portfolio()).wallets
    journal.close()
    assert [(holding.asset.symbol, holding.balance) for holding in wallet.holdings] == [("SOL", Decimal(3))]
    # USDC was really not told.
    assert wallet.unread == ("USDC",)


async def test_a_plan_is_reserved_until_it_is_sent(tmp_path: Path) -> None:
    view = await shown(tmp_path, builders.lifecycle()[:4])
    [wallet], [strategy] = view.wallets, view.strategies
    usdc = next(holding for holding in wallet.holdings if holding.asset.symbol == "USDC")
    assert (usdc.reserved_raw, usdc.in_flight_raw, usdc.free_raw) == (6_030_000_000, 0, 43_970_000_000)
    reserved = {part.asset.symbol: (part.raw, part.usd) for part in strategy.reserved}
    assert reserved["USDC"] == (6_030_000_000, Decimal(6_030))
    assert (strategy.open_intents, strategy.in_flight, strategy.unplanned_slices) == (1, (), 0)


async def test_what_is_confirmed_and_not_final_is_shown_apart(tmp_path: Path) -> None:
    trade = buy(ETHER, 2_000 * DOLLAR, fee_raw=10**15)
    intent = builders.an_intent(id=trade.intent_id)
    before: list[IntentEvent] = [
        builders.submitted(intent),
        builders.validated(intent.id),
        builders.processed(intent.id),
        trade.planned(),
        trade.submitted(),
        trade.confirmed(),
        trade.completed(),
    ]
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    [strategy] = (await shown(tmp_path / "before", before)).strategies
    changed = {part.asset.symbol: part.raw for part in strategy.confirmed_not_final}
    assert changed == {"ETH": -(10**15), "USDC": -2_000 * DOLLAR, "WETH": ETHER}
    assert [(part.asset.symbol, part.raw) for part in strategy.position] == [("WETH", ETHER)]
    assert strategy.gas_usd == Decimal(2)
    [settled] = (await shown(tmp_path / "after", [*before, trade.finalized()])).strategies
    assert (settled.confirmed_not_final, settled.position) == ((), strategy.position)


async def test_a_chain_that_does_not_answer_is_a_fault_of_its_wallet(tmp_path: Path) -> None:
    view = await shown(tmp_path, builders.lifecycle()[:4], chain=AChain(answers=False))
    [wallet], [strategy] = view.wallets, view.strategies
    assert (wallet.block, wallet.holdings, wallet.fault) == (None, (), "The endpoint cannot be reached.")
    assert strategy.reserved[0].raw > 0
