"""Fills: what a swap moved, by the tokens' Transfer logs, required to agree with the pools' own Swap logs."""

from collections.abc import Sequence

from tradewind.accounting.chain_receipt import ChainLog, ChainReceipt
from tradewind.domain.fill import Fill, StepOutcome, StepResult
from tradewind.domain.plan import PlannedHop, PlannedLeg
from tradewind.errors import Damaged

# Transfer(address indexed from, address indexed to, uint256 value), EIP-20.
_TRANSFER = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
# Swap(address indexed, address indexed, int256 amount0, int256 amount1, uint160, uint128, int24), Uniswap/v3-core
# IUniswapV3PoolEvents.sol: amounts are signed from the pool's side.
_SWAP = bytes.fromhex("c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67")


def fill_of(receipt: ChainReceipt, *, wallet: str, legs: Sequence[PlannedLeg]) -> Fill:
    """What left the wallet of the token that all legs spend, and what came to it of the one that they buy.

    Raises Damaged (fill_disagrees) when the transaction did not do what its plan says: a pool of the plan did not
    swap once for each leg through it, a hop did not pass on what the hop before gave, or the transfers are not those
    amounts.
    """
    if not receipt.succeeded:
        raise Damaged("fill_disagrees", f"{receipt.tx_hash} was reverted and moved nothing.")
    ends = [_leg_amounts(receipt, leg, before=legs[:index]) for index, leg in enumerate(legs)]
    _check_count(receipt, legs)
    taken_raw, given_raw = (sum(amounts) for amounts in zip(*ends, strict=True))
    token_in, token_out = legs[0].hops[0].token_in, legs[0].hops[-1].token_out
    spent, received = -_net_received(receipt, token_in, wallet), _net_received(receipt, token_out, wallet)
    if (spent, received) != (taken_raw, given_raw):
        raise _disagrees(
            receipt,
            f"the wallet spent {spent} and received {received}, but the pools took {taken_raw} and gave {given_raw}",
        )
    return Fill(token_in=token_in, token_out=token_out, amount_in_raw=spent, amount_out_raw=received)


def step_result(
    receipt: ChainReceipt,
    *,
    step: int,
    attempt: int,
    nonce: int,
    wallet: str,
    legs: Sequence[PlannedLeg] = (),
    revert_code: str | None = None,
    revert_reason: str | None = None,
) -> StepResult:
    """The receipt as the record of a step. `legs` of the plan for a swap; none for an approval, which fills nothing."""
    return StepResult(
        step=step,
        attempt=attempt,
        outcome=StepOutcome.SUCCEEDED if receipt.succeeded else StepOutcome.REVERTED,
        tx_hash=receipt.tx_hash,
        nonce=nonce,
        block=receipt.block,
        gas_used=receipt.gas_used,
        gas_price_wei=receipt.gas_price_wei,
        fee_raw=receipt.gas_used * receipt.gas_price_wei,
        fill=fill_of(receipt, wallet=wallet, legs=legs) if receipt.succeeded and legs else None,
        revert_code=None if receipt.succeeded else revert_code,
        revert_reason=None if receipt.succeeded else revert_reason,
    )


def _leg_amounts(receipt: ChainReceipt, leg: PlannedLeg, *, before: Sequence[PlannedLeg]) -> tuple[int, int]:
    """What the first pool of a leg took and its last one gave."""
    swaps = [_pool_amounts(receipt, hop, use=_uses(hop.pool, before)) for hop in leg.hops]
    for (_, given), (taken, _), hop in zip(swaps, swaps[1:], leg.hops[1:], strict=False):
        if given != taken:
            raise _disagrees(receipt, f"pool {hop.pool} took {taken}, but the pool before it gave {given}")
    return swaps[0][0], swaps[-1][1]


def _pool_amounts(receipt: ChainReceipt, hop: PlannedHop, *, use: int) -> tuple[int, int]:
    """What the pool took and gave, from its Swap log of the leg that is the `use`-th through it, from 0.

    Legs are executed one after the other, and none passes a pool twice: a pool's logs are in the order of the legs.
    """
    logs = _swap_logs(receipt, hop.pool)
    if len(logs) <= use or len(logs[use].data) != 160:
        raise _disagrees(receipt, f"pool {hop.pool} has {len(logs)} Swap logs instead of one of 160 bytes for each leg")
    amount0, amount1 = (int.from_bytes(logs[use].data[at : at + 32], signed=True) for at in (0, 32))
    takes_token0 = int(hop.token_in, 16) < int(hop.token_out, 16)
    taken, given = (amount0, -amount1) if takes_token0 else (amount1, -amount0)
    if taken <= 0 or given < 0:
        raise _disagrees(receipt, f"pool {hop.pool} swapped against the direction of the plan")
    return taken, given


def _check_count(receipt: ChainReceipt, legs: Sequence[PlannedLeg]) -> None:
    for pool in {hop.pool for leg in legs for hop in leg.hops}:
        logs, uses = len(_swap_logs(receipt, pool)), _uses(pool, legs)
        if logs != uses:
            raise _disagrees(receipt, f"pool {pool} has {logs} Swap logs, and the plan passes it {uses} times")


def _uses(pool: str, legs: Sequence[PlannedLeg]) -> int:
    return sum(hop.pool == pool for leg in legs for hop in leg.hops)


def _swap_logs(receipt: ChainReceipt, pool: str) -> list[ChainLog]:
    return [log for log in receipt.logs if log.address == pool and log.topics[:1] == (_SWAP,)]


def _net_received(receipt: ChainReceipt, token: str, wallet: str) -> int:
    """Transfers of `token` to the wallet less those from it."""
    own = bytes(12) + bytes.fromhex(wallet[2:])
    total = 0
    for log in receipt.logs:
        if log.address == token and _is_transfer(log):
            value = int.from_bytes(log.data)
            total += value * ((log.topics[2] == own) - (log.topics[1] == own))
    return total


def _is_transfer(log: ChainLog) -> bool:
    return len(log.topics) == 3 and log.topics[0] == _TRANSFER and len(log.data) == 32


def _disagrees(receipt: ChainReceipt, fault: str) -> Damaged:
    return Damaged(
        "fill_disagrees",
        f"the receipt of {receipt.tx_hash} does not agree with its plan: {fault}.",
        remedy="Compare it on another endpoint before trusting the account of this wallet.",
    )
