"""The sniper on the real pump program: it buys what was created a moment ago, sells by rule, and ends by itself."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import ROOT, EngineProcess
from tests.integration.engine.sniping import (
    AMOUNT_LAMPORTS,
    COINS,
    EMPTY_ACCOUNT_LAMPORTS,
    buying,
    coins_held,
    create,
    landed,
    send,
    sniper,
    somebody,
    wealth,
)
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.commander.finding import Verdict
from tradewind.commander.preflight.signer import check_signer
from tradewind.commander.resolved import content_of
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.strategy_file.settings import StrategySettings


async def test_a_coin_of_a_moment_ago_is_bought_and_sold_by_rule_and_the_told_profit_is_the_wallets(
    desk: SolanaDeployment, tmp_path: Path
) -> None:
    engine, before = sniper(desk, tmp_path), wealth(desk)
    await engine.start()
    await engine.until("engine_ready")
    created_slot = desk.chain.node.slot
    curve = create(desk, COINS[0])
    await engine.until("pool_added", pool=curve, mint=str(COINS[0].pubkey()))
    bought = await engine.until("executed", status="success")
    assert coins_held(desk, COINS[0]) > 0
    seen = len(engine.lines)
    send(desk, buying(desk, COINS[0], 5_000_000_000), somebody(desk))
    sold = await engine.until("executed", after=seen, status="success")
    stopped = await engine.until("engine_stopped")
    assert stopped["reason"] == "budget_spent"
    assert await engine.exit_code() == 0
    assert await landed(desk) == [bought["signature"], sold["signature"]]
    assert coins_held(desk, COINS[0]) == 0
    purchase, sale = engine.events("ExecutionResultEvent")
    assert purchase["blockSlot"] >= created_slot
    assert (purchase["actualProfit"], purchase["netProfit"]) == (None, None)
    # The first trade of a coin makes the vault of its maker, at the cost of whoever trades.
    assert purchase["inputAmount"] == str(AMOUNT_LAMPORTS + EMPTY_ACCOUNT_LAMPORTS)
    assert purchase["outputAmount"] == sale["inputAmount"]
    assert int(sale["netProfit"]) == int(sale["actualProfit"]) - int(sale["executionCost"])
    # The receipt of the sale stands in an account of the wallet's, and comes back one day.
    assert wealth(desk) - before == int(sale["netProfit"]) - int(sale["lockedLamports"])
    assert int(sale["actualProfit"]) > 0
    plans = engine.events("ExecutionPlanEvent")
    assert [plan["strategy"] for plan in plans] == ["sniping", "sniping"]
    assert [plan["inputToken"] for plan in plans] == [str(WSOL), str(COINS[0].pubkey())]


async def test_a_coin_of_which_its_maker_holds_much_is_left_alone_and_the_reason_told(
    desk: SolanaDeployment, tmp_path: Path
) -> None:
    engine = sniper(desk, tmp_path, max_sold_bps="10000")
    await engine.start()
    await engine.until("engine_ready")
    refused = create(desk, COINS[0], own_lamports=8_000_000_000)
    await engine.until("pool_added", pool=refused)
    # The next one is bought, so the first was looked at.
    taken = create(desk, COINS[1])
    await engine.until("executed", status="success")
    await engine.terminate()
    assert coins_held(desk, COINS[0]) == 0
    assert coins_held(desk, COINS[1]) > 0
    found = {event["hops"][0]["pool"]: event["notPlanned"] for event in engine.events("OpportunityFound")}
    assert found == {refused: "creator_share", taken: None}


@pytest.mark.parametrize("line", ["sent", "executed"])
async def test_a_position_survives_a_kill_between_its_purchase_and_its_sale_and_is_sold_once(
    desk: SolanaDeployment, tmp_path: Path, line: str
) -> None:
    engine, before = sniper(desk, tmp_path), wealth(desk)
    await engine.start()
    await engine.until("engine_ready")
    create(desk, COINS[0])
    await engine.until(line)
    await engine.kill()
    seen = len(engine.lines)
    await engine.start()
    await engine.until("engine_ready", after=seen)
    async with asyncio.timeout(30):
        while not coins_held(desk, COINS[0]):
            await asyncio.sleep(0.02)
    send(desk, buying(desk, COINS[0], 5_000_000_000), somebody(desk))
    await engine.until("engine_stopped", after=seen, reason="budget_spent")
    assert await engine.exit_code() == 0
    assert coins_held(desk, COINS[0]) == 0
    results = {result["planId"]: result for result in engine.events("ExecutionResultEvent")}
    assert await landed(desk) == [result["signature"] for result in results.values()]
    sale = [result for result in results.values() if result["actualProfit"] is not None]
    assert len(sale) == 1
    assert wealth(desk) - before == int(sale[0]["netProfit"]) - int(sale[0]["lockedLamports"])


def example(desk: SolanaDeployment, tmp_path: Path, **replaced: str) -> StrategySettings:
    """The example configuration for this chain."""
    described = desk.chain.description
    text = (ROOT / "configs" / "strategies" / "sniper.yaml").read_text()
    addresses = {
        "http://127.0.0.1:8899": described.urls["rpc"],
        "ws://127.0.0.1:8900": described.urls["websocket"],
        "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d": described.genesis_hash,
        "../../signer.sock": str(desk.folder / "signer.sock"),
    }
    for written, real in (addresses | replaced).items():
        assert written in text
        text = text.replace(written, real)
    (tmp_path / "sniper.yaml").write_text(text)
    return read_strategy_file(tmp_path / "sniper.yaml", strategy="sniper").settings


async def test_the_example_configuration_finds_a_coin_on_paper_and_signs_nothing(
    desk: SolanaDeployment, tmp_path: Path
) -> None:
    settings, folder = example(desk, tmp_path), tmp_path / "sniper-1"
    folder.mkdir()
    config = {"version": 1} | content_of(settings, instance="sniper-1", folder=folder)
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    await engine.start()
    await engine.until("engine_ready")
    curve = create(desk, COINS[0])
    await engine.until("planned")
    assert await engine.terminate() == 0
    plan = engine.events("ExecutionPlanEvent")[0]
    assert (plan["routes"][0]["pool"], plan["routes"][0]["venue"]) == (curve, "pump_curve")
    assert plan["expectedProfit"] == "0"
    assert engine.said("sent") == []
    assert await landed(desk) == []


async def live_pre_flight(desk: SolanaDeployment, tmp_path: Path) -> dict[str, Verdict]:
    live = {"mode: paper": "mode: live", "blacklist: []": f"commander: {{wallet: {desk.wallet.address}}}"}
    return {each.name: each.verdict for each in await check_signer(example(desk, tmp_path, **live))}


async def test_the_pre_flight_of_the_example_live_is_good_with_the_documented_policy(
    desk: SolanaDeployment, tmp_path: Path
) -> None:
    assert set((await live_pre_flight(desk, tmp_path)).values()) == {Verdict.OK}


async def test_the_pre_flight_of_the_example_live_is_red_where_the_policy_lets_it_buy_nothing(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    found = await live_pre_flight(deployment, tmp_path)
    assert {name for name, verdict in found.items() if verdict is not Verdict.OK} == {"unlisted mints"}
    assert found["unlisted mints"] is Verdict.WRONG


async def test_what_is_to_be_left_at_the_end_is_told_and_kept(desk: SolanaDeployment, tmp_path: Path) -> None:
    engine = sniper(desk, tmp_path, at_end="leave")
    await engine.start()
    await engine.until("engine_ready")
    create(desk, COINS[0])
    left = await engine.until("position_left", mint=str(COINS[0].pubkey()))
    await engine.until("engine_stopped", reason="budget_spent")
    assert await engine.exit_code() == 0
    assert left["held_raw"] == str(coins_held(desk, COINS[0]))
    assert len(await landed(desk)) == 1
