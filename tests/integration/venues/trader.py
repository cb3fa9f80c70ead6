"""The trader of the local chain, as a planner, signer and sender would act for it; eth-account signs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from eth_account import Account
from eth_account.messages import encode_typed_data

from tests import builders
from tradewind import core
from tradewind.domain.plan import Exact, ExecutionPlan, GasEstimate, PlanStep, StepKind
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.planning.limits import leg_limits
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_receipt import Receipt
from tradewind.venues.send_outcome import SendAnswer
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter

SLIPPAGE_PPM = 10_000
WINDOW_S = 3600


@dataclass(frozen=True, slots=True)
class Order:
    """What to trade. `amount_raw` is the exact side."""

    token_in: at.Token
    token_out: at.Token
    amount_raw: int
    exact: Exact = Exact.IN
    pools: Sequence[str] | None = None
    max_paths: int | None = None


class Trader:
    """Plans, builds, signs, sends; every amount of its own comes from the venue under test."""

    wallet = at.TRADER

    def __init__(self, localnet: EvmLocalnet, venue: UniswapV3Adapter) -> None:
        self.localnet = localnet
        self.venue = venue
        self.chain: EvmChain = venue.chain

    async def plan(self, order: Order, *, with_permit: bool = False, **changes: Any) -> ExecutionPlan:
        """The plan of one swap step at the venue's newest block."""
        block = await self.venue.sync()
        route = await self.venue.quote(
            token_in=order.token_in.address,
            token_out=order.token_out.address,
            amount_raw=order.amount_raw,
            exact=order.exact,
            allowed_pools=order.pools,
            max_paths=order.max_paths,
        )
        limits = leg_limits(route, SLIPPAGE_PPM)
        legs = self.venue.planned_legs(route, [(limit.worst_in_raw, limit.worst_out_raw) for limit in limits])
        worst = {
            "worst_in_raw": sum(leg.worst_in_raw for leg in legs),
            "worst_out_raw": sum(leg.worst_out_raw for leg in legs),
        }
        deadline_s = changes.pop("deadline_s", block.timestamp_s + WINDOW_S)
        allowance = await self.chain.allowance(order.token_in.address, self.wallet, at.SWAP_ROUTER_02)
        spendable = allowance >= worst["worst_in_raw"]
        conditions = await self.chain.read(
            self.venue.gas_reading(
                legs,
                exact=order.exact,
                wallet=self.wallet,
                deadline_s=deadline_s,
                with_permit=with_permit,
                spendable=spendable,
            )
        )
        fields: dict[str, Any] = {
            "block": block,
            "exact": order.exact,
            "token_in": order.token_in.address,
            "token_out": order.token_out.address,
            "quoted_in_raw": route.amount_in_raw,
            "quoted_out_raw": route.amount_out_raw,
            "legs": legs,
            "optimality": route.optimality,
            "deadline_s": deadline_s,
            "gas": self.venue.estimate_gas(route, conditions, with_permit=with_permit),
            "steps": (step(StepKind.SWAP, order.token_in.address, worst["worst_in_raw"], with_permit=with_permit),),
            **worst,
        }
        return builders.a_plan(uuid4(), **{**fields, **changes})

    async def transaction(self, plan: ExecutionPlan, permit: core.Permit | None = None) -> core.Eip1559Transaction:
        """The unsigned swap, with the wallet's next nonce."""
        nonce = await self.chain.nonce(self.wallet)
        return await self.venue.build_swap_tx(plan, plan.steps[0], permit=permit, nonce=nonce)

    def sign(self, tx: core.Eip1559Transaction) -> bytes:
        """The signed bytes, by eth-account from the transaction's fields alone."""
        fields = {
            "type": 2,
            "chainId": tx.chain_id,
            "nonce": tx.nonce,
            "maxPriorityFeePerGas": tx.max_priority_fee_per_gas_wei,
            "maxFeePerGas": tx.max_fee_per_gas_wei,
            "gas": tx.gas_limit,
            "to": tx.to,
            "value": tx.value_wei,
            "data": tx.data,
        }
        return bytes(Account.sign_transaction(fields, at.TRADER_PRIVATE_KEY).raw_transaction)

    async def send(self, tx: core.Eip1559Transaction) -> Receipt:
        """Sign, send and wait for the receipt."""
        return await self.send_raw(self.sign(tx))

    async def send_raw(self, raw: bytes) -> Receipt:
        """Send signed bytes and wait for the receipt."""
        outcome = await self.venue.submit_order(raw)
        assert outcome.answer is SendAnswer.ACCEPTED, outcome
        return await self.receipt(outcome.tx_hash)

    async def receipt(self, tx_hash: str) -> Receipt:
        """The receipt, once there is one: anvil mines after it has answered."""
        async with asyncio.timeout(10):
            while (receipt := await self.chain.receipt(tx_hash)) is None:
                await asyncio.sleep(0.001)
        return receipt

    async def approve(self, token: at.Token, amount_raw: int) -> Receipt:
        """Let the router take an amount, by the plan's own approval step."""
        approval = step(StepKind.APPROVE, token.address, amount_raw)
        plan = builders.a_plan(uuid4(), gas=gas_at(await self.chain.base_fee()), steps=(approval,))
        nonce = await self.chain.nonce(self.wallet)
        return await self.send(await self.venue.build_swap_tx(plan, approval, permit=None, nonce=nonce))

    async def permit(self, token: at.Token, value_raw: int, deadline_s: int) -> core.Permit:
        """The trader's EIP-2612 permit for the router."""
        domain = {
            "name": token.permit_name,
            "version": token.permit_version,
            "chainId": at.CHAIN_ID,
            "verifyingContract": token.address,
        }
        kinds = ("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256")
        types = {"Permit": [{"name": name, "type": kind} for name, kind in (*kinds, ("deadline", "uint256"))]}
        message = {
            "owner": self.wallet,
            "spender": at.SWAP_ROUTER_02,
            "value": value_raw,
            "nonce": await self.chain.permit_nonce(token.address, self.wallet),
            "deadline": deadline_s,
        }
        signed = Account.sign_message(encode_typed_data(domain, types, message), at.TRADER_PRIVATE_KEY)
        return core.Permit(
            value_raw=value_raw,
            deadline_s=deadline_s,
            v=signed.v,
            r=signed.r.to_bytes(32),
            s=signed.s.to_bytes(32),
        )


