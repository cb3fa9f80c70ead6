"""One QUIC connection to the transaction port: its handshake, its streams, and why it is closed.

Layout and codes as in Agave's `streamer` (4.3): one unidirectional stream is one transaction, complete at FIN.
"""

from enum import Enum
from typing import Any, Protocol

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, QuicEvent, StreamDataReceived, StreamReset
from solders.pubkey import Pubkey

from tradewind.localnet.solana.tpu.certificate import identity_in
from tradewind.localnet.solana.tpu.options import TpuOptions


class Closing(Enum):
    """Why the port closes a connection: Agave's code and reason."""

    DROPPED = (1, "dropped")
    DISALLOWED = (2, "disallowed")
    TOO_MANY = (4, "too_many")
    INVALID_STREAM = (5, "invalid_stream")


class Door(Protocol):
    """What a connection needs of the port that it belongs to."""

    options: TpuOptions

    def lets_in(self, address: str) -> bool: ...

    def connected(self, connection: "TpuConnection") -> Closing | None: ...

    def received(self, connection: "TpuConnection", wire: bytes) -> None: ...

    def gone(self, connection: "TpuConnection") -> None: ...


class TpuConnection(QuicConnectionProtocol):
    """A peer. `address` is its IP, `identity` the key in its certificate, None when it showed none."""

    def __init__(self, quic: QuicConnection, door: Door) -> None:
        super().__init__(quic)
        self.address = ""
        self.identity: Pubkey | None = None
        self.not_before_s = 0.0
        self._door = door
        self._ignored = False
        self._streams: dict[int, bytearray] = {}
        _agree(quic, door.options)

    def shut(self, closing: Closing) -> None:
        """Close it, saying why."""
        code, reason = closing.value
        self._streams.clear()
        self.close(error_code=code, reason_phrase=reason)

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        """Agave ignores a peer that connects too often, without a word; its client runs into a time-out."""
        if not self.address and not self._ignored:
            self._ignored = not self._door.lets_in(str(addr[0]))
            self.address = str(addr[0])
        if self._ignored:
            self._connection_terminated_handler()
            return
        super().datagram_received(data, addr)

    def quic_event_received(self, event: QuicEvent) -> None:
        """Collect what a stream brings; a complete one is a transaction."""
        match event:
            case HandshakeCompleted():
                self._admit()
            case StreamDataReceived(stream_id=number, data=data, end_stream=ended):
                self._collect(number, data, ended=ended)
            case StreamReset(stream_id=number):
                self._streams.pop(number, None)
            case ConnectionTerminated():
                self._streams.clear()
                self._door.gone(self)
            case _:
                pass

    def _admit(self) -> None:
        certificate = self._quic.tls._peer_certificate
        if certificate is not None:
            self.identity = identity_in(certificate)
            if self.identity is None:
                self.shut(Closing.DISALLOWED)
                return
        if (refused := self._door.connected(self)) is not None:
            self.shut(refused)

    def _collect(self, number: int, data: bytes, *, ended: bool) -> None:
        if self._quic._close_event is not None:
            return
        stream = self._streams.setdefault(number, bytearray())
        stream += data
        if len(stream) > self._door.options.max_transaction_bytes:
            self.shut(Closing.INVALID_STREAM)
        elif ended:
            del self._streams[number]
            if stream:
                self._door.received(self, bytes(stream))


def _agree(quic: QuicConnection, options: TpuOptions) -> None:
    # aioquic has no public setting for these: no bidirectional streams, so many unidirectional ones at a time, and
    # the client is asked for its certificate, in which its identity stands.
    quic._local_max_streams_bidi.value = quic._local_max_streams_bidi.sent = 0
    quic._local_max_streams_uni.value = quic._local_max_streams_uni.sent = options.max_concurrent_streams
    initialize = quic._initialize

    def initialize_asking(peer_cid: bytes) -> None:
        initialize(peer_cid)
        quic.tls._request_client_certificate = True

    quic._initialize = initialize_asking  # type: ignore[method-assign]
