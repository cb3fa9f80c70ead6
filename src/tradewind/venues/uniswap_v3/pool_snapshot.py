"""The whole state of pools as of one block: price, active liquidity and every initialised tick.

Layout sources: Uniswap/v3-core `UniswapV3Pool.sol` (slot0, liquidity, ticks, tickBitmap) and `libraries/TickBitmap.sol`
(tick = (256 · word + bit) · spacing).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tradewind.domain.plan import BlockRef
from tradewind.venues import abi, rpc_answer
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.multicall import Call
from tradewind.venues.reading import Reading
from tradewind.venues.uniswap_v3.pool_key import MAX_TICK, PoolKey

_SLOT0 = bytes.fromhex("3850c7bd")
_LIQUIDITY = bytes.fromhex("1a686502")
_TICK_BITMAP = bytes.fromhex("5339c296")
_TICKS = bytes.fromhex("f30dba93")

# So many pools' prices are one call that every node takes.
MAX_TOGETHER = 500

# An initialised tick: its index, the liquidity of all positions that end there, and what crossing it upwards adds.
Tick = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PoolPrice:
    """What every swap changes. A pool that was never initialised has a `sqrt_price_x96` of zero."""

    sqrt_price_x96: int
    tick: int
    liquidity: int


@dataclass(frozen=True, slots=True)
class PoolSnapshot:
    """A pool that can be traded, with every tick in order."""

    key: PoolKey
    price: PoolPrice
    ticks: list[Tick]


async def read_prices(chain: EvmChain, pools: Sequence[str], block: BlockRef) -> list[PoolPrice]:
    """slot0 and liquidity of each pool, in one round trip."""
    return _prices(pools, await chain.multicall(_price_calls(pools), block))


def prices_reading(chain: EvmChain, pools: Sequence[str], block: BlockRef) -> Reading[list[PoolPrice]]:
    """As `read_prices`, to be asked together with something else; for at most `MAX_TOGETHER` pools."""
    reading = chain.multicall_reading(_price_calls(pools), block)
    return Reading(reading.requests, lambda answers: _prices(pools, reading.parse(answers)))


def _price_calls(pools: Sequence[str]) -> list[Call]:
    return [Call(pool, data) for pool in pools for data in (_SLOT0, _LIQUIDITY)]


def _prices(pools: Sequence[str], answers: Sequence[bytes | None]) -> list[PoolPrice]:
    return [_price(pool, answers[2 * index], answers[2 * index + 1]) for index, pool in enumerate(pools)]


async def read_snapshots(chain: EvmChain, keys: Sequence[PoolKey], block: BlockRef) -> list[PoolSnapshot]:
    """The state of those pools that are initialised: prices, then whole tick bitmaps, then the ticks they name."""
    prices = await read_prices(chain, [key.address for key in keys], block)
    live = [(key, price) for key, price in zip(keys, prices, strict=True) if price.sqrt_price_x96]
    ticks = await _read_ticks(chain, await _read_bitmaps(chain, [key for key, _ in live], block), block)
    return [PoolSnapshot(key, price, ticks[key.address]) for key, price in live]


async def _read_bitmaps(chain: EvmChain, keys: Sequence[PoolKey], block: BlockRef) -> dict[str, list[int]]:
    places = [(key, word) for key in keys for word in _bitmap_words(key.tick_spacing)]
    answers = await chain.multicall(
        [Call(key.address, _TICK_BITMAP + abi.signed_word(word)) for key, word in places], block
    )
    initialised: dict[str, list[int]] = {key.address: [] for key in keys}
    for (key, word), answer in zip(places, answers, strict=True):
        bitmap = _words(answer, f"tickBitmap({word}) of {key.address}", 1).unsigned(0)
        initialised[key.address] += [(256 * word + bit) * key.tick_spacing for bit in _bits(bitmap)]
    return initialised


async def _read_ticks(chain: EvmChain, initialised: dict[str, list[int]], block: BlockRef) -> dict[str, list[Tick]]:
    places = [(pool, tick) for pool, ticks in initialised.items() for tick in ticks]
    answers = await chain.multicall([Call(pool, _TICKS + abi.signed_word(tick)) for pool, tick in places], block)
    result: dict[str, list[Tick]] = {pool: [] for pool in initialised}
    for (pool, tick), answer in zip(places, answers, strict=True):
        field = f"ticks({tick}) of {pool}"
        words = _words(answer, field, 8)
        if words.unsigned(7) != 1:
            rpc_answer.refuse(field, "is not initialised, although the bitmap says so")
        result[pool].append((tick, words.unsigned(0, bits=128), words.signed(1, bits=128)))
    return result


def _bitmap_words(spacing: int) -> range:
    highest = MAX_TICK // spacing
    return range(-highest >> 8, (highest >> 8) + 1)


def _bits(bitmap: int) -> Iterator[int]:
    while bitmap:
        lowest = bitmap & -bitmap
        yield lowest.bit_length() - 1
        bitmap ^= lowest


def _price(pool: str, slot0: bytes | None, liquidity: bytes | None) -> PoolPrice:
    words = _words(slot0, f"slot0 of {pool}", 7)
    return PoolPrice(
        words.unsigned(0, bits=160),
        words.signed(1, bits=24),
        _words(liquidity, f"liquidity of {pool}", 1).unsigned(0, bits=128),
    )


def _words(answer: bytes | None, field: str, count: int) -> abi.Words:
    if answer is None:
        rpc_answer.refuse(field, "reverts")
    return abi.Words(answer, field, count=count)
