"""A sender of transactions over QUIC: aioquic's own client, spoken to as a Solana client does."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent
from cryptography import x509
from solders.keypair import Keypair

from tradewind.localnet.solana.tpu.certificate import certificate_of


class Sender(QuicConnectionProtocol):
    """`await send(wire)` opens a stream, writes, and ends it. `ended` is the code and reason of the close."""

    ended: tuple[int, str] | None = None

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ConnectionTerminated):
            self.ended = (event.error_code, event.reason_phrase)

    def send(self, wire: bytes, *, fin: bool = True) -> int:
        number = self._quic.get_next_available_stream_id(is_unidirectional=True)
        self._quic.send_stream_data(number, wire, end_stream=fin)
        self.transmit()
        return number

    def more(self, number: int, data: bytes, *, fin: bool) -> None:
        self._quic.send_stream_data(number, data, end_stream=fin)
        self.transmit()

    @property
    def server_certificate(self) -> x509.Certificate:
        certificate = self._quic.tls._peer_certificate
        assert certificate is not None
        return certificate

    @property
    def streams_offered(self) -> tuple[int, int]:
        """How many streams the server lets us open: bidirectional, unidirectional."""
        return self._quic._remote_max_streams_bidi, self._quic._remote_max_streams_uni

    @property
    def takes_datagrams(self) -> bool:
        return self._quic._remote_max_datagram_frame_size is not None


@asynccontextmanager
async def sender(
    address: str, *, identity: Keypair | None = None, alpn: str = "solana-tpu", idle_s: float = 5.0
) -> AsyncIterator[Sender]:
    """A connected sender; with an identity it shows that certificate."""
    configuration = QuicConfiguration(alpn_protocols=[alpn], verify_mode=ssl.CERT_NONE, idle_timeout=idle_s)
    if identity is not None:
        configuration.certificate, configuration.private_key = certificate_of(identity)
    host, port = address.split(":")
    connecting: Any = connect(host, int(port), configuration=configuration, create_protocol=Sender)
    async with connecting as protocol:
        yield protocol
