"""Looking venues up."""

import pytest

from tests.fake_clock import FakeClock
from tradewind.errors import Misconfigured, Refused
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import GasPolicy
from tradewind.venues.manager import VenueManager
from tradewind.venues.rpc import RpcClient
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment

ADDRESS = "0x" + "11" * 20


def a_venue(chain_id: int, name: str = "uniswap_v3") -> UniswapV3Adapter:
    """A venue that is only looked up: it never connects."""
    rpc = RpcClient(["http://127.0.0.1:1"], chain_id=chain_id, timeout_s=1, clock=FakeClock())
    venue = UniswapV3Adapter(
        EvmChain(rpc, chain_id=chain_id, multicall=ADDRESS),
        UniswapV3Deployment(factory=ADDRESS, router=ADDRESS),
        tokens=[],
        wrapped_native=ADDRESS,
        gas_policy=GasPolicy(),
    )
    venue.name = name
    return venue


def test_finds_a_venue_by_chain_and_name() -> None:
    here, there = a_venue(42161, "uniswap_v3"), a_venue(1, "uniswap_v3")
    manager = VenueManager([here, there, a_venue(42161, "another")])
    assert manager.get(42161, "uniswap_v3") is here
    assert manager.get(1, "uniswap_v3") is there
    assert manager.names(42161) == ["another", "uniswap_v3"]
    assert manager.names(7) == []
    assert manager.chains() == [1, 42161]


def test_refuses_an_unknown_venue_and_names_those_there_are() -> None:
    manager = VenueManager([a_venue(42161, "uniswap_v3")])
    for chain_id, name, there in ((42161, "sushi", "uniswap_v3"), (1, "uniswap_v3", "none")):
        with pytest.raises(Refused) as caught:
            manager.get(chain_id, name)
        assert caught.value.code == "venue_unknown"
        assert there in caught.value.message


def test_refuses_the_same_venue_twice() -> None:
    with pytest.raises(Misconfigured) as caught:
        VenueManager([a_venue(1, "a"), a_venue(1, "a")])
    assert caught.value.code == "venue_listed_twice"
