"""New bytes of Solana accounts, and the clock, on a whole graph; the bytes are those that the chain showed."""

import base64
import json
from pathlib import Path

import pytest

from tradewind import core

FIXTURES = Path(__file__).parents[1] / "fixtures" / "solana"
_, COIN_VAULT, PC_VAULT = json.loads((FIXTURES / "raydium_amm_v4" / "accounts.json").read_text())["pool_with_vaults"]
COIN_MINT = "So11111111111111111111111111111111111111112"
PC_MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
POOLS = ["58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2", "DNZwmHYrS7bekmsJeFPxFvkWRfXRPu44phUqZgdK7Pxy"]
PAIR = {
    "venue": "uniswap_v2",
    "pool": "0x" + "5" * 40,
    "token0": "0x" + "1" * 40,
    "token1": "0x" + "2" * 40,
    "reserve0_raw": "100",
    "reserve1_raw": "100",
    "fee_ppm": 3000,
}


def amm(pool: str) -> dict[str, object]:
    return {
        "venue": "raydium_amm_v4",
        "pool": pool,
        "coin_mint": COIN_MINT,
        "pc_mint": PC_MINT,
        "coin_vault": COIN_VAULT["address"],
        "pc_vault": PC_VAULT["address"],
        "coin_vault_raw": "1000000",
        "pc_vault_raw": "1000000",
        "coin_need_take_pnl_raw": "0",
        "pc_need_take_pnl_raw": "0",
        "swap_fee_numerator": "25",
        "swap_fee_denominator": "10000",
        "status": 7,
        "pool_open_time": "1000",
    }


@pytest.fixture
def graph() -> core.PoolGraph:
    graph = core.PoolGraph()
    graph.add(json.dumps([amm(POOLS[0]), amm(POOLS[1]), PAIR]))
    return graph


def vault_raw(graph: core.PoolGraph, pool: str) -> int:
    return int(json.loads(graph.dump([pool]))["pools"][0]["coin_vault_raw"])


def test_every_pool_that_reads_an_account_takes_its_bytes(graph: core.PoolGraph) -> None:
    data = base64.b64decode(COIN_VAULT["data"])
    updated = graph.apply_account(COIN_VAULT["address"], COIN_VAULT["owner"], data)
    assert sorted(updated.applied) == sorted(POOLS)
    assert updated.refused == []
    # A token account keeps its amount in the eight bytes from 64 (spl-token `Account`).
    balance = int.from_bytes(data[64:72], "little")
    assert balance > 1_000_000
    assert [vault_raw(graph, pool) for pool in POOLS] == [balance, balance]


def test_an_account_that_no_pool_reads_changes_nothing(graph: core.PoolGraph) -> None:
    before = graph.dump()
    updated = graph.apply_account(POOLS[0][:-1] + "3", COIN_VAULT["owner"], b"")
    assert (updated.applied, updated.refused, graph.dump()) == ([], [], before)


def test_bytes_that_a_pool_cannot_take_are_refused_with_the_reason(graph: core.PoolGraph) -> None:
    before = graph.dump()
    updated = graph.apply_account(COIN_VAULT["address"], COIN_VAULT["owner"], b"\0" * 3)
    assert updated.applied == []
    assert {pool: refusal.code for pool, refusal in updated.refused} == dict.fromkeys(POOLS, "account_malformed")
    assert graph.dump() == before


def test_the_clock_opens_every_pool_that_waits_for_it(graph: core.PoolGraph) -> None:
    def quote() -> int:
        return graph.quote_exact_in(POOLS[0], COIN_MINT, 1_000).amount_out_raw

    with pytest.raises(core.CoreError) as refused:
        quote()
    assert refused.value.code == "swaps_disabled"
    updated = graph.apply_clock(slot=1, epoch=0, unix_timestamp=1_000)
    assert sorted(updated.applied) == sorted(POOLS)
    assert updated.refused == []
    # 1,000 less 0.25 % rounded up is 997; 997 * 1,000,000 / 1,000,997 rounded down is 996.
    assert quote() == 996
