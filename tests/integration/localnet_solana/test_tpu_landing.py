"""Transactions over QUIC on the real node: what lands, and what becomes of the rest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from solders.pubkey import Pubkey
from solders.signature import Signature

from tests.integration.localnet_solana.bundles import SOL, Desk, signature_of
from tests.integration.localnet_solana.quic_sender import Sender, sender
from tradewind.localnet.solana.faults import FaultSettings
from tradewind.localnet.solana.tpu.server import ServedTpu, serve_tpu

ANN = Pubkey.from_string("4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T")
PATIENCE_S = 10


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Desk, ServedTpu, Sender]]:
    desk = Desk()
    async with await serve_tpu(desk.node) as served, sender(served.url) as client:
        yield desk, served, client
    desk.node.close()


async def delivered(served: ServedTpu, count: int) -> None:
    """Return once the node has answered so many transactions."""
    async with asyncio.timeout(PATIENCE_S):
        while served.port.counted["submitted"] < count:
            await asyncio.sleep(0.001)


async def test_a_transaction_over_quic_lands() -> None:
    async with connected() as (desk, served, client):
        wire = desk.wire(desk.pay(ANN, SOL))
        client.send(wire)
        await delivered(served, 1)
        assert desk.balance(ANN) == SOL
        landed = desk.node.transaction(Signature.from_string(signature_of(wire)))
        assert landed is not None
        assert landed.wire == wire


async def test_the_same_bytes_twice_land_once() -> None:
    async with connected() as (desk, served, client):
        wire = desk.wire(desk.pay(ANN, SOL))
        client.send(wire)
        client.send(wire)
        await delivered(served, 2)
        assert desk.balance(ANN) == SOL


async def test_rubbish_is_swallowed_and_the_next_transaction_lands() -> None:
    async with connected() as (desk, served, client):
        for rubbish in (b"\x00", b"\x01" * 300, bytes(1232), desk.wire(desk.pay(ANN, SOL))[:-1]):
            client.send(rubbish)
        client.send(desk.wire(desk.pay(ANN, SOL)))
        await delivered(served, 5)
        assert desk.balance(ANN) == SOL


async def test_sends_can_be_dropped_on_this_lane() -> None:
    async with connected() as (desk, served, client):
        desk.node.faults.set(FaultSettings(drop_share={"tpu": 1.0}))
        client.send(desk.wire(desk.pay(ANN, SOL)))
        await delivered(served, 1)
        assert desk.balance(ANN) == 0
