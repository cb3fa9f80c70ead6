"""What further attempts offer, against what nodes ask of a replacement."""

from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from tradewind.core import Eip1559Transaction, decode_eip1559
from tradewind.domain.plan import BlockRef
from tradewind.execution.attempt import Attempts
from tradewind.execution.later_attempts import LaterAttempts, Offer
from tradewind.execution.signer_answers import SignedAttempt
from tradewind.execution.signer_client import SignerClient
from tradewind.venues.evm_block import BlockHeader
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import GasPolicy

POLICY = GasPolicy(base_fee_multiplier_percent=200, padding_percent=30)
WEI = st.integers(1, 10**12)


def a_trade(max_fee_wei: int, tip_wei: int) -> Eip1559Transaction:
    return Eip1559Transaction(
        chain_id=builders.ARBITRUM,
        nonce=7,
        max_priority_fee_per_gas_wei=tip_wei,
        max_fee_per_gas_wei=max_fee_wei,
        gas_limit=300_000,
        to=builders.ROUTER,
        value_wei=0,
        data=b"\x01\x02",
    )


class Rpc:
    endpoints = ("http://127.0.0.1:8545",)


@dataclass
class ChainInMemory:
    base_fee_wei: int
    rpc: Rpc = field(default_factory=Rpc)

    async def head_header(self) -> BlockHeader:
        block = BlockRef(number=1, hash="0x" + "ab" * 32, timestamp_s=1)
        return BlockHeader(block, "0x" + "cd" * 32, self.base_fee_wei)

    async def next_base_fee(self) -> int:
        return self.base_fee_wei

    async def nonce(self, *_: object) -> int:
        return 7

    async def estimate_gas(self, *_: object, **__: object) -> int:
        return 21_000


@dataclass
class SignerInMemory:
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def sign(self, *_: object, **fields: Any) -> SignedAttempt:
        self.asked.append(fields)
        return attempt(fields["attempt"], fields["unsigned_tx"])

    async def sign_noop(self, *_: object, **fields: Any) -> SignedAttempt:
        return await self.sign(**fields)


def attempt(number: int, raw_tx: bytes) -> SignedAttempt:
    return SignedAttempt(attempt=number, tx_hash=f"0x{number:064x}", raw_tx=raw_tx, nonce=7)


def later(signer: SignerInMemory, *, base_fee_wei: int) -> LaterAttempts:
    chain = ChainInMemory(base_fee_wei)
    return LaterAttempts(
        signer=cast("SignerClient", signer),
        chains={builders.ARBITRUM: cast("EvmChain", chain)},
        gas_policies={builders.ARBITRUM: POLICY},
    )


@given(max_fee_wei=WEI, tip=st.integers(0, 10**12), base_fee_wei=WEI, refused=st.booleans())
async def test_a_replacement_satisfies_every_pool_and_changes_nothing_but_the_fees(
    max_fee_wei: int, tip: int, base_fee_wei: int, refused: bool
) -> None:
    before = a_trade(max_fee_wei, min(tip, max_fee_wei))
    plan, signer = builders.a_plan(uuid4()), SignerInMemory()
    attempts = Attempts((attempt(1, before.encode_unsigned()),))
    offer = Offer(base_fee_wei, was_refused=refused)
    await later(signer, base_fee_wei=base_fee_wei).replace(plan, plan.steps[0], attempts, offer=offer, why="test")
    [asked] = signer.asked
    after = decode_eip1559(asked["unsigned_tx"]).transaction
    # go-ethereum, core/txpool/legacypool/list.go: both fees must be higher, and by 10 % at least.
    assert after.max_fee_per_gas_wei * 100 >= before.max_fee_per_gas_wei * 110
    assert after.max_priority_fee_per_gas_wei * 100 >= before.max_priority_fee_per_gas_wei * 110
    assert after.max_fee_per_gas_wei > before.max_fee_per_gas_wei
    assert after.max_priority_fee_per_gas_wei > before.max_priority_fee_per_gas_wei
    assert after.max_fee_per_gas_wei >= after.max_priority_fee_per_gas_wei
    assert after.max_fee_per_gas_wei >= 2 * base_fee_wei
    assert not refused or after.max_fee_per_gas_wei >= 2 * before.max_fee_per_gas_wei
    same = [(tx.chain_id, tx.nonce, tx.gas_limit, tx.to, tx.value_wei, tx.data) for tx in (before, after)]
    assert same[0] == same[1]
    assert asked["attempt"] == 2


async def test_what_does_nothing_goes_to_the_wallet_itself_and_outbids_every_attempt_so_far() -> None:
    plan, signer = builders.a_plan(uuid4()), SignerInMemory()
    attempts = Attempts(
        (attempt(1, a_trade(900, 80).encode_unsigned()), attempt(2, a_trade(500, 90).encode_unsigned()))
    )
    await later(signer, base_fee_wei=10).cancel(plan, plan.steps[0], attempts, nonce=7, attempt=3, why="test")
    tx = decode_eip1559(signer.asked[0]["unsigned_tx"]).transaction
    assert (tx.to, tx.value_wei, tx.data, tx.nonce) == (plan.wallet, 0, b"", 7)
    # An eighth above 900 and above 90, rounded up; the gas of a transfer and 30 %.
    assert (tx.max_fee_per_gas_wei, tx.max_priority_fee_per_gas_wei, tx.gas_limit) == (1_013, 102, 27_300)


@pytest.mark.parametrize(("base_fee_wei", "offered_wei"), [(1, 2), (10**7, 2 * 10**7)])
async def test_a_gap_is_filled_at_the_fee_that_the_policy_offers(base_fee_wei: int, offered_wei: int) -> None:
    signer = SignerInMemory()
    await later(signer, base_fee_wei=base_fee_wei).fill_gap(builders.ARBITRUM, builders.WALLET, 7)
    [asked] = signer.asked
    assert decode_eip1559(asked["unsigned_tx"]).transaction.max_fee_per_gas_wei == offered_wei
    assert (asked["attempt"], asked["strategy_id"]) == (1, None)
