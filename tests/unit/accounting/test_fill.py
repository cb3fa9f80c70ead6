"""Fills from logs that eth-abi encoded: what agrees is accounted, what does not is refused."""

from dataclasses import dataclass, field

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.builders import BLOCK, TX_HASH, USDC, WALLET, WETH
from tradewind.accounting.fill import fill_of, step_result
from tradewind.domain.fill import Fill, StepOutcome
from tradewind.domain.plan import BlockRef, PlannedHop, PlannedLeg
from tradewind.errors import Damaged

ARB = "0x912CE59144191C1204E64559FE8253a0e49E6548"
FIRST, SECOND = "0xC6962004f452bE9203591991D15f6b388e09E8D0", "0xc473e2aEE3441BF9240Be85eb122aBB059A3B57c"
ROUTER = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"


@dataclass(frozen=True)
class ALog:
    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class AReceipt:
    logs: list[ALog]
    succeeded: bool = True
    tx_hash: str = TX_HASH
    block: BlockRef = field(default=BLOCK)
    gas_used: int = 180_000
    gas_price_wei: int = 10_000_000


def transfer(token: str, sender: str, recipient: str, value: int) -> ALog:
    topics = (
        keccak(text="Transfer(address,address,uint256)"),
        *(encode(["address"], [who]) for who in (sender, recipient)),
    )
    return ALog(token, topics, encode(["uint256"], [value]))


def swap(pool: str, amount0: int, amount1: int) -> ALog:
    topics = (keccak(text="Swap(address,address,int256,int256,uint160,uint128,int24)"), bytes(32), bytes(32))
    return ALog(pool, topics, encode(["int256", "int256", "uint160", "uint128", "int24"], [amount0, amount1, 1, 1, 0]))


def hop(pool: str, token_in: str, token_out: str) -> PlannedHop:
    return PlannedHop(
        pool=pool,
        venue="uniswap_v3",
        token_in=token_in,
        token_out=token_out,
        fee_pips=500,
        amount_in_raw=1,
        amount_out_raw=1,
        ticks_crossed=0,
    )


def leg(*hops: PlannedHop) -> PlannedLeg:
    return PlannedLeg(share_ppm=1, amount_in_raw=1, amount_out_raw=1, worst_in_raw=1, worst_out_raw=1, hops=tuple(hops))


# WETH is token0 of its pools with USDC and ARB.
BUY = [leg(hop(FIRST, USDC.address, WETH.address))]
BOUGHT = [
    transfer(WETH.address, FIRST, WALLET, 500),
    transfer(USDC.address, WALLET, FIRST, 1_600_000),
    swap(FIRST, -500, 1_600_000),
]
OVER_WETH = [leg(hop(FIRST, USDC.address, WETH.address), hop(SECOND, WETH.address, ARB))]
WENT_OVER_WETH = [
    transfer(WETH.address, FIRST, ROUTER, 500),
    transfer(USDC.address, WALLET, FIRST, 1_600_000),
    swap(FIRST, -500, 1_600_000),
    transfer(ARB, SECOND, WALLET, 3_000),
    transfer(WETH.address, ROUTER, SECOND, 500),
    swap(SECOND, 500, -3_000),
]


def test_accounts_what_the_wallet_spent_and_received() -> None:
    fill = fill_of(AReceipt(BOUGHT), wallet=WALLET, legs=BUY)
    assert fill == Fill(token_in=USDC.address, token_out=WETH.address, amount_in_raw=1_600_000, amount_out_raw=500)


def test_accounts_only_the_ends_of_a_route() -> None:
    fill = fill_of(AReceipt(WENT_OVER_WETH), wallet=WALLET, legs=OVER_WETH)
    assert (fill.token_in, fill.amount_in_raw) == (USDC.address, 1_600_000)
    assert (fill.token_out, fill.amount_out_raw) == (ARB, 3_000)


def test_a_split_is_accounted_as_the_sum_of_its_legs() -> None:
    legs = [leg(hop(FIRST, USDC.address, WETH.address)), leg(hop(SECOND, USDC.address, WETH.address))]
    more = [
        transfer(WETH.address, SECOND, WALLET, 300),
        transfer(USDC.address, WALLET, SECOND, 1_000_000),
        swap(SECOND, -300, 1_000_000),
    ]
    fill = fill_of(AReceipt([*BOUGHT, *more]), wallet=WALLET, legs=legs)
    assert (fill.amount_in_raw, fill.amount_out_raw) == (2_600_000, 800)
    with pytest.raises(Damaged):
        fill_of(AReceipt([*BOUGHT, *more]), wallet=WALLET, legs=legs[:1])
    with pytest.raises(Damaged):
        fill_of(AReceipt(BOUGHT), wallet=WALLET, legs=legs)


