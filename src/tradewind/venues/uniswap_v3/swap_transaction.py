"""The unsigned transaction of a plan's step: an approval of the exact amount, or the swap itself."""

from collections.abc import Sequence

from tradewind import core
from tradewind.domain.plan import Exact, ExecutionPlan, PlannedLeg, PlanStep, StepKind
from tradewind.errors import Refused
from tradewind.venues.evm_gas import GasPolicy, gas_of, padded_limit
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment
from tradewind.venues.uniswap_v3.swap_gas import APPROVE_GAS


def build_step(
    plan: ExecutionPlan,
    step: PlanStep,
    *,
    permit: core.Permit | None,
    nonce: int,
    deployment: UniswapV3Deployment,
    policy: GasPolicy,
) -> core.Eip1559Transaction:
    """Refused when the step contradicts its plan or this venue: every such plan was not made here."""
    if step.spender != deployment.router:
        raise Refused(
            "plan_contradicts_venue", f"step {step.index} lets {step.spender} spend, which is not the router."
        )
    if step.with_permit != (permit is not None):
        wish = "needs a permit" if step.with_permit else "takes no permit"
        raise Refused("plan_contradicts_permit", f"step {step.index} {wish}.")
    if step.kind is StepKind.APPROVE:
        expected_target, data = step.token_in, core.encode_approve(step.spender, step.amount_in_raw)
        gas_limit = padded_limit(APPROVE_GAS + gas_of(plan).l1_gas, policy)
    else:
        swap = router_swap(
            plan.legs, exact=plan.exact, recipient=plan.wallet, deadline_s=plan.deadline_s, permit=permit
        )
        expected_target, data = deployment.router, swap.encode()
        gas_limit = gas_of(plan).gas_limit
    if step.target != expected_target:
        raise Refused("plan_contradicts_venue", f"step {step.index} calls {step.target} instead of {expected_target}.")
    return core.Eip1559Transaction(
        chain_id=plan.chain_id,
        nonce=nonce,
        max_priority_fee_per_gas_wei=gas_of(plan).max_priority_fee_per_gas_wei,
        max_fee_per_gas_wei=gas_of(plan).max_fee_per_gas_wei,
        gas_limit=gas_limit,
        to=step.target,
        value_wei=0,
        data=data,
    )


def router_swap(
    legs: Sequence[PlannedLeg], *, exact: Exact, recipient: str, deadline_s: int, permit: core.Permit | None
) -> core.RouterSwap:
    """Each leg with its fixed side as quoted, and the other side at its limit."""
    return core.RouterSwap(
        exact=exact.value,
        legs=[
            core.SwapLeg(
                path=[leg.hops[0].token_in, *(hop.token_out for hop in leg.hops)],
                fees_pips=[hop.fee_pips for hop in leg.hops],
                amount_in_raw=leg.amount_in_raw if exact is Exact.IN else leg.worst_in_raw,
                amount_out_raw=leg.worst_out_raw if exact is Exact.IN else leg.amount_out_raw,
            )
            for leg in legs
        ],
        recipient=recipient,
        deadline_s=deadline_s,
        permit=permit,
    )
