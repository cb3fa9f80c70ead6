"""Logs of pools and of their factory, as changes of the state that prices a swap.

Layout sources: Uniswap/v3-core `IUniswapV3PoolEvents.sol` and `IUniswapV3Factory.sol`. Collect, Flash and the
protocol-fee events change nothing that a swap's amounts depend on.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tradewind import core
from tradewind.venues import abi, rpc_answer
from tradewind.venues.evm_receipt import Log

SWAP = bytes.fromhex("c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67")
MINT = bytes.fromhex("7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde")
BURN = bytes.fromhex("0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c")
INITIALIZE = bytes.fromhex("98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95")
POOL_CREATED = bytes.fromhex("783cca1c0412dd0d695e784568c96da2e9c22ff989357a2e8b1d9b2b4e6b7118")
TOPICS = (SWAP, MINT, BURN, INITIALIZE, POOL_CREATED)


@dataclass(frozen=True, slots=True)
class Swapped:
    """A swap ended with this price, tick and active liquidity."""

    pool: str
    sqrt_price_x96: int
    tick: int
    liquidity: int


@dataclass(frozen=True, slots=True)
class LiquidityChanged:
    """Liquidity was added to a range (Mint), or taken from it (Burn, negative)."""

    pool: str
    tick_lower: int
    tick_upper: int
    liquidity_delta: int


@dataclass(frozen=True, slots=True)
class Initialised:
    """A pool got its first price."""

    pool: str


@dataclass(frozen=True, slots=True)
class Created:
    """The factory made a pool."""

    pool: str
    token0: str
    token1: str
    fee_pips: int
    tick_spacing: int


PoolChange = Swapped | LiquidityChanged | Initialised | Created


def parse_pool_log(log: Log) -> PoolChange:
    """The change a log tells of; a log that is none of TOPICS, or malformed, is refused as a bad RPC answer."""
    kind = log.topics[0] if log.topics else b""
    parse = _PARSERS.get(kind)
    if parse is None:
        rpc_answer.refuse("eth_getLogs", "holds a log of a kind that was not asked for")
    return parse(log)


def _swapped(log: Log) -> Swapped:
    words = _words(log, "Swap", topics=3, count=5)
    return Swapped(log.address, words.unsigned(2, bits=160), words.signed(4, bits=24), words.unsigned(3, bits=128))


def _minted(log: Log) -> LiquidityChanged:
    return _liquidity(log, _words(log, "Mint", topics=4, count=4).unsigned(1, bits=127))


def _burnt(log: Log) -> LiquidityChanged:
    return _liquidity(log, -_words(log, "Burn", topics=4, count=3).unsigned(0, bits=127))


def _liquidity(log: Log, delta: int) -> LiquidityChanged:
    lower, upper = (abi.Words(topic, "tick of a Mint or Burn log").signed(0, bits=24) for topic in log.topics[2:])
    return LiquidityChanged(log.address, lower, upper, delta)


def _initialised(log: Log) -> Initialised:
    return Initialised(log.address)


def _created(log: Log) -> Created:
    words = _words(log, "PoolCreated", topics=4, count=2)
    token0, token1, fee = (abi.Words(topic, "topic of a PoolCreated log") for topic in log.topics[1:])
    return Created(
        core.to_checksum_address(words.address(1)),
        core.to_checksum_address(token0.address(0)),
        core.to_checksum_address(token1.address(0)),
        fee.unsigned(0, bits=24),
        words.signed(0, bits=24),
    )


def _words(log: Log, name: str, *, topics: int, count: int) -> abi.Words:
    if len(log.topics) != topics:
        rpc_answer.refuse(f"{name} log", f"has {len(log.topics)} topics instead of {topics}")
    return abi.Words(log.data, f"data of a {name} log", count=count)


_PARSERS: dict[bytes, Callable[[Log], PoolChange]] = {
    SWAP: _swapped,
    MINT: _minted,
    BURN: _burnt,
    INITIALIZE: _initialised,
    POOL_CREATED: _created,
}
