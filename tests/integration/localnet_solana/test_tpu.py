"""The transaction port over QUIC, spoken to with aioquic's client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from solders.keypair import Keypair

from tests.integration.localnet_solana.quic_sender import Sender, sender
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.submission import Submission
from tradewind.localnet.solana.tpu.options import TpuOptions
from tradewind.localnet.solana.tpu.server import ServedTpu, serve_tpu

PATIENCE_S = 10


class Taker:
    """Takes transactions and remembers them."""

    def __init__(self) -> None:
        self.identity = Keypair.from_seed(bytes([7]) * 32)
        self.taken: list[tuple[bytes, str]] = []
        self.addresses: dict[str, str] = {}

    def submit(self, wire: bytes, *, lane: str) -> Submission:
        self.taken.append((wire, lane))
        return Submission(None, dropped=True)


@asynccontextmanager
async def port_of(taker: Taker, options: TpuOptions | None = None) -> AsyncIterator[ServedTpu]:
    async with await serve_tpu(taker, options) as served:
        assert isinstance(served, ServedTpu)
        yield served


async def until_taken(served: ServedTpu, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while served.port.counted["submitted"] < count:
            await asyncio.sleep(0.001)


async def until_closed(connection: Sender) -> tuple[int, str]:
    async with asyncio.timeout(PATIENCE_S):
        await connection.wait_closed()
    assert connection.ended is not None
    return connection.ended


async def test_every_stream_is_one_transaction_and_arrives_byte_for_byte() -> None:
    taker = Taker()
    wires = [bytes([number]) * size for number, size in enumerate((1, 400, 1232, 1231), start=1)]
    async with port_of(taker) as served, sender(served.url) as client:
        for wire in wires:
            client.send(wire)
        await until_taken(served, 4)
    assert sorted(taker.taken) == sorted((wire, "tpu") for wire in wires)


async def test_the_node_learns_the_address_to_publish() -> None:
    taker = Taker()
    async with port_of(taker) as served:
        assert taker.addresses == {"tpu_quic": served.url}
        assert served.url.startswith("127.0.0.1:")


async def test_a_stream_that_is_reset_before_its_end_is_no_transaction() -> None:
    taker = Taker()
    async with port_of(taker) as served, sender(served.url) as client:
        half = client.send(b"half", fin=False)
        await client.ping()
        client._quic.reset_stream(half, 0)
        client.send(b"whole")
        await until_taken(served, 1)
    assert [wire for wire, _ in taker.taken] == [b"whole"]


async def test_a_transaction_may_come_in_pieces() -> None:
    taker = Taker()
    async with port_of(taker) as served, sender(served.url) as client:
        number = client.send(b"first ", fin=False)
        await client.ping()
        client.more(number, b"second", fin=True)
        await until_taken(served, 1)
    assert taker.taken == [(b"first second", "tpu")]


async def test_a_transaction_that_is_too_large_closes_the_connection_as_an_invalid_stream() -> None:
    taker = Taker()
    async with port_of(taker) as served, sender(served.url) as client:
        client.send(bytes(1233))
        assert await until_closed(client) == (5, "invalid_stream")
    assert taker.taken == []


async def test_bidirectional_streams_and_datagrams_are_not_offered() -> None:
    async with port_of(Taker()) as served, sender(served.url) as client:
        assert client.streams_offered == (0, 128)
        assert not client.takes_datagrams


async def test_a_client_that_opens_a_bidirectional_stream_all_the_same_is_closed() -> None:
    async with port_of(Taker()) as served, sender(served.url) as client:
        client._quic._remote_max_streams_bidi = 1
        client._quic.send_stream_data(client._quic.get_next_available_stream_id(), b"hello", end_stream=True)
        client.transmit()
        code, _ = await until_closed(client)
    assert code == 0x04  # STREAM_LIMIT_ERROR of RFC 9000


async def test_another_protocol_is_refused_in_the_handshake() -> None:
    async with port_of(Taker()) as served:
        with pytest.raises(ConnectionError):
            async with sender(served.url, alpn="h3"):
                pass


async def test_the_certificate_is_that_of_a_solana_node_over_its_identity() -> None:
    taker = Taker()
    async with port_of(taker) as served, sender(served.url) as client:
        certificate = client.server_certificate
    assert [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["Solana node"]
    key = certificate.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert key == bytes(taker.identity.pubkey())


async def test_the_identity_of_a_client_is_read_from_its_certificate() -> None:
    me = Keypair.from_seed(bytes([9]) * 32)
    async with (
        port_of(Taker()) as served,
        sender(served.url, identity=me) as known,
        sender(served.url) as unknown,
    ):
        await known.ping()
        await unknown.ping()
        assert served.port.identities() == [me.pubkey(), None]


async def test_the_ninth_connection_of_one_peer_is_too_many() -> None:
    options = TpuOptions(max_new_connections_per_minute=None)
    async with port_of(Taker(), options) as served, AsyncExitStack() as open_connections:
        for _ in range(8):
            await open_connections.enter_async_context(sender(served.url))
        ninth = await open_connections.enter_async_context(sender(served.url))
        assert await until_closed(ninth) == (4, "too_many")
        assert len(served.port.identities()) == 8


async def test_a_full_table_loses_its_oldest_connection() -> None:
    options = TpuOptions(max_connections=1, max_new_connections_per_minute=None)
    async with port_of(Taker(), options) as served, sender(served.url) as first:
        await first.ping()
        async with sender(served.url) as second:
            await second.ping()
            assert await until_closed(first) == (1, "dropped")
            assert len(served.port.identities()) == 1


async def test_a_peer_that_connects_too_often_is_ignored() -> None:
    options = TpuOptions(max_new_connections_per_minute=1)
    async with port_of(Taker(), options) as served, sender(served.url):
        with pytest.raises(ConnectionError):
            async with sender(served.url, idle_s=0.3):
                pass
        assert served.port.counted["ignored"] > 0


async def test_a_leader_that_is_unreachable_lets_the_client_run_into_its_time_out() -> None:
    async with port_of(Taker()) as served:
        served.port.unreachable = True
        with pytest.raises(ConnectionError):
            async with sender(served.url, idle_s=0.3):
                pass
        served.port.unreachable = False
        async with sender(served.url) as client:
            await client.ping()


async def test_a_connection_that_sends_too_fast_is_slowed_down_and_loses_nothing() -> None:
    taker = Taker()
    options = TpuOptions(max_transactions_per_second=20)
    async with port_of(taker, options) as served, sender(served.url) as client:
        for number in range(25):
            client.send(bytes([number + 1]))
        await until_taken(served, 25)
        assert served.port.counted["throttled"] >= 1
    assert sorted(wire for wire, _ in taker.taken) == [bytes([number + 1]) for number in range(25)]


async def test_a_full_queue_drops_what_comes_and_counts_it() -> None:
    taker = Taker()
    options = TpuOptions(max_waiting_transactions=1, max_transactions_per_second=None)
    async with port_of(taker, options) as served, sender(served.url) as client:
        for number in range(50):
            client._quic.send_stream_data(
                client._quic.get_next_available_stream_id(is_unidirectional=True), bytes([number + 1]), end_stream=True
            )
        client.transmit()
        async with asyncio.timeout(PATIENCE_S):
            while served.port.counted["received"] < 50:
                await asyncio.sleep(0.001)
        assert served.port.counted["overflowed"] > 0
    assert len(taker.taken) + served.port.counted["overflowed"] == 50


async def test_noise_on_the_port_is_ignored() -> None:
    taker = Taker()
    async with port_of(taker) as served:
        host, port = served.url.split(":")
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(host, int(port)))
        for noise in (b"", b"\x00", bytes(1200), bytes([0xC0]) + bytes(1300), bytes([255]) * 1400):
            transport.sendto(noise)
        transport.close()
        async with sender(served.url) as client:
            client.send(b"still here")
            await until_taken(served, 1)


async def test_a_port_that_is_taken_is_named() -> None:
    async with port_of(Taker()) as served:
        with pytest.raises(LocalnetError, match=served.url.split(":")[1]) as refusal:
            await serve_tpu(Taker(), TpuOptions(port=int(served.url.split(":")[1])))
        assert refusal.value.code == "port_in_use"
