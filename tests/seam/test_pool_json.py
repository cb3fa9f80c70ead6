"""Pools in their JSON form through the one door: what is dumped is what was added, and faults are named."""

import base64
import json
from pathlib import Path

import pytest

from tradewind import core

PAIR = {
    "venue": "uniswap_v2",
    "pool": "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc",
    "token0": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
    "token1": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
    "reserve0_raw": "5000",
    "reserve1_raw": "10000",
    "fee_ppm": 3000,
}


def graph_of(*pools: dict[str, object]) -> core.PoolGraph:
    graph = core.PoolGraph()
    graph.add(json.dumps({"pools": pools}))
    return graph


def test_what_is_dumped_is_what_was_added() -> None:
    graph = graph_of(PAIR)
    assert json.loads(graph.dump()) == {"pools": [PAIR]}
    assert graph.venue(str(PAIR["pool"])) == "uniswap_v2"
    assert graph.tokens(str(PAIR["pool"])) == [PAIR["token0"], PAIR["token1"]]
    assert core.PoolGraph().add(graph.dump()) == [PAIR["pool"]]


def test_a_pair_answers_as_the_example_of_its_library() -> None:
    # UniswapV2Library.getAmountOut(2, 100, 100) = 1 and getAmountIn(1, 100, 100) = 2, as its contract's tests state.
    graph = graph_of(PAIR | {"reserve0_raw": "100", "reserve1_raw": "100"})
    pool, token0, token1 = str(PAIR["pool"]), str(PAIR["token0"]), str(PAIR["token1"])
    assert graph.quote_exact_in(pool, token0, 2).amount_out_raw == 1
    quote = graph.quote_exact_out(pool, token1, 1)
    assert (quote.amount_in_raw, quote.token_in, quote.spot_before) == (2, token0, (100, 100))
    assert [(fee.kind, fee.token, fee.amount_raw) for fee in quote.fees] == [("liquidity", token0, 1)]


def test_a_sync_log_sets_the_reserves() -> None:
    graph = graph_of(PAIR)
    pool = str(PAIR["pool"])
    graph.apply_sync(pool, reserve0_raw=7, reserve1_raw=8)
    assert json.loads(graph.dump([pool]))["pools"] == [PAIR | {"reserve0_raw": "7", "reserve1_raw": "8"}]
    # A pair reads no clock, so it neither takes one nor refuses it.
    updated = graph.apply_clock(slot=1, epoch=1, unix_timestamp=1)
    assert (updated.applied, updated.refused) == ([], [])


def test_nothing_is_added_when_one_pool_of_the_text_is_wrong() -> None:
    graph = core.PoolGraph()
    wrong = PAIR | {"fee_ppm": 1_000_000}
    with pytest.raises(core.CoreError) as refused:
        graph.add(json.dumps([PAIR, wrong]))
    assert refused.value.code == "fee_out_of_range"
    with pytest.raises(core.CoreError, match=r"pools\[1\] \(uniswap_v2\): reserve0_raw: ") as refused:
        graph.add(json.dumps([PAIR, PAIR | {"reserve0_raw": 1.5}]))
    assert refused.value.code == "pool_field_invalid"
    assert len(graph) == 0


SOLANA = Path(__file__).parents[1] / "fixtures/solana/raydium_amm_v4"
NOW = {"slot": 433179580, "epoch": 1000, "unix_timestamp": 1_790_000_000}


def recorded_accounts() -> tuple[str, list[tuple[str, str, bytes]]]:
    accounts = json.loads((SOLANA / "accounts.json").read_text())["pool_with_vaults"]
    read = [(account["address"], account["owner"], base64.b64decode(account["data"])) for account in accounts]
    return accounts[0]["address"], read


def test_a_pool_is_made_from_the_bytes_that_were_read_on_mainnet() -> None:
    pool, accounts = recorded_accounts()
    graph = core.PoolGraph()
    assert graph.add(core.pool_from_accounts(pool, accounts, **NOW)) == [pool]
    # SOL against USDC at about 150 to 200 dollars when the dump was made: raw units of 9 and 6 decimals.
    over, under = graph.quote_exact_in(pool, graph.tokens(pool)[0], 10**9).spot_before
    assert 0.05 < over / under < 0.5
    vault = accounts[1]
    richer = vault[2][:64] + (10**15).to_bytes(8, "little") + vault[2][72:]
    before = graph.quote_exact_in(pool, graph.tokens(pool)[0], 10**9).amount_out_raw
    assert graph.apply_account(vault[0], vault[1], richer).applied == [pool]
    assert graph.quote_exact_in(pool, graph.tokens(pool)[0], 10**9).amount_out_raw != before


def test_a_missing_account_and_a_strange_owner_are_named() -> None:
    pool, accounts = recorded_accounts()
    with pytest.raises(core.CoreError) as refused:
        core.pool_from_accounts(pool, accounts[:1], **NOW)
    assert refused.value.code == "account_missing"
    strange = [(pool, pool, accounts[0][2])]
    with pytest.raises(core.CoreError, match="is not modelled") as refused:
        core.pool_from_accounts(pool, strange, **NOW)
    assert refused.value.code == "unsupported_feature"
