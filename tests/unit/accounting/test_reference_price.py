"""Which pool says what a token is worth: deep ones only, by way of the native coin where there is no other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tests.builders import ARBITRUM, USDC, WETH
from tests.unit.accounting.journal_rows import block
from tradewind.accounting.reference_price import MAX_MOVE_PPM, PricedChain, ReferencePrices
from tradewind.domain.plan import BlockRef
from tradewind.domain.reference_price import PoolPrice
from tradewind.domain.token_list import Token, TokenList
from tradewind.errors import Unavailable

ARB = "0x912CE59144191C1204E64559FE8253a0e49E6548"
TOKENS = TokenList(
    (ARBITRUM, Token(symbol=symbol, address=address, decimals=decimals))
    for symbol, address, decimals in (("USDC", USDC.address, 6), ("WETH", WETH.address, 18), ("ARB", ARB, 18))
)
FIRST, SECOND = "0x" + "11" * 20, "0x" + "22" * 20


def pool(price: str, *, move_ppm: int = 100, fee_pips: int = 500, address: str = FIRST) -> PoolPrice:
    return PoolPrice(
        pool=address, fee_pips=fee_pips, price=Decimal(price), move_ppm=move_ppm, cost_ppm=move_ppm + fee_pips
    )


@dataclass
class AVenue:
    """Pools by pair; counts how often it was asked."""

    pools: dict[tuple[str, str], list[PoolPrice]]
    at: BlockRef | None = field(default_factory=lambda: block(7))
    name: str = "a_venue"
    probes: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def block(self) -> BlockRef:
        if self.at is None:
            raise Unavailable("pools_not_loaded", "not read yet.")
        return self.at

    def pool_prices(self, token: str, against: str, probe_raw: int) -> Sequence[PoolPrice]:
        self.probes.append((token, against, probe_raw))
        return self.pools.get((token, against), [])


def prices(*venues: AVenue, stables: frozenset[str] = frozenset({USDC.address})) -> ReferencePrices:
    chain = PricedChain(venues=venues, stables=stables, wrapped_native=WETH.address, probe_usd=10_000)
    return ReferencePrices({ARBITRUM: chain}, TOKENS)


def test_a_stable_coin_is_one_dollar_and_says_so() -> None:
    price = prices(AVenue({})).price(ARBITRUM, USDC.address)
    assert price is not None
    assert (price.usd, price.stable, price.source) == (Decimal(1), True, "counted as 1 USD by the configuration")


def test_the_pool_that_costs_the_probe_least_is_taken_with_its_block_and_name() -> None:
    deep = pool("2000", move_ppm=900, fee_pips=3_000)
    deepest = pool("2001", move_ppm=1_000, fee_pips=500, address=SECOND)
    price = prices(AVenue({(WETH.address, USDC.address): [deep, deepest]})).price(ARBITRUM, WETH.address)
    assert price is not None
    assert (price.usd, price.stable, price.block_number) == (Decimal(2001), False, 7)
    assert price.source == f"a_venue pool {SECOND} against USDC"


def test_a_pool_that_the_probe_moves_too_far_has_no_say() -> None:
    shallow = pool("9999", move_ppm=MAX_MOVE_PPM + 1, fee_pips=1)
    venue = AVenue({(WETH.address, USDC.address): [shallow]})
    assert prices(venue).price(ARBITRUM, WETH.address) is None
    venue = AVenue({(WETH.address, USDC.address): [shallow, pool("2000", move_ppm=MAX_MOVE_PPM)]})
    price = prices(venue).price(ARBITRUM, WETH.address)
    assert price is not None
    assert price.usd == 2000


def test_the_probe_is_worth_ten_thousand_dollars_in_either_counter_token() -> None:
    venue = AVenue({(WETH.address, USDC.address): [pool("2000")]})
    prices(venue).price(ARBITRUM, ARB)
    assert (ARB, USDC.address, 10_000 * 10**6) in venue.probes
    assert (ARB, WETH.address, 5 * 10**18) in venue.probes


def test_a_token_without_deep_stable_pool_is_priced_by_way_of_the_native_coin() -> None:
    by_way = {(WETH.address, USDC.address): [pool("2000")], (ARB, WETH.address): [pool("0.0002", address=SECOND)]}
    price = prices(AVenue(by_way)).price(ARBITRUM, ARB)
    assert price is not None
    assert price.usd == Decimal("0.4")
    assert price.source == f"a_venue pool {SECOND} against WETH"


def test_the_native_coin_costs_what_its_wrapped_token_costs() -> None:
    price = prices(AVenue({(WETH.address, USDC.address): [pool("2000")]})).price(ARBITRUM, None)
    assert price is not None
    assert (price.token, price.usd) == (None, Decimal(2000))


def test_what_is_not_known_is_absent() -> None:
    asked = (USDC.address, WETH.address, None, "0x" + "33" * 20, USDC.address)
    assert [price.token for price in prices(AVenue({})).prices(ARBITRUM, asked)] == [USDC.address]
    assert prices(AVenue({}, at=None)).prices(ARBITRUM, asked) == ()
    assert prices(AVenue({}), stables=frozenset()).prices(ARBITRUM, asked) == ()
    assert prices(AVenue({})).prices(1, asked) == ()


def test_a_price_is_looked_up_once_a_block() -> None:
    venue = AVenue({(WETH.address, USDC.address): [pool("2000")]})
    known = prices(venue)
    known.price(ARBITRUM, WETH.address)
    known.price(ARBITRUM, None)
    assert len(venue.probes) == 1
    venue.at, venue.pools[WETH.address, USDC.address] = block(8), [pool("2100")]
    price = known.price(ARBITRUM, WETH.address)
    assert price is not None
    assert (price.usd, price.block_number) == (Decimal(2100), 8)


def test_age_counts_from_the_block_and_is_never_below_zero() -> None:
    price = prices(AVenue({})).price(ARBITRUM, USDC.address)
    assert price is not None
    assert price.age_s((1_760_000_007 + 12) * 10**9) == 12
    assert price.age_s(0) == 0
