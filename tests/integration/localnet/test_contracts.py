"""Every contract stands at its Arbitrum One address and answers as the real one does."""

import base64
import json

import pytest
from eth_abi.abi import decode, encode
from eth_account.messages import encode_typed_data
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tests.integration.localnet.reading import ask
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.localnet.artifacts import Artifacts

pytestmark = pytest.mark.asyncio(loop_scope="session")

POOL_INIT_CODE_HASH = bytes.fromhex("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54")
PRODUCTION_POOLS = {
    ("WETH", "USDC", 500): "0xC6962004f452bE9203591991D15f6b388e09E8D0",
    ("WETH", "USDC", 3000): "0xc473e2aEE3441BF9240Be85eb122aBB059A3B57c",
    ("WETH", "USDC", 100): "0x6f38e884725a116C9C7fBF208e79FE8828a2595F",
}


async def test_every_contract_and_token_has_code_at_its_address(chain: EvmLocalnet) -> None:
    named = at.CONTRACTS | {symbol: token.address for symbol, token in at.TOKENS.items()}
    for name, address in named.items():
        assert len(await chain.rpc.call("eth_getCode", address, "latest")) > 200, name


async def test_chain_id_and_block_gas_limit_are_those_of_arbitrum_one(chain: EvmLocalnet) -> None:
    assert await chain.rpc.call("eth_chainId") == hex(42161)
    block = await chain.rpc.call("eth_getBlockByNumber", "latest", False)
    assert block["gasLimit"] == "0x4000000000000"


async def test_factory_has_its_owner_and_all_four_fee_tiers(chain: EvmLocalnet) -> None:
    owner = await ask(chain, at.UNISWAP_V3_FACTORY, "owner()", ["address"])
    assert to_checksum_address(owner) == at.UNISWAP_DEPLOYER
    for fee, spacing in {100: 1, 500: 10, 3000: 60, 10000: 200}.items():
        assert await ask(chain, at.UNISWAP_V3_FACTORY, "feeAmountTickSpacing(uint24)", ["int24"], fee) == spacing


async def test_periphery_points_at_the_factory_and_at_weth(chain: EvmLocalnet) -> None:
    for contract in (at.POSITION_MANAGER, at.SWAP_ROUTER, at.SWAP_ROUTER_02, at.QUOTER_V2):
        factory = await ask(chain, contract, "factory()", ["address"])
        weth = await ask(chain, contract, "WETH9()", ["address"])
        assert to_checksum_address(factory) == at.UNISWAP_V3_FACTORY
        assert to_checksum_address(weth) == at.WETH.address


async def test_the_router_has_no_v2_factory(chain: EvmLocalnet) -> None:
    assert int(await ask(chain, at.SWAP_ROUTER_02, "factoryV2()", ["address"]), 16) == 0


async def test_pools_stand_at_their_production_addresses(chain: EvmLocalnet) -> None:
    for (base, quote, fee), expected in PRODUCTION_POOLS.items():
        tokens = (at.TOKENS[base].address, at.TOKENS[quote].address)
        signature = "getPool(address,address,uint24)"
        found = await ask(chain, at.UNISWAP_V3_FACTORY, signature, ["address"], *tokens, fee)
        assert to_checksum_address(found) == expected


async def test_every_pool_is_where_create2_and_the_init_code_hash_put_it(chain: EvmLocalnet) -> None:
    artifact = Artifacts.load().uniswap("UniswapV3Pool")
    assert keccak(artifact) == POOL_INIT_CODE_HASH
    for pool in chain.pools:
        key = (pool.base.address, pool.quote.address, pool.fee_pips)
        salt = keccak(encode(["address", "address", "uint24"], key))
        factory = bytes.fromhex(at.UNISWAP_V3_FACTORY[2:])
        derived = keccak(b"\xff" + factory + salt + POOL_INIT_CODE_HASH)[12:]
        assert to_checksum_address(derived) == pool.address
        assert await ask(chain, pool.address, "fee()", ["uint24"]) == pool.fee_pips


async def test_tick_lens_lists_initialised_ticks(chain: EvmLocalnet) -> None:
    pool = next(pool for pool in chain.pools if pool.fee_pips == 500 and pool.quote is at.USDC)
    tick = (await ask(chain, pool.address, "slot0()", ["uint160", "int24"]))[1]
    signature = "getPopulatedTicksInWord(address,int16)"
    returns = ["(int24,int128,uint128)[]"]
    ticks = await ask(chain, at.TICK_LENS, signature, returns, pool.address, tick // 10 // 256)
    assert len(ticks) > 10
    assert all(tick % 10 == 0 for tick, _, _ in ticks)


async def test_positions_are_described_by_the_real_descriptor(chain: EvmLocalnet) -> None:
    uri = await ask(chain, at.POSITION_MANAGER, "tokenURI(uint256)", ["string"], 1)
    described = json.loads(base64.b64decode(uri.removeprefix("data:application/json;base64,")))
    # The first range is 2,985 to 3,015 USDC, rounded outwards to whole ticks.
    assert described["name"] == "Uniswap - 0.01% - USDC/ETH - 2984.8<>3015.1"


async def test_multicall_answers_several_reads_in_one(chain: EvmLocalnet) -> None:
    calls = [
        (at.MULTICALL3, False, keccak(text="getChainId()")[:4]),
        (at.USDC.address, True, keccak(text="noSuchFunction()")[:4]),
    ]
    data = keccak(text="aggregate3((address,bool,bytes)[])")[:4] + encode(["(address,bool,bytes)[]"], [calls])
    answer = await chain.rpc.eth_call(at.MULTICALL3, "0x" + data.hex())
    ((first_ok, first), (second_ok, _)) = decode(["(bool,bytes)[]"], answer)[0]
    assert first_ok
    assert int.from_bytes(first, "big") == 42161
    assert not second_ok


async def test_permit2_signs_for_this_chain(chain: EvmLocalnet) -> None:
    domain = {"name": "Permit2", "chainId": 42161, "verifyingContract": at.PERMIT2}
    types = {"Nothing": [{"name": "nothing", "type": "uint256"}]}
    expected = encode_typed_data(domain, types, {"nothing": 0}).header
    assert await ask(chain, at.PERMIT2, "DOMAIN_SEPARATOR()", ["bytes32"]) == expected


async def test_node_interface_answers_with_the_base_fee_and_no_cost_of_l1(chain: EvmLocalnet) -> None:
    await chain.set_base_fee(31_000_000)
    await chain.mine()
    question = (at.SWAP_ROUTER_02, False, b"\x01" * 228)
    total = "gasEstimateComponents(address,bool,bytes)"
    returns = ["uint64", "uint64", "uint256", "uint256"]
    gas, for_l1, base_fee, l1_base_fee = await ask(chain, at.NODE_INTERFACE, total, returns, *question)
    assert gas > 0
    assert (for_l1, base_fee, l1_base_fee) == (0, 31_000_000, 0)
    share = "gasEstimateL1Component(address,bool,bytes)"
    assert await ask(chain, at.NODE_INTERFACE, share, returns[1:], *question) == (0, 31_000_000, 0)
