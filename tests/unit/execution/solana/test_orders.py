"""What an executor is told of a step: the plan's own amounts and limits, the same words every time."""

from uuid import UUID

from tests import builders
from tradewind.domain.events import Envelope
from tradewind.domain.plan import ComputeEstimate, Exact, ExecutionPlan, PlannedHop, PlannedLeg, PlanStep, StepKind
from tradewind.execution.solana_orders import SolanaOrders

SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
TIDE = "mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So"
WALLET = "BJDRqVwUBmHihKCQb9M5iZsnJTs5owbEybVaqSAWLeqK"
POOLS = ("58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2", "7XawhbbxtsRcQA8KTkHT9f9nc6d69UwqCDh6U5EEbEmX")
INTENT = UUID("0c2f1a5e-0000-4000-8000-000000000001")


class Accounts:
    def accounts_of(self, pool: str) -> dict[str, str]:
        return {"0": pool}


def a_plan(exact: Exact) -> ExecutionPlan:
    """2 SOL through TIDE to 300 USDC; at worst 297 come, or 2.02 SOL leave."""
    hops = (
        hop(POOLS[0], "raydium_amm_v4", SOL, TIDE, 2_000_000_000, 5_000),
        hop(POOLS[1], "pumpswap", TIDE, USDC, 5_000, 300_000_000),
    )
    worst = (2_000_000_000, 297_000_000) if exact is Exact.IN else (2_020_000_000, 300_000_000)
    leg = PlannedLeg(
        share_ppm=1_000_000,
        amount_in_raw=2_000_000_000,
        amount_out_raw=300_000_000,
        worst_in_raw=worst[0],
        worst_out_raw=worst[1],
        hops=hops,
    )
    return builders.a_plan(
        INTENT,
        chain_id=101,
        wallet=WALLET,
        exact=exact,
        token_in=SOL,
        token_out=USDC,
        quoted_in_raw=2_000_000_000,
        quoted_out_raw=300_000_000,
        worst_in_raw=worst[0],
        worst_out_raw=worst[1],
        legs=(leg,),
        gas=ComputeEstimate(
            unit_limit=300_000,
            expected_units=300_000,
            micro_lamports_per_unit=10_000,
            signature_fee_lamports=5_000,
            tip_lamports=0,
            rent_lamports=890_880,
        ),
        steps=(
            PlanStep(
                index=0,
                kind=StepKind.SWAP,
                venue="solana",
                target=None,
                spender=None,
                token_in=SOL,
                amount_in_raw=worst[0],
                with_permit=False,
            ),
        ),
    )


def hop(pool: str, venue: str, token_in: str, token_out: str, amount_in_raw: int, amount_out_raw: int) -> PlannedHop:
    return PlannedHop(
        pool=pool,
        venue=venue,
        token_in=token_in,
        token_out=token_out,
        fee_pips=2_500,
        amount_in_raw=amount_in_raw,
        amount_out_raw=amount_out_raw,
        ticks_crossed=0,
    )


def orders() -> SolanaOrders:
    return SolanaOrders(Accounts(), lookup_tables=())


def test_only_the_last_swap_of_an_exact_input_may_give_less() -> None:
    plan = a_plan(Exact.IN)
    first, last = orders().order(plan, plan.steps[0]).routes
    assert (first.input_amount, first.limit_amount) == (2_000_000_000, 5_000)
    assert (last.input_amount, last.limit_amount) == (5_000, 297_000_000)


def test_only_the_first_swap_of_an_exact_output_may_take_more() -> None:
    plan = a_plan(Exact.OUT)
    first, last = orders().order(plan, plan.steps[0]).routes
    assert (first.output_amount, first.limit_amount) == (5_000, 2_020_000_000)
    assert (last.output_amount, last.limit_amount) == (300_000_000, 5_000)


def test_the_same_step_is_the_same_event_until_the_chain_takes_it_back() -> None:
    plan = a_plan(Exact.IN)
    first, again, later = (orders().order(plan, plan.steps[0], taken_back=rounds) for rounds in (0, 0, 1))
    ids = [Envelope.about_plan(order, at_ns=at).id for at, order in enumerate((first, again, later))]
    assert ids[0] == ids[1] != ids[2]
    # The gate knows all of them as one step.
    assert {(order.step_owner, order.step) for order in (first, again, later)} == {(INTENT, 0)}


def test_what_has_to_be_there_are_the_fees_and_the_rents() -> None:
    gas = a_plan(Exact.IN).gas
    assert gas.expected_fee_raw == 5_000 + 3_000
    assert gas.worst_fee_raw == 5_000 + 3_000 + 890_880
