"""What cannot or must not be traded ends with its reason, and costs nothing but, at worst, gas."""

import asyncio
from typing import Any

import pytest

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment
from tests.e2e.intents import STRATEGY, acquire, dispose, intent, spec
from tradewind.localnet.evm import EvmLocalnet
from tradewind.localnet.strict.behaviours.transport import Held


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (acquire("19.9"), "balance_too_low"),
        (dispose("19.9", "WETH", slippage="0.01") | {"strategy_id": STRATEGY}, None),
        (intent("acquire", spec("ARB", percentage="0.000000000000000000001"), "USDC"), "holding_too_small"),
        (acquire("0.1", slippage="0.01") | {}, None),
    ],
)
async def test_what_the_chain_rules_out_is_rejected_before_anything_is_signed(
    deployment: Deployment, chain: EvmLocalnet, body: dict[str, Any], code: str | None
) -> None:
    view = await deployment.until_final(await deployment.submit(body))
    if code is None:
        assert view["status"] == "COMPLETED", view["end"]
        return
    assert (view["status"], view["end"]["code"]) == ("REJECTED", code)
    assert truth.nonce(chain.rpc_url) == 0


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        # Buying over several legs: the permit covers all, so the router refuses the leg that needs more than its own.
        (acquire("1.5", slippage="0.001"), "price_moved", "Too much requested"),
        (dispose("1.5", slippage="0.001"), "price_moved", "Too little received"),
    ],
)
async def test_a_price_that_moves_after_the_send_is_bounded_by_the_limit(
    deployment: Deployment, chain: EvmLocalnet, body: dict[str, Any], code: str, said: str
) -> None:
    """Signed and sent, but the market moves before it is sequenced: it reverts, and only gas is spent."""
    url = chain.rpc_url
    weth, usdc, wei = truth.balance(url, truth.WETH), truth.balance(url, truth.USDC), truth.ether(url)
    held = Held()
    deployment.strict.misbehave(held, methods={"eth_sendRawTransaction"})
    intent_id = await deployment.submit(body)
    async with asyncio.timeout(20):
        await held.arrived.wait()
    await move_the_market(chain, buys_weth=body["intent_type"] == "acquire")
    held.release.set()
    view = await deployment.until_final(intent_id)
    assert (view["status"], view["end"]["code"]) == ("FAILED", code)
    assert said in view["end"]["message"]
    [receipt] = truth.trader_receipts(url)
    assert receipt["status"] == "0x0"
    assert (truth.balance(url, truth.WETH), truth.balance(url, truth.USDC)) == (weth, usdc)
    assert wei - truth.ether(url) == int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)


async def move_the_market(chain: EvmLocalnet, *, buys_weth: bool) -> None:
    """Make what the intent buys dearer in every pool, by far more than any slippage."""
    for fee in (100, 500, 3000):
        if buys_weth:
            await chain.swap_as_market(truth.USDC, truth.WETH, fee, 300_000 * 10**6)
        else:
            await chain.swap_as_market(truth.WETH, truth.USDC, fee, 100 * 10**18)


async def test_a_deadline_that_passes_unsigned_expires_and_spends_nothing(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    await deployment.request("POST", "/halt", {"reason": "test"})
    view = await deployment.until_final(await deployment.submit(acquire("0.1", window_ms=2_500)))
    assert (view["status"], view["end"]["code"]) == ("EXPIRED", "deadline_passed")
    assert truth.nonce(chain.rpc_url) == 0


async def test_a_deadline_that_passes_after_signing_is_decided_by_the_chain(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    """The bytes are out, so no clock may end the intent: it ends when the chain has refused them."""
    url = chain.rpc_url
    usdc = truth.balance(url, truth.USDC)
    held = Held()
    deployment.strict.misbehave(held, methods={"eth_sendRawTransaction"})
    intent_id = await deployment.submit(acquire("0.1", window_ms=30_000))
    async with asyncio.timeout(20):
        await held.arrived.wait()
    await chain.set_next_timestamp(await chain.timestamp_s() + 3_600)
    await chain.mine()
    held.release.set()
    view = await deployment.until_final(intent_id)
    assert (view["status"], view["end"]["code"]) == ("FAILED", "deadline_passed")
    assert "Transaction too old" in view["end"]["message"]
    assert truth.balance(url, truth.USDC) == usdc
    assert truth.nonce(url) == 1


async def test_the_endpoint_going_away_and_coming_back_ends_in_one_fill(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    """Anvil is stopped in its tracks (SIGSTOP), the intent waits, and goes on when it is back."""
    import os  # noqa: PLC0415
    import signal  # noqa: PLC0415

    os.kill(chain.pid, signal.SIGSTOP)
    try:
        intent_id = await deployment.submit(acquire("0.25"))
        async with asyncio.timeout(20):
            while "rpc_timeout" not in deployment.log("service"):
                await asyncio.sleep(0.05)
        assert (await deployment.request("GET", f"/intents/{intent_id}"))[1]["status"] == "PENDING"
    finally:
        os.kill(chain.pid, signal.SIGCONT)
    view = await deployment.until_final(intent_id)
    assert view["status"] == "COMPLETED", view["end"]
    assert truth.nonce(chain.rpc_url) == 1
