"""Subscribers of the node itself: order, and what happens to one that does not read."""

import pytest
from solders.keypair import Keypair

from tests.fake_clock import FakeClock
from tradewind.errors import InvalidInput
from tradewind.localnet import LocalnetError
from tradewind.localnet.solana import NodeOptions, SolanaLocalnet, SolanaNode
from tradewind.localnet.solana.events import AccountUpdate, EntryEvent, SlotEvent, TransactionEvent


@pytest.fixture
def node() -> SolanaNode:
    return SolanaNode(NodeOptions(), FakeClock())


async def test_an_entry_comes_before_its_accounts_and_they_before_their_transaction_and_slot(node: SolanaNode) -> None:
    events = node.subscribe()
    receiver = Keypair().pubkey()
    slot = node.slot
    landed = node.airdrop(receiver, 1_000_000)
    node.advance()
    told = events.pending()
    kinds = [type(event) for event in told[:4]]
    assert kinds == [EntryEvent, AccountUpdate, AccountUpdate, TransactionEvent]
    (update,) = [event for event in told if isinstance(event, AccountUpdate) and event.pubkey == receiver]
    assert (update.lamports, update.txn_signature, update.slot) == (1_000_000, landed.signature, slot)
    slots = [(event.slot, event.status) for event in told if isinstance(event, SlotEvent)]
    assert slots[:3] == [(slot, "completed"), (slot, "processed"), (slot + 1, "created")]


async def test_a_subscriber_that_does_not_read_is_cut_off_and_told_so(node: SolanaNode) -> None:
    slow, quick = node.subscribe(capacity=3), node.subscribe()
    node.advance(10)
    read = [await slow.next() for _ in range(3)]
    assert [event.status for event in read if isinstance(event, SlotEvent)] == ["completed", "processed", "created"]
    with pytest.raises(LocalnetError) as lagged:
        await slow.next()
    assert lagged.value.code == "subscriber_lagged"
    # The others hear everything: three steps a slot, and its two levels later on.
    assert len(quick.pending()) > 30
    node.close()
    assert await quick.next() is None


async def test_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InvalidInput, match="confirmed_after"):
        NodeOptions(confirmed_after=5, finalized_after=4)
    with pytest.raises(InvalidInput, match="history_slots"):
        NodeOptions(history_slots=100)


async def test_what_stops_the_slots_is_told_to_who_waits_for_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    async with SolanaLocalnet(clock=clock, servers=()) as chain:
        await clock.until_asleep()
        monkeypatch.setattr(chain.node, "advance", lambda: 1 // 0)
        await clock.advance(0.4)
        with pytest.raises(ZeroDivisionError):
            await chain.wait_until_it_ends()
    async with SolanaLocalnet(clock=clock, automatic=False, servers=()) as still:
        with pytest.raises(LocalnetError, match="advance"):
            await still.wait_until_it_ends()
