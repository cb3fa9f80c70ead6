"""Splits on the real contracts: one transaction of several legs, filled at its quote to the unit, or not at all."""

import pytest
import pytest_asyncio

from tests.e2e.chain_truth import balance
from tests.integration.venues.trader import Order, Trader, without_slippage
from tradewind import core
from tradewind.accounting.fill import fill_of
from tradewind.domain.plan import Exact, ExecutionPlan
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.venues.evm_gas import gas_of
from tradewind.venues.simulated import SimulatedAmounts, SimulatedRevert
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGE = {
    "sell": Order(at.WETH, at.USDC, 60 * 10**18, Exact.IN),
    "spend": Order(at.USDC, at.WETH, 180_000 * 10**6, Exact.IN),
    "acquire": Order(at.USDC, at.WETH, 60 * 10**18, Exact.OUT),
    "raise": Order(at.WETH, at.USDC, 180_000 * 10**6, Exact.OUT),
}


@pytest_asyncio.fixture(loop_scope="session")
async def trader(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> Trader:
    for token in (at.USDC, at.WETH):
        await localnet.fund(at.TRADER, token.address, 10**6 * 10**token.decimals)
    return Trader(localnet, venue)


def held(localnet: EvmLocalnet, order: Order) -> tuple[int, int]:
    return balance(localnet.rpc_url, order.token_in.address), balance(localnet.rpc_url, order.token_out.address)


@pytest.mark.parametrize("with_permit", [False, True], ids=["approved", "permit"])
@pytest.mark.parametrize("kind", LARGE)
async def test_a_split_fills_in_one_transaction_at_its_quote_and_beats_the_best_single_path(
    localnet: EvmLocalnet, trader: Trader, kind: str, with_permit: bool
) -> None:
    order = LARGE[kind]
    if not with_permit:
        await trader.approve(order.token_in, 2**255)
    plan = without_slippage(await trader.plan(order, with_permit=with_permit))
    single = await trader.venue.quote(
        token_in=order.token_in.address,
        token_out=order.token_out.address,
        amount_raw=order.amount_raw,
        exact=order.exact,
        max_paths=1,
    )
    permit = await trader.permit(order.token_in, plan.quoted_in_raw, plan.deadline_s) if with_permit else None
    plan = plan.model_copy(update={"steps": (plan.steps[0].model_copy(update={"amount_in_raw": plan.quoted_in_raw}),)})
    tx = await trader.transaction(plan, permit)
    before = held(localnet, order)
    simulated = await trader.venue.simulate(tx, trader.wallet, plan.block)
    receipt = await trader.send(tx)

    assert receipt.succeeded
    assert len(plan.legs) == len(core.RouterSwap.decode(tx.data).legs) > 1
    paid, got = (abs(now - was) for now, was in zip(held(localnet, order), before, strict=True))
    assert (paid, got) == (plan.quoted_in_raw, plan.quoted_out_raw)
    assert simulated == SimulatedAmounts(paid, got)
    fill = fill_of(receipt, wallet=trader.wallet, legs=plan.legs)
    assert (fill.amount_in_raw, fill.amount_out_raw) == (paid, got)
    if order.exact is Exact.IN:
        assert (paid, got > single.amount_out_raw) == (order.amount_raw, True)
    else:
        assert (got, paid < single.amount_in_raw) == (order.amount_raw, True)
    # Nothing stays with the router, and the gas that was planned for suffices without being far off. The limit is what
    # must hold: pools write their oracles once a second, so the block it lands in may ask more than was estimated.
    for token in (order.token_in, order.token_out):
        assert await localnet.balance_of(token.address, at.SWAP_ROUTER_02) == 0
    assert receipt.gas_used <= gas_of(plan).gas_limit
    assert gas_of(plan).expected_gas < 2 * receipt.gas_used


def one_leg_too_strict(plan: ExecutionPlan, index: int) -> ExecutionPlan:
    leg = plan.legs[index]
    strict = (
        {"worst_out_raw": leg.amount_out_raw + 1} if plan.exact is Exact.IN else {"worst_in_raw": leg.amount_in_raw - 1}
    )
    legs = (*plan.legs[:index], leg.model_copy(update=strict), *plan.legs[index + 1 :])
    return plan.model_copy(update={"legs": legs})


@pytest.mark.parametrize("kind", LARGE)
async def test_one_leg_beyond_its_limit_takes_all_of_them_back(
    localnet: EvmLocalnet, trader: Trader, kind: str
) -> None:
    order = LARGE[kind]
    await trader.approve(order.token_in, 2**255)
    plan = without_slippage(await trader.plan(order))
    for index in range(len(plan.legs)):
        tx = await trader.transaction(one_leg_too_strict(plan, index))
        simulated = await trader.venue.simulate(tx, trader.wallet, plan.block)
        assert isinstance(simulated, SimulatedRevert)
        assert simulated.code == "price_moved"
    before = held(localnet, order)
    receipt = await trader.send(await trader.transaction(one_leg_too_strict(plan, len(plan.legs) - 1)))
    assert not receipt.succeeded
    assert held(localnet, order) == before


async def test_a_plan_says_how_much_of_the_best_routing_its_legs_reach(trader: Trader) -> None:
    for order in LARGE.values():
        plan = await trader.plan(order)
        alone = await trader.plan(Order(order.token_in, order.token_out, order.amount_raw, order.exact, max_paths=1))
        assert plan.optimality is not None
        assert alone.optimality is not None
        assert alone.optimality.share_ppm < plan.optimality.share_ppm <= 1_000_000
        assert plan.optimality.share_ppm > 999_000
        bound_raw = plan.optimality.bound_raw
        if order.exact is Exact.IN:
            assert plan.quoted_out_raw <= bound_raw
            assert plan.optimality.share_ppm == plan.quoted_out_raw * 1_000_000 // bound_raw
        else:
            assert plan.quoted_in_raw >= bound_raw
            assert plan.optimality.share_ppm == bound_raw * 1_000_000 // plan.quoted_in_raw
        assert sum(leg.share_ppm for leg in plan.legs) == 1_000_000
        assert sum(leg.amount_in_raw for leg in plan.legs) == plan.quoted_in_raw
        assert sum(leg.amount_out_raw for leg in plan.legs) == plan.quoted_out_raw


async def test_one_path_at_most_switches_splitting_off(trader: Trader) -> None:
    for order in LARGE.values():
        plan = await trader.plan(Order(order.token_in, order.token_out, order.amount_raw, order.exact, max_paths=1))
        assert [leg.share_ppm for leg in plan.legs] == [1_000_000]
