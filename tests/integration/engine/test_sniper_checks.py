"""What the sniper leaves alone: coins that somebody has a power over, that cannot be sold, or that cost too much."""

import asyncio
from pathlib import Path

from solders.account import Account
from solders.pubkey import Pubkey

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.lying_endpoint import lying_endpoint
from tests.integration.engine.sniping import (
    COINS,
    coins_held,
    create,
    curve_of,
    freeze,
    landed,
    mint_coin,
    open_amm_v4,
    open_pumpswap,
    raise_price,
    sniper,
    store_pumpswap,
)
from tradewind.localnet.solana.token_accounts import TOKEN_2022_PROGRAM

VENUES = ["pump_curve", "pumpswap", "raydium_amm_v4"]
# Extension, its bytes, and its instruction: both fees 5 %, and a program that is asked about every transfer.
NOBODY = b"\0" + bytes(32)
FEE = (108, b"\x1a\0" + NOBODY[:1] + NOBODY[:1] + (500).to_bytes(2, "little") + (10**18).to_bytes(8, "little"))
HOOK = (64, b"\x24\0" + bytes([7]) * 32 + bytes([8]) * 32)


def reasons(engine: EngineProcess) -> dict[str, str | None]:
    """Why nothing was planned, by pool, as it was told last."""
    return {event["hops"][0]["pool"]: event["notPlanned"] for event in engine.events("OpportunityFound")}


async def test_coins_that_somebody_has_a_power_over_or_that_cannot_be_sold_are_told_and_forgotten(
    desk: SolanaDeployment, tmp_path: Path
) -> None:
    engine = sniper(desk, tmp_path, venues=VENUES, max_creator_bps="10000", simulate_sale=True)
    await engine.start()
    await engine.until("engine_ready")
    mint_coin(desk, COINS[0], mints=True)
    mint_coin(desk, COINS[1], freezes=True)
    mint_coin(desk, COINS[2], program=TOKEN_2022_PROGRAM, extension=FEE)
    mint_coin(desk, COINS[3], program=TOKEN_2022_PROGRAM, extension=HOOK)
    for coin in COINS[4:6]:
        mint_coin(desk, coin)
    # Nobody can freeze it any more: the wallet's own account was frozen before.
    freeze(desk, COINS[4], Pubkey.from_string(desk.wallet.address))
    first = open_pumpswap(desk, COINS[0])
    refused = {
        first.pool: "mint_authority",
        open_amm_v4(desk, COINS[1]).pool: "freeze_authority",
        open_pumpswap(desk, COINS[4]).pool: "simulation_failed",
    }
    # Not even a pool that could be quoted.
    untraded = {
        store_pumpswap(desk, COINS[2], first).pool: ("unsupported_feature", "has a transfer fee"),
        store_pumpswap(desk, COINS[3], first).pool: ("unsupported_feature", "has a transfer hook"),
        open_amm_v4(desk, COINS[5], frozen=True).pool: ("swaps_disabled", "is frozen"),
    }
    for pool in refused:
        await engine.until("pool_dropped", pool=pool)
    for pool, (code, why) in untraded.items():
        assert why in (await engine.until("pool_not_added", pool=pool, code=code))["message"]
    # The next one is bought, so the engine looked at the others.
    bought = create(desk, COINS[6])
    await engine.until("executed", status="success")
    await engine.terminate()
    assert reasons(engine) == refused | {bought: None}
    assert len(await landed(desk)) == 1
    assert coins_held(desk, COINS[6]) > 0


async def test_a_node_that_refuses_to_simulate_the_sale_ends_in_no_purchase_and_a_reason(
    desk: SolanaDeployment, tmp_path: Path
) -> None:
    async with lying_endpoint(desk.chain.rpc_url, refuses="simulateTransaction") as node:
        engine = sniper(desk, tmp_path, simulate_sale=True)
        engine.config["chain"]["rpc"] = [node.url]
        await engine.start()
        await engine.until("engine_ready")
        curve = create(desk, COINS[0])
        told = await engine.until("pool_not_added", pool=curve)
        assert told["code"] == "chain_unreadable"
        assert "simulateTransaction" in told["message"]
        raise_price(desk, curve_of(COINS[0]))
        await engine.terminate()
    assert engine.said("planned") == []
    assert await landed(desk) == []


async def test_a_purchase_that_the_wallet_has_no_lamports_for_is_told_and_made_once_it_has(
    desk: SolanaDeployment, tmp_path: Path
) -> None:
    engine, wallet, node = sniper(desk, tmp_path), Pubkey.from_string(desk.wallet.address), desk.chain.node
    await engine.start()
    await engine.until("engine_ready")
    # The amount and the fee are there; the rents that a purchase may need are not.
    node.set_account(wallet, Account(101_000_000, b"", Pubkey.default()))
    curve = create(desk, COINS[0])
    await engine.until("pool_added", pool=curve)
    async with asyncio.timeout(30):
        while reasons(engine) != {curve: "lamports_short"}:
            await asyncio.sleep(0.02)
    assert engine.said("sent") == engine.said("not_signed") == []
    node.set_account(wallet, Account(10**12, b"", Pubkey.default()))
    raise_price(desk, curve_of(COINS[0]), lamports=10_000_000)
    await engine.until("executed", status="success")
    await engine.terminate()
    assert coins_held(desk, COINS[0]) > 0
