"""What left the chain is taken back, what a quorum calls final is settled, and no failing endpoint decides either."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from tests import builders
from tests.fake_clock import FakeClock
from tradewind.domain import events
from tradewind.domain.plan import BlockRef
from tradewind.domain.status import IntentStatus
from tradewind.errors import Refused, Unavailable
from tradewind.execution.finality_watch import FinalityWatch
from tradewind.execution.signer_client import SignerClient
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.state.view import IntentView
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal
from tradewind.venues.evm_block import BlockHeader
from tradewind.venues.evm_chain import EvmChain

HEIGHT = builders.BLOCK.number
ENDPOINTS = ("http://127.0.0.1:1", "http://127.0.0.1:2")


@dataclass
class Block:
    """A receipt, as far as the watch looks at it: by itself that of `builders.a_result`."""

    block: BlockRef
    succeeded: bool = True
    gas_used: int = 181_234
    gas_price_wei: int = 10_000_000


@dataclass
class ChainInMemory:
    """Blocks by height, the newest last; `receipts` says in which block a transaction is now."""

    chain_id: int = builders.ARBITRUM
    headers: dict[int, BlockHeader] = field(default_factory=dict)
    receipts: dict[str, BlockRef] = field(default_factory=dict)
    finalized: int = 0
    failing: set[str] = field(default_factory=set)
    # What a quorum has differently from what was recorded.
    agreed: dict[str, Any] = field(default_factory=dict)

    def grow(self, until: int, *, start: int | None = None, branch: str = "a") -> None:
        """Replace everything from `start` on by blocks of a branch, up to and including `until`."""
        first = max(self.headers) + 1 if start is None else start
        self.headers = {number: header for number, header in self.headers.items() if number < first}
        for number in range(first, until + 1):
            parent = self.headers[number - 1].ref.hash if number - 1 in self.headers else "0x" + "00" * 32
            block_hash = builders.BLOCK.hash if (number, branch) == (HEIGHT, "a") else f"0x{branch}{number:063d}"
            self.headers[number] = BlockHeader(BlockRef(number=number, hash=block_hash, timestamp_s=number), parent, 1)

    def _ask(self, method: str) -> None:
        if method in self.failing:
            raise Unavailable("rpc_timeout", f"{method} was not answered")

    async def head_header(self) -> BlockHeader:
        self._ask("head")
        return self.headers[max(self.headers)]

    async def header(self, block: int | str) -> BlockHeader | None:
        self._ask("header")
        self._ask(f"header {block}")
        return self.headers.get(self.finalized if block == "finalized" else int(block))

    async def receipt(self, tx_hash: str) -> Block | None:
        self._ask("receipt")
        return Block(self.receipts[tx_hash]) if tx_hash in self.receipts else None

    async def finalized_header(self) -> tuple[BlockHeader, tuple[str, ...]]:
        self._ask("finalized_header")
        return self.headers[self.finalized], ENDPOINTS

    async def agreed_receipt(self, tx_hash: str) -> tuple[Block | None, tuple[str, ...]]:
        self._ask("agreed_receipt")
        found = await self.receipt(tx_hash)
        return (None if found is None else replace(found, **self.agreed)), ENDPOINTS


@dataclass
class GateInMemory:
    """Notes what it was told; `failure` is raised instead."""

    settled: list[dict[str, Any]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    final: bool = True

    async def settle(self, intent_id: UUID, result: object, **evidence: object) -> bool:
        if self.failures:
            raise self.failures.pop(0)
        self.settled.append({"intent_id": intent_id, "result": result, **evidence})
        return self.final


@dataclass
class House:
    """The watch on a real journal."""

    chain: ChainInMemory
    gate: GateInMemory
    clock: FakeClock
    stream: EmbeddedEventStream
    state: StateCoordinator
    watch: FinalityWatch

    async def confirmed(self) -> UUID:
        """An intent that ended on a transaction in the block at HEIGHT."""
        life = builders.lifecycle()[:7]
        await self.stream.publish(*(builders.envelope(body) for body in life))
        self.chain.receipts[builders.TX_HASH] = builders.BLOCK
        return life[0].intent_id

    async def look(self, times: int = 1) -> None:
        """Look again, later."""
        for _ in range(times):
            await self.clock.advance(10)
            await self.watch.look()

    def view(self, intent_id: UUID) -> IntentView:
        view = self.state.intent(intent_id)
        assert view is not None
        return view


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    journal, clock = Journal.open(tmp_path / "journal.db"), FakeClock()
    state, stream = StateCoordinator(journal), EmbeddedEventStream(journal, clock)
    chain, gate = ChainInMemory(), GateInMemory()
    chain.grow(HEIGHT, start=HEIGHT - 5)
    chain.finalized = HEIGHT - 5
    watch = FinalityWatch(
        chain=cast("EvmChain", chain),
        stream=stream,
        state=state,
        locks=IntentLocks(),
        signer=cast("SignerClient", gate),
        clock=clock,
        poll_interval_ms=250,
    )
    for tap in (state.apply, watch.on_recorded):
        stream.tap(tap)
    yield House(chain, gate, clock, stream, state, watch)
    journal.close()


async def test_what_stays_in_the_chain_stays_as_it_is(house: House) -> None:
    intent_id = await house.confirmed()
    for height in (HEIGHT, HEIGHT + 1, HEIGHT + 9):
        house.chain.grow(height)
        await house.look()
    assert (house.view(intent_id).status, house.watch.watched) == (IntentStatus.COMPLETED, 1)


@pytest.mark.parametrize("until", [HEIGHT - 1, HEIGHT, HEIGHT + 1, HEIGHT + 9])
async def test_a_block_that_left_the_chain_takes_its_steps_back_whatever_the_new_height_is(
    house: House, until: int
) -> None:
    intent_id = await house.confirmed()
    await house.look()
    house.chain.grow(until, start=HEIGHT - 3, branch="b")
    house.chain.receipts.clear()
    # A chain that is only shorter may be an endpoint that lags, and gets some time.
    await house.look(8)
    view = house.view(intent_id)
    assert (view.status, view.results, view.round, house.watch.watched) == (IntentStatus.PROCESSING, (), 1, 0)
    assert view.reorganised[0].block == builders.BLOCK


async def test_an_endpoint_that_lags_for_a_while_takes_nothing_back(house: House) -> None:
    intent_id = await house.confirmed()
    await house.look()
    house.chain.grow(HEIGHT - 2, start=HEIGHT - 5)
    house.chain.receipts.clear()
    await house.look(7)
    house.chain.grow(HEIGHT + 1)
    house.chain.receipts[builders.TX_HASH] = builders.BLOCK
    await house.look(9)
    assert house.view(intent_id).status is IntentStatus.COMPLETED


async def test_a_reorganisation_between_the_receipt_and_the_first_look_is_noticed(house: House) -> None:
    """The head that the watch saw first is already the new one."""
    await house.confirmed()
    await house.look()
    house.chain.grow(HEIGHT, start=HEIGHT - 1, branch="b")
    await house.look()
    late = await house.confirmed()
    house.chain.receipts.clear()
    await house.look()
    assert house.view(late).status is IntentStatus.PROCESSING


@pytest.mark.parametrize("failing", ["head", "header", "receipt"])
async def test_a_reorganisation_is_not_forgotten_because_a_question_failed(house: House, failing: str) -> None:
    intent_id = await house.confirmed()
    await house.look()
    house.chain.grow(HEIGHT + 1, start=HEIGHT, branch="b")
    house.chain.receipts.clear()
    house.chain.failing = {failing}
    with pytest.raises(Unavailable):
        await house.look()
    house.chain.failing = set()
    await house.look()
    assert house.view(intent_id).round == 1


async def test_the_same_loss_is_recorded_once(house: House) -> None:
    intent_id = await house.confirmed()
    await house.look()
    house.chain.grow(HEIGHT + 1, start=HEIGHT, branch="b")
    house.chain.receipts.clear()
    await house.look(3)
    assert len(house.view(intent_id).reorganised) == 1


async def test_what_is_final_is_settled_with_the_gate_and_then_recorded_with_its_evidence(house: House) -> None:
    intent_id = await house.confirmed()
    house.chain.grow(HEIGHT + 64)
    house.chain.finalized = HEIGHT
    await house.look()
    [told] = house.gate.settled
    assert (told["intent_id"], told["endpoints"]) == (intent_id, ENDPOINTS)
    assert told["finalized"] == house.chain.headers[HEIGHT].ref
    last = house.state.events(intent_id)[-1].envelope.body
    assert isinstance(last, events.ExecutionStepFinalized)
    assert (last.finalized, last.endpoints) == (house.chain.headers[HEIGHT].ref, ENDPOINTS)
    assert house.view(intent_id).is_settled
    assert house.watch.watched == 0


async def test_one_block_short_of_it_nothing_is_settled(house: House) -> None:
    await house.confirmed()
    house.chain.grow(HEIGHT + 63)
    house.chain.finalized = HEIGHT - 1
    await house.look(5)
    assert house.gate.settled == []


@pytest.mark.parametrize("failing", ["finalized_header", "agreed_receipt"])
async def test_without_a_quorum_nothing_is_settled(house: House, failing: str) -> None:
    intent_id = await house.confirmed()
    house.chain.grow(HEIGHT + 64)
    house.chain.finalized = HEIGHT
    house.chain.failing = {failing}
    with pytest.raises(Unavailable):
        await house.look()
    assert house.gate.settled == []
    assert not house.view(intent_id).is_settled


async def test_a_final_receipt_in_another_block_takes_the_step_back_instead(house: House) -> None:
    intent_id = await house.confirmed()
    house.chain.grow(HEIGHT + 64)
    house.chain.finalized = HEIGHT
    house.chain.receipts[builders.TX_HASH] = house.chain.headers[HEIGHT - 1].ref
    await house.look()
    assert house.gate.settled == []
    assert house.view(intent_id).status is IntentStatus.PROCESSING


@pytest.mark.parametrize("agreed", [{"succeeded": False}, {"gas_used": 21_000}, {"gas_price_wei": 1}])
async def test_what_a_quorum_does_not_confirm_as_it_was_recorded_is_taken_back_instead(
    house: House, agreed: dict[str, Any]
) -> None:
    """One endpoint may have lied when it was recorded."""
    intent_id = await house.confirmed()
    house.chain.grow(HEIGHT + 64)
    house.chain.finalized = HEIGHT
    house.chain.agreed = agreed
    await house.look()
    assert house.gate.settled == []
    assert house.view(intent_id).status is IntentStatus.PROCESSING


async def test_a_gate_that_does_not_answer_is_asked_again_and_keeps_no_other_step_waiting(house: House) -> None:
    first, second = await house.confirmed(), await house.confirmed()
    house.chain.grow(HEIGHT + 64)
    house.chain.finalized = HEIGHT
    house.gate.failures = [Unavailable("signer_timeout", "no answer")]
    with pytest.raises(Unavailable):
        await house.look()
    assert [told["intent_id"] for told in house.gate.settled] == [second]
    await house.look()
    assert [told["intent_id"] for told in house.gate.settled] == [second, first]
    assert house.view(first).is_settled


async def test_a_step_that_cannot_be_looked_for_keeps_no_other_waiting(house: House) -> None:
    lower, upper = await house.confirmed(), await house.confirmed()
    for step in house.watch._steps:
        if step.intent_id == lower:
            step.result = step.result.model_copy(update={"block": house.chain.headers[HEIGHT - 1].ref})
    house.chain.grow(HEIGHT + 64)
    house.chain.finalized = HEIGHT
    house.chain.failing = {f"header {HEIGHT - 1}"}
    with pytest.raises(Unavailable):
        await house.look()
    assert (house.view(lower).is_settled, house.view(upper).is_settled) == (False, True)


async def test_a_settlement_that_is_not_final_for_the_gate_is_named(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    intent_id = await house.confirmed()
    house.chain.grow(HEIGHT + 64)
    house.chain.finalized = HEIGHT
    house.gate.final = False
    await house.look()
    assert house.view(intent_id).is_settled
    assert [record.__dict__["fields"]["code"] for record in caplog.records] == ["settlement_not_final"]


async def test_a_settlement_that_a_rule_refuses_does_not_keep_the_intent_open(house: House) -> None:
    intent_id = await house.confirmed()
    house.chain.grow(HEIGHT + 64)
    house.chain.finalized = HEIGHT
    house.gate.failures = [Refused("step_unknown", "no such step")]
    await house.look()
    assert house.view(intent_id).is_settled


async def test_after_a_restart_everything_that_is_not_final_is_watched_again(house: House) -> None:
    intent_id = await house.confirmed()
    fresh = FinalityWatch(
        chain=cast("EvmChain", house.chain),
        stream=house.stream,
        state=house.state,
        locks=IntentLocks(),
        signer=cast("SignerClient", house.gate),
        clock=house.clock,
        poll_interval_ms=250,
    )
    assert fresh.watched == 0
    fresh.recover()
    assert fresh.watched == 1
    house.stream.tap(fresh.on_recorded)
    house.chain.grow(HEIGHT + 1, start=HEIGHT, branch="b")
    house.chain.receipts.clear()
    await fresh.look()
    assert house.view(intent_id).status is IntentStatus.PROCESSING


async def test_steps_of_other_chains_are_left_to_their_own_watch(house: House) -> None:
    life = builders.lifecycle()[:7]
    elsewhere = builders.planned(life[0].intent_id, chain_id=1)
    plan_id = elsewhere.plan.plan_id
    bodies = [*life[:3], elsewhere, builders.step_confirmed(life[0].intent_id, plan_id)]
    await house.stream.publish(*(builders.envelope(body) for body in bodies))
    assert house.watch.watched == 0
