"""Starts the transaction port of a node: QUIC with ALPN `solana-tpu` on UDP."""

from functools import partial
from typing import Any

from aioquic.asyncio.server import QuicServer, serve
from aioquic.quic.configuration import QuicConfiguration

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.served import Served
from tradewind.localnet.solana.tpu.certificate import certificate_of
from tradewind.localnet.solana.tpu.connection import TpuConnection
from tradewind.localnet.solana.tpu.options import TpuOptions
from tradewind.localnet.solana.tpu.port import TransactionPort
from tradewind.localnet.solana.tpu.underneath import TransactionTaker

HOST = "127.0.0.1"
ALPN = "solana-tpu"
LANE = "tpu"
ADDRESS_NAME = "tpu_quic"


class ServedTpu(Served):
    """A listening port: `url` is `host:port`, as `getClusterNodes[].tpuQuic` has it; `port` is what it does inside."""

    port: TransactionPort


async def serve_tpu(node: TransactionTaker, options: TpuOptions | None = None) -> ServedTpu:
    """Listen for transactions, and let the node tell the address to those who ask for the cluster's nodes.

    Raises LocalnetError `port_in_use`.
    """
    options = options or TpuOptions()
    certificate, key = certificate_of(node.identity)
    configuration = QuicConfiguration(
        is_client=False,
        alpn_protocols=[ALPN],
        certificate=certificate,
        private_key=key,
        idle_timeout=options.idle_timeout_s,
        max_stream_data=options.max_transaction_bytes,
        max_data=options.max_transaction_bytes * options.max_concurrent_streams,
        max_datagram_frame_size=None,
    )
    port = TransactionPort(partial(node.submit, lane=LANE), options)
    try:
        server = await _listen(configuration, port)
    except OSError as failure:
        await port.close()
        raise LocalnetError(
            "port_in_use",
            f"UDP port {options.port} on {HOST} cannot be opened: {failure.strerror}.",
            remedy="Stop the program that has it, or choose another port (0 takes a free one).",
        ) from failure
    transport = server._transport
    assert transport is not None  # noqa: S101 (it listens)
    host, number = transport.get_extra_info("sockname")[:2]

    async def close() -> None:
        node.addresses.pop(ADDRESS_NAME, None)
        server.close()
        await port.close()

    served = ServedTpu(f"{host}:{number}", close)
    served.port = port
    node.addresses[ADDRESS_NAME] = served.url
    return served


async def _listen(configuration: QuicConfiguration, port: TransactionPort) -> QuicServer:
    def connection(quic: Any, **_: Any) -> TpuConnection:
        return TpuConnection(quic, port)

    server = await serve(HOST, port.options.port, configuration=configuration, create_protocol=connection)
    heard = server.datagram_received

    def datagram_received(data: bytes | str, addr: Any) -> None:
        if not port.unreachable:
            heard(data, addr)

    server.datagram_received = datagram_received  # type: ignore[method-assign]
    return server
