"""What a transaction's gas depends on now: the base fee, the share for L1 data, and the node's own estimate."""

from collections.abc import Sequence
from dataclasses import dataclass

from tradewind.domain.plan import ExecutionPlan, GasEstimate
from tradewind.errors import Refused
from tradewind.venues import arbitrum, rpc_answer
from tradewind.venues.evm_block import BlockHeader, block_parameter
from tradewind.venues.reading import Reading
from tradewind.venues.rpc import result_of
from tradewind.venues.rpc_endpoint import Request
from tradewind.venues.rpc_error import Revert, RpcError


@dataclass(frozen=True, slots=True, kw_only=True)
class GasPolicy:
    """How much room is left above what is expected; unused gas and unused fee are not charged."""

    base_fee_multiplier_percent: int = 200
    padding_percent: int = 30
    limit_max: int = 5_000_000


@dataclass(frozen=True, slots=True)
class GasConditions:
    """`estimated` is the node's own estimate, which on Arbitrum includes `l1_gas`; a Revert when it would fail."""

    base_fee_wei: int
    l1_gas: int
    estimated: int | Revert | None


def gas_of(plan: ExecutionPlan) -> GasEstimate:
    """The gas of a plan for an EVM chain."""
    if not isinstance(plan.gas, GasEstimate):
        raise TypeError(f"the plan {plan.plan_id} is not for an EVM chain")
    return plan.gas


def gas_reading(
    chain_id: int, header: BlockHeader, *, to: str, data: bytes, sender: str, estimate: bool
) -> Reading[GasConditions]:
    """As of the block of `header`; the node is asked for its estimate only when `estimate` is set."""
    at, pays_for_l1 = block_parameter(header.ref), arbitrum.pays_for_l1(chain_id)
    requests: list[Request] = []
    if pays_for_l1:
        requests.append(("eth_call", [arbitrum.l1_request(to, data), at]))
    if estimate:
        requests.append(("eth_estimateGas", [{"from": sender, "to": to, "data": f"0x{data.hex()}"}, at]))

    def parse(answers: Sequence[object]) -> GasConditions:
        l1_gas = arbitrum.parse_l1_gas(result_of(answers[0])) if pays_for_l1 else 0
        return GasConditions(header.base_fee_wei, l1_gas, _estimated(answers[-1]) if estimate else None)

    return Reading(tuple(requests), parse)


def _estimated(answer: object) -> int | Revert:
    if isinstance(answer, RpcError) and answer.revert is not None:
        return answer.revert
    return rpc_answer.quantity(result_of(answer), "eth_estimateGas", bits=63)


def gas_estimate(conditions: GasConditions, *, modelled_gas: int, policy: GasPolicy) -> GasEstimate:
    """The node's estimate when it has one, else the modelled gas and the L1 share on top; padded, and bounded.

    No tip is paid: Arbitrum's order is first come, first served, and tips are not looked at.
    """
    estimated = conditions.estimated
    expected = estimated if isinstance(estimated, int) else modelled_gas + conditions.l1_gas
    limit = padded_limit(expected, policy)
    return GasEstimate(
        gas_limit=limit,
        expected_gas=expected,
        l1_gas=min(conditions.l1_gas, expected),
        base_fee_wei=conditions.base_fee_wei,
        max_fee_per_gas_wei=-(-conditions.base_fee_wei * policy.base_fee_multiplier_percent // 100),
        max_priority_fee_per_gas_wei=0,
    )


def padded_limit(expected: int, policy: GasPolicy) -> int:
    """The gas limit for an expected use; Refused (gas_limit_exceeded) above the policy's maximum."""
    limit = -(-expected * (100 + policy.padding_percent) // 100)
    if limit > policy.limit_max:
        raise Refused(
            "gas_limit_exceeded",
            f"the transaction would need a gas limit of {limit:,}, above the configured {policy.limit_max:,}.",
            remedy="Trade less at once, or raise gas_limit_max.",
        )
    return limit
