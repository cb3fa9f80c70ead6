"""Bundles through the block engine's HTTP side: what lands, in which order, and what becomes of the rest."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from tests.integration.localnet_solana.bundles import SOL, TIP_ACCOUNT, Caller, Desk, id_of, signature_of
from tradewind.localnet.solana.block_engine.options import BlockEngineOptions
from tradewind.localnet.solana.block_engine.server import ServedBlockEngine, serve_block_engine
from tradewind.localnet.solana.faults import FaultSettings

ANN = Pubkey.from_string("4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T")
BOB = Pubkey.from_string("8szGkuLTAux9XMgZ2vtY39jVSowEcpBfFfD8hXSEqdGC")
NO_TIP = "Bundles must write lock at least one tip account to be eligible for the auction."


class House:
    """A desk, its block engine, and a caller."""

    def __init__(self, desk: Desk, served: ServedBlockEngine, session: aiohttp.ClientSession) -> None:
        self.desk = desk
        self.served = served
        self.engine = served.engine
        self.caller = Caller(session, served.url)

    async def auctioned(self, wires: list[bytes]) -> str:
        """Send a bundle and hold the auction."""
        bundle = await self.caller.send(wires)
        self.engine.auction()
        return bundle


@asynccontextmanager
async def house(**options: Any) -> AsyncIterator[House]:
    desk = Desk()
    chosen = {"clock": desk.clock, "requests_per_second": None, "auction_every_ms": None} | options
    async with (
        await serve_block_engine(desk.node, BlockEngineOptions(**chosen)) as served,
        aiohttp.ClientSession() as session,
    ):
        assert isinstance(served, ServedBlockEngine)
        yield House(desk, served, session)
    desk.node.close()


async def test_a_bundle_lands_whole_and_in_order() -> None:
    async with house() as h:
        # The second transaction spends what the first one brings: any other order fails.
        poor = Keypair.from_seed(bytes([50]) * 32)
        first = h.desk.wire(h.desk.pay(poor.pubkey(), SOL))
        second = h.desk.wire(h.desk.pay(ANN, SOL // 2, poor), h.desk.tip(payer=poor), payer=poor)
        bundle = await h.auctioned([first, second])
        assert h.desk.balance(ANN) == SOL // 2
        landed = await h.caller.landed(bundle)
    assert landed == {
        "bundle_id": id_of([first, second]),
        "transactions": [signature_of(first), signature_of(second)],
        "slot": h.desk.node.slot,
        "confirmation_status": "processed",
        "err": {"Ok": None},
    }


async def test_the_id_is_the_hash_of_the_comma_joined_signatures() -> None:
    async with house() as h:
        wires = [h.desk.wire(h.desk.tip()), h.desk.wire(h.desk.pay(ANN, SOL))]
        joined = f"{signature_of(wires[0])},{signature_of(wires[1])}"
        assert await h.caller.send(wires) == hashlib.sha256(joined.encode()).hexdigest()


async def test_accepted_is_not_landed_before_the_auction() -> None:
    async with house() as h:
        bundle = await h.caller.send([h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())])
        assert await h.caller.inflight(bundle) == ("Pending", None)
        assert await h.caller.landed(bundle) is None
        assert h.desk.balance(ANN) == 0
        h.engine.auction()
        assert await h.caller.inflight(bundle) == ("Landed", h.desk.node.slot)


async def test_with_no_tick_of_its_own_the_auction_is_held_at_the_nodes_slots() -> None:
    async with house() as h:
        bundle = await h.caller.send([h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())])
        h.desk.node.advance()
        assert (await h.caller.inflight(bundle))[0] == "Landed"


async def test_the_auction_ticks_every_fifty_milliseconds() -> None:
    async with house(auction_every_ms=50) as h:
        bundle = await h.caller.send([h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())])
        await h.desk.clock.until_asleep()
        await h.desk.clock.advance(0.049)
        assert await h.caller.inflight(bundle) == ("Pending", None)
        await h.desk.clock.advance(0.001)
        assert (await h.caller.inflight(bundle))[0] == "Landed"


async def test_one_failing_transaction_keeps_all_of_them_off_the_chain() -> None:
    async with house() as h:
        before = h.desk.balance(h.desk.payer.pubkey())
        good = h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())
        bad = h.desk.wire(h.desk.pay(BOB, 1_000 * SOL))
        bundle = await h.auctioned([good, bad])
        assert await h.caller.inflight(bundle) == ("Failed", None)
        assert await h.caller.landed(bundle) is None
        assert (h.desk.balance(ANN), h.desk.balance(BOB)) == (0, 0)
        assert h.desk.balance(h.desk.payer.pubkey()) == before


async def test_the_higher_tip_for_a_compute_unit_wins_the_account_that_both_want() -> None:
    async with house() as h:
        other = h.desk.wallet(3, lamports=SOL + 2_000_000)
        # Both empty the same wallet, so that only one can land; the better payer came later.
        low = h.desk.wire(h.desk.pay(ANN, SOL, other), h.desk.tip(2_000, other), payer=other)
        high = h.desk.wire(h.desk.pay(BOB, SOL, other), h.desk.tip(20_000, other), payer=other)
        lost, won = await h.caller.send([low]), await h.caller.send([high])
        h.engine.auction()
        assert (await h.caller.inflight(won))[0] == "Landed"
        assert await h.caller.inflight(lost) == ("Failed", None)
        assert h.desk.balance(BOB) == SOL


async def test_a_tip_below_a_thousand_lamports_is_accepted_and_fails() -> None:
    async with house() as h:
        bundle = await h.auctioned([h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip(999))])
        assert await h.caller.inflight(bundle) == ("Failed", None)
        assert h.desk.balance(ANN) == 0
        enough = await h.auctioned([h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip(1_000))])
        assert (await h.caller.inflight(enough))[0] == "Landed"


async def test_a_bundle_without_a_tip_account_is_refused_in_jitos_words() -> None:
    async with house() as h:
        assert await h.caller.refused([h.desk.wire(h.desk.pay(ANN, SOL))]) == (400, -32602, NO_TIP)


async def test_a_tip_account_that_is_only_read_does_not_count() -> None:
    async with house() as h:
        memo = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
        reads = Instruction(memo, b"hi", [AccountMeta(TIP_ACCOUNT, is_signer=False, is_writable=False)])
        assert await h.caller.refused([h.desk.wire(reads)]) == (400, -32602, NO_TIP)


async def test_a_tip_account_behind_a_lookup_table_does_not_count() -> None:
    async with house() as h:
        table = AddressLookupTableAccount(Pubkey.from_bytes(bytes([77]) * 32), [TIP_ACCOUNT])
        message = MessageV0.try_compile(
            h.desk.payer.pubkey(), [h.desk.tip()], [table], h.desk.node.latest_blockhash().blockhash
        )
        assert message.address_table_lookups
        wire = bytes(VersionedTransaction(message, [h.desk.payer]))
        assert await h.caller.refused([wire]) == (400, -32602, NO_TIP)


async def test_one_to_five_transactions_make_a_bundle() -> None:
    async with house() as h:
        wires = [h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip()) for _ in range(6)]
        status, code, message = await h.caller.refused(wires)
        assert (status, code) == (400, -32602)
        assert "maximum number of transactions" in message
        assert (await h.caller.refused([]))[:2] == (400, -32602)
        assert (await h.caller.inflight(await h.auctioned(wires[:5])))[0] == "Landed"
        assert h.desk.balance(ANN) == 5 * SOL


async def test_the_same_bundle_twice_is_refused_until_it_has_failed() -> None:
    async with house() as h:
        poor = h.desk.wallet(9, lamports=SOL)
        wires = [h.desk.wire(h.desk.pay(ANN, 2 * SOL, poor), h.desk.tip(payer=poor), payer=poor)]
        bundle = await h.caller.send(wires)
        status, code, message = await h.caller.refused(wires)
        assert (status, code) == (400, -32602)
        assert bundle in message
        h.engine.auction()
        assert (await h.caller.inflight(bundle))[0] == "Failed"
        h.desk.wallet(9, lamports=10 * SOL)
        assert await h.auctioned(wires) == bundle
        assert (await h.caller.inflight(bundle))[0] == "Landed"
        assert (await h.caller.refused(wires))[2] == "bundle contains an already processed transaction"


async def test_the_same_transaction_twice_in_a_bundle_is_refused() -> None:
    async with house() as h:
        wire = h.desk.wire(h.desk.tip())
        assert (await h.caller.refused([wire, wire]))[2] == "bundle contains duplicate transactions"


async def test_an_expired_blockhash_is_refused_at_once() -> None:
    async with house() as h:
        wire = h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())
        h.desk.node.advance(152)
        assert await h.caller.refused([wire]) == (400, -32602, "bundle contains an expired blockhash")


async def test_a_signature_that_is_wrong_is_refused() -> None:
    async with house() as h:
        wire = bytearray(h.desk.wire(h.desk.tip()))
        wire[10] ^= 1
        assert "signature" in (await h.caller.refused([bytes(wire)]))[2]


async def test_a_bundle_is_remembered_for_five_minutes() -> None:
    async with house() as h:
        bundle = await h.auctioned([h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())])
        await h.desk.clock.advance(300)
        assert (await h.caller.inflight(bundle))[0] == "Landed"
        await h.desk.clock.advance(1)
        assert await h.caller.inflight(bundle) == ("Invalid", None)
        assert await h.caller.inflight("00" * 32) == ("Invalid", None)


async def test_the_commitment_of_a_landed_bundle_grows_with_its_slot() -> None:
    async with house() as h:
        bundle = await h.auctioned([h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())])
        levels = []
        for _ in range(5):
            levels.append((await h.caller.landed(bundle))["confirmation_status"])
            h.desk.node.advance()
        assert levels == ["processed", "confirmed", "confirmed", "confirmed", "finalized"]


async def test_a_bundle_whose_slot_is_rolled_back_has_failed() -> None:
    async with house() as h:
        bundle = await h.auctioned([h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())])
        h.desk.node.advance(2)
        h.desk.node.rollback(3)
        assert await h.caller.inflight(bundle) == ("Failed", None)
        assert await h.caller.landed(bundle) is None
        assert h.desk.balance(ANN) == 0


async def test_with_the_unbundling_fault_a_part_can_land_and_the_bundle_has_failed() -> None:
    async with house() as h:
        h.desk.node.faults.set(FaultSettings(unbundle=True))
        good = h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())
        bad = h.desk.wire(h.desk.pay(BOB, 1_000 * SOL))
        bundle = await h.auctioned([good, bad])
        assert h.desk.balance(ANN) == SOL
        assert await h.caller.inflight(bundle) == ("Failed", None)


async def test_a_dropped_bundle_is_pending_until_its_blockhash_expires() -> None:
    async with house() as h:
        h.desk.node.faults.set(FaultSettings(drop_share={"jito": 1.0}))
        bundle = await h.auctioned([h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())])
        h.desk.node.advance(149)
        assert await h.caller.inflight(bundle) == ("Pending", None)
        h.desk.node.advance(3)
        assert await h.caller.inflight(bundle) == ("Failed", None)
        assert h.desk.balance(ANN) == 0


async def test_a_delayed_bundle_is_pending_and_then_lands() -> None:
    async with house() as h:
        h.desk.node.faults.set(FaultSettings(delay_slots={"jito": 3}))
        wires = [h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip()), h.desk.wire(h.desk.pay(BOB, SOL))]
        bundle = await h.auctioned(wires)
        h.desk.node.advance(2)
        assert await h.caller.inflight(bundle) == ("Pending", None)
        h.desk.node.advance()
        assert await h.caller.inflight(bundle) == ("Landed", h.desk.node.slot)


@pytest.mark.parametrize(
    ("fail_as", "expected"), [("too_many_requests", (429, -32097)), ("node_behind", (503, -32005))]
)
async def test_sends_can_be_made_to_fail(fail_as: Any, expected: tuple[int, int]) -> None:
    async with house() as h:
        h.desk.node.faults.set(FaultSettings(fail_share={"jito": 1.0}, fail_as=fail_as))
        assert (await h.caller.refused([h.desk.wire(h.desk.tip())]))[:2] == expected


async def test_a_transaction_with_jitodontfront_must_stand_first() -> None:
    async with house() as h:
        guard = Pubkey.from_string("jitodontfront111111111111111111111111111111")
        guarded = h.desk.pay(ANN, SOL)
        guarded = Instruction(
            guarded.program_id,
            guarded.data,
            [*guarded.accounts, AccountMeta(guard, is_signer=False, is_writable=False)],
        )
        tip, trade = h.desk.wire(h.desk.tip()), h.desk.wire(guarded)
        assert "jitodontfront" in (await h.caller.refused([tip, trade]))[2]
        assert (await h.caller.inflight(await h.auctioned([trade, tip])))[0] == "Landed"
