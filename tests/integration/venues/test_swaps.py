"""Swaps on the real contracts: what is simulated, sent, filled and charged."""

import pytest

from tests.builders import with_limits
from tests.integration.venues.conftest import dice_of
from tests.integration.venues.trader import Order, Trader, gas_at, step
from tradewind import core
from tradewind.accounting.fill import fill_of, step_result
from tradewind.domain.fill import StepOutcome
from tradewind.domain.plan import Exact, StepKind
from tradewind.errors import Refused
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.venues.evm_gas import gas_of
from tradewind.venues.simulated import SimulatedAmounts, SimulatedRevert
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNLIMITED = 2**256 - 1


@pytest.fixture
def trader(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> Trader:
    return Trader(localnet, venue)


def pool_of(localnet: EvmLocalnet, base: at.Token, quote: at.Token, fee_pips: int) -> str:
    wanted = (base, quote, fee_pips)
    return next(pool.address for pool in localnet.pools if (pool.base, pool.quote, pool.fee_pips) == wanted)


def over_arb(localnet: EvmLocalnet) -> list[str]:
    return [pool_of(localnet, at.WETH, at.ARB, 500), pool_of(localnet, at.ARB, at.USDC, 500)]


async def orders_of_every_kind(localnet: EvmLocalnet) -> dict[str, Order]:
    cheap = [pool_of(localnet, at.WETH, at.USDC, 500)]
    thin = [pool_of(localnet, at.WETH, at.USDC, 100)]
    return {
        "buy exact": Order(at.USDC, at.WETH, 15 * 10**17, Exact.OUT, cheap),
        "spend exact": Order(at.USDC, at.WETH, 4_500 * 10**6, Exact.IN, cheap),
        "sell exact": Order(at.WETH, at.USDC, 10**18, Exact.IN, cheap),
        "receive exact": Order(at.WETH, at.USDC, 2_000 * 10**6, Exact.OUT, cheap),
        "two hops in": Order(at.USDC, at.WETH, 3_000 * 10**6, Exact.IN, over_arb(localnet)),
        "two hops out": Order(at.USDC, at.WETH, 10**18, Exact.OUT, over_arb(localnet)),
        "two hops back": Order(at.WETH, at.USDC, 10**18, Exact.IN, over_arb(localnet)),
        "many ticks": Order(at.WETH, at.USDC, 19 * 10**18, Exact.IN, thin),
        "first holding": Order(at.USDC, at.ARB, 100 * 10**6, Exact.IN),
        "dust": Order(at.USDC, at.WETH, 101, Exact.IN),
    }


KINDS = [
    "buy exact",
    "spend exact",
    "sell exact",
    "receive exact",
    "two hops in",
    "two hops out",
    "two hops back",
    "many ticks",
    "first holding",
    "dust",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_permit", [False, True], ids=["approved", "permit"])
async def test_quote_simulation_and_fill_are_the_same_amounts(
    localnet: EvmLocalnet, trader: Trader, kind: str, with_permit: bool
) -> None:
    order = (await orders_of_every_kind(localnet))[kind]
    if not with_permit:
        await trader.approve(order.token_in, UNLIMITED)
    plan = await trader.plan(order, with_permit=with_permit)
    permit = await trader.permit(order.token_in, plan.worst_in_raw, plan.deadline_s) if with_permit else None
    tx = await trader.transaction(plan, permit)
    before = await balances(localnet, order)

    simulated = await trader.venue.simulate(tx, trader.wallet, plan.block)
    receipt = await trader.send(tx)
    fill = fill_of(receipt, wallet=trader.wallet, legs=plan.legs)

    spent, received = (after - was for after, was in zip(await balances(localnet, order), before, strict=True))
    assert (fill.amount_in_raw, fill.amount_out_raw) == (-spent, received)
    assert simulated == SimulatedAmounts(fill.amount_in_raw, fill.amount_out_raw)
    assert (plan.quoted_in_raw, plan.quoted_out_raw) == (fill.amount_in_raw, fill.amount_out_raw)
    assert gas_of(plan).gas_limit >= receipt.gas_used, (gas_of(plan), receipt.gas_used)


async def balances(localnet: EvmLocalnet, order: Order) -> tuple[int, int]:
    return (
        await localnet.balance_of(order.token_in.address, at.TRADER),
        await localnet.balance_of(order.token_out.address, at.TRADER),
    )


@pytest.mark.parametrize("seed", range(2))
async def test_no_swap_runs_out_of_the_gas_it_was_given(localnet: EvmLocalnet, trader: Trader, seed: int) -> None:
    dice = dice_of(seed)
    for token in (at.USDC, at.WETH, at.ARB):
        await trader.approve(token, UNLIMITED)
        await localnet.fund(trader.wallet, token.address, 10**6 * 10**token.decimals)
    whole = {at.USDC: 2_000, at.WETH: 1, at.ARB: 3_000}
    for number in range(12):
        token_in, token_out = dice.sample([at.USDC, at.WETH, at.ARB], 2)
        exact = dice.choice(list(Exact))
        fixed = token_in if exact is Exact.IN else token_out
        amount_raw = int(whole[fixed] * 10**fixed.decimals * dice.random()) + 10**fixed.decimals // 100
        plan = await trader.plan(Order(token_in, token_out, amount_raw, exact))
        tx = await trader.transaction(plan)
        if number % 2:
            # A new second makes the first swap of a pool write its oracle, after the estimate was made.
            await localnet.set_next_timestamp(await localnet.timestamp_s() + 1)
        receipt = await trader.send(tx)
        assert receipt.succeeded, (receipt.gas_used, tx.gas_limit)
        assert receipt.gas_used <= gas_of(plan).gas_limit
        assert gas_of(plan).l1_gas == 0


async def test_an_approval_lets_the_router_take_exactly_its_amount(localnet: EvmLocalnet, trader: Trader) -> None:
    receipt = await trader.approve(at.USDC, 123_456_789)
    assert await localnet.allowance(at.USDC.address, at.TRADER, at.SWAP_ROUTER_02) == 123_456_789
    result = step_result(receipt, step=0, attempt=0, nonce=0, wallet=at.TRADER)
    assert (result.outcome, result.fill) == (StepOutcome.SUCCEEDED, None)
    assert result.fee_raw == receipt.gas_used * receipt.gas_price_wei


REFUSALS = {
    "price moved, selling": ("price_moved", "Too little received", Exact.IN),
    "price moved, buying": ("price_moved", "Too much requested", Exact.OUT),
    "late": ("deadline_passed", "Transaction too old", Exact.IN),
    "no allowance": ("allowance_or_balance", "STF", Exact.IN),
    "no balance": ("allowance_or_balance", "STF", Exact.OUT),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_tells_why_a_swap_would_fail_and_why_it_did(localnet: EvmLocalnet, trader: Trader, case: str) -> None:
    code, reason, exact = REFUSALS[case]
    if case != "no allowance":
        await trader.approve(at.USDC, UNLIMITED)
    # The trader holds 50,000 USDC: enough for 0.1 WETH, not for 18.
    bought_raw = 18 * 10**18 if case == "no balance" else 10**17
    order = Order(at.USDC, at.WETH, 10**9 if exact is Exact.IN else bought_raw, exact, max_paths=1)
    plan = await trader.plan(order)
    changes: dict[str, int] = {}
    if case == "price moved, selling":
        changes = {"worst_out_raw": plan.quoted_out_raw + 1}
    elif case == "price moved, buying":
        changes = {"worst_in_raw": plan.quoted_in_raw - 1}
    elif case == "late":
        changes = {"deadline_s": plan.block.timestamp_s - 1}
    gas = gas_at(gas_of(plan).base_fee_wei).model_copy(update={"gas_limit": 900_000})
    plan = with_limits(plan, **changes).model_copy(update={"gas": gas})
    tx = await trader.transaction(plan)

    assert await trader.venue.simulate(tx, trader.wallet, plan.block) == SimulatedRevert(code, reason)

    receipt = await trader.send(tx)
    assert not receipt.succeeded
    revert = await trader.chain.revert_reason(receipt, tx)
    assert revert.reason == reason
    result = step_result(
        receipt, step=0, attempt=1, nonce=tx.nonce, wallet=at.TRADER, legs=plan.legs, revert_reason=reason
    )
    assert (result.outcome, result.revert_reason, result.fill) == (StepOutcome.REVERTED, reason, None)


async def test_a_swap_that_only_failed_in_its_own_block_tells_why(localnet: EvmLocalnet, trader: Trader) -> None:
    await trader.approve(at.USDC, UNLIMITED)
    pools = [pool_of(localnet, at.WETH, at.USDC, 500)]
    plan = await trader.plan(Order(at.USDC, at.WETH, 10**9, Exact.IN, pools))
    plan = with_limits(plan, worst_out_raw=plan.quoted_out_raw)
    tx = await trader.transaction(plan)
    await localnet.set_automine(on=False)
    ahead = await localnet.rpc.call(
        "eth_sendTransaction", await market_transaction(trader, Order(at.USDC, at.WETH, 10**11, Exact.IN, pools))
    )
    sent = await trader.venue.submit_order(trader.sign(tx))
    await localnet.mine()
    receipt = await trader.receipt(sent.tx_hash)
    assert (await trader.receipt(ahead)).block == receipt.block
    assert not receipt.succeeded
    assert (await trader.chain.revert_reason(receipt, tx)).reason == "Too little received"


async def test_a_swap_that_would_have_worked_later_tells_why_it_failed(localnet: EvmLocalnet, trader: Trader) -> None:
    plan = await trader.plan(Order(at.USDC, at.WETH, 10**9, Exact.IN))
    tx = await trader.transaction(plan)
    approval = step(StepKind.APPROVE, at.USDC.address, UNLIMITED)
    after = await trader.venue.build_swap_tx(plan, approval, permit=None, nonce=tx.nonce + 1)
    await localnet.set_automine(on=False)
    sent = await trader.venue.submit_order(trader.sign(tx))
    await trader.venue.submit_order(trader.sign(after))
    await localnet.mine()
    receipt = await trader.receipt(sent.tx_hash)
    assert not receipt.succeeded
    assert (await trader.chain.revert_reason(receipt, tx)).reason == "STF"


async def market_transaction(trader: Trader, order: Order) -> dict[str, str]:
    """The market maker buys through the same pools."""
    plan = await trader.plan(order)
    data = core.RouterSwap(
        exact="in",
        legs=[
            core.SwapLeg(
                path=[plan.hops[0].token_in, *(hop.token_out for hop in plan.hops)],
                fees_pips=[hop.fee_pips for hop in plan.hops],
                amount_in_raw=order.amount_raw,
                amount_out_raw=1,
            )
        ],
        recipient=at.MARKET_MAKER,
        deadline_s=plan.deadline_s,
        permit=None,
    ).encode()
    return {
        "from": at.MARKET_MAKER,
        "to": at.SWAP_ROUTER_02,
        "data": f"0x{data.hex()}",
        "gas": hex(5_000_000),
        "maxFeePerGas": hex(10**9),
        "maxPriorityFeePerGas": "0x0",
    }


async def test_an_exhausted_gas_limit_is_told_as_such(trader: Trader) -> None:
    await trader.approve(at.USDC, UNLIMITED)
    plan = await trader.plan(Order(at.USDC, at.WETH, 10**9, Exact.IN))
    plan = plan.model_copy(update={"gas": plan.gas.model_copy(update={"gas_limit": 90_000})})
    tx = await trader.transaction(plan)
    simulated = await trader.venue.simulate(tx, trader.wallet, plan.block)
    assert isinstance(simulated, SimulatedRevert)
    assert simulated.code in ("out_of_gas", "reverted_without_reason")


async def test_refuses_to_build_a_step_that_another_venue_made(trader: Trader) -> None:
    stranger = "0xE592427A0AEce92De3Edee1F18E0157C05861564"
    plan = await trader.plan(Order(at.USDC, at.WETH, 10**9, Exact.IN), with_permit=False)
    swap = plan.steps[0]
    for changes in ({"spender": stranger}, {"target": stranger}):
        with pytest.raises(Refused) as caught:
            await trader.venue.build_swap_tx(plan, swap.model_copy(update=changes), permit=None, nonce=0)
        assert caught.value.code == "plan_contradicts_venue"
    approval = step(StepKind.APPROVE, at.USDC.address, 1).model_copy(update={"target": at.WETH.address})
    with pytest.raises(Refused):
        await trader.venue.build_swap_tx(plan, approval, permit=None, nonce=0)


async def test_refuses_a_permit_where_none_is_planned_and_none_where_one_is(trader: Trader) -> None:
    plan = await trader.plan(Order(at.USDC, at.WETH, 10**9, Exact.IN))
    permit = await trader.permit(at.USDC, plan.worst_in_raw, plan.deadline_s)
    for wanted, given in ((False, permit), (True, None)):
        swap = plan.steps[0].model_copy(update={"with_permit": wanted})
        with pytest.raises(Refused) as caught:
            await trader.venue.build_swap_tx(plan, swap, permit=given, nonce=0)
        assert caught.value.code == "plan_contradicts_permit"


async def test_refuses_a_swap_whose_gas_is_above_the_limit(trader: Trader) -> None:
    plan = await trader.plan(Order(at.USDC, at.WETH, 10**9, Exact.IN))
    gas = plan.gas.model_copy(update={"l1_gas": 5_000_000})
    approval = step(StepKind.APPROVE, at.USDC.address, 1)
    with pytest.raises(Refused) as caught:
        await trader.venue.build_swap_tx(plan.model_copy(update={"gas": gas}), approval, permit=None, nonce=0)
    assert caught.value.code == "gas_limit_exceeded"