def test_a_pool_that_two_legs_share_swaps_once_for_each_in_their_order() -> None:
    """USDC to ARB over WETH twice, by two pools for the first hop and one for the second."""
    third = "0x6f38e884725a116C9C7fBF208e79FE8828a2595F"
    into_arb = hop(SECOND, WETH.address, ARB)
    legs = [
        leg(hop(FIRST, USDC.address, WETH.address), into_arb),
        leg(hop(third, USDC.address, WETH.address), into_arb),
    ]
    second = [
        transfer(WETH.address, third, ROUTER, 200),
        transfer(USDC.address, WALLET, third, 700_000),
        swap(third, -200, 700_000),
        transfer(ARB, SECOND, WALLET, 1_100),
        transfer(WETH.address, ROUTER, SECOND, 200),
        swap(SECOND, 200, -1_100),
    ]
    fill = fill_of(AReceipt([*WENT_OVER_WETH, *second]), wallet=WALLET, legs=legs)
    assert (fill.amount_in_raw, fill.amount_out_raw) == (2_300_000, 4_100)
    with pytest.raises(Damaged):
        fill_of(AReceipt([*second, *WENT_OVER_WETH]), wallet=WALLET, legs=legs)


def test_counts_a_refund_against_what_was_spent() -> None:
    logs = [transfer(USDC.address, WALLET, ROUTER, 2_000_000), transfer(USDC.address, ROUTER, WALLET, 400_000)]
    fill = fill_of(AReceipt([BOUGHT[0], *logs, BOUGHT[2]]), wallet=WALLET, legs=BUY)
    assert fill.amount_in_raw == 1_600_000


def test_looks_past_logs_of_other_contracts_and_of_nfts() -> None:
    stranger = transfer(ARB, WALLET, ROUTER, 9)
    nft = ALog(USDC.address, (*transfer(USDC.address, WALLET, ROUTER, 1).topics, bytes(32)), b"")
    fill = fill_of(AReceipt([stranger, nft, *BOUGHT]), wallet=WALLET, legs=BUY)
    assert fill.amount_in_raw == 1_600_000


@pytest.mark.parametrize(
    "logs",
    [
        BOUGHT[:2],
        [*BOUGHT, swap(FIRST, -1, 1)],
        [*BOUGHT[:2], swap(FIRST, 500, -1_600_000)],
        [*BOUGHT[:2], swap(SECOND, -500, 1_600_000)],
        [*BOUGHT[:2], swap(FIRST, -501, 1_600_000)],
        [*BOUGHT[:2], swap(FIRST, -500, 1_600_001)],
        [*BOUGHT[1:]],
        [BOUGHT[0], BOUGHT[2]],
        [*BOUGHT, transfer(WETH.address, ROUTER, WALLET, 1)],
        [*BOUGHT[:2], ALog(FIRST, BOUGHT[2].topics, BOUGHT[2].data[:-32])],
    ],
    ids=[
        "no swap",
        "two swaps",
        "backwards",
        "another pool",
        "gave more",
        "took more",
        "not received",
        "not paid",
        "received more",
        "short swap log",
    ],
)
def test_refuses_logs_that_do_not_agree(logs: list[ALog]) -> None:
    with pytest.raises(Damaged) as caught:
        fill_of(AReceipt(logs), wallet=WALLET, legs=BUY)
    assert caught.value.code == "fill_disagrees"
    assert TX_HASH in caught.value.message


def test_refuses_a_route_whose_hops_do_not_hand_over_the_same_amount() -> None:
    logs = [*WENT_OVER_WETH[:5], swap(SECOND, 499, -3_000)]
    with pytest.raises(Damaged):
        fill_of(AReceipt(logs), wallet=WALLET, legs=OVER_WETH)


def test_a_reverted_transaction_has_no_fill() -> None:
    with pytest.raises(Damaged):
        fill_of(AReceipt([], succeeded=False), wallet=WALLET, legs=BUY)


def test_a_result_holds_the_receipt_and_the_fill() -> None:
    result = step_result(AReceipt(BOUGHT), step=1, attempt=2, nonce=7, wallet=WALLET, legs=BUY)
    assert (result.outcome, result.step, result.attempt, result.nonce) == (StepOutcome.SUCCEEDED, 1, 2, 7)
    assert (result.tx_hash, result.block) == (TX_HASH, BLOCK)
    assert result.fee_raw == 1_800_000_000_000
    assert result.fill is not None
    assert result.fill.amount_out_raw == 500


def test_a_reverted_result_holds_its_cost_and_its_reason() -> None:
    receipt = AReceipt([], succeeded=False)
    result = step_result(receipt, step=0, attempt=0, nonce=7, wallet=WALLET, legs=BUY, revert_reason="STF")
    assert (result.outcome, result.fill, result.revert_reason) == (StepOutcome.REVERTED, None, "STF")
    assert result.fee_raw == 1_800_000_000_000
