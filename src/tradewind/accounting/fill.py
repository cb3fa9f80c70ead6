"""Fills: what a swap moved, by the tokens' Transfer logs, required to agree with the pools' own Swap logs."""

from collections.abc import Sequence

from tradewind.accounting.chain_receipt import ChainLog, ChainReceipt
from tradewind.domain.fill import Fill, StepOutcome, StepResult
from tradewind.domain.plan import PlannedHop
from tradewind.errors import Damaged

# Transfer(address indexed from, address indexed to, uint256 value), EIP-20.
_TRANSFER = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
# Swap(address indexed, address indexed, int256 amount0, int256 amount1, uint160, uint128, int24), Uniswap/v3-core
# IUniswapV3PoolEvents.sol: amounts are signed from the pool's side.
_SWAP = bytes.fromhex("c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67")


def fill_of(receipt: ChainReceipt, *, wallet: str, hops: Sequence[PlannedHop]) -> Fill:
    """What left the wallet of the first hop's token, and what came to it of the last hop's.

    Raises Damaged (fill_disagrees) when the transaction did not do what its plan says: a pool of the plan did not
    swap exactly once, a hop did not pass on what the hop before gave, or the transfers are not those amounts.
    """
    if not receipt.succeeded:
        raise Damaged("fill_disagrees", f"{receipt.tx_hash} was reverted and moved nothing.")
    swaps = [_pool_amounts(receipt, hop) for hop in hops]
    for (_, given), (taken, _), hop in zip(swaps, swaps[1:], hops[1:], strict=False):
        if given != taken:
            raise _disagrees(receipt, f"pool {hop.pool} took {taken}, but the pool before it gave {given}")
    token_in, token_out = hops[0].token_in, hops[-1].token_out
    spent, received = -_net_received(receipt, token_in, wallet), _net_received(receipt, token_out, wallet)
    if (spent, received) != (swaps[0][0], swaps[-1][1]):
        raise _disagrees(
            receipt,
            f"the wallet spent {spent} and received {received}, but the pools took {swaps[0][0]} and gave "
            f"{swaps[-1][1]}",
        )
    return Fill(token_in=token_in, token_out=token_out, amount_in_raw=spent, amount_out_raw=received)


def step_result(
    receipt: ChainReceipt,
    *,
    step: int,
    attempt: int,
    nonce: int,
    wallet: str,
    hops: Sequence[PlannedHop] = (),
    revert_code: str | None = None,
    revert_reason: str | None = None,
) -> StepResult:
    """The receipt as the record of a step. `hops` of the plan for a swap; none for an approval, which fills nothing."""
    return StepResult(
        step=step,
        attempt=attempt,
        outcome=StepOutcome.SUCCEEDED if receipt.succeeded else StepOutcome.REVERTED,
        tx_hash=receipt.tx_hash,
        nonce=nonce,
        block=receipt.block,
        gas_used=receipt.gas_used,
        gas_price_wei=receipt.gas_price_wei,
        fee_wei=receipt.gas_used * receipt.gas_price_wei,
        fill=fill_of(receipt, wallet=wallet, hops=hops) if receipt.succeeded and hops else None,
        revert_code=None if receipt.succeeded else revert_code,
        revert_reason=None if receipt.succeeded else revert_reason,
    )


def _pool_amounts(receipt: ChainReceipt, hop: PlannedHop) -> tuple[int, int]:
    """What the pool took and gave, from its one Swap log."""
    logs = [log for log in receipt.logs if log.address == hop.pool and log.topics[:1] == (_SWAP,)]
    if len(logs) != 1 or len(logs[0].data) != 160:
        raise _disagrees(receipt, f"pool {hop.pool} has {len(logs)} Swap logs instead of one of 160 bytes")
    amount0, amount1 = (int.from_bytes(logs[0].data[at : at + 32], signed=True) for at in (0, 32))
    takes_token0 = int(hop.token_in, 16) < int(hop.token_out, 16)
    taken, given = (amount0, -amount1) if takes_token0 else (amount1, -amount0)
    if taken <= 0 or given < 0:
        raise _disagrees(receipt, f"pool {hop.pool} swapped against the direction of the plan")
    return taken, given


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