def without_slippage(plan: ExecutionPlan) -> ExecutionPlan:
    """The plan with its quote as the limit of each leg."""
    legs = tuple(
        leg.model_copy(update={"worst_in_raw": leg.amount_in_raw, "worst_out_raw": leg.amount_out_raw})
        for leg in plan.legs
    )
    return plan.model_copy(
        update={"legs": legs, "worst_in_raw": plan.quoted_in_raw, "worst_out_raw": plan.quoted_out_raw}
    )


def step(kind: StepKind, token_in: str, amount_in_raw: int, *, with_permit: bool = False) -> PlanStep:
    """A step of this venue."""
    return PlanStep(
        index=0,
        kind=kind,
        venue="uniswap_v3",
        target=token_in if kind is StepKind.APPROVE else at.SWAP_ROUTER_02,
        spender=at.SWAP_ROUTER_02,
        token_in=token_in,
        amount_in_raw=amount_in_raw,
        with_permit=with_permit,
    )


def gas_at(base_fee_wei: int) -> GasEstimate:
    """Gas of a plan whose limit does not matter."""
    return GasEstimate(
        gas_limit=300_000,
        expected_gas=200_000,
        l1_gas=0,
        base_fee_wei=base_fee_wei,
        max_fee_per_gas_wei=2 * base_fee_wei,
        max_priority_fee_per_gas_wei=0,
    )
