"""Pool logs, against what eth-abi encodes and eth-utils hashes."""

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.venues.refusal import refusal_of
from tradewind.errors import Unavailable
from tradewind.venues.evm_receipt import Log
from tradewind.venues.uniswap_v3 import pool_log
from tradewind.venues.uniswap_v3.pool_log import Created, Initialised, LiquidityChanged, Swapped, parse_pool_log

POOL, OWNER = to_checksum_address("0x" + "11" * 20), "0x" + "22" * 20
TICKS = st.integers(-887272, 887272)
LIQUIDITY = st.integers(0, 2**127 - 1)


def a_log(signature: str, indexed: list[bytes], types: list[str], values: list[object]) -> Log:
    return Log(POOL, (keccak(text=signature), *indexed), encode(types, values), 1, "0x" + "00" * 32, 0)


@given(TICKS, st.integers(0, 2**160 - 1), LIQUIDITY, st.integers(-(2**255), 2**255 - 1))
def test_reads_a_swap(tick: int, sqrt_price_x96: int, liquidity: int, amount: int) -> None:
    signature = "Swap(address,address,int256,int256,uint160,uint128,int24)"
    types = ["int256", "int256", "uint160", "uint128", "int24"]
    log = a_log(signature, [bytes(32)] * 2, types, [amount, -1, sqrt_price_x96, liquidity, tick])
    assert parse_pool_log(log) == Swapped(POOL, sqrt_price_x96, tick, liquidity)


@given(TICKS, TICKS, LIQUIDITY)
def test_reads_liquidity_added_and_taken(lower: int, upper: int, liquidity: int) -> None:
    indexed = [bytes(32), encode(["int24"], [lower]), encode(["int24"], [upper])]
    minted = a_log(
        "Mint(address,address,int24,int24,uint128,uint256,uint256)",
        indexed,
        ["address", "uint128", "uint256", "uint256"],
        [OWNER, liquidity, 5, 6],
    )
    burnt = a_log(
        "Burn(address,int24,int24,uint128,uint256,uint256)",
        indexed,
        ["uint128", "uint256", "uint256"],
        [liquidity, 5, 6],
    )
    assert parse_pool_log(minted) == LiquidityChanged(POOL, lower, upper, liquidity)
    assert parse_pool_log(burnt) == LiquidityChanged(POOL, lower, upper, -liquidity)


def test_reads_a_new_pool_and_its_first_price() -> None:
    lower, higher = to_checksum_address("0x" + "3" * 40), to_checksum_address("0x" + "4" * 40)
    indexed = [encode(["address"], [token]) for token in (lower, higher)] + [encode(["uint24"], [500])]
    made = a_log("PoolCreated(address,address,uint24,int24,address)", indexed, ["int24", "address"], [10, OWNER])
    assert parse_pool_log(made) == Created(to_checksum_address(OWNER), lower, higher, 500, 10)
    priced = a_log("Initialize(uint160,int24)", [], ["uint160", "int24"], [2**96, 0])
    assert parse_pool_log(priced) == Initialised(POOL)


def test_asks_for_exactly_the_kinds_it_reads() -> None:
    assert set(pool_log.TOPICS) == set(pool_log._PARSERS)


@given(
    st.sampled_from(pool_log.TOPICS) | st.binary(min_size=32, max_size=32),
    st.lists(st.binary(min_size=32, max_size=32), max_size=3),
    st.binary(max_size=200),
)
def test_reads_or_refuses_any_log(kind: bytes, indexed: list[bytes], data: bytes) -> None:
    refusal = refusal_of(lambda: parse_pool_log(Log(POOL, (kind, *indexed), data, 1, "0x" + "00" * 32, 0)))
    assert refusal is None or refusal.code == "rpc_malformed"


def test_refuses_a_log_without_topics() -> None:
    with pytest.raises(Unavailable):
        parse_pool_log(Log(POOL, (), b"", 1, "0x" + "00" * 32, 0))
