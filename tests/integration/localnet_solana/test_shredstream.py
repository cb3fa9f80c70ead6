"""The Shredstream proxy: entries as a reader of shreds gets them, before they are executed."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from tests.integration.localnet_solana.bundles import SOL, Desk
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.protocol import shredstream_pb2
from tradewind.localnet.solana.shredstream.options import ShredstreamOptions
from tradewind.localnet.solana.shredstream.server import ServedShredstream, serve_shredstream

ANN = Pubkey.from_string("4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T")
PATIENCE_S = 10


@asynccontextmanager
async def served(**options: Any) -> AsyncIterator[tuple[Desk, ServedShredstream, Any]]:
    desk = Desk()
    async with await serve_shredstream(desk.node, ShredstreamOptions(**options)) as server:
        assert isinstance(server, ServedShredstream)
        async with grpc.aio.insecure_channel(server.url.removeprefix("http://")) as channel:
            yield desk, server, channel
    desk.node.close()


async def reader(server: ServedShredstream, channel: Any) -> Any:
    """An open stream, once the server counts it."""
    listen = channel.unary_stream(
        "/shredstream.ShredstreamProxy/SubscribeEntries",
        request_serializer=shredstream_pb2.SubscribeEntriesRequest.SerializeToString,
        response_deserializer=shredstream_pb2.Entry.FromString,
    )
    before = len(server.stream.audience._open)
    stream = listen(shredstream_pb2.SubscribeEntriesRequest(), timeout=30)
    async with asyncio.timeout(PATIENCE_S):
        await stream.initial_metadata()
        while len(server.stream.audience._open) == before:
            await asyncio.sleep(0.001)
    return stream


def entries_in(data: bytes) -> list[tuple[int, bytes, list[bytes]]]:
    """Agave's bincode of a vector of entries, read by hand: hashes, hash and transactions of each."""
    (count,), at = struct.unpack_from("<Q", data), 8
    entries = []
    for _ in range(count):
        hashes, digest, transactions = struct.unpack_from("<Q32sQ", data, at)
        at += 48
        wires = []
        for _ in range(transactions):
            wire = bytes(VersionedTransaction.from_bytes(data[at:]))
            at += len(wire)
            wires.append(wire)
        entries.append((hashes, digest, wires))
    assert at == len(data)
    return entries


async def test_a_transaction_is_in_an_entry_of_its_slot() -> None:
    async with served() as (desk, server, channel):
        stream = await reader(server, channel)
        wire = desk.wire(desk.pay(ANN, SOL))
        desk.node.submit(wire, lane="rpc")
        message = await stream.read()
    ((hashes, digest, wires),) = entries_in(message.entries)
    assert (message.slot, wires) == (desk.node.slot, [wire])
    assert hashes > 0
    assert digest != bytes(32)


async def test_the_transactions_of_a_bundle_come_together_and_in_order() -> None:
    async with served() as (desk, server, channel):
        stream = await reader(server, channel)
        wires = [desk.wire(desk.pay(ANN, SOL)) for _ in range(5)]
        desk.node.submit_bundle(wires)
        message = await stream.read()
    ((_, _, got),) = entries_in(message.entries)
    assert got == wires


async def test_a_slot_ends_with_an_entry_of_its_blockhash_and_no_transactions() -> None:
    async with served() as (desk, server, channel):
        stream = await reader(server, channel)
        done = desk.node.chain.current
        desk.node.advance()
        message = await stream.read()
    ((_, digest, wires),) = entries_in(message.entries)
    assert (message.slot, digest, wires) == (done.number, bytes(done.blockhash), [])


async def test_a_transaction_that_fails_was_in_an_entry_all_the_same() -> None:
    async with served() as (desk, server, channel):
        stream = await reader(server, channel)
        wire = desk.wire(desk.pay(ANN, 1_000 * SOL))
        desk.node.submit(wire, lane="rpc")
        ((_, _, wires),) = entries_in((await stream.read()).entries)
    assert wires == [wire]


async def test_a_transaction_that_is_refused_is_in_no_entry() -> None:
    async with served() as (desk, server, channel):
        stream = await reader(server, channel)
        desk.node.submit(b"\x01rubbish", lane="rpc")
        wire = desk.wire(desk.pay(ANN, SOL))
        desk.node.submit(wire, lane="rpc")
        ((_, _, wires),) = entries_in((await stream.read()).entries)
    assert wires == [wire]


async def status_of(stream: Any) -> Any:
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await stream.read()
    return failure.value.code()


async def test_a_reader_that_falls_behind_is_dropped_with_its_reason() -> None:
    async with served(max_queued_batches=2) as (desk, server, channel):
        stream = await reader(server, channel)
        desk.node.advance(3)
        assert await status_of(stream) == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert dict(await stream.trailing_metadata())["error-code"] == "subscriber_lagged"


async def test_one_reader_too_many_is_refused() -> None:
    async with served(max_subscribers=1) as (_, server, channel):
        await reader(server, channel)
        listen = channel.unary_stream(
            "/shredstream.ShredstreamProxy/SubscribeEntries",
            request_serializer=shredstream_pb2.SubscribeEntriesRequest.SerializeToString,
            response_deserializer=shredstream_pb2.Entry.FromString,
        )
        stream = listen(shredstream_pb2.SubscribeEntriesRequest(), timeout=PATIENCE_S)
        assert await status_of(stream) == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_port_that_is_taken_is_named() -> None:
    async with served() as (desk, server, _):
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(LocalnetError, match=str(port)) as refusal:
            await serve_shredstream(desk.node, ShredstreamOptions(port=port))
        assert refusal.value.code == "port_in_use"
