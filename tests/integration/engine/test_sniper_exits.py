"""The sniper finds pools of PumpSwap and of Raydium, and sells by its rules when somebody else moves the price."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.sniping import (
    AMOUNT_LAMPORTS,
    COINS,
    coins_held,
    create,
    curve_of,
    landed,
    lower_price,
    mint_coin,
    open_amm_v4,
    open_pumpswap,
    raise_price,
    sniper,
    wealth,
)

NEVER_BPS = "10000000"


async def sold_out(desk: SolanaDeployment, engine: EngineProcess, reason: str) -> list[dict[str, Any]]:
    """Wait for the engine's own end: nothing is held, and the sales are as told."""
    await engine.until("engine_stopped", reason=reason)
    assert await engine.exit_code() == 0
    results = engine.events("ExecutionResultEvent")
    assert await landed(desk) == [result["signature"] for result in results]
    assert [coins_held(desk, coin) for coin in COINS] == [0] * len(COINS)
    return [result for result in results if result["actualProfit"] is not None]


@pytest.mark.parametrize("feed", ["websocket", "yellowstone"])
async def test_a_new_pool_of_pumpswap_is_found_and_its_coin_sold_when_it_has_lost_enough(
    desk: SolanaDeployment, tmp_path: Path, feed: str
) -> None:
    rules = {"take_profit_bps": NEVER_BPS, "stop_loss_bps": "3000", "max_creator_bps": "10000"}
    engine, before = sniper(desk, tmp_path, feed=feed, venues=["pumpswap"], **rules), wealth(desk)
    await engine.start()
    await engine.until("engine_ready")
    mint_coin(desk, COINS[0])
    pool = open_pumpswap(desk, COINS[0])
    found = await engine.until("pool_added", pool=pool.pool)
    assert (found["mint"], found["decimals"]) == (str(COINS[0].pubkey()), 6)
    await engine.until("executed", status="success")
    lower_price(desk, pool)
    (sale,) = await sold_out(desk, engine, "budget_spent")
    # Half of what it was worth, and nothing near it by fees alone.
    assert -AMOUNT_LAMPORTS < int(sale["actualProfit"]) < -AMOUNT_LAMPORTS * 3 // 10
    assert wealth(desk) - before == int(sale["netProfit"]) - int(sale["lockedLamports"])
    plans = engine.events("ExecutionPlanEvent")
    assert [plan["routes"][0]["pool"] for plan in plans] == [pool.pool, pool.pool]


@pytest.mark.parametrize("feed", ["websocket", "yellowstone"])
async def test_a_new_pool_of_raydium_is_found_and_its_coin_sold_when_it_was_held_for_long_enough(
    desk: SolanaDeployment, tmp_path: Path, feed: str
) -> None:
    rules = {"take_profit_bps": NEVER_BPS, "hold_at_most_slots": "5"}
    engine = sniper(desk, tmp_path, feed=feed, venues=["raydium_amm_v4"], **rules)
    await engine.start()
    await engine.until("engine_ready")
    mint_coin(desk, COINS[0])
    pool = open_amm_v4(desk, COINS[0])
    await engine.until("pool_added", pool=pool.pool, mint=str(COINS[0].pubkey()))
    (sale,) = await sold_out(desk, engine, "budget_spent")
    purchase = engine.events("ExecutionResultEvent")[0]
    assert sale["blockSlot"] >= purchase["blockSlot"] + 5
    plans = engine.events("ExecutionPlanEvent")
    assert [plan["routes"][0]["venue"] for plan in plans] == ["raydium_amm_v4", "raydium_amm_v4"]


async def test_what_is_held_is_sold_at_once_when_another_sale_has_reached_the_target(
    desk: SolanaDeployment, tmp_path: Path
) -> None:
    engine = sniper(
        desk,
        tmp_path,
        budget_raw=str(5 * AMOUNT_LAMPORTS),
        most_positions="2",
        target_profit_raw="1000000",
        take_profit_bps="2000",
    )
    await engine.start()
    await engine.until("engine_ready")
    for number in (0, 1):
        seen = len(engine.lines)
        create(desk, COINS[number])
        await engine.until("executed", after=seen, status="success")
    raise_price(desk, curve_of(COINS[0]))
    sales = await sold_out(desk, engine, "target_reached")
    # The second one brought a loss: no rule of its own applied.
    assert [int(sale["actualProfit"]) > 0 for sale in sales] == [True, False]
    assert int(sales[0]["actualProfit"]) >= 1_000_000


async def test_what_is_held_is_sold_at_once_when_the_time_is_over(desk: SolanaDeployment, tmp_path: Path) -> None:
    engine = sniper(desk, tmp_path, take_profit_bps=NEVER_BPS)
    await engine.start()
    await engine.until("engine_ready")
    create(desk, COINS[0])
    await engine.until("executed", status="success")
    engine.config["version"] = 2
    engine.config["parameters"] |= {"time_limit_s": "1"}
    engine.write()
    await engine.until("config_in_force", version=2)
    (sale,) = await sold_out(desk, engine, "time_over")
    assert int(sale["actualProfit"]) < 0
