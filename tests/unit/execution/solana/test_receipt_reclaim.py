"""Receipts taken back by the loop: when it begins, how it goes on, what it records, and what it leaves alone."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests import builders
from tests.fake_clock import FakeClock
from tradewind import core
from tradewind.domain.events import ReceiptsReclaimed
from tradewind.domain.execution_result_event import ProgramError
from tradewind.errors import Refused, Unavailable
from tradewind.execution.executors.outcomes import Expired, Landed, Outcome, Reverted, Unknown
from tradewind.execution.executors.ports import Blockhash, LaneHealth, Maker, Sent, SignedAttempt
from tradewind.execution.signer_answers import (
    HaltInForce,
    Reclaimable,
    RecordedSolanaStep,
    SignerState,
    SolanaAttempt,
    SolanaReceipt,
    SolanaSignature,
)
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.solana.receipt_reclaim import ReceiptReclaim, ReclaimLimits
from tradewind.execution.solana.upkeep import Upkeep
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal
from tradewind.venues.solana.cluster import SolanaCluster

WALLET = builders.SOLANA_WALLET
RENT = 890_880
SYSTEM = "11111111111111111111111111111111"
RUN = UUID("00000000-0000-4000-8000-000000000001")
FINALIZED = 5_000
ENDPOINTS = ("one", "two")


def receipt(number: int) -> SolanaReceipt:
    seed = f"{number:032x}"
    return SolanaReceipt(seed=seed, address=core.receipt_address(WALLET, seed), lamports=RENT)


@dataclass
class Chain:
    """A chain whose receipts hold what `lamports` says, at a finalized height; or its endpoints disagree."""

    lamports: dict[str, int] = field(default_factory=dict)
    finalized: int = FINALIZED
    agrees: bool = True

    async def call(self, method: str, params_json: str = "[]") -> str:
        params = json.loads(params_json)
        if method == "getMultipleAccounts":
            values = [self._account(address) for address in params[0]]
            return json.dumps({"context": {"slot": 1}, "value": values})
        return json.dumps(self._reached(params[0]["commitment"]))

    async def agree(self, method: str, params_json: str = "[]", *, quorum: int | None = None) -> str:
        del quorum
        if not self.agrees:
            raise Unavailable("no_quorum", "The endpoints tell different heights.")
        return await self.call(method, params_json)

    async def agreed(self, method: str, params_json: str = "[]") -> tuple[str, tuple[str, ...]]:
        return await self.agree(method, params_json), ENDPOINTS

    async def height(self, commitment: str) -> tuple[int, tuple[str, ...]]:
        if not self.agrees:
            raise Unavailable("no_quorum", "The endpoints tell different heights.")
        return self._reached(commitment), ENDPOINTS

    def _reached(self, commitment: str) -> int:
        return self.finalized + (32 if commitment == "confirmed" else 0)

    def _account(self, address: str) -> dict[str, Any] | None:
        lamports = self.lamports.get(address, 0)
        return {"owner": SYSTEM, "lamports": lamports, "data": ["", "base64"]} if lamports else None


class Gate(SignerClient):
    """Keeps what was signed, and lets go what it is told to let go."""

    kind = "sign_reclaim"

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.pages: list[list[SolanaReceipt]] = []
        self.open: str | None = None
        self.bytes_of: dict[str, bytes] = {}
        self.asked: list[dict[str, Any]] = []
        self.settled: list[dict[str, Any]] = []
        self.final = True
        self.pending = False
        self.halts: tuple[HaltInForce, ...] = ()
        self.halted = False

    async def hello(self) -> SignerState:
        return SignerState(
            version="1",
            gate_id="ab" * 16,
            policy_digest="",
            kill_epoch=0,
            halted=self.halted,
            halt_reason=None,
            wallets=(),
            records=0,
            halts=self.halts,
        )

    async def reclaimable(
        self, wallet: str, chain_id: int, *, finalized_block_height: int, after: int = 0
    ) -> Reclaimable:
        assert (wallet, chain_id, finalized_block_height) == (WALLET, 101, FINALIZED)
        page = self.pages[after] if after < len(self.pages) else []
        more = after + 1 if after + 1 < len(self.pages) else None
        return Reclaimable(open=self.open, receipts=tuple(page), more_after=more)

    async def sign_upkeep(self, kind: str, upkeep_id: str, **asked: Any) -> SolanaSignature:
        assert kind == self.kind
        self.asked.append(asked)
        self.open = upkeep_id
        self.bytes_of[upkeep_id] = asked["unsigned_tx"]
        return SolanaSignature(
            signature=f"of {upkeep_id}",
            raw_tx=asked["unsigned_tx"],
            last_valid_block_height=asked["last_valid_block_height"],
        )

    async def solana_step(self, intent_id: UUID | str, step: int) -> RecordedSolanaStep:
        assert (intent_id, step) == (self.open, 0)
        if self.pending:
            return RecordedSolanaStep(found=True, pending=(1,), pending_because="the fee is above the cap")
        raw_tx = self.bytes_of[str(intent_id)]
        attempt = SolanaAttempt(
            attempt=1,
            signature=f"of {intent_id}",
            raw_tx=raw_tx,
            unsigned_tx=raw_tx,
            blockhash=SYSTEM,
            last_valid_block_height=5_182,
            signed_at_ms=0,
        )
        return RecordedSolanaStep(found=True, attempts=(attempt,))

    async def settle_solana(self, intent_id: UUID | str, step: int, **told: Any) -> bool:
        self.settled.append({"name": intent_id, "step": step, **told})
        if self.final:
            self.open = None
        return self.final


class Blockhashes:
    async def latest(self) -> Blockhash:
        return Blockhash(SYSTEM, FINALIZED + 182, 1)


@dataclass
class Word:
    """What the chain says, at `finalized`, of whatever is asked for."""

    outcome_is: type[Outcome] | None = None
    lamports_back: int = 0

    async def outcome(self, attempt: SignedAttempt, *, within_ms: int) -> Outcome:
        assert within_ms > 0
        if self.outcome_is is Landed:
            return Landed(attempt.signature, 1_700, 5_012, locked_lamports=-self.lamports_back)
        if self.outcome_is is Reverted:
            return Reverted(
                attempt.signature, 1_700, 5_012, ProgramError(instruction=2, program=SYSTEM, code=1, name="custom")
            )
        if self.outcome_is is Expired:
            return Expired(attempt.signature, 5_300, ("one", "two"))
        return Unknown(attempt.signature)

    async def receipt_maker(self, attempt: SignedAttempt) -> Maker | None:
        raise AssertionError(f"{attempt.signature} makes no receipt")


@dataclass
class Lane:
    name: str = "rpc"
    sent: list[bytes] = field(default_factory=list)

    async def send(self, attempt: SignedAttempt) -> Sent:
        self.sent.append(attempt.transaction)
        return Sent("accepted", self.name)

    async def health(self) -> LaneHealth:
        return LaneHealth(healthy=True)


@dataclass
class House:
    """The loop over a real journal, with everything around it in memory."""

    folder: Path
    chain: Chain = field(default_factory=Chain)
    gate: Gate = field(default_factory=Gate)
    word: Word = field(default_factory=Word)
    lanes: Sequence[Lane] = field(default_factory=lambda: (Lane(), Lane("tpu")))
    clock: FakeClock = field(default_factory=FakeClock)
    at_least: int = 8

    def __post_init__(self) -> None:
        self.journal = Journal.open(self.folder / "journal.db")
        self.upkeep = Upkeep(
            cluster=SolanaCluster(self.chain, chain_id=101),
            signer=self.gate,
            confirmations=self.word,
            lanes=self.lanes,
            clock=self.clock,
        )
        self.limit(1_232)

    def limit(self, size_limit_bytes: int) -> None:
        self.loop = ReceiptReclaim(
            self.upkeep,
            blockhashes=Blockhashes(),
            stream=EmbeddedEventStream(self.journal, self.clock),
            run_id=RUN,
            limits=ReclaimLimits(
                at_least=self.at_least,
                every_s=600,
                micro_lamports_per_unit=10_000,
                size_limit_bytes=size_limit_bytes,
            ),
        )

    def stand(self, *receipts: SolanaReceipt) -> None:
        self.gate.pages = [list(receipts)]
        self.chain.lamports = {one.address: one.lamports for one in receipts}

    def recorded(self) -> list[ReceiptsReclaimed]:
        rows = self.journal.read(types=[ReceiptsReclaimed.type_name()])
        return [row.envelope.body for row in rows if isinstance(row.envelope.body, ReceiptsReclaimed)]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def begun(house: House, count: int = 8) -> str:
    house.stand(*map(receipt, range(count)))
    assert await house.loop.look(WALLET) is True
    assert house.gate.open is not None
    return house.gate.open


async def test_a_wallet_without_receipts_is_left_alone(house: House) -> None:
    house.gate.pages = [[]]
    assert await house.loop.look(WALLET) is False
    assert house.gate.asked == []


async def test_it_waits_until_a_transaction_is_worth_its_fee(house: House) -> None:
    house.stand(*map(receipt, range(7)))
    assert await house.loop.look(WALLET) is False
    assert house.gate.asked == []


async def test_it_takes_as_many_as_fit_and_each_whole(house: House) -> None:
    house.stand(*map(receipt, range(30)))
    house.chain.lamports[receipt(1).address] = RENT + 7
    assert await house.loop.look(WALLET) is True
    [asked] = house.gate.asked
    decoded = core.decode_solana_transaction(asked["unsigned_tx"])
    assert len(asked["unsigned_tx"]) <= 1_232
    taken = [one for one in decoded.instructions if one.program == SYSTEM]
    assert len(taken) == 8
    # TransferWithSeed is 11; the amount stands behind it.
    assert [one.data[:4] for one in taken] == [bytes([11, 0, 0, 0])] * 8
    assert [int.from_bytes(one.data[4:12], "little") for one in taken] == [RENT, RENT + 7, *[RENT] * 6]
    assert asked["evidence"].finalized_block_height == FINALIZED
    assert asked["evidence"].endpoints == ("one", "two")
    assert [lane.sent for lane in house.lanes] == [[asked["unsigned_tx"]]] * 2


async def test_it_leaves_out_what_the_chain_does_not_have_and_looks_at_the_next_page(house: House) -> None:
    gone, there = [receipt(number) for number in range(3)], [receipt(number) for number in range(3, 11)]
    house.stand(*gone, *there)
    house.gate.pages = [gone, there]
    for one in gone:
        del house.chain.lamports[one.address]
    assert await house.loop.look(WALLET) is True
    [asked] = house.gate.asked
    accounts = {account.key for account in core.decode_solana_transaction(asked["unsigned_tx"]).accounts}
    assert accounts >= {one.address for one in there}
    assert not accounts & {one.address for one in gone}


async def test_what_landed_is_recorded_once_and_then_settled(house: House) -> None:
    name = await begun(house)
    house.word.outcome_is, house.word.lamports_back = Landed, 8 * RENT
    house.gate.final = False
    assert await house.loop.look(WALLET) is True
    house.gate.final = True
    # As after a crash between the journal and the gate: the same fact, and no second one.
    await house.clock.advance(5)
    assert await house.loop.look(WALLET) is False
    [body] = house.recorded()
    assert (body.wallet, body.signature) == (WALLET, f"of {name}")
    assert (body.receipts, body.lamports_back, body.fee_lamports, body.block.number) == (8, 8 * RENT, 5_012, 1_700)
    assert [told["outcome"].value for told in house.gate.settled] == ["succeeded"] * 2
    assert house.gate.settled[-1]["spent_raw"] == {SYSTEM: 5_012}
    assert len(house.gate.asked) == 1


async def test_a_failed_one_is_recorded_with_its_fee_and_nothing_back(house: House) -> None:
    await begun(house)
    house.word.outcome_is = Reverted
    assert await house.loop.look(WALLET) is False
    [body] = house.recorded()
    assert (body.receipts, body.lamports_back, body.fee_lamports) == (0, 0, 5_012)
    assert house.gate.settled[-1]["outcome"].value == "reverted"


async def test_while_nothing_is_proven_the_same_bytes_are_sent_again(house: House) -> None:
    await begun(house)
    assert await house.loop.look(WALLET) is True
    first, second = house.lanes[0].sent
    assert first == second
    assert (len(house.gate.asked), house.recorded()) == (1, [])


async def test_an_expired_one_is_settled_and_the_next_takes_its_receipts(house: House) -> None:
    name = await begun(house)
    house.word.outcome_is = Expired
    assert await house.loop.look(WALLET) is False
    [told] = house.gate.settled
    assert (told["outcome"].value, told["signatures"][0].signature) == ("expired", f"of {name}")
    assert (told["endpoints"], house.recorded()) == (("one", "two"), [])
    assert await house.loop.look(WALLET) is True
    assert house.gate.open != name


async def test_a_halt_begins_nothing_and_sends_nothing_and_still_hears_the_end(house: House) -> None:
    house.stand(*map(receipt, range(8)))
    house.gate.halted = True
    assert await house.loop.look(WALLET) is False
    assert house.gate.asked == []
    house.gate.halted = False
    assert await house.loop.look(WALLET) is True
    house.gate.halts = (HaltInForce(kill_epoch=1, wallet=WALLET, strategy_id=None, reason="test", by="alice", at_ms=0),)
    assert await house.loop.look(WALLET) is True
    assert [len(lane.sent) for lane in house.lanes] == [1, 1]
    house.word.outcome_is, house.word.lamports_back = Landed, 8 * RENT
    assert await house.loop.look(WALLET) is False
    assert len(house.recorded()) == 1


async def test_without_a_quorums_height_nothing_is_asked_for(house: House) -> None:
    house.stand(*map(receipt, range(8)))
    house.chain.agrees = False
    with pytest.raises(Unavailable):
        await house.loop.look(WALLET)
    assert house.gate.asked == []


async def test_one_that_the_signer_keeps_unsigned_says_why(house: House) -> None:
    await begun(house)
    house.gate.pending = True
    with pytest.raises(Unavailable, match="above the cap"):
        await house.loop.look(WALLET)


async def test_the_loop_outlives_refusals_and_looks_again_when_it_is_time(house: House) -> None:
    house.stand(*map(receipt, range(8)))
    house.chain.agrees = False
    task = asyncio.create_task(house.loop.run([WALLET]))
    try:
        async with asyncio.timeout(5):
            await house.clock.until_asleep()
            assert house.clock.slept == [600]
            house.chain.agrees = True
            await house.clock.advance(600)
            while len(house.clock.slept) < 2:
                await asyncio.sleep(0)
        # What is under way is followed at once.
        assert house.clock.slept[1] < 1
        assert len(house.gate.asked) == 1
    finally:
        task.cancel()


async def test_where_none_is_wanted_none_is_begun_and_one_under_way_ends(tmp_path: Path) -> None:
    house = House(tmp_path, at_least=0)
    house.stand(*map(receipt, range(8)))
    assert await house.loop.look(WALLET) is False
    assert house.gate.asked == []
    house.at_least = 8
    house.limit(1_232)
    await begun(house)
    house.at_least = 0
    house.limit(1_232)
    house.word.outcome_is, house.word.lamports_back = Landed, 8 * RENT
    assert await house.loop.look(WALLET) is False
    assert len(house.recorded()) == 1


async def test_a_limit_too_small_for_one_receipt_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path, at_least=1)
    house.stand(receipt(1))
    house.limit(100)
    with pytest.raises(Refused):
        await house.loop.look(WALLET)
