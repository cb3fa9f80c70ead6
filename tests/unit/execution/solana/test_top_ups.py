"""Wallets topped up by the loop: whom, with how much, how often, and what it records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.fake_clock import FakeClock
from tests.unit.execution.solana.test_receipt_reclaim import (
    FINALIZED,
    RUN,
    SYSTEM,
    Blockhashes,
    Chain,
    Gate,
    Lane,
    Word,
)
from tradewind import core
from tradewind.domain.events import WalletToppedUp
from tradewind.execution.executors.outcomes import Expired, Landed, Reverted
from tradewind.execution.signer_answers import HaltInForce, ToppedUpWallet, TopUps
from tradewind.execution.solana.top_ups import TopUpLimits, WalletTopUps
from tradewind.execution.solana.upkeep import Upkeep
from tradewind.observability import events as observe
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal
from tradewind.venues.solana.cluster import SolanaCluster

WALLET = builders.SOLANA_WALLET
TREASURY = builders.USDC_MINT
TENTH = 100_000_000


class TreasuryGate(Gate):
    """Lets the treasury top the wallet up, with what `left` says."""

    kind = "sign_top_up"

    def __init__(self) -> None:
        super().__init__()
        self.treasury: str | None = TREASURY
        self.left = 10**9

    async def top_ups(self, chain_id: int) -> TopUps:
        assert chain_id == 101
        wallets = (ToppedUpWallet(wallet=WALLET, open=self.open),) if self.treasury else ()
        return TopUps(treasury=self.treasury, left_lamports=self.left, wallets=wallets)


@dataclass
class House:
    """The loop over a real journal, with everything around it in memory."""

    folder: Path
    chain: Chain = field(default_factory=lambda: Chain({TREASURY: 10**9, WALLET: 7}))
    gate: TreasuryGate = field(default_factory=TreasuryGate)
    word: Word = field(default_factory=Word)
    lane: Lane = field(default_factory=Lane)
    clock: FakeClock = field(default_factory=FakeClock)
    low: Mapping[str, int] = field(default_factory=lambda: {WALLET: 7})
    to_lamports: int = TENTH

    def __post_init__(self) -> None:
        self.journal = Journal.open(self.folder / "journal.db")
        upkeep = Upkeep(
            cluster=SolanaCluster(self.chain, chain_id=101),
            signer=self.gate,
            confirmations=self.word,
            lanes=(self.lane,),
            clock=self.clock,
        )
        self.loop = WalletTopUps(
            upkeep,
            low=lambda: self.low,
            blockhashes=Blockhashes(),
            stream=EmbeddedEventStream(self.journal, self.clock),
            run_id=RUN,
            limits=TopUpLimits(to_lamports=self.to_lamports, every_s=30, micro_lamports_per_unit=10_000),
        )

    def recorded(self) -> list[WalletToppedUp]:
        rows = self.journal.read(types=[WalletToppedUp.type_name()])
        return [row.envelope.body for row in rows if isinstance(row.envelope.body, WalletToppedUp)]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was told, and of whom or why."""
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(observe, "wallet_low", lambda *, wallet, lamports: heard.append(("wallet_low", wallet)))
    monkeypatch.setattr(observe, "upkeep_held_up", lambda *, code, **_: heard.append(("upkeep_held_up", code)))
    return heard


async def test_a_low_wallet_gets_what_it_lacks_in_one_transfer(house: House) -> None:
    assert await house.loop.look() is True
    [asked] = house.gate.asked
    assert (asked["wallet"], asked["evidence"].finalized_block_height) == (TREASURY, FINALIZED)
    [transfer] = [
        one for one in core.decode_solana_transaction(asked["unsigned_tx"]).instructions if one.program == SYSTEM
    ]
    assert [account.key for account in transfer.accounts] == [TREASURY, WALLET]
    assert transfer.data == bytes([2, 0, 0, 0]) + (TENTH - 7).to_bytes(8, "little")
    assert house.lane.sent == [asked["unsigned_tx"]]


async def test_no_more_than_the_treasury_may_give_now(house: House) -> None:
    house.gate.left = 30_000_000
    assert await house.loop.look() is True
    transfer = core.decode_solana_transaction(house.gate.asked[0]["unsigned_tx"]).instructions[-1]
    assert int.from_bytes(transfer.data[4:], "little") == 30_000_000


@pytest.mark.parametrize(
    "change",
    [
        {"low": {}},
        {"to_lamports": 0},
        # Not worth the fee.
        {"to_lamports": 1_000_006},
        # It has been filled since it was seen to be low.
        {"chain": Chain({TREASURY: 10**9, WALLET: TENTH})},
    ],
)
async def test_it_leaves_alone_whom_it_need_not_top_up(tmp_path: Path, change: dict[str, Any]) -> None:
    house = House(tmp_path, **change)
    assert await house.loop.look() is False
    assert house.gate.asked == []


async def test_without_a_treasury_a_low_wallet_is_told_of_and_no_more(
    house: House, told: list[tuple[str, str]]
) -> None:
    house.gate.treasury = None
    for _ in range(2):
        assert await house.loop.look() is False
    # Once, not at every look.
    assert told == [("wallet_low", WALLET)]
    house.low = {}
    await house.loop.look()
    house.low = {WALLET: 7}
    await house.loop.look()
    assert told == [("wallet_low", WALLET)] * 2


async def test_an_empty_treasury_is_told_of(house: House, told: list[tuple[str, str]]) -> None:
    house.chain.lamports[TREASURY] = TENTH
    assert await house.loop.look() is False
    assert told[1:] == [("upkeep_held_up", "treasury_low")]
    assert house.gate.asked == []


async def test_what_is_under_way_is_followed_and_nothing_else_begun(house: House) -> None:
    await house.loop.look()
    assert await house.loop.look() is True
    assert len(house.gate.asked) == 1
    assert house.lane.sent == [house.gate.asked[0]["unsigned_tx"]] * 2
    house.word.outcome_is = Landed
    name = house.gate.open
    assert await house.loop.look() is False
    [body] = house.recorded()
    assert (body.treasury, body.wallet, body.signature) == (TREASURY, WALLET, f"of {name}")
    assert (body.lamports, body.fee_lamports) == (TENTH - 7, 5_012)
    assert house.gate.settled[-1]["spent_raw"] == {SYSTEM: 5_012}


async def test_a_failed_one_brought_nothing_and_cost_its_fee(house: House) -> None:
    await house.loop.look()
    house.word.outcome_is = Reverted
    await house.loop.look()
    [body] = house.recorded()
    assert (body.lamports, body.fee_lamports) == (0, 5_012)


async def test_an_expired_one_is_settled_before_another_is_begun(house: House) -> None:
    await house.loop.look()
    first = house.gate.open
    house.word.outcome_is = Expired
    assert await house.loop.look() is False
    assert (house.gate.settled[-1]["outcome"].value, house.recorded()) == ("expired", [])
    assert await house.loop.look() is True
    assert house.gate.open != first


@pytest.mark.parametrize("wallet", [WALLET, TREASURY, None])
async def test_a_halt_begins_nothing_and_sends_nothing(house: House, wallet: str | None) -> None:
    house.gate.halted = wallet is None
    halt = HaltInForce(kill_epoch=1, wallet=wallet, strategy_id=None, reason="test", by="alice", at_ms=0)
    house.gate.halts = () if wallet is None else (halt,)
    assert await house.loop.look() is False
    assert (house.gate.asked, house.lane.sent) == ([], [])
